"""Tests of accounts with providers, and of what lies here for the app."""
