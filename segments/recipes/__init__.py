"""How traits come about: recipes as JSON, read into frozen records, and said in words."""
