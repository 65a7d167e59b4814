"""Whom rules choose: always one of those they may, and the same one each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.choosing import (
    QUEUE,
    ROLES,
    Known,
    Rule,
    RuleRefused,
    Source,
    choose,
    is_rule,
    parse_rules,
)
from engine.domain.choosing_words import because, explain
from engine.domain.views import Words

PEOPLE = st.integers(1, 9)
SOME = st.frozensets(PEOPLE, max_size=6)
SOURCES = st.sampled_from([ROLES, Source("starter"), Source("handler", "receive"), Source("field", "who")])
RULES = st.builds(
    Rule,
    SOURCES,
    st.lists(st.sampled_from(["on shift", "on shift today", "site"]), max_size=2, unique=True).map(tuple),
    st.sampled_from([None, "least loaded", "round robin"]),
)
KNOWN = st.builds(
    Known,
    people=st.dictionaries(SOURCES, SOME.map(sorted)),
    on_shift=SOME,
    on_shift_today=SOME,
    here=SOME,
    away=SOME,
    load=st.dictionaries(PEOPLE, st.integers(0, 5)),
    last=st.none() | PEOPLE,
)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        pytest.param("starter", [Rule(Source("starter"))], id="one source"),
        pytest.param("on shift, least loaded", [Rule(ROLES, ("on shift",), "least loaded")], id="combined"),
        pytest.param("当班，任务最少", [Rule(ROLES, ("on shift",), "least loaded")], id="in Chinese"),
        pytest.param(
            "handler:receive else round robin",
            [Rule(Source("handler", "receive")), Rule(ROLES, (), "round robin")],
            id="one after the other",
        ),
        pytest.param(
            "办理人：receive；轮流；待领",
            [Rule(Source("handler", "receive")), Rule(ROLES, (), "round robin"), Rule(QUEUE)],
            id="one after the other in Chinese",
        ),
        pytest.param(
            "manager of last handler", [Rule(Source("manager", whose=Source("last")))], id="a manager"
        ),
        pytest.param(
            "发起人的主管", [Rule(Source("manager", whose=Source("starter")))], id="a manager in Chinese"
        ),
        pytest.param(
            '(a if vip == "x; else" else b) else field:who, site',
            [
                Rule(Source("expression", 'a if vip == "x; else" else b')),
                Rule(Source("field", "who"), ("site",)),
            ],
            id="an expression keeps its own words",
        ),
    ],
)
def test_rules_are_read(text: str, rules: list[Rule]) -> None:
    assert list(parse_rules(text)) == rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("on duty tomorrow", "is no rule", id="unknown"),
        pytest.param("least loaded, on shift", "before what picks", id="picked too early"),
        pytest.param("starter, last handler", "a second source", id="two sources"),
        pytest.param("on shift, starter", "stand first", id="a source that comes late"),
        pytest.param("starter else", "is empty", id="nothing after else"),
        pytest.param("(starter", "no partner", id="an open bracket"),
        pytest.param("starter) else (x", "no partner", id="a closed one"),
        pytest.param("queue else starter", "never looked at", id="after the queue"),
        pytest.param("queue, least loaded", "stands alone", id="a queue with more"),
        pytest.param("manager of on shift", "is no rule", id="a manager of nobody"),
        pytest.param("manager of role", "a manager is of", id="a manager of a role"),
        pytest.param("x" * 501, "longer", id="too long"),
        pytest.param(" else ".join(["starter"] * 9), "more than", id="too many"),
    ],
)
def test_what_cannot_be_read_is_refused_in_both_languages(text: str, said: str) -> None:
    text = text + " " if text.endswith("else") else text
    with pytest.raises(RuleRefused, match=said) as refused:
        parse_rules(text)
    assert refused.value.zh


@given(st.text(alphabet="stareloadhndi:of,;()\"' 当班轮流，；", max_size=40))
def test_no_text_does_harm(text: str) -> None:
    is_rule(text)


def test_equals_go_to_the_one_who_was_here_first() -> None:
    known = Known(people={ROLES: [3, 1, 2]}, load={1: 2, 2: 1, 3: 1})
    assert choose([Rule(ROLES, (), "least loaded")], known).person == 2


@pytest.mark.parametrize(("last", "following"), [(None, 2), (2, 5), (3, 5), (5, 7), (7, 2), (9, 2)])
def test_a_turn_goes_round(last: int | None, following: int) -> None:
    known = Known(people={ROLES: [2, 5, 7]}, last=last)
    assert choose([Rule(ROLES, (), "round robin")], known).person == following


@given(st.lists(RULES, max_size=4), KNOWN)
def test_somebody_is_chosen_who_the_rule_gives_and_who_passes_its_filters(rules, known) -> None:
    chosen = choose(rules, known)
    assert chosen == choose(rules, known)
    if chosen.person is None:
        assert chosen.rule is None
        return
    assert chosen.person in known.people[chosen.rule.source]
    wanted = {"on shift": known.on_shift, "on shift today": known.on_shift_today, "site": known.here}
    assert all(chosen.person in wanted[kept] for kept in chosen.rule.filters)
    assert because(chosen).startswith("rule:")


@given(st.lists(RULES, max_size=4), KNOWN)
def test_who_is_away_is_chosen_only_when_nobody_else_can_be(rules, known) -> None:
    chosen = choose(rules, known)
    everybody_there = Known(**{**known.__dict__, "away": frozenset()})
    without = {
        source: [one for one in some if one not in known.away] for source, some in known.people.items()
    }
    of_those_there = choose(rules, Known(**{**everybody_there.__dict__, "people": without}))
    if of_those_there.person is not None:
        assert chosen.person == of_those_there.person
    elif chosen.person is not None:
        assert chosen.person in known.away


@given(st.lists(RULES, min_size=1, max_size=4), KNOWN)
def test_a_rule_more_changes_nothing_where_one_before_it_gave_somebody(rules, known) -> None:
    first = choose(rules[:-1], known)
    if first.person is not None and first.person not in known.away:
        assert choose(rules, known) == first


@given(st.lists(RULES, max_size=4), KNOWN)
def test_why_is_said_in_both_languages_with_figures(rules, known) -> None:
    chosen = choose(rules, known)
    names = {one: f"P{one}" for one in range(10)}
    why = explain(chosen, known, names, lambda node: Words(node, node))
    assert why["zh"].endswith("。")
    assert why["en"].endswith(".")
    assert [one["id"] for one in why["among"]] == list(chosen.among)
    if chosen.person is not None:
        assert f"P{chosen.person}" in why["zh"]
        assert f"P{chosen.person}" in why["en"]
