"""What templates may ask about customers and events."""
