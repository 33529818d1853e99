"""Numbers from images and sounds."""
