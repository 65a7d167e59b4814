"""What is masked cannot be read, whatever its shape; what is empty stays empty."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.privacy import HIDDEN, Kind, kind_of, mask, redact


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("张三", "name", "张**"),
        ("欧阳娜娜", "name", "欧**"),
        ("李", "name", "**"),
        ("Alice Smith", "name", "A**"),
        ("13812341234", "phone", "138****1234"),
        ("+86 138 1234 1234", "phone", "138****1234"),
        (13812341234, "phone", "138****1234"),
        ("021-58881234", "phone", "021****1234"),
        ("58881234", "phone", "****1234"),
        ("110", "phone", "****"),
        ("zhang.san@example.com", "email", "z***@example.com"),
        ("not an address", "email", "***"),
        ("A座1203室", "unit", "A座12**室"),
        ("3栋2单元501", "unit", "3栋2单元5**"),
        ("8", "unit", "**"),
        ("西塔", "unit", "西**"),
        ("门牌 1203，家中有老人", "text", "***"),
        (True, "text", "***"),
    ],
)
def test_each_kind_keeps_only_what_helps_to_recognise_it(value: object, kind: Kind, shown: str) -> None:
    assert mask(value, kind) == shown


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_what_is_empty_stays(value: object) -> None:
    assert mask(value, "name") == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("张三丰", "张**"),
        ("John Smith", "J**"),
        ("13812341234", "138****1234"),
        ("zhang@example.com", "z***@example.com"),
        ("1203", "12**"),
        ("T1-2003", "T1-20**"),
        ("电梯坏了，请修", "***"),
        ("John in room 1203", "***"),
        ("1990-11-22", "***"),
        ("11010519491231002X", "***"),
        ("110105194912310021", "***"),
        ("6222 0212 3456 7890", "***"),
        (35000.5, "***"),
        ("某某科技有限公司", "***"),
    ],
)
def test_without_a_kind_the_looks_decide(value: object, shown: str) -> None:
    assert mask(value) == shown


def test_a_whole_document_keeps_its_shape_and_its_keys() -> None:
    people = {"people": [{"name": "张三", "age": 42, "phones": ["13812341234", None]}], "vip": False}
    assert mask(people) == {
        "people": [{"name": "张**", "age": HIDDEN, "phones": ["138****1234", None]}],
        "vip": HIDDEN,
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("请拨13812341234找我", "请拨138****1234找我"),
        ("电话+86 138-1234-1234。", "电话138****1234。"),
        ("座机 021-58881234,分机 2", "座机 021****1234,分机 2"),
        ("写到zhang@example.com谢谢", "写到z***@example.com谢谢"),
        ("身份证11010519491231002X", "身份证***"),
        ("2026-11-22 在1203室，费用 350.00 元", "2026-11-22 在1203室，费用 350.00 元"),
    ],
)
def test_numbers_and_addresses_inside_a_sentence_are_hidden_and_no_other_word(said: str, shown: str) -> None:
    assert redact(said) == shown


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
documents = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(value=documents, kind=st.none() | st.sampled_from(get_args(Kind)))
def test_any_json_value_can_be_masked_into_json(value: Any, kind: Kind | None) -> None:
    masked = mask(value, kind)
    assert json.loads(json.dumps(masked)) == masked


@given(
    text=st.text(min_size=2).filter(lambda text: len(text.strip()) > 1), kind=st.sampled_from(get_args(Kind))
)
def test_nothing_longer_than_a_letter_is_shown_as_it_was(text: str, kind: Kind) -> None:
    assert mask(text, kind) != text.strip() or "*" in text


@given(st.text(alphabet="0123456789 +-()", min_size=1, max_size=24))
def test_never_more_than_seven_digits_of_a_phone_are_shown(text: str) -> None:
    shown = str(mask(text, "phone"))
    assert sum(character.isdigit() for character in shown) <= min(7, sum(c.isdigit() for c in text))


@given(st.text())
def test_every_text_has_a_kind_and_can_be_redacted(text: str) -> None:
    assert kind_of(text) in get_args(Kind)
    assert len(redact(text)) <= len(text) + 4 * len(text)
