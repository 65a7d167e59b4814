"""Every ordered pair of verbs, on real cases: what the table of verbs says is what happens."""

from __future__ import annotations

import pytest

from engine import errors, tasks
from engine.domain.verbs import VERBS, refusal
from engine.errors import GuanjiaError
from tests.engine.between import CLERKS, NAMES, WAYS, Work, escalate, lacks
from tests.engine.world import World


def _expected(work: Work, name: str) -> tuple[str, str]:
    """Who does a verb, and the error that the table predicts ("" for none)."""
    verb = VERBS[name]
    state = work.state(verb)
    if refused := refusal(verb, state):
        if refused == "CaseNotActive" and verb.over == "task" and work.row.called_back:
            refused = "TaskCalledBack"
        # A clerk who does not have it; taking what one has is no error, and nothing.
        return work.others(("bo", "an"), work.login(work.row.assignee_id)), refused
    login = work.may(verb)
    if login is None and name == "claim":
        return work.others(CLERKS, work.login(work.row.assignee_id)), "TaskTaken"
    if login is None:
        return "guo", "Forbidden"
    return login, lacks(work, name)


def _do(work: Work, name: str) -> None:
    """Do a verb, and hold what happened against the table."""
    verb = VERBS[name]
    login, refused = _expected(work, name)
    state, before = work.state(verb), work.everything()
    if refused:
        with pytest.raises(GuanjiaError) as error:
            work.do(name, login)
        assert error.type is getattr(errors, refused), f"{name} by {login} in {state}"
        assert work.everything() == before, f"{name} by {login} in {state} changed something"
        return
    work.do(name, login)
    allowed = verb.moves[state]
    assert work.state(verb) in allowed, f"{name} in {state} led to {work.state(verb)}, not to {allowed}"


@pytest.mark.parametrize("first", NAMES)
def test_after_each_verb_each_other_does_what_the_table_says(world: World, first: str) -> None:
    states = [state for state in VERBS[first].moves if state != "ended"]
    for number, second in enumerate(NAMES):
        # Each state in which the first is lawful has its turn.
        work = _ready(world, first, states[number % len(states)])
        assert _expected(work, first)[1] == ""
        _do(work, first)
        work.later()
        _do(work, second)


def _ready(world: World, first: str, state: str) -> Work:
    """A case in which a verb can be done, in a state."""
    work = Work.begin(world)
    WAYS[state](work)
    if first == "claim" and state != "offered":
        escalate(work)
    if first == "remove_signer" and state in ("held", "given"):
        # Somebody who would sign after the holder can be taken off there.
        _add_after(work)
    assert work.state(VERBS[first]) == state
    return work


def _add_after(work: Work) -> None:
    holder = work.row.assignee_id
    by = next(actor for actor in work.world.people.values() if actor.id == holder)
    ding = work.world.people["ding"].id
    assert ding is not None
    tasks.add_signers(work.world.engine, work.task, by=by, people=[ding], place="after")
