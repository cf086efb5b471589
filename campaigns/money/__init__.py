"""A campaign's money: what it may spend, what it has spent, and what comes back."""
