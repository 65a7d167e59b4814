"""A field that names a person: typed, with colleagues to choose from, without a script too."""

from __future__ import annotations

import re

from engine import find_people
from engine.domain.facts import UserId
from engine.domain.views import PersonFound
from web.access import actor, engine
from web.words import gettext as _

_WITH_LOGIN = re.compile(r".*[（(]([\w.@+-]{1,100})[)）]\s*")


def choices(*, site: str = "", role: str = "", without: int | None = None) -> list[tuple[int, str]]:
    """(id, name with login) of colleagues, to choose from."""
    found = find_people(engine(), actor(), site=site, role=role, most=50)
    return [(one.id, shown(one)) for one in found if one.id != without]


def shown(one: PersonFound) -> str:
    """A person as the field shows them: nobody else is written so."""
    return _("%(name)s（%(login)s）", name=one.name, login=one.login)


def meant(text: str) -> tuple[UserId | None, str]:
    """Whom a text means, or what is wrong with it in a sentence."""
    text = text.strip()
    if not text:
        return None, _("请选择一个人。")
    if with_login := _WITH_LOGIN.fullmatch(text):
        text = with_login[1]
    found = find_people(engine(), actor(), text, most=6)
    exact = [one for one in found if text.casefold() in (one.login, one.name.casefold())]
    if len(exact) == 1 or len(found) == 1:
        return (exact or list(found))[0].id, ""
    if not found:
        return None, _("没有找到“%(typed)s”。", typed=text)
    names = "、".join(shown(one) for one in found)
    return None, _("“%(typed)s”不止一人：%(names)s。", typed=text, names=names)
