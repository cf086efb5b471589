"""Who works in tests of customers and events."""

import pytest

from console.models import Job, Project, Staff
from segments import imports, tasks
from tests.factories import StaffFactory


@pytest.fixture
def support() -> Staff:
    return StaffFactory.create_with_role("support")


@pytest.fixture
def importing_worker(monkeypatch: pytest.MonkeyPatch, project_row: None) -> None:
    """A worker that works at once; a failure is the job's, not the browser's."""

    def work(import_id: int) -> None:
        try:
            tasks.load_import(import_id)
        except imports.NotLoaded:
            assert Job.objects.latest("pk").status == Job.Status.FAILED

    Project.objects.update(time_zone="UTC", currency="USD")
    monkeypatch.setattr(tasks.load_import, "delay", work)
