"""The page of an audit: figures, cards, map, and the advice and quality score that it shows."""
