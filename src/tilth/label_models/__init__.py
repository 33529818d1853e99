"""Label models: votes to beliefs, one file a method. Votes may come from people or from rules.

A label model is a frozen dataclass with the verb ``fit(votes, k, run, given=...)``. It gets sparse votes, in which a
source may abstain and an item may have no vote at all, and answers with beliefs about every item. It raises
`NotApplicable` where the votes are not of its kind (numbers instead of classes, no probabilities). No method is
recommended for its name: `tilth.numerics.consensus.choice` measures each one beside majority vote.
"""
