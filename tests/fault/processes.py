"""Other processes on the same database, and what kills them in the middle of their work."""

from __future__ import annotations

import os
import re
import signal
import traceback
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.engine.world import World

_WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)

BEFORE_COMMIT = "before the commit"
AFTER_COMMIT = "after the commit"


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

    ``at`` is the number of the write statement before which it dies, or a side of the commit.
    """

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def dying() -> None:
        _arm(world.engine.database.bind, at, die)
        act()

    return outcome(apart(world, dying)) == -signal.SIGKILL


def _arm(bind: sa.Engine, at: int | str, die: Callable[[], None]) -> None:
    if at == BEFORE_COMMIT:
        # A look commits nothing and is begun and closed without a word.
        event.listen(bind, "commit", lambda connection: die())
        return
    if at == AFTER_COMMIT:

        def after(session: Session) -> None:
            # SQLAlchemy says so of a savepoint too.
            if not session.in_nested_transaction():
                die()

        event.listen(Session, "after_commit", after)
        return
    writes = 0

    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        nonlocal writes
        if _WRITE.match(statement):
            writes += 1
            if writes == at:
                die()

    event.listen(bind, "before_cursor_execute", count)
