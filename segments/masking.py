"""Names and addresses as everybody may see them, wherever in a document they stand."""

import json
import re
from collections.abc import Mapping
from typing import Any

# What attributes that tell who somebody is are called: found anywhere in the name …
CONTACT_WORDS = re.compile(
    "address|email|fullname|firstname|givenname|idcard|lastname|familyname|surname|mobile|nickname"
    "|phone|realname|recipient|username|wechat|weixin|whatsapp"
    "|地址|姓名|昵称|名字|手机|电话|联系|收件|收货人|微信|身份证|邮箱|邮件地址|用户名"
)
# … or only as a part of its own: “mail” and “home_tel”, not “detail”, “hotel” or “mailing”.
CONTACT_PARTS = frozenset(
    {"addr", "cell", "consignee", "contact", "contacts", "mail", "mails", "msisdn", "nick"}
    | {"passport", "qq", "skype", "tel", "telegram"}
)
# What holds somebody, so that a mere `name` in it is theirs and no product's.
PEOPLE = frozenset(
    {"buyer", "customer", "member", "owner", "payer", "person", "profile", "receiver", "sender"}
    | {"set", "setonce", "traits", "user", "who"}
)
PAIRS = frozenset({"ids", "members"})  # of which each is a kind of id and its value
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_ADDRESS = re.compile(
    r"(?P<name>[\w.+%'-]{1,64}?)(?P<at>@|%40)(?P<host>[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,})"
)
# Written for the world (+86 …), or a mobile number of mainland China. An order's number, a moment
# in milliseconds or a part of a longer number is neither.
_NUMBER = re.compile(
    r"(?<![\w.+-])(?:(?:\+|00)\d(?:[ ().-]{0,2}\d){7,14}|(?:86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4})"
    r"(?![\w-]|\.\d)"
)
DEEPEST = 20  # what is nested deeper is not told at all


def mask(text: str) -> str:
    """`h•••@shop.example`, `138•••27`: enough to recognise, too little to write to."""
    name, at, host = text.partition("@")
    if at and "@" not in host and not re.search(r"[\s,;]", text.strip()):
        return f"{name[:1]}•••@{host}"
    if not at and sum(letter.isdigit() for letter in text) >= 7:  # a telephone number
        return f"{text[:3]}•••{text[-2:]}"
    return f"{text[:1]}•••" if text else ""


def is_contact(name: str) -> bool:
    """Whether an attribute of this name says who somebody is, or how to reach them."""
    if CONTACT_WORDS.search(re.sub(r"[\W_]", "", name.lower())):
        return True
    return any(part in CONTACT_PARTS for part in _parts(name))


def tells(value: Any) -> bool:
    """Whether a value looks like an address or a telephone number, or holds one."""
    text = str(value)
    return in_text(text) != text


def in_text(text: str) -> str:
    """A text with every address and telephone number in it masked."""
    if text[:1] in {"{", "["}:
        try:
            told = json.loads(text)
            hidden = masked(told)
        except (ValueError, RecursionError):
            pass  # it only looked like JSON
        else:
            return text if hidden == told else json.dumps(hidden, ensure_ascii=False)
    hidden = _ADDRESS.sub(lambda found: f"{found['name'][:1]}•••{found['at']}{found['host']}", text)
    return _NUMBER.sub(lambda found: mask(found[0]), hidden)


def masked(value: Any, name: str = "", *, of_person: bool = False, depth: int = 0) -> Any:
    """A value of a document with everything masked that tells who somebody is.

    By the names that lead to it and by what it looks like. What is not masked stays as it is.
    """
    if value is None or isinstance(value, bool):
        return value
    if depth > DEEPEST:
        return "•••"
    if isinstance(value, Mapping):
        return _object(value, name, of_person or bool(PEOPLE & {"".join(_parts(name))}), depth)
    if isinstance(value, list | tuple):
        if name in PAIRS and len(value) == 2 and isinstance(value[0], str):
            return [value[0], masked(value[1], value[0], depth=depth + 1)]
        return [masked(one, name, of_person=of_person, depth=depth + 1) for one in value]
    if is_contact(name):
        return mask(str(value))
    if isinstance(value, str):
        return in_text(value)
    return mask(str(value)) if tells(value) else value


def _object(value: Mapping[str, Any], name: str, of_person: bool, depth: int) -> dict[str, Any]:
    """An object's parts. Below the name of a contact all are; a name beside one is somebody's."""
    is_person = of_person or any(is_contact(part) for part in value)
    found = {}
    for part, one in value.items():
        is_name = is_person and "".join(_parts(part)) == "name"
        below = name if is_contact(name) else "fullname" if is_name else part
        found[in_text(part)] = masked(one, below, depth=depth + 1)
    return found


def _parts(name: str) -> list[str]:
    """`homeTel` and `home_tel` as home and tel."""
    return [part.lower() for part in _PART.findall(name)]
