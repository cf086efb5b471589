"""What customers' mail programs and browsers ask for, without signing in."""
