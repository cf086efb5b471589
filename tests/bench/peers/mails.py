"""The usual way to send: one Celery task a message, which looks, renders and calls send_mail."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from celery import Celery  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.mail import get_connection, send_mail  # noqa: E402
from liquid import parse  # noqa: E402

from segments.models import Customer  # noqa: E402

SUBJECT = "Hello {{ customer.name }}"
BODY = (
    "<p>Hello {{ customer.name }}, welcome back.</p>"
    + "<p>This week everything for the kitchen costs a fifth less.</p>" * 12
    + '<p><a href="https://shop.example/kitchen?a=1">See what there is</a></p>'
)
subject, body = parse(SUBJECT), parse(BODY)
app = Celery("peer", broker=settings.CELERY_BROKER_URL)
app.conf.task_default_queue = "peer"
app.conf.task_ignore_result = True


@app.task
def send(customer_id: int, port: int) -> None:
    """One message."""
    customer = Customer.objects.get(pk=customer_id)
    facts = {"customer": {"name": customer.name}}
    html = body.render(**facts)
    send_mail(
        subject.render(**facts),
        html,
        settings.DEFAULT_FROM_EMAIL,
        [customer.email],
        html_message=html,
        connection=get_connection(host="127.0.0.1", port=port),
    )
