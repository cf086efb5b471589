"""When a campaign stops by itself, because it does not keep what was agreed at its approval."""
