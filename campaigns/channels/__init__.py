"""How messages leave the house: what a channel takes and answers, and each kind of wire."""
