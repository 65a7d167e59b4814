"""When those who sign have decided: as soon as it is certain, and the same whoever answers first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.signing import Vote, checked, decided, parse_rule
from engine.errors import Invalid


@pytest.mark.parametrize(
    ("rule", "needed", "answers", "outcome"),
    [
        pytest.param("all", None, "++", "agreed", id="all agree"),
        pytest.param("all", None, "+.", None, id="one is still to say"),
        pytest.param("all", None, "-.", "refused", id="one against ends it"),
        pytest.param("any", None, "-+.", "agreed", id="one is enough"),
        pytest.param("any", None, "--", "refused", id="nobody agrees"),
        pytest.param("count", 2, "+-.", None, id="the last decides"),
        pytest.param("count", 2, "+-+", "agreed", id="two of three"),
        pytest.param("count", 2, "--.", "refused", id="two cannot be reached any more"),
        pytest.param("share", 60, "++.", "agreed", id="60 % of three are two"),
        pytest.param("share", 60, "+--", "refused", id="a third is not 60 %"),
        pytest.param("count", 3, "++", "agreed", id="never more than there are"),
        pytest.param("all", None, "", "agreed", id="nobody is left to be asked"),
    ],
)
def test_signers_decide(rule: str, needed: int | None, answers: str, outcome: str | None) -> None:
    said = {"+": "agree", "-": "disagree", ".": None}
    assert decided(rule, needed, [Vote(said[one]) for one in answers]) == outcome


def test_weights_count_only_where_the_rule_says_so() -> None:
    heavy, light = Vote("agree", 3), Vote("disagree", 1)
    assert decided("weight", 3, [heavy, light]) == "agreed"
    assert decided("weight", 4, [heavy, light]) == "refused"
    assert decided("all", None, [heavy, light]) == "refused"


_rules = st.one_of(
    st.tuples(st.sampled_from(["all", "any"]), st.none()),
    st.tuples(st.sampled_from(["count", "weight"]), st.integers(1, 12)),
    st.tuples(st.just("share"), st.integers(1, 100)),
)
_votes = st.lists(
    st.builds(Vote, st.sampled_from(["agree", "disagree", None]), st.integers(1, 4)), max_size=6
)


@given(_rules, _votes, st.randoms())
def test_the_order_does_not_matter_and_a_decision_stands(rule, votes, random) -> None:  # type: ignore[no-untyped-def]
    kind, needed = rule
    outcome = decided(kind, needed, votes)
    shuffled = list(votes)
    random.shuffle(shuffled)
    assert decided(kind, needed, shuffled) == outcome
    if outcome is not None:
        for answer in ("agree", "disagree"):
            later = [Vote(vote.answer or answer, vote.weight) for vote in votes]
            assert decided(kind, needed, later) == outcome
    elif votes:
        assert decided(kind, needed, [Vote(v.answer or "agree", v.weight) for v in votes]) == "agreed"
        assert decided(kind, needed, [Vote(v.answer or "disagree", v.weight) for v in votes]) == "refused"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("all", ("all", None)),
        (" ANY ", ("any", None)),
        ("2", ("count", 2)),
        ("60%", ("share", 60)),
        ("weight  5", ("weight", 5)),
    ],
)
def test_a_drawing_writes_rules(text: str, rule: tuple[str, int | None]) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize("text", ["", "most", "0", "101%", "weight", "weight 60%", "2 of 3", "-1"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_rule(text)


def test_a_rule_that_cannot_be_met_is_refused() -> None:
    for rule, needed, weights in (
        ("count", 3, [1, 1]),
        ("weight", 4, [1, 2]),
        ("share", 0, [1]),
        ("x", 1, [1]),
    ):
        with pytest.raises(Invalid):
            checked(rule, needed, weights)
    with pytest.raises(Invalid):
        checked("weight", 1, [0, 2])
