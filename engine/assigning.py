"""Decide who gets a task that opens, by the rules of its step, and say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from engine.domain import assignment
from engine.domain.assignment import Assignment
from engine.domain.choosing import (
    ROLES,
    Known,
    Rule,
    RuleRefused,
    Source,
    choose,
    ids_in,
    parse_rules,
    sources,
)
from engine.domain.choosing_words import because, explain
from engine.domain.facts import OpenTask, UserId
from engine.errors import ExpressionFailed
from engine.runtime.workflow import Run
from engine.store import assigning, repository
from engine.store.database import Session
from engine.wiring import Engine

if TYPE_CHECKING:
    from engine.steps import Step


@dataclass(frozen=True)
class Decided:
    """Who gets a task, and why in words and figures, where rules decided."""

    who: Assignment
    #: The role of the task's lane.
    lane: str | None
    why: dict[str, Any] | None = None


def decide(step: Step, run: Run, opened: OpenTask) -> Decided:
    """Decide who gets a task: a named person, else by the step's rules, else the queue of its roles."""
    engine, session, site = step.engine, step.session, step.case.site
    asked = opened.properties
    person = _named(run, asked.get("assignee"), opened)
    roles = _named(run, asked.get("candidates"), opened)
    lane = engine.organisation.role_named(opened.role) if opened.role else None
    lane_role = lane.id if lane else None
    if isinstance(person, bool) or (isinstance(person, int) and not _active(session, person)):
        person = None
    # Asked for once, and only where it decides: whoever started the case is found without it.
    held = cache(
        lambda: repository.holders(
            session, assignment.asked_roles(engine.organisation, lane_role, roles), site
        )
    )
    rules, why = asked.get("assign", ""), None
    if rules.strip() and not isinstance(person, int):
        wanted = assignment.own_roles(engine.organisation, lane_role, roles)
        who, why = _by_rules(step, run, opened, rules, wanted, held)
        if who is not None:
            return Decided(who, lane_role, why)
    queue = assignment.assign(
        engine.organisation, lane_role=lane_role, named_person=person, named_roles=roles, holders=held()
    )
    return Decided(queue, lane_role, why)


def _by_rules(
    step: Step,
    run: Run,
    opened: OpenTask,
    text: str,
    roles: Sequence[str],
    held: Callable[[], Mapping[str, Sequence[int]]],
) -> tuple[Assignment | None, dict[str, Any]]:
    """Whom the rules choose, if anybody, and why."""
    try:
        rules = parse_rules(text)
    except RuleRefused as refused:
        raise ExpressionFailed("The rules that choose a person cannot be read.", why=str(refused)) from None
    people: dict[Source, Sequence[int]] = {
        source: _people(step, run, opened, source, roles, held)
        for source in sources(rules)
        if source.kind not in ("manager", "queue")
    }
    turn = roles[0] if roles else f"{opened.process}/{opened.node}"[:100]
    known, names = gather(
        step.engine,
        step.session,
        rules,
        people,
        roles=roles,
        site=step.case.site,
        procedure=step.case.procedure,
        now=step.now,
        turn=turn,
    )
    for one, more in step.handed.items():
        # What the same step gave them before is not in the tables yet.
        if one in known.load:
            known = replace(known, load={**known.load, one: known.load[one] + more})
    choice = choose(rules, known)
    why = explain(choice, known, names, lambda node: step.published.node_name(opened.process, node))
    if choice.person is None:
        return None, why
    if choice.rule is not None and choice.rule.pick == "round robin":
        assigning.take_turn(step.session, turn, step.case.site, choice.person)
    step.handed[choice.person] = step.handed.get(choice.person, 0) + 1
    return Assignment(UserId(choice.person), tuple(roles), because(choice)), why


def gather(
    engine: Engine,
    session: Session,
    rules: Sequence[Rule],
    people: Mapping[Source, Sequence[int]],
    *,
    roles: Sequence[str],
    site: str,
    procedure: str,
    now: datetime,
    turn: str,
) -> tuple[Known, dict[int, str]]:
    """What rules are decided by, in a statement for each kind of fact they ask for; and the names.

    ``people``: whom each source gives, managers left out.
    """
    found = dict(people)
    for source in sources(rules):
        if source.kind == "manager" and source.whose is not None and source.whose in found:
            found[source] = _managers(engine, session, found[source.whose], site)
    asked = {one for ids in found.values() for one in ids}
    last = assigning.last_turn(session, turn, site) if any(r.pick == "round robin" for r in rules) else None
    names, away = assigning.here(session, asked if last is None else {*asked, last}, now, procedure)
    there = {source: [one for one in ids if one in names] for source, ids in found.items()}
    filters = {kept for rule in rules for kept in rule.filters}
    zone = engine.zone_of(site)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    loads = _loads(session, rules, there)
    known = Known(
        people=there,
        on_shift=assigning.on_shift(session, site, roles, now, now) if "on shift" in filters else (),
        on_shift_today=(
            assigning.on_shift(session, site, roles, midnight, midnight + timedelta(days=1, microseconds=-1))
            if "on shift today" in filters
            else ()
        ),
        here=assigning.of_site(session, names, site) if "site" in filters else (),
        away=away,
        load=loads,
        last=last,
    )
    return known, names


def _loads(session: Session, rules: Sequence[Rule], people: Mapping[Source, Sequence[int]]) -> dict[int, int]:
    several = {
        one
        for rule in rules
        if rule.pick != "round robin" and len(people.get(rule.source, ())) > 1
        for one in people[rule.source]
    }
    return {**dict.fromkeys(several, 0), **assigning.load(session, several)} if several else {}


def _managers(engine: Engine, session: Session, people: Sequence[int], site: str) -> list[int]:
    """Who holds the nearest role above those of these people that anybody else holds at the site."""
    found: set[int] = set()
    for held in assigning.roles_at(session, people, site).values():
        for chain in (engine.organisation.supervisors(role) for role in held):
            holders = repository.holders(session, [above.id for above in chain], site) if chain else {}
            others = (set(holders.get(above.id, ())) - set(people) for above in chain)
            found |= next((some for some in others if some), set())
    return sorted(found)


def _people(
    step: Step,
    run: Run,
    opened: OpenTask,
    source: Source,
    roles: Sequence[str],
    held: Callable[[], Mapping[str, Sequence[int]]],
) -> Sequence[int]:
    if source == ROLES:
        return sorted({one for role in roles for one in held().get(role, ())})
    if source.kind == "starter":
        return ids_in(step.case.started_by)
    if source.kind in ("handler", "last"):
        return ids_in(assigning.handler(step.session, step.case.id, source.of))
    if source.kind == "field":
        return ids_in({**run.data, **opened.data}.get(source.of))
    return ids_in(run.evaluate(source.of, opened.data))


def _named(run: Run, expression: str | None, opened: OpenTask) -> object:
    return run.evaluate(expression, opened.data) if expression else None


def _active(session: Session, account_id: int) -> bool:
    found = repository.account(session, account_id)
    return found is not None and found.active
