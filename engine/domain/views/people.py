"""People: who is away, on duty, leaving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from engine.domain.facts import UserId
from engine.domain.views.basics import Words


@dataclass(frozen=True)
class PersonFound:
    """Somebody to choose: their name, and each role with the site at which they hold it."""

    id: UserId
    name: str
    login: str
    roles: tuple[tuple[Words, str], ...] = ()


@dataclass(frozen=True)
class AbsenceLine:
    """Somebody who is away and who stands in, from when until when."""

    id: int
    absent: str
    substitute: str
    #: The reader, or the person whose page it is, is the one who is away.
    is_mine: bool
    starts_at: datetime
    ends_at: datetime
    #: None for all.
    procedures: tuple[Words, ...]
    reason: str
    #: now, coming, or over.
    state: str


@dataclass(frozen=True)
class RosterShift:
    """One shift of a roster, in the zone of its site."""

    id: int
    starts_at: datetime
    ends_at: datetime
    is_now: bool


@dataclass(frozen=True)
class RosterPerson:
    """Somebody's week: the shifts that begin on each of its days."""

    id: int
    #: Empty for somebody who does not hold the role any more.
    name: str
    days: tuple[tuple[RosterShift, ...], ...]


@dataclass(frozen=True)
class Roster:
    """A week of one role at one site."""

    role: str
    role_name: Words
    site: str
    week: date
    days: tuple[date, ...]
    people: tuple[RosterPerson, ...]
    may_plan: bool


@dataclass(frozen=True)
class HandOverGroup:
    """What names a person in one way: how much it is, and the first of it in words."""

    #: held, given, signing, absences, shifts, started.
    kind: str
    count: int
    lines: tuple[Words, ...]


@dataclass(frozen=True)
class HandOver:
    """Everything that names a person who leaves."""

    person_id: int
    name: str
    active: bool
    groups: tuple[HandOverGroup, ...]
    #: What stays as it is, since a role shares it.
    kept: tuple[Words, ...]
    #: What nobody can hand over, and somebody should know.
    warnings: tuple[Words, ...]
    #: What was looked at; :func:`engine.hand_over` refuses when it is something else by then.
    seen: str


@dataclass(frozen=True)
class HandedOver:
    """What went to others: how much of each kind."""

    name: str
    done: Mapping[str, int]


@dataclass(frozen=True)
class RoleChanged:
    """One change of what somebody may do."""

    at: datetime
    by: str
    reason: str
    #: (role id, site id) of each.
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    #: Whether they became an administrator, or are one no more; None when that stayed.
    admin: bool | None
    #: Open tasks that went to others with it.
    handed: int


@dataclass(frozen=True)
class Post:
    """A role that somebody holds, and what follows from it."""

    role: str
    site: str
    department: Words | None
    #: The role answers for its department.
    is_head: bool
    #: The role above, and who holds it there.
    reports_to: Words | None
    managers: tuple[str, ...]


@dataclass(frozen=True)
class RoleReview:
    """What a change of somebody's roles would do, before it is saved."""

    person_id: int
    name: str
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    admin: bool | None
    #: held: open tasks that they would have no role for; shifts: those of a role they would not have.
    groups: tuple[HandOverGroup, ...]
    warnings: tuple[Words, ...]
    #: What was looked at; :func:`engine.change_roles` refuses when it is something else by then.
    seen: str

    @property
    def needs_a_look(self) -> bool:
        """Whether anything would go to others, or somebody should know."""
        return bool(self.warnings or any(group.count for group in self.groups))
