"""Several views joined to find, repair, count and order label errors."""
