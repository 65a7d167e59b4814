"""The catalogue of procedures, and the page of one: its drawing, its limits, its versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.bundles import DIAGRAM
from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.sla import Deadline
from engine.domain.views import DeadlineLine, ProcedureCard, ProcedureView, Words
from engine.errors import ProcedureNotFound
from engine.procedures import Published
from engine.queries import seeing
from engine.queries.clocks import NAMED
from engine.queries.drawing import documentation_of, human_steps, in_drawing_order
from engine.queries.limits import ladder_words, limit_words
from engine.store.models import Case, Version
from engine.wiring import Engine

RUNNING = ("active", "suspended")


def catalogue(engine: Engine, actor: Actor) -> list[ProcedureCard]:
    """Every procedure in its latest version; first those that the person may start."""
    with engine.database.look() as session:
        running = _running(engine, session, actor)
        cards = [
            _card(engine, actor, published, at, by, running) for published, at, by in _latest(engine, session)
        ]
    return sorted(cards, key=lambda card: (not card.may_start, card.id))


def procedure_names(engine: Engine) -> list[tuple[str, Words]]:
    """(id, name) of every procedure, for a list to choose from."""
    with engine.database.look() as session:
        return [(found.procedure, found.bundle.name) for found, _, _ in _latest(engine, session)]


def steps_of(engine: Engine, procedure: str) -> list[tuple[str, Words]]:
    """(``<process>/<node>``, name) of every step that people do in a procedure and in those it calls."""
    with engine.database.look() as session:
        found = [published for published, _, _ in _latest(engine, session, procedure)]
    return [
        (f"{process}/{node.id}", published.node_name(process, node.id))
        for published in found
        for process, bundle in published.bundles.items()
        for node in human_steps(bundle.diagram)
    ]


def procedure_view(engine: Engine, procedure_id: str, actor: Actor) -> ProcedureView:
    """One procedure; raises :class:`ProcedureNotFound`."""
    with engine.database.look() as session:
        found = next(_latest(engine, session, procedure_id), None)
        if found is None:
            raise ProcedureNotFound(procedure=procedure_id)
        published, at, by = found
        by_version = sa.func.count(Case.id)
        rows = session.execute(
            sa.select(
                Version.number,
                Version.published_at,
                Version.published_by,
                Version.note,
                by_version.label("n"),
            )
            .outerjoin(Case, (Case.version_id == Version.id) & Case.status.in_(RUNNING))
            .where(Version.procedure == procedure_id)
            .group_by(Version.id, Version.number, Version.published_at, Version.published_by, Version.note)
            .order_by(Version.number.desc())
        ).all()
        card = _card(engine, actor, published, at, by, _running(engine, session, actor))
    return ProcedureView(
        card=card,
        diagram=published.bundle.files[DIAGRAM],
        words=published.bundle.english,
        deadlines=tuple(_deadline_line(engine, named) for named in deadlines_of(engine, published)),
        versions=tuple((row.number, row.published_at, row.published_by, row.note, row.n) for row in rows),
    )


def deadlines_of(engine: Engine, published: Published) -> list[Deadline]:
    """The limits that a procedure's own drawing names, in drawing order, each once."""
    found: dict[str, Deadline] = {}
    for node in in_drawing_order(published.bundle.diagram):
        for name in (node.properties.get("deadline", ""), *NAMED.findall(node.text)):
            found |= {deadline.name: deadline for deadline in _named(engine, name)}
    return list(found.values())


def _named(engine: Engine, name: str) -> Iterator[Deadline]:
    # ``repair.fix.{urgency}`` names one limit for each value of the field.
    pattern = re.compile(r"[^.]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", name)))
    return (deadline for key, deadline in engine.deadlines.items() if pattern.fullmatch(key))


_newest = sa.select(sa.func.max(Version.id)).group_by(Version.procedure)
_told = sa.select(Version.id, Version.published_at, Version.published_by)
#: Made once: the list of procedures stands on many pages.
_ALL = _told.where(Version.id.in_(_newest))
_ONE = _told.where(Version.id.in_(_newest.where(Version.procedure == sa.bindparam("procedure"))))


def _latest(
    engine: Engine, session: Session, procedure: str | None = None
) -> Iterator[tuple[Published, datetime, str]]:
    statement = _ALL if procedure is None else _ONE
    for row in session.execute(statement, {"procedure": procedure}).all():
        yield procedures.of_version(engine, session, row.id), row.published_at, row.published_by


def _running(engine: Engine, session: Session, actor: Actor) -> dict[str, int]:
    rows = session.execute(
        sa.select(Case.procedure, sa.func.count().label("n"))
        .where(Case.status.in_(RUNNING), seeing.visible(engine, session, actor))
        .group_by(Case.procedure)
    )
    return {row.procedure: row.n for row in rows}


def _card(
    engine: Engine,
    actor: Actor,
    published: Published,
    at: datetime,
    by: str,
    running: Mapping[str, int],
) -> ProcedureCard:
    bundle = published.bundle
    held = seeing.sites_of(actor, published.starters(engine))
    sites = tuple(site for site in engine.organisation.sites if site in held or EVERYWHERE in held)
    steps = [bundle.words(node.name) for node in human_steps(bundle.diagram) if node.name]
    return ProcedureCard(
        id=published.procedure,
        name=bundle.name,
        description=_description(published),
        version=published.number,
        published_at=at,
        published_by=by,
        may_start=bool(sites),
        sites=sites,
        open_cases=running.get(published.procedure, 0),
        steps=tuple(dict.fromkeys(steps)),
        quick="quick_start" in bundle.properties,
    )


def _description(published: Published) -> Words:
    bundle = published.bundle
    said = bundle.properties.get("description") or documentation_of(bundle.diagram, published.procedure)
    return bundle.words(said) if said else Words("", "")


def _deadline_line(engine: Engine, deadline: Deadline) -> DeadlineLine:
    return DeadlineLine(
        name=deadline.name,
        words=Words(deadline.zh, deadline.en),
        limit=limit_words(deadline),
        source=Words(deadline.source, deadline.source_en or deadline.source),
        clause=Words(deadline.clause, deadline.clause_en or deadline.clause),
        basis=deadline.basis,
        ladder=ladder_words(engine, deadline),
    )
