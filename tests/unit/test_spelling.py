from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.spelling import rank, spellings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("wf", "王芳", id="initials"),
        pytest.param("wangf", "王芳", id="the beginning of its pinyin"),
        pytest.param("海涛", "王海涛", id="two characters"),
        pytest.param("zqh", "曾庆红", id="a surname that is read differently"),
        pytest.param("oyx", "欧阳雪", id="a surname of two characters"),
        pytest.param("tom", "Tom Lee", id="a Latin name"),
        pytest.param("KEFU", "王海涛", id="a login in capital letters"),
    ],
)
def test_a_person_is_found_by_a_few_keys(text: str, name: str) -> None:
    assert rank(text, name, "kefu") is not None


@pytest.mark.parametrize("text", ["ab", "海 王", "王芳芳", "hai2"])
def test_somebody_else_is_not(text: str) -> None:
    assert rank(text, "王海涛", "kefu") is None


@given(st.text(min_size=1, max_size=8))
def test_whatever_a_name_is_it_finds_itself(name: str) -> None:
    assert not "".join(name.split()) or rank(name, name, "x") == 0
    assert all(spelt for spelt in spellings(name))
