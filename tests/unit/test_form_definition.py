import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import FormRefused, expressions, labels, load
from forms.patterns import PatternRefused, compiled, require_safe
from forms.refusals import REFUSALS

TEXT = {"type": "textfield", "key": "name", "label": "姓名"}
PHONE = {"value": "phone", "label": "电话"}
CHOICE = {"type": "select", "key": "channel", "label": "渠道", "values": [PHONE]}
NUMBER = {"type": "number", "key": "n", "label": "数"}


def document(*components: object, **more: object) -> dict[str, Any]:
    return {
        "schemaVersion": 19,
        "type": "default",
        "id": "accept",
        "title": "受理登记",
        "components": list(components),
        **more,
    }


def refusals(given: Any) -> list[tuple[str, str]]:
    with pytest.raises(FormRefused) as caught:
        load(given)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def test_a_form_keeps_everything_its_document_says() -> None:
    form = load(
        document(
            {
                "type": "group",
                "label": "基本情况",
                "properties": {"show": "channel == 'phone'"},
                "components": [
                    TEXT
                    | {
                        "description": "与证件一致",
                        "validate": {"required": True, "maxLength": 20, "validationType": "phone"},
                        "properties": {"personal": "true", "basis": "given", "default": "actor"},
                    }
                ],
            },
            {"type": "text", "text": "请核对。"},
            {
                "type": "dynamiclist",
                "path": "materials",
                "label": "材料",
                "components": [
                    TEXT,
                    {"type": "number", "key": "price", "label": "单价", "properties": {"kind": "money"}},
                ],
            },
            {"type": "datetime", "key": "seen", "dateLabel": "查看时间", "subtype": "datetime"},
            {
                "type": "select",
                "key": "by",
                "label": "维修员",
                "properties": {"kind": "user", "role": "technician"},
            },
            {
                "type": "filepicker",
                "key": "photos",
                "label": "照片",
                "multiple": True,
                "accept": "image/*,.pdf",
            },
        )
    )
    name = form.field("name")
    assert name is not None
    assert (name.required, name.max_length, name.validation) == (True, 20, "phone")
    assert (name.personal, name.basis, name.default, name.help) == (True, "given", "actor", "与证件一致")
    assert [leaf.key for leaf in form.leaves()] == ["name", "materials", "seen", "by", "photos"]
    assert [found.type for found in form.everything()].count("group") == 1
    price = form.field("materials.price")
    assert price is not None
    assert (price.kind, price.decimal_digits) == ("money", 2)
    assert form.field("materials.nothing") is None
    assert labels(form) == (
        "受理登记", "基本情况", "姓名", "与证件一致", "请核对。", "材料", "单价", "查看时间",
        "维修员", "照片",
    )  # fmt: skip
    assert [(found.path, found.key, found.text) for found in expressions(form)] == [
        ("components.0.properties.show", "", "channel == 'phone'"),
        ("components.0.components.0.properties.default", "name", "actor"),
    ]
    assert hash(form) == hash(load(json.loads(json.dumps(document()))) and form)


