"""What people are told of, and the ways it takes, in the reader's words."""

from __future__ import annotations

from engine.domain.reach import CUSTOMER, EVENTS
from web.words import gettext as _

#: What other systems may be told of.
WEBHOOK_EVENTS = (*EVENTS, CUSTOMER)


def event_words(event: str) -> str:
    """An event, as its choices are called."""
    return {
        "task": _("新任务"),
        "transfer": _("转办、委派"),
        "back": _("退回、交回、收回"),
        "sign": _("会签"),
        "urge": _("催办"),
        "reminder": _("到期提醒"),
        "escalation": _("超时升级"),
        "mention": _("评论中被提到"),
        "comment": _("新评论"),
        "copy": _("抄送"),
        "notice": _("其他通知"),
        "customer": _("告知客户"),
        "digest": _("汇总"),
        "test": _("测试"),
    }.get(event, event)


def channel_words(channel: str) -> str:
    """A way that messages take."""
    return {
        "mail": _("邮件"),
        "wecom": _("企业微信群"),
        "dingtalk": _("钉钉群"),
        "feishu": _("飞书群"),
        "webhook": _("外部系统"),
    }.get(channel, channel)


def status_words(status: str) -> str:
    """What became of a message."""
    return {
        "due": _("待发送"),
        "sending": _("发送中"),
        "sent": _("已发出"),
        "unsure": _("可能已送达"),
        "dead": _("未能送达"),
        "dropped": _("已放弃"),
    }.get(status, status)


def how_words(how: str) -> str:
    """How something reaches a person by mail."""
    return {"now": _("立即"), "digest": _("汇总"), "none": _("不发")}.get(how, how)
