"""Estimators: scikit-learn's conventions over numerics and parts, for a notebook or a training script."""