@pytest.mark.parametrize(
    ("component", "code", "path"),
    [
        ({"type": "html", "content": "<b>"}, "unknown-type", "type"),
        ({"type": ["textfield"]}, "unknown-type", "type"),
        ("textfield", "wrong-value", ""),
        (TEXT | {"validate": {"custom": 1}}, "unknown-validate", "validate.custom"),
        (TEXT | {"validate": {"min": 1}}, "unknown-validate", "validate.min"),
        (TEXT | {"validate": []}, "wrong-value", "validate"),
        (TEXT | {"validate": {"required": "true"}}, "wrong-value", "validate.required"),
        (TEXT | {"validate": {"maxLength": True}}, "wrong-value", "validate.maxLength"),
        (TEXT | {"validate": {"maxLength": 501}}, "wrong-value", "validate.maxLength"),
        (TEXT | {"validate": {"minLength": 9, "maxLength": 8}}, "limits-crossed", "validate"),
        (TEXT | {"validate": {"validationType": "ip"}}, "wrong-value", "validate.validationType"),
        (TEXT | {"validate": {"pattern": "(a+)+"}}, "pattern-refused", "validate.pattern"),
        (TEXT | {"validate": {"pattern": 5}}, "pattern-refused", "validate.pattern"),
        (TEXT | {"properties": {"colour": "red"}}, "unknown-property", "properties.colour"),
        (TEXT | {"properties": {"personal": True}}, "wrong-value", "properties.personal"),
        (TEXT | {"properties": {"personal": "yes"}}, "wrong-value", "properties.personal"),
        (TEXT | {"properties": {"basis": "guess"}}, "wrong-value", "properties.basis"),
        (TEXT | {"properties": {"kind": "money"}}, "kind-misplaced", "properties.kind"),
        (CHOICE | {"properties": {"role": "cs_rep"}}, "role-misplaced", "properties.role"),
        (TEXT | {"conditional": {"hide": "=a"}}, "unknown-attribute", "conditional"),
        (TEXT | {"defaultValue": "x"}, "unknown-attribute", "defaultValue"),
        (TEXT | {"label": " "}, "label-missing", ""),
        ({"type": "textfield", "key": "name"}, "label-missing", ""),
        (TEXT | {"label": "长" * 201}, "wrong-value", "label"),
        ({"type": "textfield", "label": "姓名"}, "key-invalid", "key"),
        (TEXT | {"key": "typename"}, "key-reserved", "key"),
        (TEXT | {"key": "case"}, "key-reserved", "key"),
        (TEXT | {"key": "__class__"}, "key-reserved", "key"),
        (TEXT | {"key": "_x"}, "key-reserved", "key"),
        (TEXT | {"key": "class"}, "key-reserved", "key"),
        (TEXT | {"key": "csrf_token"}, "key-reserved", "key"),
        (TEXT | {"key": "a.b"}, "key-invalid", "key"),
        (TEXT | {"key": "a-b"}, "key-invalid", "key"),
        (TEXT | {"key": "1a"}, "key-invalid", "key"),
        (TEXT | {"key": "姓名"}, "key-invalid", "key"),
        (TEXT | {"key": "a" * 65}, "key-invalid", "key"),
        (TEXT | {"key": {"deep": []}}, "key-invalid", "key"),
        (CHOICE | {"values": []}, "options-missing", "values"),
        (CHOICE | {"values": [PHONE, PHONE]}, "option-twice", "values.1"),
        (CHOICE | {"values": [{"value": 1, "label": "一"}]}, "option-invalid", "values.0"),
        (CHOICE | {"values": [{"value": "", "label": "一"}]}, "option-invalid", "values.0"),
        (NUMBER | {"decimalDigits": -1}, "wrong-value", "decimalDigits"),
        (NUMBER | {"validate": {"min": float("nan")}}, "wrong-value", "validate.min"),
        ({"type": "datetime", "key": "d", "label": "日", "subtype": "week"}, "wrong-value", "subtype"),
        ({"type": "filepicker", "key": "f", "label": "件", "accept": "x y"}, "wrong-value", "accept"),
    ],
)  # fmt: skip
def test_what_is_outside_the_subset_is_refused_by_name(component: object, code: str, path: str) -> None:
    place = ".".join(part for part in ("components.0", path) if part)
    assert refusals(document(component)) == [(code, place)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"type": "group", "components": []}, "not-in-rows"),
        ({"type": "dynamiclist", "key": "x", "label": "x", "components": []}, "not-in-rows"),
        (TEXT | {"properties": {"readonly": "true"}}, "readonly-in-rows"),
        (TEXT | {"readonly": True}, "readonly-in-rows"),
    ],
)
def test_a_row_holds_simple_fields_only(row: object, code: str) -> None:
    rows = {"type": "dynamiclist", "key": "rows", "label": "明细", "components": [row]}
    assert refusals(document(rows)) == [(code, "components.0.components.0")]


