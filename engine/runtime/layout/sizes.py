"""How much room a box takes with its name and boundary events, and where lines meet its outline."""

from __future__ import annotations

import math

from engine.runtime.layout.scene import Box, Scene, Shape, label_size


def outline(box: Box, across: float, *, horizontal: bool) -> float:
    """The distance from a box's centre to its outline, ``across`` pixels beside the middle."""
    half = (box.width if horizontal else box.height) / 2
    if box.shape is Shape.DIAMOND:
        return half - min(abs(across), half)
    if box.shape is Shape.CIRCLE:
        return math.sqrt(max(0.0, half * half - across * across))
    return half


def boundary_shifts(host: Box) -> list[float]:
    """Where boundary events sit along their host's lower edge, from its middle."""
    count = len(host.boundary)
    if count == 1:
        return [host.width / 2 - 32]
    if count == 2:
        return [-(host.width / 2 - 28), host.width / 2 - 28]
    step = (host.width - 56) / max(1, count - 1)
    return [step * i - (host.width - 56) / 2 for i in range(count)]


def cell_width(box: Box) -> float:
    """The width of a box with its label."""
    label = label_size(box.label)[0] + 8 if box.label and box.shape is not Shape.RECTANGLE else 0
    return max(box.width, label)


def cell_height(scene: Scene, box: Box) -> tuple[float, float]:
    """What a box with its label needs above and below its middle."""
    half = box.height / 2
    label = label_size(box.label)[1] + 6 if box.label and box.shape is not Shape.RECTANGLE else 0
    if box.shape is Shape.DIAMOND:
        return half + label, half
    below = [half + label]
    for boundary in box.boundary:
        name = scene.boxes[boundary].label
        below.append(half + 18 + (label_size(name, 6)[1] + 4 if name else 0))
    return half, max(below)
