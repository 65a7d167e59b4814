"""Webhooks: other systems are told in JSON, signed as Standard Webhooks has it.

``webhook-id`` stays the same however often a message is sent, ``webhook-timestamp`` is when this time, and
``webhook-signature`` is ``v1,`` and the HMAC-SHA256 of ``id.timestamp.body`` in base64. The key is what
follows ``whsec_`` in the secret, read as base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime

from engine.channels.posting import TIMEOUT, post

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret that nobody can guess."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What the receiver computes too.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...           1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def call(
    url: str, secret: str, message_id: str, body: str, *, at: datetime, timeout: float = TIMEOUT
) -> None:
    """Tell another system; raises :class:`NotSent` or :class:`MayHaveArrived`."""
    content, stamp = body.encode(), int(at.timestamp())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Guanjia",
        "Idempotency-Key": message_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(secret, message_id, stamp, content),
    }
    post(url, content, headers, timeout=timeout)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
