"""How far raters agree: coefficients, their intervals and the rules for reading them."""
