"""How fast a file is read, and how long it will take, in words."""

import time
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from console import formats

SECONDS_BEFORE_GUESSING = 3


@dataclass
class Pace:
    """Begins where an earlier run ended, whose work does not count as speed."""

    rows_before: int = 0
    done_before: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def said(self, rows: int, done: float) -> str:
        """Rows read so far, rows a second, and the time left, as far as anybody can tell."""
        words = [_("reading and checking: %(rows)s rows") % {"rows": f"{rows:,}"}]
        seconds = time.monotonic() - self.began
        if seconds > SECONDS_BEFORE_GUESSING and done > self.done_before:
            speed = (rows - self.rows_before) / seconds
            left = (1 - done) * seconds / (done - self.done_before)
            words.append(_("%(speed)s a second") % {"speed": f"{speed:,.0f}"})
            words.append(_("%(time)s left") % {"time": duration(left)})
        if self.rows_before:
            words.append(_("resumed at %(share)d%%") % {"share": self.done_before * 100})
        return formats.listed(words)


def duration(seconds: float) -> str:
    """So long, in words that do not pretend to know it better."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return _("%(count)d min") % {"count": minutes}
    return _("%(hours)d h %(minutes)02d min") % {"hours": minutes // 60, "minutes": minutes % 60}
