"""Mend times: quotation marks, cron, the words of other languages, and times that nobody gave."""

from __future__ import annotations

import ast
import re

from lxml import etree

from engine.domain.durations import is_duration
from engine.runtime.expression_rules import parse_expression
from engine.runtime.lint_expressions import is_time
from engine.runtime.reading import local, q
from engine.runtime.repairing.work import XSI_TYPE, Work, definitions_of, drop, prefix_of, remove
from engine.runtime.translating import duration_of, understood

_TAGS = ("timeDate", "timeDuration", "timeCycle")
_CYCLE = re.compile(
    r"(?P<times>R(?!0+/)\d*)/(?:(?P<start>\d{4}-[^/]*)/)?(?P<period>P[^/]*)(?:/(?P<end>\d{4}-.*))?"
)
_CRON = re.compile(r"(?=.*[*?])[\d*?/,\-LW#]+( +[\dA-Za-z*?/,\-#]+){4,6}")
_STEP = re.compile(r"(?:0|\*)/(\d+)")
#: What another language wraps around a text.
_WRAPPED = re.compile(r"\s*(?:[$#]\{(.*)\}|=(.*))\s*", re.DOTALL)
#: Looks like a time of ISO 8601, and may be none.
_ISO_LIKE = re.compile(r"(R\d*/)?-?P[\dYMWDTHS.,]*|R\d*/\S*", re.IGNORECASE)
#: jBPM's own: days, hours, minutes, seconds.
_SHORT = re.compile(r"(?=\d)(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")
#: What people write: (pattern, ISO).
_WORDS = (
    (re.compile(r"(\d+)\s*(?:days?|d|天|日)", re.IGNORECASE), "P{}D"),
    (re.compile(r"(\d+)\s*(?:hours?|hrs?|h|个?小时)", re.IGNORECASE), "PT{}H"),
    (re.compile(r"(\d+)\s*(?:minutes?|mins?|分钟?)", re.IGNORECASE), "PT{}M"),
    (re.compile(r"(\d+)\s*(?:weeks?|w|周|个?星期)", re.IGNORECASE), "P{}W"),
)


def mend(work: Work) -> None:
    """Mend the times of a file."""
    for node in work.nodes():
        for definition in definitions_of(node):
            if local(definition) == "timerEventDefinition":
                _mend_timer(work, node, definition)


def _mend_timer(work: Work, node: etree._Element, definition: etree._Element) -> None:
    found = list(definition.iterchildren(*(q(tag) for tag in _TAGS)))
    given = [child for child in found if (child.text or "").strip()]
    for child in found:
        if child is not (given or found)[0]:
            remove(child)
    if not given:
        for child in found:
            remove(child)
        _ask(work, node, definition, "", "timer-missing")
        return
    holder = given[0]
    text, cycle = (holder.text or "").strip(), local(holder) == "timeCycle"
    said = _said(text, cycle)
    if said is None:
        _ask(work, node, definition, text, "timer-cron" if _CRON.fullmatch(_bare(text)) else "timer-invalid")
        return
    code, value, sure = said
    if value == text and sure:
        return
    if is_duration(value.strip('"')) and local(holder) == "timeDate":
        holder.tag = q("timeDuration")
    drop(holder, "language")
    holder.text = value
    work.done(code, node, f"时间 {text[:80]} 改为 {value}", f"its time {text[:80]} is {value} now")
    if not sure:
        _ask_more(work, node, text, value)


def _ask_more(work: Work, node: etree._Element, text: str, value: str) -> None:
    """What a translated time leaves open: who fills its datum, or the hour at which it comes round."""
    if "has(" in value:
        zh, en = (
            f"时间取自 {text[:120]}；哪一步填写它？",
            f"its time is {text[:120]}; which step fills that in?",
        )
    else:
        zh = f"原来的时间是 {text[:120]}；多久一次，从什么时候起？"
        en = f"its time was {text[:120]}; how often, and from when?"
    work.ask(node, zh, en, value)


def _bare(text: str) -> str:
    return text.strip().strip("\"'").strip()


