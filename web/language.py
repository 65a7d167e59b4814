"""The reader's language: Chinese is the source, English a catalogue read at the start."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale

from web.access import signed_in
from web.words import gettext as _
from web.words import spoken

LANGUAGES = ("zh", "en")
COOKIE = "language"
CATALOGUES = Path(__file__).parent / "translations"


class Catalogues(Domain):
    """Translations compiled in memory from the .po files, so that no build step can be forgotten."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the reader's language; Chinese needs none."""
        locale = get_locale()
        return catalogue("en" if locale is not None and locale.language == "en" else "zh")


@cache
def catalogue(language: str) -> NullTranslations:
    """The compiled catalogue of a language, read once a process."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Translations()
    with path.open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def speak(app: Flask) -> None:
    """Let ``app`` speak the reader's language."""
    babel = Babel(app, default_locale="zh", default_timezone="Asia/Shanghai", locale_selector=reader_language)
    babel.domain_instance = Catalogues()
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: spoken().gettext(text), lambda *counted: spoken().ngettext(*counted), newstyle=True
    )


def reader_language() -> str:
    """The person's choice, else the cookie's, else the browser's, else Chinese."""
    if not has_request_context():
        return "zh"
    found: str | None = g.get("language")
    if found is None:
        found = g.language = _chosen_language()
    return found


def _chosen_language() -> str:
    reader = signed_in()
    for choice in (reader.language if reader else "", request.cookies.get(COOKIE, "")):
        if choice in LANGUAGES:
            return choice
    # By the language alone: zh-CN, zh-TW and zh-Hans-HK all read Chinese.
    wanted = (tag.replace("_", "-").partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in wanted if language in LANGUAGES), "zh")


def script_words() -> dict[str, str]:
    """The few sentences that scripts say, in the reader's language; {names} are theirs to fill in."""
    return {
        "close": _("关闭"),
        "selected": _("已选 {n} 项"),
        "replies": _("常用语"),
        "no_replies": _("没有合适的常用语"),
        "edit_replies": _("整理常用语"),
        "remove": _("移除"),
        "offline": _("没有连上服务器，请检查网络后再试。"),
        "signed_out": _("登录已过期，请刷新本页重新登录。已自动保存的内容不会丢失。"),
        "offline_draft": _("已离线；内容还在本页，联网后自动保存。"),
        "draft_failed": _("未能自动保存，请先不要离开本页。"),
        "saved_at": _("已自动保存 {time}"),
        "too_large": _("文件太大，最大 {most}。"),
        "upload_failed": _("上传失败，请再试一次。"),
        "span_days": _("{d} 天 {h} 时"),
        "span_hours": _("{h} 时 {m} 分"),
        "span_minutes": _("{m} 分"),
        "late_by": _("超时 {span}"),
        "time_left": _("剩 {span}"),
        "in_time": _("{span}后"),
    }
