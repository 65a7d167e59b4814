"""What passes between people, for the pages of a task and a case: verbs, signers, comments, copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.cases import is_supervisor, may_cancel
from engine.domain import signing, verbs
from engine.domain.assignment import signs_for
from engine.domain.facts import Actor, Data, UserId
from engine.domain.verbs import VERBS
from engine.domain.views import CommentLine, Copied, SignerLine, SigningView
from engine.procedures import Published
from engine.queries.lines import names_of
from engine.queries.personal import Veil
from engine.store import between, repository
from engine.store.models import Account, Case, Comment, Copy, Inbox, Task
from engine.wiring import Engine

#: Comments and copies that one page shows.
MOST = 100


class Signed(NamedTuple):
    """What says of a task whether somebody is to sign it."""

    id: str
    signing: Mapping[str, Any] | None
    assignee_id: int | None
    procedure: str


def state_of(case: Case, task: Task) -> str:
    """The state of a task; see ``engine.domain.verbs``."""
    return verbs.state_of(
        status=task.status,
        case_status=case.status,
        assignee=task.assignee_id,
        given_how=task.given_how,
        signing=task.signing,
    )


def submitted(task: Task) -> Data | None:
    """What was put before those who sign after the holder."""
    found = (task.signing or {}).get("submitted") if task.status == "open" else None
    return found["answers"] if found else None


def verbs_over_task(
    engine: Engine,
    session: Session,
    case: Case,
    task: Task,
    published: Published,
    actor: Actor,
    *,
    signs: bool,
) -> frozenset[str]:
    """The verbs over a task that are lawful now and this person's; those that need no button are left out.

    ``signs``: it is their turn to sign it, or that of somebody who is away.
    """
    state = state_of(case, task)
    if actor.id is None or state in ("done", "cancelled", "suspended"):
        return frozenset()
    away = actor.in_place_of(task.assignee_id, case.procedure)
    holds = task.assignee_id == actor.id or away is not None
    supervises = is_supervisor(engine, case, published, actor)
    owner = task.given_by if state == "delegated" else (task.signing or {}).get("submitted", {}).get("by")
    owns = owner is not None and (
        owner == actor.id or (state == "delegated" and bool(actor.in_place_of(owner, case.procedure)))
    )
    mine = {
        **dict.fromkeys(("transfer", "decline", "delegate", "hand_back", "add_signers"), holds),
        "recall": owns,
        "reassign": supervises,
        "remove_signer": bool(task.signing) and (holds or supervises),
        "sign": signs,
        "urge": supervises
        or case.started_by == actor.id
        or between.copy_of(session, case.id, actor.id) is not None,
    }
    return frozenset(name for name, may in mine.items() if may and state in VERBS[name].moves)


def verbs_over_case(
    engine: Engine, session: Session, case: Case, published: Published, actor: Actor
) -> frozenset[str]:
    """The verbs over a case that are lawful now and this person's, who sees it."""
    if actor.id is None:
        return frozenset()
    supervises = is_supervisor(engine, case, published, actor)
    mine = {
        "copy": True,
        "comment": True,
        "prioritise": supervises
        or case.started_by == actor.id
        or repository.first_open_task_of(session, case.id, actor.id) is not None,
        "urge": supervises
        or case.started_by == actor.id
        or between.copy_of(session, case.id, actor.id) is not None,
        "suspend": supervises,
        "resume": supervises,
        "cancel": may_cancel(engine, session, case, published, actor),
    }
    # Urging is over a task, of which a page of a case shows several.
    live = {name: VERBS[name].moves if VERBS[name].over == "case" else ("active",) for name in mine}
    return frozenset(name for name, may in mine.items() if may and case.status in live[name])


def signing_of(session: Session, task: Task, veil: Veil) -> SigningView | None:
    """How a task is signed, with who has answered what; None when nobody was ever asked."""
    found = between.signers(session, task.id, everybody=True) if task.signing else []
    if not task.signing or not found:
        return None
    names = names_of(session, [who for one in found for who in (one.account_id, one.answered_by)])
    asked = set(session.scalars(sa.select(Inbox.who).where(Inbox.task_id == task.id, Inbox.kind == "sign")))
    rules = tuple(
        (place, rule["rule"], rule["needed"], rule.get("outcome"))
        for place, rule in task.signing.items()
        if place in ("before", "beside", "after", "drawn") and isinstance(rule, dict)
    )
    lines = (
        SignerLine(
            account_id=UserId(one.account_id),
            name=names.get(one.account_id, ""),
            place=one.place,
            weight=one.weight,
            answer=one.answer,
            opinion=veil.text(one.opinion),
            at=one.answered_at,
            by=names[one.answered_by] if one.answered_by not in (None, one.account_id) else None,
            waits=one.answer is None and one.removed_at is None and f"u:{one.account_id}" in asked,
            removed=one.removed_at is not None,
        )
        for one in found
    )
    # Whoever was taken off before answering is in the history alone.
    return SigningView(rules, tuple(line for line in lines if not line.removed or line.answer))


def comments(session: Session, case_id: int, veil: Veil) -> tuple[CommentLine, ...]:
    """What was said about a case, the latest last."""
    rows = session.scalars(
        sa.select(Comment).where(Comment.case_id == case_id).order_by(Comment.id.desc()).limit(MOST)
    ).all()
    names = names_of(session, [person for row in rows for person in row.mentions])
    return tuple(
        CommentLine(
            by=row.by,
            at=row.at,
            text=veil.text(row.text),
            is_public=row.is_public,
            mentions=tuple(names.get(person, "") for person in row.mentions),
        )
        for row in reversed(rows)
    )


def copies(session: Session, case_id: int) -> tuple[Copied, ...]:
    """Who has a case in copy, the latest first."""
    rows = session.execute(
        sa.select(Account.id, Account.name, Copy.by, Copy.at, Copy.note, Copy.read_at)
        .join(Account, Account.id == Copy.account_id)
        .where(Copy.case_id == case_id)
        .order_by(Copy.id.desc())
        .limit(MOST)
    )
    return tuple(Copied(*row) for row in rows)


def to_sign(session: Session, actor: Actor, rows: Iterable[Any]) -> dict[str, str | None]:
    """Which tasks the person is to sign now → the absent one in whose place; None for the own turn.

    ``rows``: each has what :class:`Signed` has.
    """
    by_id = {row.id: row for row in rows if row.signing}
    if not by_id:
        return {}
    keys = [f"u:{one}" for one in (actor.id, *(away.id for away in actor.stands_in_for))]
    asked = sa.select(Inbox.task_id, Inbox.who).where(Inbox.kind == "sign", Inbox.who.in_(keys))
    found: dict[str, str | None] = {}
    for task_id, who in session.execute(asked.where(Inbox.task_id.in_(by_id))):
        row, signer = by_id[task_id], int(who.removeprefix("u:"))
        doer = signing.doer(row.signing, row.assignee_id)
        if signer == actor.id:
            found[task_id] = None
        elif away := signs_for(actor, signer, doer=doer, procedure=row.procedure):
            found.setdefault(task_id, away.name)
    return found
