"""The demo at the terminal: progress while it is told, and the accounts it made."""

from __future__ import annotations

from collections.abc import Iterator

from engine import Engine, people
from engine.demonstration import fill as tell
from web.settings import DEMO_PASSWORD


def fill(engine: Engine) -> Iterator[str]:
    """Tell the demo; say how far it is."""
    return tell(engine, DEMO_PASSWORD)


def accounts(engine: Engine) -> Iterator[str]:
    """One line for each demo account: login, name, roles."""
    yield f"demo accounts, password {DEMO_PASSWORD}:"
    for person in people(engine):
        roles = ", ".join(
            engine.organisation.roles[role].zh
            for role, _ in person.roles
            if role in engine.organisation.roles
        )
        yield f"  {person.login:<12} {person.name}  {roles or '管理员'}"
