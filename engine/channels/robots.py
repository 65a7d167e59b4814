"""Robots of chat groups: 企业微信 (WeCom), 钉钉 (DingTalk) and 飞书 (Feishu), each in its own words.

All three answer HTTP 200 to what they refuse, with a code in the body that has to be read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from engine.channels.outcome import MayHaveArrived, NotSent
from engine.channels.posting import TIMEOUT, post
from engine.domain.robots import Robot

#: Bytes of a text message: WeCom takes 2048, the others more.
MOST = 2000
_JSON = {"Content-Type": "application/json; charset=utf-8"}
#: What they answer to too many messages: wait, and try again.
_TOO_MANY = frozenset({45009, 130101, 11232})


def speak(robot: Robot, text: str, *, at: datetime, timeout: float = TIMEOUT) -> None:
    """Say something in the robot's group; raises :class:`NotSent` or :class:`MayHaveArrived`."""
    address, payload = _REQUESTS[robot.kind](robot, _short(text), at)
    body = json.dumps(payload, ensure_ascii=False).encode()
    try:
        answer = post(address, body, _JSON, timeout=timeout)
    except NotSent as error:
        raise NotSent(_without_secrets(robot, str(error)), again=error.again) from None
    except MayHaveArrived as error:
        raise MayHaveArrived(_without_secrets(robot, str(error))) from None
    _require_taken(robot, answer)


def _wecom(robot: Robot, text: str, at: datetime) -> tuple[str, dict[str, Any]]:
    return robot.address, {"msgtype": "text", "text": {"content": text}}


def _dingtalk(robot: Robot, text: str, at: datetime) -> tuple[str, dict[str, Any]]:
    payload = {"msgtype": "text", "text": {"content": text}}
    if not robot.sign:
        return robot.address, payload
    stamp = str(int(at.timestamp() * 1000))
    signed = _hmac(robot.sign.encode(), f"{stamp}\n{robot.sign}".encode())
    joint = "&" if "?" in robot.address else "?"
    return f"{robot.address}{joint}timestamp={stamp}&sign={quote_plus(signed)}", payload


def _feishu(robot: Robot, text: str, at: datetime) -> tuple[str, dict[str, Any]]:
    payload: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if robot.sign:
        stamp = str(int(at.timestamp()))
        # Here the text to sign is the key, and nothing is signed with it.
        payload |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{robot.sign}".encode(), b"")}
    return robot.address, payload


_REQUESTS: Mapping[str, Callable[[Robot, str, datetime], tuple[str, dict[str, Any]]]] = {
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
}


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def _short(text: str) -> str:
    whole = text.encode()
    return text if len(whole) <= MOST else whole[:MOST].decode("utf-8", "ignore") + "…"


def _require_taken(robot: Robot, answer: bytes) -> None:
    try:
        said = json.loads(answer)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NotSent("The answer was not one of a robot: is its address right?", again=False)
    code = said.get("errcode", said.get("code", said.get("StatusCode")))
    if code == 0:
        return
    reason = str(said.get("errmsg") or said.get("msg") or "")[:200]
    raise NotSent(_without_secrets(robot, f"It was refused: {code} {reason}"), again=code in _TOO_MANY)


def _without_secrets(robot: Robot, text: str) -> str:
    for secret in (
        robot.address,
        robot.address.rpartition("=")[2],
        robot.address.rpartition("/")[2],
        robot.sign,
    ):
        if secret:
            text = text.replace(secret, "…")
    return text