def test_a_key_is_used_once_also_across_groups_but_a_row_is_a_namespace_of_its_own() -> None:
    group = {"type": "group", "label": "组", "components": [TEXT]}
    rows = {"type": "dynamiclist", "key": "rows", "label": "明细", "components": [TEXT]}
    assert refusals(document(TEXT, group)) == [("key-twice", "components.1.components.0.key")]
    assert load(document(TEXT, rows)).field("rows.name") is not None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], ("not-a-form", "")),
        (None, ("not-a-form", "")),
        (document(schemaVersion=18), ("schema-version", "schemaVersion")),
        (document(schemaVersion=True), ("schema-version", "schemaVersion")),
        (document(id="../x"), ("id-invalid", "id")),
        (document(title=""), ("title-missing", "title")),
        (document(type="custom"), ("wrong-value", "type")),
        (document(script="x"), ("unknown-attribute", "script")),
        (document(components={}), ("wrong-value", "components")),
        (document(*[TEXT | {"key": f"k{n}"} for n in range(201)]), ("too-many-fields", "components")),
    ],
)
def test_a_document_that_is_no_form_is_refused(given: Any, problem: tuple[str, str]) -> None:
    assert problem in refusals(given)


def test_groups_nest_only_so_deep_and_problems_are_listed_only_so_long() -> None:
    deep: dict[str, Any] = {"type": "group", "components": []}
    for _ in range(400):
        deep = {"type": "group", "components": [deep]}
    assert [code for code, _ in refusals(document(deep))] == ["too-deep"]
    many = document(TEXT | {f"odd{n}": 1 for n in range(5000)})
    assert len(refusals(many)) == 101


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_speaks_both_languages(code: str) -> None:
    chinese, english = REFUSALS[code]
    assert any("\u4e00" <= char <= "\u9fff" for char in chinese)
    assert english.isascii() or "“" in english


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "key", "components", "validate", "properties", "values", "label", "show", "min"]
            ),
            inner | st.sampled_from(["group", "select", "textfield", "dynamiclist", "number"]),
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(SHAPES)
def test_any_json_is_a_form_or_refused_never_a_crash(components: Any) -> None:
    try:
        load(document() | {"components": components})
    except FormRefused as refused:
        found = refused.problems
    else:
        return
    assert found
    assert all(problem.message_zh and problem.message_en for problem in found)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(\+86)?1[3-9]\d{9}$", r"\d{3,4}-?\d{7,8}(-\d{1,6})?", r"[A-Z]{2}-\d{4}-\d{5}",
        r"[^\s@]+@[^\s@]+", "甲|乙|丙", "",
    ],
)  # fmt: skip
def test_plain_patterns_are_taken(pattern: str) -> None:
    require_safe(pattern, 500)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a*)*", "(a|a)*", "(a|b){1,30}", "(a?){30}", "a?" * 30 + "a" * 30, r"\d*\d*\d*x",
        "(?=a)a", "(?P<n>a)", r"(a)\1", "(?i)a", "a**", "a*?", "a++", "a{5}{6}", "a{1001}", "a{99999999999}",
        "[", "[]a]", "(", ")", "a{", "\\",
        r"\Z", "[[a]]", "[b-a]", "*", "a" * 201, "((a?)?)*", "(a{0,9}){0,9}", "(" * 100 + ")" * 99,
    ],
)  # fmt: skip
def test_patterns_that_could_run_away_or_do_not_compile_are_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        require_safe(pattern, 500)


@given(
    st.text(alphabet="ab|()*+?{},12[]\\d.^$:", max_size=16),
    st.text(alphabet="ab1", max_size=2).map(lambda text: (text * 500)[:499] + "!"),
)
def test_every_pattern_that_is_taken_is_quick(pattern: str, text: str) -> None:
    try:
        require_safe(pattern, 500)
    except PatternRefused:
        return
    before = time.process_time()
    compiled(pattern).fullmatch(text)
    assert time.process_time() - before < 1
