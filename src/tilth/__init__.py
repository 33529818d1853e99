"""tilth: find what is wrong with a labelled dataset, fix it, and prove that the fix helped."""

__version__ = "0.1.0"
