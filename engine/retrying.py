"""Do a verb again when somebody else was quicker: two writers at one row, a deadlock, a busy database."""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec, TypeVar

from engine.errors import CaseChanged

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)

#: How often a verb is tried in all.
TRIES = 4
#: Seconds before the second try, at most; each further one waits up to twice as long.
PAUSE = 0.02
#: Seconds before the n-th new try of what is done later: a job, a delivery.
BACKOFF = (5, 30, 120, 600, 3600)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts that failed."""
    return timedelta(seconds=BACKOFF[min(max(attempts - 1, 0), len(BACKOFF) - 1)])


def reason_of(error: object) -> str:
    """Why something failed, as a row can keep it."""
    # PostgreSQL keeps no NUL, and half a character cannot be written at all.
    return str(error)[:2000].replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def again_when_changed(verb: Callable[P, R]) -> Callable[P, R]:
    """Try a verb up to four times while it raises :class:`CaseChanged`, with pauses of random length.

    A verb is one transaction: what failed left no trace, so that doing it again is doing it once.
    """

    @functools.wraps(verb)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, TRIES):
            try:
                return verb(*args, **kwargs)
            except CaseChanged as error:
                logger.info(
                    "%s met somebody else, try %s", verb.__name__, attempt, extra={"action": "verb_retried"}
                )
                if error.__cause__ is not None:
                    logger.debug("It met %s", error.__cause__)
            # Not secret: it only keeps two that met from meeting again.
            time.sleep(random.uniform(0, PAUSE * 2**attempt))
        return verb(*args, **kwargs)

    return tried
