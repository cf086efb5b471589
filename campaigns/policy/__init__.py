"""The contact policy: what it says, and what it says about one customer at one moment."""
