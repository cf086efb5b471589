"""Steps of plans, and what moves customers through them."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import F

from campaigns.journeys import rounds, waves
from campaigns.models import Campaign, Wave
from console import clock
from tests.campaigns.factories import TemplateFactory


def message(key: str, template: Any = None, **more: Any) -> dict[str, Any]:
    number = (template or TemplateFactory.create()).pk
    return {"key": key, "kind": "message", "channel": "email", "template": number, **more}


def wait(key: str = "pause", minutes: int = 60, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "wait", "minutes": minutes, **more}


def go(campaign: Campaign) -> None:
    """One round, as the timetable makes it."""
    campaign.refresh_from_db()
    rounds.go(campaign, at=clock.now())


def pass_time(minutes: int) -> None:
    """Everything that waits is so much nearer to its time."""
    earlier = F("due_at") - dt.timedelta(minutes=minutes)
    Wave.objects.update(due_at=earlier, not_before=F("not_before") - dt.timedelta(minutes=minutes))


def standing(campaign: Campaign) -> dict[str, int]:
    """How many customers stand before which step."""
    found: dict[str, int] = {}
    for wave in waves.to_do(campaign):
        found[wave.step] = found.get(wave.step, 0) + wave.size
    return found


def together(*deeds: Callable[[], object]) -> list[BaseException]:
    """Do all of them at the same moment, each over a connection of its own."""
    ready, problems = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        try:
            ready.wait()
            deed()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return problems
