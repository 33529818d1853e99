"""More rows from the rows there are: augment, stream, and the search of a policy."""
