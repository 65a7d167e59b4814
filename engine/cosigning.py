"""Who signs a task that a procedure lets people sign together, and by which rule they decide (会签)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.domain import signing
from engine.domain.facts import OpenTask
from engine.errors import ExpressionFailed, Invalid, RuntimeFailed
from engine.runtime.workflow import Run
from engine.store import between, repository
from engine.store.models import Signer, Task

if TYPE_CHECKING:
    from engine.steps import Step

#: People who sign one task at most.
MOST = 50


def is_signed(opened: OpenTask) -> bool:
    """Say whether the drawing lets people sign the task together."""
    return bool(opened.properties.get("signers"))


def rule_of(opened: OpenTask) -> dict[str, Any]:
    """The rule of the drawing, as a task keeps it."""
    try:
        rule, needed = signing.parse_rule(opened.properties.get("sign_rule", "all"))
    except Invalid as refused:
        raise ExpressionFailed("A rule of signing cannot be read.", element=opened.node) from refused
    return {"drawn": {"rule": rule, "needed": needed, "outcome": None}}


def people_of(step: Step, run: Run, opened: OpenTask, roles: Iterable[str]) -> dict[int, int]:
    """Who signs → with which weight; where the drawing names nobody who is here, a role above ``roles``.

    Raises :class:`RuntimeFailed` when there is nobody there either, or far too many.
    """
    named = run.evaluate(opened.properties["signers"], opened.data)
    weighed = named if isinstance(named, Mapping) else dict.fromkeys(_listed(named), 1)
    found: dict[int, int] = {}
    for who, weight in weighed.items():
        if isinstance(weight, bool) or not isinstance(weight, int) or weight < 1:
            raise ExpressionFailed("A weight is a number from 1.", element=opened.node, value=weight)
        for person in _people(step, who):
            found[person] = max(weight, found.get(person, 0))
    found = found or dict.fromkeys(_above(step, roles), 1)
    if not 0 < len(found) <= MOST:
        raise RuntimeFailed("Nobody may sign this task.", element=opened.node, name=opened.name)
    return found


def signers_of(step: Step, task: Task, people: Mapping[int, int]) -> list[Signer]:
    """The rows of those who sign a task that opens."""
    return [
        Signer(task_id=task.id, account_id=person, place="drawn", seq=1, weight=weight, added_at=step.now)
        for person, weight in people.items()
    ]


def _listed(named: object) -> list[Any]:
    return list(named) if isinstance(named, (list, tuple)) else [] if named is None else [named]


def _people(step: Step, who: object) -> list[int]:
    """The active people of the site whom a person's id or a role means."""
    text = str(who)
    if text.isascii() and text.isdigit():
        return list(between.colleagues(step.session, [int(text)], step.case.site))
    role = step.engine.organisation.role_named(text)
    if role is None:
        return []
    return repository.holders(step.session, [role.id], step.case.site).get(role.id, [])


def _above(step: Step, roles: Iterable[str]) -> list[int]:
    chain = [above.id for role in roles for above in step.engine.organisation.supervisors(role)]
    held = repository.holders(step.session, chain, step.case.site) if chain else {}
    return next((held[role] for role in chain if held.get(role)), [])
