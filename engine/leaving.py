"""Hand over everything that names a person who leaves: looked at first, then done in one go.

The person may sign in no more when all of it is with others; until then nothing has changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from engine import handing, procedures, steps, worklist
from engine.domain import standing_in
from engine.domain.facts import Actor, TaskId
from engine.domain.rosters import overlaps
from engine.domain.views import HandedOver, Words
from engine.errors import Invalid
from engine.queries.leaving import person_of, review
from engine.retrying import again_when_changed
from engine.store import absences, leaving, locking, rows, saving, shifts
from engine.store.database import Session
from engine.store.models import Account, Task
from engine.wiring import Engine

#: The kinds of what names a person, in the order in which they are given away.
KINDS = ("held", "given", "signing", "absences", "shifts", "started")
#: In place of a person: back to the queue of the roles.
QUEUE = 0


@again_when_changed
def hand_over(
    engine: Engine,
    account_id: int,
    *,
    by: Actor,
    receivers: Mapping[str, int | None],
    seen: str,
) -> HandedOver:
    """Give everything that names a person to others, then let them sign in no more.

    ``receivers``: kind of :data:`KINDS` → account id; None or missing leaves what may be left (an absence
    ends, a shift is removed, a case keeps its starter), QUEUE gives tasks back to their roles. ``seen`` is
    what :func:`handing_over` gave. Raises :class:`Invalid` with the facts ``field`` (the kind) and
    ``reason``; nothing has changed then.
    """
    with engine.database.transaction() as session:
        absences.lock_all(session)
        person = person_of(session, account_id, by)
        if account_id == by.id:
            raise Invalid("Nobody hands over their own account.", field="person", reason="self")
        if review(engine, session, person).seen != seen:
            raise Invalid("Something changed meanwhile; look again.", field="person", reason="changed")
        going = _Going(engine, session, person, by, receivers)
        done = {kind: getattr(going, kind)() for kind in KINDS}
        person.active = False
        person.session_key = secrets.token_hex(16)
    engine.dispatcher.wake()
    return HandedOver(person.name, done)


# Giving it away --------------------------------------------------------------------------------


@dataclass
class _Going:
    """One hand-over under way: a method a kind, which gives how much went."""

    engine: Engine
    session: Session
    person: Account
    by: Actor
    receivers: Mapping[str, int | None]

    def held(self) -> int:
        found = leaving.held(self.session, self.person.id)
        to = self._needed("held", found)
        for row in found:
            step, task = self._locked(row.id)
            if to is None:
                if not task.candidates:
                    self._refuse("held", "no-role", step=row.number)
            else:
                self._require_role(step, task, to)
            handing.hand(step, task, to, held_by=self.person.name, because=self._because)
        return len(found)

    def given(self) -> int:
        found = leaving.given(self.session, self.person.id)
        to = self._needed("given", found)
        for row in found:
            step, task = self._locked(row.id)
            if to is None and task.given_how == "delegate":
                self._refuse("given", "needed")
            if to is not None and to.id == task.assignee_id:
                # Nobody prepares a task for themselves: it is theirs now.
                rows.update(self.session, task, given_by=None, given_how=None)
            else:
                rows.update(
                    self.session,
                    task,
                    given_by=to.id if to else None,
                    **({} if to else {"given_how": None}),
                )
            self._tell(step, task, to, role="giver")
        return len(found)

    def signing(self) -> int:
        found = leaving.to_sign(self.session, self.person.id)
        to = self._needed("signing", found)
        if found and to is None:
            self._refuse("signing", "needed")
        for row in found:
            step, task = self._locked(row.id)
            if to is not None:
                if to.id == task.assignee_id or leaving.signs(self.session, task.id, to.id):
                    self._refuse("signing", "signs", step=row.number)
                leaving.signer(self.session, row.signer).account_id = to.id
                self.session.flush()
                worklist.put_into_inbox(step, task)
                self._tell(step, task, to, role="signer")
        return len(found)

    def absences(self) -> int:
        now, found = self.engine.now(), leaving.absences(self.session, self.person.id, self.engine.now())
        to = self._receiver("absences")
        for row in found:
            if row.account_id == self.person.id or to is None:
                row.ended_at = now
                continue
            mine = standing_in.Absence(
                row.account_id, to.id, row.starts_at, row.ends_at, frozenset(row.procedures)
            )
            others = [
                one
                for one in absences.standing(self.session, now)
                if (one.account, one.substitute) != (row.account_id, row.substitute_id)
            ]
            refused = standing_in.refusal(mine, others, now=now)
            if refused is not None:
                self._refuse("absences", refused)
            row.substitute_id = to.id
            self.session.flush()
        self.session.flush()
        return len(found)

    def shifts(self) -> int:
        found = leaving.shifts(self.session, self.person.id, self.engine.now())
        to = self._receiver("shifts")
        for row in found:
            if to is None:
                self.session.delete(row)
                continue
            if to.id not in shifts.people(self.session, row.role, row.site):
                self._refuse("shifts", "role")
            span = (row.starts_at, row.ends_at)
            if overlaps(span, shifts.times(self.session, to.id, row.role, row.site, *span)):
                self._refuse("shifts", "twice")
            row.account_id = to.id
            self.session.flush()
        return len(found)

    def started(self) -> int:
        found = leaving.started(self.session, self.person.id)
        to = self._receiver("started")
        for row in found if to is not None else ():
            case = locking.lock_case(self.session, row.id)
            published = procedures.of_version(self.engine, self.session, case.version_id)
            step = steps.step_for(self.engine, self.session, case, published, self.by)
            rows.update(self.session, case, started_by=to.id if to else None)
            step.tell("starter_handed_over", held_by=self.person.name, to=to.name if to else "")
            saving.append_history(self.session, case, step.told)
        return len(found) if to is not None else 0

    def _locked(self, task_id: str) -> tuple[steps.Step, Task]:
        case, task = locking.lock_case_of_task(self.session, TaskId(task_id))
        published = procedures.of_version(self.engine, self.session, case.version_id)
        return steps.step_for(self.engine, self.session, case, published, self.by), task

    def _tell(self, step: steps.Step, task: Task, to: Account | None, *, role: str) -> None:
        handing.tell(step, task, to, held_by=self.person.name, because=self._because, role=role)

    @property
    def _because(self) -> Words:
        return Words(f"{self.person.name} 离职", f"{self.person.name} leaves")

    def _require_role(self, step: steps.Step, task: Task, to: Account) -> None:
        if not handing.may_have(step, task, to.id):
            self._refuse("held", "role", step=step.case.number)

    def _needed(self, kind: str, found: list[object]) -> Account | None:
        """The receiver; None for the roles' queue, which somebody has to choose."""
        if found and self.receivers.get(kind) is None:
            self._refuse(kind, "needed")
        return self._receiver(kind)

    def _receiver(self, kind: str) -> Account | None:
        chosen = self.receivers.get(kind)
        if not chosen:
            return None
        found = absences.people(self.session, [chosen]).get(chosen)
        if found is None or not found.active:
            self._refuse(kind, "gone")
        if chosen == self.person.id:
            self._refuse(kind, "self")
        return found

    def _refuse(self, kind: str, reason: str, **facts: object) -> None:
        raise Invalid("This cannot be handed over so.", field=kind, reason=reason, **facts)
