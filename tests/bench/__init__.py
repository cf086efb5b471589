"""Benchmarks against peers: `make bench`. A module here that registers a contest adds a row."""
