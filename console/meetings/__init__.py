"""The weekly meeting between teams: what it looks at, and what comes of it."""
