"""Tests of messages claimed, sent at most once, and settled."""
