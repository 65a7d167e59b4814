"""A case's history in sentences: what happened, for people who were not there."""

from __future__ import annotations

from collections.abc import Callable

from engine.domain.views import Entry
from web.words import gettext as _


def status_words(status: str) -> str:
    """The status of a case, a task or a timer in words."""
    return {
        "active": _("进行中"),
        "suspended": _("已挂起"),
        "ended": _("已办结"),
        "cancelled": _("已取消"),
        "open": _("待办"),
        "done": _("已办"),
        "armed": _("等待中"),
        "incident": _("异常"),
        "late": _("已迟"),
    }.get(status, status)


def sentence(entry: Entry, language: str) -> str:
    """One line of history: 客务代表 完成了“调查”."""
    say = _SENTENCES.get(entry.kind)
    node = entry.node_name.in_language(language) if entry.node_name else entry.node or ""
    who = _("系统") if entry.actor in ("", "system") else entry.actor
    return say(entry, who, node) if say else _("%(who)s：%(what)s", who=who, what=node or entry.kind)


def more(entry: Entry, language: str) -> str:
    """What belongs under the line: a reason, what was said to whom; empty when there is nothing."""
    said = entry.detail.get(language) or entry.detail.get("reason") or entry.detail.get("note") or ""
    return str(said)


def _fact(entry: Entry, key: str) -> str:
    return str(entry.detail.get(key) or "")


_Sentence = Callable[[Entry, str, str], str]
#: The kinds of history that the engine writes; what is not here is said by its step's name.
_SENTENCES: dict[str, _Sentence] = {
    "case_started": lambda e, who, node: _("%(who)s 发起了案件", who=who),
    "case_ended": lambda e, who, node: _("案件办结"),
    "case_cancelled": lambda e, who, node: _("%(who)s 取消了案件", who=who),
    "case_suspended": lambda e, who, node: _("%(who)s 挂起了案件", who=who),
    "case_resumed": lambda e, who, node: _("%(who)s 恢复了案件", who=who),
    "case_archived": lambda e, who, node: _("案件已归档"),
    "task_opened": lambda e, who, node: _("“%(step)s”到达待办", step=node),
    "task_cancelled": lambda e, who, node: _("“%(step)s”不再需要办理", step=node),
    "task_claimed": lambda e, who, node: _("%(who)s 领取了“%(step)s”", who=who, step=node),
    "task_taken_over": lambda e, who, node: _(
        "%(who)s 从 %(other)s 接手了“%(step)s”", who=who, other=e.detail.get("held_by", ""), step=node
    ),
    "task_released": lambda e, who, node: _("%(who)s 放回了“%(step)s”", who=who, step=node),
    "completed": lambda e, who, node: (
        _("%(who)s 完成了“%(step)s”（超时）", who=who, step=node)
        if e.detail.get("late")
        else _("%(who)s 完成了“%(step)s”", who=who, step=node)
    ),
    "answered_by_link": lambda e, who, node: _("%(who)s 用链接答复了“%(step)s”", who=who, step=node),
    "passed": lambda e, who, node: _("经过“%(step)s”", step=node),
    "fired": lambda e, who, node: _("“%(step)s”发生", step=node),
    "timer_fired": lambda e, who, node: _("定时“%(step)s”到点", step=node),
    "reminded": lambda e, who, node: _("就“%(step)s”发出催办提醒", step=node),
    "escalated": lambda e, who, node: _("“%(step)s”已升级", step=node),
    "told": lambda e, who, node: _("发出通知"),
    "customer_told": lambda e, who, node: _("已告知客户"),
    "number_issued": lambda e, who, node: _("发出编号 %(number)s", number=_fact(e, "number")),
    "number_voided": lambda e, who, node: _("编号 %(number)s 作废", number=_fact(e, "number")),
    "register_written": lambda e, who, node: _("已记入台账"),
    "register_voided": lambda e, who, node: _("台账一行作废"),
    "master_changed": lambda e, who, node: _("主数据 %(key)s 已更新", key=_fact(e, "key")),
    "master_ended": lambda e, who, node: _("主数据 %(key)s 已失效", key=_fact(e, "key")),
    "document_filed": lambda e, who, node: _("单据已归入案件"),
    "attached": lambda e, who, node: _("%(who)s 上传了 %(name)s", who=who, name=_fact(e, "name")),
    "message_thrown": lambda e, who, node: _("发出消息"),
    "message_received": lambda e, who, node: _("收到消息"),
    "message_started": lambda e, who, node: _("消息发起了案件 %(number)s", number=_fact(e, "started")),
    "signal_thrown": lambda e, who, node: _("发出信号"),
    "signal_heard": lambda e, who, node: _("收到信号"),
    "signal_started": lambda e, who, node: _("信号发起了案件 %(number)s", number=_fact(e, "started")),
    "message_unmatched": lambda e, who, node: _("消息没有案件接收"),
    "incident": lambda e, who, node: _("“%(step)s”出现异常，等待管理员处理", step=node),
    "retried": lambda e, who, node: _("%(who)s 重试了“%(step)s”", who=who, step=node),
}
