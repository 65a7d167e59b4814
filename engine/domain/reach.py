"""How and when a person likes to be told: what by mail, what in the digest, and nothing at night.

Times of day are on the person's own clock. ``urgent`` passes quiet hours and does not wait for a digest;
what a person does not want by mail at all does not come by mail when it is urgent either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from engine.errors import Invalid

How = Literal["none", "now", "digest"]
HOWS: tuple[How, ...] = get_args(How)

#: What people are told of, and how it reaches those by mail who only gave their address.
EVENTS: Mapping[str, How] = {
    "task": "now",
    "transfer": "now",
    "back": "now",
    "sign": "now",
    "urge": "now",
    "reminder": "now",
    "escalation": "now",
    "mention": "now",
    "comment": "digest",
    "copy": "digest",
    "notice": "digest",
}
#: What is told to the customer of a case: other systems may pass it on.
CUSTOMER = "customer"
#: Kinds of notices that are told like another; what is neither here nor above is told as a notice.
_LIKE = {
    "delegate": "transfer",
    "declined": "back",
    "handed_back": "back",
    "sent_back": "back",
    "called_back": "back",
    "withdrawn": "back",
    "released": "back",
    "signed": "sign",
}
#: Events that do not wait for the morning.
URGENT_EVENTS = frozenset({"escalation"})
#: Priorities of cases whose events do not wait.
URGENT_PRIORITIES = frozenset({"urgent"})

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
#: One address, as people have them; what the mail server thinks of it is its own matter.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\]+")
LONGEST_ADDRESS = 254


def event_of(kind: str) -> str:
    """The event that a kind of notice is told as.

    >>> [event_of(kind) for kind in ("escalation", "declined", "customer", "whatever")]
    ['escalation', 'back', 'customer', 'notice']
    """
    found = _LIKE.get(kind, kind)
    return found if found in EVENTS or found == CUSTOMER else "notice"


def is_urgent(event: str, priority: str = "") -> bool:
    """Say whether something may wake people up."""
    return event in URGENT_EVENTS or priority in URGENT_PRIORITIES


@dataclass(frozen=True)
class Quiet:
    """Hours in which nobody wants to be told anything, between two times of day, over midnight too."""

    begins: time
    ends: time

    def holds(self, wall: time) -> bool:
        """Say whether a time of day is in them.

        >>> night = Quiet(time(22), time(7))
        >>> [night.holds(time(hour)) for hour in (21, 22, 3, 7)]
        [False, True, True, False]
        """
        if self.begins <= self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment itself (UTC), or the end of the quiet hours that it falls into."""
        if not self.holds(moment.astimezone(zone).time()):
            return moment.astimezone(UTC)
        return next_at(self.ends, moment, zone)


@dataclass(frozen=True)
class Reach:
    """What one person likes."""

    events: Mapping[str, How] = field(default_factory=dict)
    #: None for whoever may be told at any hour.
    quiet: Quiet | None = Quiet(time(22), time(7))
    #: The time of day of the digest.
    digest_at: time = time(8, 30)
    #: The zone of their clock, such as ``Asia/Shanghai``; empty for that of the site.
    zone: str = ""

    def how(self, event: str) -> How:
        """How an event reaches the person by mail."""
        return self.events.get(event, EVENTS[event])

    def when(self, event: str, now: datetime, zone: ZoneInfo, *, urgent: bool = False) -> datetime | None:
        """When a mail about an event may leave (UTC), not before ``now``; None when it is not wanted."""
        how = self.how(event)
        if how == "none":
            return None
        if urgent:
            return now.astimezone(UTC)
        return self.next_digest(now, zone) if how == "digest" else self.awake(now, zone)

    def next_digest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When the next digest leaves (UTC), after ``now``."""
        return self.awake(next_at(self.digest_at, now, zone), zone)

    def is_gathered(self, event: str, *, urgent: bool) -> bool:
        """Say whether a mail about an event waits for the digest."""
        return self.how(event) == "digest" and not urgent

    def awake(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment (UTC), or the end of the person's quiet hours."""
        return self.quiet.after(moment, zone) if self.quiet else moment.astimezone(UTC)

    def kept(self) -> dict[str, Any]:
        """As an account keeps it."""
        return {
            "events": dict(self.events),
            "quiet": [f"{self.quiet.begins:%H:%M}", f"{self.quiet.ends:%H:%M}"] if self.quiet else [],
            "digest_at": f"{self.digest_at:%H:%M}",
            "zone": self.zone,
        }

    def zone_or(self, site: ZoneInfo) -> ZoneInfo:
        """The zone of the person's clock."""
        return ZoneInfo(self.zone) if self.zone else site


def next_at(clock: time, moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) after ``moment`` at which clocks in a zone show a time of day.

    An hour that a zone skips counts as the same time after the change; one that it has twice, as the first
    that is still to come.
    """
    local = moment.astimezone(zone)
    for ahead in range(3):
        day = local.date() + timedelta(days=ahead)
        for fold in (0, 1):
            found = datetime.combine(day, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC)
            if found > moment:
                return found
    raise AssertionError("three days without that time of day")  # pragma: no cover


def read_reach(kept: Mapping[str, Any]) -> Reach:
    """What an account keeps; what is missing is as for somebody who never said anything."""
    usual = Reach()
    quiet = kept.get("quiet")
    return Reach(
        events={event: how for event, how in kept.get("events", {}).items() if event in EVENTS},
        quiet=usual.quiet if quiet is None else parse_quiet(*quiet) if quiet else None,
        digest_at=parse_clock(kept["digest_at"], "digest_at") if "digest_at" in kept else usual.digest_at,
        zone=kept.get("zone", ""),
    )


def make_reach(*, events: Mapping[str, str], begins: str, ends: str, digest_at: str, zone: str = "") -> Reach:
    """What a person asked for, checked; both times blank for no quiet hours.

    Raises :class:`Invalid` with the fact ``field``.
    """
    for event, how in events.items():
        if event not in EVENTS or how not in HOWS:
            raise Invalid("There is no such way to be told.", field=event)
    quiet = parse_quiet(begins, ends) if begins.strip() or ends.strip() else None
    if zone and zone not in available_timezones():
        raise Invalid("There is no such time zone.", field="zone")
    return Reach(
        events={event: how for event, how in events.items() if how in HOWS},
        quiet=quiet,
        digest_at=parse_clock(digest_at, "digest_at"),
        zone=zone,
    )


def parse_quiet(begins: str, ends: str) -> Quiet:
    """Quiet hours between two times of day; raises :class:`Invalid`."""
    first, last = parse_clock(begins, "quiet_from"), parse_clock(ends, "quiet_until")
    if first == last:
        raise Invalid("Quiet hours need an end that is not their beginning.", field="quiet_until")
    return Quiet(first, last)


def parse_clock(text: str, field: str) -> time:
    """A time of day such as ``08:30``; raises :class:`Invalid`."""
    if not _CLOCK.fullmatch(text.strip()):
        raise Invalid("This is not a time of day.", field=field)
    return time.fromisoformat(text.strip())


def check_address(text: str) -> str:
    """A mail address without blanks around it, or nothing; raises :class:`Invalid`.

    >>> check_address(" li.na@example.com ")
    'li.na@example.com'
    """
    address = text.strip()
    if address and not (
        address.isascii() and len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address)
    ):
        raise Invalid("This is not a mail address.", field="email")
    return address
