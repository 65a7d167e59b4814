"""Which column and row every box gets.

The column is the longest path that leads to a box, back links left out; the row, within its lane's band,
is the one that bends few lines, keeps the main way straight and lets nothing stand in a line's way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from engine.runtime.layout.scene import Box, Kind, Link, Scene


def place(scene: Scene, taste: Taste) -> None:
    """Give every box a column and a row so that reading goes left to right with few bends."""
    _mark_back_links(scene)
    _rank(scene)
    Rows(scene, taste).settle()


def _flows(scene: Scene) -> list[tuple[Link, str, str]]:
    return [
        (link, scene.cell_of(link.source).id, scene.cell_of(link.target).id)
        for link in scene.links
        if link.kind is Kind.SEQUENCE
    ]


def _mark_back_links(scene: Scene) -> None:
    leaving: dict[str, list[tuple[Link, str]]] = {}
    reached = set()
    for link, source, target in _flows(scene):
        leaving.setdefault(source, []).append((link, target))
        if source != target:
            reached.add(target)
    roots = [box.id for box in scene.cells if box.id not in reached]
    open_now: set[str] = set()
    done: set[str] = set()
    for root in roots + [box.id for box in scene.cells]:
        if root in done:
            continue
        open_now.add(root)
        stack = [(root, iter(leaving.get(root, [])))]
        while stack:
            current, rest = stack[-1]
            for link, target in rest:
                link.back = target in open_now
                if target not in open_now and target not in done:
                    open_now.add(target)
                    stack.append((target, iter(leaving.get(target, []))))
                    break
            else:
                stack.pop()
                open_now.discard(current)
                done.add(current)


def _rank(scene: Scene) -> None:
    forward = [(source, target) for link, source, target in _flows(scene) if not link.back]
    rank = {box.id: 0 for box in scene.cells}
    for node in _topological(rank, forward):
        for source, target in forward:
            if source == node:
                rank[target] = max(rank[target], rank[node] + 1)
    entered = {target for _, target in forward}
    # A second beginning (a message that arrives half-way) stands next to what it leads to.
    for box in scene.cells:
        following = [rank[target] for source, target in forward if source == box.id]
        if box.id not in entered and following:
            rank[box.id] = min(following) - 1
    flowing = {end for pair in forward for end in pair}
    for link in scene.links:
        if link.kind is Kind.SEQUENCE:
            continue
        for loose, other in ((link.source, link.target), (link.target, link.source)):
            cell, partner = scene.cell_of(loose).id, scene.cell_of(other).id
            if cell not in flowing:
                rank[cell] = rank[partner]
    used = sorted(set(rank.values()))
    for box in scene.cells:
        box.col = used.index(rank[box.id])
    scene.columns = len(used)


def _topological(nodes: Iterable[str], pairs: list[tuple[str, str]]) -> list[str]:
    following: dict[str, list[str]] = {}
    waiting = dict.fromkeys(nodes, 0)
    for source, target in pairs:
        following.setdefault(source, []).append(target)
        waiting[target] += 1
    ready = [node for node, count in waiting.items() if count == 0]
    for node in ready:
        for target in following.get(node, []):
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return ready


def _main_path(scene: Scene) -> set[str]:
    """The links of the longest way through the scene: they are kept straight where possible."""
    leaving: dict[str, list[tuple[Link, str]]] = {}
    entered = set()
    for link, source, target in _flows(scene):
        # What a boundary event starts is an exception, not the main way.
        if not link.back and scene.boxes[link.source].host is None:
            leaving.setdefault(source, []).append((link, target))
            entered.add(target)
    length: dict[str, int] = {}
    for box in sorted(scene.cells, key=lambda box: -box.col):
        length[box.id] = 1 + max((length[target] for _, target in leaving.get(box.id, [])), default=0)
    path = set()
    for box in scene.cells:
        here = box.id
        while box.id not in entered and leaving.get(here):
            link, here = max(leaving[here], key=lambda way: length[way[1]])
            if link.id in path:
                break
            path.add(link.id)
    return path


@dataclass(frozen=True)
class Taste:
    """What is worth a detour, in rows of one lane."""

    #: A straight line that another box stands in.
    blocked: float = 3.0
    #: One more row in a lane.
    row: float = 2.0
    #: A row between boxes of different lanes: the line is bent anyway.
    far: float = 0.15
    #: A straight line that must be crossed on the way down or up.
    crossed: float = 2.5
    #: A bend in the main way through the scene; in others it is 1.
    main: float = 2.5


#: Tastes to compare in a scene of at most so many links: which is best depends on the diagram.
TASTES = (Taste(), Taste(blocked=1.5, far=0.3), Taste(row=0.6, blocked=4.0, far=0.05))
COMPARED = 60
#: …and of so many boxes in one column: whatever stands above each other like a list looks like one.
HIGH = 20


class Rows:
    """Chooses the row of every box by moving boxes as long as the drawing gets simpler."""

    #: Rounds of moves; drawings settle in three or four.
    ROUNDS = 12
    #: Boxes up to which whole lines of boxes are tried elsewhere.
    MANY = 120

    def __init__(self, scene: Scene, taste: Taste) -> None:
        self.scene = scene
        self.taste = taste
        self.flows = [(scene.cell_of(link.source), scene.cell_of(link.target), link) for link in scene.links]
        self.of: dict[str, list[int]] = {box.id: [] for box in scene.cells}
        for index, (source, target, _) in enumerate(self.flows):
            self.of[source.id].append(index)
            if target is not source:
                self.of[target.id].append(index)
        main = _main_path(scene)
        self.weight = [
            0.3 if link.back or link.kind is not Kind.SEQUENCE else taste.main if link.id in main else 1.0
            for _, _, link in self.flows
        ]
        self.first: list[int] = []
        self.capacity: list[int] = []
        self.cells: dict[tuple[int, int], Box] = {}

    def settle(self) -> None:
        """Fill the rows, improve them, and drop the rows that stay empty."""
        self._make_room()
        order = sorted(self.scene.cells, key=lambda box: box.col)
        for box in order:
            free = [row for row in self._rows_of(box) if (box.col, row) not in self.cells]
            placed = {other.id for other in self.cells.values()} | {box.id}
            box.row = min(free, key=lambda row: (self._cost(box, row, placed), row))
            self.cells[box.col, box.row] = box
        for turn in range(self.ROUNDS):
            moved = [self._improve(box) for box in (order if turn % 2 else reversed(order))]
            if not any(moved) and not self._merge_rows() and not self._move_chains():
                break
        self._drop_empty_rows()

    def _make_room(self) -> None:
        start = 0
        for index, _band in enumerate(self.scene.bands):
            counts: dict[int, int] = {}
            for box in self.scene.cells:
                if box.band == index:
                    counts[box.col] = counts.get(box.col, 0) + 1
            most = max(counts.values(), default=0)
            self.first.append(start)
            self.capacity.append(most + 1 if most else 1)
            start += self.capacity[-1]

    def _rows_of(self, box: Box) -> range:
        return range(self.first[box.band], self.first[box.band] + self.capacity[box.band])

    def _improve(self, box: Box) -> bool:
        old = box.row
        best, best_gain = None, 1e-6
        for row in self._rows_of(box):
            if row == old:
                continue
            other = self.cells.get((box.col, row))
            before = self._cost(box, old) + (self._cost(other, row) if other else 0)
            self._swap(box, other, row)
            after = self._cost(box, row) + (self._cost(other, old) if other else 0)
            self._swap(box, other, old)
            if before - after > best_gain:
                best, best_gain = row, before - after
        if best is not None:
            self._swap(box, self.cells.get((box.col, best)), best)
        return best is not None

    def _merge_rows(self) -> bool:
        """Move all boxes of one row to another of the same lane, where their columns are free."""
        merged = False
        for band, first in enumerate(self.first):
            rows = range(first, first + self.capacity[band])
            for old, new in itertools.permutations(rows, 2):
                moving = [box for box in self.scene.cells if box.row == old]
                if not moving or any((box.col, new) in self.cells for box in moving):
                    continue
                before = self._total()
                for box in moving:
                    self._swap(box, None, new)
                if self._total() < before - 1e-6:
                    merged = True
                else:
                    for box in moving:
                        self._swap(box, None, old)
        return merged

    def _move_chains(self) -> bool:
        """Let boxes that stand in one line change places with those above or below them."""
        if len(self.scene.cells) > self.MANY:
            return False
        moved = False
        for chain in self._chains():
            old = chain[0].row
            best, best_row = self._total(), old
            for row in self._rows_of(chain[0]):
                self._swap_all(chain, row)
                total = self._total()
                if total < best - 1e-6:
                    best, best_row = total, row
                self._swap_all(chain, old)
            self._swap_all(chain, best_row)
            moved = moved or best_row != old
        return moved

    def _swap_all(self, chain: list[Box], row: int) -> None:
        if chain[0].row != row:
            for box in chain:
                self._swap(box, self.cells.get((box.col, row)), row)

    def _chains(self) -> list[list[Box]]:
        chains = {box.id: [box] for box in self.scene.cells}
        for source, target, link in self.flows:
            one, other = chains[source.id], chains[target.id]
            if one is other or link.back or (source.band, source.row) != (target.band, target.row):
                continue
            one += other
            for box in other:
                chains[box.id] = one
        return list({id(chain): chain for chain in chains.values()}.values())

    def _total(self) -> float:
        straight: dict[int, list[tuple[int, int]]] = {}
        for source, target, link in self.flows:
            if source.row == target.row and not link.back:
                straight.setdefault(source.row, []).append((source.col, target.col))
        cost = self.taste.row * len({box.row for box in self.scene.cells})
        for index, (source, target, link) in enumerate(self.flows):
            cost += self.weight[index] * self._bend(link, source, target, source, source.row)
            if link.back:
                continue
            low, high = sorted((source.row, target.row))
            # A bent line goes down or up right behind its source, or right before its target.
            turns = [
                sum(
                    left <= turn < right
                    for row in range(low + 1, high)
                    for left, right in straight.get(row, ())
                )
                for turn in (source.col, target.col - 1)
            ]
            cost += self.taste.crossed * min(turns)
        return cost

    def _swap(self, box: Box, other: Box | None, row: int) -> None:
        old, box.row = box.row, row
        self.cells[box.col, row] = box
        if other is not None:
            other.row = old
            self.cells[box.col, old] = other
        else:
            self.cells.pop((box.col, old), None)

    def _cost(self, box: Box, row: int, placed: set[str] | None = None) -> float:
        """What it costs, in rows of detour, that a box stands in a row."""
        cost = 0.0
        for index in self.of[box.id]:
            source, target, link = self.flows[index]
            other = target if source is box else source
            if source is target or (placed is not None and other.id not in placed):
                continue
            cost += self.weight[index] * self._bend(link, source, target, box, row)
        cost += self.taste.blocked * sum(
            1
            for index, (source, target, _) in enumerate(self.flows)
            if source.row == target.row == row
            and min(source.col, target.col) < box.col < max(source.col, target.col)
            and index not in self.of[box.id]
            and (placed is None or {source.id, target.id} <= placed)
        )
        # A row of its own makes the lane higher; the first one is free.
        alone = not any(
            (col, row) in self.cells and self.cells[col, row] is not box for col in range(self.scene.columns)
        )
        return cost + (self.taste.row if alone else 0) + 0.05 * (row - self.first[box.band])

    def _bend(self, link: Link, source: Box, target: Box, box: Box, row: int) -> float:
        rows = {source.id: source.row, target.id: target.row, box.id: row}
        step = rows[target.id] - rows[source.id]
        if source.band != target.band:
            return 1.0 + self.taste.far * abs(step)
        if link.source != source.id and not link.back:
            # What a boundary event leads to stands below its host.
            return abs(step - 1) + (3.0 if step <= 0 else 0.0)
        if step:
            return abs(step) + 1.0
        low, high = sorted((source.col, target.col))
        between = range(low + 1, high)
        return self.taste.blocked if any((col, row) in self.cells for col in between) else 0.0

    def _drop_empty_rows(self) -> None:
        next_row = 0
        renumbered: dict[int, int] = {}
        for index, band in enumerate(self.scene.bands):
            used = sorted({box.row for box in self.scene.cells if box.band == index})
            for row in used:
                renumbered[row] = next_row
                next_row += 1
            band.rows = max(1, len(used))
            next_row += 0 if used else 1
        for box in self.scene.cells:
            box.row = renumbered[box.row]
