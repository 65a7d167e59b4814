"""The rows of inboxes, which say what their tasks and cases say; and what these are found by."""

from __future__ import annotations

import sqlalchemy as sa

from engine.store import finding
from engine.store.database import Session
from engine.store.models import NEVER, Case, Inbox, Task


def row(
    case: Case, task: Task, label: str, *, who: str, kind: str, reason: dict[str, str] | None = None
) -> Inbox:
    """A row that shows an open task to a principal; ``label`` is what people call its step."""
    return Inbox(
        who=who,
        kind=kind,
        task_id=task.id,
        due_at=task.due_at or NEVER,
        created_at=task.created_at,
        procedure=case.procedure,
        number=case.number,
        reason=reason,
        search=_search(case, label),
        tokens=_tokens(case, label, who, kind),
    )


def watch(session: Session, watching: Inbox) -> None:
    """Let a principal watch a task; one that watches it already has the new reason."""
    standing = session.scalars(
        sa.select(Inbox).where(
            Inbox.task_id == watching.task_id, Inbox.who == watching.who, Inbox.kind == watching.kind
        )
    ).one_or_none()
    if standing is None:
        session.add(watching)
    else:
        standing.reason = watching.reason


def rename(session: Session, case: Case, task_id: str, label: str) -> None:
    """Let an open task be found by its case's new subject."""
    for shown in session.scalars(sa.select(Inbox).where(Inbox.task_id == task_id)):
        shown.search = _search(case, label)
        shown.tokens = _tokens(case, label, shown.who, shown.kind)


def case_tokens(number: str, subject: str) -> frozenset[str]:
    """What a case is found by."""
    return finding.pieces(f"{number} {subject}")


def key_token(who: str, kind: str) -> str:
    """The token of all that a principal has before them."""
    return f"{kind} {who}"


def _search(case: Case, label: str) -> str:
    return f"{case.number} {case.subject} {label}".lower()


def _tokens(case: Case, label: str, who: str, kind: str) -> frozenset[str]:
    # Not the pieces of the label: all rows of a step have the same, and a step is taken often.
    return case_tokens(case.number, case.subject) | {
        finding.label_token(label),
        key_token(who, kind),
    }
