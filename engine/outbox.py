"""What leaves the house: written down in the step that tells it, sent after its commit.

Each telling becomes deliveries: a mail to every person who wants one for that event, a word to the chat
groups of the roles that were told, a message to the other systems that asked for it. Where nobody wants
any of it, nothing is asked of the database.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from engine.domain.letters import Letter
from engine.domain.reach import Reach, is_urgent, read_reach
from engine.domain.views import Words
from engine.store import outgoing, rows
from engine.store.models import Account, Delivery, Task, Webhook
from engine.wiring import Engine

if TYPE_CHECKING:
    from engine.steps import Step

#: Seconds for which a process that found no webhooks does not look again.
UNHEARD = 5.0
#: Days of digests that are looked through for one that is still to be sent.
_DIGESTS = 7


@dataclass(frozen=True)
class Telling:
    """Something that is told, to whom."""

    event: str
    said: Words
    people: Collection[int] = ()
    roles: Collection[str] = ()
    task: Task | None = None
    #: It may wake people up, whatever it is.
    urgent: bool = False


def post(step: Step, telling: Telling) -> None:
    """Write what of a telling leaves the house."""
    found = [*_mails(step, telling), *_groups(step, telling), *_systems(step, telling)]
    outgoing.add(step.session, found)


def link_to(engine: Engine, *, task: str | None = None, case: int | None = None) -> str:
    """The address of a task or a case; nothing where the installation does not say its own."""
    base = engine.settings.public_url.rstrip("/")
    if not base:
        return ""
    if task:
        return f"{base}/tasks/{task}"
    return f"{base}/cases/{case}" if case else base


def language_of(account: Account) -> str:
    """The language in which somebody is written to."""
    return account.language or "zh"


def prepared(
    engine: Engine, *, key: str, event: str, channel: str, address: str, run_at: datetime, **values: Any
) -> Delivery:
    """A delivery that is due at a moment."""
    return rows.made(
        Delivery,
        key=key,
        event=event,
        channel=channel,
        address=address,
        status="due",
        at=engine.now(),
        run_at=run_at,
        **values,
    )


def _mails(step: Step, telling: Telling) -> Iterator[Delivery]:
    if step.engine.mail is None or not telling.people:
        return
    urgent = telling.urgent or is_urgent(telling.event, step.case.priority)
    for account in outgoing.reached(step.session, telling.people):
        reach = read_reach(account.reach)
        zone = reach.zone_or(step.engine.zone_of(step.case.site))
        moment = reach.when(telling.event, step.now, zone, urgent=urgent)
        if moment is None:
            continue
        letter = _letter(step, telling, language_of(account), account.name)
        if reach.is_gathered(telling.event, urgent=urgent):
            yield from _gathered(step, account, reach, zone, letter)
            continue
        yield prepared(
            step.engine,
            key=uuid4().hex,
            event=telling.event,
            channel="mail",
            address=account.email,
            run_at=moment,
            account_id=account.id,
            case_id=step.case.id,
            language=language_of(account),
            subject=letter.subject,
            body=letter.body,
            urgent=urgent,
        )


def _gathered(
    step: Step, account: Account, reach: Reach, zone: ZoneInfo, letter: Letter
) -> Iterator[Delivery]:
    """Add a line to the person's next digest, or begin it."""
    line, moment = " · ".join(filter(None, letter.body.splitlines())), reach.next_digest(step.now, zone)
    for _ in range(_DIGESTS):
        key = f"digest:{account.id}:{moment.isoformat()}"
        added = outgoing.add_line(step.session, key, line)
        if added is None:
            yield prepared(
                step.engine,
                key=key,
                event="digest",
                channel="mail",
                address=account.email,
                run_at=moment,
                account_id=account.id,
                case_id=None,
                language=language_of(account),
                subject="",
                body=line,
                urgent=False,
            )
        if added is not False:
            return
        # That one has gone: the next one.
        moment = reach.next_digest(moment, zone)


def _groups(step: Step, telling: Telling) -> Iterator[Delivery]:
    urgent = telling.urgent or is_urgent(telling.event, step.case.priority)
    for robot in step.engine.robots.values():
        if not robot.hears(telling.event, telling.roles, step.case.site):
            continue
        letter = _letter(step, telling, robot.language, "")
        awake = robot.quiet.after(step.now, step.engine.zone_of(step.case.site)) if robot.quiet else step.now
        yield prepared(
            step.engine,
            key=uuid4().hex,
            event=telling.event,
            channel=robot.kind,
            address=robot.id,
            run_at=step.now if urgent else awake,
            account_id=None,
            case_id=step.case.id,
            language=robot.language,
            subject=letter.subject,
            body=letter.body,
            urgent=urgent,
        )


def _systems(step: Step, telling: Telling) -> Iterator[Delivery]:
    for webhook in _webhooks(step):
        if webhook.events and telling.event not in webhook.events:
            continue
        key = uuid4().hex
        yield prepared(
            step.engine,
            key=key,
            event=telling.event,
            channel="webhook",
            address=webhook.name,
            run_at=step.now,
            account_id=None,
            webhook_id=webhook.id,
            case_id=step.case.id,
            language="",
            subject=telling.said.zh,
            body=json.dumps(_payload(step, telling, key), ensure_ascii=False),
            urgent=(telling.urgent or is_urgent(telling.event, step.case.priority)),
        )


def _webhooks(step: Step) -> list[Webhook]:
    remembered = step.engine.couriers
    if time.monotonic() < remembered.no_webhooks_until:
        return []
    found = outgoing.webhooks(step.session)
    if not found:
        remembered.no_webhooks_until = time.monotonic() + UNHEARD
    return found


def _payload(step: Step, telling: Telling, key: str) -> dict[str, Any]:
    case, task = step.case, telling.task
    return {
        "id": key,
        "event": telling.event,
        "at": step.now.isoformat(),
        "text": {"zh": telling.said.zh, "en": telling.said.en},
        "case": {
            "id": case.id,
            "number": case.number,
            "procedure": case.procedure,
            "site": case.site,
            "subject": case.subject,
            "priority": case.priority,
        },
        "task": {"id": task.id, "node": task.node} if task else None,
        "people": sorted(telling.people),
        "roles": sorted(telling.roles),
        "link": link_to(step.engine, task=task.id if task else None, case=case.id),
    }


def _letter(step: Step, telling: Telling, language: str, name: str) -> Letter:
    case = step.case
    return step.engine.letters.write(
        telling.event,
        language,
        {
            "text": telling.said.in_language(language),
            "link": link_to(step.engine, task=telling.task.id if telling.task else None, case=case.id),
            "name": name,
            "case_no": case.number,
            "subject": case.subject,
        },
    )
