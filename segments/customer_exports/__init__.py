"""Taking customers out as a file: chosen, written row by row, and fetched within a day."""
