"""Two teams that ask each other, on a Monday in March in Shanghai."""

import pytest

from console.models import Project
from tests.console.team_requests.world import MONDAY, World


@pytest.fixture
def world(db: None) -> World:
    Project.objects.update(today_on=MONDAY, time_zone="Asia/Shanghai")
    return World()
