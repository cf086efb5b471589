"""People whom tests of customers need."""

import pytest

from console.models import Staff
from tests.factories import StaffFactory


@pytest.fixture
def support() -> Staff:
    return StaffFactory.create_with_role("support")
