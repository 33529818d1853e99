"""Labels by rules: apply, analyze, fit, label."""
