"""The rules of time as they stand now: the files' calendars and deadlines, with what screens changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from engine.domain.calendars import Period, WorkCalendar
from engine.domain.ladders import Rung
from engine.domain.limits import Limit, parse_limit
from engine.domain.sla import Deadline
from engine.domain.worktime import add_working_time, working_time_between

#: A time in which the clocks of a case stood still.
Still = tuple[datetime, datetime]


@dataclass(frozen=True)
class Scope:
    """Where a change of a deadline holds; "" is everywhere."""

    procedure: str = ""
    priority: str = ""
    site: str = ""

    def fits(self, of: Scope) -> bool:
        """Say whether it holds for a case of this procedure, priority and site."""
        return all(
            mine in ("", theirs)
            for mine, theirs in (
                (self.procedure, of.procedure),
                (self.priority, of.priority),
                (self.site, of.site),
            )
        )

    @property
    def weight(self) -> tuple[int, bool, bool, bool]:
        """How special it is: what says more comes first, then the site, the priority, the procedure."""
        said = (bool(self.site), bool(self.priority), bool(self.procedure))
        return (sum(said), *said)


@dataclass(frozen=True)
class Change:
    """A deadline that somebody changed; without limit and ladder the scope has none of its own any more."""

    deadline: str
    scope: Scope
    limit: Limit | None = None
    ladder: tuple[Rung, ...] | None = None


@dataclass(frozen=True)
class Rules:
    """Calendars and deadlines at one revision; what is asked often is remembered."""

    calendars: Mapping[str, WorkCalendar]
    deadlines: Mapping[str, Deadline]
    revision: int = 0
    #: The latest change of each scope.
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    _resolved: dict[tuple[str, Scope], Deadline] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def deadline(self, name: str, of: Scope) -> Deadline | None:
        """The deadline as it stands for a case; the most special change that fits counts."""
        known = self._resolved.get((name, of))
        if known is None and name in self.deadlines:
            known = self._resolved[name, of] = self._resolve(name, of)
        return known

    def _resolve(self, name: str, of: Scope) -> Deadline:
        found = self.deadlines[name]
        fitting = [change for change in self.changes.get(name, ()) if change.scope.fits(of)]
        # A change says of limit and ladder what it says, and leaves the rest to those less special.
        for change in sorted(fitting, key=lambda change: change.scope.weight):
            found = replace(
                found,
                limit=found.limit if change.limit is None else change.limit,
                ladder=found.ladder if change.ladder is None else change.ladder,
            )
        return found

    def with_changes(self, told: Iterable[Change], revision: int) -> Rules:
        """These rules with the changes in the order in which they were made."""
        latest: dict[str, dict[Scope, Change]] = {}
        for change in told:
            latest.setdefault(change.deadline, {})[change.scope] = change
        kept = {name: tuple(scopes.values()) for name, scopes in latest.items()}
        return replace(self, changes=kept, revision=revision)

    def with_days(self, days: Mapping[str, Mapping[date, tuple[Period, ...]]], revision: int) -> Rules:
        """These rules with other days of their own in the calendars."""
        changed = {name: found.with_days(days.get(name, {})) for name, found in self.calendars.items()}
        return replace(self, calendars=changed, revision=revision)


def after_pauses(
    moment: datetime, start: datetime, stills: Iterable[Still], counted: WorkCalendar
) -> datetime:
    """Move what was promised at ``start`` by the time that passed in pauses before the moment came.

    What lay before a pause stays. Each pause counts from its beginning or from ``start``, which is later.
    Those that follow each other at once are one: ``stills`` are in their order.
    """
    for began, ended in _joined(stills):
        still = passed_in(began, ended, start, counted)
        if still and moment >= max(began, start):
            moment = add_working_time(moment, still, counted)
    return moment


def _joined(stills: Iterable[Still]) -> list[Still]:
    found: list[Still] = []
    for began, ended in stills:
        if found and began <= found[-1][1]:
            began, ended = found[-1][0], max(ended, found.pop()[1])
        found.append((began, ended))
    return found


def passed_in(began: datetime, ended: datetime, start: datetime, counted: WorkCalendar) -> timedelta:
    """The time of a pause that something begun at ``start`` stood still, as its calendar counts."""
    return max(timedelta(), working_time_between(max(began, start), ended, counted))


def due_moment(limit: Limit, start: datetime, stills: Iterable[Still], calendar: WorkCalendar) -> datetime:
    """Give the due moment of a limit begun at ``start``, its pauses told."""
    return after_pauses(limit.after(start, calendar), start, stills, limit.counted_in(calendar))


def limit_of(text: str) -> Limit | None:
    """The limit that a row was promised; None for a moment that somebody set."""
    return parse_limit(text) if text else None
