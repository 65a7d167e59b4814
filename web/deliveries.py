"""发送: messages that leave the house and what became of them; the other systems that are told of events."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import (
    add_webhook,
    change_webhook,
    give_up,
    list_deliveries,
    list_webhooks,
    renew_secret,
    send_again,
    try_webhook,
)
from engine.domain.views import WebhookLine
from engine.errors import Invalid
from web.access import access, actor, engine
from web.display import is_htmx
from web.lists import page_number
from web.tellings import WEBHOOK_EVENTS, channel_words, event_words, status_words
from web.words import gettext as _

bp = Blueprint("deliveries", __name__, url_prefix="/deliveries")

STATUSES = ("due", "sending", "sent", "unsure", "dead", "dropped")
CHANNELS = ("mail", "wecom", "dingtalk", "feishu", "webhook")


@bp.get("")
@access("admin")
def index() -> ResponseReturnValue:
    """Show deliveries, what waits for a hand first."""
    status, channel = request.args.get("status", ""), request.args.get("channel", "")
    status = status if status in STATUSES else ""
    channel = channel if channel in CHANNELS else ""
    text = request.args.get("q", "").strip()
    page = list_deliveries(engine(), actor(), status=status, channel=channel, person=text, page=page_number())
    return render_template(
        "deliveries/_rows.html" if is_htmx() else "deliveries/index.html",
        page=page,
        status=status,
        channel=channel,
        text=text,
        statuses=[("", _("全部状态")), *((one, status_words(one)) for one in STATUSES)],
        channels=[("", _("全部渠道")), *((one, channel_words(one)) for one in CHANNELS)],
        has_mail=engine().mail is not None,
        robots=list(engine().robots.values()),
        event_words=event_words,
        channel_words=channel_words,
        status_words=status_words,
    )


@bp.post("/<int(max=2147483647):delivery_id>/again")
@access("admin")
def again(delivery_id: int) -> ResponseReturnValue:
    """Send one again now, and say what became of it."""
    became = send_again(engine(), delivery_id, by=actor())
    if became == "sent":
        flash(_("已发出。"), "done")
    elif became == "unsure":
        flash(_("已交出，但没有得到答复：可能已经送达。"), "error")
    else:
        flash(_("仍未发出，原因见列表。"), "error")
    return _back()


@bp.post("/<int(max=2147483647):delivery_id>/give-up")
@access("admin")
def drop(delivery_id: int) -> ResponseReturnValue:
    """Let one be."""
    give_up(engine(), delivery_id, by=actor())
    flash(_("已放弃这一条。"), "done")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("deliveries.index"), code=303)


# Other systems -------------------------------------------------------------------------------


@bp.get("/webhooks")
@access("admin")
def webhooks() -> ResponseReturnValue:
    """Show the other systems."""
    return _systems()


@bp.post("/webhooks")
@access("admin")
def add() -> ResponseReturnValue:
    """Add a system; its secret is shown on this answer alone."""
    events = request.form.getlist("events")
    name, url = request.form.get("name", ""), request.form.get("url", "")
    try:
        secret = add_webhook(engine(), name=name, url=url, events=events, by=actor())
    except Invalid as error:
        said = {
            "name": _("请填写名称，最多 100 个字符。"),
            "url": _("请填写以 https:// 或 http:// 开头的地址。"),
        }
        field = str(error.facts.get("field"))
        typed = {"name": name, "url": url, "events": events}
        return _systems(errors={field: said.get(field, _("没有这种事件。"))}, typed=typed), 422
    return _systems(secret=secret, secret_of=" ".join(name.split()))


@bp.post("/webhooks/<int(max=2147483647):webhook_id>/switch")
@access("admin")
def switch(webhook_id: int) -> ResponseReturnValue:
    """Let a system be told again, or no more."""
    change_webhook(engine(), webhook_id, active=request.form.get("active") == "1", by=actor())
    return redirect(url_for("deliveries.webhooks"), code=303)


@bp.post("/webhooks/<int(max=2147483647):webhook_id>/secret")
@access("admin")
def secret(webhook_id: int) -> ResponseReturnValue:
    """Give a system a new secret, shown on this answer alone."""
    renewed = renew_secret(engine(), webhook_id, by=actor())
    name = next((one.name for one in _known() if one.id == webhook_id), "")
    return _systems(secret=renewed, secret_of=name)


@bp.post("/webhooks/<int(max=2147483647):webhook_id>/test")
@access("admin")
def test(webhook_id: int) -> ResponseReturnValue:
    """Tell a system a test, and say what became of it."""
    why = try_webhook(engine(), webhook_id, by=actor())
    if why:
        flash(_("没有送达：%(why)s", why=why), "error")
    else:
        flash(_("对方已收到测试消息。"), "done")
    return redirect(url_for("deliveries.webhooks"), code=303)


def _known() -> list[WebhookLine]:
    return list_webhooks(engine(), actor())


def _systems(
    *,
    errors: dict[str, str] | None = None,
    typed: Mapping[str, object] | None = None,
    secret: str = "",
    secret_of: str = "",
) -> str:
    return render_template(
        "deliveries/webhooks.html",
        lines=_known(),
        errors=errors or {},
        typed=typed or {},
        secret=secret,
        secret_of=secret_of,
        events=[(event, event_words(event)) for event in WEBHOOK_EVENTS],
        event_words=event_words,
    )
