"""Recipes of metrics, read and worked out."""
