"""Bodies as they come in: measured, inflated within bounds, taken out of forms and base64."""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from segments.collect.speech import Refused
from segments.dialects import texts

MOST_PACKED = 5 << 20  # bytes of something compressed, or of a form, which is slow to unescape
MOST_PLAIN = 20 << 20  # bytes of it inflated, or of a body that never was compressed
MOST_ITEMS = 10_000
MOST_FIELDS = 50  # of a form
MOST_MEMBERS = 100  # of gzip, one after the other; those that write a few are done with ten
_CHUNK = 1 << 16
GZIP = b"\x1f\x8b"
_SPACE = re.compile(rb"\s+")


def read(environ: Mapping[str, Any]) -> bytes:
    """The body, inflated when it says that it is compressed, or plainly is.

    Raises:
        Refused: too large, or broken.
    """
    encoding = str(environ.get("HTTP_CONTENT_ENCODING", "")).strip().lower()
    most = MOST_PACKED if encoding not in {"", "identity"} else MOST_PLAIN
    body = _receive(environ, most)
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return inflate(body)
    if encoding not in {"", "identity"}:
        raise Refused(
            415, "unknown_encoding", f"Content-Encoding “{encoding[:40]}” is unknown: use gzip."
        )
    return inflate(body) if body.startswith(GZIP) else body


def _receive(environ: Mapping[str, Any], most: int) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or -1)
    except ValueError as problem:
        raise Refused(400, "bad_length", "Content-Length is not a number.") from problem
    if length > most:
        raise too_large(most)
    if length < 0 and not environ.get("wsgi.input_terminated"):
        return b""
    try:
        body: bytes = environ["wsgi.input"].read(length if length >= 0 else most + 1)
    except OSError as problem:  # they hung up
        raise Refused(400, "cut_off", "The body ended too early; send it again.") from problem
    if len(body) > most:
        raise too_large(most)
    if len(body) < length:
        raise Refused(400, "cut_off", "The body is shorter than Content-Length; send it again.")
    return body


def too_large(most: int) -> Refused:
    words = f"The body is larger than {most >> 20} MB: send fewer events at a time."
    return Refused(413, "too_large", words)


def inflate(data: bytes) -> bytes:
    """What gzip or deflate packed, never more than `MOST_PLAIN` bytes of it.

    Raises:
        Refused: broken, or a small thing that grows without end.
    """
    if len(data) > MOST_PACKED:
        raise too_large(MOST_PACKED)
    ways = [31] if data.startswith(GZIP) else [15, -15]  # with zlib's header, or bare
    for bits in ways:
        try:
            return _inflate(data, bits)
        except zlib.error:
            continue
    raise Refused(400, "bad_compression", "The compressed body is broken; compress it again.")


def _inflate(data: bytes, bits: int) -> bytes:
    """Bit by bit, so that what follows a member is never copied as a whole."""
    packed, parts, at, room = memoryview(data), [], 0, MOST_PLAIN
    for _ in range(MOST_MEMBERS):  # gzip may be several, one after the other
        one = zlib.decompressobj(bits)
        while not one.eof:
            chunk = packed[at : at + _CHUNK]
            if not chunk:
                raise zlib.error("cut off")
            parts.append(one.decompress(chunk, room + 1))
            room -= len(parts[-1])
            if room < 0:
                raise too_large(MOST_PLAIN)
            at += len(chunk)
        at -= len(one.unused_data)
        if packed[at : at + 2] != GZIP:
            return b"".join(parts)
    raise Refused(400, "bad_compression", "The body is packed in too many parts: pack it as one.")


def form(data: bytes | str) -> dict[str, str]:
    """The fields of a form, or of the part of an address after “?”.

    Raises:
        Refused: too many of them, or too much to unescape.
    """
    if len(data) > MOST_PACKED:
        raise too_large(MOST_PACKED)
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    try:
        found = parse_qsl(text, True, errors="surrogateescape", max_num_fields=MOST_FIELDS)
    except ValueError as problem:
        raise Refused(400, "bad_form", "The form has too many fields.") from problem
    return dict(found)


def to_bytes(text: str) -> bytes:
    """A form's field as the bytes that it came as."""
    return text.encode("utf-8", "surrogateescape")


def from_base64(text: str | bytes) -> bytes:
    """What base64 packed, in either alphabet, with or without padding.

    Raises:
        Refused: it is none.
    """
    data = to_bytes(text) if isinstance(text, str) else text
    # In a form that nobody escaped, each plus sign arrives as a blank.
    data = _SPACE.sub(b"+", data.strip()).replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refused(400, "bad_base64", "The data is not base64; encode it again.") from problem


def parse(data: bytes) -> Any:
    """What stands in JSON.

    Raises:
        Refused: it is none.
    """
    try:
        return texts.parse(data)
    except texts.NotJson as problem:
        raise Refused(400, "bad_json", f"The body is not JSON: {problem}.") from problem


def packed(data: bytes) -> Any:
    """What stands in JSON that may be in base64 and compressed, as browsers' libraries do."""
    if data.lstrip()[:1] not in (b"{", b"["):
        data = from_base64(data)
        if data.startswith(GZIP):
            data = inflate(data)
    return parse(data)


def an_object(found: Any) -> dict[str, Any]:
    """The body as an object.

    Raises:
        Refused: it is something else.
    """
    if not isinstance(found, dict):
        raise Refused(400, "wrong_type", "The body has to be a JSON object.")
    return found


def a_list(found: Any, what: str) -> list[Any]:
    """The items of a body.

    Raises:
        Refused: it is no list, an empty one, or one of too many.
    """
    if not isinstance(found, list):
        raise Refused(400, "wrong_type", f"“{what}” has to be a list.")
    if len(found) > MOST_ITEMS:
        raise Refused(413, "too_many", f"More than {MOST_ITEMS} items: send fewer at a time.")
    return found


def basic(header: str) -> list[str]:
    """The name and the password of a Basic authorization; either may be the write key."""
    kind, _blank, value = header.partition(" ")
    if kind.lower() != "basic":
        return []
    try:
        decoded = base64.b64decode(value.strip() + "==").decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return []
    name, _colon, password = decoded.partition(":")
    return [one for one in (name, password) if one]


def bearer(header: str) -> list[str]:
    """The token of a Bearer authorization."""
    kind, _blank, value = header.partition(" ")
    return [value.strip()] if kind.lower() == "bearer" and value.strip() else []
