"""A task between people: handed over, prepared by somebody else, urged, signed, spoken about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import sqlalchemy as sa

from engine import cases, tasks
from engine.bundles import DIAGRAM, Bundle
from engine.domain.facts import SYSTEM, CaseId
from engine.errors import (
    CaseNotActive,
    Forbidden,
    Invalid,
    NotPossibleNow,
    ReasonMissing,
    TaskTaken,
    TooSoon,
)
from engine.procedures import publish
from engine.queries import case_view, counts, inbox, list_cases, task_view
from engine.store.models import Comment, Copy, Signer, Task
from tests.drawing import Drawing
from tests.engine.world import World


@pytest.fixture
def case(world: World) -> CaseId:
    """An errand whose work_a bo has taken."""
    found = world.errand()
    tasks.claim_task(world.engine, world.task(found, "work_a"), by=world.people["bo"])
    return found


def have(world: World, login: str) -> list[tuple[str, str]]:
    """(node, kind) of what is this person's own."""
    return world.inbox(f"u:{world.people[login].id}")


def do(world: World, verb: str, case: int, by: str, **more: Any) -> None:
    """A verb over work_a."""
    for key in ("to", "person"):
        if key in more:
            more[key] = world.people[more[key]].id
    if "people" in more:
        more["people"] = [world.people[login].id for login in more["people"]]
    getattr(tasks, verb)(world.engine, world.task(case, "work_a"), by=world.people[by], **more)


def row(world: World, case: int) -> Task:
    """The row of work_a."""
    (found,) = world.look(sa.select(Task).where(Task.case_id == case, Task.node == "work_a"))
    return found  # type: ignore[no-any-return]


# Handed over ---------------------------------------------------------------------------------


def test_a_task_that_is_handed_over_keeps_its_draft_and_its_deadline(world: World, case: CaseId) -> None:
    tasks.save_draft(world.engine, world.task(case, "work_a"), by=world.people["bo"], typed={"note": ["半"]})
    due = row(world, case).due_at
    world.clock.at = world.clock.at.replace(hour=3)
    do(world, "transfer_task", case, "bo", to="an", reason="我今天外出")
    assert (have(world, "bo"), have(world, "an")) == ([], [("work_a", "work")])
    assert row(world, case).draft == {"note": ["半"]}
    assert row(world, case).due_at == due
    (told,) = world.told(case, "task_transferred")
    assert (told.detail["to"], told.detail["reason"]) == ("an", "我今天外出")
    assert [kind for _at, kind in world.notices("an")][-1:] == ["transfer"]
    world.complete(case, "work_a", by="an")


def test_the_receiver_may_decline_and_it_is_the_givers_again(world: World, case: CaseId) -> None:
    do(world, "transfer_task", case, "bo", to="an", reason="外出")
    with pytest.raises(TaskTaken):
        do(world, "decline_task", case, "bo", reason="x") if False else world.complete(
            case, "work_a", by="bo"
        )
    do(world, "decline_task", case, "an", reason="我也不在")
    assert have(world, "bo") == [("work_a", "work")]
    with pytest.raises(NotPossibleNow):
        do(world, "decline_task", case, "bo", reason="x")
    # It was bo who took it: it can still be put back.
    do(world, "release_task", case, "bo")


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        pytest.param("fei", "role", id="who holds none of its roles"),
        pytest.param("guo", "role", id="who holds it at another site"),
        pytest.param("bo", "same", id="oneself"),
    ],
)
def test_a_task_is_handed_to_those_who_may_have_it(world: World, case: CaseId, to: str, reason: str) -> None:
    before = world.everything()
    with pytest.raises(Invalid) as refused:
        do(world, "transfer_task", case, "bo", to=to, reason="外出")
    assert refused.value.facts["reason"] == reason
    assert world.everything() == before


def test_giving_needs_a_reason_and_the_task(world: World, case: CaseId) -> None:
    for verb in ("transfer_task", "delegate_task"):
        with pytest.raises(ReasonMissing):
            do(world, verb, case, "bo", to="an", reason=" ")
        with pytest.raises(Forbidden):
            do(world, verb, case, "an", to="chen", reason="给我")
    do(world, "transfer_task", case, "bo", to="chen", reason="请主管办")
    assert have(world, "chen") == [("work_a", "work")]


