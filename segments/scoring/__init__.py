"""How customers are scored against one another: a module a kind, numbers in, numbers out.

A recipe is JSON that people edit; each module reads it into a frozen record, or refuses in
words. Columns come as floats by the customer's number, with not-a-number where nothing is known.
"""
