"""How customers move through a campaign's plan: let in, in waves, step by step."""
