"""How dates and numbers are written: the same in every language."""
