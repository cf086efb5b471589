"""What has to hold when processes are killed; one console, started once, for all of it."""
