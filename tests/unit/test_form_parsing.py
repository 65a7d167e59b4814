from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from forms.definition import Field, load
from forms.parsing import flatten, parse
from forms.schema import AnswersRefused, check

SHANGHAI = ZoneInfo("Asia/Shanghai")
CAUSES = {"values": [{"value": "pipe", "label": "管"}, {"value": "wire", "label": "线"}]}
FORM = load(
    {
        "schemaVersion": 19,
        "id": "repair",
        "title": "维修",
        "components": [
            {"type": "textarea", "key": "content", "label": "内容"},
            {
                "type": "group",
                "label": "情况",
                "components": [
                    {"type": "number", "key": "cost", "label": "费用", "properties": {"kind": "money"}},
                    {"type": "datetime", "key": "visit", "label": "上门", "subtype": "datetime"},
                    {"type": "datetime", "key": "day", "label": "日期"},
                    {"type": "datetime", "key": "hour", "label": "时间", "subtype": "time"},
                ],
            },
            {"type": "checkbox", "key": "urgent", "label": "紧急"},
            {"type": "radio", "key": "cause", "label": "原因", **CAUSES},
            {"type": "checklist", "key": "causes", "label": "原因", **CAUSES},
            {"type": "filepicker", "key": "photos", "label": "照片", "multiple": True},
            {"type": "select", "key": "worker", "label": "维修员", "properties": {"kind": "user"}},
            {
                "type": "dynamiclist",
                "key": "materials",
                "label": "材料",
                "components": [
                    {"type": "textfield", "key": "name", "label": "名称"},
                    {"type": "number", "key": "count", "label": "数量"},
                    {"type": "checkbox", "key": "own", "label": "自备"},
                    {"type": "checklist", "key": "uses", "label": "用途", **CAUSES},
                ],
            },
        ],
    }
)


def people(_: Field) -> Sequence[tuple[str, str]]:
    return [("7", "王师傅"), ("8", "李师傅")]


def shown(_expression: str, _values: Mapping[str, Any]) -> bool:
    return True


def checked(raw: Mapping[str, Any]) -> dict[str, Any]:
    return check(
        FORM,
        raw,
        show=shown,
        data={},
        choices=people,
        attachment=lambda found: found.startswith("file-"),
        zone=SHANGHAI,
    )


def posted(fields: Mapping[str, str | list[str]]) -> MultiDict[str, str]:
    return MultiDict([(name, text) for name, value in fields.items() for text in texts_of(value)])


def texts_of(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("sent", "raw"),
    [
        ({}, {}),
        ({"csrf_token": "t", "_method": "put", "content": ""}, {"content": ""}),
        ({"content": ["一", "二"]}, {"content": ["一", "二"]}),
        ({"urgent.present": "1"}, {"urgent": False}),
        ({"urgent.present": "1", "urgent": "on"}, {"urgent": True}),
        ({"urgent": ["false", "true"]}, {"urgent": True}),
        ({"urgent": "maybe"}, {"urgent": "maybe"}),
        ({"causes": "pipe"}, {"causes": ["pipe"]}),
        ({"causes": ["pipe", "", "wire"]}, {"causes": ["pipe", "wire"]}),
        ({"causes.present": "1"}, {"causes": []}),
        ({"photos": ["", "file-1"]}, {"photos": ["file-1"]}),
        ({"materials.present": "1"}, {"materials": []}),
        (
            {"materials.7.name": "七", "materials.2.name": "二", "materials.2.own.present": "1"},
            {"materials": [{"name": "二", "own": False}, {"name": "七"}]},
        ),
        (
            {"materials.10.name": "十", "materials.9.name": "九"},
            {"materials": [{"name": "九"}, {"name": "十"}]},
        ),
        ({"materials.999999999.name": "远"}, {"materials": [{"name": "远"}]}),
        ({"materials.9999999999.name": "远"}, {"materials.9999999999.name": "远"}),
        ({"materials.01.name": "a"}, {"materials.01.name": "a"}),
        ({"materials.-1.name": "a"}, {"materials.-1.name": "a"}),
        ({"materials.٣.name": "a"}, {"materials.٣.name": "a"}),
        ({"materials.0.name.x": "a"}, {"materials": [{"name.x": "a"}]}),
        ({"materials.0.__class__": "a"}, {"materials": [{"__class__": "a"}]}),
        ({"materials": "text"}, {"materials": "text"}),
        ({"content.present": "1", "typename": "x"}, {"typename": "x"}),
        ({"a.0.b": "x"}, {"a.0.b": "x"}),
    ],
)
def test_posted_names_become_nested_answers(sent: Mapping[str, str | list[str]], raw: dict[str, Any]) -> None:
    assert parse(FORM, posted(sent)) == raw


