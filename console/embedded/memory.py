"""How the console's programs hold on to memory that they will need again at once.

Sets of customers are made of pieces of 8 KB. What a thread of glibc keeps at hand ends at 1 KB;
beyond it, letting a set go sweeps the heap, which takes longer than what was done with the set.
Elsewhere than on glibc the variable says nothing.
https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
"""

import os

VARIABLE = "GLIBC_TUNABLES"
TUNABLES = "glibc.malloc.tcache_max=16384:glibc.malloc.tcache_count=127"


def keep_at_hand() -> None:
    """Let programs that start from now on keep the pieces of sets, unless somebody said how."""
    os.environ.setdefault(VARIABLE, TUNABLES)
