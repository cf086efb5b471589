"""Filters that templates of every room may use."""
