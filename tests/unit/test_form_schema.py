import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from marshmallow.experimental.context import Context

from forms.definition import Field, Form, load
from forms.kinds import Surroundings
from forms.messages import CODES, Problem
from forms.schema import AnswersRefused, check, examine, schema_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
PEOPLE = [("7", "王师傅"), ("8", "李师傅")]


def form(*components: dict[str, Any]) -> Form:
    return load({"schemaVersion": 19, "id": "f", "title": "表", "components": list(components)})


def one(type_: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "key": "x", "label": "项", **more}


def show(expression: str, values: Mapping[str, Any]) -> bool:
    """The two comparisons these tests need, over values by name."""
    name, _, wanted = expression.partition(" == ")
    return bool(values[name] == json.loads(wanted))


def choices(_: Field) -> Sequence[tuple[str, str]]:
    return PEOPLE


def checked(asked: Form, raw: Any, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return check(
        asked,
        raw,
        show=show,
        data=data or {},
        choices=choices,
        attachment=lambda found: found.startswith("file-"),
        zone=SHANGHAI,
    )


def errors(asked: Form, raw: Any) -> dict[str, list[str]]:
    with pytest.raises(AnswersRefused) as caught:
        checked(asked, raw)
    return {path: [problem.code for problem in found] for path, found in caught.value.errors.items()}


YES_NO = {"values": [{"value": "yes", "label": "是"}, {"value": "no", "label": "否"}]}
ROWS = {
    "type": "dynamiclist",
    "key": "materials",
    "label": "材料",
    "components": [
        {"type": "textfield", "key": "name", "label": "名称", "validate": {"required": True}},
        {"type": "number", "key": "count", "label": "数量"},
        {"type": "textfield", "key": "why", "label": "原因", "properties": {"show": 'name == "其他"'}},
    ],
}


@pytest.mark.parametrize(
    ("component", "raw", "clean"),
    [
        (one("textfield"), "  水管\u3000", "水管"),
        (one("textfield"), "\u200b", None),
        (one("textarea"), "一\r\n二\t三\r四", "一\n二\t三\n四"),
        (one("textfield", validate={"maxLength": 3}), "三个字", "三个字"),
        (one("textfield", validate={"pattern": r"\d{2}|甲"}), "12", "12"),
        (one("textfield", validate={"validationType": "phone"}), "１３８ 0013 8000", "138 0013 8000"),
        (one("textfield", validate={"validationType": "email"}), "a.b@example.com", "a.b@example.com"),
        (one("number"), "12", 12),
        (one("number"), "１２．５０", 12.5),
        (one("number"), "1,234,567.8", 1234567.8),
        (one("number"), -3, -3),
        (one("number"), 0, 0),
        (one("number"), "-0.0", 0),
        (one("number"), 100.0, 100),
        (one("number", validate={"required": True}), 0, 0),
        (one("number", decimalDigits=1), "0.10", 0.1),
        (one("number", properties={"kind": "money"}), "19.99", 19.99),
        (one("datetime"), "2026-11-02", "2026-11-02"),
        (one("datetime", subtype="time"), "09:30:00", "09:30"),
        (one("datetime", subtype="time"), "09:30:05", "09:30:05"),
        (one("datetime", subtype="datetime"), "2026-11-02T09:30", "2026-11-02T09:30:00+08:00"),
        (one("datetime", subtype="datetime"), "2026-11-02 01:30:15.250Z", "2026-11-02T09:30:15+08:00"),
        (one("checkbox"), True, True),
        (one("checkbox"), None, False),
        (one("radio", **YES_NO), "yes", "yes"),
        (one("select", **YES_NO), "", None),
        (one("select", properties={"kind": "user"}), "7", "7"),
        (one("checklist", **YES_NO), ["no", "yes", "no", ""], ["no", "yes"]),
        (one("checklist", **YES_NO), "", []),
        (one("filepicker", multiple=True), ["file-2", "file-1"], ["file-2", "file-1"]),
        (one("filepicker"), None, []),
    ],
)
def test_an_answer_is_cleaned_into_a_json_value(component: dict[str, Any], raw: Any, clean: Any) -> None:
    answers = checked(form(component), {"x": raw})
    assert answers == {"x": clean}
    assert type(answers["x"]) is type(clean)
    assert checked(form(component), json.loads(json.dumps(answers))) == answers


@pytest.mark.parametrize(
    ("component", "raw", "code"),
    [
        (one("textfield", validate={"required": True}), " \t", "required"),
        (one("checkbox", validate={"required": True}), False, "required"),
        (one("checklist", validate={"required": True}, **YES_NO), [], "required"),
        (one("filepicker", validate={"required": True}), [], "required"),
        (ROWS | {"key": "x", "validate": {"required": True}}, [{}], "required"),
        (one("textfield"), ["a", "b"], "not-text"),
        (one("textfield"), {"a": 1}, "not-text"),
        (one("textfield"), 5, "not-text"),
        (one("textfield"), [], "not-text"),
        (one("textfield"), False, "not-text"),
        (one("number"), {}, "not-a-number"),
        (one("checklist", **YES_NO), False, "not-a-list"),
        (ROWS | {"key": "x"}, {}, "not-rows"),
        (one("textfield"), "a\x00b", "control-character"),
        (one("textfield"), "a\nb", "control-character"),
        (one("textfield"), "a\u202eb", "control-character"),
        (one("textarea"), "a\x1bb", "control-character"),
        pytest.param(one("textarea"), "\ud800", "control-character", id="half a character"),
        (one("textfield"), "长" * 501, "too-long"),
        (one("textfield", validate={"maxLength": 3}), "四个字符", "too-long"),
        (one("textfield", validate={"minLength": 3}), "两字", "too-short"),
        (one("textfield", validate={"pattern": r"\d+"}), "12a", "pattern"),
        (one("textfield", validate={"pattern": r"\d"}), "٣", "pattern"),
        (one("textfield", validate={"validationType": "phone"}), "110", "not-a-phone"),
        (one("textfield", validate={"validationType": "phone"}), "-" * 400, "not-a-phone"),
        (one("textfield", validate={"validationType": "email"}), "a@b@c.com", "not-an-email"),
        (one("number"), "twelve", "not-a-number"),
        (one("number"), "1e3", "not-a-number"),
        (one("number"), "1,23", "not-a-number"),
        (one("number"), ".", "not-a-number"),
        (one("number"), True, "not-a-number"),
        (one("number"), [1], "not-a-number"),
        (one("number"), float("nan"), "not-a-number"),
        (one("number"), float("inf"), "not-a-number"),
        (one("number"), "9" * 16, "too-many-digits"),
        pytest.param(one("number"), 10**5000, "too-many-digits", id="too large to print"),
        (one("number"), 1e300, "too-many-digits"),
        (one("number"), 0.1 + 0.2, "too-many-digits"),
        (one("number", validate={"min": 1}), "0.9", "too-small"),
        (one("number", validate={"max": 1.1}), "1.11", "too-large"),
        (one("number", decimalDigits=0), "1.5", "too-many-decimals"),
        (one("number", properties={"kind": "money"}), "1.005", "too-many-decimals"),
        (one("datetime"), "2026-02-30", "not-a-date"),
        (one("datetime"), "20261102", "not-a-date"),
        (one("datetime"), "0001-01-01", "not-a-date"),
        (one("datetime"), 20261102, "not-a-date"),
        (one("datetime", subtype="time"), "25:00", "not-a-time"),
        (one("datetime", subtype="datetime"), "2026-11-02", "not-a-datetime"),
        (one("datetime", subtype="datetime"), "2199-12-31T23:00-12:00", "not-a-datetime"),
        (one("datetime", subtype="datetime"), "2026-11-02T09:30+99:00", "not-a-datetime"),
        (one("checkbox"), "yes", "not-yes-or-no"),
        (one("checkbox"), 1, "not-yes-or-no"),
        (one("radio", **YES_NO), "maybe", "not-an-option"),
        (one("radio", **YES_NO), ["yes"], "not-an-option"),
        (one("select", properties={"kind": "user"}), "9", "not-an-option"),
        (one("checklist", **YES_NO), ["yes", "maybe"], "not-an-option"),
        (one("checklist", **YES_NO), "yes", "not-a-list"),
        (one("checklist", **YES_NO), [["yes"]], "not-text"),
        (one("checklist", **YES_NO), ["yes"] * 501, "too-many"),
        (one("filepicker"), ["file-1", "file-2"], "too-many"),
        (one("filepicker"), ["../etc/passwd"], "not-a-file"),
        (ROWS | {"key": "x"}, "text", "not-rows"),
        (ROWS | {"key": "x"}, {"0": {}}, "not-rows"),
        (ROWS | {"key": "x"}, [{"name": "a"}] * 201, "too-many-rows"),
    ],
)
def test_a_wrong_answer_is_named_at_its_field(component: dict[str, Any], raw: Any, code: str) -> None:
    assert errors(form(component), {"x": raw}) == {"x": [code]}


def test_every_problem_code_is_reached_by_these_tables() -> None:
    table = test_a_wrong_answer_is_named_at_its_field.pytestmark[0].args[1]  # type: ignore[attr-defined]
    reached = {getattr(row, "values", row)[-1] for row in table}
    elsewhere = {"unknown-field", "too-much", "not-answers", "not-a-row"}
    assert reached | elsewhere == set(CODES)


def test_rows_are_checked_one_by_one_and_blank_ones_are_left_out() -> None:
    raw = {
        "materials": [
            {"name": "水管", "count": "2"},
            {"name": " ", "count": ""},
            {"count": "many", "__class__": "x"},
            7,
        ]
    }
    assert errors(form(ROWS), raw) == {
        "materials.2.name": ["required"],
        "materials.2.count": ["not-a-number"],
        "materials.2.__class__": ["unknown-field"],
        "materials.3": ["not-a-row"],
    }
    assert checked(form(ROWS), {"materials": raw["materials"][:2]}) == {
        "materials": [{"name": "水管", "count": 2}]
    }


CONDITIONAL = form(
    {"type": "radio", "key": "valid", "label": "是否有效", **YES_NO},
    {
        "type": "textarea", "key": "reason", "label": "原因",
        "validate": {"required": True}, "properties": {"show": 'valid == "no"'},
    },
    {
        "type": "group", "label": "后续", "properties": {"show": 'reason == "钱"'},
        "components": [
            {"type": "number", "key": "amount", "label": "金额", "validate": {"required": True}},
            {"type": "textfield", "key": "note", "label": "备注", "properties": {"show": "amount == 1"}},
        ],
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        pytest.param({"valid": "yes", "reason": "x", "amount": "y"}, {"valid": "yes"}, id="dropped unjudged"),
        pytest.param({}, {"valid": None}, id="unanswered reads as nothing"),
        pytest.param({"valid": "no", "reason": "人"}, {"valid": "no", "reason": "人"}, id="group hidden"),
        pytest.param(
            {"valid": "no", "reason": "钱", "amount": "1", "note": "甲"},
            {"valid": "no", "reason": "钱", "amount": 1, "note": "甲"},
            id="all shown",
        ),
        pytest.param(
            {"valid": "no", "reason": "钱", "amount": "2", "note": "甲"},
            {"valid": "no", "reason": "钱", "amount": 2},
            id="hidden inside a group",
        ),
    ],
)
def test_a_hidden_field_is_not_asked_and_not_stored(raw: dict[str, Any], clean: dict[str, Any]) -> None:
    assert checked(CONDITIONAL, raw) == clean
    # What an earlier round left in the case must not show what depends on a field that is hidden now.
    assert checked(CONDITIONAL, raw, {"reason": "钱", "amount": 1}) == clean


def test_a_field_that_is_shown_is_required_again() -> None:
    assert errors(CONDITIONAL, {"valid": "no"}) == {"reason": ["required"]}
    assert errors(CONDITIONAL, {"valid": "no", "reason": "钱"}) == {"amount": ["required"]}


def test_a_row_shows_and_hides_by_its_own_values() -> None:
    rows = [{"name": "其他", "why": "缺货"}, {"name": "水管", "why": "缺货"}]
    assert checked(form(ROWS), {"materials": rows}) == {
        "materials": [{"name": "其他", "count": None, "why": "缺货"}, {"name": "水管", "count": None}]
    }
    found = examine(
        form(ROWS), {"materials": rows}, show=show, data={},
        surroundings=Surroundings(choices=choices, attachment=bool, zone=SHANGHAI),
    )  # fmt: skip
    why = form(ROWS).field("materials.why")
    assert why is not None
    assert [found.is_hidden(why, row) for row in (0, 1)] == [False, True]


def test_the_cases_data_decides_as_well_and_read_only_fields_keep_it() -> None:
    asked = form(
        one("textfield", properties={"readonly": "true"}, validate={"required": True}),
        one("textfield", properties={"show": 'channel == "phone"'}) | {"key": "phone"},
    )
    data = {"x": ["as", "it", "was"], "channel": "phone"}
    assert checked(asked, {"x": "changed", "phone": "1"}, data) == {"x": ["as", "it", "was"], "phone": "1"}
    assert checked(asked, {"phone": "1"}, data | {"channel": "visit"}) == {"x": ["as", "it", "was"]}
    assert checked(asked, {}, {"channel": None}) == {}


def test_an_error_of_an_expression_passes_through() -> None:
    asked = form(one("textfield", properties={"show": "nowhere == 1"}))
    with pytest.raises(KeyError):
        checked(asked, {})


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param({"typename": 1}, {"typename": ["unknown-field"]}, id="engine word"),
        pytest.param({"__class__": {}}, {"__class__": ["unknown-field"]}, id="python word"),
        pytest.param({"csrf_token": "x"}, {"csrf_token": ["unknown-field"]}, id="page word"),
        pytest.param({"x" * 500: 1}, {"x" * 60: ["unknown-field"]}, id="long name"),
        pytest.param({"x": deep(30_000)}, {"x": ["not-text"]}, id="deep"),
        pytest.param({"x": deep(100_000)}, {"": ["too-much"]}, id="too deep"),
        pytest.param({"x": "a" * 10**6}, {"": ["too-much"], "x": ["too-long"]}, id="a million characters"),
        pytest.param({"x": {str(n): n for n in range(20_000)}}, {"": ["too-much"]}, id="many keys"),
        pytest.param([], {"": ["not-answers"]}, id="a list"),
        pytest.param("x", {"": ["not-answers"]}, id="a text"),
        pytest.param(None, {"": ["not-answers"]}, id="nothing"),
    ],
)
def test_hostile_answers_are_refused_without_harm(raw: Any, found: dict[str, list[str]]) -> None:
    assert errors(form(one("textfield")), raw) == found


