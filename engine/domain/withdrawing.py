"""When a completion may be withdrawn (撤回): what was told since it, and what cannot be taken back."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

#: Kinds of history that a step leaves and withdrawing takes back, or leaves as they are without harm.
TAKEN_BACK = frozenset(
    {"passed", "entered", "cancelled", "fired", "completed", "task_opened", "task_cancelled", "told"}
    | {"number_issued", "register_written", "clock_met"}
)
#: What cannot be taken back: kind of history → why.
FINAL = {
    "message_thrown": "thrown",
    "signal_thrown": "thrown",
    "customer_told": "told",
    "escalated": "told",
    "document_filed": "filed",
    "case_archived": "filed",
    "number_voided": "filed",
    "register_voided": "filed",
    "case_ended": "ended",
}


@dataclass(frozen=True)
class Told:
    """An entry of history since a completion: what, by whom, when, about which task."""

    kind: str
    by: int | None
    at: datetime
    task: str | None = None


def obstacle(entries: Iterable[Told], *, by: int | None, at: datetime, beside: Container[str | None]) -> str:
    """Why a completion by somebody at a moment cannot be withdrawn; empty when it can.

    ``entries`` are told since the step began; what is about a task ``beside``, which was open before and
    is open still, is no obstacle.
    """
    for entry in entries:
        is_of_step = (entry.by, entry.at) == (by, at)
        if is_of_step and entry.kind in FINAL:
            return FINAL[entry.kind]
        if not (is_of_step and entry.kind in TAKEN_BACK) and entry.task not in beside:
            return "acted"
    return ""
