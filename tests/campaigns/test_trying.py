"""Tests of templates go to people of ours, and leave nothing behind."""

from email import message_from_bytes, policy
from typing import Any

import pytest
from django.urls import reverse

from campaigns import trying
from campaigns.models import Message
from campaigns.words import templates
from console.models import AuditEntry
from tests.campaigns.factories import bob, mail_server, people

pytestmark = pytest.mark.django_db
BODY = '<p>Hi {{ customer.name }}</p><a class="button" href="https://shop.example/">Look</a>'


@pytest.fixture
def template() -> Any:
    return templates.add(name="T", subject="Hi {{ customer.name }}", body=BODY, by=bob())


def test_a_test_reaches_a_colleague_without_who_the_customer_is(
    template: Any, settings: Any, signed_in: Any
) -> None:
    (customer,) = people(1)
    client = signed_in(template.updated_by)
    client.staff.email = "bob@acme.example"
    client.staff.save()
    url = reverse("admin:campaigns_messagetemplate_try", args=[template.pk])
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        client.post(url, {"to": "bob@acme.example", "customer": customer.pk})
        client.post(url, {"to": customer.email, "customer": customer.pk})
        assert dict(server.count) == {"bob@acme.example": 1}
        mail = message_from_bytes(server.mails[0][1], policy=policy.default)
        assert mail["Subject"].endswith("Hi •••")
        server.answer_to_all = "550 nobody of this name"
        why = trying.send(template, customer, to="bob@acme.example", by=client.staff)
        assert "nobody of this name" in why
    assert trying.send(template, customer, to="bob@acme.example", by=client.staff)
    assert not Message.objects.exists()
    log = AuditEntry.objects.filter(action="template.tried").order_by("pk")
    assert [one.details["left"] for one in log] == [True, False, False]


def test_only_those_who_may_change_templates_send_tests(template: Any, signed_in: Any) -> None:
    people(1)
    url = reverse("admin:campaigns_messagetemplate_try", args=[template.pk])
    assert signed_in("manager").post(url, {"to": "x@acme.example"}).status_code == 403
    assert not trying.is_possible("in_app")
    assert not trying.is_possible("sms")  # there is no account
    assert trying.is_possible("email")
