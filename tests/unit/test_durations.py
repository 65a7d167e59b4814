"""Durations of ISO 8601: what is one, and what lies behind it."""

from datetime import datetime

import pytest

from engine.domain.durations import cycle_of, duration_of, is_duration


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("P1Y2M3W", "2027-04-21 09:00"),
        ("P1M", "2026-02-28 09:00"),
        ("P1W2DT1H", "2026-02-09 10:00"),
        ("PT1.5H", "2026-01-31 10:30"),
        ("p1d", "2026-02-01 09:00"),
    ],
)
def test_what_lies_behind_a_duration(text: str, after: str) -> None:
    start = datetime.fromisoformat("2026-01-31 09:00")
    assert duration_of(text).after(start) == datetime.fromisoformat(after)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P0D", "-P1D", "P1DT", "PT1M1H", "P101Y", "P999999999W", "PT999999999H", "P1D2W"]
)
def test_what_is_no_duration(text: str) -> None:
    assert not is_duration(text)


@pytest.mark.parametrize(
    ("text", "times"), [("R3/PT1H", 3), ("R/PT1H", None), ("R0/PT1H", "none"), ("R-1/PT1H", "none")]
)
def test_how_often_a_timer_repeats(text: str, times: int | str | None) -> None:
    if times == "none":
        with pytest.raises(ValueError, match="does not repeat"):
            cycle_of(text)
    else:
        assert cycle_of(text) == (times, "PT1H")
