"""Tests of what customers did, and of what is learnt from it."""