def test_only_a_few_of_many_unknown_fields_are_named() -> None:
    assert len(errors(form(one("textfield")), {f"k{n}": 1 for n in range(1000)})) == 20


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "count", "z"]), inner)
    ),
    max_leaves=8,
)
ALL_KINDS = form(
    {"type": "textarea", "key": "a", "label": "项"},
    {"type": "number", "key": "b", "label": "项"},
    {"type": "datetime", "key": "c", "label": "项", "subtype": "datetime"},
    {"type": "checkbox", "key": "d", "label": "项"},
    {"type": "checklist", "key": "e", "label": "项", **YES_NO},
    {"type": "select", "key": "f", "label": "项", "properties": {"kind": "department"}},
    {"type": "filepicker", "key": "g", "label": "项"},
    {"type": "textfield", "key": "h", "label": "项", "validate": {"validationType": "phone"}},
    ROWS,
)


@given(st.dictionaries(st.sampled_from([*"abcdefgh", "materials", "other"]), JSON, max_size=6))
def test_any_json_is_clean_or_refused_never_a_crash(raw: dict[str, Any]) -> None:
    try:
        answers = checked(ALL_KINDS, raw)
    except AnswersRefused as refused:
        problems = [problem for found in refused.errors.values() for problem in found]
    else:
        problems = []
        assert checked(ALL_KINDS, json.loads(json.dumps(answers, allow_nan=False))) == answers
    assert all(problem.text("zh") and problem.text("en") for problem in problems)


