"""A sender in a process of its own, for tests that kill it: DATABASE CAMPAIGN PORT."""

import os
import sys


def main(database: str, campaign_id: str, port: str) -> None:
    """Send one wave after another, as a Celery worker would."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    from campaigns.channels.email import SmtpChannel
    from campaigns.channels.smtp import Server
    from campaigns.delivery import outbox
    from campaigns.models import Campaign
    from console import clock

    campaign = Campaign.objects.get(pk=campaign_id)
    channel = SmtpChannel(Server("127.0.0.1", int(port)))
    while outbox.send_next_wave(campaign, channel, at=clock.now()):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
