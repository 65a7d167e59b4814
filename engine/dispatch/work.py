"""The work that a dispatcher has done, without knowing what it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)


class Tick(Protocol):
    """Do what is due."""

    def __call__(self, *, going: Callable[[], bool]) -> datetime | None:
        """Do what is due, until ``going`` says no; when to look again, or None."""


@dataclass(frozen=True)
class Work:
    """What due work is: how it is done, and when there is more of it."""

    tick: Tick
    #: When jobs run that are overdue or run within so many seconds, the earliest first.
    coming: Callable[[float], list[datetime]]

    def do(self, going: Callable[[], bool]) -> datetime | None:
        """Do what is due; when to look again, or None. What goes wrong is logged: the rows wait."""
        try:
            return self.tick(going=going)
        except DatabaseUnavailable as error:
            logger.warning("Due work waits: %s", error, extra={"action": "tick_failed"})
        except Exception:
            # The process's edge: the next look tries again, and the log has the traceback.
            logger.exception("Due work failed", extra={"action": "tick_failed"})
        return None
