"""With whom messages leave: accounts with providers, their pace, and what lies here for the app."""
