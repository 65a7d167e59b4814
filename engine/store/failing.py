"""Failpoints: named places at which a test makes this process die, fail, stall or wait.

``GUANJIA_FAILPOINTS`` arms them for a process, ``name=action@hit`` and so on, separated by commas:
``commit.before=kill@3`` kills the process the third time it comes to a commit. Actions are ``kill`` (signal
9), ``raise``, ``stop`` (signal 19: the process stands still until it is told to go on) and ``hang``. In an
installation nothing is armed, and a failpoint costs one look into an empty dictionary.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping

VARIABLE = "GUANJIA_FAILPOINTS"
#: Every place there is, and what has happened there so far.
FAILPOINTS: Mapping[str, str] = {
    "taken": "after jobs were taken up: their attempts are counted, nothing is done",
    "locked": "after a case was locked",
    "moved": "after the workflow went on in memory: nothing of it is written",
    "write": "before any statement of a step that writes",
    "claimed": "after a delivery was claimed: nothing has left the house",
    "delivered": "after a delivery left the house: nobody has written that it did",
    "commit.before": "before a transaction commits: everything is written",
    "commit.after": "after a transaction was committed: nobody knows of it yet",
}


class Tripped(Exception):
    """A failpoint was armed to raise here."""


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _raise() -> None:
    raise Tripped


def _hang() -> None:
    threading.Event().wait()


ACTIONS: Mapping[str, Callable[[], None]] = {"kill": _kill, "stop": _stop, "raise": _raise, "hang": _hang}

#: name → [the hit at which it acts, what it does]
_armed: dict[str, tuple[int, Callable[[], None]]] = {}
_hits: dict[str, int] = {}


def failpoint(name: str) -> None:
    """Do what a test armed here, if anything."""
    if _armed and (found := _armed.get(name)):
        _hits[name] = _hits.get(name, 0) + 1
        at, act = found
        if _hits[name] == at:
            act()


def arm(name: str, act: str | Callable[[], None], *, hit: int = 1) -> None:
    """Let something happen the ``hit``-th time from now that this process comes to a failpoint."""
    if name not in FAILPOINTS:
        raise KeyError(name)
    _hits[name] = 0
    _armed[name] = (hit, ACTIONS[act] if isinstance(act, str) else act)


def disarm() -> None:
    """Let nothing happen anywhere."""
    _armed.clear()
    _hits.clear()


def arm_from(environ: Mapping[str, str]) -> None:
    """Arm what the environment says; raises :class:`KeyError` for a place or an action there is not."""
    for said in filter(None, environ.get(VARIABLE, "").split(",")):
        name, _, rest = said.partition("=")
        action, _, hit = rest.partition("@")
        arm(name.strip(), ACTIONS[action.strip()], hit=int(hit or 1))


arm_from(os.environ)
