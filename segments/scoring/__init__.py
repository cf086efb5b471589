"""How customers are scored against one another."""
