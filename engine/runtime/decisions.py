"""What a decision is: a table or a formula, its columns and rules, and what it requires and reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.runtime.decision_cells import VALUE, About, Between, Cell, Compared, Compiled, NoneOf, Test
from engine.runtime.expression_rules import free_names

#: Policies by which the order of an output's values decides.
RANKING = frozenset({"PRIORITY", "OUTPUT ORDER"})
#: Policies that give a list, unless it is drawn together.
LISTING = frozenset({"RULE ORDER", "OUTPUT ORDER", "COLLECT"})
POLICIES = frozenset({"UNIQUE", "ANY", "PRIORITY", "FIRST"}) | LISTING
AGGREGATIONS = frozenset({"SUM", "MIN", "MAX", "COUNT"})


@dataclass(frozen=True)
class Output:
    """An output column."""

    name: str
    #: What it is when no rule applies; None gives nothing.
    default: Compiled | None = None
    #: Its values, the most important first; empty unless the hit policy asks for them.
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A row: when it applies, and what it then gives; an empty output is nothing."""

    id: str
    #: As people count, from 1.
    number: int
    cells: tuple[Cell, ...]
    outputs: tuple[Compiled | None, ...]


@dataclass(frozen=True)
class Table:
    """A decision table."""

    inputs: tuple[Compiled, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    policy: str = "UNIQUE"
    aggregation: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The data that it writes."""
        return tuple(output.name for output in self.outputs)


@dataclass(frozen=True)
class Formula:
    """A decision that is one expression."""

    name: str
    expression: Compiled

    @property
    def names(self) -> tuple[str, ...]:
        """The data that it writes."""
        return (self.name,)


@dataclass(frozen=True)
class Decision:
    """A decision: its logic, and the decisions that are made before it."""

    id: str
    name: str
    line: int
    logic: Table | Formula
    requires: tuple[str, ...] = ()


def reached(wanted: Iterable[str], decisions: Mapping[str, Decision]) -> dict[str, Decision]:
    """Decisions with all that they require, as far as they are there."""
    found: dict[str, Decision] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in decisions and name not in found:
            found[name] = decisions[name]
            waiting += decisions[name].requires
    return found


def expressions_of(decision: Decision) -> Iterator[Compiled]:
    """Every expression of a decision."""
    logic = decision.logic
    if isinstance(logic, Formula):
        yield logic.expression
        return
    yield from logic.inputs
    yield from (output.default for output in logic.outputs if output.default is not None)
    for rule in logic.rules:
        for cell in rule.cells:
            yield from _expressions_in(cell.tests)
        yield from (output for output in rule.outputs if output is not None)


def names_of(decisions: Iterable[Decision]) -> frozenset[str]:
    """Every datum that decisions read; what one of them gives to another is none."""
    decisions = list(decisions)
    read = {name for found in decisions for e in expressions_of(found) for name in free_names(e.tree)}
    by_id = {found.id: found for found in decisions}
    given = {
        name
        for found in decisions
        for required in found.requires
        if required in by_id
        for name in by_id[required].logic.names
    }
    return frozenset(read - given - {VALUE})


def _expressions_in(tests: Iterable[Test]) -> Iterator[Compiled]:
    for test in tests:
        match test:
            case Compared(other=other):
                yield other
            case Between(low=low, high=high):
                yield from (low.other, high.other)
            case About(expression=expression):
                yield expression
            case NoneOf(tests=inner):
                yield from _expressions_in(inner)
