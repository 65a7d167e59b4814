"""Why a task went to somebody, in words and figures, for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.domain.choosing import Choice, Empty, Known, Rule, Source
from engine.domain.views import Words

#: People who are named one by one; of more their number is said.
NAMED = 5

_EMPTY: dict[Empty, Words] = {
    "nobody": Words("没有找到人", "gave nobody"),
    "no-shift": Words("没有人当班", "nobody was on shift"),
    "no-site": Words("没有本站点的人", "nobody belongs to this site"),
    "away": Words("都已离岗", "all were away"),
}
_FILTERS = {
    "on shift": Words("当班", "on shift"),
    "on shift today": Words("今日当班", "on shift today"),
    "site": Words("属于本站点", "of this site"),
}


def source_words(source: Source, node_name: Callable[[str], Words]) -> Words:
    """A source as people read it."""
    if source.kind == "handler":
        step = node_name(source.of)
        return Words(f"办理“{step.zh}”的人", f"who completed “{step.en}”")
    if source.kind == "manager" and source.whose is not None:
        whose = source_words(source.whose, node_name)
        return Words(f"{whose.zh}的主管", f"the manager of {whose.en}")
    return {
        "starter": Words("发起人", "the starter"),
        "last": Words("上一步的办理人", "who completed the last step"),
        "field": Words("表单中选定的人", "whom the form names"),
        "expression": Words("流程中的表达式", "the procedure’s expression"),
        "queue": Words("留在岗位待领", "left in the queue of the role"),
    }.get(source.kind, Words("本岗位的人", "who holds the role"))


def rule_words(rule: Rule, node_name: Callable[[str], Words]) -> Words:
    """A rule as people read it."""
    source = source_words(rule.source, node_name)
    # Whoever holds the role need not be said where it is said who of them.
    is_said = rule.source.kind != "roles" or not (rule.filters or rule.pick)
    zh, en = ([source.zh], [source.en]) if is_said else ([], [])
    for kept in rule.filters:
        zh.append(_FILTERS[kept].zh)
        en.append(_FILTERS[kept].en)
    if rule.pick == "least loaded":
        zh.append("手头任务最少")
        en.append("with the fewest open tasks")
    elif rule.pick == "round robin":
        zh.append("轮流")
        en.append("in turn")
    return Words("，".join(zh), ", ".join(en))


def explain(
    choice: Choice, known: Known, names: Mapping[int, str], node_name: Callable[[str], Words]
) -> dict[str, Any]:
    """What :class:`~engine.store.models.Task` keeps as ``why``: words in both languages, and the figures."""
    zh: list[str] = []
    en: list[str] = []
    for rule, why in choice.empty:
        if choice.rule == rule:
            continue
        said = rule_words(rule, node_name)
        zh.append(f"按“{said.zh}”{_EMPTY[why].zh}")
        en.append(f"the rule “{said.en}” {_EMPTY[why].en}")
    chosen = _chosen(choice, known, names, node_name)
    zh.append(chosen.zh)
    en.append(chosen.en)
    return {
        "zh": "；".join(zh) + "。",
        "en": _sentence("; ".join(en)),
        "among": [{"id": one, "load": known.load.get(one)} for one in choice.among[:50]],
        "away": list(choice.away),
    }


def because(choice: Choice) -> str:
    """The code of a choice, for what reads no words."""
    if choice.rule is None:
        return "rule:nobody"
    return ":".join(
        ("rule", choice.rule.source.kind, *choice.rule.filters, *filter(None, [choice.rule.pick]))
    )


def _chosen(
    choice: Choice, known: Known, names: Mapping[int, str], node_name: Callable[[str], Words]
) -> Words:
    if choice.rule is None:
        return Words("因此由岗位待领", "so it waits for whoever of the role takes it")
    rule = rule_words(choice.rule, node_name)
    if choice.person is None:
        return Words("按规则由岗位待领", "by rule it waits for whoever of the role takes it")
    name = names.get(choice.person, "")
    said = Words(f"按“{rule.zh}”分派给{name}", f"assigned to {name} by the rule “{rule.en}”")
    figures = _figures(choice, known, names)
    if choice.person in choice.away:
        return Words(f"{said.zh}：已离岗，由代办人办理", f"{said.en}: away, the stand-in will do it")
    if choice.away:
        gone = _listed([names.get(one, "") for one in choice.away])
        figures = Words(f"{figures.zh}（{gone.zh}已离岗）", f"{figures.en} ({gone.en} away)")
    return Words(said.zh + figures.zh, said.en + figures.en)


def _figures(choice: Choice, known: Known, names: Mapping[int, str]) -> Words:
    """By what one of several was picked."""
    if len(choice.among) < 2 or choice.rule is None:
        return Words("", "")
    number = len(choice.among)
    if choice.rule.pick == "round robin":
        before = names.get(known.last, "") if known.last is not None else ""
        return Words(
            f"：{number} 人轮流" + (f"，上一次是{before}" if before else ""),
            f": the turn of {number} people" + (f", the last had {before}" if before else ""),
        )
    own = known.load.get(choice.person or 0, 0)
    others = [one for one in choice.among if one != choice.person]
    if len(others) <= NAMED:
        zh = "、".join(f"{names.get(one, '')} {known.load.get(one, 0)} 件" for one in others)
        en = ", ".join(f"{names.get(one, '')} {known.load.get(one, 0)}" for one in others)
    else:
        least = min(known.load.get(one, 0) for one in others)
        zh, en = f"其他 {len(others)} 人至少 {least} 件", f"{len(others)} others at least {least}"
    return Words(f"：手头 {own} 件，{zh}", f": {own} open, {en}")


def _listed(names: list[str]) -> Words:
    if len(names) > NAMED:
        return Words(f"{len(names)} 人", f"{len(names)} people")
    return Words("、".join(names), ", ".join(names))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
