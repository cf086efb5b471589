"""Tests of a campaign's money."""
