"""The servers that run beside the console when no address of others is given."""
