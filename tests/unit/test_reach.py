"""How and when people are told: never before it happened, never in their quiet hours unless it is urgent."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.letters import KINDS, LANGUAGES, parse_letters
from engine.domain.reach import EVENTS, HOWS, Quiet, Reach, check_address, make_reach, next_at, read_reach
from engine.domain.robots import parse_robots
from engine.errors import Invalid, Misconfigured

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = st.sampled_from([SHANGHAI, ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("UTC")])
#: Hours of two years, and those of the nights in which clocks change.
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.one_of(
    st.floats(0, 2 * 365 * 24), *(st.floats(24 * day, 24 * (day + 2)) for day in (65, 86, 296, 303))
)
MOMENTS = HOURS.map(lambda hours: BEGINNING + timedelta(hours=hours))
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
QUIETS = st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Quiet(*pair))
REACHES = st.builds(
    Reach,
    events=st.dictionaries(st.sampled_from(list(EVENTS)), st.sampled_from(HOWS)),
    quiet=st.none() | QUIETS,
    digest_at=CLOCKS,
)
EVENT = st.sampled_from(list(EVENTS))
#: A day, and an hour that a clock may have twice.
LONGEST = timedelta(days=1, hours=1)


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


@given(REACHES, EVENT, MOMENTS, ZONES)
def test_nobody_is_told_early_or_in_quiet_hours(
    reach: Reach, event: str, now: datetime, zone: ZoneInfo
) -> None:
    moment = reach.when(event, now, zone)
    assert (moment is None) == (reach.how(event) == "none")
    if moment is not None:
        assert moment >= now
        assert moment - now <= 2 * LONGEST
        assert reach.quiet is None or not reach.quiet.holds(moment.astimezone(zone).time())
        assert reach.awake(moment, zone) == moment


@given(REACHES, EVENT, MOMENTS, ZONES)
def test_what_is_urgent_does_not_wait(reach: Reach, event: str, now: datetime, zone: ZoneInfo) -> None:
    assert reach.when(event, now, zone, urgent=True) == (None if reach.how(event) == "none" else now)


@given(QUIETS, MOMENTS, MOMENTS, ZONES)
def test_quiet_hours_keep_the_order(quiet: Quiet, one: datetime, other: datetime, zone: ZoneInfo) -> None:
    first, second = sorted((one, other))
    assert quiet.after(first, zone) <= quiet.after(second, zone)


@given(CLOCKS, MOMENTS, ZONES)
def test_a_time_of_day_comes_within_a_day(clock: time, moment: datetime, zone: ZoneInfo) -> None:
    assert moment < next_at(clock, moment, zone) <= moment + LONGEST


@given(REACHES)
def test_wishes_are_kept_as_they_were(reach: Reach) -> None:
    assert read_reach(reach.kept()) == reach


@pytest.mark.parametrize(
    ("event", "now", "leaves"),
    [
        pytest.param("task", "2026-11-02 09:30", "2026-11-02 09:30", id="by day"),
        pytest.param("task", "2026-11-02 22:00", "2026-11-03 07:00", id="as the night begins"),
        pytest.param("task", "2026-11-03 06:59", "2026-11-03 07:00", id="before dawn"),
        pytest.param("copy", "2026-11-02 09:30", "2026-11-03 08:30", id="in the digest"),
        pytest.param("copy", "2026-11-03 08:30", "2026-11-04 08:30", id="as the digest leaves"),
    ],
)
def test_somebody_who_never_said_anything_sleeps_from_ten_to_seven(event: str, now: str, leaves: str) -> None:
    assert Reach().when(event, at(now), SHANGHAI) == at(leaves)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"begins": "22:00", "ends": ""}, "quiet_until"),
        ({"begins": "24:00", "ends": "07:00"}, "quiet_from"),
        ({"begins": "07:00", "ends": "07:00"}, "quiet_until"),
        ({"digest_at": "8"}, "digest_at"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"events": {"task": "loudly"}}, "task"),
        ({"events": {"birthday": "now"}}, "birthday"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_its_field(wrong: dict[str, str], field: str) -> None:
    right = {"events": {}, "begins": "", "ends": "", "digest_at": "08:30"}
    with pytest.raises(Invalid) as refused:
        make_reach(**{**right, **wrong})  # type: ignore[arg-type]
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    "text", ["a", "a@b", "a@b.c d", "a@b.c\nBcc: x@y.z", "李@例子.公司", "<a@b.c>", "a@b.c,d@e.f"]
)
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        check_address(text)


# Words and robots ----------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "bpmn"


def test_every_event_has_words_in_both_languages() -> None:
    letters = parse_letters(tomllib.loads((SHIPPED / "messages.toml").read_text("utf-8")))
    for event in set(KINDS) - {"customer"}:
        for language in LANGUAGES:
            letter = letters.write(event, language, {"text": "说了什么", "case_no": "C-1", "name": "李娜"})
            assert letter.subject
            assert letter.body
            assert "{" not in letter.subject + letter.body
            # A line that only held a link is not there.
            assert not letter.body.endswith("\n")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[task]\nsubject_zh = "a"', "body_zh: is missing"),
        ('[birthday]\nsubject_zh = "a"', "is no event"),
        ('[task]\nsubject_zh = "{password}"\nbody_zh = "b"\nsubject_en = "c"\nbody_en = "d"', "{password}"),
    ],
)
def test_words_that_are_not_right_are_refused(toml: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said.replace("{", r"\{")):
        parse_letters(tomllib.loads(toml))


ROBOT = {
    "kind": "wecom",
    "zh": "群",
    "en": "group",
    "address_from": "DESK_ROBOT",
    "roles": ["clerk"],
    "sites": ["hq"],
}


def robots(**changes: object) -> dict[str, object]:
    environ = {"DESK_ROBOT": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret"}
    toml = {"robots": {"desk": {**ROBOT, **changes}}}
    return dict(parse_robots(toml, roles=["clerk", "chief"], sites=["hq", "branch"], environ=environ))


@pytest.mark.parametrize(
    ("event", "roles", "site", "hears"),
    [
        ("escalation", ["clerk"], "hq", True),
        ("escalation", ["chief"], "hq", False),
        ("escalation", ["clerk"], "branch", False),
        ("task", ["clerk"], "hq", False),
    ],
)
def test_a_group_hears_its_roles_at_its_sites(event: str, roles: list[str], site: str, hears: bool) -> None:
    desk = robots()["desk"]
    assert desk.hears(event, roles, site) is hears  # type: ignore[attr-defined]
    silent = robots(address_from="NOBODY_SET_THIS")["desk"]
    assert silent.hears("escalation", ["clerk"], "hq") is False  # type: ignore[attr-defined]
    assert "secret" not in repr(desk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "icq"},
        {"roles": []},
        {"roles": ["king"]},
        {"events": ["birthday"]},
        {"quiet": "night"},
        {"key": "x"},
    ],
)
def test_a_robot_that_is_not_right_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match=r"channels\.toml"):
        robots(**wrong)
