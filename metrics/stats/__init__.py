"""Arithmetic of metrics, from what it is given alone: sets in, counts out."""
