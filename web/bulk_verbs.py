"""What can be done with several tasks at once, as one table: the inbox offers it, the bulk page does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine import (
    Actor,
    Engine,
    TaskId,
    UserId,
    claim_task,
    reassign_task,
    release_task,
    transfer_task,
    urge_task,
)
from web.words import gettext as _

#: What was typed for all: a reason, a person.
Typed = Mapping[str, str]


@dataclass(frozen=True)
class BulkVerb:
    """A verb over a task that can be done with many."""

    name: Callable[[], str]
    icon: str
    #: The views of the inbox in which it makes sense.
    views: frozenset[str]
    #: Does it with one task, in a transaction of its own; None when a form is asked first.
    act: Callable[[Engine, TaskId, Actor, Typed], None] | None
    #: What was done, for several.
    told: Callable[[int], str]
    #: Names of what is asked before: ``to`` and ``reason``.
    asks: tuple[str, ...] = ()


def _claim(engine: Engine, task_id: TaskId, by: Actor, typed: Typed) -> None:
    claim_task(engine, task_id, by=by)


def _release(engine: Engine, task_id: TaskId, by: Actor, typed: Typed) -> None:
    release_task(engine, task_id, by=by)


def _urge(engine: Engine, task_id: TaskId, by: Actor, typed: Typed) -> None:
    urge_task(engine, task_id, by=by, note=typed["reason"])


def _transfer(engine: Engine, task_id: TaskId, by: Actor, typed: Typed) -> None:
    transfer_task(engine, task_id, by=by, to=UserId(int(typed["to"])), reason=typed["reason"])


def _reassign(engine: Engine, task_id: TaskId, by: Actor, typed: Typed) -> None:
    reassign_task(engine, task_id, by=by, to=UserId(int(typed["to"])), reason=typed["reason"])


BULK_VERBS: Mapping[str, BulkVerb] = {
    "claim": BulkVerb(
        name=lambda: _("领取"),
        icon="hand",
        views=frozenset({"claimable", "watched"}),
        act=_claim,
        told=lambda n: _("已领取 %(n)s 项，在待办中。", n=n),
    ),
    "complete": BulkVerb(
        name=lambda: _("一起办理"),
        icon="check",
        views=frozenset({"mine", "claimable"}),
        act=None,
        told=lambda n: _("已办理 %(n)s 项。", n=n),
    ),
    "release": BulkVerb(
        name=lambda: _("放回"),
        icon="undo-2",
        views=frozenset({"mine"}),
        act=_release,
        told=lambda n: _("已放回 %(n)s 项。", n=n),
    ),
    "transfer": BulkVerb(
        name=lambda: _("转办"),
        icon="arrow-right",
        views=frozenset({"mine"}),
        act=_transfer,
        told=lambda n: _("已转办 %(n)s 项。", n=n),
        asks=("to", "reason"),
    ),
    "reassign": BulkVerb(
        name=lambda: _("改派"),
        icon="users",
        views=frozenset({"team"}),
        act=_reassign,
        told=lambda n: _("已改派 %(n)s 项。", n=n),
        asks=("to", "reason"),
    ),
    "urge": BulkVerb(
        name=lambda: _("催办"),
        icon="bell",
        views=frozenset({"team", "watched"}),
        act=_urge,
        told=lambda n: _("已催办 %(n)s 项。", n=n),
        asks=("reason",),
    ),
}


def verbs_of(view: str) -> list[tuple[str, str, str]]:
    """(key, name, icon) of what can be done with several tasks of a view."""
    return [(key, verb.name(), verb.icon) for key, verb in BULK_VERBS.items() if view in verb.views]
