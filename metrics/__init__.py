"""What came of it: measurements, retention and the results of campaigns."""
