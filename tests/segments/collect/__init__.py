"""Tests of the door for events."""
