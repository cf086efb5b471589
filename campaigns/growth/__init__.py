"""The growth programme: levels on the score, badges, and what both bring.

A level is a tier of the value score, and a badge a tag that customers are shown. What a level
brings is a campaign like any other, so that it is priced, approved and measured.
"""
