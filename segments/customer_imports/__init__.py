"""Bringing in a file of customers: named, checked, shown, and applied exactly as it was shown."""
