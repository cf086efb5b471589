"""Lifetime value: the arithmetic against published numbers and plain oracles."""
