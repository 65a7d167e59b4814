"""Rules that choose a person for a task: how they are written, and whom they choose.

A rule is written as terms with commas between them, and several rules with ``else`` (or ``;``) between them::

    handler:receive else on shift, least loaded

Each rule says where people come from (without it, whoever holds the task's roles at the site), who of them
stays, and which one of those it is. A rule that gives nobody falls on to the next; after the last, the task
waits in the queue of its roles.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["roles", "starter", "last", "handler", "field", "manager", "expression", "queue"]
Filter = Literal["on shift", "on shift today", "site"]
Pick = Literal["least loaded", "round robin"]
#: Why a rule gave nobody.
Empty = Literal["nobody", "no-shift", "no-site", "away"]

#: Characters of all rules of a task.
LONGEST = 500
#: Rules of one task.
MOST = 8


class RuleRefused(ValueError):
    """A rule that cannot be read; says in both languages what would do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Source:
    """Where people come from."""

    kind: Kind
    #: The node of a handler, the key of a field, the text of an expression.
    of: str = ""
    #: Whose manager.
    whose: Source | None = None


ROLES, QUEUE = Source("roles"), Source("queue")


@dataclass(frozen=True)
class Rule:
    """One rule: people from somewhere, some of whom stay, one of whom it is."""

    source: Source = ROLES
    filters: tuple[Filter, ...] = ()
    pick: Pick | None = None


@dataclass(frozen=True)
class Known:
    """What rules are decided by; only what they ask for is filled."""

    #: What each source gives, in the order of ids; people who may sign in only.
    people: Mapping[Source, Sequence[int]]
    on_shift: Collection[int] = frozenset()
    on_shift_today: Collection[int] = frozenset()
    #: Who belongs to the very site, and not to every one.
    here: Collection[int] = frozenset()
    #: Who has a stand-in just now.
    away: Collection[int] = frozenset()
    #: Open tasks that each holds.
    load: Mapping[int, int] = field(default_factory=dict)
    #: Who had the last turn.
    last: int | None = None


@dataclass(frozen=True)
class Choice:
    """Whom the rules chose, by which of them, out of whom; and which rules gave nobody."""

    person: int | None
    rule: Rule | None
    among: tuple[int, ...] = ()
    #: Those of the rule's people who are away and were passed over.
    away: tuple[int, ...] = ()
    empty: tuple[tuple[Rule, Empty], ...] = ()


def choose(rules: Sequence[Rule], known: Known) -> Choice:
    """Decide by the first rule that gives somebody who is there.

    Who is away is chosen only when no rule gives anybody else: the stand-in will do it then.
    """
    empty: list[tuple[Rule, Empty]] = []
    absent: tuple[Rule, tuple[int, ...]] | None = None
    for rule in rules:
        if rule.source.kind == "queue":
            return Choice(None, rule, empty=tuple(empty))
        left, why = _left(rule, known)
        there = tuple(one for one in left if one not in known.away)
        if there:
            away = tuple(one for one in left if one in known.away)
            return Choice(_one_of(rule, there, known), rule, there, away, tuple(empty))
        empty.append((rule, "away" if left else why))
        if left and absent is None:
            absent = (rule, left)
    if absent is not None:
        rule, left = absent
        return Choice(_one_of(rule, left, known), rule, left, left, tuple(empty))
    return Choice(None, None, empty=tuple(empty))


def _left(rule: Rule, known: Known) -> tuple[tuple[int, ...], Empty]:
    left = tuple(sorted(set(known.people.get(rule.source, ()))))
    why: Empty = "nobody"
    wanted = {"on shift": known.on_shift, "on shift today": known.on_shift_today, "site": known.here}
    for kept in rule.filters:
        if not left:
            break
        left = tuple(one for one in left if one in wanted[kept])
        why = "no-site" if kept == "site" else "no-shift"
    return left, why


def _one_of(rule: Rule, people: Sequence[int], known: Known) -> int:
    if rule.pick == "round robin":
        last = known.last
        return next((one for one in people if last is None or one > last), people[0])
    # Also of several that a rule without a choice leaves; of equals the one who was here first.
    return min(people, key=lambda one: (known.load.get(one, 0), one))


# How rules are written --------------------------------------------------------------------------

