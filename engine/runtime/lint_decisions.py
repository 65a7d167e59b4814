"""Check decisions: that business rule tasks name one, and that it can be made with all that it requires."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engine.domain.facts import Finding
from engine.runtime.decision_files import DecisionFile, read
from engine.runtime.decisions import Decision, expressions_of, reached
from engine.runtime.expression_words import hints
from engine.runtime.lint_check import Check, called, finding
from engine.runtime.lint_codes import MAX_SECONDS
from engine.runtime.lint_expressions import unknown_in


@dataclass
class Shelf:
    """DMN files by their names, read once, and where each decision stands."""

    files: dict[str, DecisionFile] = field(default_factory=dict)

    @classmethod
    def of(cls, contents: Mapping[str, bytes], until: float) -> Shelf:
        """Read files; ``until`` is the processor time at which reading gives up."""
        return cls({name: read(content, until) for name, content in contents.items()})

    @property
    def known(self) -> set[str]:
        """The ids of all decisions, those with errors too."""
        return set().union(*(file.known for file in self.files.values()))

    def holders(self, decision: str) -> list[str]:
        """The files that hold a decision of this id."""
        return [name for name, file in self.files.items() if decision in file.known]

    def reached(self, wanted: Iterable[str]) -> dict[str, Decision]:
        """Decisions with all that they require, as far as they can be made; of several, the first."""
        files = reversed(list(self.files.values()))
        return reached(wanted, {name: found for file in files for name, found in file.decisions.items()})


def check_decisions(check: Check) -> None:
    """Every business rule task names a decision; it and what it requires can be made."""
    tasks = [node for node in check.diagram.nodes.values() if node.type == "businessRuleTask"]
    for node in tasks:
        if node.decision is None:
            check.add("decision-missing", node)
    wanted = {node.decision for node in tasks if node.decision}
    if check.around.decisions is None or not wanted:
        return
    shelf = Shelf.of(check.around.decisions, _until())
    for node in tasks:
        if node.decision is None:
            continue
        holders = shelf.holders(node.decision)
        if not holders:
            near = hints(node.decision, shelf.known)
            check.add(
                "decision-unknown",
                node,
                name=node.decision,
                hint_zh=near["hint_zh"],
                hint_en=near["hint_en"],
            )
        elif len(holders) > 1:
            check.add("decision-several", node, name=node.decision)
    check.findings += _of_shelf(shelf, wanted)
    for decision in shelf.reached(wanted).values():
        check.findings += _told_by(_file_of(shelf, decision.id), _unknown_names(check, decision))


def lint_decisions(content: bytes, beside: Mapping[str, bytes] | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong in a DMN file; what it requires may stand in the files ``beside`` it."""
    until = _until()
    own = read(content, until)
    shelf = Shelf({"": own, **Shelf.of(beside or {}, until).files})
    requirements = (_requirements(shelf, decision, own_first=True) for decision in own.decisions.values())
    found = [*own.findings, *(one for all_of_it in requirements for one in all_of_it)]
    return tuple(dict.fromkeys([*found, *_rings(shelf, own.decisions.values())]))


def _of_shelf(shelf: Shelf, wanted: set[str]) -> list[Finding]:
    """What is wrong in the files that hold what is wanted, each with its file's name."""
    made = shelf.reached(wanted)
    needed = wanted.union(*(decision.requires for decision in made.values()))
    found: list[Finding] = []
    for name, file in shelf.files.items():
        # What is missing may stand in a file that could not be read.
        lost = not file.known and bool(needed - shelf.known)
        if lost or file.known & needed:
            found += _told_by(name, file.findings)
    for decision in made.values():
        found += _told_by(_file_of(shelf, decision.id), _requirements(shelf, decision))
    for ring in _rings(shelf, made.values()):
        found += _told_by(_file_of(shelf, str(ring.element)), [ring])
    return found


def _requirements(shelf: Shelf, decision: Decision, own_first: bool = False) -> Iterator[Finding]:
    """What a decision requires is there, once."""
    for name in decision.requires:
        holders = shelf.holders(name)
        if not holders:
            yield _at("decision-unknown", decision, name=name, **hints(name, shelf.known))
        elif len(holders) > 1 and not (own_first and "" in holders):
            yield _at("decision-several", decision, name=name)


def _rings(shelf: Shelf, decisions: Iterable[Decision]) -> Iterator[Finding]:
    made = shelf.reached(decision.id for decision in decisions)
    try:
        TopologicalSorter({name: found.requires for name, found in made.items()}).prepare()
    except CycleError as error:
        ring = [str(name) for name in error.args[1]]
        yield _at("decision-cycle", made[ring[0]], ring=" → ".join(ring))


def _unknown_names(check: Check, decision: Decision) -> Iterator[Finding]:
    told = {found for e in expressions_of(decision) for found in unknown_in(check, e.tree)}
    for code, name in sorted(told):
        yield _at(code, decision, name=name)


def _at(code: str, decision: Decision, **facts: Any) -> Finding:
    at = called(decision.name, decision.id)
    return finding(code, element=decision.id, line=decision.line, at=at, **facts)


def _told_by(file: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings of another file than the one that is checked: the line is of that file."""
    for one in findings:
        yield replace(one, message=f"{file}：{one.message}", message_en=f"{file}: {one.message_en}")


def _file_of(shelf: Shelf, decision: str) -> str:
    return next(iter(shelf.holders(decision)), "")


def _until() -> float:
    # The expressions of the diagram have their own time.
    return time.thread_time() + MAX_SECONDS * 0.75
