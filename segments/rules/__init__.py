"""The rule language: how a rule is read, said in words and turned into a set."""
