"""How long to wait for what has to come: longer where others are at work on the same cores."""

import os


def of(seconds: float) -> float:
    """These seconds of a quiet machine, as many times as there are processes for each core."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
    return seconds * max(1.0, waiting)
