"""What people are told leaves the house: to a real mail server and a real web server, once, not at night."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from engine import deliveries, jobs, reaching
from engine.domain.facts import Actor, UserId
from engine.domain.letters import parse_letters
from engine.domain.robots import Robot
from engine.domain.views import DeliveryLine
from engine.errors import Conflict, Forbidden, Invalid
from engine.queries import counts, list_deliveries, list_webhooks, news
from engine.retrying import BACKOFF
from engine.soundness import health
from engine.store.models import Account, Delivery, Webhook
from engine.wiring import _toml
from tests.engine.outside import (
    PostOffice,
    Receiver,
    closed_port,
    post_office,
    receiver,
    silent_port,
    text_of,
)
from tests.engine.world import World, at

BOSS = Actor(UserId(999), "管理员", admin=True)
SHIPPED = Path(__file__).parents[2] / "bpmn"
LINK = "https://guanjia.example.com"


@pytest.fixture(scope="module")
def _office() -> Iterator[PostOffice]:
    with post_office() as found:
        yield found


@pytest.fixture
def office(_office: PostOffice) -> PostOffice:
    """A mail server that has taken nothing yet."""
    _office.letters.clear()
    _office.refusals.clear()
    _office.hangs_up = False
    return _office


@pytest.fixture
def system() -> Iterator[Receiver]:
    """A web server of somebody else."""
    with receiver() as found:
        yield found


@pytest.fixture
def sending(world: World, office: PostOffice) -> World:
    """A world whose mail goes to the mail server."""
    return with_mail(world, office)


def with_mail(world: World, office: PostOffice, **more: Any) -> World:
    """Let a world's mail go to a server."""
    letters = parse_letters(_toml(SHIPPED / "messages.toml"))
    settings = replace(world.settings, public_url=LINK)
    world.engine = replace(world.engine, mail=office.server(**more), letters=letters, settings=settings)
    return world


def likes(
    world: World, login: str, *, language: str = "", quiet: tuple[str, str] = ("", ""), **events: str
) -> None:
    """Give somebody an address and wishes."""
    person = world.people[login].id
    assert person is not None
    reaching.set_reach(
        world.engine,
        person,
        email=f"{login}@office.example.com",
        events=events,
        begins=quiet[0],
        ends=quiet[1],
        digest_at="08:30",
    )
    with world.engine.database.transaction() as session:
        session.get_one(Account, person).language = language


def late(world: World) -> int:
    """A task that is late: its holders were reminded twice, the chief was told."""
    case = world.start("promise")
    for moment in ("2026-11-02 11:30", "2026-11-02 15:00", "2026-11-02 17:00"):
        world.move(moment)
    return case


def outgoing(world: World) -> list[DeliveryLine]:
    """All deliveries, the oldest first."""
    return sorted(list_deliveries(world.engine, BOSS).rows, key=lambda line: line.id)


# Mail ----------------------------------------------------------------------------------------


def test_nobody_who_gave_no_address_is_written_to(sending: World, office: PostOffice) -> None:
    late(sending)
    assert deliveries.send_due(sending.engine) == 0
    assert outgoing(sending) == []
    assert sending.notices("chen")


def test_a_letter_is_in_the_receivers_language_with_the_way_to_the_task(
    sending: World, office: PostOffice
) -> None:
    likes(sending, "an")
    likes(sending, "chen", language="en")
    case = late(sending)
    number, task = sending.case(case).number, sending.task(case, "fix")
    assert deliveries.send_due(sending.engine) == 3
    assert [letter["To"].split()[-1] for letter in office.letters] == [
        "<an@office.example.com>",
        "<an@office.example.com>",
        "<chen@office.example.com>",
    ]
    reminder, _, escalation = office.letters
    assert reminder["Subject"].startswith(f"【提醒】{number}")
    assert "即将到期" in text_of(reminder)
    assert text_of(reminder).endswith(f"\n{LINK}/tasks/{task}")
    assert escalation["Subject"].startswith(f"[Escalated] {number}")
    assert "is late: it was due by Nov 02, 15:00" in text_of(escalation)
    assert escalation["From"].addresses[0].addr_spec == "guanjia@office.example.com"
    assert escalation["Auto-Submitted"] == "auto-generated"
    assert len({letter["Message-ID"] for letter in office.letters}) == 3
    assert {line.status for line in outgoing(sending)} == {"sent"}
    assert deliveries.send_due(sending.engine) == 0


