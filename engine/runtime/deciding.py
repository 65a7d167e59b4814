"""Decide: what a decision table or formula says of a case's data.

The hit policies are those of DMN 1.3 §8.2.8, the language of every cell is that of all expressions.

.. code-block:: text

    one rule at most    UNIQUE  ANY  PRIORITY  FIRST         a value
    all that apply      RULE ORDER  OUTPUT ORDER  COLLECT    a list of values
    all, drawn together COLLECT with SUM, MIN, MAX or COUNT  a number, or the least or greatest value

A table with several outputs gives each of them its value, or its list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engine.domain.facts import Data
from engine.errors import BoundReached, GuanjiaError, RuntimeFailed
from engine.runtime.decision_cells import VALUE, Compiled
from engine.runtime.decisions import LISTING, RANKING, Decision, Formula, Output, Rule, Table
from engine.runtime.evaluator import measure
from engine.runtime.expressions import LIMITS, Functions, Limits, evaluate_parsed


def decide(
    wanted: str,
    decisions: Mapping[str, Decision],
    names: Mapping[str, Any],
    functions: Functions,
    *,
    limits: Limits = LIMITS,
    until: float = float("inf"),
) -> Data:
    """Make a decision, those that it requires first; give its outputs by their names.

    ``names`` are the data it may read, ``functions`` what it may call, ``limits`` the bounds of each
    single cell, ``until`` the thread's processor time at which all must be over. Raises
    :class:`RuntimeFailed` and :class:`BoundReached` with the facts ``decision``, ``rule`` or
    ``rules``, ``zh`` and ``en``.
    """
    known = dict(names)
    result: Data = {}
    budget = _Budget(limits, until)
    for decision in in_order(wanted, decisions):
        result = _Asking(decision, known, functions, budget).result()
        known |= result
    return result


def in_order(wanted: str, decisions: Mapping[str, Decision]) -> list[Decision]:
    """A decision with all that it requires, what is required first.

    Raises :class:`RuntimeFailed` when one of them is not there or requires itself.
    """
    required: dict[str, tuple[str, ...]] = {}
    waiting = [wanted]
    while waiting:
        name = waiting.pop()
        if name not in decisions:
            raise _failed(f"没有决策 {name}", f"There is no decision {name}.", decision=name)
        if name not in required:
            required[name] = decisions[name].requires
            waiting += decisions[name].requires
    try:
        return [decisions[name] for name in TopologicalSorter(required).static_order()]
    except CycleError as error:
        ring = " → ".join(error.args[1])
        raise _failed(
            f"决策互相需要：{ring}", f"The decisions require each other: {ring}.", decision=wanted
        ) from error


@dataclass
class _Budget:
    """What all decisions of one task may use together."""

    limits: Limits
    until: float
    #: Bytes, roughly, of all outputs.
    made: int = 0

    def require_time(self) -> None:
        """Raise :class:`BoundReached` when the time is over."""
        if time.thread_time() > self.until:
            raise BoundReached(bound="seconds")

    def take(self, output: Any) -> Any:
        """Count an output; raise :class:`BoundReached` when it is too much with all others."""
        self.made += measure(output)
        if self.made > self.limits.made:
            raise BoundReached(bound="size", limit=self.limits.made)
        return output


class _Asking:
    """One decision while it is made."""

    def __init__(
        self,
        decision: Decision,
        names: Mapping[str, Any],
        functions: Functions,
        budget: _Budget,
    ) -> None:
        self.decision = decision
        self.names = names
        self.functions = functions
        self.budget = budget

    def result(self) -> Data:
        """The outputs by their names."""
        logic = self.decision.logic
        if isinstance(logic, Formula):
            return {logic.name: self._guarded(None, lambda: self._output(logic.expression))}
        rules = list(self._applying(logic))
        if not rules:
            return {output.name: self._nothing(logic, output) for output in logic.outputs}
        found = [(rule, self._guarded(rule, lambda rule=rule: self._row(rule))) for rule in rules]  # type: ignore[misc]
        if logic.aggregation is not None:
            return {logic.names[0]: self._drawn_together(logic.aggregation, [row[0] for _, row in found])}
        if logic.policy in RANKING:
            found.sort(key=lambda hit: self._rank(logic, *hit))
        if logic.policy in LISTING:
            return {name: [row[at] for _, row in found] for at, name in enumerate(logic.names)}
        self._require_one(logic, found)
        return dict(zip(logic.names, found[0][1], strict=True))

    def _applying(self, table: Table) -> Iterator[Rule]:
        """The rules that apply; of a table that looks for the first, only that."""
        values = [self._guarded(None, lambda e=e: self._value(e)) for e in table.inputs]  # type: ignore[misc]
        columns = [(value, self._seeing(value)) for value in values]
        for rule in table.rules:
            if self._guarded(rule, lambda rule=rule: self._applies(rule, columns)):  # type: ignore[misc]
                yield rule
                if table.policy == "FIRST":
                    return

    @staticmethod
    def _applies(rule: Rule, columns: list[tuple[Any, Callable[[Compiled], Any]]]) -> bool:
        return all(
            cell.holds(value, evaluate) for cell, (value, evaluate) in zip(rule.cells, columns, strict=True)
        )

    def _seeing(self, value: Any) -> Callable[[Compiled], Any]:
        names = {**self.names, VALUE: value}
        return lambda expression: self._value(expression, names)

    def _row(self, rule: Rule) -> tuple[Any, ...]:
        return tuple(None if output is None else self._output(output) for output in rule.outputs)

    def _output(self, expression: Compiled) -> Any:
        return self.budget.take(self._value(expression))

    def _value(self, expression: Compiled, names: Mapping[str, Any] | None = None) -> Any:
        self.budget.require_time()
        if expression.literal is not None:
            return expression.literal[0]
        names = self.names if names is None else names
        return evaluate_parsed(
            expression.tree, expression.source, names, self.functions, limits=self.budget.limits
        )

    def _nothing(self, table: Table, output: Output) -> Any:
        """What an output is when no rule applies."""
        if output.default is not None:
            default = output.default
            return self._guarded(None, lambda: self._output(default))
        if table.aggregation is not None:
            return 0 if table.aggregation == "COUNT" else None
        return [] if table.policy in LISTING else None

    def _drawn_together(self, aggregation: str, values: list[Any]) -> Any:
        if aggregation == "COUNT":
            return len(values)
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        if not numbers and not (aggregation != "SUM" and all(isinstance(v, str) for v in values)):
            raise self._wrong(
                None, f"{aggregation} 只能用于数值", f"{aggregation} of something that is no number"
            )
        together: dict[str, Callable[[list[Any]], Any]] = {"SUM": sum, "MIN": min, "MAX": max}
        return together[aggregation](values)

    def _rank(self, table: Table, rule: Rule, row: tuple[Any, ...]) -> tuple[int, ...]:
        """How important a row is, the first output before the others; 0 is the most."""
        ranks = []
        for output, value in zip(table.outputs, row, strict=True):
            if output.values and value not in output.values:
                shown = str(value)[:40]
                raise self._wrong(
                    rule,
                    f"{output.name} 的值 {shown} 不在优先次序之列",
                    f"{output.name} gives {shown}, which is not among its values in order",
                )
            ranks.append(output.values.index(value) if output.values else 0)
        return tuple(ranks)

    def _require_one(self, table: Table, found: list[tuple[Rule, tuple[Any, ...]]]) -> None:
        """Raise unless the hit policy allows that these rules apply together."""
        several = table.policy == "UNIQUE" and len(found) > 1
        differing = table.policy == "ANY" and any(row != found[0][1] for _, row in found)
        if not several and not differing:
            return
        numbers = [rule.number for rule, _ in found]
        shown = ", ".join(map(str, numbers))
        zh, en = (
            (f"有不止一条规则适用：{shown}", f"more than one rule applies: {shown}")
            if several
            else (
                f"适用的规则给出不同的结果：{shown}",
                f"the rules that apply differ in what they give: {shown}",
            )
        )
        error = self._wrong(None, zh, en)
        error.facts |= {"rules": numbers, "policy": table.policy}
        raise error

    def _guarded(self, rule: Rule | None, ask: Callable[[], Any]) -> Any:
        """Ask for something; what goes wrong names the decision and the rule."""
        try:
            return ask()
        except GuanjiaError as error:
            error.facts.setdefault("decision", self.decision.id)
            if rule is not None:
                error.facts.setdefault("rule", rule.number)
            raise
        except (TypeError, RecursionError) as error:
            raise self._wrong(rule, f"无法比较（{error}）", f"values cannot be compared ({error})") from error

    def _wrong(self, rule: Rule | None, zh: str, en: str) -> RuntimeFailed:
        name = self.decision.name or self.decision.id
        facts: dict[str, Any] = {"decision": self.decision.id}
        if rule is not None:
            facts["rule"] = rule.number
            zh, en = f"第 {rule.number} 条规则：{zh}", f"rule {rule.number}: {en}"
        return _failed(f"决策“{name}”：{zh}", f"Decision “{name}”: {en}.", **facts)


def _failed(zh: str, en: str, **facts: Any) -> RuntimeFailed:
    return RuntimeFailed(en, zh=zh, en=en, **facts)
