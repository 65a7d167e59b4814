"""What a dry run reads of data that nobody has filled."""

from __future__ import annotations

import pytest

from engine.pretending import nothing_yet
from tests.drawing import Drawing


@pytest.mark.parametrize(
    ("condition", "data"),
    [
        ("amount > 100", {"amount": 0}),
        ("100 <= amount", {"amount": 0}),
        ("a + b > 3", {"a": 0, "b": 0}),
        ('day >= "2026-01-01"', {"day": ""}),
        ("len(items) > 2", {"items": []}),
        ('"vip" in tags', {"tags": []}),
        ('name.startswith("a")', {"name": ""}),
        ('order.price > 3 and order.note == "x"', {"order": {"price": 0}}),
        ("order == None or order.price > 3", {"order": {"price": 0}}),
        ('first + "、" + second == note', {"first": "", "second": "", "note": None}),
        ("valid", {"valid": None}),
        ('level == "high"', {"level": None}),
    ],
)
def test_it_is_nothing_in_the_kind_that_it_is_compared_with(condition: str, data: dict[str, object]) -> None:
    content = Drawing(f"s:start -> g:xor -[{condition}]-> a:user -> e:end\ng -*-> e").xml()
    assert nothing_yet([content], data) == data
