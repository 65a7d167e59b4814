"""The keys of the pages, as one table: the dialog shows it, and the script reads the dialog."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from web.words import gettext as _


@dataclass(frozen=True)
class Key:
    """One key, or two after each other, and what it does."""

    keys: tuple[str, ...]
    #: What the script does: a name of its own, or ``go``.
    does: str
    words: str
    #: Where ``go`` goes.
    url: str = ""


def table() -> list[Key]:
    """Every key, in the order of the dialog."""
    return [
        Key(("Ctrl", "K"), "", _("搜索一切")),
        Key(("/",), "search", _("在列表中搜索")),
        Key(("j",), "next", _("下一行")),
        Key(("k",), "previous", _("上一行")),
        Key(("Enter",), "open", _("打开")),
        Key(("c",), "claim", _("领取")),
        Key(("x",), "select", _("选择")),
        Key(("a",), "all", _("全选本页")),
        Key(("b",), "bulk", _("去批量操作")),
        Key(("Esc",), "leave", _("离开输入框，回到列表")),
        *_places(),
        Key(("?",), "help", _("这张表")),
    ]


def _places() -> list[Key]:
    return [
        Key(("g", "i"), "go", _("去待办"), url_for("inbox.index")),
        Key(("g", "c"), "go", _("去待领"), url_for("inbox.index", view="claimable")),
        Key(("g", "t"), "go", _("去团队"), url_for("inbox.index", view="team")),
        Key(("g", "w"), "go", _("去关注"), url_for("inbox.index", view="watched")),
        Key(("g", "p"), "go", _("去抄送我"), url_for("inbox.index", view="copied")),
        Key(("g", "d"), "go", _("去已办"), url_for("inbox.index", view="done")),
        Key(("g", "s"), "go", _("去我发起的"), url_for("cases.index", view="started")),
        Key(("g", "n"), "go", _("去发起"), url_for("start.index")),
        Key(("g", "a"), "go", _("去案件"), url_for("cases.index")),
        Key(("g", "b"), "go", _("去团队看板"), url_for("board.index")),
        Key(("g", "l"), "go", _("去到期日历"), url_for("agenda.index")),
        Key(("g", "m"), "go", _("去消息"), url_for("notices.index")),
        Key(("g", "r"), "go", _("去常用语"), url_for("replies.index")),
    ]
