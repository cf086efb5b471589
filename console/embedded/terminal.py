"""The terminal that a console was started in."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def ours_alone() -> Iterator[None]:
    """Be the only one that Ctrl+C reaches.

    Else `make`, which waits for us, would get it as well and report an error.
    """
    if not (sys.stdin.isatty() and os.tcgetpgrp(0) == os.getpgrp() != os.getpid()):
        yield
        return
    group = os.getpgrp()
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # the shell could not wake us again
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal may be gone
            os.tcsetpgrp(0, group)
