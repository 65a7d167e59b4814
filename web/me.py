"""我的: who I am, what I may do, how my pages look, my password."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from engine import change_password, reach_of, send_test, set_preferences
from engine import person as find_person
from engine import set_reach as keep_reach
from engine.domain.reach import EVENTS, Reach
from engine.errors import Invalid
from web.access import access, engine, person, safe_next, signed_in
from web.display import SIZES, THEMES
from web.language import COOKIE, LANGUAGES
from web.security import begin_session
from web.tellings import event_words, how_words
from web.words import gettext as _

bp = Blueprint("me", __name__)

_YEAR = 365 * 24 * 3600
#: Characters of the longest password; argon2 reads them all.
_LONGEST_PASSWORD = 200


@bp.get("/me")
@access("signed-in")
def show() -> ResponseReturnValue:
    """Show my page."""
    return _page({})


@bp.post("/me/language")
@access("public")
def set_language() -> ResponseReturnValue:
    """Speak another language from here on."""
    language = request.form.get("language", "")
    if language in LANGUAGES:
        reader = signed_in()
        if reader is not None:
            set_preferences(engine(), reader.id, language=language)
        return _remember(COOKIE, language)
    return redirect(safe_next(request.form.get("next")), code=303)


@bp.post("/me/theme")
@access("public")
def set_theme() -> ResponseReturnValue:
    """Show pages light, dark or as the system."""
    theme = request.form.get("theme", "")
    if theme in THEMES:
        reader = signed_in()
        if reader is not None:
            set_preferences(engine(), reader.id, theme=theme)
        return _remember("theme", theme)
    return redirect(safe_next(request.form.get("next")), code=303)


@bp.post("/me/size")
@access("public")
def set_size() -> ResponseReturnValue:
    """Show letters in normal or large size, on this device."""
    size = request.form.get("size", "")
    if size in SIZES:
        return _remember("size", size)
    return redirect(safe_next(request.form.get("next")), code=303)


@bp.post("/me/password")
@access("signed-in")
def set_password() -> ResponseReturnValue:
    """Change my password; the session is begun anew."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _page({"again": _("两次输入的新密码不一样。")}), 422
    if max(len(old), len(new)) > _LONGEST_PASSWORD:
        return _page({"new": _("密码太长。")}), 422
    try:
        change_password(engine(), person().id, old=old, new=new)
    except Invalid as error:
        return _page(_password_problem(error)), 422
    changed = find_person(engine(), person().id)
    if changed is not None:
        begin_session(changed)
    flash(_("密码已修改。"), "done")
    return redirect(url_for("me.show"), code=303)


@bp.post("/me/reach")
@access("signed-in")
def set_reach() -> ResponseReturnValue:
    """Keep how I like to be told."""
    typed = {
        name: request.form.get(name, "")
        for name in ("email", "quiet_from", "quiet_until", "digest_at", "zone")
    }
    events = {event: request.form[f"how-{event}"] for event in EVENTS if f"how-{event}" in request.form}
    try:
        keep_reach(
            engine(),
            person().id,
            email=typed["email"],
            events=events,
            begins=typed["quiet_from"],
            ends=typed["quiet_until"],
            digest_at=typed["digest_at"],
            zone=typed["zone"],
        )
    except Invalid as error:
        return _page(_reach_problem(error), typed | {"events": events}), 422
    flash(_("已保存。"), "done")
    return redirect(url_for("me.show", _anchor="reach"), code=303)


@bp.post("/me/reach/test")
@access("signed-in")
def send_test_message() -> ResponseReturnValue:
    """Send me a message now, and say what became of it."""
    try:
        became, why = send_test(engine(), person().id)
    except Invalid as error:
        return _page(_reach_problem(error)), 422
    if became == "sent":
        flash(_("邮件服务器已收下测试邮件，请查看邮箱。"), "done")
    elif became == "unsure":
        flash(_("测试邮件已交出，但没有得到答复：可能已经送达。%(why)s", why=why), "error")
    else:
        flash(_("测试邮件没有发出：%(why)s", why=why), "error")
    return redirect(url_for("me.show", _anchor="reach"), code=303)


def _reach_problem(error: Invalid) -> dict[str, str]:
    field = str(error.facts.get("field"))
    clock = _("请填写时间，例如 08:30。")
    said = {
        "email": _("这不是一个邮箱地址。"),
        "quiet_from": clock,
        "quiet_until": _("免打扰的起止时间都要填写，并且不能相同。"),
        "digest_at": clock,
        "zone": _("没有这个时区。"),
    }
    if error.facts.get("reason") == "no-mail":
        return {"email": _("本系统还没有设置邮件服务器。")}
    if error.facts.get("reason") == "no-address":
        return {"email": _("请先填写邮箱并保存。")}
    return {field: said.get(field, _("没有这种选择。"))}


def _password_problem(error: Invalid) -> dict[str, str]:
    said = {
        "wrong": _("原密码不对。"),
        "short": _("密码太短，至少 %(least)s 个字符。", least=error.facts.get("least", 10)),
        "long": _("密码太长。"),
        "same": _("新密码与原密码相同。"),
    }.get(str(error.facts.get("reason")), _("这个密码容易被猜到：请不要用常见密码，也不要包含登录名。"))
    return {"old" if error.facts.get("field") == "old" else "new": said}


def _page(errors: dict[str, str], typed: dict[str, object] | None = None) -> str:
    found, mine = find_person(engine(), person().id) or person(), reach_of(engine(), person().id)
    shown = _shown(mine.email, mine.reach) | (typed or {})
    return render_template(
        "me/show.html",
        me=found,
        errors=errors,
        mine=mine,
        typed=shown,
        events=list(EVENTS),
        hows=["now", "digest", "none"],
        zones=[(zone, zone) for zone in mine.zones],
        event_words=event_words,
        how_words=how_words,
    )


def _shown(email: str, reach: Reach) -> dict[str, object]:
    quiet = reach.quiet
    return {
        "email": email,
        "events": {event: reach.how(event) for event in EVENTS},
        "quiet_from": f"{quiet.begins:%H:%M}" if quiet else "",
        "quiet_until": f"{quiet.ends:%H:%M}" if quiet else "",
        "digest_at": f"{reach.digest_at:%H:%M}",
        "zone": reach.zone,
    }


def _remember(name: str, value: str) -> Response:
    answer = make_response(redirect(safe_next(request.form.get("next")), code=303))
    answer.set_cookie(
        name,
        value,
        max_age=_YEAR,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer
