"""Labelers: rows to votes, one file a form of rule. A labeler with its parameters set is one labelling function.

A labeler is a frozen dataclass with the verb ``vote(rows, run)``. It gets a batch of rows and answers with a ballot: a
class, by name or by index, or an abstention for each row. Forms that can work on a whole column at once do. A pattern
that never ends and a function that never returns are stopped, and named with the row on which they were.
"""
