"""Where a channel finds a customer: an address, a number, a device, or the customer as such."""

# Whom an app, a colleague's robot or a machine knows by our own number has it for an address.
NUMBER = "c.id::text"
# SQL over a customer `c`, as the columns keep it: plain or sealed. Empty: there is none.
_SQL = {
    "email": "c.email",
    "sms": "c.phone",
    "phone": "c.phone",
    "push": """coalesce((SELECT i.value FROM segments_identifier i
        WHERE i.customer_id = c.id AND i.kind = 'push_token' ORDER BY i.id DESC LIMIT 1), '')""",
    "wecom": """coalesce((SELECT i.value FROM segments_identifier i
        WHERE i.customer_id = c.id AND i.kind = 'wecom' ORDER BY i.id DESC LIMIT 1), '')""",
}


def sql(channel: str) -> str:
    """The expression for a customer's address in a channel; it comes from here, not from people."""
    return _SQL.get(channel, NUMBER)


def of_their_own(channel: str) -> bool:
    """Whether the customer has to have told us an address."""
    return channel in _SQL
