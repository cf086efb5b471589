"""Tests of whom we may write to."""
