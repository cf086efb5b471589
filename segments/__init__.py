"""Who they are: customers, their events, traits, stages and the segments they belong to."""
