"""The verbs of the wheel, one file per verb, each telling its story in its docstring."""
