"""Let a customer follow a case by a link, without signing in, and write to whoever works on it.

The link shows what the customer was told and what they wrote, and nothing else of the case.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from engine import notices, procedures
from engine.domain.facts import Actor, CaseId
from engine.domain.linking import FOLLOW, is_link, link_named
from engine.domain.views import FollowPage, Words
from engine.errors import Forbidden, Invalid, LinkInvalid, LinkOver
from engine.queries import seeing
from engine.retrying import again_when_changed
from engine.steps import Step
from engine.store import follow_links, repository
from engine.store.database import Session
from engine.store.models import Case, Comment, FollowLink
from engine.tasks.opening import opened
from engine.tasks.speaking import LONGEST
from engine.wiring import Engine

#: A case that is over can be read for so long.
READABLE = timedelta(days=30)
#: What a customer may write of one case in a day.
MOST_A_DAY = 20
#: Lines of either side that the page shows.
SHOWN = 100
#: The name under which a customer's words are kept; screens say it in the reader's language.
CUSTOMER = notices.CUSTOMER
_GOING_ON = ("active", "suspended")


@again_when_changed
def share_case(engine: Engine, case_id: CaseId, *, by: Actor) -> None:
    """Make the link by which the customer follows a case, unless it has one.

    Only people near the case may. Raises :class:`Forbidden`.
    """
    with opened(engine, case_id, by=by) as step:
        _require_near(step, by)
        if follow_links.standing(step.session, case_id) is None:
            key = secrets.token_urlsafe(24)
            step.session.add(FollowLink(case_id=case_id, key=key, by_id=by.id, made_at=step.now))
            step.tell("shared")


@again_when_changed
def unshare_case(engine: Engine, case_id: CaseId, *, by: Actor) -> None:
    """Make the customer's link worthless; the next one is another. Raises :class:`Forbidden`."""
    with opened(engine, case_id, by=by) as step:
        _require_near(step, by)
        link = follow_links.standing(step.session, case_id)
        if link is not None:
            link.ended_at = step.now
            step.tell("unshared")


def follow_page(engine: Engine, word: str) -> FollowPage:
    """What the customer reads by a link; changes nothing. Raises :class:`LinkInvalid`."""
    with engine.database.look() as session:
        case = _case(engine, session, word)
        told = [
            (row.at, Words(row.detail.get("zh", ""), row.detail.get("en", "")), False)
            for row in follow_links.told(session, case.id, SHOWN)
            if not row.detail.get("private")
        ]
        said = [
            (row.at, Words(row.text, row.text), True) for row in follow_links.said(session, case.id, SHOWN)
        ]
        return FollowPage(
            case_number=case.number,
            procedure_name=procedures.of_version(engine, session, case.version_id).bundle.name,
            site=case.site,
            status=case.status,  # type: ignore[arg-type]
            started_at=case.started_at,
            ended_at=case.ended_at,
            said=tuple(sorted([*told, *said], key=lambda line: line[0], reverse=True)),
            may_say=case.status in _GOING_ON,
        )


@again_when_changed
def say_by_link(engine: Engine, word: str, text: str) -> None:
    """Keep what the customer writes, and tell whoever has the case's tasks, or started it.

    Raises :class:`LinkInvalid`; :class:`LinkOver` when the case is over; :class:`Invalid` with ``reason``
    ``empty``, ``long`` or ``many``.
    """
    said = text.strip()
    with engine.database.look() as session:
        case_id = CaseId(_case(engine, session, word).id)
    if not said or len(said) > LONGEST:
        reason = "long" if said else "empty"
        raise Invalid("A message has some text, and not too much.", field="text", reason=reason, most=LONGEST)
    with opened(engine, case_id, by=Actor(id=None, name=CUSTOMER)) as step:
        _case(engine, step.session, word)
        if step.case.status not in _GOING_ON:
            raise LinkOver(case=step.case.number)
        if follow_links.said_since(step.session, case_id, step.now - timedelta(days=1)) >= MOST_A_DAY:
            raise Invalid("So much cannot be written in a day.", field="text", reason="many", most=MOST_A_DAY)
        step.session.add(Comment(case_id=case_id, by=CUSTOMER, at=step.now, text=said, is_public=True))
        step.tell("customer_said")
        number = step.case.number
        words = Words(f"客户在案件 {number} 留言", f"The customer wrote about {number}")
        notices.tell(step, _hearers(step), words, kind="mention")


def _hearers(step: Step) -> list[int]:
    """Who has the open tasks; who started the case, where nobody has."""
    tasks = repository.open_tasks(step.session, step.case.id)
    people = [
        person for task in tasks for person in notices.receivers(step, notices.HOLDER, task)
    ] or notices.receivers(step, notices.STARTER)
    return list(dict.fromkeys(people))


def _require_near(step: Step, by: Actor) -> None:
    if not seeing.require_sight(step.engine, step.session, step.case, step.published, by).near:
        raise Forbidden(case=step.case.id)


def _case(engine: Engine, session: Session, word: str) -> Case:
    link_id = link_named(word)
    link = follow_links.find(session, link_id) if link_id is not None else None
    secret = engine.settings.secret_key
    if link is None or link.ended_at is not None or not is_link(secret, link.key, link.id, word, FOLLOW):
        raise LinkInvalid
    case = follow_links.case_of(session, link)
    if case.ended_at is not None and engine.now() > case.ended_at + READABLE:
        raise LinkInvalid
    return case
