"""The door for events: what client libraries send, understood as they mean it."""
