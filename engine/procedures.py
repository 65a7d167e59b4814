"""Publish and look up procedures; every case keeps the version that it started on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine import scheduling
from engine.bundles import DIAGRAM, SCENARIOS, Bundle
from engine.checking import check_bundle
from engine.domain.facts import EVERYWHERE, Actor
from engine.domain.views import Words
from engine.errors import ProcedureNotFound, ProcedureRefused
from engine.runtime.parsing import Specification, build
from engine.runtime.reading import HUMAN, Node
from engine.store import beginning, repository
from engine.store.database import Session
from engine.store.models import Version
from engine.wiring import Engine


@dataclass(frozen=True)
class Published:
    """A published version with those it calls, parsed and shared by all its cases."""

    version_id: int
    procedure: str
    number: int
    #: process id → bundle: the procedure's own first, then those it calls.
    bundles: Mapping[str, Bundle]
    specification: Specification

    @property
    def bundle(self) -> Bundle:
        """The procedure's own bundle."""
        return self.bundles[self.procedure]

    def of(self, process: str) -> Bundle:
        """The bundle of a process: this procedure's, or that of one it calls."""
        return self.bundles.get(process, self.bundle)

    def node(self, process: str, node: str) -> Node | None:
        """A node of the procedure or of one that it calls."""
        return self.of(process).diagram.nodes.get(node)

    def node_name(self, process: str, node: str) -> Words:
        """What people call a node."""
        found = self.node(process, node)
        return self.of(process).words(found.name) if found and found.name else Words(node, node)

    def words(self, zh: str) -> Words:
        """A text of the procedure or of one that it calls."""
        for bundle in self.bundles.values():
            if zh in bundle.english:
                return bundle.words(zh)
        return Words(zh, zh)

    def label(self, process: str, step: str) -> str:
        """What people call a step and its procedure, in both languages and small letters."""
        named, of = self.of(process).words(step), self.bundle.name
        return f"{named.zh} {named.en} {of.zh} {of.en}".lower()

    @cached_property
    def labels(self) -> frozenset[str]:
        """The labels of all steps that people do."""
        nodes = self.specification.nodes.values()
        return frozenset(self.label(node.process, node.name) for node in nodes if node.type in HUMAN)

    def lane_roles(self, engine: Engine) -> frozenset[str]:
        """The roles of all lanes that have an inbox."""
        roles = set()
        for bundle in self.bundles.values():
            for lane in bundle.diagram.lanes:
                role = engine.organisation.role_named(lane.role or lane.name)
                if role is not None and not role.outside:
                    roles.add(role.id)
        return frozenset(roles)

    def is_led_by(self, engine: Engine, by: Actor, site: str = "") -> bool:
        """Say whether a person owns it: administrators do, and whoever leads one of its roles there.

        Without a site, at all of them.
        """
        lanes = self.lane_roles(engine)
        above = {found.id for role in lanes for found in engine.organisation.supervisors(role)}
        return by.admin or any(by.has_role(role, site or EVERYWHERE) for role in above)

    def starters(self, engine: Engine) -> frozenset[str]:
        """The roles that may start a case by hand; none where it only starts by itself or by others."""
        if not self.specification.begins_by_itself:
            return frozenset()
        named = self.bundle.properties.get("starters", "")
        if named:
            return frozenset(part.strip() for part in named.split(",") if part.strip())
        diagram = self.bundle.diagram
        lanes = [diagram.lane_of(node.id) for node in diagram.beginnings(self.procedure)]
        roles = [engine.organisation.role_named(lane.role or lane.name) for lane in lanes if lane]
        return frozenset(role.id for role in roles if role is not None and not role.outside)


def publish(engine: Engine, bundle: Bundle, *, by: Actor, note: str = "") -> Version:
    """Publish a checked bundle as the procedure's next version; the same files make no new one.

    The procedures that it calls are bound to their latest versions; its timer starts are armed, those of the
    version before are gone. Raises :class:`ProcedureRefused`
    when the check finds an error, :class:`ProcedureNotFound` when a called procedure is not published.
    """
    findings = check_bundle(engine, bundle)
    if any(finding.severity == "error" for finding in findings):
        raise ProcedureRefused(findings)
    with engine.database.transaction() as session:
        latest = repository.latest_version(session, bundle.procedure)
        calls = {}
        for called in sorted(bundle.called - {bundle.procedure}):
            version = repository.latest_version(session, called)
            if version is None:
                raise ProcedureNotFound(procedure=called)
            calls[called] = version.number
        starting = (bundle.procedure, bundle.diagram, bundle.properties)
        if latest is not None and latest.digest == bundle.digest and latest.calls == calls:
            # The sites may be others than they were.
            scheduling.arm(engine, session, *starting, by=by, version=latest.number)
            return latest
        version = Version(
            procedure=bundle.procedure,
            number=latest.number + 1 if latest else 1,
            digest=bundle.digest,
            files={name: text for name, text in bundle.files.items() if name != SCENARIOS},
            calls=calls,
            published_at=engine.now(),
            published_by=by.name,
            note=note,
        )
        session.add(version)
        scheduling.arm(engine, session, *starting, by=by, version=version.number)
    return version


def latest(engine: Engine, session: Session, procedure: str) -> Published:
    """The version that new cases start on; raises :class:`ProcedureNotFound`."""
    version_id = beginning.latest_version(session, procedure)
    if version_id is None:
        raise ProcedureNotFound(procedure=procedure)
    return of_version(engine, session, version_id)


def of_version(engine: Engine, session: Session, version_id: int) -> Published:
    """What a case runs on, from the cache of this process or parsed now."""
    found = engine.published.get(version_id)
    if isinstance(found, Published):
        return found
    version = session.get_one(Version, version_id)
    bundles = {version.procedure: Bundle(version.procedure, version.files)}
    for called in _called_versions(session, version, {version.procedure}):
        bundles[called.procedure] = Bundle(called.procedure, called.files)
    published = Published(
        version_id=version.id,
        procedure=version.procedure,
        number=version.number,
        bundles=bundles,
        specification=build(
            version.procedure,
            {f"{name}.bpmn": bundle.files[DIAGRAM].encode() for name, bundle in bundles.items()},
            {f"{name}.bpmn": bundle.decisions for name, bundle in bundles.items()},
        ),
    )
    engine.published[version_id] = published
    return published


def in_order(bundles: Iterable[Bundle]) -> list[Bundle]:
    """Bundles with the called before those that call them."""
    waiting = {bundle.procedure: bundle for bundle in bundles}
    ordered: list[Bundle] = []

    def place(bundle: Bundle, above: frozenset[str]) -> None:
        for called in sorted(bundle.called):
            if called in waiting and called not in above:
                place(waiting[called], above | {called})
        if waiting.pop(bundle.procedure, None) is not None:
            ordered.append(bundle)

    for bundle in list(waiting.values()):
        place(bundle, frozenset({bundle.procedure}))
    return ordered


def _called_versions(session: Session, version: Version, seen: set[str]) -> list[Version]:
    found = []
    for called, number in version.calls.items():
        if called in seen:
            continue
        seen.add(called)
        bound = repository.version(session, called, number)
        found += [bound, *_called_versions(session, bound, seen)]
    return found
