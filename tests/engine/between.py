"""Verbs at work: each row of the table of verbs with somebody who may, and a call on a real case.

``send_back`` and ``withdraw`` join as soon as ``engine.tasks`` has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine import cases, tasks
from engine.domain import verbs
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.verbs import VERBS, Verb
from engine.store.models import Case, Copy, Inbox, Signer, Task
from tests.engine.world import World

#: Everybody who works at the site; whom a verb needs is taken from these, in order.
COLLEAGUES = ("an", "bo", "chen", "ding", "fei")
CLERKS = ("an", "bo")
NODE = "work_a"


@dataclass
class Work:
    """A case with one task that verbs are done to."""

    world: World
    case: CaseId
    task: TaskId

    @classmethod
    def begin(cls, world: World) -> Work:
        """An errand whose first work is before its clerks."""
        case = world.errand()
        return cls(world, case, world.task(case, NODE))

    @property
    def row(self) -> Task:
        """The task's row."""
        with self.world.engine.database.look() as session:
            return session.get_one(Task, self.task)

    def state(self, verb: Verb) -> str:
        """The state that a verb asks about: of the task, or of its case."""
        case, task = self.world.case(self.case), self.row
        if verb.over == "case":
            return case.status
        return verbs.state_of(
            status=task.status,
            case_status=case.status,
            assignee=task.assignee_id,
            given_how=task.given_how,
            signing=task.signing,
        )

    def login(self, account_id: int | None) -> str | None:
        """Who this is."""
        found = [login for login, actor in self.world.people.items() if actor.id == account_id]
        return found[0] if found else None

    def others(self, logins: tuple[str, ...], *not_: str | None) -> str:
        """The first of these who is nobody of those."""
        return next(login for login in logins if login not in not_)

    def waiting(self) -> list[str]:
        """Who has not signed."""
        ids = self.world.look(
            sa.select(Signer.account_id)
            .where(Signer.task_id == self.task, Signer.removed_at.is_(None), Signer.answer.is_(None))
            .order_by(Signer.id)
        )
        return [login for one in ids if (login := self.login(one))]

    def signers(self) -> list[str]:
        """Who signs, or has signed, and was not taken off."""
        ids = self.world.look(
            sa.select(Signer.account_id).where(Signer.task_id == self.task, Signer.removed_at.is_(None))
        )
        return [login for one in ids if (login := self.login(one))]

    def shown(self, kind: str) -> list[str]:
        """The principals who have the task before them in a way."""
        return list(
            self.world.look(sa.select(Inbox.who).where(Inbox.task_id == self.task, Inbox.kind == kind))
        )

    def may(self, verb: Verb) -> str | None:
        """Somebody who may, as the table says; None when there is nobody now."""
        # A starter may cancel only at first, a supervisor always.
        order = sorted(verb.who, key=lambda who: who != "supervisor")
        return next((login for who in order if (login := self._who(who))), None)

    def _who(self, who: str) -> str | None:
        task = self.row
        holder = self.login(task.assignee_id)
        signing = bool(task.signing and task.signing.get("submitted"))
        copied = self.world.look(sa.select(Copy.account_id).where(Copy.case_id == self.case))
        delegated = task.given_how == "delegate"
        found: dict[str, str | None] = {
            "candidate": CLERKS[1] if holder is None else None,
            "watcher": "chen" if self.shown("watch") and holder != "chen" else None,
            "holder": holder,
            "taker": holder if task.claimed else None,
            "receiver": holder if task.given_how == "transfer" else None,
            "delegate": holder if delegated else None,
            "owner": self.login(task.given_by) if delegated else holder if signing else None,
            "signer": next((self.login(int(key[2:])) for key in self.shown("sign")), None),
            "handler": self.login(task.done_by),
            "supervisor": "chen",
            "starter": "an",
            "copied": self.login(copied[0]) if copied else None,
            "reader": "chen",
        }
        return found[who]

    def do(self, name: str, login: str) -> None:
        """Do a verb as somebody, with whatever it needs."""
        CALLS[name](self, self.world.people[login])

    def later(self) -> None:
        """So much later that one may urge again."""
        self.world.clock.at += timedelta(minutes=31)

    def everything(self) -> dict[str, list[str]]:
        """Every row of every table that is about this case."""
        with self.world.engine.database.look() as session:
            of_case = sa.select(Task.id).where(Task.case_id == self.case)
            found = {}
            for table in Case.metadata.sorted_tables:
                if "case_id" in table.c:
                    rows = session.execute(table.select().where(table.c.case_id == self.case))
                elif "task_id" in table.c:
                    rows = session.execute(table.select().where(table.c.task_id.in_(of_case)))
                elif table.name == "case":
                    rows = session.execute(table.select().where(table.c.id == self.case))
                else:
                    continue
                found[table.name] = sorted(
                    json.dumps([str(value) for value in row], ensure_ascii=False) for row in rows
                )
            return found


