"""Which rows people should look at next: select, label, teach, simulate, review and count."""