_FILTERS: dict[str, Filter] = {
    "on shift": "on shift",
    "on duty": "on shift",
    "当班": "on shift",
    "on shift today": "on shift today",
    "今日当班": "on shift today",
    "site": "site",
    "same site": "site",
    "本站点": "site",
}
_PICKS: dict[str, Pick] = {
    "least loaded": "least loaded",
    "任务最少": "least loaded",
    "round robin": "round robin",
    "轮流": "round robin",
}
_SOURCES = {
    "starter": Source("starter"),
    "发起人": Source("starter"),
    "last handler": Source("last"),
    "previous handler": Source("last"),
    "上一办理人": Source("last"),
    "role": ROLES,
    "岗位": ROLES,
    "queue": QUEUE,
    "待领": QUEUE,
}
_HANDLER = re.compile(r"(?:handler|办理人)\s*[:：]\s*([\w.-]+)", re.IGNORECASE)
_FIELD = re.compile(r"(?:field|字段)\s*[:：]\s*([^\W\d]\w*)", re.IGNORECASE)
_MANAGER = re.compile(r"(?:manager|supervisor) of (?P<en>.+)|(?P<zh>.+?)的(?:主管|上级)", re.IGNORECASE)
_ELSE = re.compile(r"\s(?:else|否则)\s|[;；]")
_COMMA = re.compile(r"[,，、]")


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Read the rules of a task; raises :class:`RuleRefused`.

    >>> parse_rules("handler:receive else 当班，任务最少")
    ... # doctest: +NORMALIZE_WHITESPACE
    (Rule(source=Source(kind='handler', of='receive', whose=None), filters=(), pick=None),
     Rule(source=Source(kind='roles', of='', whose=None), filters=('on shift',), pick='least loaded'))
    """
    if len(text) > LONGEST:
        raise RuleRefused(f"规则太长，最多 {LONGEST} 个字符", f"the rule is longer than {LONGEST} characters")
    parts = list(_split(text, _ELSE))
    if len(parts) > MOST:
        raise RuleRefused(f"规则太多，最多 {MOST} 条", f"there are more than {MOST} rules")
    rules = tuple(_rule(part) for part in parts)
    for rule in rules[:-1]:
        if rule.source.kind == "queue":
            raise RuleRefused("“待领”之后的规则永远不会用到", "what follows `queue` is never looked at")
    return rules


def is_rule(text: str) -> bool:
    """Say whether a text can be read as rules."""
    try:
        parse_rules(text)
    except RuleRefused:
        return False
    return True


def _rule(text: str) -> Rule:
    source: Source | None = None
    filters: list[Filter] = []
    pick: Pick | None = None
    for term in _split(text, _COMMA):
        plain = " ".join(term.split())
        small = plain.casefold()
        if not plain:
            raise RuleRefused("有一条规则是空的", "a rule is empty")
        if pick is not None:
            raise RuleRefused(f"“{plain}”应写在“挑选”之前", f"{plain!r} has to stand before what picks one")
        if small in _PICKS:
            pick = _PICKS[small]
        elif small in _FILTERS:
            filters.append(_FILTERS[small])
        elif source is not None or filters:
            _refuse_source(plain, is_second=source is not None)
        else:
            source = _source(plain)
    if source == QUEUE and (filters or pick):
        raise RuleRefused("“待领”单独成一条", "`queue` stands alone")
    return Rule(source or ROLES, tuple(dict.fromkeys(filters)), pick)


def _refuse_source(plain: str, *, is_second: bool) -> None:
    _source(plain)
    if is_second:
        raise RuleRefused(
            f"“{plain}”与前面的来源重复：两个来源之间请写 else", f"{plain!r} is a second source: write `else`"
        )
    raise RuleRefused(f"来源“{plain}”应写在最前面", f"the source {plain!r} has to stand first")


def _source(plain: str) -> Source:
    if plain.startswith(("(", "（")):
        return Source("expression", plain[1:-1].strip())
    known = _SOURCES.get(plain.casefold())
    if known is not None:
        return known
    if found := _HANDLER.fullmatch(plain):
        return Source("handler", found[1])
    if found := _FIELD.fullmatch(plain):
        return Source("field", found[1])
    if found := _MANAGER.fullmatch(plain):
        whose = _source((found["en"] or found["zh"]).strip())
        if whose.kind not in ("starter", "last", "handler", "field"):
            raise RuleRefused(
                "主管只能是发起人、办理人或字段的主管", "a manager is of a starter, a handler or a field"
            )
        return Source("manager", whose=whose)
    raise RuleRefused(
        f"看不懂“{plain}”：可以写 starter、last handler、handler:步骤、field:字段、manager of …、"
        "on shift、on shift today、site、least loaded、round robin、queue 或（表达式）",
        f"{plain!r} is no rule; there are starter, last handler, handler:<node>, field:<key>, manager of …, "
        "on shift, on shift today, site, least loaded, round robin, queue, and (an expression)",
    )


def _split(text: str, at: re.Pattern[str]) -> Iterator[str]:
    """The parts of a text between what separates them, outside of brackets and quotes."""
    depth, quote, begun, place = 0, "", 0, 0
    while place < len(text):
        letter = text[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([（":
            depth += 1
        elif letter in ")]）":
            depth -= 1
        elif depth == 0 and (found := at.match(text, place)):
            yield text[begun:place]
            begun = place = found.end()
            continue
        if depth < 0:
            break
        place += 1
    if depth or quote:
        raise RuleRefused("括号或引号没有成对", "a bracket or a quotation mark has no partner")
    yield text[begun:]


def ids_in(value: object) -> tuple[int, ...]:
    """The people that a datum holds: account ids as numbers or texts, one or several.

    >>> ids_in("7"), ids_in([3, "4", None]), ids_in(True)
    ((7,), (3, 4), ())
    """
    if isinstance(value, (list, tuple)):
        return tuple(one for part in value for one in ids_in(part))
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    # An account id has at most ten digits.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        return (int(value),)
    return ()


def sources(rules: Sequence[Rule]) -> list[Source]:
    """Where the rules' people come from, each once; a manager's own first."""
    found: dict[Source, None] = {}
    for rule in rules:
        if rule.source.whose is not None:
            found[rule.source.whose] = None
        found[rule.source] = None
    return list(found)