@pytest.mark.parametrize(
    "key", ["load", "fields", "Meta", "context", "declared_fields", "opts", "dump", "self"]
)
def test_a_field_may_bear_a_name_of_the_schemas_own(key: str) -> None:
    asked = form(one("textfield") | {"key": key})
    assert checked(asked, {key: "v"}) == {key: "v"}


def test_the_schema_is_one_class_a_form_and_loads_by_itself() -> None:
    assert schema_of(form(ROWS)) is schema_of(form(ROWS))
    with Context(Surroundings(choices=choices, attachment=bool, zone=SHANGHAI)):
        schema = schema_of(form(one("number", validate={"required": True}), ROWS))()
        assert schema.load({"x": "5", "materials": [{"name": "管"}]}) == {
            "x": 5,
            "materials": [{"name": "管", "count": None, "why": None}],
        }
        with pytest.raises(ValidationError) as caught:
            schema.load({"y": 1})
        assert caught.value.messages == {"x": [Problem.of("required")], "y": ["Unknown field."]}
    reason = schema_of(CONDITIONAL)().fields["field_reason"]
    assert not reason.required, "what may be hidden is optional in the schema"


@pytest.mark.parametrize("code", CODES)
def test_every_problem_speaks_both_languages(code: str) -> None:
    chinese, english = CODES[code]
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese)
    problem = Problem.of(code, limit=5, name="甲")
    assert problem.text("zh_CN") == chinese.format(limit=5, name="甲")
    assert problem.text("en") == english.format(limit=5, name="甲")


def test_a_problem_has_no_other_code() -> None:
    with pytest.raises(KeyError):
        Problem.of("bad")
