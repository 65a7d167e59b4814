"""Several people do verbs over one task in any order; what must hold, holds after each."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from engine import jobs
from engine.domain.verbs import VERBS, refusal
from engine.errors import Forbidden, GuanjiaError
from engine.queries import case_view, task_view
from engine.store.models import Job, Task
from engine.wiring import Engine
from tests.engine import invariants
from tests.engine.between import COLLEAGUES, NAMES, Work
from tests.engine.world import World

#: Ending the case ends the story: seldom.
COMMON = [name for name in NAMES if name not in ("cancel", "suspend", "withdraw")] * 2 + NAMES


class Between(RuleBasedStateMachine):
    """Verbs over one task by whoever, lawful or not, and time that passes."""

    worlds: tuple[World, Engine]

    def __init__(self) -> None:
        super().__init__()
        world, engine = self.worlds
        world.again("filled", engine)
        self.work = Work.begin(world)
        #: What was typed last and not sent.
        self.typed: object = None

    @rule(name=st.sampled_from(COMMON), login=st.sampled_from(COLLEAGUES), lawful=st.booleans())
    def verb(self, name: str, login: str, lawful: bool) -> None:
        """Do a verb as somebody who may, or as anybody."""
        verb = VERBS[name]
        state = self.work.state(verb)
        who = (self.work.may(verb) if lawful else None) or login
        before = self.work.everything()
        try:
            self.work.do(name, who)
        except GuanjiaError:
            assert self.work.everything() == before, f"{name} by {who} in {state} changed something"
            return
        claims_again = name == "claim" and self.work.login(self.work.row.assignee_id) == who
        assert claims_again or not refusal(verb, state), f"{name} by {who} in {state}"
        if name in ("draft", "hand_back"):
            self.typed = self.work.row.draft

    @rule(minutes=st.sampled_from([5, 31, 8 * 60]))
    def time_passes(self, minutes: int) -> None:
        """Let the clock go on; what is due is done."""
        self.work.world.clock.at += timedelta(minutes=minutes)
        jobs.run_due(self.work.world.engine)

    @invariant()
    def nothing_is_broken(self) -> None:
        """The projections are what the state says, inboxes have what they must and nothing else."""
        assert invariants.broken(self.work.world.engine) == []

    @invariant()
    def no_draft_is_lost(self) -> None:
        """What was typed is there until the task is over."""
        task = self.work.row
        if task.status == "open" and self.typed is not None:
            assert task.draft is not None

    @invariant()
    def each_timed_step_has_one_timer(self) -> None:
        """One timer is armed for the reminder beside the task while it is open."""
        armed = self.work.world.look(
            sa.select(sa.func.count()).where(
                Job.case_id == self.work.case,
                Job.kind == "timer",
                Job.node == "nag_due",
                Job.status == "armed",
            )
        )
        opened = self.work.world.look(
            sa.select(sa.func.count()).where(
                Task.case_id == self.work.case, Task.node == "work_a", Task.status == "open"
            )
        )
        assert armed == opened

    @invariant()
    def nobody_sees_what_they_may_not(self) -> None:
        """A stranger sees nothing, and what is half typed only whoever may go on with it."""
        world, work = self.work.world, self.work
        with pytest.raises(Forbidden):
            case_view(world.engine, work.case, world.people["guo"])
        for login in COLLEAGUES:
            seen = task_view(world.engine, work.task, world.people[login])
            assert seen.draft is None or seen.may_complete or seen.may_draft


def test_verbs_in_any_order(worlds: tuple[World, Engine]) -> None:
    Between.worlds = worlds
    run_state_machine_as_test(
        Between,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
