"""Say in our language what was written in another engine's: JUEL, FEEL, Groovy, JavaScript, MVEL, Java.

A small grammar that is the union of theirs. What it cannot read with certainty is not translated;
whatever it gives compiles in our own language.

>>> translate("${amount gt 1000 && !approved}")
'amount > 1000 and not approved'
>>> translate('= if urgent then "P1D" else "P3D"')
'"P1D" if urgent else "P3D"'
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.runtime.expression_rules import parse_expression
from engine.runtime.expressions import ExpressionRefused, check_expression

#: Characters; what is longer is a program, not a condition.
MOST = 2_000
#: Levels of brackets and operators within one another.
DEEPEST = 40

#: How tight an operator binds in Python.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 11)

_WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\\n]|\\["'\\nt])*"|'(?:[^'\\\n]|\\["'\\nt])*')
    |(?P<number>\d+(?:\.\d+)?(?![\w.]*[A-Za-z_]))[LlFfDd]?
    |(?P<call>(?:string\ length|starts\ with|ends\ with|upper\ case|lower\ case|list\ contains|is\ defined
        |is\ blank|is\ empty|date\ and\ time)(?=\s*\())
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\*\*|\.\.|[-+*/%<>=!?:()\[\].,])
    )""",
    re.VERBOSE,
)
#: Signs as an input method writes them.
_WIDE = str.maketrans(
    {
        **dict(zip("＞＜＝！（），；＆｜＋－＊／：？．", "><=!(),;&|+-*/:?.", strict=True)),
        **{"≥": ">=", "≤": "<=", "≠": "!=", "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "},
    }
)
_WORDS = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "div": "/",
    "mod": "%",
}
_CONSTANTS = {
    "true": "True",
    "false": "False",
    "null": "None",
    "True": "True",
    "False": "False",
    "None": "None",
}
_COMPARISONS = {
    "==": "==",
    "===": "==",
    "=": "==",
    "!=": "!=",
    "!==": "!=",
    **{s: s for s in ("<", "<=", ">", ">=")},
}
_SUMS, _PRODUCTS = {"+", "-"}, {"*", "/", "%"}
#: Words that begin what has no equal here.
_UNKNOWN_WORDS = frozenset({"some", "every", "for", "function", "instanceof", "new", "import", "lambda"})
#: Objects of other engines that hold the variables of a case.
_HOLDERS = frozenset({"execution", "kcontext", "variables", "delegateExecution", "context"})
#: Methods of one meaning: their name → ours.
_METHODS = {
    "startsWith": "startswith",
    "endsWith": "endswith",
    "toLowerCase": "lower",
    "toUpperCase": "upper",
    "trim": "strip",
    "lower": "lower",
    "upper": "upper",
    "strip": "strip",
    "startswith": "startswith",
    "endswith": "endswith",
    "get": "get",
}
_FUNCTIONS = {
    "count": "len({0})",
    "string length": "len({0})",
    "upper case": "{0}.upper()",
    "lower case": "{0}.lower()",
    "starts with": "{0}.startswith({1})",
    "ends with": "{0}.endswith({1})",
    "number": "float({0})",
    "string": "str({0})",
    "date": "{0}",
    "date and time": "{0}",
    "duration": "{0}",
}
_OURS = frozenset(
    {"len", "sum", "min", "max", "abs", "round", "int", "float", "str", "bool", "now", "today", "get", "has"}
)
_EMPTY = "(None, '', [])"


class _Uncertain(ValueError):
    """What this means here is not certain."""


@dataclass(frozen=True)
class _Said:
    """A part in Python, and how tight it binds."""

    text: str
    binds: int = _ATOM

    def within(self, binds: int) -> str:
        """The text as a part of something that binds so tight."""
        return self.text if self.binds >= binds else f"({self.text})"


def translate(source: str) -> str | None:
    """The same expression in our language; None unless its meaning is certain."""
    if not source.strip() or len(source) > MOST:
        return None
    try:
        python = _Reader(_bare(source)).whole()
        check_expression(python)
    except (_Uncertain, ExpressionRefused):
        return None
    return python


