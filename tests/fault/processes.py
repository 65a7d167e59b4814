"""Other processes on the same database, and what kills them in the middle of their work."""

from __future__ import annotations

import os
import re
import signal
import traceback
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import event

from engine.store import failing
from tests.engine.world import World

_WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)

BEFORE_COMMIT = "commit.before"
AFTER_COMMIT = "commit.after"


def apart(world: World, act: Callable[[], object]) -> int:
    """Begin ``act`` in a process of its own; return its id. No connection is shared with it."""
    world.close()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    except BaseException:  # noqa: BLE001 - the edge of the process
        traceback.print_exc()
    finally:
        # Nothing of the test that forked may run on here.
        os._exit(code)


def outcome(child: int) -> int:
    """Wait for a process; its exit code, or the negative signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(world: World, act: Callable[[], object], at: int | str) -> bool:
    """Do ``act`` in a process that kills itself with signal 9; False when it survived.

    ``at`` is the number of the write statement before which it dies, or the name of a failpoint.
    """

    def dying() -> None:
        _arm(world.engine.database.bind, at, "kill")
        act()

    return outcome(apart(world, dying)) == -signal.SIGKILL


def stopped(world: World, act: Callable[[], object], at: int | str) -> int:
    """Do ``act`` in a process that stands still at a place as :func:`killed` has it; its id, to be woken."""

    def stopping() -> None:
        _arm(world.engine.database.bind, at, "stop")
        act()

    child = apart(world, stopping)
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "it ended without standing still"
    return child


def woken(child: int) -> int:
    """Let a process that stands still go on; its exit code."""
    os.kill(child, signal.SIGCONT)
    return outcome(child)


def _arm(bind: sa.Engine, at: int | str, action: str) -> None:
    if isinstance(at, str):
        failing.arm(at, action)
        return
    failing.arm("write", action, hit=at)

    # What goes through the session is counted with what goes past it.
    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        if _WRITE.match(statement):
            failing.failpoint("write")

    event.listen(bind, "before_cursor_execute", count)
