"""Who may be spoken to over HTTP: the public web, and private networks that somebody allowed.

An account's address is typed in by a person and asked for by a machine that stands inside: it
must not lead to a cloud's metadata or a neighbour's database. What counts is the address that
the connection really has, whatever a name said a moment before.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from campaigns.channels.base import gettext_noop

Network = IPv4Network | IPv6Network
PRIVATE = gettext_noop("the address is in a private network")
HERE = ip_address("127.0.0.1")


def is_open(address: IPv4Address | IPv6Address, allowed: Sequence[Network]) -> bool:
    """Whether anything may be said to this address."""
    address = getattr(address, "ipv4_mapped", None) or address
    if any(address in one for one in allowed if one.version == address.version):
        return True
    return address.is_global and not address.is_multicast


def names_private(host: str, allowed: Sequence[Network]) -> bool:
    """Whether the host of an address is surely private; of most names only a connection tells."""
    try:
        return not is_open(ip_address(host.strip("[]")), allowed)
    except ValueError:
        inside = host == "localhost" or host.endswith(".localhost")
        return inside and not is_open(HERE, allowed)


def check(connected: socket.socket, allowed: Sequence[Network]) -> None:
    """Raises OSError, and nothing has been said yet: the other side may not be spoken to."""
    where = connected.getpeername()[0]
    if not is_open(ip_address(where.partition("%")[0]), allowed):
        connected.close()
        raise OSError(f"{where}: {PRIVATE}")


def pools(allowed: Sequence[Network]) -> dict[str, Any]:
    """The kinds of connections for a `PoolManager` that keep to this."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(self, super()._new_conn())

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(self, super()._new_conn())

    def _checked(connection: HTTPConnection, made: socket.socket) -> socket.socket:
        try:
            check(made, allowed)
        except OSError as private:
            raise NewConnectionError(connection, str(private)) from private
        return made

    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure}),
    }
