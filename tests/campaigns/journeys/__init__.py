"""Tests of customers let in, and moved through a plan."""