def _said(text: str, cycle: bool) -> tuple[str, str, bool] | None:
    """(the finding answered, our expression, is it certain); None when nobody can tell."""
    quoted = text[:1] in "\"'"
    inner = _WRAPPED.fullmatch(text)
    bare = _bare((inner[1] or inner[2]) if inner else text)
    if inner and not (_ISO_LIKE.fullmatch(bare) or _CRON.fullmatch(bare)):
        bare = text
    if cycle and (found := _CYCLE.fullmatch(bare)) and is_duration(found["period"]):
        value = f'"{found["times"]}/{found["period"].upper()}"'
        if found["start"] or found["end"]:
            return "timer-invalid", value, False
        return "timer-unquoted", text if quoted else value, True
    if cycle and is_duration(bare):
        return "timer-invalid", f'"R/{bare.upper()}"', True
    if is_duration(bare):
        return "timer-unquoted", text if quoted else f'"{bare.upper()}"', True
    if not cycle and is_time(bare, cycle=False):
        return "timer-unquoted", text if quoted else f'"{bare}"', True
    if _CRON.fullmatch(bare):
        period, sure = _cron(bare)
        return ("timer-cron", f'"R/{period}"' if cycle else f'"{period}"', sure) if period else None
    if (duration := duration_of(text)) is not None and is_duration(duration):
        return "foreign-expression", f'"R/{duration}"' if cycle else f'"{duration}"', True
    for pattern, iso in _WORDS:
        if (found := pattern.fullmatch(bare)) and int(found[1]) > 0:
            period = iso.format(int(found[1]))
            return "timer-invalid", f'"R/{period}"' if cycle else f'"{period}"', True
    if (short := _SHORT.fullmatch(bare)) and any(int(part) for part in short.groups("0")):
        days, hours, minutes, seconds = (part and f"{int(part)}" for part in short.groups())
        clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
        period = "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
        return "timer-invalid", f'"R/{period}"' if cycle else f'"{period}"', True
    return _computed(text, cycle)


def _computed(text: str, cycle: bool) -> tuple[str, str, bool] | None:
    """A time that is computed: a function, or a datum that may not be there yet."""
    python = understood(text)
    if python is None or _ISO_LIKE.fullmatch(text.strip()):
        return None
    if python == text:
        tree = type(parse_expression(text)).__name__
        return (
            ("timer-invalid", text, True)
            if tree in ("Call", "Name", "IfExp", "Attribute", "BinOp", "Subscript", "JoinedStr")
            and not _only_constants(text)
            else None
        )
    bare = _bare(python)
    if python[:1] in "\"'" and (is_time(bare, cycle=False) or _CYCLE.fullmatch(bare)):
        return "foreign-expression", python, True
    if _is_choice_of_times(python):
        return "foreign-expression", python, True
    if not python.replace(".", "").isidentifier() or cycle:
        return None
    name = python.split(".")[0]
    return "foreign-expression", f'{python} if has("{name}") and {name} else "P1D"', False


def _is_choice_of_times(python: str) -> bool:
    """Say whether an expression gives one of several literal times."""
    waiting, found = [parse_expression(python)], 0
    while waiting:
        match waiting.pop():
            case ast.IfExp(body=body, orelse=orelse):
                waiting += [body, orelse]
            case ast.Constant(value=str() as value) if is_time(value, cycle=False):
                found += 1
            case _:
                return False
    return found > 1


def _only_constants(text: str) -> bool:
    return not re.search(r"[^\W\d]\w*", re.sub(r"\"[^\"]*\"|'[^']*'", "", text))


def _cron(text: str) -> tuple[str | None, bool]:
    """The period of a cron line, and whether it says no more than that."""
    fields = text.split()
    if len(fields) == 5:
        fields = ["0", *fields]
    second, minute, hour, day, month, weekday, *_ = fields
    rest = all(one in ("*", "?") for one in (day, month, weekday))
    if rest and second == "0" and hour == "*" and (step := _STEP.fullmatch(minute)) and 0 < int(step[1]) < 60:
        return f"PT{int(step[1])}M", True
    if (
        rest
        and second == "0"
        and minute.isdigit()
        and (step := _STEP.fullmatch(hour))
        and 0 < int(step[1]) < 24
    ):
        return f"PT{int(step[1])}H", minute == "0"
    if rest and minute.isdigit() and hour == "*":
        return "PT1H", minute == "0"
    if rest and minute.isdigit() and hour.isdigit():
        return "P1D", False
    if (
        day in ("*", "?")
        and month == "*"
        and weekday not in ("*", "?")
        and re.fullmatch(r"[A-Za-z]{3}|\d", weekday)
    ):
        return "P1W", False
    if re.fullmatch(r"\d+|L", day) and month == "*":
        return "P1M", False
    return None, False


def _ask(work: Work, node: etree._Element, definition: etree._Element, text: str, code: str) -> None:
    holder = next(definition.iterchildren(*(q(tag) for tag in _TAGS)), None)
    if holder is None:
        holder = etree.SubElement(definition, q("timeDuration"))
    cycle = local(holder) == "timeCycle"
    if local(holder) == "timeDate":
        holder.tag = q("timeDuration")
    holder.set(XSI_TYPE, f"{prefix_of(node)}tFormalExpression")
    drop(holder, "language")
    default = '"R/P1D"' if cycle else '"P1D"'
    holder.text = default
    work.done(code, node, "时间待定，暂为一天", "its time is still to be said; a day for now")
    was_zh, was_en = (f"原来写的是“{text[:120]}”", f" It said “{text[:120]}”.") if text else ("", "")
    work.ask(node, f"等多久，或到什么时候？{was_zh}", f"how long, or until when?{was_en}", default)
