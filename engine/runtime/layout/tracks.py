"""Pixels for a routed scene: every line gets a track of its own, every row and column its size.

Lines that share a channel are ordered so that they cross as little as possible; lines that share the
middle of a row or column step aside from each other. So no line ever lies on another.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from engine.runtime.layout.labels import BEHIND
from engine.runtime.layout.routing import Segment
from engine.runtime.layout.scene import LINE_HEIGHT, Box, Kind, Scene, Shape, label_size
from engine.runtime.layout.sizes import boundary_shifts, cell_height, cell_width, outline

#: Distance of two lines in one channel.
GAP = 12
#: Distance at which two arrowheads are seen as two.
ARROWS = 18
#: From a box to the first line right of it, and from the last line to the next box.
BEFORE, AFTER = 20, 26
#: Above and below the lines between two rows.
ABOVE, BELOW = 17, 17
#: Between two rows, or a row and its lane's edge, without lines.
QUIET = 20
#: Rounds in which channels are ordered again with the other direction's tracks known.
ROUNDS = 3


def draw(scene: Scene, routes: list[list[Segment]]) -> None:
    """Give every box its centre, every band its place and every link its waypoints."""
    tracks = Tracks(scene, routes)
    tracks.settle()
    for link, segments in zip(scene.links, routes, strict=True):
        link.points = tracks.waypoints(segments)


class Tracks:
    """The coordinates of one scene, made exact in rounds."""

    def __init__(self, scene: Scene, routes: list[list[Segment]]) -> None:
        self.scene = scene
        self.segments = [segment for route in routes for segment in route]
        self.across: dict[int, list[Segment]] = {}
        self.down: dict[int, list[Segment]] = {}
        for segment in self.segments:
            (self.across if segment.horizontal else self.down).setdefault(segment.strip, []).append(segment)
        #: Where the middle of a column or row, or the first track of a channel, is.
        self.xs = [60.0 * i for i in range(2 * scene.columns + 1)]
        self.ys = [60.0 * i for i in range(2 * scene.row_count + 1)]
        self.track_y: dict[int, list[float]] = {}

    def settle(self) -> None:
        """Order the tracks and compute all coordinates."""
        self._spread_boundary_events()
        for _ in range(ROUNDS):
            self._order(self.down)
            self._step_aside(self.down)
            self._columns()
            self._order(self.across)
            self._step_aside(self.across)
            self._rows()

    # -- positions ---------------------------------------------------------------------------------

    def place(self, segment: Segment) -> float:
        """The y of a horizontal segment, the x of a vertical one."""
        if not segment.in_channel:
            return (self.ys if segment.horizontal else self.xs)[segment.strip] + segment.offset
        if not segment.horizontal:
            return self.xs[segment.strip] + GAP * segment.track
        steps = self.track_y.get(segment.strip)
        shift = steps[segment.track] if steps and segment.track < len(steps) else GAP * segment.track
        return self.ys[segment.strip] + shift

    def ends(self, segment: Segment) -> tuple[tuple[float, int], tuple[float, int]]:
        """Both ends along the segment, each with the side (-1, 0, 1) to which the line goes on."""
        return (
            self._end(segment, segment.before, segment.source, onward=segment.end > segment.start),
            self._end(segment, segment.after, segment.target, onward=segment.end < segment.start),
        )

    def _end(
        self, segment: Segment, other: Segment | None, box: Box | None, *, onward: bool
    ) -> tuple[float, int]:
        if other is not None:
            away = other.start if other is segment.before else other.end
            return self.place(other), (away > segment.strip) - (away < segment.strip)
        assert box is not None
        middle = box.x if segment.horizontal else box.y
        half = (box.width if segment.horizontal else box.height) / 2
        return middle + (half if onward else -half), 0

    def waypoints(self, segments: list[Segment]) -> list[tuple[float, float]]:
        """The corners of a line, from its source's outline to its target's."""
        first, last = segments[0], segments[-1]
        assert first.source is not None
        assert last.target is not None
        points = [self._dock(first, first.source, outgoing=True)]
        for a, b in itertools.pairwise(segments):
            x, y = (self.place(b), self.place(a)) if a.horizontal else (self.place(a), self.place(b))
            points.append((x, y))
        points.append(self._dock(last, last.target, outgoing=False))
        return points

    def _dock(self, segment: Segment, box: Box, *, outgoing: bool) -> tuple[float, float]:
        forward = (segment.end > segment.start) is outgoing
        sign = 1 if forward else -1
        across = self.place(segment) - (box.y if segment.horizontal else box.x)
        reach = outline(box, across, horizontal=segment.horizontal) * sign
        if segment.horizontal:
            return (box.x + reach, box.y + across)
        if box.shape is Shape.ANCHOR:
            pool = self.scene.bands[box.band]
            return (box.x + across, pool.y + pool.height if forward else pool.y)
        return (box.x + across, box.y + reach)

    # -- channels ----------------------------------------------------------------------------------

    def _order(self, strips: dict[int, list[Segment]]) -> None:
        for strip, segments in strips.items():
            if strip % 2 == 0:
                order = self._best_order(segments)
                for index, segment in enumerate(order):
                    segment.track = max(
                        (other.track + 1 for other in order[:index] if _touch(segment, other)), default=0
                    )

    def _best_order(self, segments: list[Segment]) -> list[Segment]:
        ends = {segment: self.ends(segment) for segment in segments}
        cost = {
            (a, b): _crossings(ends[a], ends[b]) if _touch(a, b) else 0.0
            for a, b in itertools.permutations(segments, 2)
        }
        order = sorted(segments, key=lambda s: (sum(side for _, side in ends[s]), s.low, s.high))
        improved = True
        while improved:
            improved = False
            for segment in segments:
                at = order.index(segment)
                rest = order[:at] + order[at + 1 :]
                # The cost of each place, from left to right, changes only by the one passed.
                costs = [sum(cost[segment, other] for other in rest)]
                for other in rest:
                    costs.append(costs[-1] - cost[segment, other] + cost[other, segment])
                best = min(range(len(costs)), key=costs.__getitem__)
                if costs[best] < costs[at] - 1e-9:
                    order = [*rest[:best], segment, *rest[best:]]
                    improved = True
        return order

    # -- rows and columns ----------------------------------------------------------------------------

    def _step_aside(self, strips: dict[int, list[Segment]]) -> None:
        for strip, segments in strips.items():
            if strip % 2:
                placed: list[Segment] = []
                for segment in sorted(segments, key=_stiffness):
                    segment.offset = self._offset(segment, placed)
                    placed.append(segment)

    def _offset(self, segment: Segment, placed: list[Segment]) -> float:
        fixed = [b for b in (segment.source, segment.target) if b is not None and b.host is not None]
        if fixed and not segment.horizontal:
            return fixed[0].x - self.scene.cell_of(fixed[0].id).x
        mine = self.ends(segment)
        best, best_cost = 0.0, math.inf
        for offset in _offsets(segment):
            cost = 0.02 * abs(offset)
            for other in placed:
                theirs = self.ends(other)
                if not _meet(mine, theirs):
                    continue
                distance = abs(other.offset - offset)
                cost += 100 if distance < 4 else max(0.0, ARROWS - distance) * 0.1
                if offset < other.offset:
                    cost += _crossings(mine, theirs)
                else:
                    cost += _crossings(theirs, mine)
            if cost < best_cost - 1e-9:
                best, best_cost = offset, cost
        return best

    def _spread_boundary_events(self) -> None:
        for host in self.scene.cells:
            for box, shift in zip(host.boundary, boundary_shifts(host), strict=True):
                self.scene.boxes[box].x = host.x + shift

    # -- sizes ---------------------------------------------------------------------------------------

    def _columns(self) -> None:
        scene = self.scene
        widths = [
            max((cell_width(box) for box in scene.cells if box.col == col), default=0)
            for col in range(scene.columns)
        ]
        x = 0.0
        for channel in range(scene.columns + 1):
            count = _track_count(self.down.get(2 * channel, []))
            room = self._label_room(channel - 1, widths[channel - 1]) if channel else 0
            before = max(BEFORE if channel else 14, room)
            after = AFTER if channel < scene.columns else 14
            self.xs[2 * channel] = x + before
            x += before + after + GAP * max(0, count - 1)
            if channel < scene.columns:
                self.xs[2 * channel + 1] = x + widths[channel] / 2
                x += widths[channel]
        scene.width = x
        for box in scene.cells:
            box.x = self.xs[2 * box.col + 1]
        self._spread_boundary_events()

    def _label_room(self, col: int, width: float) -> float:
        """How far the first track stays away from a column, for the names of the lines that leave it."""
        room = 0.0
        for segment in self.segments:
            box = segment.source
            if box is None or not segment.horizontal or box.host or box.col != col or not segment.link.label:
                continue
            need = label_size(segment.link.label)[0] + BEHIND - (width - box.width) / 2
            # A straight line's name may reach into the space for the arrow.
            room = max(room, need if segment.target is None else need - AFTER + 14)
        return room

    def _rows(self) -> None:
        scene = self.scene
        up = [0.0] * scene.row_count
        down = [0.0] * scene.row_count
        for box in scene.cells:
            above, below = cell_height(scene, box)
            up[box.row] = max(up[box.row], above)
            down[box.row] = max(down[box.row], below)
        y = 0.0
        row = 0
        for index, band in enumerate(scene.bands):
            band.y = y
            own = range(row, row + band.rows)
            lacking = band.min_height - sum(up[r] + down[r] for r in own) - 2 * QUIET
            if lacking > 0 and not band.gap:
                up[own[0]] += lacking / 2
                down[own[-1]] += lacking / 2
            for r in own:
                y = self._channel(r, y, edge=r == own[0])
                self.ys[2 * r + 1] = y + up[r]
                y += up[r] + down[r]
            row += band.rows
            # Lines between two bands stay in the upper one.
            y = self._channel(row, y, edge=False, closing=True)
            scene.bands[index].height = y - band.y
        scene.height = y
        for box in scene.cells:
            box.y = self.ys[2 * box.row + 1]
            for boundary in box.boundary:
                scene.boxes[boundary].y = box.y + box.height / 2

    def _channel(self, row: int, y: float, *, edge: bool, closing: bool = False) -> float:
        """Lay out the lines above a row and give the y after them."""
        segments = self.across.get(2 * row, [])
        if edge and row > 0:
            # These lines were laid out when the band above was closed.
            return y + QUIET
        if not segments:
            return y + QUIET
        named = {s.track for s in segments if wants_label(s)}
        steps: list[float] = []
        at = 0.0
        for track in range(_track_count(segments)):
            at += (LINE_HEIGHT if track in named else 0) + (GAP if track else 0)
            steps.append(at)
        self.track_y[2 * row] = steps
        self.ys[2 * row] = y + ABOVE
        return y + ABOVE + at + BELOW


def wants_label(segment: Segment) -> bool:
    """Whether the line's name goes along this segment: its line leaves up or down and turns here."""
    return (
        bool(segment.link.label)
        and segment.horizontal
        and segment.before is not None
        and segment.before.source is not None
        and segment.before.source.host is None
    )


