"""What the API reads can be kept, wherever in the body it stands."""

from collections.abc import Callable

import pytest
from django.test import Client

SignIn = Callable[[str], Client]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [
        r'{"name": "\ud800"}',
        r'{"kind": "\udfff"}',
        r'{"rule": {"all": [{"\u0000": 1}]}}',
        '{"rule": {"at_least": 123456789012345678901234567890}}',
        "{",
    ],
    ids=["half", "half-choice", "nul", "long", "no-json"],
)
def test_what_cannot_be_kept_is_refused_in_words(body: str, signed_in: SignIn) -> None:
    client = signed_in("operator")
    for path in ("segments", "coupon-batches", "campaigns"):
        answer = client.post(f"/api/v1/{path}/", body, content_type="application/json")
        assert answer.status_code == 400, path
        assert "detail" in answer.json()


def test_whole_characters_are_read_however_they_are_written(signed_in: SignIn) -> None:
    client = signed_in("operator")
    body = r'{"kind": "\ud83d\ude00"}'
    answer = client.post("/api/v1/coupon-batches/", body, content_type="application/json")
    assert "😀" in answer.json()["kind"][0]


@pytest.mark.parametrize("place", ["cD1hYmM=", "cD0A"], ids=["letters", "nul"])
@pytest.mark.parametrize("path", ["requests", "budgets", "metrics/dau/measurements"])
def test_a_cursor_that_no_page_gave_leads_nowhere(path: str, place: str, signed_in: SignIn) -> None:
    answer = signed_in("admin").get(f"/api/v1/{path}/?cursor={place}")
    assert answer.status_code == 404


def test_a_case_that_is_no_number_is_not_there(signed_in: SignIn) -> None:
    client = signed_in("admin")
    answer = client.patch("/api/v1/cases/abc/", "{}", content_type="application/json")
    assert answer.status_code == 404