def test_a_supervisor_gives_anybodys_task_to_anybody_of_the_site(world: World, case: CaseId) -> None:
    with pytest.raises(Forbidden):
        do(world, "reassign_task", case, "bo", to="fei", reason="x")
    with pytest.raises(Invalid):
        do(world, "reassign_task", case, "chen", to="guo", reason="x")
    do(world, "reassign_task", case, "chen", to="fei", reason="小波请假")
    assert (have(world, "bo"), have(world, "fei")) == ([], [("work_a", "work"), ("work_b", "work")][:1])
    with pytest.raises(NotPossibleNow):
        do(world, "decline_task", case, "fei", reason="x")
    world.complete(case, "work_a", by="fei")


# Prepared by somebody else -------------------------------------------------------------------


def test_what_a_delegate_typed_comes_back_as_a_draft(world: World, case: CaseId) -> None:
    do(world, "delegate_task", case, "bo", to="fei", reason="请核实")
    assert have(world, "fei")[0] == ("work_a", "work")
    with pytest.raises(NotPossibleNow):
        world.complete(case, "work_a", by="fei")
    with pytest.raises(TaskTaken):
        tasks.save_draft(world.engine, world.task(case, "work_a"), by=world.people["bo"], typed={})
    do(world, "hand_back_task", case, "fei", answers={"note": "已核实"}, opinion="属实")
    found = row(world, case)
    assert (found.draft, found.draft_by) == ({"note": "已核实"}, world.people["fei"].id)
    (told,) = world.told(case, "task_handed_back")
    assert told.detail == {"to": "bo", "note": "属实"}
    assert have(world, "bo") == [("work_a", "work")]
    world.complete(case, "work_a", by="bo")


def test_the_owner_takes_it_back_with_what_was_typed(world: World, case: CaseId) -> None:
    do(world, "delegate_task", case, "bo", to="an", reason="请核实")
    tasks.save_draft(world.engine, world.task(case, "work_a"), by=world.people["an"], typed={"note": "半"})
    with pytest.raises(Forbidden):
        do(world, "recall_task", case, "an")
    do(world, "recall_task", case, "bo")
    assert row(world, case).draft == {"note": "半"}
    assert (have(world, "an"), have(world, "bo")) == ([], [("work_a", "work")])


# Signed --------------------------------------------------------------------------------------


def test_before_the_holder_those_who_sign_decide(world: World, case: CaseId) -> None:
    do(world, "add_signers", case, "bo", people=["an", "chen"], place="before", rule="all")
    assert have(world, "an") == [("work_a", "sign")]
    with pytest.raises(NotPossibleNow) as refused:
        world.complete(case, "work_a", by="bo")
    assert refused.value.facts["state"] == "awaiting"
    do(world, "sign", case, "an")
    assert have(world, "an") == []
    with pytest.raises(Forbidden):
        do(world, "sign", case, "an")
    do(world, "sign", case, "chen", answer="disagree", opinion="材料不全")
    # It cannot be met any more: the holder decides what to do with that.
    (decided,) = world.told(case, "signers_decided")
    assert decided.detail["outcome"] == "refused"
    world.complete(case, "work_a", by="bo")


def test_one_after_another_each_when_it_is_their_turn(world: World, case: CaseId) -> None:
    do(world, "add_signers", case, "bo", people=["chen", "an"], place="beside", in_turn=True)
    assert (have(world, "chen"), have(world, "an")) == ([("work_a", "sign")], [])
    with pytest.raises(Forbidden):
        do(world, "sign", case, "an")
    tasks.save_draft(world.engine, world.task(case, "work_a"), by=world.people["bo"], typed={"note": "半"})
    do(world, "sign", case, "chen")
    assert (have(world, "chen"), have(world, "an")) == ([], [("work_a", "sign")])
    do(world, "sign", case, "an")
    world.complete(case, "work_a", by="bo")


def test_after_the_holder_the_case_goes_on_when_they_agree(world: World, case: CaseId) -> None:
    task = world.task(case, "work_a")
    do(world, "add_signers", case, "bo", people=["an", "chen"], place="after", rule="any")
    assert have(world, "an") == []
    following = world.complete(case, "work_a", by="bo", request_id="r1")
    assert following == world.complete(case, "work_a", by="bo", request_id="r1")
    assert (have(world, "bo"), have(world, "an")) == ([], [("work_a", "sign")])
    assert world.open(case) == ["work_a", "work_b"]
    do(world, "sign", case, "chen")
    assert world.open(case) == ["work_b"]
    assert (have(world, "an"), have(world, "chen")) == ([], [])
    (done,) = world.told(case, "completed")[1:]
    assert done.actor == "bo"
    # The same submission again, after all.
    assert tasks.complete_task(world.engine, task, by=world.people["bo"], answers={}, request_id="r1")


