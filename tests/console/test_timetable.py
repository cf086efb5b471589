"""What beat starts exists."""

from console.celery import app


def test_every_task_of_the_timetable_is_known_to_the_workers() -> None:
    app.loader.import_default_modules()
    asked = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert asked <= set(app.tasks)
