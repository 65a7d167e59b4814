"""The parallel parts of a process: where several tokens are at once, and which of them belong together.

Pure graphs, without a workflow: what :mod:`engine.runtime.returning` asks before a token is taken back.

A *part* begins at a split, which gives a token to several ways, and ends before a join of those ways:

- up to the first join that every way out of the split passes, to the end if there is none; and
- up to each join in which some of its ways meet, though others go past it (an end of their own, a timer).

A node belongs to a part when it comes after the split, not around a loop that leads back before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Part:
    """The nodes behind a split and before a join (to the end if there is none)."""

    split: str
    join: str | None
    nodes: frozenset[str]


@dataclass(frozen=True)
class Graph:
    """A process as nodes and the ways between them."""

    start: str
    end: str
    #: node → the nodes that its ways lead to; one for each way
    ways: Mapping[str, tuple[str, ...]]
    #: Nodes that give a token to several ways.
    splits: frozenset[str]
    #: Nodes that wait for the tokens of several ways.
    joins: frozenset[str]

    def reached(self, starts: Iterable[str], *avoiding: str) -> set[str]:
        """The nodes that are met on the ways from some nodes, these included, without passing others."""
        found = {node for node in starts if node not in avoiding}
        waiting = list(found)
        while waiting:
            for after in self.ways.get(waiting.pop(), ()):
                if after not in found and after not in avoiding:
                    found.add(after)
                    waiting.append(after)
        return found

    def leads(self, source: str, target: str, *, within: Part | None = None) -> bool:
        """Say whether a way leads from one node to another; from a node to itself only around a loop."""
        apart = () if within is None else self._dominators.keys() - within.nodes
        return target in self.reached(self.ways.get(source, ()), *apart)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parallel parts."""
        return tuple(part for split in sorted(self.splits) for part in self._parts_of(split))

    def holding(self, node: str) -> set[Part]:
        """The parts that a node belongs to."""
        return {part for part in self.parts if node in part.nodes}

    def _parts_of(self, split: str) -> Iterator[Part]:
        first = self.ways.get(split, ())
        if split not in self._dominators or not first:
            return
        owned = {node for node, above in self._dominators.items() if split in above} - {split}
        closing = self._closing_join(first)
        after = self._after(split, closing)
        yield Part(split, closing, frozenset(after))
        for join in sorted(self.joins - {closing}):
            if self._nearest_above(join) != split:
                continue
            before = self.reached(first, split, join) & owned
            nodes = {node for node in before if join in self.reached([node], split)}
            # In a loop, what comes after the join comes before the split as well.
            yield Part(split, join, frozenset(nodes - self.reached([join], split)))

    def _after(self, split: str, join: str | None) -> set[str]:
        """The nodes after a split and before a join, without going back in any loop."""
        found: set[str] = set()
        waiting = [split]
        while waiting:
            here = waiting.pop()
            for after in self.ways.get(here, ()):
                if after not in found and after != join and after not in self._dominators[here]:
                    found.add(after)
                    waiting.append(after)
        return found

    def _closing_join(self, first: tuple[str, ...]) -> str | None:
        """The join that every way passes; of several, the first."""
        closing = [
            (len(before), join)
            for join in sorted(self.joins)
            if self.end not in (before := self.reached(first, join)) and join in self.reached(first)
        ]
        return min(closing)[1] if closing else None

    @cached_property
    def _dominators(self) -> dict[str, set[str]]:
        """node → what every way from the start to it passes, itself included."""
        alive = self.reached([self.start])
        before: dict[str, list[str]] = {node: [] for node in alive}
        for node in alive:
            for after in self.ways.get(node, ()):
                before[after].append(node)
        found = {node: set(alive) for node in alive} | {self.start: {self.start}}
        moved = True
        while moved:
            moved = False
            for node in alive - {self.start}:
                above = set.intersection(*(found[one] for one in before[node])) | {node}
                moved = moved or above != found[node]
                found[node] = above
        return found

    def _nearest_above(self, node: str) -> str | None:
        above = self._dominators.get(node, set()) - {node}
        return max(above, key=lambda one: len(self._dominators[one]), default=None)
