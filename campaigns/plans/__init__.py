"""A campaign's plan: its steps as JSON, read, checked, said in words and walked."""
