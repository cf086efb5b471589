"""A console for benchmarks: its servers, which sync every commit, and its tables."""

import atexit
import functools
import os

from tests import servers


@functools.cache
def start() -> None:
    """Start the servers and set Django up, once in a run."""
    import django

    home = servers.new_home()
    servers.point_environment(home)
    supervisor = servers.start(home, durable=True)
    atexit.register(servers.remove, home)
    atexit.register(supervisor.stop)
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
