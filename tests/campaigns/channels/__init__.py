"""Channels: what is said over each wire, and what its answers mean."""
