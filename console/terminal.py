"""Showing long work on a terminal."""

import shutil

from django.core.management.base import OutputWrapper


class Bar:
    """A progress bar on a terminal; where there is none, a line for each new note."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out = out
        self.note = ""
        self.is_terminal = out.isatty()

    def show(self, done: int, total: int, note: str = "") -> None:
        """How far the work is; a `jobs.Progress`."""
        share = min(1.0, done / total) if total else 0.0
        if self.is_terminal:
            room = max(10, min(40, shutil.get_terminal_size().columns - 50))
            full = round(room * share)
            bar = "█" * full + "░" * (room - full)
            self.out.write(f"\r\033[K  {bar} {share:4.0%}  {note}", ending="")
        elif note != self.note:
            self.out.write(f"  {share:4.0%}  {note}")
        self.note = note
        self.out.flush()

    def close(self) -> None:
        """Leave the bar standing and go on below it."""
        if self.is_terminal:
            self.out.write("")
            self.out.flush()
