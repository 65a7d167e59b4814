"""A short soak, which the longer one of ``make soak`` repeats on demand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine import server
from tests.fault.soak import soak

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not server.is_asked(), reason="many workers need PostgreSQL"),
]


def test_workers_killed_every_second_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    told = soak(tmp_path, 20)
    assert told.wrong == []
    assert told.counts["kills"] >= 10
    assert told.counts["timers"] > 0
