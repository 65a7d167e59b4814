"""Run a procedure's test scenarios on a fake clock, with the real engine on a database in memory.

A scenario is a story: who starts, who completes what with which answers, how much time passes, what
must be true then. Every person of a story is a role; each role has one person who holds it everywhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine import coverage, procedures
from engine.bundles import SCENARIOS, Bundle
from engine.domain.facts import EVERYWHERE, SYSTEM, Actor, UserId
from engine.errors import AnswersInvalid, GuanjiaError, ScenarioInvalid
from engine.masters import bring_in
from engine.store import repository, schedule_rows, stories
from engine.telling import FakeClock, Teller, Unlike, moment
from engine.wiring import Engine, Settings, open_engine


@dataclass(frozen=True)
class Failure:
    """A step of a scenario that did not come out as told; ``step`` counts from 1."""

    scenario: str
    step: int
    message: str


@dataclass(frozen=True)
class Result:
    """How the scenarios of one procedure came out."""

    procedure: str
    scenarios: int
    failed: tuple[Failure, ...]
    covered: frozenset[str]
    flows: frozenset[str]

    @property
    def passed(self) -> int:
        """How many scenarios came out as told."""
        return self.scenarios - len({failure.scenario for failure in self.failed})

    @property
    def uncovered(self) -> list[str]:
        """The sequence flows that no scenario took."""
        return sorted(self.flows - self.covered)

    @property
    def coverage(self) -> float:
        """The share of sequence flows taken, 0 to 1."""
        return len(self.covered & self.flows) / len(self.flows) if self.flows else 1.0


def run_all(settings: Settings, bundles: Sequence[Bundle], wanted: Iterable[str]) -> list[Result]:
    """Run the scenarios of the wanted procedures; raises :class:`ScenarioInvalid` for a bad file."""
    with TemporaryDirectory() as folder:
        return [
            _run(replace(settings, files=Path(folder)), bundles, bundle)
            for bundle in bundles
            if bundle.procedure in wanted
        ]


def _run(settings: Settings, bundles: Sequence[Bundle], bundle: Bundle) -> Result:
    told = _read(bundle)
    failed: list[Failure] = []
    covered: set[str] = set()
    for scenario in told:
        engine, failures = play(settings, bundles, bundle.procedure, scenario)
        failed += failures
        with engine.database.look() as session:
            passages = repository.histories(session)
        covered |= coverage.flows_taken(bundle.diagram, bundle.procedure, passages)
        engine.database.bind.dispose()
    return Result(
        procedure=bundle.procedure,
        scenarios=len(told),
        failed=tuple(failed),
        covered=frozenset(covered),
        flows=frozenset(bundle.diagram.flows),
    )


def _read(bundle: Bundle) -> list[dict[str, Any]]:
    if SCENARIOS not in bundle.files:
        return []
    try:
        told = tomllib.loads(bundle.files[SCENARIOS]).get("scenario", [])
    except tomllib.TOMLDecodeError as error:
        raise ScenarioInvalid(f"{bundle.procedure}/{SCENARIOS}: {error}") from error
    for scenario in told:
        for key in ("name", "at", "steps"):
            if key not in scenario:
                raise ScenarioInvalid(f"{bundle.procedure}/{SCENARIOS}: a scenario has no {key}")
    return list(told)


def play(
    settings: Settings, bundles: Sequence[Bundle], procedure: str, scenario: Mapping[str, Any]
) -> tuple[Engine, list[Failure]]:
    """Play one scenario on a database of its own; give where it did not come out as told, if anywhere."""
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    engine = open_engine(
        replace(settings, database_url="sqlite:///:memory:"),
        now=clock,
    )
    engine.database.create()
    site = scenario.get("site") or next(iter(engine.organisation.sites))
    clock.at = moment(scenario["at"], engine.zone_of(site))
    for bundle in procedures.in_order(bundles):
        procedures.publish(engine, bundle, by=SYSTEM)
    with engine.database.transaction() as session:
        schedule_rows.keep_only(session, procedure, site)
    teller = Teller(engine, clock, _hire(engine), procedure, site)
    name = str(scenario["name"])
    for master, rows in scenario.get("masters", {}).items():
        bring_in(engine, master, site, rows)
    for number, told in enumerate(scenario["steps"], start=1):
        try:
            teller.tell(told)
        except AnswersInvalid as error:
            wrong = {path: [getattr(p, "code", p) for p in found] for path, found in error.errors.items()}
            return engine, [Failure(name, number, f"answers refused: {wrong}")]
        except (GuanjiaError, Unlike) as error:
            return engine, [Failure(name, number, str(error))]
    return engine, []


def _hire(engine: Engine) -> dict[str, Actor]:
    people = {}
    with engine.database.transaction() as session:
        for role in engine.organisation.roles.values():
            if not role.outside:
                account = stories.hire(session, role.id, role.zh)
                people[role.id] = Actor(UserId(account), role.zh, frozenset({(role.id, EVERYWHERE)}))
    return people
