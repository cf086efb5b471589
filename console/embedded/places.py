"""Where the embedded servers live, and the addresses and secrets that follow from it."""

import hashlib
import os
import pwd
import secrets
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[2]
POSTGRES_PORT = 5432  # only part of the socket's file name: no TCP port is opened
# A socket's path has room for 107 bytes; this is the longest name that we put below a run folder.
SOCKET_ROOM = 107 - len("/postgres/.s.PGSQL.5432")


class CannotStart(Exception):
    """What stands in the way, as one sentence for the person at the terminal."""


def home() -> Path:
    """The folder below which everything is written at run time."""
    given = os.environ.get("CONSOLE_HOME", "").strip() or "var"
    return (ROOT / Path(given).expanduser()).resolve()


# --- addresses --------------------------------------------------------------


def database_url(home: Path) -> str:
    """The embedded PostgreSQL's address, readable by libpq and by django-environ."""
    password = secret(home, "postgres_password")
    where = urlencode({"host": postgres_sockets(home), "port": POSTGRES_PORT}, quote_via=quote)
    return f"postgres://console:{password}@/console?{where}"


def redis_url(home: Path, *, database: int = 0) -> str:
    """The embedded Valkey's address for redis-py; `broker_url` makes Celery's form of it."""
    return f"unix://{quote(str(valkey_socket(home)))}" + (f"?db={database}" if database else "")


def broker_url(redis_url: str) -> str:
    """The same server and database in the words that Celery understands.

    For a unix socket Celery wants another scheme, and ignores `db` without a word.
    """
    if not redis_url.startswith("unix://"):
        return redis_url
    parts = urlsplit(redis_url)
    query = {"virtual_host" if key == "db" else key: value for key, value in parse_qsl(parts.query)}
    return f"redis+socket://{parts.path}" + (f"?{urlencode(query)}" if query else "")


def postgres_sockets(home: Path) -> Path:
    """The folder of PostgreSQL's socket; its own, because another account writes in it."""
    return run_folder(base(home)) / "postgres"


def valkey_socket(home: Path) -> Path:
    """The path of Valkey's socket."""
    return run_folder(home) / "valkey.sock"


def run_folder(below: Path) -> Path:
    """The folder for sockets: below the given one, or in /tmp when that path is too long."""
    near = below / "run"
    if len(os.fsencode(near)) <= SOCKET_ROOM:
        return near
    far = Path("/tmp") / f"lifecycle-console-{digest(below)}"  # noqa: S108  (its owner is checked)
    if far.exists() and (far.is_symlink() or far.stat().st_uid != os.geteuid()):
        raise CannotStart(f"{far} belongs to somebody else; choose a shorter CONSOLE_HOME.")
    return far


# --- whose and where --------------------------------------------------------


def account() -> pwd.struct_passwd | None:
    """The account that PostgreSQL runs as: it refuses root, so root lends it a powerless one."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("PostgreSQL does not run as root, and there is no account named nobody.")


def base(home: Path) -> Path:
    """The folder that holds PostgreSQL's data: home, or one its account can enter.

    Where data already is wins, so that a changed permission never looks like an empty database.
    """
    link, who = home / "postgres", account()
    if who is None:
        return home
    if link.is_symlink():
        return link.readlink().parent
    if link.exists() or enterable(home, who):
        return home
    return Path("/var/lib") / f"lifecycle-console-{digest(home)}"


def enterable(path: Path, who: pwd.struct_passwd) -> bool:
    """Whether that account may pass through every folder on the way, and the path itself."""
    return all(_may_pass(step, who) for step in (path, *path.parents))


def _may_pass(step: Path, who: pwd.struct_passwd) -> bool:
    try:
        found = step.stat()
    except FileNotFoundError:  # ours to make, and then it is made passable
        return True
    if found.st_uid == who.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == who.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def digest(path: Path) -> str:
    """A short name for a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


# --- folders and secrets ----------------------------------------------------


def make_home(home: Path) -> None:
    """Make the home folder, private but passable for PostgreSQL's account when we are root."""
    mode = 0o700 if account() is None else 0o711
    for folder in (*reversed(home.parents), home):
        if not folder.exists():
            make_folder(folder, mode=mode)


def make_folder(folder: Path, *, mode: int, owner: pwd.struct_passwd | None = None) -> None:
    """Make one folder with exactly this mode and owner, whatever the umask says."""
    folder.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise CannotStart(f"{folder} is a link; the console wants a folder of its own there.")
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(mode)


def secret_key(home: Path) -> str:
    """The key that signs sessions and links, when none is given."""
    return secret(home, "secret_key", make=lambda: secrets.token_urlsafe(48))


def secret(home: Path, name: str, make: Callable[[], str] = secrets.token_urlsafe) -> str:
    """A secret kept in a file that only we can read; made when first asked for."""
    path = home / "secrets" / name
    try:
        if not path.exists():
            _keep_secret(path, make())
        return path.read_text().strip()
    except OSError as error:
        raise cannot_write(home, error) from error


def _keep_secret(path: Path, value: str) -> None:
    make_home(path.parent.parent)
    make_folder(path.parent, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # only the owner can read it
    try:
        with os.fdopen(handle, "w") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # whole or not at all, and the first one wins
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def cannot_write(home: Path, error: OSError) -> CannotStart:
    """A refusal of the file system, in words."""
    reason = (error.strerror or str(error)).lower()
    where = error.filename or home
    return CannotStart(
        f"The console cannot use {where} ({reason}): free or change its folder {home}, "
        "or name another in CONSOLE_HOME."
    )
