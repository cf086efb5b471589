"""The door for gunicorn: what client libraries send goes by the short way, all else to Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

_django = get_wsgi_application()

from segments.collect import app  # noqa: E402  (Django has to be set up first)

application = app.in_front_of(_django)
