"""The databases of the tests: one process walks all migrations, the others copy what it made.

What migrations ship (the project, a policy, words to avoid) is the floor: it is set aside, and
each test that commits leaves it as it found it. Consoles that tests start begin with the seed,
a copy of the server's data with a migrated database in it; the browser's console begins with
nothing, as a person's does.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.db import connection

from console.embedded import places, postgres
from console.management.commands import up
from tests import emptying

NAME = "console"  # as in every home, so that a seed needs no new name


def make(process: str | None) -> None:
    """A migrated database for this process; nobody takes it away, it goes with its server."""
    home = Path(os.environ["CONSOLE_HOME"])
    made = home / "migrated"
    connection.settings_dict["TEST"]["NAME"] = NAME
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            connection.creation.create_test_db(verbosity=0, serialize=False, keepdb=True)
            _keep_seed(home)
            emptying.set_floor_aside()
            made.touch()
        if process is not None:
            _use(NAME)  # a copy is made of one with which nobody speaks
            connection.creation.clone_test_db(process, verbosity=0)
            _use(connection.creation.get_test_db_clone_settings(process)["NAME"])


def url() -> str:
    """Where programs that a test starts find the database of this process."""
    name = str(connection.settings_dict["NAME"])
    return places.database_url(settings.HOME_DIR).replace(f"/{NAME}?", f"/{name}?")


def plant_seed(home: Path) -> None:
    """Give a new home the data that a console has after its first start, without its work."""
    cluster = postgres._cluster(home)
    shutil.copytree(_seed(Path(os.environ["CONSOLE_HOME"])), cluster.data)
    if cluster.account:
        for path in (cluster.data, *cluster.data.rglob("*")):
            os.chown(path, cluster.account.pw_uid, cluster.account.pw_gid)
    _say_that_static_files_are_there(home)


def _say_that_static_files_are_there(home: Path) -> None:
    """Nobody looks at these consoles; to collect and pack the files takes five seconds."""
    served = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    with mock.patch.dict(settings.STORAGES, staticfiles=served):
        (home / "static.stamp").write_text(up.fingerprint_of_static())
    (home / "static").mkdir()


def _keep_seed(home: Path) -> None:
    cluster = postgres._cluster(home)
    argv = [str(cluster.binaries / "pg_basebackup"), "-U", "postgres", "-D", str(_seed(home))]
    argv += ["-h", str(places.postgres_sockets(home)), "-p", str(places.POSTGRES_PORT)]
    argv += ["--checkpoint=fast", "--wal-method=fetch", "--no-sync", "--no-manifest"]
    subprocess.run(argv, check=True, env={**postgres.CLEAN})


def _seed(home: Path) -> Path:
    return home / "seed"


def _use(name: str) -> None:
    """Speak with this database from here on."""
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