def _stiffness(segment: Segment) -> tuple[bool, bool, float, bool, int]:
    """Straight lines and those with little room choose their place first."""
    fixed = any(box is not None and box.host is not None for box in (segment.source, segment.target))
    straight = segment.source is not None and segment.target is not None
    return (
        not fixed,
        not straight,
        _reach(segment),
        segment.link.back or segment.link.kind is not Kind.SEQUENCE,
        segment.high - segment.low,
    )


def _reach(segment: Segment) -> float:
    """How far a segment may stand beside the middle of its row or column."""
    reach = 30.0
    for box in (segment.source, segment.target):
        if box is None:
            continue
        if box.shape is Shape.DIAMOND:
            reach = min(reach, 14.0)
        elif box.shape is Shape.CIRCLE:
            reach = min(reach, 11.0)
        elif not segment.horizontal and box.boundary:
            reach = min(reach, 6.0)
    return reach


def _offsets(segment: Segment) -> Iterable[float]:
    reach = _reach(segment)
    step = 20.0 if reach >= 24 else reach * 0.72
    tried = [0.0]
    while step > 3.9:
        at = step
        while at <= reach:
            for offset in (-at, at):
                if all(abs(offset - other) > 0.5 for other in tried):
                    tried.append(offset)
            at += step
        step /= 2
    return tried


def _track_count(segments: list[Segment]) -> int:
    return max((segment.track + 1 for segment in segments), default=0)


def _touch(a: Segment, b: Segment) -> bool:
    return a.low <= b.high and b.low <= a.high


Ends = tuple[tuple[float, int], tuple[float, int]]


def _span(ends: Ends) -> tuple[float, float]:
    return min(ends[0][0], ends[1][0]), max(ends[0][0], ends[1][0])


def _meet(a: Ends, b: Ends) -> bool:
    """Whether two segments of one strip would lie on each other, or look as if they did."""
    (a_low, a_high), (b_low, b_high) = _span(a), _span(b)
    return a_low < b_high + 5 and b_low < a_high + 5


def _crossings(first: Ends, second: Ends) -> float:
    """What it costs that ``first`` runs above (or left of) ``second``."""
    cost = 0.0
    for mine, theirs, side in ((first, second, 1), (second, first, -1)):
        low, high = _span(theirs)
        for at, goes in mine:
            if goes != side:
                continue
            if low + 1 < at < high - 1:
                cost += 1.0
            elif any(abs(at - other) <= 1 and turn == -side for other, turn in theirs):
                # The two would lie on each other where they meet.
                cost += 3.0
    return cost
