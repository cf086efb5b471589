"""Who did a kind of event how often, added up from the tallies of the days."""

import datetime as dt

import numpy as np
from pyroaring import BitMap

from segments import bitmaps, history, tallies
from segments.tallies import EVERYTHING
from segments.tally_files import Tally


def who(event: str, times: int, *, since: dt.date | None, until: dt.date) -> BitMap | None:
    """Who did it at least so many times on these days, both included.

    None where a day's tally is not on this host: then the lake has to be asked.
    """
    # Who was merged is asked before which files there are, as `history.opened` does.
    known_as = history.moved().lookup()
    counts = np.zeros(len(known_as), np.int32)
    try:
        for path in tallies.files(EVERYTHING, since, until).values():
            rows = Tally(path).of([event])
            customers = rows["customer"].astype(np.int64)
            moved = customers < len(known_as)
            customers[moved] = known_as[customers[moved]]
            longest = int(customers.max(initial=-1)) + 1
            counts = np.pad(counts, (0, max(longest - len(counts), 0)))
            np.add.at(counts, customers, rows["times"])
    except FileNotFoundError:
        return None
    return bitmaps.from_mask(counts >= times)
