"""Requests between teams."""
