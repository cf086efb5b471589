"""What requests say, read as what can be kept and is never taken for words of the console."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser

from console import kept_words


class Json(JSONParser):
    """JSON without what no database keeps: half characters, NUL, whole numbers of over 64 bits.

    Every other place may then trust what it reads.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises ParseError: it is not JSON, or holds what cannot be kept."""
        said = super().parse(stream, media_type, parser_context)
        try:
            written = orjson.dumps(said)
        except TypeError as problem:
            raise ParseError(_unkept()) from problem
        if rb"\u0000" in written:
            raise ParseError(_unkept())
        return kept_words.typed(said)


class Form(FormParser):
    """The fields of a form, as the middleware reads those of pages."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return kept_words.typed_fields(super().parse(stream, media_type, parser_context))


def _unkept() -> str:
    return _(
        "It holds characters or numbers that cannot be kept: half a character, NUL, or a whole "
        "number of over 64 bits."
    )