def test_a_server_that_refuses_for_now_is_tried_again_with_the_same_message(
    sending: World, office: PostOffice
) -> None:
    likes(sending, "chen")
    late(sending)
    office.refusals += ["451 later", "451 later still"]
    engine, first = sending.engine, sending.clock.at
    for attempt, wait in enumerate(BACKOFF[:2], 1):
        assert deliveries.send_due(engine) == 0
        (line,) = outgoing(sending)
        assert (line.status, line.attempts) == ("due", attempt)
        assert line.run_at == sending.clock.at + timedelta(seconds=wait)
        assert jobs.next_due(engine) == line.run_at
        assert "451 later" in line.error
        sending.clock.at = line.run_at
    assert deliveries.send_due(engine) == 1
    assert sending.clock.at - first == timedelta(seconds=BACKOFF[0] + BACKOFF[1])
    assert len(office.letters) == 1
    (line,) = outgoing(sending)
    assert (line.status, line.attempts, line.error) == ("sent", 3, "")


@pytest.mark.parametrize("why", ["no server", "a server that says nothing", "a refused password"])
def test_what_never_arrives_is_dead_after_the_last_try_and_waits_for_a_hand(
    sending: World, office: PostOffice, why: str
) -> None:
    likes(sending, "chen")
    late(sending)
    with silent_port() as silent:
        server = {
            "no server": office.server(port=closed_port()),
            "a server that says nothing": office.server(port=silent, timeout=0.05),
            "a refused password": office.server(user="guanjia", password="wrong-one"),
        }[why]
        engine = replace(sending.engine, mail=server)
        for _ in range(engine.settings.job_attempts):
            deliveries.send_due(engine)
            sending.clock.at += timedelta(hours=2)
    (line,) = outgoing(sending)
    assert (line.status, line.attempts) == ("dead", engine.settings.job_attempts)
    assert line.error
    assert counts(engine, BOSS).stuck == 1
    assert counts(engine, sending.people["an"]).stuck == 0
    assert "1 did not arrive" in health(engine)["deliveries"]
    assert deliveries.send_due(sending.engine) == 0

    assert deliveries.send_again(sending.engine, line.id, by=BOSS) == "sent"
    assert len(office.letters) == 1
    assert health(sending.engine)["deliveries"] == "ok"
    with pytest.raises(Conflict):
        deliveries.send_again(sending.engine, line.id, by=BOSS)


def test_a_refusal_for_good_is_not_tried_again_and_can_be_given_up(
    sending: World, office: PostOffice
) -> None:
    likes(sending, "chen")
    late(sending)
    office.refusals.append("550 no such mailbox")
    deliveries.send_due(sending.engine)
    (line,) = outgoing(sending)
    assert (line.status, line.attempts) == ("dead", 1)
    assert "550 no such mailbox" in line.error
    with pytest.raises(Forbidden):
        deliveries.give_up(sending.engine, line.id, by=sending.people["chen"])
    deliveries.give_up(sending.engine, line.id, by=BOSS)
    assert outgoing(sending)[0].status == "dropped"
    assert counts(sending.engine, BOSS).stuck == 0


def test_a_letter_whose_answer_was_lost_is_not_sent_again(sending: World, office: PostOffice) -> None:
    likes(sending, "chen")
    late(sending)
    office.hangs_up = True
    deliveries.send_due(sending.engine)
    sending.clock.at += timedelta(days=1)
    deliveries.send_due(sending.engine)
    assert len(office.letters) == 1
    (line,) = outgoing(sending)
    assert (line.status, line.attempts) == ("unsure", 1)


