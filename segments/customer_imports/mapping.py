"""Which column of a file of customers means what, and what wins where both sides know something."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from segments.reading.problems import BadFile, gettext_noop

FIELDS = ("name", "email", "phone", "language")
CONSENT = "consent:"
NUMBER = "#"  # the kind of key that is the customer's own number


class Policy(models.TextChoices):
    """What becomes of what we know already."""

    FILL = "fill", _("fill in only what we do not know yet")
    OVERWRITE = "overwrite", _("the file is right: write over what we know")
    LEAVE = "leave", _("leave customers whom we know as they are, only add new ones")


@dataclass(frozen=True)
class CustomerMapping:
    """The columns by what they mean; an empty name: there is none."""

    key: str  # the column that says which customer it is …
    kind: str = "user_id"  # … as this kind of identifier, or `NUMBER`
    fields: dict[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    tags: str = ""
    consents: dict[str, str] = field(default_factory=dict)  # by channel
    source: str = ""  # where the consents were given
    policy: str = Policy.FILL
    encoding: str = "utf-8"
    erased_too: bool = False  # who was erased and came back is taken in anew

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(**{**kept, "attributes": tuple(kept.get("attributes", ()))})

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "attributes": list(self.attributes)}

    @property
    def columns(self) -> list[str]:
        """Every column that has to be read, once."""
        named = [self.key, *self.fields.values(), *self.attributes, self.tags]
        return list(dict.fromkeys(c for c in [*named, *self.consents.values()] if c))

    def check(self, there: Sequence[str]) -> None:
        """Refuse what does not make sense for a file with these columns.

        Raises:
            BadFile: in words.
        """
        if not self.key:
            raise BadFile(gettext_noop("Name the column that says which customer it is."))
        if not self.kind or len(self.kind) > 40:
            raise BadFile(gettext_noop("Name the kind of identifier in at most 40 characters."))
        if self.policy not in Policy.values:
            raise BadFile(gettext_noop("Say what becomes of what we know already."))
        if self.consents and not self.source.strip():
            raise BadFile(gettext_noop("Say where the consents in this file were given."))
        if len(self.columns) < 2 and self.kind == NUMBER:
            raise BadFile(gettext_noop("Name at least one column that tells something."))
        for column in self.columns:
            if column not in there:
                raise BadFile(gettext_noop("There is no column “%(name)s”."), name=column)


# In each, the better guesses first; compared with letters and digits alone.
GUESSES = {
    "key": [
        *("userid", "customerid", "memberid", "uid", "distinctid", "openid", "unionid", "id"),
        *("customer", "household", "number", "用户id", "客户id", "会员id", "会员号"),
        *("用户编号", "客户编号", "会员编号", "会员卡号", "编号"),
    ],
    "email": ["email", "emailaddress", "mail", "邮箱", "电子邮箱", "邮箱地址"],
    "phone": [
        *("phone", "mobile", "telephone", "phonenumber", "tel", "手机", "手机号", "手机号码"),
        *("电话", "电话号码", "联系电话"),
    ],
    "name": ["name", "fullname", "customername", "姓名", "名字"],
    "language": ["language", "lang", "locale", "语言"],
    "tags": ["tags", "labels", "标签"],
    CONSENT + "email": [
        "emailconsent",
        "consentemail",
        "emailoptin",
        "邮件同意",
        "同意邮件",
        "是否同意邮件",
    ],
    CONSENT + "sms": [
        "smsconsent",
        "consentsms",
        "smsoptin",
        "短信同意",
        "同意短信",
        "是否同意短信",
    ],
}


# What a column's name says about the kind of identifier in it, compared in the same way.
KINDS = {
    "user_id": ("userid", "uid", "distinctid", "用户id", "用户编号"),
    "member_id": ("memberid", "会员id", "会员号", "会员编号", "会员卡号"),
    "openid": ("openid",),
    "unionid": ("unionid",),
    "household": ("household", "householdid"),
}


def guess_kind(column: str) -> str:
    """The kind of identifier that a column's name tells of; empty when it tells none."""
    name = folded(column)
    return next((kind for kind, names in KINDS.items() if name in names), "")


def folded(column: str) -> str:
    """A column's name as names are compared: its letters and digits alone."""
    return re.sub(r"[\W_]", "", column.lower())


def guess(columns: Sequence[str]) -> dict[str, str]:
    """What each column probably means, by its name; one that says nothing is an attribute."""
    plain = {folded(column): column for column in reversed(columns)}
    found = dict.fromkeys(columns, "attribute")
    for meaning, names in GUESSES.items():
        for name in names:
            if name in plain and found[plain[name]] == "attribute":
                found[plain[name]] = meaning
                break
    return found
