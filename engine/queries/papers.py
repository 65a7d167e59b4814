"""A paper as it prints: its layout from the version it was filed under, its data of that day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from engine import procedures
from engine.domain.facts import Actor, CaseId
from engine.domain.views import DocumentView
from engine.errors import DocumentNotFound, Forbidden
from engine.procedures import Published
from engine.queries import seeing
from engine.queries.lines import account_id, department_words, names_of
from engine.queries.personal import fields_of, veil_of
from engine.store.models import Case, Paper
from engine.wiring import Engine


def document_view(engine: Engine, paper_id: int, actor: Actor) -> DocumentView:
    """A filed document; raises :class:`DocumentNotFound`, :class:`Forbidden`.

    It shows to whoever sees the case and, when the document names readers, takes part in the case or
    holds one of those roles, or one above, at its site.
    """
    with engine.database.look() as session:
        row = session.execute(
            sa.select(Paper, Case)
            .join(Case, Case.id == Paper.case_id)
            .where(Paper.id == paper_id)
            .options(defer(Case.state, raiseload=True))
        ).one_or_none()
        if row is None:
            raise DocumentNotFound(paper=paper_id)
        paper, case = row.Paper, row.Case
        published = procedures.of_version(engine, session, paper.version_id)
        sight = seeing.require_sight(engine, session, case, published, actor)
        bundle = published.of(paper.process)
        declared = bundle.documents.get(paper.document)
        if declared is None:
            raise DocumentNotFound(document=paper.document)
        readers = seeing.with_supervisors(engine, declared.get("readers", ()))
        if readers and not (sight.near or actor.admin or seeing.holds(actor, readers, case.site)):
            raise Forbidden(paper=paper_id)
        # What was computed stands in papers too; for people outside only what forms asked is shown.
        data = veil_of(published, {**case.data, **paper.data}, near=sight.near).data(paper.data)
        options, words = _options(engine, session, published, data)
    return DocumentView(
        title=bundle.words(declared["title"]),
        number=str(data.get(declared.get("number", ""), "") or ""),
        case_id=CaseId(case.id),
        case_number=case.number,
        at=paper.at,
        copies=tuple(bundle.words(copy) for copy in declared.get("copies", ())),
        blocks=[_with_columns(published, block) for block in declared.get("blocks", ())],
        words={**bundle.english, **words},
        data=data,
        options=options,
        qr=str(data.get(declared.get("qr", ""), "") or ""),
        size=str(declared.get("size", "sheet")),
    )


def _with_columns(published: Published, block: Mapping[str, Any]) -> Mapping[str, Any]:
    """A table's block with the columns of the rows that its form asks for."""
    if block.get("type") != "table" or block.get("columns"):
        return block
    for _, leaf in fields_of(published):
        if leaf.key == block.get("key"):
            return {**block, "columns": [{"key": c.key, "label": c.label} for c in leaf.children]}
    return block


def _options(
    engine: Engine, session: Session, published: Published, data: dict[str, object]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    # Labels are Chinese; what the procedure's English does not know of them comes in the second part.
    options: dict[str, dict[str, str]] = {}
    words: dict[str, str] = {}
    people: dict[str, object] = {}
    for process, leaf in fields_of(published):
        for field, key in (
            (leaf, leaf.key),
            *((child, f"{leaf.key}.{child.key}") for child in leaf.children),
        ):
            if field.options:
                options.setdefault(key, {}).update({o.value: o.label for o in field.options})
                said = (published.of(process).words(option.label) for option in field.options)
                words.update({label.zh: label.en for label in said})
            elif field.kind == "department":
                found = {name: department_words(engine, name) for name in engine.organisation.departments}
                options[key] = {name: label.zh for name, label in found.items()}
                words.update({label.zh: label.en for label in found.values()})
            elif field.kind == "user" and field is leaf:
                people[key] = data.get(key)
    names = names_of(session, people.values())
    for key, value in people.items():
        number = account_id(value)
        if number in names:
            options[key] = {str(value): names[number]}
    return options, words
