"""Messages inside one's own app: they are laid down, and the app comes for them."""

from collections.abc import Callable, Iterable, Sequence

from campaigns.channels.base import Accepted, Journal, Refused
from campaigns.channels.note import BadNote, Note, need_text

TOGETHER = 100
Keep = Callable[[Sequence[Note]], None]  # lays notes down; a second time changes nothing


class InAppChannel:
    """A `Channel` whose other side is our own table."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    def connect(self) -> None:
        """The table is where we are."""

    def send(self, messages: Iterable[Note], journal: Journal) -> None:
        """Lay them down, a hundred in one go."""
        group: list[Note] = []
        for note in messages:
            if (wrong := _wrong(note)) is not None:
                journal.ended(note.number, wrong)
                continue
            journal.begun(note.number)
            group.append(note)
            if len(group) == TOGETHER:
                self._lay_down(group, journal)
                group = []
        self._lay_down(group, journal)

    def close(self) -> None: ...

    def _lay_down(self, group: Sequence[Note], journal: Journal) -> None:
        if group:
            self._keep(group)
        for note in group:
            journal.ended(note.number, Accepted(note.id))


def _wrong(note: Note) -> Refused | None:
    try:
        need_text(note)
    except BadNote as wrong:
        return Refused(str(wrong))
    return None
