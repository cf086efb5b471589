"""Peers that need a module of their own."""
