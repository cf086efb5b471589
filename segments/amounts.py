"""How much money one event can be about."""

# In minor units: ten trillion yuan. More is a mistake or an attack, nine thousand of these still
# add up in 64 bits, and every sender's JSON holds them exactly.
LARGEST = 10**15
