"""The open tasks that a person has before them: their own, and those of each of their roles at each site.

A person's list is several ranges of an index, each of one kind and of some principals.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain import assignment
from engine.domain.facts import Actor
from engine.domain.views import MANY
from engine.queries import ranges, seeing, teams
from engine.queries.lines import words_of
from engine.queries.ranges import Shape
from engine.store import finding
from engine.store.inbox_rows import key_token
from engine.store.models import Version
from engine.wiring import Engine

#: Rows that are looked at one by one for a text, sooner than an index is asked.
SHORT = 2000


@dataclass(frozen=True)
class Range:
    """The rows of one kind that some principals have."""

    kind: str
    who: tuple[str, ...]
    #: Only of these procedures; none for all.
    procedures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tasks:
    """What a person has before them, or a part of it."""

    session: Session
    ranges: tuple[Range, ...]
    #: Only of this procedure.
    procedure: str = ""
    #: Only what was due before this moment.
    due_before: datetime | None = None
    #: Only what is due at this moment or later.
    due_from: datetime | None = None
    #: What is asked of task and case: names of :data:`ranges.BESIDE` with their values.
    beside: tuple[tuple[str, Any], ...] = ()
    #: Only those in which all these stand, in number, subject, or the name of step or procedure.
    words: tuple[str, ...] = ()
    #: For each word the labels of steps that have it, to ask the index of texts; none to look at every row.
    labels: tuple[tuple[str, ...], ...] = ()

    def with_text(self, engine: Engine, text: str) -> Tasks:
        """Those in which every word of a text stands."""
        words = tuple(word.lower() for word in words_of(text))
        if not words or not self.ranges:
            return self
        asked = self._parameters(found=False) | {"limit": SHORT + 1}
        if self.session.execute(ranges.size(self._shape), asked).scalar_one() <= SHORT:
            return replace(self, words=words)
        if any(one.procedures for one in self.ranges):
            # The index of texts knows who has a row, not what they have it for.
            return replace(self, words=words)
        known = _labels(engine, self.session)
        labels = tuple(tuple(label for label in known if word in label) for word in words)
        if any(labels) and self._shape.is_postgresql:
            # It has no quick way to one or the other. What a step is called is common, and soon met.
            return replace(self, words=words)
        return replace(self, words=words, labels=labels)

    def count(self) -> int:
        """How many tasks there are, up to MANY and one more."""
        if not self.ranges:
            return 0
        most = MANY + 1
        # Some tasks stand in two of the ranges.
        limit = most if self._shape.is_once else most + most // 4
        while True:
            asked = self._parameters(found=bool(self.labels)) | {"limit": limit}
            seen, tasks = self.session.execute(ranges.count(self._shape, bool(self.labels)), asked).one()
            if seen < limit or tasks >= most:
                return min(tasks, most)
            limit *= 2

    def rows(self, sort: str, *, page: int, size: int, total: int) -> list[Any]:
        """The rows of :data:`COLUMNS` of one page, of ``total`` as counted."""
        if not total:
            return []
        # Of a text that very many have, the first are soon met on the way.
        found = bool(self.labels) and total <= MANY
        asked = self._parameters(found=found) | {
            "need": page * size,
            "size": size,
            "skip": (page - 1) * size,
        }
        return ranges.plain(self.session.execute(ranges.page(self._shape, sort, found), asked))

    @property
    def _shape(self) -> Shape:
        return Shape(
            finding.is_postgresql(self.session.get_bind().dialect),
            tuple((one.kind, len(one.who) > 1, bool(one.procedures)) for one in self.ranges),
            bool(self.procedure),
            self.due_before is not None,
            len(self.words),
            self.due_from is not None,
            tuple(sorted(name for name, _ in self.beside)),
        )

    def _parameters(self, *, found: bool) -> dict[str, Any]:
        shape = self._shape
        asked: dict[str, Any] = {
            "procedure": self.procedure,
            "due": self.due_before,
            "due_from": self.due_from,
        }
        for name, value in self.beside:
            asked["watchers" if name == ranges.ESCALATED else name] = (
                _listed(shape, value) if isinstance(value, tuple) else value
            )
        asked |= {f"word{n}": word for n, word in enumerate(self.words)}
        for n, one in enumerate(self.ranges):
            if one.procedures:
                asked[f"of{n}"] = list(one.procedures) if shape.is_postgresql else json.dumps(one.procedures)
        if not found:
            return asked | {f"who{n}": _names(shape, one.who) for n, one in enumerate(self.ranges)}
        # A database would rather walk through a range than ask its index for a text: it is asked for both.
        keys = [key_token(who, one.kind) for one in self.ranges for who in one.who]
        pieces = [finding.pieces_of(word) for word in self.words]
        if shape.is_postgresql:
            return asked | {"keys": keys, "pieces": sorted(frozenset().union(*pieces))}
        labels = [[finding.label_token(label) for label in labels] for labels in self.labels]
        return asked | {"match": finding.match([((), keys), *zip(pieces, labels, strict=True)])}


View = Literal["mine", "claimable", "watched", "team", "all"]


def tasks_of(engine: Engine, session: Session, actor: Actor, view: View) -> Tasks:
    """What a person has to do or to see to, what their roles may take, both, or what their team has."""
    keys = seeing.principals(engine, actor)
    if view == "team":
        return team_tasks(engine, session, actor)
    # Whoever stands in for somebody has their tasks beside the own ones.
    own = (
        *(key for key in keys if key.startswith("u:")),
        *(f"u:{one.id}" for one in actor.stands_in_for if not one.procedures),
    )
    some = tuple(
        Range(kind, (f"u:{one.id}",), tuple(sorted(one.procedures)))
        for one in actor.stands_in_for
        if one.procedures
        for kind in ("work", "sign")
    )
    roles = tuple(key for key in keys if key.startswith("r:"))
    parts = {
        "mine": (Range("work", own), *some, Range("sign", own), Range("watch", keys)),
        "claimable": (Range("work", roles),),
        "watched": (Range("watch", keys),),
        "all": (Range("work", (*own, *roles)), *some, Range("sign", own), Range("watch", keys)),
    }
    return Tasks(session, tuple(one for one in parts[view] if one.who))


def team_tasks(engine: Engine, session: Session, actor: Actor, holder: str = "") -> Tasks:
    """What the roles that a person leads have: offered to them or held by somebody for them.

    ``holder``: only of this account id, or ``none`` for what nobody holds.
    """
    led = teams.led(engine, actor)
    roles = tuple(sorted(assignment.role_key(role, site) for role, site in led))
    held = tuple(f"u:{member.account_id}" for member in teams.members(session, led))
    if holder:
        held = tuple(key for key in held if key == f"u:{holder}")
        roles = roles if holder == "none" else ()
    parts = tuple(Range("work", who) for who in (held, roles) if who)
    names = tuple(sorted(f"{role}@{site}" for role, site in led))
    return Tasks(session, parts, beside=((ranges.LED, names),) if held else ())


def _labels(engine: Engine, session: Session) -> set[str]:
    versions = session.scalars(_VERSIONS).all()
    return {label for id_ in versions for label in procedures.of_version(engine, session, id_).labels}


_VERSIONS = sa.select(Version.id)


def _names(shape: Shape, who: tuple[str, ...]) -> Any:
    return who[0] if len(who) == 1 else _listed(shape, who)


def _listed(shape: Shape, names: tuple[str, ...]) -> Any:
    return list(names) if shape.is_postgresql else json.dumps(names)
