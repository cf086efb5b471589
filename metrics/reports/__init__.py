"""Reports that one explores: what they ask, how it is answered, and what is shown of it."""
