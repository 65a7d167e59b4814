"""Where names stand: near what they name, clear of lines, shapes and each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from engine.runtime.layout.scene import Box, Kind, Link, Rect, Scene, Shape, label_size

#: What a label would pay for standing on something.
ON_SHAPE, ON_LABEL, ON_LINE, ON_BORDER = 50.0, 40.0, 20.0, 3.0

#: From a steep line to its name: the stroke that marks a default flow stands between them.
STEEP = 6
#: From where a level line leaves to its name, for the same reason.
BEHIND = 16

Line = tuple[float, float, float, float]


def place_labels(scene: Scene) -> None:
    """Fill ``scene.labels``: the bounds of the name of every event, gateway and line that has one."""
    placer = _Placer(scene)
    for box in scene.boxes.values():
        if box.label and box.shape in (Shape.CIRCLE, Shape.DIAMOND):
            placer.put(box.id, _around(scene, box))
    for link in scene.links:
        if link.label:
            placer.put(link.id, _along(scene, link))


def lines_of(link: Link) -> Iterator[Line]:
    """The straight pieces of a link as (x1, y1, x2, y2), smaller ends first."""
    for (ax, ay), (bx, by) in itertools.pairwise(link.points):
        yield min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


class _Placer:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.shapes = [box.rect for box in scene.boxes.values() if box.shape is not Shape.ANCHOR]
        self.lines = [line for link in scene.links for line in lines_of(link)]
        self.borders = [band.y for band in scene.bands]

    def put(self, name: str, candidates: Iterable[tuple[float, Rect]]) -> None:
        """Choose the place of one label: the least disliked that stands on the fewest things."""
        places = list(candidates)
        left, top = min(rect.x for _, rect in places), min(rect.y for _, rect in places)
        right, bottom = max(rect.right for _, rect in places), max(rect.bottom for _, rect in places)
        around = Rect(left, top, right - left, bottom - top)
        shapes = [shape for shape in self.shapes if shape.overlaps(around)]
        labels = [label for label in self.scene.labels.values() if label.overlaps(around)]
        lines = [line for line in self.lines if _strikes(line, around)]
        costs = [dislike + self._cost(rect, shapes, labels, lines) for dislike, rect in places]
        self.scene.labels[name] = places[costs.index(min(costs))][1]

    def _cost(self, rect: Rect, shapes: list[Rect], labels: list[Rect], lines: list[Line]) -> float:
        cost = ON_SHAPE * sum(rect.overlaps(shape) for shape in shapes)
        cost += ON_LABEL * sum(rect.overlaps(label) for label in labels)
        cost += ON_LINE * sum(_strikes(line, rect) for line in lines)
        cost += ON_BORDER * sum(rect.y < border < rect.bottom for border in self.borders)
        if rect.x < 0 or rect.right > self.scene.width or rect.y < 0 or rect.bottom > self.scene.height:
            cost += ON_SHAPE
        return cost


def _strikes(line: Line, rect: Rect) -> bool:
    x1, y1, x2, y2 = line
    return x1 < rect.right and rect.x < x2 + 0.1 and y1 < rect.bottom and rect.y < y2 + 0.1


def _around(scene: Scene, box: Box) -> Iterator[tuple[float, Rect]]:
    """Places for the name of an event or gateway, with how little we like each."""
    rect = box.rect
    for narrow, most in ((0.0, 8), (2.0, 6), (4.0, 4), (6.0, 3)):
        width, height = label_size(box.label, most)
        middle = box.x - width / 2
        above, below = rect.y - height - 4, rect.bottom + 4
        left, right = box.x - width - 5, box.x + 5
        if box.host is not None:
            # Next to the line that leaves downwards.
            yield narrow, Rect(left, below - 1, width, height)
            yield narrow + 0.5, Rect(right, below - 1, width, height)
            yield narrow + 3, Rect(rect.right + 3, rect.bottom - 14, width, height)
            continue
        high, low = (0.0, 1.5) if box.shape is Shape.DIAMOND else (1.5, 0.0)
        yield narrow + high, Rect(middle, above, width, height)
        yield narrow + low, Rect(middle, below, width, height)
        for shift in (0, 6, 12):
            yield narrow + high + 3 + shift / 10, Rect(left - shift, above + shift, width, height)
            yield narrow + high + 3.2 + shift / 10, Rect(right + shift, above + shift, width, height)
            yield narrow + low + 3.4 + shift / 10, Rect(right + shift, below - shift, width, height)
            yield narrow + low + 3.6 + shift / 10, Rect(left - shift, below - shift, width, height)


def _along(scene: Scene, link: Link) -> Iterator[tuple[float, Rect]]:
    """Places for the name of a line: near where it leaves, above a level piece or beside a steep one."""
    sizes = [label_size(link.label, most) for most in (8, 12, 6, 4)]
    away = 0.0
    for piece, ((ax, ay), (bx, by)) in enumerate(itertools.pairwise(link.points)):
        length = abs(bx - ax) + abs(by - ay)
        far = min(6.0, away / 40) + 0.3 * piece
        for rank, (width, height) in enumerate(sizes):
            dislike = far + 0.7 * rank + (4 if link.kind is Kind.MESSAGE and piece else 0)
            if ay == by:
                sign = 1 if bx > ax else -1
                for share, start in enumerate((BEHIND, 4, max(4.0, (length - width) / 2))):
                    x = ax + start if sign > 0 else ax - start - width
                    short = max(0.0, width + start - length) / 20
                    yield dislike + short + 0.3 * share, Rect(x, ay - height - 2, width, height)
                    yield dislike + short + 0.3 * share + 1, Rect(x, ay + 3, width, height)
            else:
                sign = 1 if by > ay else -1
                for share, start in enumerate((2, 10, max(2.0, (length - height) / 2))):
                    y = ay + start if sign > 0 else ay - start - height
                    short = max(0.0, height + start - length) / 8
                    yield dislike + short + 0.3 * share, Rect(ax + STEEP, y, width, height)
                    yield dislike + short + 0.3 * share + 0.6, Rect(ax - STEEP - width, y, width, height)
        away += length