Call = Callable[[Work, Actor], Any]


def _give(verb: str) -> Call:
    def call(work: Work, by: Actor) -> None:
        holder = work.login(work.row.assignee_id)
        to = work.others(COLLEAGUES, holder, by.name)
        getattr(tasks, verb)(work.world.engine, work.task, by=by, to=work.world.people[to].id, reason="外出")

    return call


def _add(work: Work, by: Actor, place: str = "before") -> None:
    to = work.others(("chen", "ding", "fei", "an", "bo"), by.name, *work.signers())
    people = [work.world.people[to].id]
    tasks.add_signers(work.world.engine, work.task, by=by, people=people, place=place, rule="any")  # type: ignore[arg-type]


def _remove(work: Work, by: Actor) -> None:
    person = next(iter(work.waiting()), "ding")
    tasks.remove_signer(work.world.engine, work.task, by=by, person=work.world.people[person].id)  # type: ignore[arg-type]


def _on_task(verb: str, **more: Any) -> Call:
    return lambda work, by: getattr(tasks, verb)(work.world.engine, work.task, by=by, **more)


def _on_case(room: Any, verb: str, **more: Any) -> Call:
    return lambda work, by: getattr(room, verb)(work.world.engine, work.case, by=by, **more)


#: How each verb of the table is done.
CALLS: dict[str, Call] = {
    "claim": _on_task("claim_task"),
    "release": _on_task("release_task"),
    "draft": _on_task("save_draft", typed={"note": ["半"]}),
    "complete": _on_task("complete_task", answers={}),
    "transfer": _give("transfer_task"),
    "decline": _on_task("decline_task", reason="不会"),
    "reassign": _give("reassign_task"),
    "delegate": _give("delegate_task"),
    "hand_back": _on_task("hand_back_task", answers={"note": "代拟"}, opinion="属实"),
    "recall": _on_task("recall_task"),
    "add_signers": _add,
    "remove_signer": _remove,
    "sign": _on_task("sign"),
    "send_back": _on_task("send_back", to="intake", reason="不全"),
    "withdraw": _on_task("withdraw"),
    "urge": _on_task("urge_task"),
    "copy": lambda work, by: tasks.copy_case(
        work.world.engine,
        work.case,
        by=by,
        people=[work.world.people["ding"].id],  # type: ignore[list-item]
    ),
    "comment": _on_case(tasks, "comment_case", text="留言"),
    "prioritise": _on_case(tasks, "set_priority", priority="high", reason="急"),
    "suspend": _on_case(cases, "suspend_case", reason="等"),
    "resume": _on_case(cases, "resume_case"),
    "cancel": _on_case(cases, "cancel_case", reason="不办了"),
}

#: The verbs that there are by now.
NAMES = [name for name in VERBS if name not in ("send_back", "withdraw") or hasattr(tasks, name)]


def _bo(*names: str) -> Callable[[Work], None]:
    return lambda work: [work.do(name, "bo") for name in names] and None


def _submitted(work: Work) -> None:
    work.do("claim", "bo")
    _add(work, work.world.people["bo"], "after")
    work.do("complete", "bo")


def _later(name: str, before: Callable[[Work], None]) -> Callable[[Work], None]:
    def after(work: Work) -> None:
        before(work)
        work.do(name, "chen")

    return after


#: How a task, or its case, comes into each state.
WAYS: dict[str, Callable[[Work], None]] = {
    "offered": lambda work: None,
    "held": _bo("claim"),
    "given": _bo("claim", "transfer"),
    "delegated": _bo("claim", "delegate"),
    "awaiting": _bo("claim", "add_signers"),
    "signing": _submitted,
    "done": _bo("complete"),
    "active": _bo("claim"),
    "suspended": _later("suspend", _bo("claim")),
    "cancelled": _later("cancel", _bo("claim")),
    "ended": lambda work: None,
}


def escalate(work: Work) -> None:
    """Put the task before the supervisor, by urging it often."""
    for _ in range(work.world.engine.settings.urges):
        work.do("urge", "an")
        work.later()


#: What a verb asks for besides a state and somebody who may: the error without it.
def lacks(work: Work, name: str) -> str:
    """Why a lawful verb cannot be done all the same, as its error's name; empty when it can."""
    if name == "remove_signer" and not work.waiting():
        return "Invalid"
    if name == "withdraw" and work.row.signing:
        return "CannotWithdraw"
    return ""
