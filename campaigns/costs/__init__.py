"""What a campaign will cost: lines of so many times so much, at least, about, and at most."""
