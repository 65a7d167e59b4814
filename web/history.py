"""A case's history in sentences: what happened, for people who were not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engine.domain.views import Entry, Words
from web.language import reader_language
from web.words import gettext as _

#: Missed moments that a line of history names.
MISSED = 6


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
        "paused": _("停表"),
        "incident": _("异常"),
        "late": _("已迟"),
    }.get(status, status)


def priority_words(priority: str) -> str:
    """A priority in words."""
    return {"low": _("低"), "normal": _("普通"), "high": _("高"), "urgent": _("紧急")}.get(priority, priority)


def who_said(name: str) -> str:
    """A name as history keeps it, in the reader's language where it is nobody's."""
    return {"": _("系统"), "system": _("系统"), "customer": _("客户")}.get(name, name)


def sentence(entry: Entry, language: str, exact: Callable[[datetime], str]) -> str:
    """One line of history: 客务代表 完成了“调查”; 李四 代 王五 完成了“调查”.

    ``exact`` says a moment to the minute.
    """
    say = _SENTENCES.get(entry.kind)
    node = entry.node_name.in_language(language) if entry.node_name else entry.node or ""
    who = who_said(entry.actor)
    if entry.detail.get("for"):
        who = _("%(who)s 代 %(absent)s", who=who, absent=entry.detail["for"])
    if entry.kind == "case_started":
        return _started(entry, who, exact)
    return say(entry, who, node) if say else _("%(who)s：%(what)s", who=who, what=node or entry.kind)


def more(entry: Entry, language: str) -> str:
    """What belongs under the line: a reason, what was said to whom; empty when there is nothing."""
    why = entry.detail.get("why") or {}
    said = (
        entry.detail.get(language)
        or (why.get(language) if isinstance(why, dict) else "")
        or entry.detail.get("reason")
        or entry.detail.get("note")
        or ""
    )
    return str(said)


def _fact(entry: Entry, key: str) -> str:
    return str(entry.detail.get(key) or "")


def rung_words(action: str, to: str) -> str:
    """What a rung of a ladder does, to whom."""
    return {
        "remind": _("提醒%(who)s", who=to),
        "notify": _("通知%(who)s", who=to),
        "escalate": _("升级给%(who)s", who=to),
        "reassign": _("改派给%(who)s", who=to),
        "raise": _("优先级提为%(who)s", who=to),
    }.get(action, to)


def clock_words(kind: str) -> str:
    """A clock of a whole case in words."""
    return {
        "response": _("首次响应"),
        "solution": _("解决"),
        "update": _("进展告知"),
    }.get(kind, kind)


def _named(entry: Entry, key: str) -> str:
    said = entry.detail.get(key) or {}
    return Words(said.get("zh", ""), said.get("en", "")).in_language(reader_language())


def _started(entry: Entry, who: str, exact: Callable[[datetime], str]) -> str:
    """Who started a case, or that it started by itself, for which moment, and what was missed before."""
    if entry.detail.get("by_hand"):
        return _("%(who)s 提前发起了这个定时的案件", who=who)
    if not entry.detail.get("schedule"):
        return _("%(who)s 发起了案件", who=who)
    said = _("按排定的时间自动发起（%(when)s）", when=exact(datetime.fromisoformat(entry.detail["due"])))
    missed = entry.detail.get("missed") or []
    if not missed:
        return said
    count = int(entry.detail.get("missed_count") or len(missed))
    return said + _(
        "；系统停机期间错过 %(n)s 次：%(moments)s",
        n=count,
        moments=_("、").join(exact(datetime.fromisoformat(one)) for one in missed[-MISSED:])
        + ("…" if count > MISSED else ""),
    )


_Sentence = Callable[[Entry, str, str], str]
#: The kinds of history that the engine writes; what is not here is said by its step's name.
_SENTENCES: dict[str, _Sentence] = {
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
    "task_handed_over": lambda e, who, node: _(
        "%(who)s 把 %(other)s 的“%(step)s”交接给%(to)s",
        who=who,
        other=_fact(e, "held_by"),
        step=node,
        to=_fact(e, "to") or _("岗位待领"),
    ),
    "starter_handed_over": lambda e, who, node: _(
        "%(who)s 把发起人从 %(other)s 改为 %(to)s", who=who, other=_fact(e, "held_by"), to=_fact(e, "to")
    ),
    "sent_back": lambda e, who, node: _(
        "%(who)s 将“%(step)s”退回到“%(to)s”", who=who, step=node, to=_named(e, "back_to")
    ),
    "withdrawn": lambda e, who, node: _("%(who)s 撤回了“%(step)s”的办理", who=who, step=node),
    "task_released": lambda e, who, node: (
        _("“%(step)s”久未办理，自动放回", step=node)
        if e.detail.get("idle")
        else _("%(who)s 放回了“%(step)s”", who=who, step=node)
    ),
    "task_transferred": lambda e, who, node: _(
        "%(who)s 把“%(step)s”转给 %(other)s 办理", who=who, step=node, other=_fact(e, "to")
    ),
    "task_declined": lambda e, who, node: _("%(who)s 退还了转来的“%(step)s”", who=who, step=node),
    "task_reassigned": lambda e, who, node: _(
        "%(who)s 把“%(step)s”改派给 %(other)s", who=who, step=node, other=_fact(e, "to")
    ),
    "clock_started": lambda e, who, node: _("开始计时：%(clock)s", clock=clock_words(_fact(e, "clock"))),
    "clock_met": lambda e, who, node: (
        _("达成：%(clock)s（超时）", clock=clock_words(_fact(e, "clock")))
        if e.detail.get("late")
        else _("达成：%(clock)s", clock=clock_words(_fact(e, "clock")))
    ),
    "clock_missed": lambda e, who, node: _("未按时达成：%(clock)s", clock=clock_words(_fact(e, "clock"))),
    "clocks_paused": lambda e, who, node: _("%(who)s 停表", who=who),
    "clocks_resumed": lambda e, who, node: _("%(who)s 恢复计时", who=who),
    "moment_moved": lambda e, who, node: _(
        "“%(step)s”的时刻顺应挪动", step=node or clock_words(_fact(e, "clock"))
    ),
    "priority_raised": lambda e, who, node: _(
        "优先级自动提为%(priority)s", priority=priority_words(_fact(e, "priority"))
    ),
    "task_unassigned": lambda e, who, node: _(
        "%(who)s 把 %(other)s 手上的“%(step)s”放回待领", who=who, step=node, other=_fact(e, "held_by")
    ),
    "task_delegated": lambda e, who, node: _(
        "%(who)s 委派 %(other)s 代拟“%(step)s”", who=who, step=node, other=_fact(e, "to")
    ),
    "task_handed_back": lambda e, who, node: _(
        "%(who)s 把代拟的“%(step)s”交回 %(other)s", who=who, step=node, other=_fact(e, "to")
    ),
    "task_recalled": lambda e, who, node: _("%(who)s 收回了“%(step)s”", who=who, step=node),
    "task_submitted": lambda e, who, node: _("%(who)s 办完“%(step)s”，提交会签", who=who, step=node),
    "signers_added": lambda e, who, node: _(
        "%(who)s 请 %(people)s 签署“%(step)s”", who=who, people=_fact(e, "people"), step=node
    ),
    "signer_removed": lambda e, who, node: _(
        "%(who)s 免去 %(people)s 对“%(step)s”的签署", who=who, people=_fact(e, "people"), step=node
    ),
    "signed": lambda e, who, node: (
        _("%(who)s 签署“%(step)s”：同意", who=who, step=node)
        if e.detail.get("answer") == "agree"
        else _("%(who)s 签署“%(step)s”：不同意", who=who, step=node)
    ),
    "signers_decided": lambda e, who, node: (
        _("“%(step)s”会签通过", step=node)
        if e.detail.get("outcome") == "agreed"
        else _("“%(step)s”会签未通过", step=node)
    ),
    "urged": lambda e, who, node: _("%(who)s 催办“%(step)s”", who=who, step=node),
    "copied": lambda e, who, node: _("%(who)s 抄送给 %(people)s", who=who, people=_fact(e, "people")),
    "commented": lambda e, who, node: (
        _("%(who)s 留言（客户可见）", who=who) if e.detail.get("public") else _("%(who)s 留言", who=who)
    ),
    "customer_said": lambda e, who, node: _("客户留言"),
    "shared": lambda e, who, node: _("%(who)s 给客户生成了链接", who=who),
    "unshared": lambda e, who, node: _("%(who)s 停用了客户链接", who=who),
    "prioritised": lambda e, who, node: _(
        "%(who)s 把优先级改为%(priority)s", who=who, priority=priority_words(_fact(e, "priority"))
    ),
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
