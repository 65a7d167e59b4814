"""Messages leave the house: claim a delivery, send it, write what became of it.

The claim (``due → sending``) is committed before anything leaves, and nothing is sent within a transaction.
A failure is tried again later, and is ``dead`` after the last try. Whoever ends in between leaves a
delivery that may have arrived: after its lease it is ``unsure``, and is sent again only by hand.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from uuid import uuid4
from zoneinfo import ZoneInfo

from engine import channels, outbox
from engine.channels import Mail, MayHaveArrived, NotSent
from engine.domain.facts import Actor
from engine.domain.reach import read_reach
from engine.errors import Conflict, DatabaseUnavailable, Forbidden, Invalid, NotFound
from engine.retrying import again_when_changed, backoff, reason_of
from engine.store import outgoing
from engine.store.database import Session
from engine.store.failing import failpoint
from engine.store.models import Account, Delivery, Webhook
from engine.store.outgoing import coming
from engine.wiring import Engine

__all__ = ["coming", "give_up", "next_due", "send_again", "send_beside", "send_due", "send_test"]

logger = logging.getLogger(__name__)

LOST = "Whoever sent it ended before it was known whether it arrived."
LEFT = "The receiver has left."
UNHOOKED = "The webhook is off."


@dataclass(frozen=True)
class _Claimed:
    """A delivery that we have, with what it takes to send it."""

    id: int
    attempt: int
    key: str
    event: str
    channel: str
    address: str
    language: str
    subject: str
    body: str
    name: str
    url: str
    secret: str


def send_due(engine: Engine, *, going: Callable[[], bool] = lambda: True) -> int:
    """Send everything that is due; how many arrived."""
    _end_leases(engine)
    arrived = 0
    while going():
        claimed = _claim(engine)
        if claimed is None:
            break
        failpoint("claimed")
        arrived += _send(engine, claimed) == "sent"
    return arrived


def send_beside(engine: Engine, *, going: Callable[[], bool] = lambda: True) -> bool:
    """Send what is due in a thread of its own; False when there is nothing, or this process is at it."""
    following = next_due(engine)
    if following is None or following > engine.now() or not engine.couriers.busy.acquire(blocking=False):
        return False

    def send() -> None:
        try:
            send_due(engine, going=going)
        except DatabaseUnavailable as error:
            logger.warning("Deliveries wait: %s", error, extra={"action": "deliveries_failed"})
        except Exception:
            # The thread's edge: the next look tries again, and the log has the traceback.
            logger.exception("Deliveries failed", extra={"action": "deliveries_failed"})
        finally:
            engine.couriers.busy.release()
        engine.dispatcher.wake(engine.now() + timedelta(seconds=1))

    Thread(target=send, name="deliveries").start()
    return True


def next_due(engine: Engine) -> datetime | None:
    """When a delivery is to be sent next; None while somebody in this process sends."""
    if engine.couriers.busy.locked():
        return None
    with engine.database.look() as session:
        return outgoing.next_run(session)


def send_test(engine: Engine, user_id: int) -> tuple[str, str]:
    """Send a person a message now; what became of it: its status, and why when it did not arrive.

    Raises :class:`Invalid` when the installation has no mail, or the person no address.
    """
    if engine.mail is None:
        raise Invalid("This installation sends no mail.", field="email", reason="no-mail")
    with engine.database.transaction() as session:
        account = session.get(Account, user_id)
        if account is None or not account.email:
            raise Invalid("There is no address to send to.", field="email", reason="no-address")
        language = outbox.language_of(account)
        values = {"name": account.name, "link": outbox.link_to(engine), "day": _day(engine)}
        letter = engine.letters.write("test", language, values)
        delivery = outbox.prepared(
            engine,
            key=uuid4().hex,
            event="test",
            channel="mail",
            address=account.email,
            run_at=engine.now(),
            account_id=account.id,
            case_id=None,
            language=language,
            subject=letter.subject,
            body=letter.body,
            urgent=True,
        )
        # Claimed within the transaction that writes it: nobody else sends it.
        claimed = _take(engine, outgoing.added(session, delivery), account, None)
    _send(engine, claimed, again=False)
    with engine.database.look() as session:
        sent = session.get_one(Delivery, claimed.id)
        return sent.status, sent.error or ""


@again_when_changed
def send_again(engine: Engine, delivery_id: int, *, by: Actor) -> str:
    """Send one that is dead, unsure or given up, now; what became of it."""
    _require_admin(by, delivery_id)
    with engine.database.transaction() as session:
        delivery = _locked(session, delivery_id, "dead", "unsure", "dropped")
        account = session.get(Account, delivery.account_id) if delivery.account_id else None
        webhook = session.get(Webhook, delivery.webhook_id) if delivery.webhook_id else None
        claimed = _take(engine, delivery, account, webhook)
    return _send(engine, claimed, again=False)


@again_when_changed
def give_up(engine: Engine, delivery_id: int, *, by: Actor) -> None:
    """Let a delivery be: nobody sends it any more."""
    _require_admin(by, delivery_id)
    with engine.database.transaction() as session:
        _locked(session, delivery_id, "due", "dead", "unsure").status = "dropped"


# Claiming ------------------------------------------------------------------------------------


@again_when_changed
def _claim(engine: Engine) -> _Claimed | None:
    """Claim what has been due longest; what falls into quiet hours meanwhile waits for their end."""
    now = engine.now()
    with engine.database.transaction() as session:
        while (found := outgoing.first_due(session, now)) is not None:
            delivery, account, webhook = found
            awake = _awake(engine, delivery, account, now)
            if account is not None and not account.active:
                delivery.status, delivery.error = "dropped", LEFT
            elif webhook is not None and not webhook.active:
                delivery.status, delivery.error = "dropped", UNHOOKED
            elif awake > now:
                delivery.run_at = awake
            else:
                return _take(engine, delivery, account, webhook)
            session.flush()
    return None


def _awake(engine: Engine, delivery: Delivery, account: Account | None, moment: datetime) -> datetime:
    """The moment, or when its receiver may be told after it."""
    if delivery.urgent:
        return moment
    if account is not None:
        reach = read_reach(account.reach)
        return reach.awake(moment, reach.zone_or(_zone(engine)))
    robot = engine.robots.get(delivery.address)
    if robot is not None and robot.kind == delivery.channel and robot.quiet is not None:
        return robot.quiet.after(moment, _zone(engine))
    return moment


def _zone(engine: Engine) -> ZoneInfo:
    return engine.zone_of(next(iter(engine.organisation.sites)))


def _day(engine: Engine) -> str:
    return f"{engine.now().astimezone(_zone(engine)):%Y-%m-%d}"


def _take(engine: Engine, delivery: Delivery, account: Account | None, webhook: Webhook | None) -> _Claimed:
    delivery.status = "sending"
    delivery.attempts += 1
    delivery.run_at = engine.now() + engine.settings.lease
    delivery.error = None
    return _Claimed(
        id=delivery.id,
        attempt=delivery.attempts,
        key=delivery.key,
        event=delivery.event,
        channel=delivery.channel,
        address=delivery.address,
        language=delivery.language,
        subject=delivery.subject,
        body=delivery.body,
        name=account.name if account else "",
        url=webhook.url if webhook else "",
        secret=webhook.secret if webhook else "",
    )


def _end_leases(engine: Engine) -> None:
    with engine.database.transaction() as session:
        lost = outgoing.end_leases(session, engine.now(), LOST)
    for delivery_id in lost:
        logger.warning(
            "Delivery %s may have arrived: its sender ended",
            delivery_id,
            extra={"action": "delivery_unsure", "delivery": delivery_id},
        )


# Sending -------------------------------------------------------------------------------------


def _send(engine: Engine, claimed: _Claimed, *, again: bool = True) -> str:
    """Send what was claimed and write what became of it; its status."""
    try:
        _hand_over(engine, claimed)
    except NotSent as error:
        return _failed(engine, claimed, str(error), again=again and error.again)
    except MayHaveArrived as error:
        # Another system knows a message by its id; people do not, and would read it twice.
        if claimed.channel == "webhook":
            return _failed(engine, claimed, str(error), again=again)
        return _finish(engine, claimed, "unsure", str(error))
    except Exception as error:
        logger.error("Delivery %s failed", claimed.id, exc_info=error, extra={"action": "delivery_broken"})
        return _finish(engine, claimed, "unsure", error.__class__.__name__)
    failpoint("delivered")
    return _finish(engine, claimed, "sent", None)


def _hand_over(engine: Engine, claimed: _Claimed) -> None:
    now = engine.now()
    if claimed.channel == "mail":
        if engine.mail is None:
            raise NotSent("This installation sends no mail.", again=False)
        channels.send_mail(engine.mail, _mail(engine, claimed, now))
    elif claimed.channel == "webhook":
        channels.call(claimed.url, claimed.secret, claimed.key, claimed.body, at=now)
    else:
        robot = engine.robots.get(claimed.address)
        if robot is None or robot.kind != claimed.channel or not robot.address:
            raise NotSent("There is no such robot any more.", again=False)
        channels.speak(robot, claimed.body, at=now)


def _mail(engine: Engine, claimed: _Claimed, now: datetime) -> Mail:
    subject, body = claimed.subject, claimed.body
    if claimed.event == "digest":
        lines = "\n".join(f"• {line}" for line in body.splitlines())
        values = {"text": lines, "name": claimed.name, "link": outbox.link_to(engine), "day": _day(engine)}
        letter = engine.letters.write("digest", claimed.language, values)
        subject, body = letter.subject, letter.body
    # The same message however often it is sent: a mailbox that has it keeps one.
    message_id = hashlib.sha256(claimed.key.encode()).hexdigest()[:32]
    return Mail(message_id, claimed.address, subject, body, claimed.language, now, claimed.name)


def _failed(engine: Engine, claimed: _Claimed, reason: str, *, again: bool) -> str:
    if not again or claimed.attempt >= engine.settings.job_attempts:
        return _finish(engine, claimed, "dead", reason)
    return _finish(engine, claimed, "due", reason)


@again_when_changed
def _finish(engine: Engine, claimed: _Claimed, status: str, reason: str | None) -> str:
    """Write what became of a delivery, if it is still ours; the status it has now."""
    now = engine.now()
    with engine.database.transaction() as session:
        delivery = outgoing.held(session, claimed.id, claimed.attempt)
        if delivery is None:
            return "unsure"
        delivery.status, delivery.error = status, reason and reason_of(reason)
        if status == "sent":
            delivery.sent_at = now
        if status == "due":
            account = session.get(Account, delivery.account_id) if delivery.account_id else None
            delivery.run_at = _awake(engine, delivery, account, now + backoff(claimed.attempt))
            outgoing.note_due(session, delivery)
    keys = {"delivery": claimed.id, "channel": claimed.channel, "attempt": claimed.attempt}
    if status == "sent":
        logger.info("Delivery %s sent", claimed.id, extra={"action": "delivery_sent"} | keys)
    else:
        logger.warning(
            "Delivery %s is %s: %s", claimed.id, status, reason, extra={"action": "delivery_failed"} | keys
        )
    return status


def _locked(session: Session, delivery_id: int, *statuses: str) -> Delivery:
    delivery = outgoing.locked(session, delivery_id)
    if delivery is None:
        raise NotFound(delivery=delivery_id)
    if delivery.status not in statuses:
        raise Conflict(
            "It is on its way, or was sent meanwhile.", delivery=delivery_id, status=delivery.status
        )
    return delivery


def _require_admin(by: Actor, delivery_id: int) -> None:
    if not by.admin:
        raise Forbidden(delivery=delivery_id)
