"""What people may do with a task and a case, in which state, and what becomes of it: one table.

The guards of the verbs read it, ``docs/reference/verbs.md`` is drawn from it, and the tests try every
ordered pair of its rows on real cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal[
    "offered", "held", "given", "delegated", "awaiting", "signing", "suspended", "done", "cancelled"
]
Over = Literal["task", "case"]

#: state → (what people call it, what it means).
STATES: Mapping[State, tuple[str, str]] = {
    "offered": ("待领", "It stands before everybody of its roles."),
    "held": ("已领", "It is one person's: taken, or assigned by a rule."),
    "given": ("转办", "It was handed over; the receiver may still decline it."),
    "delegated": ("委派", "Somebody prepares it for its owner, and it comes back."),
    "awaiting": ("待会签", "People sign before or beside its holder, and have not decided."),
    "signing": ("会签中", "Only signers are awaited: those after the holder, or those of the drawing."),
    "suspended": ("挂起", "Its case is held."),
    "done": ("已办", "It was completed."),
    "cancelled": ("已取消", "It is not needed any more, or its case was cancelled."),
}


@dataclass(frozen=True)
class Verb:
    """One row: where it leads from which states, by whom, and what undoes it."""

    name: str
    zh: str
    #: State of the task, or status of the case → where it may lead; nowhere else when it stays as it was.
    moves: Mapping[str, tuple[str, ...]]
    #: Who may: see :data:`WHO`.
    who: tuple[str, ...]
    #: What undoes it: a verb's name, or "" for nothing.
    undo: str = ""
    over: Over = "task"
    #: The error in any other state of an open task.
    otherwise: str = "NotPossibleNow"


#: Who may do something: what it means.
WHO: Mapping[str, str] = {
    "candidate": "holds one of its roles at the site, while it is nobody's",
    "watcher": "it was escalated to them",
    "holder": "has it",
    "taker": "took it for themselves",
    "receiver": "was given it",
    "delegate": "prepares it for its owner",
    "owner": "delegated it, or completed it and waits for signers",
    "signer": "is to sign, and it is their turn",
    "handler": "completed it last",
    "supervisor": "holds a role above one of the procedure's at the site",
    "starter": "started the case",
    "copied": "was put into copy",
    "reader": "sees the case",
}


def _verb(name: str, zh: str, moves: str, who: str, **more: Any) -> Verb:
    """A row; ``moves`` are sources, each with what it leads to: ``held>given given``."""
    pairs = (written.partition(">") for written in moves.split())
    leads = {source: tuple(filter(None, targets.split("|"))) or (source,) for source, _, targets in pairs}
    return Verb(name, zh, leads, tuple(who.split()), **more)


_ANY = "active suspended ended cancelled"
_TAKEN = "held>held given>held delegated>held awaiting>awaiting"
#: Every verb over a task or its case, in the order in which people meet them.
VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        _verb(
            "claim",
            "领取、接手",
            f"offered>held {_TAKEN}",
            "candidate watcher",
            undo="release",
            otherwise="TaskTaken",
        ),
        _verb("release", "放回", "held>offered", "taker", undo="claim"),
        _verb("draft", "保存草稿", "offered held given delegated awaiting", "candidate holder"),
        _verb(
            "complete",
            "办理",
            "offered>done|signing held>done|signing given>done|signing",
            "candidate holder",
            undo="withdraw",
        ),
        _verb("transfer", "转办", "held>given given>given", "holder", undo="decline"),
        _verb("decline", "退还", "given>held|offered", "receiver"),
        _verb("reassign", "改派", f"offered>held {_TAKEN}", "supervisor"),
        _verb("delegate", "委派", "held>delegated given>delegated", "holder", undo="recall"),
        _verb("hand_back", "交回", "delegated>held", "delegate"),
        _verb("recall", "收回", "delegated>held signing>held|given", "owner"),
        _verb(
            "add_signers",
            "加签",
            "held>awaiting|held given>awaiting|given awaiting",
            "holder",
            undo="remove_signer",
        ),
        _verb(
            "remove_signer",
            "减签",
            "held given awaiting>awaiting|held|given signing>signing|done",
            "holder owner supervisor",
            undo="add_signers",
        ),
        _verb("sign", "签署", "awaiting>awaiting|held|given signing>signing|held|given|done", "signer"),
        _verb("send_back", "退回", "offered>cancelled held>cancelled given>cancelled", "candidate holder"),
        _verb("withdraw", "撤回", "done>held|given", "handler"),
        _verb("urge", "催办", "offered held given delegated awaiting signing", "starter copied supervisor"),
        _verb("copy", "抄送", _ANY, "reader", over="case"),
        _verb("comment", "留言", _ANY, "reader", over="case"),
        _verb("prioritise", "改优先级", "active suspended", "starter holder supervisor", over="case"),
        _verb("suspend", "挂起", "active>suspended", "supervisor", undo="resume", over="case"),
        _verb("resume", "恢复", "suspended>active", "supervisor", undo="suspend", over="case"),
        _verb("cancel", "取消", "active>cancelled suspended>cancelled", "starter supervisor", over="case"),
    )
}


def state_of(
    *,
    status: str,
    case_status: str,
    assignee: int | None,
    given_how: str | None,
    signing: Mapping[str, Any] | None,
) -> State:
    """The state of a task, from its row and its case's status."""
    if status == "done":
        return "done"
    if status != "open" or case_status not in ("active", "suspended"):
        return "cancelled"
    if case_status == "suspended":
        return "suspended"
    if signing and (signing.get("submitted") or signing.get("drawn")):
        return "signing"
    if given_how == "delegate":
        return "delegated"
    if signing and any(
        signing[place].get("outcome") is None for place in ("before", "beside") if place in signing
    ):
        return "awaiting"
    if assignee is None:
        return "offered"
    return "given" if given_how == "transfer" else "held"


def refusal(verb: Verb, state: str) -> str:
    """The name of the error with which a verb is refused in a state; empty when it is lawful.

    Over a case, the state is the case's status.
    """
    if state in verb.moves:
        return ""
    if verb.over == "case" or state in ("suspended", "cancelled"):
        return "CaseNotActive"
    return "TaskAlreadyDone" if state == "done" else verb.otherwise
