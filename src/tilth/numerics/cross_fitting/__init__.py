"""Out-of-sample probabilities: folds, models and the check for in-sample ones."""
