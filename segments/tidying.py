"""Which files of this host are still of use: copies of what the database still keeps."""

from collections.abc import Iterator

from django.conf import settings

from segments import bits, local, sets, sheet


def tidy() -> int:
    """Remove copies of what is gone or was replaced, and too many of the rest; tells how many.

    What an erased customer was in goes with it: its set and its columns are new ones by then.
    """
    wanted = {*sheet.files(), *(sets.file(digest) for digest in _digests())}
    return local.tidy(wanted=lambda name: name in wanted or local.is_young(name), most=_most())


def _most() -> int:
    return int(settings.COPIES_BYTES)


def _digests() -> Iterator[bytes]:
    """Of every stored set that has one."""
    for model, _column in bits.columns():
        if any(field.name == "digest" for field in model._meta.concrete_fields):
            for digest in model._default_manager.values_list("digest", flat=True).iterator():
                yield bytes(digest)
