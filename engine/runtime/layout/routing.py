"""Which way every line goes: a search over the gaps between the rows and columns of a scene.

The search knows a coarse grid: odd coordinates are columns and rows, even ones the channels between
them. A line may run in a channel or through an empty cell, never through a box, so that whatever the
tracks do later, no line meets a shape.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass

from engine.runtime.layout.scene import Box, Kind, Link, Scene, Shape

Point = tuple[int, int]

RIGHT, DOWN, LEFT, UP = range(4)
STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))

BEND = 2.5
CROSSING = 6.0
#: Meeting a line's corner, which may or may not become a crossing.
CORNER = 1.5
#: A second line through the same empty cell.
SHARED_CELL = 3.0
#: A second line in the same channel.
SHARED_CHANNEL = 0.15
NEVER = 1000.0
#: Links up to which every way is the cheapest and is looked at again; with more, the first good one will do.
MANY = 150
#: Points looked at for one scene, after which the ways found so far will do.
PATIENCE = 80_000


@dataclass(eq=False)
class Segment:
    """A straight piece of a line, in a row or channel (``horizontal``) or in a column or channel.

    ``start`` and ``end`` are coarse coordinates along it; ``offset`` is its distance in pixels from the
    middle of a row or column, ``track`` its place in a channel.
    """

    link: Link
    horizontal: bool
    strip: int
    start: int
    end: int
    source: Box | None = None
    target: Box | None = None
    before: Segment | None = None
    after: Segment | None = None
    offset: float = 0
    track: int = 0

    @property
    def low(self) -> int:
        """The smaller coarse end."""
        return min(self.start, self.end)

    @property
    def high(self) -> int:
        """The larger coarse end."""
        return max(self.start, self.end)

    @property
    def in_channel(self) -> bool:
        """Whether it runs in a channel, not through a row's or column's middle."""
        return self.strip % 2 == 0


def route(scene: Scene) -> list[list[Segment]]:
    """Find a way for every link; one list of segments a link, in the order of ``scene.links``."""
    router = Router(scene)
    router.find_all()
    return [_segments(scene, link, router.paths[link.id]) for link in scene.links]


class Router:
    """Finds cheap ways one link after the other, then looks twice whether another way is better now."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.size = (2 * scene.columns, 2 * scene.row_count)
        self.boxes: dict[Point, Box] = {_cell(box): box for box in scene.cells}
        self.paths: dict[str, list[Point]] = {}
        self.along: tuple[Counter[Point], Counter[Point]] = (Counter(), Counter())
        self.corners: Counter[Point] = Counter()
        self.leaving: Counter[tuple[str, int]] = Counter()
        self.arriving: Counter[tuple[str, int]] = Counter()
        self.limits = _pool_limits(scene)
        self.hurried = len(scene.links) > MANY
        self.looked = 0

    def find_all(self) -> None:
        """Route every link, nearest first and back links last."""
        order = sorted(self.scene.links, key=self._urgency)
        for link in order:
            self._keep(link, self._search(link)[0], 1)
        for _ in range(0 if self.hurried else 2):
            for again in [*([link] for link in order), *self._forks()]:
                if self.looked > PATIENCE:
                    return
                if len(again) == 1:
                    self._reroute(again)
                else:
                    self._try_other_order(again)

    def _reroute(self, links: list[Link]) -> float:
        """Forget the ways of some links and find them again in this order; give what they cost."""
        for link in links:
            self._keep(link, self.paths[link.id], -1)
        total = 0.0
        for link in links:
            path, cost = self._search(link)
            self._keep(link, path, 1)
            total += cost
        return total

    def _forks(self) -> list[list[Link]]:
        """The links that leave a gateway together: who goes first decides about the sides."""
        leaving: dict[str, list[Link]] = {}
        for link in self.scene.links:
            if self.scene.boxes[link.source].shape is Shape.DIAMOND:
                leaving.setdefault(link.source, []).append(link)
        return [links for links in leaving.values() if 1 < len(links) < 4]

    def _try_other_order(self, fork: list[Link]) -> None:
        best_cost, best = self._reroute(fork), [self.paths[link.id] for link in fork]
        for order in list(itertools.permutations(fork))[1:]:
            cost = self._reroute(list(order))
            if cost < best_cost - 0.01:
                best_cost, best = cost, [self.paths[link.id] for link in fork]
        for link in fork:
            self._keep(link, self.paths[link.id], -1)
        for link, path in zip(fork, best, strict=True):
            self._keep(link, path, 1)

    def _urgency(self, link: Link) -> tuple[bool, bool, bool, int]:
        source, target = self.scene.cell_of(link.source), self.scene.cell_of(link.target)
        distance = abs(source.col - target.col) + abs(source.row - target.row)
        return link.kind is not Kind.SEQUENCE, link.back, source.row != target.row, distance

    def _keep(self, link: Link, path: list[Point], count: int) -> None:
        """Note (or, with -1, forget) where a line runs."""
        self.paths[link.id] = path
        directions = [_direction(a, b) for a, b in itertools.pairwise(path)]
        for point, coming, going in zip(path[1:-1], directions, directions[1:], strict=False):
            if coming == going:
                self.along[coming % 2][point] += count
            else:
                self.corners[point] += count
        self.leaving[link.source, directions[0]] += count
        self.arriving[link.target, (directions[-1] + 2) % 4] += count

    def _search(self, link: Link) -> tuple[list[Point], float]:
        scene = self.scene
        start, goal = _cell(scene.cell_of(link.source)), _cell(scene.cell_of(link.target))
        top, bottom = self.limits[scene.cell_of(link.source).band]
        if (top, bottom) != self.limits[scene.cell_of(link.target).band]:
            top, bottom = 0, self.size[1]
        best: dict[tuple[Point, int], float] = {}
        came: dict[tuple[Point, int], tuple[Point, int] | None] = {}
        heap: list[tuple[float, float, Point, int]] = []
        for side in range(4):
            cost = self._leave(link, side)
            if cost < NEVER:
                point = (start[0] + STEP[side][0], start[1] + STEP[side][1])
                self._push(heap, best, came, cost, point, side, None, goal)
        while heap:
            self.looked += 1
            _, cost, point, side = heapq.heappop(heap)
            if cost > best[point, side]:
                continue
            if point == goal:
                return [start, *_walk_back(came, (point, side))], cost
            for turn in (side, (side + 1) % 4, (side - 1) % 4):
                following = (point[0] + STEP[turn][0], point[1] + STEP[turn][1])
                if not (0 <= following[0] <= self.size[0] and top <= following[1] <= bottom):
                    continue
                total = cost + self._pass(point, side, turn)
                if following == goal:
                    total += self._arrive(link, (turn + 2) % 4)
                elif following in self.boxes:
                    continue
                total += _length(following, turn)
                self._push(heap, best, came, total, following, turn, (point, side), goal)
        raise AssertionError("channels surround every box, so a way always exists")

    def _push(
        self,
        heap: list[tuple[float, float, Point, int]],
        best: dict[tuple[Point, int], float],
        came: dict[tuple[Point, int], tuple[Point, int] | None],
        cost: float,
        point: Point,
        side: int,
        previous: tuple[Point, int] | None,
        goal: Point,
    ) -> None:
        if cost < best.get((point, side), float("inf")):
            best[point, side] = cost
            came[point, side] = previous
            ahead = abs(point[0] - goal[0]) * 1.0 + abs(point[1] - goal[1]) * 0.8
            ahead *= 2.0 if self.hurried else 1.0
            heapq.heappush(heap, (cost + ahead, cost, point, side))

    def _pass(self, point: Point, coming: int, going: int) -> float:
        same, across = self.along[coming % 2][point], self.along[1 - coming % 2][point]
        if coming != going:
            return BEND + CORNER * (same + across) + 0.3 * self.corners[point]
        in_cell = point[0] % 2 == 1 and point[1] % 2 == 1
        shared = SHARED_CELL if in_cell else SHARED_CHANNEL
        return CROSSING * across + CORNER * self.corners[point] + shared * same

    def _leave(self, link: Link, side: int) -> float:
        box = self.scene.boxes[link.source]
        if box.host is not None:
            return 0.0 if side == DOWN else NEVER
        crowd = self._crowd(box, side, self.leaving, self.arriving)
        if link.kind is not Kind.SEQUENCE:
            return crowd + (0.0 if side in (UP, DOWN) else 3.0)
        if box.shape is Shape.DIAMOND:
            return crowd + {RIGHT: 0.0, LEFT: NEVER}.get(side, 0.6 if link.back else 1.5)
        return crowd + {RIGHT: 0.0, LEFT: NEVER}.get(side, 3.0 if link.back else 7.0)

    def _arrive(self, link: Link, side: int) -> float:
        box = self.scene.boxes[link.target]
        if box.host is not None:
            return 0.0 if side == DOWN else NEVER
        crowd = self._crowd(box, side, self.arriving, self.leaving)
        if link.kind is not Kind.SEQUENCE:
            return crowd + (0.0 if side in (UP, DOWN) else 3.0)
        if box.shape is Shape.DIAMOND:
            return crowd + {LEFT: 0.0, RIGHT: NEVER}.get(side, 2.0)
        return crowd + {LEFT: 0.0, RIGHT: NEVER}.get(side, 1.5 if link.back else 5.0)

    def _crowd(
        self, box: Box, side: int, alike: Counter[tuple[str, int]], opposed: Counter[tuple[str, int]]
    ) -> float:
        """What it costs to share a side of a box with other lines."""
        roomy = box.shape is Shape.RECTANGLE
        cost = alike[box.id, side] * (1.5 if roomy else 6.0) + opposed[box.id, side] * 9.0
        if side == DOWN and box.boundary:
            cost += 8.0 if len(box.boundary) < 3 else NEVER
        return cost


