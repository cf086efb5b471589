"""Tests of what past campaigns make one expect."""
