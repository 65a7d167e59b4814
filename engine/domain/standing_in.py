"""Who does the work of somebody who is away (离岗委托): no circles, and no chain longer than a few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: People in a row who stand in for one another: A's work is B's, and while B is away it is C's, then D's.
MOST_LINKS = 3

Refusal = Literal["self", "period", "past", "long", "twice", "circle", "chain"]
#: Days of one substitution.
LONGEST_DAYS = 366


@dataclass(frozen=True)
class Absence:
    """Somebody is away from one moment until another, and who does their work then."""

    account: int
    substitute: int
    starts_at: datetime
    ends_at: datetime
    #: Procedure ids; none for all.
    procedures: frozenset[str] = frozenset()


def refusal(new: Absence, others: Sequence[Absence], *, now: datetime) -> Refusal | None:
    """Why an absence cannot stand beside those that stand, or None."""
    if new.account == new.substitute:
        return "self"
    if new.ends_at <= new.starts_at:
        return "period"
    if new.ends_at <= now:
        return "past"
    if (new.ends_at - new.starts_at).days > LONGEST_DAYS:
        return "long"
    if any(one.account == new.account and common(one, new) for one in others):
        return "twice"
    after = list(_followed(new, others, forwards=True))
    if any(way[-1].substitute == new.account for way in after):
        return "circle"
    before = _longest(_followed(new, others, forwards=False))
    return "chain" if before + 1 + _longest(after) > MOST_LINKS else None


def common(one: Absence, other: Absence) -> Absence | None:
    """The time and procedures that two absences share, as one of the first's; None when there are none."""
    since, until = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    both = one.procedures & other.procedures
    procedures = both if one.procedures and other.procedures else one.procedures | other.procedures
    if since >= until or (one.procedures and other.procedures and not both):
        return None
    return Absence(one.account, one.substitute, since, until, procedures)


def _followed(
    begun: Absence, others: Sequence[Absence], *, forwards: bool, seen: frozenset[int] = frozenset()
) -> Iterable[tuple[Absence, ...]]:
    """Every way on from an absence: the substitute's own absence meanwhile, and so on; or back."""
    for index, one in enumerate(others):
        meets = one.account == begun.substitute if forwards else one.substitute == begun.account
        shared = common(one, begun) if meets and index not in seen else None
        if shared is not None:
            yield (shared,)
            for way in _followed(shared, others, forwards=forwards, seen=seen | {index}):
                yield (shared, *way)


def _longest(ways: Iterable[tuple[Absence, ...]]) -> int:
    return max((len(way) for way in ways), default=0)
