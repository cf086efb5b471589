"""Questions that metrics asks the lake."""
