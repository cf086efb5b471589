"""How messages leave, each at most once: the work list, claims, sending and what became of it."""
