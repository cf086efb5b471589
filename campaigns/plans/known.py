"""What a plan may speak about in one project, with the names that people know it by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from segments.rules.vocabulary import Vocabulary


@dataclass(frozen=True)
class Named:
    """A template: what it is called, and through which channel it goes."""

    name: str
    channel: str = "email"


@dataclass(frozen=True)
class Known:
    """Everything that there is when a plan is read."""

    templates: Mapping[int, Named] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    coupons: Mapping[int, str] = field(default_factory=dict)
    staff: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    rules: Vocabulary = field(default_factory=Vocabulary)
    said: Callable[[str], str] = str  # a title that ships in both languages, as one reads it
    lower: Mapping[str, str] = field(default_factory=dict)  # where the contact policy leads
    is_open: bool = False  # templates and rules are not looked at: they were approved
