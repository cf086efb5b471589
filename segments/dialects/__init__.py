"""How client libraries say things, one module a language: what they send, as our items."""
