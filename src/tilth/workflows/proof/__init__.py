"""Did a change help: prove."""
