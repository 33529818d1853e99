"""Label errors of other targets: numbers, several classes a row, tokens, boxes and masks."""
