"""The door for workers and beat, and the timetable."""

import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")


class ActingTask(DjangoTask):
    """A task that tells the audit log which task is acting."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from console import audit  # Django is not ready when this module loads

        with audit.acting(via="task", ref=str(self.request.id or "")):
            return super().__call__(*args, **kwargs)


app = Celery("console", task_cls=ActingTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["console", "segments", "campaigns", "metrics"])

# Due times live in PostgreSQL; beat only says when to look.
app.conf.beat_schedule = {
    "flush events": {"task": "segments.tasks.flush_inbox", "schedule": 15},
    "tell of merges": {"task": "segments.tasks.tell_merges", "schedule": 600},
    "resume imports": {"task": "segments.tasks.resume_imports", "schedule": 60},
    "look for drift": {"task": "segments.tasks.look_for_drift", "schedule": 3600},
    # A tick that nobody took in time is of no use any more: the next one sees the same.
    "sort deliveries": {
        "task": "segments.tasks.sort_deliveries",
        "schedule": 2,
        "options": {"expires": 10},
    },
    "move campaigns": {
        "task": "campaigns.tasks.advance",
        "schedule": 2,
        "options": {"expires": 10},
    },
    "send messages": {"task": "campaigns.tasks.wake_senders", "schedule": 15},
    "fetch returns": {"task": "campaigns.tasks.fetch_returns", "schedule": 120},
    "look up held messages": {"task": "campaigns.tasks.look_up_held", "schedule": 300},
    "measure running campaigns": {"task": "metrics.tasks.measure_campaigns", "schedule": 60},
    "look at trials": {"task": "metrics.tasks.look_at_trials", "schedule": 60},
    "measure ways": {"task": "metrics.tasks.measure_ways", "schedule": 600},
    "look at playbooks": {"task": "campaigns.tasks.look_at_playbooks", "schedule": 60},
    "look at guardrails": {"task": "campaigns.tasks.look_at_guardrails", "schedule": 60},
    "settle money": {"task": "campaigns.tasks.settle_money", "schedule": 300},
    "measure playbooks": {"task": "metrics.tasks.measure_playbooks", "schedule": 3600},
    "hear of refunds": {"task": "campaigns.tasks.hear_of_refunds", "schedule": 30},
    "propose moves of money": {
        "task": "metrics.tasks.propose_moves",
        "schedule": crontab(hour="20", minute="50"),
    },
    "judge promises": {
        "task": "metrics.tasks.judge_promises",
        "schedule": crontab(hour="21", minute="0"),  # once the night has measured
    },
    "write the segments' week": {
        "task": "metrics.tasks.write_segment_week",
        "schedule": crontab(hour="22", minute="30"),  # 06:30 in Shanghai; Mondays write one
    },
    "book coupons": {"task": "metrics.tasks.book_coupons", "schedule": 300},
    "requests about privacy": {"task": "console.tasks.look_after_requests", "schedule": 60},
    "news of requests": {"task": "console.tasks.tell_of_requests", "schedule": 300},
    "fetch requests": {"task": "console.tasks.fetch_requests", "schedule": 120},
    "approvals": {"task": "console.tasks.look_after_approvals", "schedule": 60},
    "budgets": {"task": "console.tasks.watch_budgets", "schedule": 600},
    "tell of late work": {
        "task": "console.tasks.tell_of_late_work",
        "schedule": crontab(hour="23", minute="40"),  # UTC: 07:40 in Shanghai
    },
    "sweep jobs": {"task": "console.tasks.sweep_jobs", "schedule": 600},
    "keep periods": {
        "task": "console.tasks.keep_periods",
        "schedule": crontab(hour="20", minute="10"),
    },
    "lifetime value": {
        "task": "metrics.tasks.fit_lifetime",
        "schedule": crontab(hour="18", minute="50"),  # so that segments find it done
    },
    "nightly recompute": {
        "task": "console.tasks.run_night",
        "schedule": crontab(hour="19", minute="10"),  # UTC: 03:10 in Shanghai
    },
    "tidy contacts": {
        "task": "campaigns.tasks.tidy_contacts",
        "schedule": crontab(hour="20", minute="30"),
    },
    "tidy up": {
        "task": "segments.tasks.tidy_up",  # gathers the day's small files, forgets old uploads
        "schedule": crontab(hour="20", minute="40"),
    },
}
