"""When the people who sign have decided: all, any, so many, a share, or by weight (会签, 或签, 票签)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import Invalid

Rule = Literal["all", "any", "count", "share", "weight"]
Outcome = Literal["agreed", "refused"]
#: before: the holder waits for them; beside: they answer meanwhile; after: the case waits for them.
PLACES = ("before", "beside", "after")
RULES: tuple[Rule, ...] = ("all", "any", "count", "share", "weight")
#: agree, disagree.
ANSWERS = ("agree", "disagree")
_WRITTEN = re.compile(r"(?P<weight>weight\s+)?(?P<number>\d{1,6})(?P<share>%)?")


@dataclass(frozen=True)
class Vote:
    """What somebody who signs has said: agree, disagree, or nothing yet (None)."""

    answer: str | None
    weight: int = 1


def doer(signing: Mapping[str, Any] | None, holder: int | None) -> int | None:
    """Whose work is signed, by what a task keeps of its signing: who submitted it, else who has it."""
    submitted = (signing or {}).get("submitted")
    return submitted["by"] if submitted else holder


def threshold(rule: str, needed: int | None, total: int) -> int:
    """How much agreement decides, of ``total``: never more than there is, never nothing."""
    match rule:
        case "all":
            asked = total
        case "any":
            asked = 1
        case "share":
            asked = -(-total * (needed or 0) // 100)
        case _:
            asked = needed or 0
    return min(max(asked, 1), max(total, 1))


def decided(rule: str, needed: int | None, votes: Iterable[Vote]) -> Outcome | None:
    """What was decided, or None while it still depends on those who have not answered.

    Where nobody is left to be asked nothing stands in the way: agreed.
    """
    counted = [(vote.answer, vote.weight if rule == "weight" else 1) for vote in votes]
    total = sum(weight for _answer, weight in counted)
    if not counted:
        return "agreed"
    asked = threshold(rule, needed, total)
    agreed = sum(weight for answer, weight in counted if answer == "agree")
    open_ = sum(weight for answer, weight in counted if answer is None)
    if agreed >= asked:
        return "agreed"
    return "refused" if agreed + open_ < asked else None


def checked(rule: str, needed: int | None, weights: Iterable[int]) -> dict[str, Any]:
    """A rule as it is kept, ``{"rule", "needed"}``; raises :class:`Invalid` for one that cannot be met."""
    weights = list(weights)
    if rule not in RULES:
        raise Invalid("There is no such rule of signing.", field="rule", rule=rule)
    if any(weight < 1 for weight in weights):
        raise Invalid("A weight is at least 1.", field="weights")
    if rule in ("all", "any"):
        return {"rule": rule, "needed": None}
    most = {"share": 100, "count": len(weights), "weight": sum(weights)}[rule]
    if needed is None or not 1 <= needed <= most:
        raise Invalid("So much agreement cannot be reached.", field="needed", most=most)
    return {"rule": rule, "needed": needed}


def parse_rule(text: str) -> tuple[Rule, int | None]:
    """A rule as a drawing writes it: ``all``, ``any``, ``2``, ``60%``, ``weight 5``.

    Raises :class:`Invalid`.
    """
    written = " ".join(text.split()).lower()
    if written in ("all", "any"):
        return ("all" if written == "all" else "any"), None
    found = _WRITTEN.fullmatch(written)
    if found is None or (found["weight"] and found["share"]):
        raise Invalid("This is no rule of signing.", field="sign_rule", rule=text)
    number = int(found["number"])
    if number < 1 or (found["share"] and number > 100):
        raise Invalid("So much agreement cannot be reached.", field="sign_rule", rule=text)
    rule: Rule = "weight" if found["weight"] else "share" if found["share"] else "count"
    return rule, number
