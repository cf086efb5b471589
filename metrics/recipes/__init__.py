"""How metrics come about: recipes as JSON, read into frozen records; no framework here."""