def test_two_who_send_at_once_never_send_the_same(sending: World, office: PostOffice) -> None:
    for login in ("an", "bo", "chen", "ding", "fei"):
        likes(sending, login)
    for _ in range(4):
        sending.start("promise")
    for moment in ("2026-11-02 11:30", "2026-11-02 15:00", "2026-11-02 17:00"):
        sending.move(moment)
    expected = len(outgoing(sending))
    assert expected == 4 * (2 + 2 + 1)
    arrived: list[int] = []
    threads = [
        threading.Thread(target=lambda: arrived.append(deliveries.send_due(sending.engine))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(arrived) == len(office.letters) == expected
    assert len({letter["Message-ID"] for letter in office.letters}) == expected


def test_who_began_to_send_and_ended_leaves_it_unsure_after_the_lease(
    sending: World, office: PostOffice
) -> None:
    likes(sending, "chen")
    late(sending)
    assert deliveries._claim(sending.engine) is not None
    assert deliveries.send_due(sending.engine) == 0
    assert jobs.next_due(sending.engine) == sending.clock.at + sending.settings.lease
    sending.clock.at += sending.settings.lease
    assert deliveries.send_due(sending.engine) == 0
    assert [line.status for line in outgoing(sending)] == ["unsure"]
    assert office.letters == []


# When ----------------------------------------------------------------------------------------


def test_nothing_is_sent_at_night_unless_it_is_urgent(sending: World, office: PostOffice) -> None:
    likes(sending, "an", quiet=("22:00", "07:00"), task="now", reminder="now")
    likes(sending, "chen", quiet=("12:00", "23:00"))
    case = sending.start("promise")
    sending.move("2026-11-02 11:30")
    # The server was down until the night: the reminder would leave at half past ten.
    sending.clock.at = at("2026-11-02 22:30")
    assert deliveries.send_due(sending.engine) == 0
    (line,) = outgoing(sending)
    assert line.run_at == at("2026-11-03 07:00")
    sending.move("2026-11-02 22:31")
    # An escalation does not wait, though it is in the chief's quiet hours.
    assert deliveries.send_due(sending.engine) == 1
    assert office.letters[0]["To"].addresses[0].username == "chen"
    sending.move("2026-11-03 06:59")
    assert deliveries.send_due(sending.engine) == 0
    sending.move("2026-11-03 07:00")
    assert deliveries.send_due(sending.engine) > 0
    assert case


def test_a_case_that_is_urgent_does_not_wait_either(sending: World, office: PostOffice) -> None:
    likes(sending, "an", quiet=("11:00", "12:00"))
    case = sending.start("promise")
    with sending.engine.database.transaction() as session:
        session.execute(sa.text("UPDATE \"case\" SET priority = 'urgent' WHERE id = :case"), {"case": case})
    sending.move("2026-11-02 11:30")
    assert deliveries.send_due(sending.engine) == 1


def test_a_digest_gathers_what_was_told_until_its_time(sending: World, office: PostOffice) -> None:
    likes(sending, "an", reminder="digest")
    case = sending.start("promise")
    other = sending.start("promise")
    sending.move("2026-11-02 11:30")
    sending.move("2026-11-02 15:00")
    assert deliveries.send_due(sending.engine) == 0
    (line,) = outgoing(sending)
    assert (line.event, line.run_at) == ("digest", at("2026-11-03 08:30"))
    sending.move("2026-11-03 08:30")
    assert deliveries.send_due(sending.engine) == 1
    (letter,) = office.letters
    assert letter["Subject"] == "2026-11-03 消息汇总"
    said = text_of(letter)
    assert said.count("•") == 4
    for one in (case, other):
        assert f"{LINK}/tasks/{sending.task(one, 'fix')}" in said
    assert deliveries.send_due(sending.engine) == 0


def test_what_somebody_does_not_want_is_not_sent(sending: World, office: PostOffice) -> None:
    likes(sending, "an", reminder="none")
    likes(sending, "chen", escalation="none")
    late(sending)
    assert deliveries.send_due(sending.engine) == 0
    assert outgoing(sending) == []


def test_who_left_is_not_written_to_any_more(sending: World, office: PostOffice) -> None:
    likes(sending, "chen")
    late(sending)
    with sending.engine.database.transaction() as session:
        session.get_one(Account, sending.people["chen"].id).active = False
    assert deliveries.send_due(sending.engine) == 0
    assert outgoing(sending)[0].status == "dropped"


# A test message ------------------------------------------------------------------------------


def test_a_test_message_says_what_became_of_it(sending: World, office: PostOffice) -> None:
    person = sending.people["an"].id
    assert person is not None
    with pytest.raises(Invalid):
        deliveries.send_test(sending.engine, person)
    likes(sending, "an", language="en")
    assert deliveries.send_test(sending.engine, person) == ("sent", "")
    assert office.letters[0]["Subject"] == "Guanjia: a test message"
    office.refusals.append("451 not now")
    status, why = deliveries.send_test(sending.engine, person)
    assert (status, "451 not now" in why) == ("dead", True)
    with pytest.raises(Invalid):
        deliveries.send_test(replace(sending.engine, mail=None), person)


# Groups --------------------------------------------------------------------------------------

TAKEN = {"wecom": b'{"errcode":0,"errmsg":"ok"}', "dingtalk": b'{"errcode":0}', "feishu": b'{"code":0}'}
REFUSED = {
    "wecom": b'{"errcode":93000,"errmsg":"invalid webhook url"}',
    "dingtalk": b'{"errcode":310000,"errmsg":"keywords not in content"}',
    "feishu": b'{"code":19021,"msg":"sign match fail"}',
}


def with_robot(world: World, system: Receiver, kind: str, **more: Any) -> None:
    """Let the chiefs' group have a robot."""
    robot = Robot(
        id="chiefs",
        kind=kind,
        zh="主管群",
        en="The chiefs' group",
        address=f"{system.url}/robot?key=very-secret-key",
        roles=("chief",),
        **more,
    )
    system.answer = TAKEN[kind]
    letters = parse_letters(_toml(SHIPPED / "messages.toml"))
    world.engine = replace(world.engine, robots={"chiefs": robot}, letters=letters)


@pytest.mark.parametrize("kind", sorted(TAKEN))
def test_a_group_hears_what_is_told_to_its_role(world: World, system: Receiver, kind: str) -> None:
    with_robot(world, system, kind)
    late(world)
    assert deliveries.send_due(world.engine) == 1
    ((path, _, body),) = system.requests
    assert path == "/robot?key=very-secret-key"
    said = json.loads(body)
    text = said["content"]["text"] if kind == "feishu" else said["text"]["content"]
    assert said["msg_type" if kind == "feishu" else "msgtype"] == "text"
    assert "已超时" in text


@pytest.mark.parametrize("kind", sorted(TAKEN))
def test_a_robot_that_refuses_with_a_polite_200_did_not_take_it(
    world: World, system: Receiver, kind: str
) -> None:
    with_robot(world, system, kind)
    system.answer = REFUSED[kind]
    late(world)
    assert deliveries.send_due(world.engine) == 0
    (line,) = outgoing(world)
    assert (line.status, line.channel, line.address) == ("dead", kind, "chiefs")
    assert "It was refused" in line.error


def test_a_signed_robot_is_told_with_its_signature(world: World, system: Receiver) -> None:
    with_robot(world, system, "dingtalk", sign="SEC-of-the-group")
    late(world)
    assert deliveries.send_due(world.engine) == 1
    stamp = str(int(world.clock.at.timestamp() * 1000))
    wanted = hmac.new(b"SEC-of-the-group", f"{stamp}\nSEC-of-the-group".encode(), hashlib.sha256).digest()
    asked = parse_qs(urlsplit(system.requests[0][0]).query)
    assert (asked["timestamp"], asked["sign"]) == ([stamp], [b64encode(wanted).decode()])


def test_a_group_that_gave_no_answer_is_not_told_twice(
    world: World, system: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_robot(world, system, "wecom")
    monkeypatch.setattr("engine.channels.robots.speak.__kwdefaults__", {"timeout": 0.1})
    system.silent.set()
    late(world)
    deliveries.send_due(world.engine)
    world.clock.at += timedelta(days=1)
    deliveries.send_due(world.engine)
    assert [line.status for line in outgoing(world)] == ["unsure"]
    assert len(system.requests) == 1


def test_no_secret_stands_in_a_log_line_or_in_the_database(
    world: World, system: Receiver, office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with_robot(world, system, "wecom", sign="SEC-of-the-group")
    with_mail(world, office, user="guanjia", password="a-mail-password")
    likes(world, "chen")
    reaching.add_webhook(world.engine, name="CRM", url=f"{system.url}/hooks?token=hidden", events=[], by=BOSS)
    system.answers += [(500, b"very-secret-key")] * 9
    late(world)
    deliveries.send_due(world.engine)
    (webhook,) = world.look(sa.select(Webhook))
    said = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    kept = str(world.rows(sa.select(*Delivery.__table__.columns)))
    assert "Delivery" in said
    for secret in ("very-secret-key", "SEC-of-the-group", "a-mail-password", "hidden", webhook.secret):
        assert secret not in said
        assert secret not in kept
        assert secret not in repr(world.engine)


# Other systems -------------------------------------------------------------------------------


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """What docs/how-to/send-messages.md shows a receiver to do."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split())


def test_another_system_is_told_signed_and_under_one_id(world: World, system: Receiver) -> None:
    secret = reaching.add_webhook(
        world.engine, name="CRM", url=f"{system.url}/hooks", events=["escalation"], by=BOSS
    )
    case = late(world)
    system.answers += [(500, b""), (302, b"")]
    for _ in range(3):
        deliveries.send_due(world.engine)
        world.clock.at += timedelta(minutes=5)
    assert [path for path, _, _ in system.requests] == ["/hooks"] * 2
    (line,) = outgoing(world)
    # Whoever moved says so for good: nobody follows.
    assert (line.status, line.error) == ("dead", "The answer was HTTP 302.")
    assert deliveries.send_again(world.engine, line.id, by=BOSS) == "sent"
    assert {headers["webhook-id"] for _, headers, _ in system.requests} == {
        headers["idempotency-key"] for _, headers, _ in system.requests
    }
    assert len({headers["webhook-id"] for _, headers, _ in system.requests}) == 1
    for _, headers, body in system.requests:
        assert verified(secret, headers, body)
        assert not verified(secret, headers, body + b" ")
        assert not verified(secret, {**headers, "webhook-timestamp": "1"}, body)
    said = json.loads(system.requests[0][2])
    assert (said["event"], said["case"]["id"], said["task"]["node"]) == ("escalation", case, "fix")
    assert "已超时" in said["text"]["zh"]


def test_a_system_that_is_off_or_wants_other_events_hears_nothing(world: World, system: Receiver) -> None:
    reaching.add_webhook(world.engine, name="A", url=system.url, events=["customer"], by=BOSS)
    reaching.add_webhook(world.engine, name="B", url=system.url, events=[], by=BOSS)
    first, second = list_webhooks(world.engine, BOSS)
    reaching.change_webhook(world.engine, second.id, active=False, by=BOSS)
    late(world)
    assert outgoing(world) == []
    reaching.change_webhook(world.engine, first.id, events=["reminder"], by=BOSS)
    world.start("promise")
    world.move("2026-11-03 11:30")
    assert {line.event for line in outgoing(world)} == {"reminder"}
    # Off before it was sent: it is not sent.
    reaching.change_webhook(world.engine, first.id, active=False, by=BOSS)
    assert deliveries.send_due(world.engine) == 0
    assert {line.status for line in outgoing(world)} == {"dropped"}
    with pytest.raises(Forbidden):
        list_webhooks(world.engine, world.people["chen"])


@pytest.mark.parametrize("url", ["", "ftp://a.example", "https://", "javascript:1", "https://a b.example"])
def test_a_webhook_needs_an_address_on_the_web(world: World, url: str) -> None:
    with pytest.raises(Invalid):
        reaching.add_webhook(world.engine, name="CRM", url=url, events=[], by=BOSS)


# Tasks ---------------------------------------------------------------------------------------


def test_somebody_is_told_of_a_task_that_comes_to_them_by_name(sending: World, office: PostOffice) -> None:
    likes(sending, "bo")
    mine = "<spiffworkflow:properties>{}</spiffworkflow:properties>"
    person = sending.people["bo"].id
    named = mine.format(f'<spiffworkflow:property name="assignee" value="{person}"/>')
    sending.draw("handed", "s:start -> one:user -> two:user -> e:end", two=named)
    case = sending.start("handed")
    assert outgoing(sending) == []
    sending.complete(case, "one")
    assert sending.notices("bo") == [("11-02 09:30", "task")]
    assert deliveries.send_due(sending.engine) == 1
    assert office.letters[0]["Subject"].startswith("新任务")
    # Their own next task needs no word.
    assert sending.notices("an") == []


def test_news_are_what_is_urgent_since_the_last_look(world: World) -> None:
    chief = world.people["chen"]
    before = news(world.engine, chief, None)
    assert (before.unread, before.urgent) == (0, ())
    late(world)
    found = news(world.engine, chief, before.latest)
    assert found.unread == 1
    assert [one.kind for one in found.urgent] == ["escalation"]
    assert news(world.engine, chief, found.latest).urgent == ()
    # A reminder does not interrupt.
    assert news(world.engine, world.people["an"], 0).urgent == ()
