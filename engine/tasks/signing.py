"""Let people sign a task before, beside or after its holder; take them off; sign (加签, 减签, 会签)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.cases import is_supervisor
from engine.domain import signing
from engine.domain.assignment import signs_for
from engine.domain.facts import Actor, TaskId, UserId
from engine.errors import Forbidden, Invalid
from engine.retrying import again_when_changed
from engine.store import between
from engine.store.models import Account, Signer
from engine.tasks import signed
from engine.tasks.guards import require_holder, require_reason
from engine.tasks.opening import Hold, colleagues, held, name_of
from engine.wiring import Engine

#: People who sign one task at most.
MOST = 50


@again_when_changed
def add_signers(
    engine: Engine,
    task_id: TaskId,
    *,
    by: Actor,
    people: Sequence[UserId],
    place: str = "before",
    rule: str = "all",
    needed: int | None = None,
    weights: Mapping[UserId, int] | None = None,
    in_turn: bool = False,
    reason: str = "",
) -> None:
    """Let colleagues of the site sign my task (加签).

    ``before``: I cannot complete it until they decided; ``beside``: the same, while I work on it;
    ``after``: once I completed it they decide whether the case goes on, or whether it comes back to me.
    ``rule``: ``all`` of them (会签), ``any`` (或签), ``count`` or ``share`` (per cent) of them, or ``weight``
    (票签); it counts for everybody of the place. ``in_turn`` asks one after another. Raises
    :class:`Invalid`, :class:`Forbidden`, :class:`NotPossibleNow`.
    """
    if place not in signing.PLACES:
        raise Invalid("There is no such place to sign.", field="place", place=place)
    with held(engine, task_id, by=by, verb="add_signers") as hold:
        require_holder(hold.step.case, hold.task, by)
        step, found = hold.step, between.signers(hold.step.session, hold.task.id)
        there = [one for one in found if one.place == place]
        chosen = colleagues(step, people)
        _require_new(chosen, there, hold.task.assignee_id)
        if len(found) + len(chosen) > MOST:
            raise Invalid("So many people cannot sign.", field="people", most=MOST)
        given = weights or {}
        weight_of = {one.id: given.get(UserId(one.id), 1) for one in chosen}
        counted = [*(one.weight for one in there), *weight_of.values()]
        decides = signing.checked(rule, needed, counted)
        first = max((one.seq for one in there), default=0) + 1 if in_turn else _open_turn(there)
        step.session.add_all(
            Signer(
                task_id=hold.task.id,
                account_id=person.id,
                place=place,
                seq=first + (number if in_turn else 0),
                weight=weight_of[person.id],
                added_by=by.id,
                added_at=step.now,
            )
            for number, person in enumerate(chosen)
        )
        step.session.flush()
        rules = {**(hold.task.signing or {}), place: {**decides, "outcome": None}}
        hold.change(signing=rules)
        names = "、".join(person.name for person in chosen)
        hold.note(
            "signers_added", people=names, place=place, rule=decides["rule"], reason=reason.strip()[:500]
        )
        if place != "after":
            signed.ask(hold)


@again_when_changed
def remove_signer(engine: Engine, task_id: TaskId, *, by: Actor, person: UserId, reason: str = "") -> None:
    """Take somebody off who has not signed yet (减签); what the others said may decide then.

    Raises :class:`Invalid` when they signed already, or do not sign it.
    """
    with held(engine, task_id, by=by, verb="remove_signer") as hold:
        step = hold.step
        if hold.task.assignee_id != by.id and not is_supervisor(step.engine, step.case, step.published, by):
            raise Forbidden(task=task_id)
        waiting = [
            one
            for one in between.signers(step.session, hold.task.id)
            if one.account_id == person and one.answer is None
        ]
        if not waiting:
            raise Invalid("This person is not to sign any more.", field="person", reason="signed")
        for one in waiting:
            one.removed_at = step.now
        step.session.flush()
        hold.note("signer_removed", people=name_of(step, person), reason=reason.strip()[:500])
        done = signed.settle(hold)
    if done:
        engine.dispatcher.wake()


@again_when_changed
def sign(engine: Engine, task_id: TaskId, *, by: Actor, answer: str = "agree", opinion: str = "") -> None:
    """Say whether I agree, when it is my turn to sign (签署); a disagreement needs an opinion.

    When that decides, the holder goes on, or the case does.
    """
    if answer not in signing.ANSWERS:
        raise Invalid("One agrees or disagrees.", field="answer", answer=answer)
    said = require_reason(opinion) if answer == "disagree" else opinion.strip()[:500]
    with held(engine, task_id, by=by, verb="sign") as hold:
        mine = _turn_of(hold, by)
        mine.answer, mine.opinion = answer, said
        mine.answered_at, mine.answered_by = hold.step.now, by.id
        hold.step.session.flush()
        hold.note("signed", answer=answer, note=said)
        done = signed.settle(hold)
    if done:
        engine.dispatcher.wake()


def _turn_of(hold: Hold, by: Actor) -> Signer:
    """The turn of this person, the own one first, else of somebody who is away and for whom they sign."""
    found = between.signers(hold.step.session, hold.task.id)
    waiting = [one for place in signed.places(hold.task) for one in between.in_turn(found, place)]
    hold.step.acts_for = ""
    if own := next((one for one in waiting if one.account_id == by.id), None):
        return own
    procedure, doer = hold.step.case.procedure, signing.doer(hold.task.signing, hold.task.assignee_id)
    for one in waiting:
        if away := signs_for(by, one.account_id, doer=doer, procedure=procedure):
            hold.step.acts_for = away.name
            return one
    raise Forbidden(task=hold.task.id)


def _require_new(chosen: Sequence[Account], there: Sequence[Signer], holder: int | None) -> None:
    ids = {one.id for one in chosen}
    if holder in ids:
        raise Invalid("Whoever has the task does not sign it.", field="people", reason="self")
    if ids & {one.account_id for one in there}:
        raise Invalid("This person signs it already.", field="people", reason="same")


def _open_turn(there: Sequence[Signer]) -> int:
    """The turn that is open: who comes at once signs together with those."""
    return min((one.seq for one in there if one.answer is None), default=1)