def _cell(box: Box) -> Point:
    return (2 * box.col + 1, 2 * box.row + 1)


def _direction(a: Point, b: Point) -> int:
    return STEP.index((b[0] - a[0], b[1] - a[1]))


def _length(point: Point, side: int) -> float:
    if side % 2 == 0:
        return 1.5 if point[0] % 2 else 0.6
    return 1.2 if point[1] % 2 else 0.5


def _walk_back(
    came: dict[tuple[Point, int], tuple[Point, int] | None], last: tuple[Point, int]
) -> list[Point]:
    path = []
    step: tuple[Point, int] | None = last
    while step is not None:
        path.append(step[0])
        step = came[step]
    return path[::-1]


def _pool_limits(scene: Scene) -> list[tuple[int, int]]:
    """For every band the coarse rows of its pool: a sequence flow never leaves it."""
    rows: dict[int, list[int]] = {}
    first = 0
    for band in scene.bands:
        if not band.gap:
            rows.setdefault(band.pool, []).extend((first, first + band.rows))
        first += band.rows
    return [
        (0, 2 * first) if band.gap else (2 * min(rows[band.pool]), 2 * max(rows[band.pool]))
        for band in scene.bands
    ]


def _segments(scene: Scene, link: Link, path: list[Point]) -> list[Segment]:
    corners = [path[0]]
    for before, point, after in zip(path, path[1:], path[2:], strict=False):
        if _direction(before, point) != _direction(point, after):
            corners.append(point)
    corners.append(path[-1])
    segments: list[Segment] = []
    for a, b in itertools.pairwise(corners):
        horizontal = a[1] == b[1]
        along = 0 if horizontal else 1
        segment = Segment(link, horizontal, a[1 - along], a[along], b[along])
        if segments:
            segment.before, segments[-1].after = segments[-1], segment
        segments.append(segment)
    segments[0].source = scene.boxes[link.source]
    segments[-1].target = scene.boxes[link.target]
    return segments
