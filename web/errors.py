"""What went wrong, said to a person: engine errors and HTTP errors as pages, as toasts for htmx, as JSON."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from engine.errors import (
    CannotSendBack,
    CannotWithdraw,
    CaseChanged,
    CaseNotActive,
    Conflict,
    DatabaseUnavailable,
    FileRefused,
    Forbidden,
    GuanjiaError,
    Invalid,
    LinkInvalid,
    LinkOver,
    NotFound,
    NotPossibleNow,
    ReasonMissing,
    RuntimeFailed,
    TaskAlreadyDone,
    TaskCalledBack,
    TaskTaken,
    TooSoon,
)
from web.words import gettext as _

logger = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[GuanjiaError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
    (DatabaseUnavailable, 503),
)
#: Seconds after which it is worth trying again when the database was away.
RETRY_AFTER = 5


def set_up(app: Flask) -> None:
    """Let ``app`` answer errors in sentences."""
    app.register_error_handler(GuanjiaError, _engine_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: GuanjiaError) -> int:
    """The HTTP status of an engine error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def sentence(error: GuanjiaError) -> str:
    """What an engine error means for the reader, and what to do."""
    for kind, said in _sentences(error):
        if isinstance(error, kind):
            return said
    return _("系统这边出了问题，刚才的操作没有生效。请稍后再试；若仍不行，请告诉管理员。")


def _sentences(error: GuanjiaError) -> tuple[tuple[type[GuanjiaError], str], ...]:
    # A subclass stands before its base.
    return (
        (LinkInvalid, _("这个链接不完整或无效。请完整复制链接，或请对方重新发给您。")),
        (LinkOver, _("这个链接已经用过，或事情已经办完。")),
        (NotFound, _("没有找到您要的内容，可能已被取消，或地址有误。")),
        (Forbidden, _("您的岗位和站点不允许这样做。如需要，请联系管理员。")),
        (TaskAlreadyDone, _("这项任务已经有人办理完了。")),
        (TaskTaken, _("这项任务已被别人领取。")),
        (TaskCalledBack, _("这项任务已被收回，不再需要办理。")),
        (CannotSendBack, _cannot_send_back(error)),
        (CannotWithdraw, _cannot_withdraw(error)),
        (CaseNotActive, _("该案件当前不在进行中，不能办理。")),
        (NotPossibleNow, _("任务现在的状态不允许这样做：可能已转给别人，或正在会签。请刷新后再看。")),
        (TooSoon, _("您刚刚催办过，请过一会儿再催。")),
        (CaseChanged, _("刚才有人同时推进了此案件，请再试一次。您填写的内容没有丢失。")),
        (Conflict, _("情况刚刚有变化，请刷新后再看。")),
        (ReasonMissing, _("请写明理由。")),
        (FileRefused, _("这个文件不能接收：请检查大小（每个不超过 10 MB）和类型。")),
        (Invalid, _("提交的内容有误，请检查后再试。")),
        (
            DatabaseUnavailable,
            _("数据库暂时连接不上。请过几秒再提交一次：已经生效的操作不会重复，您填写的内容仍在此页。"),
        ),
        (
            RuntimeFailed,
            _("流程的这一步没能执行，刚才的操作没有生效，您填写的内容没有丢失。管理员已可在日志中看到原因。"),
        ),
    )


def path_told() -> str:
    """The path for a log; of an address that is a key only its shape."""
    rule = request.url_rule
    is_key = (request.endpoint or "").startswith(("answering.", "following."))
    return rule.rule if rule is not None and is_key else request.path


def _cannot_send_back(error: GuanjiaError) -> str:
    return {
        "itself": _("任务就在这一步，不需要退回。"),
        "not_done": _("这一步在本案件的这条路线上还没有办理过，不能退回到它。"),
        "not_before": _("从这一步走不到当前任务，不能退回到它。"),
        "parallel": _(
            "这一步在并行路线里，当前任务已不在其中：只退回一条路线，汇合处会永远等下去。请退回到分叉之前。"
        ),
        "elsewhere": _("这一步在另一个子流程或另一份会办里，不能退回到它。"),
    }.get(str(error.facts.get("why")), _("没有这样的步骤，不能退回。"))


