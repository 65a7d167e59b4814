"""How people and other systems are reached: a person's own wishes, and the webhooks of the installation."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from engine import channels
from engine.channels import MayHaveArrived, NotSent
from engine.domain.facts import Actor
from engine.domain.letters import KINDS
from engine.domain.reach import Reach, check_address, make_reach, read_reach
from engine.errors import Forbidden, Invalid, NotFound
from engine.store.database import Session
from engine.store.models import Account, Webhook
from engine.wiring import Engine

#: What another system may be told of.
HEARD = tuple(kind for kind in KINDS if kind not in ("digest", "test"))
LONGEST_NAME, LONGEST_URL = 100, 2000


@dataclass(frozen=True)
class MyReach:
    """How one person is told, and what there is to choose from."""

    email: str
    reach: Reach
    #: Time zones of the installation's calendars, and their own.
    zones: tuple[str, ...]
    #: The installation sends mail at all.
    has_mail: bool


def reach_of(engine: Engine, user_id: int) -> MyReach:
    """How a person likes to be told."""
    with engine.database.look() as session:
        account = _account(session, user_id)
    reach = read_reach(account.reach)
    zones = dict.fromkeys(calendar.zone.key for calendar in engine.calendars.values())
    if reach.zone:
        zones[reach.zone] = None
    return MyReach(account.email, reach, tuple(zones), engine.mail is not None)


def set_reach(
    engine: Engine,
    user_id: int,
    *,
    email: str,
    events: Mapping[str, str],
    begins: str,
    ends: str,
    digest_at: str,
    zone: str = "",
) -> None:
    """Keep how a person likes to be told; raises :class:`Invalid` with the fact ``field``."""
    address = check_address(email)
    reach = make_reach(events=events, begins=begins, ends=ends, digest_at=digest_at, zone=zone)
    with engine.database.transaction() as session:
        account = _account(session, user_id)
        account.email, account.reach = address, reach.kept()


# Other systems -------------------------------------------------------------------------------


def add_webhook(engine: Engine, *, name: str, url: str, events: Collection[str], by: Actor) -> str:
    """Let another system be told of events, of all for none; its secret, which is shown this once."""
    _require_admin(by)
    secret = channels.new_secret()
    webhook = Webhook(
        name=_name(name),
        url=_url(url),
        secret=secret,
        events=_events(events),
        by=by.name,
        at=engine.now(),
    )
    with engine.database.transaction() as session:
        session.add(webhook)
    engine.couriers.no_webhooks_until = 0.0
    return secret


def change_webhook(
    engine: Engine,
    webhook_id: int,
    *,
    by: Actor,
    active: bool | None = None,
    events: Collection[str] | None = None,
) -> None:
    """Let a system be told again, or no more; or of other events."""
    _require_admin(by)
    with engine.database.transaction() as session:
        webhook = _webhook(session, webhook_id)
        webhook.active = webhook.active if active is None else active
        webhook.events = webhook.events if events is None else _events(events)
    engine.couriers.no_webhooks_until = 0.0


def renew_secret(engine: Engine, webhook_id: int, *, by: Actor) -> str:
    """Give a system a new secret, shown this once; the old one is worth nothing from now on."""
    _require_admin(by)
    secret = channels.new_secret()
    with engine.database.transaction() as session:
        _webhook(session, webhook_id).secret = secret
    return secret


def try_webhook(engine: Engine, webhook_id: int, *, by: Actor) -> str:
    """Tell a system a test, now; why it did not arrive, or nothing when it did."""
    _require_admin(by)
    with engine.database.look() as session:
        webhook = _webhook(session, webhook_id)
    key, now = uuid4().hex, engine.now()
    body = json.dumps({"id": key, "event": "test", "at": now.isoformat()})
    try:
        channels.call(webhook.url, webhook.secret, key, body, at=now)
    except (NotSent, MayHaveArrived) as error:
        return str(error)
    return ""


def shown_url(url: str) -> str:
    """A webhook's address without what may be secret in it.

    >>> shown_url("https://user:pw@crm.example.com:8443/hooks?token=1")
    'https://crm.example.com:8443/hooks'
    """
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("A webhook needs a name of at most 100 characters.", field="name")
    return name


def _url(text: str) -> str:
    url = text.strip()
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or len(url) > LONGEST_URL or len(url.split()) != 1 or not url.isascii():
        raise Invalid("A webhook's address begins with https:// or http://.", field="url")
    return url


def _events(events: Collection[str]) -> list[str]:
    if unknown := sorted(set(events) - set(HEARD)):
        raise Invalid("There is no such event.", field="events", event=unknown[0])
    return [event for event in HEARD if event in events]


def _require_admin(by: Actor) -> None:
    if not by.admin:
        raise Forbidden


def _account(session: Session, user_id: int) -> Account:
    account = session.get(Account, user_id)
    if account is None:
        raise NotFound("There is no such person.", person=user_id)
    return account


def _webhook(session: Session, webhook_id: int) -> Webhook:
    webhook = session.get(Webhook, webhook_id)
    if webhook is None:
        raise NotFound("There is no such webhook.", webhook=webhook_id)
    return webhook
