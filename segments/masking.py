"""Names and addresses as everybody may see them, and the attributes that hold such."""

import re

# What such attributes are called, without their punctuation.
CONTACT_WORDS = (
    "address",
    "email",
    "fullname",
    "firstname",
    "idcard",
    "lastname",
    "mobile",
    "phone",
    "realname",
    "wechat",
    "地址",
    "姓名",
    "手机",
    "电话",
    "身份证",
    "邮箱",
)


def mask(text: str) -> str:
    """`h•••@shop.example`, `138•••27`: enough to recognise, too little to write to."""
    name, at, host = text.partition("@")
    if at:
        return f"{name[:1]}•••@{host}"
    if sum(letter.isdigit() for letter in text) >= 7:  # a telephone number
        return f"{text[:3]}•••{text[-2:]}"
    return f"{text[:1]}•••" if text else ""


def is_contact(name: str) -> bool:
    """Whether an attribute of this name says who somebody is, or how to reach them."""
    plain = re.sub(r"[\W_]", "", name.lower())
    return any(word in plain for word in CONTACT_WORDS)
