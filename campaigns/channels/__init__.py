"""One protocol a module, to speak with the world outside; knows no Django."""