def _cannot_withdraw(error: GuanjiaError) -> str:
    return {
        "other_person": _("只有办理人自己可以撤回。"),
        "not_last": _("案件在此之后已有别的进展，不能撤回；如需修改，请让现在的办理人退回。"),
        "acted": _("后面的任务已经有人动过，不能撤回；如需修改，请让对方退回。"),
        "thrown": _("这一步已向别的案件或系统发出消息，不能撤回。"),
        "ended": _("这一步已使案件办结，不能撤回。"),
        "told": _("这一步已告知客户或上级，不能撤回。"),
        "filed": _("这一步已归档单据或作废编号，不能撤回。"),
        "signed": _("这一步经过会签，不能撤回。"),
        "late": _("撤销的时间已过；如果下一步还没有人动过，仍可在本页撤回。"),
    }.get(str(error.facts.get("why")), _("现在不能撤回。"))


def answer(status: int, said: str, title: str = "") -> Response:
    """One sentence in the form that the asker can show: a page, a toast, or JSON."""
    if request.accept_mimetypes.best == "application/json":
        body = make_response(jsonify(error=status, message=said), status)
    elif request.headers.get("HX-Request") == "true":
        body = make_response(render_template("errors/toast.html", said=said), status)
        # Nothing of the page changes but the toasts, which come out of band.
        body.headers["HX-Reswap"] = "none"
    else:
        body = make_response(
            render_template("errors/page.html", status=status, title=title or _titles(status), said=said),
            status,
        )
    return body


def _engine_error(error: GuanjiaError) -> ResponseReturnValue:
    status = status_of(error)
    if status >= 500:
        logger.error(
            "Request failed", exc_info=error, extra={"action": "request_failed", "path": path_told()}
        )
    if not isinstance(error, DatabaseUnavailable):
        return answer(status, sentence(error))
    # The page that says so asks the database nothing.
    g.database_is_away = True
    body = answer(status, sentence(error))
    body.headers["Retry-After"] = str(RETRY_AFTER)
    return body


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    return answer(400, _("页面放得太久，安全校验已过期。请返回上一页刷新，再提交一次。"), _("请再提交一次"))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    body = answer(status, _http_sentence(status))
    # What the status demands, such as Allow and Retry-After.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            body.headers[name] = value
    return body


def _unexpected(error: Exception) -> ResponseReturnValue:
    logger.error(
        "Request failed unexpectedly",
        exc_info=error,
        extra={"action": "request_failed", "path": path_told()},
    )
    return answer(500, _http_sentence(500))


def _http_sentence(status: int) -> str:
    return {
        400: _("浏览器发来的内容不完整，请返回上一页再试。"),
        401: _("请重新登录。"),
        403: _("您的岗位和站点不允许这样做。如需要，请联系管理员。"),
        404: _("没有找到您要的内容，可能已被取消，或地址有误。"),
        405: _("这个地址不能这样使用，请从页面上的按钮操作。"),
        413: _("上传的内容太大：每个文件不超过 10 MB，一次提交不超过 25 MB。请减小后再试。"),
        429: _("尝试次数太多，请过几分钟再试。"),
    }.get(status, _("系统这边出了问题，刚才的操作没有生效。请稍后再试；若仍不行，请告诉管理员。"))


def _titles(status: int) -> str:
    return {
        401: _("请登录"),
        403: _("不允许"),
        404: _("没有找到"),
        405: _("不能这样使用"),
        409: _("情况有变"),
        413: _("内容太大"),
        422: _("内容有误"),
        429: _("请稍候"),
        503: _("请稍候"),
    }.get(status, _("出了问题"))