def test_a_refusal_brings_it_back_and_the_same_people_sign_the_next_time(world: World, case: CaseId) -> None:
    task = world.task(case, "work_a")
    do(world, "add_signers", case, "bo", people=["an", "chen"], place="after", rule="all")
    world.complete(case, "work_a", by="bo")
    do(world, "sign", case, "an")
    with pytest.raises(ReasonMissing):
        do(world, "sign", case, "chen", answer="disagree")
    do(world, "sign", case, "chen", answer="disagree", opinion="请重拍照片")
    assert have(world, "bo") == [("work_a", "work")]
    assert world.look(sa.select(Signer.opinion).where(Signer.answer == "disagree")) == ["请重拍照片"]
    world.complete(case, "work_a", by="bo")
    for login in ("an", "chen"):
        tasks.sign(world.engine, task, by=world.people[login])
    assert world.open(case) == ["work_b"]


def test_who_submitted_it_takes_it_back_before_they_decided(world: World, case: CaseId) -> None:
    do(world, "add_signers", case, "bo", people=["an", "chen"], place="after")
    world.complete(case, "work_a", by="bo")
    do(world, "sign", case, "an")
    with pytest.raises(Forbidden):
        do(world, "recall_task", case, "an")
    do(world, "recall_task", case, "bo")
    assert (have(world, "bo"), have(world, "chen")) == ([("work_a", "work")], [])
    do(world, "remove_signer", case, "bo", person="an")
    do(world, "remove_signer", case, "bo", person="chen")
    world.complete(case, "work_a", by="bo")
    assert world.open(case) == ["work_b"]


def test_taking_the_last_one_off_decides(world: World, case: CaseId) -> None:
    do(world, "add_signers", case, "bo", people=["an", "chen"], place="after")
    world.complete(case, "work_a", by="bo")
    do(world, "sign", case, "an")
    with pytest.raises(Invalid):
        do(world, "remove_signer", case, "bo", person="an")
    do(world, "remove_signer", case, "bo", person="chen", reason="出差")
    assert world.open(case) == ["work_b"]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"people": ["bo"]}, id="the holder"),
        pytest.param({"people": ["guo"]}, id="somebody of another site"),
        pytest.param({"people": []}, id="nobody"),
        pytest.param({"people": ["an"], "place": "above"}, id="no such place"),
        pytest.param({"people": ["an"], "rule": "count", "needed": 2}, id="more than there are"),
    ],
)
def test_signers_that_cannot_be(world: World, case: CaseId, more: dict[str, Any]) -> None:
    before = world.everything()
    with pytest.raises(Invalid):
        do(world, "add_signers", case, "bo", **more)
    assert world.everything() == before


def test_weights_decide_where_the_rule_says_so(world: World, case: CaseId) -> None:
    people = world.people
    weights = {people["chen"].id: 3, people["an"].id: 1}
    do(world, "add_signers", case, "bo", people=["an", "chen"], rule="weight", needed=3, weights=weights)
    do(world, "sign", case, "an", answer="disagree", opinion="不")
    do(world, "sign", case, "chen")
    (decided,) = world.told(case, "signers_decided")
    assert decided.detail["outcome"] == "agreed"


def test_a_signer_sees_the_case_and_finds_it_among_what_is_theirs(world: World, case: CaseId) -> None:
    guest = replace(world.people["fei"], roles=frozenset())
    with pytest.raises(Forbidden):
        case_view(world.engine, case, guest)
    do(world, "add_signers", case, "bo", people=["fei"])
    (line,) = inbox(world.engine, guest).rows
    assert (line.node, line.to_sign, counts(world.engine, guest).mine) == ("work_a", True, 1)
    assert task_view(world.engine, line.task_id, guest).may_complete is False
    do(world, "sign", case, "fei")
    assert inbox(world.engine, guest).rows == []
    assert case_view(world.engine, case, guest).number == line.case_number


# Urged ---------------------------------------------------------------------------------------


def test_urging_is_counted_not_too_often_and_ends_with_the_supervisor(world: World, case: CaseId) -> None:
    do(world, "urge_task", case, "an")
    assert world.notices("bo")[-1:] == [("11-02 09:30", "urge")]
    with pytest.raises(TooSoon) as refused:
        do(world, "urge_task", case, "an")
    assert refused.value.facts["until"] > world.clock.at
    do(world, "urge_task", case, "chen", note="客户在等{钥匙}")
    assert world.inbox("r:chief@hq") == []
    world.clock.at = refused.value.facts["until"]  # type: ignore[assignment]
    do(world, "urge_task", case, "an")
    assert row(world, case).urged == 3
    assert world.inbox("r:chief@hq") == [("work_a", "watch")]
    (line,) = [one for one in inbox(world.engine, world.people["bo"]).rows if one.node == "work_a"]
    assert line.urged == 3


