"""Reading files of events that others wrote, and saying in words what is wrong with them.

Knows no framework. The heavy libraries are imported inside the functions.
"""
