"""A short soak, which the longer one of ``make soak`` repeats on demand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine import server

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not server.is_asked(), reason="many workers need PostgreSQL"),
]
ROOT = Path(__file__).resolve().parent.parent.parent


def test_workers_killed_every_second_lose_nothing_and_do_nothing_twice() -> None:
    # In a process of its own, which makes and drops a database of its own.
    soak = subprocess.run(
        [sys.executable, "-m", "tests.fault.soak"],
        cwd=ROOT,
        env={**os.environ, "SOAK_SECONDS": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "wrong" not in soak.stdout
    assert soak.returncode == 0, soak.stderr
    counts = dict(said.split(" ") for said in soak.stdout.strip().split(", "))
    assert int(counts["kills"]) >= 10
    assert int(counts["timers"]) > 0
