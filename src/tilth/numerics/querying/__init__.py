"""Which rows to label next, and when to stop."""