def test_unknown_names_reach_the_check_which_names_them() -> None:
    with pytest.raises(AnswersRefused) as caught:
        checked(parse(FORM, posted({"typename": "x", "materials.5.bogus": "y"})))
    assert {path: found[0].code for path, found in caught.value.errors.items()} == {
        "typename": "unknown-field",
        "materials.0.bogus": "unknown-field",
    }


def test_many_far_rows_cost_no_more_than_their_number() -> None:
    raw = parse(FORM, posted({f"materials.{n * 999_983}.name": "x" for n in range(1000)}))
    assert len(raw["materials"]) == 1000


TYPED = st.text(alphabet="ab1 .,-:\n甲\x00<", max_size=6)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "content": TYPED, "cost": TYPED, "visit": TYPED, "day": TYPED, "cause": TYPED, "worker": TYPED,
            "causes": st.lists(TYPED, max_size=3),
            "materials.0.name": TYPED, "materials.3.count": TYPED, "materials.4.own": TYPED,
        },
    )
)  # fmt: skip
def test_what_was_typed_is_shown_again_even_when_it_is_wrong(sent: dict[str, str | list[str]]) -> None:
    raw = parse(FORM, posted(sent))
    again = flatten(FORM, raw, zone=SHANGHAI)
    assert parse(FORM, posted(again)) == raw
    typed = {text for value in sent.values() for text in texts_of(value)}
    kept = {text for value in again.values() for text in texts_of(value)}
    # A tick ("1") has no text of its own.
    assert typed - {"", "1"} <= kept


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"visit": "2026-11-02T01:30:00+00:00"}, {"visit": "2026-11-02T09:30"}),
        ({"visit": "2026-11-02T09:30:05+08:00"}, {"visit": "2026-11-02T09:30:05"}),
        ({"visit": "2026-11-02T09:30"}, {"visit": "2026-11-02T09:30"}),
        ({"visit": "next week"}, {"visit": "next week"}),
        ({"visit": "0001-01-01T00:00+14:00"}, {"visit": "0001-01-01T00:00+14:00"}),
        ({"cost": 0.000001}, {"cost": "0.000001"}),
        ({"cost": 12}, {"cost": "12"}),
        ({"cost": float("nan")}, {"cost": ""}),
        ({"cost": 10**500}, {"cost": ""}),
        ({"cost": True}, {"cost": "true"}),
        ({"content": None}, {"content": ""}),
        ({"content": {"a": 1}}, {"content": ""}),
        ({"urgent": True}, {"urgent": "true", "urgent.present": "1"}),
        ({"urgent": None}, {"urgent.present": "1"}),
        ({"causes": "pipe"}, {"causes": ["pipe"], "causes.present": "1"}),
        ({"materials": [7, {"name": "a"}]}, {"materials.1.name": "a", "materials.present": "1"}),
        ({"materials": "a"}, {"materials": "a", "materials.present": "1"}),
        ({"other": "a"}, {}),
    ],
)
def test_answers_become_what_inputs_show(answers: dict[str, Any], names: dict[str, Any]) -> None:
    assert flatten(FORM, answers, zone=SHANGHAI) == names


def lists_of(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True)


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0).isoformat()
)
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
NUMBERS = st.integers(-(10**9), 10**9) | st.integers(-(10**9), 10**9).map(lambda cents: cents / 100)
RAW = st.fixed_dictionaries(
    {},
    optional={
        "content": WORDS,
        "cost": NUMBERS | st.none(),
        "visit": MOMENTS,
        "day": st.dates(datetime(1950, 1, 1).date()).filter(lambda day: day.year < 2200).map(str),  # noqa: DTZ001
        "hour": st.times().map(lambda clock: clock.replace(microsecond=0).isoformat()),
        "urgent": st.booleans(),
        "cause": st.sampled_from(["pipe", "wire", None, ""]),
        "causes": lists_of(["pipe", "wire"]),
        "photos": lists_of(["file-1", "file-2", "file-3"]),
        "worker": st.sampled_from(["7", "8", None]),
        "materials": st.lists(
            st.fixed_dictionaries(
                {"name": WORDS},
                optional={"count": NUMBERS, "own": st.booleans(), "uses": lists_of(["pipe", "wire"])},
            ),
            max_size=4,
        ),
    },
)


@given(RAW)
def test_answers_come_back_from_the_html_form_as_they_were(raw: dict[str, Any]) -> None:
    codes: set[str]
    try:
        answers = checked(raw)
    except AnswersRefused as refused:
        # Characters that turn the direction of reading may come up.
        codes = {problem.code for found in refused.errors.values() for problem in found}
    else:
        codes = set()
        again = parse(FORM, posted(flatten(FORM, answers, zone=SHANGHAI)))
        assert checked(again) == answers
    assert codes <= {"control-character"}
