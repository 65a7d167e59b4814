"""The words of the expression language: its limits, functions and methods, and how it says no."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from engine.domain import recurring


@dataclass(frozen=True)
class Limits:
    """The bounds of one evaluation; a script is one evaluation.

    They are far above what a procedure needs and far below what another user would notice.
    """

    #: Characters of one expression.
    expression: int = 4_000
    #: Characters of one script.
    script: int = 10_000
    #: Levels of brackets, calls and operators within one another; a sum of n terms has n levels.
    nesting: int = 80
    #: Parts looked at, each time again within a comprehension.
    steps: int = 10_000
    #: Seconds of the thread's own processor time, so that a busy machine does not fail a case.
    seconds: float = 0.5
    #: Values within a list, tuple, set or dict, all levels together, each time they appear.
    items: int = 10_000
    #: Characters of a text, or of all texts within a list, tuple, set or dict together.
    text: int = 100_000
    #: Bytes, roughly, of all values that an evaluation makes on its way.
    made: int = 5_000_000
    #: Bits of a whole number.
    bits: int = 512
    #: The greatest exponent of ``**`` and the most digits ``round`` keeps or drops.
    exponent: int = 64


LIMITS = Limits()

#: Functions of the language itself, present wherever an expression stands.
BUILTIN_FUNCTIONS = frozenset(
    {
        *("len", "sum", "min", "max", "abs", "round", "int", "float", "str", "bool"),
        *("sorted", "any", "all", "range", "list", "dict"),
    }
)

#: Functions that a case brings along: times, people and the case's own history.
KNOWN_FUNCTIONS = frozenset(
    {
        *("due_in", "working_hours", "working_days", "at", "every", "now", "today"),
        *recurring.WORDS,
        *("handler", "department", "get", "has", "visits"),
    }
)

#: Names that no script may assign: the engine's own.
RESERVED_NAMES = frozenset({"case", "typename"})

#: Methods by the kind of value; none changes the value it is called on.
METHODS: dict[str, frozenset[str]] = {
    "str": frozenset(
        {
            *("upper", "lower", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip"),
            *("startswith", "endswith", "removeprefix", "removesuffix", "replace", "split", "splitlines"),
            *("join", "find", "index", "count", "isdigit", "isalpha", "isalnum", "isnumeric", "isspace"),
        }
    ),
    "list": frozenset({"index", "count"}),
    "dict": frozenset({"get", "keys", "values", "items"}),
    "date": frozenset({"isoformat", "weekday", "isoweekday", "date", "time"}),
    "timedelta": frozenset({"total_seconds"}),
}
#: Attributes that are read without a call, besides the keys of a dict.
ATTRIBUTES: dict[str, frozenset[str]] = {
    "date": frozenset({"year", "month", "day", "hour", "minute", "second"}),
    "timedelta": frozenset({"days", "seconds"}),
}

#: Why an expression is refused or fails: reason → (Chinese, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "empty": ("表达式是空的", "the expression is empty"),
    "too-long": (
        "表达式过长：{length} 个字符，最多 {most} 个",
        "the text is too long: {length} characters; {most} are allowed",
    ),
    "too-deep": ("括号和运算嵌套过深，最多 {most} 层", "it is nested too deeply; {most} levels are allowed"),
    "syntax": (
        "写法不对（第 {row} 行第 {column} 个字）{hint}",
        "it cannot be read (line {row}, character {column}): {detail}",
    ),
    "control-character": (
        "含有看不见的控制字符 {character}",
        "it contains the invisible control character {character}",
    ),
    "construct": ("不支持这种写法：{construct}", "this is not part of the language: {construct}"),
    "operator": ("不支持这个运算符：{construct}", "this operator is not part of the language: {construct}"),
    "literal": ("不支持这种常量：{value}", "this constant is not allowed: {value}"),
    "underscore": ("名称不能以下划线开头：{name}", "a name may not start with an underscore: {name}"),
    "star-arguments": ("不支持 * 或 ** 展开", "* and ** arguments are not allowed"),
    "format": ("不支持格式说明：{what}", "formatting is not allowed: {what}"),
    "mutator": ("表达式不能修改数据：{name}()", "an expression may not change data: {name}()"),
    "method-unknown": ("没有方法 {name}(){hint_zh}", "there is no method {name}(){hint_en}"),
    "function-unknown": ("没有函数 {name}(){hint_zh}", "there is no function {name}(){hint_en}"),
    "function-not-called": ("{name} 是函数，要写成 {name}(…)", "{name} is a function; write {name}(…)"),
    "foreign-constant": ("{name} 应写成 {right}", "write {right} in place of {name}"),
    "identity": (
        "is 只能用于 None、True、False，其余请用 ==",
        "“is” is for None, True and False only; use == otherwise",
    ),
    "not-assignment": (
        "脚本只能是一行行的“名称 = 表达式”",
        "a script is lines of “name = expression” and nothing else",
    ),
    "reserved-name": ("{name} 是保留名称，不能赋值", "{name} is reserved and may not be assigned"),
    "name-unknown": ("没有名为 {name} 的数据{hint_zh}", "there is no datum named {name}{hint_en}"),
    "key-unknown": ("其中没有 {name}{hint_zh}", "it has no {name}{hint_en}"),
    "index": ("没有第 {name} 项", "there is no item {name}"),
    "kind": ("{what} 不能这样用：{kind}", "{what} cannot be used with {kind}"),
    "cell-answer": (
        "单元格里的判断要写明输入值，用 ? 表示：{text}",
        "a condition in a cell says what it asks of the input value, which is written “?”: {text}",
    ),
    "zero": ("除数为零", "division by zero"),
    "not-json": ("结果不能存入案件数据：{detail}", "the result cannot be kept in a case's data: {detail}"),
    "failed": ("计算出错：{detail}", "it failed: {detail}"),
    "steps": ("计算步数超过 {most}", "it takes more than {most} steps"),
    "time": ("计算时间超过 {most} 秒", "it takes more than {most} seconds"),
    "size": ("数值、文本或列表过大", "a number, text or list grows too large"),
}
#: The reasons that are limits.
BOUNDS = frozenset({"too-long", "too-deep", "steps", "time", "size"})


class ExpressionRefused(ValueError):
    """This expression is not part of the language.

    ``reason`` is a key of :data:`SENTENCES`; ``line`` counts from 1 within the expression. Of what is
    ``known`` the name nearest to the unknown one is suggested.
    """

    def __init__(
        self, reason: str, line: int | None = None, *, known: Iterable[object] = (), **facts: object
    ) -> None:
        chinese, english = SENTENCES[reason]
        facts |= hints(str(facts.get("name", "")), known)
        self.reason = reason
        self.line = line
        self.message_zh = chinese.format(**facts)
        self.message_en = english.format(**facts)
        super().__init__(self.message_en)


def hints(name: str, known: Iterable[object]) -> dict[str, str]:
    """Return ``hint_zh`` and ``hint_en``: the nearest known name, or nothing."""
    near = difflib.get_close_matches(
        name[:80], [k for k in known if isinstance(k, str)][:500], n=1, cutoff=0.7
    )
    return {
        "hint_zh": f"，是不是 {near[0]}？" if near else "",
        "hint_en": f"; did you mean {near[0]}?" if near else "",
    }
