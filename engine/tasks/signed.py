"""What becomes of a task while people sign it: submitted, decided, brought back, completed."""

from __future__ import annotations

from typing import Any

from engine.domain.facts import Actor, Data, UserId
from engine.domain.signing import Vote, decided
from engine.errors import Forbidden
from engine.store import between, rows
from engine.store.models import Signer, Task
from engine.tasks.finishing import finish
from engine.tasks.opening import Hold, name_of

#: Where signers stand while the task is with its holder, and when only they are awaited.
BESIDE_HOLDER, AWAITED = ("before", "beside"), ("after", "drawn")


def waits_for_signers(task: Task) -> bool:
    """Say whether completing the task puts it before signers first."""
    return bool(task.signing and "after" in task.signing)


def request_of(task: Task) -> str | None:
    """The submission that put the task before its signers."""
    submitted = (task.signing or {}).get("submitted") if task.status == "open" else None
    return submitted["request"] if submitted else None


def places(task: Task) -> tuple[str, ...]:
    """Where people may sign now."""
    signing = task.signing or {}
    asked = AWAITED if signing.get("submitted") or signing.get("drawn") else BESIDE_HOLDER
    return tuple(place for place in asked if place in signing and signing[place].get("outcome") is None)


def submit(hold: Hold, answers: Data, draft: Data, request_id: str | None) -> None:
    """Put what the holder answered before those who sign after them."""
    actor = hold.step.actor
    submitted = {"answers": answers, "by": actor.id, "name": actor.name, "request": request_id}
    signing = {**(hold.task.signing or {}), "submitted": submitted}
    hold.change(signing=signing, assignee_id=actor.id, draft=draft, draft_at=hold.step.now, draft_by=actor.id)
    hold.note("task_submitted", answers=answers)
    ask(hold)


def ask(hold: Hold) -> None:
    """Tell those whose turn it is to sign."""
    found = between.signers(hold.step.session, hold.task.id)
    people = [one.account_id for place in places(hold.task) for one in between.in_turn(found, place)]
    hold.tell(people, "sign", "请您签署“{step}”（{case}）", "Please sign “{step}” ({case})")


def settle(hold: Hold) -> bool:
    """Write what the signers have decided by now; True when that completed the task."""
    task, signing = hold.task, dict(hold.task.signing or {})
    found = between.signers(hold.step.session, task.id)
    for place in places(task):
        theirs = [one for one in found if one.place == place]
        rule = signing[place]
        outcome = decided(rule["rule"], rule["needed"], [Vote(one.answer, one.weight) for one in theirs])
        if outcome is None:
            continue
        signing[place] = {**rule, "outcome": outcome}
        for one in theirs:
            if one.answer is None:
                one.removed_at = hold.step.now
        hold.note("signers_decided", outcome=outcome, place=place)
        if place in AWAITED:
            return _decided(hold, signing, outcome, theirs)
        if not theirs:
            del signing[place]
        hold.tell([task.assignee_id], "signed", "“{step}”会签已有结果", "“{step}” has been signed")
    if not any(one.place == "after" for one in found):
        signing.pop("after", None)
    hold.change(signing=signing or None)
    ask(hold)
    return False


def take_back(hold: Hold, by: Actor) -> None:
    """Give a submitted task back to who submitted it; its signers are asked anew the next time."""
    submitted = (hold.task.signing or {}).get("submitted")
    if submitted is None or submitted["by"] != by.id:
        raise Forbidden(task=hold.task.id)
    _return(hold, dict(hold.task.signing or {}))


def _decided(hold: Hold, signing: dict[str, Any], outcome: str, signers: list[Signer]) -> bool:
    """Complete the task, or bring it back to its holder when those after them do not agree."""
    step, task = hold.step, hold.task
    if "drawn" in signing:
        rows.update(step.session, task, signing=signing)
        votes = [
            {"who": one.account_id, "name": name_of(step, one.account_id), "answer": one.answer}
            | {"weight": one.weight}
            for one in signers
        ]
        finish(step, task, {"agreed": outcome == "agreed", "votes": votes})
        return True
    submitted = signing["submitted"]
    if outcome == "refused":
        _return(hold, signing)
        hold.tell([submitted["by"]], "signed", "“{step}”会签未通过，已退回给您", "“{step}” was not agreed to")
        return False
    rows.update(step.session, task, signing=signing)
    # The one who did the work completed it; whoever signed last is in the history as a signer.
    step.actor = Actor(UserId(submitted["by"]), submitted["name"])
    finish(step, task, submitted["answers"], request_id=submitted["request"])
    return True


def _return(hold: Hold, signing: dict[str, Any]) -> None:
    """Back to the holder; what was said stays readable, and the same people are to sign again."""
    session, now = hold.step.session, hold.step.now
    for one in between.signers(session, hold.task.id, everybody=True):
        # Those who were not needed any more in this round are asked again too.
        if one.place != "after" or (one.removed_at is not None and one.removed_at != now):
            continue
        if one.answer is None:
            one.removed_at = None
            continue
        one.removed_at = now
        again = Signer(
            task_id=one.task_id,
            account_id=one.account_id,
            place=one.place,
            seq=one.seq,
            weight=one.weight,
            added_by=one.added_by,
            added_at=now,
        )
        session.add(again)
    session.flush()
    signing.pop("submitted")
    signing["after"] = {**signing["after"], "outcome": None}
    hold.change(signing=signing)
