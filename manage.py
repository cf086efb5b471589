#!/usr/bin/env python
"""The console's commands; what stands in their way is said in one sentence."""

import os
import sys


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db.utils import OperationalError
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is not installed here: `make run` prepares .venv and starts.")

    from console.embedded.places import CannotStart

    try:
        settings.INSTALLED_APPS  # noqa: B018  (read now, so that a wrong variable is told as such)
        execute_from_command_line(sys.argv)
    except (CannotStart, ImproperlyConfigured) as reason:
        sys.exit(str(reason))
    except OperationalError as error:
        sys.exit(in_words(error))
    except KeyboardInterrupt:
        sys.exit(130)


def in_words(error: Exception) -> str:
    """The database cannot be reached; any other failure keeps its traceback."""
    from console.embedded import obstacles

    if getattr(error.__cause__, "sqlstate", None) is not None:
        raise error
    return obstacles.no_database(error)


if __name__ == "__main__":
    main()
