"""Scoring is tested with numbers alone."""
