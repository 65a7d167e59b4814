"""Why a task is in somebody's inbox, why somebody cannot do it, why it was escalated, when what will happen.

One question, answered in words and moments: the reader needs no knowledge of the procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain import assignment
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.ladders import ACTIONS
from engine.domain.views import Coming, Why, Words
from engine.procedures import Published
from engine.queries import seeing
from engine.queries.limits import action_words, recipient_words
from engine.queries.lines import names_of, role_words
from engine.queries.task_view import fetch
from engine.store import repository
from engine.store.models import Case, History, Inbox, Job, Task
from engine.wiring import Engine

#: People who could do it that are named.
NAMED = 6
_HANDLER = re.compile(r"""handler\(\s*["']([^"']+)["']\s*\)""")


def why(engine: Engine, task_id: TaskId, actor: Actor) -> Why:
    """Why a task stands as it does, for a reader who sees it.

    Raises :class:`TaskNotFound`, :class:`Forbidden`.
    """
    with engine.database.look() as session:
        case, task = fetch(session, task_id)
        published = procedures.of_version(engine, session, case.version_id)
        seeing.require_sight(engine, session, case, published, actor)
        about = _About(engine, session, case, task, published, actor)
        return Why(
            task_id=TaskId(task.id),
            case_id=CaseId(case.id),
            case_number=case.number,
            step_name=published.of(task.process).words(task.name),
            here=tuple(about.here()),
            mine=about.mine(),
            cannot=tuple(about.cannot()),
            escalated=tuple(about.escalated()),
            coming=tuple(sorted(about.coming(), key=lambda one: one.at)),
        )


class _About:
    """One task with everything around it."""

    def __init__(
        self, engine: Engine, session: Session, case: Case, task: Task, published: Published, actor: Actor
    ) -> None:
        self.engine, self.session, self.actor = engine, session, actor
        self.case, self.task, self.published = case, task, published
        self.site = site_words(engine, case.site)
        self.told = list(
            session.scalars(
                sa.select(History)
                .where(History.case_id == case.id, History.task_id == task.id)
                .order_by(History.seq)
            )
        )
        self.names = names_of(session, [task.assignee_id, task.given_by, task.done_by])
        self.holder = self.names.get(task.assignee_id or 0, "")

    # Why it is where it is -----------------------------------------------------------------------

    def here(self) -> Iterator[Words]:
        """Whom the procedure gave it to and by which rule; then who took or got it."""
        task = self.task
        if task.why:
            yield Words(str(task.why.get("zh", "")), str(task.why.get("en", "")))
        yield from self._because()
        taken = next((e for e in reversed(self.told) if e.kind in ("task_claimed", "task_taken_over")), None)
        if task.assignee_id is not None and task.claimed and taken is not None:
            at = self._moment(taken.at)
            yield Words(f"{taken.actor} 于 {at.zh}领取。", f"{taken.actor} took it on {at.en}.")
        if task.given_by is not None and task.assignee_id is not None:
            giver = self.names.get(task.given_by, "")
            how = (
                Words("委派", "delegated it to")
                if task.given_how == "delegate"
                else Words("转办", "gave it to")
            )
            yield Words(f"{giver} {how.zh}给 {self.holder}。", f"{giver} {how.en} {self.holder}.")

    def _because(self) -> Iterator[Words]:
        code, roles = self.task.assigned_because, self._roles(self.task.candidates)
        if code == "person":
            source = self._source()
            yield Words(f"流程指定由{source.zh}办理。", f"The procedure gives it to {source.en}.")
        elif code.startswith("nobody:"):
            empty = role_words(self.engine, code.removeprefix("nobody:"))
            yield Words(
                f"{self.site.zh}没有人担任{empty.zh}，因此交给上级岗位{roles.zh}。",
                f"Nobody is {empty.en} at {self.site.en}, so it went to the role above: {roles.en}.",
            )
        elif code in ("lane", "candidates"):
            yield Words(
                f"此步骤由{self.site.zh}的{roles.zh}办理，谁先领取归谁。",
                f"This step is done by {roles.en} at {self.site.en}: whoever takes it first.",
            )

    def _source(self) -> Words:
        asked = str(self.task.properties.get("assignee", ""))
        if asked.strip() == "case.starter":
            return Words(
                f"案件发起人（{self.case.starter_name}）", f"who started it ({self.case.starter_name})"
            )
        if found := _HANDLER.search(asked):
            step = self.published.node_name(self.task.process, found[1])
            return Words(f"办理过“{step.zh}”的人", f"who completed “{step.en}”")
        return Words("表单或表达式选定的人", "whom a form or an expression names")

    # Why the reader has it, or has not -----------------------------------------------------------

    def mine(self) -> Words:
        """Why the reader has it before them, or has not."""
        task, actor = self.task, self.actor
        if task.status != "open":
            return Words("此任务已不在任何人的待办中。", "It is in nobody’s inbox any more.")
        if task.assignee_id is not None and task.assignee_id == actor.id:
            return Words("它在您的待办中，因为由您办理。", "It is in your inbox: you are the one to do it.")
        if away := actor.in_place_of(task.assignee_id, self.case.procedure):
            return Words(
                f"它在您的待办中，因为 {away.name} 离岗期间由您代办。",
                f"It is in your inbox: you stand in for {away.name}, who is away.",
            )
        rows = self.session.execute(
            sa.select(Inbox.who, Inbox.kind)
            .where(Inbox.task_id == task.id, Inbox.who.in_(seeing.principals(self.engine, actor)))
            .order_by(Inbox.kind, Inbox.who)
        ).all()
        for row in rows:
            role = role_words(self.engine, row.who.removeprefix("r:").split("@")[0])
            if row.kind == "watch":
                return Words(
                    f"它在您的待办中，因为已升级给{role.zh}。",
                    f"It is in your inbox: it was escalated to {role.en}.",
                )
            return Words(
                f"它在您的待领中，因为您在{self.site.zh}担任{role.zh}。",
                f"You may take it: you are {role.en} at {self.site.en}.",
            )
        return Words("它不在您的待办中，您只能查看。", "It is not in your inbox; you may look at it.")

    def cannot(self) -> Iterator[Words]:
        """Why the reader cannot do it."""
        task, case = self.task, self.case
        if task.status == "done":
            at = self._moment(task.done_at)
            yield Words(
                f"{task.done_by_name} 已于 {at.zh}办理。", f"{task.done_by_name} completed it on {at.en}."
            )
        elif task.status != "open":
            yield Words(
                "流程已走其他路径，不再需要办理。", "The case took another way; it is not needed any more."
            )
        elif case.status != "active":
            yield Words("案件已挂起或已结束。", "The case is suspended or over.")
        elif not assignment.may_work_on(
            self.actor,
            assignee=task.assignee_id,
            candidates=task.candidates,
            site=case.site,
            procedure=case.procedure,
        ):
            yield from self._not_theirs()

    def _not_theirs(self) -> Iterator[Words]:
        task, roles = self.task, self._roles(self.task.candidates)
        if task.assignee_id is not None:
            yield Words(f"现在由 {self.holder} 办理。", f"{self.holder} has it now.")
            if any(self.actor.has_role(role, self.case.site) for role in task.candidates):
                yield Words(
                    f"您也能办理：请 {self.holder} 放回或转给您。",
                    f"You could do it too: ask {self.holder} to put it back or to give it to you.",
                )
            return
        yield Words(
            f"办理需要在{self.site.zh}担任{roles.zh}，您没有这个岗位。",
            f"It takes {roles.en} at {self.site.en}, which you are not.",
        )
        held = repository.holders(self.session, task.candidates, self.case.site)
        people = list(dict.fromkeys(one for some in held.values() for one in some))
        names = names_of(self.session, people[:NAMED])
        if names:
            more = len(people) - len(names)
            yield Words(
                f"能办理的人：{'、'.join(names.values())}{f'，另 {more} 人' if more else ''}。",
                f"Who can: {', '.join(names.values())}{f', and {more} more' if more else ''}.",
            )

    # The clock -----------------------------------------------------------------------------------

    def escalated(self) -> Iterator[tuple[datetime, Words, Words]]:
        """Each escalation: when, to whom, why."""
        for entry in self.told:
            if entry.kind == "escalated":
                said = Words(str(entry.detail.get("zh", "")), str(entry.detail.get("en", "")))
                yield entry.at, recipient_words(self.engine, str(entry.detail.get("to", ""))), said

    def coming(self) -> Iterator[Coming]:
        """Its due moment, the rungs of its ladder and the timers at its step that are still to come."""
        if self.task.status != "open":
            return
        if self.task.due_at is not None:
            yield Coming(self.task.due_at, self._due(), "due")
        jobs = self.session.scalars(
            sa.select(Job).where(
                Job.case_id == self.case.id,
                Job.status.in_(("armed", "paused")),
                Job.kind.in_((*ACTIONS, "timer")),
            )
        )
        for job in jobs:
            if job.kind != "timer":
                if job.payload.get("task") == self.task.id:
                    kind: Literal["escalate", "remind"] = "escalate" if job.kind == "escalate" else "remind"
                    yield Coming(job.due_at, self._standing(job, self._rung(job)), kind)
            elif job.payload.get("attached_to") == self.task.node and job.process == self.task.process:
                yield Coming(job.due_at, self._standing(job, self._timer(job)), "timer")

    @staticmethod
    def _standing(job: Job, said: Words) -> Words:
        """The same for a clock that stands still: its moment comes later."""
        if job.status != "paused":
            return said
        return Words(f"{said.zh}；时限已暂停，恢复后顺延", f"{said.en}; paused, and later when it goes on")

    def _due(self) -> Words:
        deadline = self.engine.deadlines.get(self.task.deadline or "")
        late = self.task.due_at is not None and self.task.due_at < self.engine.now()
        name = Words(deadline.zh, deadline.en) if deadline else Words("此任务", "this task")
        if late:
            return Words(f"已经到期：{name.zh}", f"It was due: {name.en}")
        if deadline is None:
            return Words("到期", "It is due")
        return Words(f"到期：{deadline.zh}", f"It is due: {deadline.en}")

    def _rung(self, job: Job) -> Words:
        to = recipient_words(self.engine, str(job.payload.get("to", "")))
        said = action_words(job.kind, to)
        when, when_en = job.payload.get("when", ""), job.payload.get("when_en", "")
        return Words(f"{said.zh}（{when}）", f"{said.en[:1].upper()}{said.en[1:]} ({when_en})")

    def _timer(self, job: Job) -> Words:
        name = self.published.node_name(job.process, job.node)
        if job.payload.get("interrupting", True):
            return Words(
                f"定时“{name.zh}”：此任务到时仍未办理，就改走这条路",
                f"The timer “{name.en}”: if it is not done by then, the case goes that way instead",
            )
        return Words(
            f"定时“{name.zh}”：此任务到时仍未办理，另外开始这条路",
            f"The timer “{name.en}”: if it is not done by then, that way begins beside it",
        )

    # Words ---------------------------------------------------------------------------------------

    def _roles(self, roles: Iterable[str]) -> Words:
        named = [role_words(self.engine, role) for role in roles]
        return Words("、".join(one.zh for one in named), ", ".join(one.en for one in named))

    def _moment(self, at: datetime | None) -> Words:
        if at is None:
            return Words("", "")
        local = at.astimezone(self.engine.zone_of(self.case.site))
        return Words(f"{local:%m月%d日 %H:%M} ", f"{local:%b %d, %H:%M}")


def site_words(engine: Engine, site: str) -> Words:
    """What people call a site; an unknown one stands for itself."""
    found = engine.organisation.sites.get(site)
    return Words(found.zh, found.en) if found else Words(site, site)