def test_only_those_who_wait_may_urge(world: World, case: CaseId) -> None:
    with pytest.raises(Forbidden):
        do(world, "urge_task", case, "fei")
    tasks.copy_case(world.engine, case, by=world.people["an"], people=[world.people["fei"].id])
    do(world, "urge_task", case, "fei")


# Spoken about --------------------------------------------------------------------------------


def test_who_has_a_copy_sees_the_case_and_reads_it_once(world: World, case: CaseId) -> None:
    guest = replace(world.people["fei"], roles=frozenset())
    with pytest.raises(Forbidden):
        tasks.copy_case(world.engine, case, by=guest, people=[world.people["an"].id])
    for _ in range(2):
        tasks.copy_case(world.engine, case, by=world.people["an"], people=[guest.id], note="请知悉")  # type: ignore[list-item]
    assert len(world.look(sa.select(Copy.id))) == 1
    assert case_view(world.engine, case, guest).number
    assert [one.case_id for one in list_cases(world.engine, guest).rows] == [case]
    assert tasks.mark_copy_read(world.engine, case, by=guest)
    assert not tasks.mark_copy_read(world.engine, case, by=guest)


def test_a_comment_tells_those_it_names(world: World, case: CaseId) -> None:
    fei = world.people["fei"]
    tasks.comment_case(
        world.engine,
        case,
        by=world.people["an"],
        text="请看一下",
        mentions=[fei.id],  # type: ignore[list-item]
    )
    assert world.notices("fei")[-1][1] == "mention"
    assert world.look(sa.select(Comment.text)) == ["请看一下"]
    assert case_view(world.engine, case, replace(fei, roles=frozenset())).number
    for text in ("", " ", "长" * 2001):
        with pytest.raises(Invalid):
            tasks.comment_case(world.engine, case, by=world.people["an"], text=text)


def test_only_people_near_a_case_speak_to_its_customer(world: World, case: CaseId) -> None:
    guest = replace(world.people["fei"], roles=frozenset())
    tasks.copy_case(world.engine, case, by=world.people["an"], people=[guest.id])  # type: ignore[list-item]
    with pytest.raises(Forbidden):
        tasks.comment_case(world.engine, case, by=guest, text="您好", is_public=True)
    tasks.comment_case(world.engine, case, by=world.people["an"], text="您好", is_public=True)
    assert len(world.told(case, "customer_told")) == 1


def test_how_urgent_a_case_is(world: World, case: CaseId) -> None:
    with pytest.raises(Forbidden):
        tasks.set_priority(world.engine, case, by=world.people["guo"], priority="urgent", reason="x")
    with pytest.raises(Invalid):
        tasks.set_priority(world.engine, case, by=world.people["an"], priority="asap", reason="x")
    tasks.set_priority(world.engine, case, by=world.people["bo"], priority="urgent", reason="领导关注")
    assert world.case(case).priority == "urgent"
    (told,) = world.told(case, "prioritised")
    assert told.detail == {"before": "normal", "priority": "urgent", "reason": "领导关注"}


# Left alone ----------------------------------------------------------------------------------


def test_a_task_that_lies_idle_goes_back(world: World) -> None:
    world.engine = replace(world.engine, settings=replace(world.settings, idle_hours=4.0))
    case, bo = world.errand(), world.people["bo"]
    task = world.task(case, "work_a")
    tasks.claim_task(world.engine, task, by=bo)
    world.clock.at = world.clock.at.replace(hour=2)
    tasks.save_draft(world.engine, task, by=bo, typed={"note": "半"})
    idle = [due for kind, _node, due in world.jobs(case) if kind == "idle"]
    assert idle == ["11-02 15:00"]
    world.move("2026-11-02 15:00")
    assert have(world, "bo") == [("work_a", "work")]
    assert [due for kind, _node, due in world.jobs(case) if kind == "idle"] == ["11-02 16:00"]
    world.move("2026-11-02 16:00")
    assert (have(world, "bo"), world.inbox("r:clerk@hq")) == ([], [("work_a", "work")])
    assert row(world, case).draft == {"note": "半"}
    assert world.notices("bo")[-1][1] == "released"
    (released,) = world.told(case, "task_released")
    assert (released.actor, released.detail) == ("system", {"idle": True})
    # Taken again in the same minute, and done: nothing is left of it.
    tasks.claim_task(world.engine, task, by=bo)
    world.complete(case, "work_a", by="bo")
    assert [kind for kind, _node, _due in world.jobs(case) if kind == "idle"] == []


