"""What customers reach: opens, clicks and unsubscribing."""
