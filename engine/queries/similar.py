"""Cases beside a case: of the same customer or place, or about the same; only those that a reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from engine import procedures
from engine.domain.facts import Actor, CaseId
from engine.domain.privacy import HIDDEN
from engine.domain.views import SimilarCase, Words
from engine.errors import CaseNotFound
from engine.procedures import Published
from engine.queries import personal, seeing
from engine.queries.case_list import COLUMNS, case_lines
from engine.store import finding
from engine.store.models import Case
from engine.wiring import Engine
from forms.model import Field

#: Cases that are looked at, the newest, and those that are shown.
LOOKED_AT, SHOWN = 300, 8
#: The share of pieces of the shorter subject that another has to have to be about the same.
ALIKE = 0.4
#: A shorter value says nothing: 是, 3.
SHORTEST = 3


def similar_cases(engine: Engine, case_id: CaseId, actor: Actor) -> list[SimilarCase]:
    """The cases nearest to a case, and why; raises :class:`CaseNotFound`, :class:`Forbidden`.

    What is personal is compared only for a reader who may read it in this case; the values are not told.
    """
    with engine.database.look() as session:
        case = session.get(Case, case_id)
        if case is None:
            raise CaseNotFound(case=case_id)
        published = procedures.of_version(engine, session, case.version_id)
        sight = seeing.require_sight(engine, session, case, published, actor)
        hidden = frozenset() if sight.near else personal.personal_keys(published)
        told = {key: value for key, value in _told(published, case.data) if key.key not in hidden}
        rows = session.execute(
            sa.select(*COLUMNS, Case.data)
            .where(Case.id != case.id, seeing.visible(engine, session, actor))
            .order_by(Case.id.desc())
            .limit(LOOKED_AT)
        ).all()
        pieces = _pieces(case.subject, published)
        scored = []
        for row in rows:
            shared = [field for field, value in told.items() if row.data.get(field.key) == value]
            likeness = _likeness(pieces, _pieces(row.subject, published)) if pieces else 0.0
            if shared or likeness >= ALIKE:
                scored.append((len(shared) * 2 + likeness, row, shared, likeness))
        scored.sort(key=lambda one: (-one[0], -one[1].id))
        chosen = scored[:SHOWN]
        lines = case_lines(engine, session, [row for _, row, _, _ in chosen])
        reasons = [tuple(_why(published, shared, likeness)) for _, _, shared, likeness in chosen]
    return [SimilarCase(line, why) for line, why in zip(lines, reasons, strict=True)]


def _told(published: Published, data: Mapping[str, Any]) -> Iterator[tuple[Field, str]]:
    """What a case says in a line of text: names, places, telephones; not what it chose from a list."""
    seen = set()
    for _, leaf in personal.fields_of(published):
        value = data.get(leaf.key)
        if leaf.key in seen or leaf.type != "textfield" or not isinstance(value, str):
            continue
        seen.add(leaf.key)
        if len(value.strip()) >= SHORTEST and value != HIDDEN:
            yield leaf, value


def _pieces(subject: str, published: Published) -> frozenset[str]:
    """The pieces of two characters of a subject; none for one that is only its procedure's name."""
    if subject in ("", published.bundle.name.zh):
        return frozenset()
    return frozenset(piece for piece in finding.pieces(subject.lower()) if len(piece) == 2)


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _why(published: Published, shared: list[Field], likeness: float) -> Iterator[Words]:
    for field in shared[:3]:
        label = published.words(field.label or field.key)
        yield Words(f"{label.zh}相同", f"same {label.en.lower()}")
    if likeness >= ALIKE:
        yield Words("内容相近", "about the same")