def understood(source: str) -> str | None:
    """An expression as it is when it is one of ours, else translated; None when neither."""
    try:
        check_expression(source)
    except ExpressionRefused:
        return translate(source)
    return source


def _bare(source: str) -> str:
    """The expression without the wrapping that its language puts around it."""
    text = source.strip().translate(_WIDE) if not _has_plain_quotes(source) else _widened(source.strip())
    wrapped = _WRAPPED.fullmatch(text)
    text = (wrapped[1] if wrapped else text).strip()
    if "${" in text or "#{" in text:
        raise _Uncertain
    if text.startswith("=") and not text.startswith("=="):
        text = "feel " + text[1:]
    return re.sub(r"^return\b\s*(.*?)\s*;?\s*$", r"\1", text, flags=re.DOTALL).rstrip("; \n\t")


def _has_plain_quotes(source: str) -> bool:
    return '"' in source or "'" in source


def _widened(text: str) -> str:
    """Signs made plain outside of quotation marks."""
    parts = re.split(r"(\"[^\"]*\"|'[^']*')", text)
    return "".join(part if at % 2 else part.translate(_WIDE) for at, part in enumerate(parts))


class _Reader:
    """Reads the tokens of one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.feel = text.startswith("feel ")
        self.tokens = _tokens(text.removeprefix("feel "))
        self.at = 0
        self.depth = 0

    def whole(self) -> str:
        said = self.choice()
        if self.at != len(self.tokens):
            raise _Uncertain
        return said.text

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place][1] if place < len(self.tokens) else ""

    def take(self, *wanted: str) -> bool:
        if self.peek() in wanted and self.peek():
            self.at += 1
            return True
        return False

    def must(self, wanted: str) -> None:
        if not self.take(wanted):
            raise _Uncertain

    def choice(self) -> _Said:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Uncertain
        said = self._if() if self.peek() == "if" else self._ternary()
        self.depth -= 1
        return said

    def _if(self) -> _Said:
        self.must("if")
        condition = self.choice()
        self.must("then")
        first = self.choice()
        self.must("else")
        return _chosen(condition, first, self.choice())

    def _ternary(self) -> _Said:
        said = self.any_of()
        if self.take("?"):
            first = self.choice()
            self.must(":")
            return _chosen(said, first, self.choice())
        if self.take("if"):
            # Python's own order.
            condition = self.any_of()
            self.must("else")
            return _chosen(condition, said, self.choice())
        return said

    def any_of(self) -> _Said:
        said = self.all_of()
        while self.take("||"):
            said = _Said(f"{said.within(_OR)} or {self.all_of().within(_AND)}", _OR)
        return said

    def all_of(self) -> _Said:
        said = self.denied()
        while self.take("&&"):
            said = _Said(f"{said.within(_AND)} and {self.denied().within(_NOT)}", _AND)
        return said

    def denied(self) -> _Said:
        # The word binds loosely, the sign tightly.
        if self.peek() == "!" and self.tokens[self.at][0] == "word":
            if self.peek(1) == "empty":
                return self.signed()
            self.at += 1
            return _Said(f"not {self.denied().within(_NOT)}", _NOT)
        return self.compared()

    def compared(self) -> _Said:
        said = self.sum()
        kind = self.peek()
        if kind in _COMPARISONS:
            self.at += 1
            said = _Said(f"{said.within(_SUM)} {_COMPARISONS[kind]} {self.sum().within(_SUM)}", _COMPARE)
            if self.peek() in _COMPARISONS:
                raise _Uncertain
        elif self.take("in"):
            said = self._among(said)
        elif kind == "!" and self.peek(1) == "in":
            self.at += 2
            said = _Said(f"{said.within(_SUM)} not in {self.sum().within(_SUM)}", _COMPARE)
        elif self.take("between"):
            low = self.sum()
            self.must("&&")
            said = _Said(f"{low.within(_SUM)} <= {said.within(_SUM)} <= {self.sum().within(_SUM)}", _COMPARE)
        return said

    def _among(self, said: _Said) -> _Said:
        begun = self.at
        if self.peek() in ("[", "(", "]"):
            left = "<" if self.peek() in ("(", "]") else "<="
            self.at += 1
            try:
                low = self.sum()
                self.must("..")
            except _Uncertain:
                self.at = begun
            else:
                high, right = self.sum(), self.peek()
                if right not in ("]", ")", "["):
                    raise _Uncertain
                self.at += 1
                less = "<=" if right == "]" else "<"
                text = f"{low.within(_SUM)} {left} {said.within(_SUM)} {less} {high.within(_SUM)}"
                return _Said(text, _COMPARE)
        return _Said(f"{said.within(_SUM)} in {self.sum().within(_SUM)}", _COMPARE)

    def sum(self) -> _Said:
        said = self.product()
        while self.peek() in _SUMS:
            sign = self.tokens[self.at][1]
            self.at += 1
            said = _Said(f"{said.within(_SUM)} {sign} {self.product().within(_PRODUCT)}", _SUM)
        return said

    def product(self) -> _Said:
        said = self.signed()
        while self.peek() in _PRODUCTS:
            sign = self.tokens[self.at][1]
            self.at += 1
            said = _Said(f"{said.within(_PRODUCT)} {sign} {self.signed().within(_SIGN)}", _PRODUCT)
        return said

    def signed(self) -> _Said:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Uncertain
        said = self._signed()
        self.depth -= 1
        return said

    def _signed(self) -> _Said:
        if self.take("-"):
            return _Said(f"-{self.signed().within(_SIGN)}", _SIGN)
        if self.take("!"):
            if self.take("empty"):
                return _Said(f"{self.signed().within(_SUM)} not in {_EMPTY}", _COMPARE)
            return _Said(f"not {self.signed().within(_NOT)}", _NOT)
        if self.peek() == "empty" and self.peek(1) not in ("", ")", "]", ",", ".", "=="):
            self.at += 1
            return _Said(f"{self.signed().within(_SUM)} in {_EMPTY}", _COMPARE)
        said = self.parts()
        if self.take("**"):
            said = _Said(f"{said.within(_ATOM)} ** {self.signed().within(_SIGN)}", _POWER)
        return said

    def parts(self) -> _Said:
        said = self.atom()
        while True:
            if self.take("."):
                said = self._member(said)
            elif self.take("["):
                said = self._item(said)
            else:
                return said

    def _item(self, said: _Said) -> _Said:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if self.feel and kind != "text":
            # Counted from 1 there; anything but a number chooses.
            if kind != "number" or not text.isdigit() or int(text) < 1:
                raise _Uncertain
            text = str(int(text) - 1)
            self.at += 1
        else:
            text = self.choice().text
        self.must("]")
        return _Said(f"{said.within(_ATOM)}[{text}]")

    def _member(self, said: _Said) -> _Said:
        kind, name = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind not in ("name", "word"):
            raise _Uncertain
        self.at += 1
        if self.peek() != "(":
            return _Said(f"len({said.text})") if name == "length" else _Said(f"{said.within(_ATOM)}.{name}")
        return _method(said, name, self._arguments())

    def _arguments(self) -> list[_Said]:
        self.must("(")
        found: list[_Said] = []
        while not self.take(")"):
            if found:
                self.must(",")
            found.append(self.choice())
        return found

    def atom(self) -> _Said:
        if self.at >= len(self.tokens):
            raise _Uncertain
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind in ("text", "number"):
            return _Said(text)
        if text == "(":
            return self._bracketed()
        if text == "[":
            self.at -= 1
            return self._list()
        if kind == "call":
            return _called(text, self._arguments())
        if kind != "name" or text in _UNKNOWN_WORDS:
            raise _Uncertain
        if text in _CONSTANTS:
            return _Said(_CONSTANTS[text])
        if self.peek() == "(":
            return _called(text, self._arguments())
        return _Said(text)

    def _bracketed(self) -> _Said:
        said = self.choice()
        if self.peek() != ",":
            self.must(")")
            # Its own marks come back where they are needed.
            return said
        found = [said.text]
        while self.take(","):
            found.append(self.choice().text)
        self.must(")")
        return _Said(f"({', '.join(found)})")

    def _list(self) -> _Said:
        self.must("[")
        found: list[str] = []
        while not self.take("]"):
            if found:
                self.must(",")
            found.append(self.choice().text)
        return _Said(f"[{', '.join(found)}]")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        matched = _TOKEN.match(text, at)
        if matched is None or matched.end() == at:
            raise _Uncertain
        at = matched.end()
        kind = matched.lastgroup or ""
        word = re.sub(r"\s+", " ", matched[kind]) if kind == "call" else matched[kind]
        if kind == "name" and word in _WORDS and not (found and found[-1][1] == "."):
            kind, word = "word", _WORDS[word]
        found.append((kind, word))
    return found


def _chosen(condition: _Said, first: _Said, other: _Said) -> _Said:
    return _Said(f"{first.within(_OR)} if {condition.within(_OR)} else {other.text}", _CHOICE)


def _method(said: _Said, name: str, given: list[_Said]) -> _Said:
    one = given[0] if len(given) == 1 else None
    match name, len(given):
        case ("getVariable" | "get", 1) if said.text in _HOLDERS and one is not None:
            return _Said(f"get({one.text})")
        case "hasVariable", 1 if said.text in _HOLDERS and one is not None:
            return _Said(f"has({one.text})")
        case "equals", 1 if one is not None:
            return _Said(f"{said.within(_SUM)} == {one.within(_SUM)}", _COMPARE)
        case "equalsIgnoreCase", 1 if one is not None:
            return _Said(f"{said.within(_ATOM)}.lower() == {one.within(_ATOM)}.lower()", _COMPARE)
        case (("contains" | "includes"), 1) if one is not None:
            return _Said(f"{one.within(_SUM)} in {said.within(_SUM)}", _COMPARE)
        case "isEmpty", 0:
            return _Said(f"{said.within(_SUM)} in {_EMPTY}", _COMPARE)
        case (("size" | "length"), 0):
            return _Said(f"len({said.text})")
        case (("booleanValue" | "intValue" | "doubleValue" | "longValue" | "toString"), 0):
            raise _Uncertain
    if name not in _METHODS or said.text in _HOLDERS:
        raise _Uncertain
    return _Said(f"{said.within(_ATOM)}.{_METHODS[name]}({', '.join(part.text for part in given)})")


def _called(name: str, given: list[_Said]) -> _Said:
    match name, given:
        case "not", [one]:
            return _Said(f"not {one.within(_NOT)}", _NOT)
        case "contains", [all_of_it, one]:
            return _Said(f"{one.within(_SUM)} in {all_of_it.within(_SUM)}", _COMPARE)
        case "list contains", [all_of_it, one]:
            return _Said(f"{one.within(_SUM)} in {all_of_it.within(_SUM)}", _COMPARE)
        case "is defined", [one] if one.text.isidentifier():
            return _Said(f'has("{one.text}")')
        case (("is blank" | "is empty"), [one]):
            return _Said(f"{one.within(_SUM)} in {_EMPTY}", _COMPARE)
        case (("date" | "date and time" | "duration"), [one]) if one.text[:1] not in "\"'":
            raise _Uncertain
    if name in _FUNCTIONS and len(given) == _FUNCTIONS[name].count("{"):
        shape = _FUNCTIONS[name]
        tight = (
            _CHOICE if shape.startswith(("len(", "float(", "str(", "{0}")) and shape.endswith(")") else _ATOM
        )
        return _Said(shape.format(*(part.within(_ATOM if "." in shape else tight) for part in given)))
    if name not in _OURS:
        raise _Uncertain
    return _Said(f"{name}({', '.join(part.text for part in given)})")


def duration_of(source: str) -> str | None:
    """The ISO duration in ``duration("P1D")`` or ``now() + duration("P1D")`` of FEEL."""
    found = re.fullmatch(r"\s*=\s*(?:now\(\)\s*\+\s*)?duration\(\s*[\"'](P[\dYMWDTHS]+)[\"']\s*\)\s*", source)
    return found[1] if found else None


def is_expression(source: str) -> bool:
    """Say whether a text is an expression of our language as it stands."""
    try:
        parse_expression(source)
        check_expression(source)
    except ExpressionRefused:
        return False
    return True
