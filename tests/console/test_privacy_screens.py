"""The screens of requests about privacy and of retention periods."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console import clock, copies, privacy, retention, tasks
from console.models import AuditEntry, Job, MailboxMessage, RetentionPeriod, Staff
from console.states import NotAllowed
from segments import erasure
from segments.lake import rewrite
from segments.models import Customer, DaySet, Identifier, PrivacyRequest
from tests.factories import StaffFactory
from tests.segments.factories import happened, incoming

pytestmark = pytest.mark.django_db
ROLES = [role.value for role in Staff.Role]
LIST = "admin:segments_privacyrequest_changelist"


def signed_in(role: str) -> tuple[Client, Staff]:
    staff = StaffFactory.create(role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)
    return client, staff


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run here; nobody reads the lake."""
    monkeypatch.setattr(rewrite, "GRACE", dt.timedelta(0))
    monkeypatch.setattr(tasks.answer_request, "delay", tasks.answer_request)


def page_of(client: Client, request: PrivacyRequest, tail: str = "change") -> str:
    answer = client.get(reverse(f"admin:segments_privacyrequest_{tail}", args=[request.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, request: PrivacyRequest, button: str, **said: str) -> Any:
    return client.post(reverse(f"admin:segments_privacyrequest_{button}", args=[request.pk]), said)


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_the_requests(role: str) -> None:
    client, _staff = signed_in(role)
    may = role in {"support", "admin"}
    assert (client.get(reverse(LIST)).status_code == 200) is may
    periods = client.get(reverse("admin:console_retentionperiod_changelist"))
    assert (periods.status_code == 200) is may


@pytest.mark.parametrize("by", ["#{pk}", "{pk}", "ann@customers.example", "ann-1"])
def test_a_request_is_entered_by_number_or_identifier(by: str) -> None:
    client, _staff = signed_in("support")
    ann = Customer.objects.create(email="Ann@customers.example ")
    Identifier.objects.create(customer=ann, kind="user_id", value="ann-1")
    answer = client.post(
        reverse("admin:segments_privacyrequest_add"),
        {
            "who": by.format(pk=ann.pk),
            "kind": "erase",
            "asked_on": clock.today().isoformat(),
            "how": "phone",
            "law": "gdpr",
            "reference": "T-7",
        },
    )
    request = PrivacyRequest.objects.get()
    assert answer.status_code == 302
    assert (request.customer, request.due_on) == (ann, clock.today() + dt.timedelta(days=30))


def test_somebody_unknown_is_refused_in_words() -> None:
    client, _staff = signed_in("support")
    answer = client.post(
        reverse("admin:segments_privacyrequest_add"),
        {"who": "nobody", "kind": "erase", "asked_on": "2018-01-01", "how": "mail", "law": "pipl"},
    )
    assert "Nobody, or more than one" in answer.content.decode()
    assert not PrivacyRequest.objects.exists()


def test_an_erasure_from_the_first_press_to_the_certificate(
    django_capture_on_commit_callbacks: Any,
) -> None:
    client, staff = signed_in("admin")
    ann = Customer.objects.create(name="Ann", email="ann.pressed@customers.example")
    request = erasure.ask(ann, "erase", by=staff, asked_on=clock.today())
    assert "Erase for good" in page_of(client, request)
    with django_capture_on_commit_callbacks(execute=True):
        press(client, request, "start", typed="no")
    request.refresh_from_db()
    assert request.status == "requested"
    with django_capture_on_commit_callbacks(execute=True):
        press(client, request, "start", typed=str(ann.pk))
    request.refresh_from_db()
    assert request.status == "done", request.problem
    assert Job.objects.get(kind="privacy").status == "done"
    assert "Part by part" in page_of(client, request)
    certificate = page_of(client, request, "certificate")
    assert request.digest in certificate
    assert "was changed" not in certificate
    assert "ann.pressed" not in certificate


def test_a_changed_certificate_says_so() -> None:
    client, staff = signed_in("admin")
    request = erasure.ask(Customer.objects.create(), "erase", by=staff, asked_on=clock.today())
    erasure.begin(request, by=staff, typed=str(request.customer_id), at=clock.now())
    privacy.carry_out(request)
    PrivacyRequest.objects.update(certificate={**request.certificate, "ordered_by": "Eve"})
    assert "was changed" in page_of(client, request, "certificate")


def test_support_asks_but_does_not_erase() -> None:
    client, staff = signed_in("support")
    ann = Customer.objects.create(name="Ann")
    request = erasure.ask(ann, "erase", by=staff, asked_on=clock.today())
    assert "An administrator has to carry this out" in page_of(client, request)
    press(client, request, "start", typed=str(ann.pk))
    ann.refresh_from_db()
    assert (ann.name, PrivacyRequest.objects.get().status) == ("Ann", "requested")


def test_a_copy_is_made_and_fetched(django_capture_on_commit_callbacks: Any) -> None:
    client, staff = signed_in("support")
    ann = Customer.objects.create(name="Ann", email="ann@customers.example")
    request = erasure.ask(ann, "export", by=staff, asked_on=clock.today())
    with django_capture_on_commit_callbacks(execute=True):
        press(client, request, "start")
    assert "Fetch the copy" in page_of(client, request)
    answer = press(client, request, "fetch")
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    other, _somebody = signed_in("admin")
    assert "Fetch the copy" not in page_of(other, request)
    assert press(other, request, "fetch").status_code == 403


@pytest.mark.parametrize("role", ["support", "operator"])
def test_a_request_is_entered_from_the_customers_page_by_who_may(role: str) -> None:
    client, _staff = signed_in(role)
    ann = Customer.objects.create(name="Ann")
    page = client.get(reverse("admin:segments_customer_change", args=[ann.pk])).content.decode()
    link = reverse("admin:segments_privacyrequest_add") + f"?who=%23{ann.pk}"
    assert (link in page) == (role == "support")
    form = client.get(link).content.decode()
    assert (f'value="#{ann.pk}"' in form) == (role == "support")


def test_the_list_asks_no_question_per_request(django_assert_max_num_queries: Any) -> None:
    client, staff = signed_in("admin")
    for _n in range(30):
        erasure.ask(Customer.objects.create(), "erase", by=staff, asked_on=clock.today())
    client.get(reverse(LIST))
    with django_assert_max_num_queries(45):
        assert client.get(reverse(LIST)).status_code == 200


def test_beat_goes_on_with_what_is_not_finished(django_capture_on_commit_callbacks: Any) -> None:
    _client, staff = signed_in("admin")
    request = erasure.ask(Customer.objects.create(), "erase", by=staff, asked_on=clock.today())
    erasure.begin(request, by=staff, typed=str(request.customer_id), at=clock.now())
    copy = erasure.ask(Customer.objects.create(), "export", by=staff, asked_on=clock.today())
    copies.start(copy, by=staff, at=clock.now())
    tasks.look_after_requests()
    assert set(PrivacyRequest.objects.values_list("status", flat=True)) == {"done"}


# --- retention --------------------------------------------------------------


def old_mail() -> None:
    mail = MailboxMessage.objects.create(
        sender="a@b.example", recipient="c@d.example", raw=b"x", size=1
    )
    MailboxMessage.objects.filter(pk=mail.pk).update(
        received_at=dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
    )


def test_what_would_go_is_shown_before_it_is_saved() -> None:
    client, _staff = signed_in("admin")
    old_mail()
    where = reverse("admin:console_retentionperiod_changelist")
    looked = client.post(where, {"step": "look", "mailbox": "30"}).content.decode()
    assert "Would go tonight" in looked
    assert not RetentionPeriod.objects.exists()
    client.post(where, {"step": "save", "mailbox": "30", "dead_letters": "90"})
    assert retention.periods()["mailbox"] == 30
    assert MailboxMessage.objects.exists()
    assert AuditEntry.objects.get(action="retention.changed").details["now"] == {"mailbox": 30}


def test_sensible_periods_are_filled_in_and_looked_at_but_not_saved() -> None:
    client, _staff = signed_in("admin")
    old_mail()
    where = reverse("admin:console_retentionperiod_changelist")
    page = client.post(where, {"step": "fill"}).content.decode()
    assert "Would go tonight" in page
    assert 'value="1095"' in page
    assert not RetentionPeriod.objects.exists()
    retention.check(retention.SENSIBLE)


@pytest.mark.parametrize("days", ["0", "-1", "ten", "99999", "1e3"])
def test_nonsense_is_refused(days: str) -> None:
    client, _staff = signed_in("admin")
    where = reverse("admin:console_retentionperiod_changelist")
    client.post(where, {"step": "save", "mailbox": days})
    assert not RetentionPeriod.objects.exclude(days=None).exists()


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_only_administrators_change_periods(role: str) -> None:
    client, staff = signed_in(role)
    with pytest.raises(NotAllowed):
        retention.save({"mailbox": 1}, by=staff)
    where = reverse("admin:console_retentionperiod_changelist")
    assert client.post(where, {"step": "save", "mailbox": "30"}).status_code == 403
    assert not RetentionPeriod.objects.exists()


def test_what_could_not_be_taken_goes_after_90_days_unless_somebody_decides() -> None:
    _client, staff = signed_in("admin")
    assert retention.periods()["dead_letters"] == 90
    retention.save({"dead_letters": None}, by=staff)
    assert retention.periods()["dead_letters"] is None


def test_nothing_goes_without_a_period() -> None:
    old_mail()
    assert retention.enforce(today=dt.date(2018, 1, 1)) == {"dead_letters": 0}
    assert MailboxMessage.objects.exists()


def test_what_is_older_goes_and_is_counted() -> None:
    _client, staff = signed_in("admin")
    old_mail()
    retention.save({"mailbox": 30, "jobs": 30, "dead_letters": 30, "merges": 30}, by=staff)
    gone = retention.enforce(today=clock.today())
    assert gone["mailbox"] == 1
    assert not MailboxMessage.objects.exists()
    assert AuditEntry.objects.get(action="retention.enforced").details["gone"] == gone


@pytest.mark.django_db(transaction=True)
def test_old_days_leave_the_lake_with_their_sets() -> None:
    _client, staff = signed_in("admin")
    ann = Customer.objects.create()
    happened(incoming(ann, "2017-01-01"), incoming(ann, "2018-01-01"))
    wanted: dict[str, int | None] = {"events": 90}
    assert retention.would_go(wanted, today=dt.date(2018, 1, 2)) == {"events": 1}
    retention.save(wanted, by=staff)
    assert retention.enforce(today=dt.date(2018, 1, 2)) == {"events": 1, "dead_letters": 0}
    assert {str(day) for day in DaySet.objects.values_list("day", flat=True)} == {"2018-01-01"}
    assert retention.enforce(today=dt.date(2018, 1, 2)) == {"events": 0, "dead_letters": 0}