def test_nothing_is_looked_after_where_the_setting_is_off(world: World, case: CaseId) -> None:
    assert "idle" not in {kind for kind, _node, _due in world.jobs(case)}


def test_a_held_case_lets_nobody_act(world: World, case: CaseId) -> None:
    cases.suspend_case(world.engine, case, by=world.people["chen"], reason="等")
    for verb, more in (
        ("transfer_task", {"to": "an", "reason": "x"}),
        ("add_signers", {"people": ["an"]}),
        ("urge_task", {}),
    ):
        with pytest.raises(CaseNotActive):
            do(world, verb, case, "bo", **more)
    cases.resume_case(world.engine, case, by=world.people["chen"])


# Drawn ---------------------------------------------------------------------------------------


def drawn(world: World, signers: str, rule: str) -> CaseId:
    """A case at a step that people sign together, after which a gateway asks what they decided."""
    text = 's:start -> j:user("clerk") -> g:xor -[agreed]-> yes:user -> e:end\ng -*-> no:user -> e'
    xml = Drawing(text, process="jointly", starters="clerk").xml().decode()
    before = xml.index("<spiffworkflow:property", xml.index('id="j"'))
    written = {"signers": signers, "sign_rule": rule}
    properties = "".join(
        f"<spiffworkflow:property name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in written.items()
    )
    files = {DIAGRAM: xml[:before] + properties + xml[before:]}
    publish(world.engine, Bundle("jointly", files), by=SYSTEM)
    return world.start("jointly")


@pytest.mark.parametrize(
    ("signers", "rule", "answers", "leads_to"),
    [
        pytest.param('["chief", "director"]', "all", {"chen": "+", "ding": "+"}, "yes", id="all"),
        pytest.param('["chief", "director"]', "all", {"chen": "-"}, "no", id="one is against"),
        pytest.param('"clerk"', "any", {"an": "-", "bo": "+"}, "yes", id="any of a role"),
        pytest.param('["clerk", "chief"]', "60%", {"an": "+", "bo": "+"}, "yes", id="two of three"),
        pytest.param('{"chief": 3, "clerk": 1}', "weight 3", {"an": "-", "chen": "+"}, "yes", id="by weight"),
        pytest.param("case.starter", "1", {"an": "+"}, "yes", id="a person"),
        pytest.param("[]", "all", {"chen": "-"}, "no", id="nobody: the role above does"),
    ],
)
def test_what_people_sign_together_is_complete_when_they_have_decided(
    world: World, signers: str, rule: str, answers: dict[str, str], leads_to: str
) -> None:
    case = drawn(world, signers, rule)
    task = world.task(case, "j")
    assert world.inbox("r:clerk@hq") == []
    for login, answer in answers.items():
        assert ("j", "sign") in have(world, login)
        said = {"answer": "agree"} if answer == "+" else {"answer": "disagree", "opinion": "不行"}
        tasks.sign(world.engine, task, by=world.people[login], **said)
    assert world.open(case) == [leads_to]
    data = world.case(case).data
    assert data["agreed"] == (leads_to == "yes")
    said = {vote["name"]: vote["answer"] for vote in data["votes"] if vote["answer"]}
    assert said == {login: "agree" if one == "+" else "disagree" for login, one in answers.items()}


def test_nobody_holds_what_is_signed_together(world: World) -> None:
    case = drawn(world, '["chief", "director"]', "all")
    task, an, chen = world.task(case, "j"), world.people["an"], world.people["chen"]
    for verb in (tasks.complete_task, tasks.save_draft):
        more = {"answers": {}} if verb is tasks.complete_task else {"typed": {}}
        with pytest.raises(NotPossibleNow):
            verb(world.engine, task, by=an, **more)  # type: ignore[operator]
    with pytest.raises(Forbidden):
        tasks.recall_task(world.engine, task, by=an)
    # Whoever is away for long need not sign: a supervisor says so.
    with pytest.raises(Forbidden):
        tasks.remove_signer(world.engine, task, by=an, person=world.people["ding"].id)  # type: ignore[arg-type]
    above = replace(chen, admin=True)
    tasks.remove_signer(world.engine, task, by=above, person=world.people["ding"].id)  # type: ignore[arg-type]
    tasks.sign(world.engine, task, by=chen)
    assert world.open(case) == ["yes"]
