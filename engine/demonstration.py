"""Fill an empty installation with people and cases at different stages, told by ``bpmn/demo.toml``.

The stories happen on a clock that begins some working days ago and ends now, so that what is late is
late, what escalated did so at the right moment, and the registers hold rows of several days.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.worktime import WorkCalendar
from engine.errors import GuanjiaError, ScenarioInvalid
from engine.masters import bring_in
from engine.people import actor_of, create_person
from engine.telling import FakeClock, Teller
from engine.wiring import Engine

FILE = "demo.toml"
#: What a story of today needs between its beginning and now.
ROOM = timedelta(hours=1)


def read(engine: Engine) -> dict[str, Any]:
    """The demo's people and stories."""
    return tomllib.loads((engine.settings.bpmn / FILE).read_text(encoding="utf-8"))


def fill(engine: Engine, password: str) -> Iterator[str]:
    """Create the demo's people, then tell its stories, the earliest first; say what was done."""
    told = read(engine)
    people: dict[str, dict[str, Actor]] = {site: {} for site in engine.organisation.sites}
    for entry in told["people"]:
        roles = [_role(text) for text in entry.get("roles", [])]
        person = create_person(
            engine,
            login=entry["login"],
            name=entry["name"],
            password=password,
            roles=roles,
            admin=entry.get("admin", False),
            demo=True,
        )
        for role, at in roles:
            for site in engine.organisation.sites if at == EVERYWHERE else [at]:
                people[site].setdefault(role, actor_of(person))
    yield f"demo: {len(told['people'])} people"

    for master, sites in told.get("masters", {}).items():
        count = sum(bring_in(engine, master, site, rows) for site, rows in sites.items())
        yield f"demo: {count} rows of {master}"

    now = engine.now()
    clock = FakeClock(now)
    past = replace(engine, now=clock)
    stories = sorted(told["story"], key=lambda story: _begin(engine, story, now))
    for number, story in enumerate(stories, start=1):
        clock.at = _begin(engine, story, now)
        teller = Teller(past, clock, people[story["site"]], story["procedure"], story["site"])
        for step, telling in enumerate(story["steps"], start=1):
            try:
                teller.tell(telling)
            except GuanjiaError as error:
                raise ScenarioInvalid(f"{FILE}: {story['name']}, step {step}: {error}") from error
            if clock.at > now:
                raise ScenarioInvalid(f"{FILE}: {story['name']}, step {step} lies in the future")
        yield f"demo: story {number} of {len(stories)}, {story['name']}"
    Teller(past, clock, {}, "", next(iter(engine.organisation.sites))).pass_until(now)


def _role(text: str) -> tuple[str, str]:
    role, _, site = text.partition("@")
    return role, site or EVERYWHERE


def _begin(engine: Engine, story: Mapping[str, Any], now: datetime) -> datetime:
    """``ago`` working days before today at ``at``, by the site's calendar."""
    calendar: WorkCalendar = engine.calendar_of(story["site"])
    clock = time.fromisoformat(story["at"])
    day = now.astimezone(calendar.zone).date()
    # A story of today that would begin later today begins on the day before.
    if datetime.combine(day, clock, calendar.zone) > now - ROOM:
        day -= timedelta(days=1)
    left = int(story["ago"])
    while left or not calendar.is_working_day(day):
        day -= timedelta(days=1)
        if calendar.is_working_day(day) and left:
            left -= 1
    return datetime.combine(day, clock, calendar.zone).astimezone(UTC)
