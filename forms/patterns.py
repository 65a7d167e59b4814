"""Which regular expressions a procedure's owner may write: small ones that cannot run away.

A pattern is read by a grammar that JavaScript and Python share (literals, classes, groups,
alternatives, ``? * + {m,n}``), and the number of ways in which it could try to match a text is
bounded by multiplication. Nothing is compiled before that bound holds.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

#: Characters of a pattern.
MAX_PATTERN = 200
#: Ways to try; about the square of the longest line of text, some ten milliseconds at worst.
MAX_WAYS = 300_000
#: The largest number between braces.
MAX_COUNT = 1000

_CLASS_ESCAPES = frozenset("dDwWsS")
_BRACES = re.compile(r"\{(\d{1,6})(?:(,)(\d{1,6})?)?\}")


class PatternRefused(ValueError):
    """The pattern is not one of the small safe ones; the text says why, in English."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, ready for ``fullmatch``; ``\\d`` and ``\\w`` are ASCII as in JavaScript."""
    return re.compile(pattern, re.ASCII)


def require_safe(pattern: str, longest: int) -> None:
    """Raise :class:`PatternRefused` unless matching ``longest`` characters is surely quick.

    >>> require_safe(r"^(\\+86)?1[3-9]\\d{9}$", 500)
    >>> require_safe(r"(a+)+$", 500)
    Traceback (most recent call last):
    forms.patterns.PatternRefused: a repeated group may not hold a choice of its own
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternRefused(f"longer than {MAX_PATTERN} characters")
    if _Reader(pattern, longest).ways() > MAX_WAYS:
        raise PatternRefused("too many ways to match; use fewer * + ? or set maxLength")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise PatternRefused(str(error)) from error


class _Reader:
    """A recursive reader that counts ways instead of building a tree."""

    def __init__(self, pattern: str, longest: int) -> None:
        self.pattern = pattern
        self.longest = longest
        self.at = 0

    def ways(self) -> int:
        total = self._alternatives()
        if self.at < len(self.pattern):
            raise PatternRefused("an unmatched )")
        return total

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _alternatives(self) -> int:
        total = self._sequence()
        while self._peek() == "|":
            self.at += 1
            total += self._sequence()
        return total

    def _sequence(self) -> int:
        ways = 1
        while self._peek() not in ("", "|", ")"):
            ways *= self._quantified()
        return ways

    def _quantified(self) -> int:
        inside = self._item()
        bounds = self._quantifier()
        if bounds is None:
            return inside
        if self._peek() in ("*", "+", "?") or _BRACES.match(self.pattern, self.at):
            raise PatternRefused("a quantifier may not follow a quantifier")
        least, most = bounds
        if most is not None and most <= 1:
            return inside + (most - least)
        if inside > 1:
            raise PatternRefused("a repeated group may not hold a choice of its own")
        return max(1, (self.longest if most is None else most) - least + 1)

    def _quantifier(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._peek() in simple:
            self.at += 1
            return simple[self.pattern[self.at - 1]]
        if self._peek() != "{":
            return None
        found = _BRACES.match(self.pattern, self.at)
        if found is None:
            raise PatternRefused("a { that is not a count is written \\{")
        self.at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else (None if found[2] else least)
        if max(least, most or 0) > MAX_COUNT:
            raise PatternRefused(f"a count above {MAX_COUNT}")
        return least, most

    def _item(self) -> int:
        char = self._peek()
        self.at += 1
        if char == "(":
            return self._group()
        if char == "[":
            self._class()
        elif char == "\\":
            self._escape()
        elif char in "*+?{":
            raise PatternRefused(f"nothing to repeat before {char}")
        return 1

    def _group(self) -> int:
        if self._peek() == "?":
            if not self.pattern.startswith("?:", self.at):
                raise PatternRefused("only ( ) and (?: ) groups are allowed")
            self.at += 2
        ways = self._alternatives()
        if self._peek() != ")":
            raise PatternRefused("a group without its )")
        self.at += 1
        return ways

    def _class(self) -> None:
        if self._peek() == "^":
            self.at += 1
        if self._peek() == "]":
            raise PatternRefused("an empty class")
        while self._peek() != "]":
            char = self._peek()
            if not char:
                raise PatternRefused("a class without its ]")
            self.at += 1
            if char == "[":
                raise PatternRefused("a [ in a class is written \\[")
            if char == "\\":
                self._escape()
        self.at += 1

    def _escape(self) -> None:
        char = self._peek()
        if char == "u" and re.match(r"u[0-9a-fA-F]{4}", self.pattern[self.at : self.at + 5]):
            self.at += 5
            return
        if not char or (char.isalnum() and char not in _CLASS_ESCAPES) or not char.isascii():
            raise PatternRefused(f"the escape \\{char} is not allowed")
        self.at += 1
