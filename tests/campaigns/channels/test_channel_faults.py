"""Mail servers that are slow, silent, busy or rude: each mail ends once, and is given once."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaigns.channels.base import Accepted, Busy, Failed, Mail, Unreachable, Unsure
from campaigns.channels.email import SmtpChannel
from campaigns.channels.smtp import Server
from tests import sink
from tests.campaigns.channels.test_channel import Heard, mail, sent
from tests.sink import Sink


@pytest.fixture
def behaviour() -> Sink:
    return Sink()


@pytest.fixture
def server(behaviour: Sink) -> Iterator[Server]:
    with sink.running(behaviour) as port:
        yield Server("127.0.0.1", port, timeout=0.5)


def mails(count: int) -> list[Mail]:
    return [mail(number) for number in range(count)]


def test_connections_grow_with_the_work_and_are_kept(server: Server, behaviour: Sink) -> None:
    channel = SmtpChannel(server, connections=8)
    for _ in range(3):
        assert set(map(type, sent(channel, mails(40)))) == {Accepted}
    assert behaviour.most_open == behaviour.open == 8
    channel.close()


def test_one_mail_needs_one_connection(server: Server, behaviour: Sink) -> None:
    channel = SmtpChannel(server, connections=8)
    sent(channel, [mail()])
    assert behaviour.most_open == 1
    channel.close()


def test_a_server_that_takes_few_connections_gets_all_over_those(
    server: Server, behaviour: Sink
) -> None:
    behaviour.most = 3
    behaviour.delay = 0.002
    channel = SmtpChannel(server, connections=20)
    assert set(map(type, sent(channel, mails(60)))) == {Accepted}
    assert set(behaviour.taken.values()) == {1}
    channel.close()


def test_what_a_silent_server_was_given_is_in_doubt_and_the_rest_goes_on(
    server: Server, behaviour: Sink
) -> None:
    behaviour.fault = lambda number: "hang" if number == 7 else None
    channel = SmtpChannel(server, connections=3)
    outcomes = sent(channel, mails(30))
    assert sorted(map(type, outcomes), key=str) == [Accepted] * 29 + [Unsure]
    assert len(behaviour.taken) == 29
    channel.close()


@pytest.mark.parametrize("fault", ["hang up", "keep and hang up"])
def test_a_server_that_hangs_up_half_way_leaves_one_in_doubt_each_time(
    server: Server, behaviour: Sink, fault: str
) -> None:
    behaviour.fault = lambda number: fault if number % 10 == 0 else None
    channel = SmtpChannel(server, connections=2)
    outcomes = sent(channel, mails(50))
    assert len(outcomes) == 50
    assert sum(isinstance(one, Unsure) for one in outcomes) == behaviour.came // 10 == 5
    assert set(behaviour.taken.values()) == {1}
    channel.close()


def test_a_server_that_has_had_enough_of_a_connection_gets_another(
    server: Server, behaviour: Sink
) -> None:
    behaviour.fault = lambda number: "421 enough for now" if number == 5 else None
    channel = SmtpChannel(server, connections=1)
    outcomes = sent(channel, mails(10))
    assert outcomes.count(Accepted()) == 9
    assert Failed("421 enough for now") in outcomes
    channel.close()


def test_a_server_that_cannot_be_made_secure_gets_nothing(server: Server, behaviour: Sink) -> None:
    channel = SmtpChannel(replace(server, starttls=True))
    with pytest.raises(Unreachable):
        channel.connect()
    assert behaviour.came == 0
    channel.close()


def test_a_journal_that_cannot_be_written_stops_everything_before_it_is_given(
    server: Server, behaviour: Sink
) -> None:
    class Full(Heard):
        def begun(self, number: int) -> None:
            if len(self.begun_numbers) == 5:
                raise OSError("no room")
            super().begun(number)

    channel, heard = SmtpChannel(server, connections=2), Full()
    with pytest.raises(OSError, match="no room"):
        channel.send(mails(50), heard)
    time.sleep(0.05)
    assert behaviour.came <= 5
    channel.close()


def test_mails_are_taken_only_when_they_can_be_given(server: Server, behaviour: Sink) -> None:
    behaviour.delay = 0.002
    channel, heard = SmtpChannel(server, connections=2), Heard()
    ahead = []

    def made() -> Iterator[Mail]:
        for one in mails(40):
            ahead.append(one.number - len(heard.outcomes))
            yield one

    channel.send(made(), heard)
    assert max(ahead) <= 4, "one on the way and one announced, on each connection"
    channel.close()


def test_a_server_with_no_room_for_us_is_busy_and_not_away(server: Server, behaviour: Sink) -> None:
    behaviour.most = 0
    channel = SmtpChannel(server)
    with pytest.raises(Busy, match="421"):
        channel.connect()
    channel.close()
