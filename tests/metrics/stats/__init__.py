"""Tests of the arithmetic of metrics."""
