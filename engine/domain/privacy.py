"""Mask personal data for people who need not see it, so that nothing can be guessed back."""

from __future__ import annotations

import re
from typing import Any, Literal

Kind = Literal["name", "phone", "email", "unit", "text"]

#: What stands for anything that is hidden whole; its length says nothing.
HIDDEN = "***"

# ASCII only: Chinese runs on into an address without a space.
_EMAIL = re.compile(r"[A-Za-z0-9_.+%-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_PHONE = re.compile(r"\+?[\d ()-]{7,20}")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?")
#: Digits, single letters and the words of an address below the street.
_UNIT = re.compile(r"[A-Za-z0-9东南西北座栋幢号楼层单元室房区期塔弄 #·-]{1,20}")
_TOO_LONG_FOR_A_UNIT = re.compile(r"\d{6}|[A-Za-z]{3}")
_NAME = re.compile(r"[^\W\d_]{1,4}|[A-Za-z][A-Za-z .'-]{1,39}")
# Chinese runs on without spaces, so inside a sentence only digits bound a number; seven and more of
# them, since shorter ones are rooms, years and sums.
_PHONE_INSIDE = re.compile(
    r"(?<![\d.])(?:(?:\+|00)86[ -]?)?"
    r"(?:1\d{2}[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]?\d{7,8}|\d{7,8})(?![\d.]\d|\d)"
)
_COUNTRY = re.compile(r"(?:\+|00)86[ -]?")


def mask(value: Any, kind: Kind | None = None) -> Any:
    """Give a JSON value with every text and number in it masked; the shape and the keys stay.

    ``kind`` None guesses for each text by :func:`kind_of`. Nothing given (None, an empty text) stays.

    >>> mask({"name": "张三丰", "phones": ["13812345678"]})
    {'name': '张**', 'phones': ['138****5678']}
    """
    if isinstance(value, dict):
        return {key: mask(item, kind) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask(item, kind) for item in value]
    if isinstance(value, bool):
        return HIDDEN
    if value is None or (isinstance(value, str) and not value.strip()):
        return value
    if not isinstance(value, str) and kind is None:
        # An age, a sum, an account: a bare number has no looks to go by.
        return HIDDEN
    text = str(value).strip()
    return _MASKS[kind or kind_of(text)](text)


def kind_of(text: str) -> Kind:
    """Guess what a text is from its looks; what looks like nothing is ``text`` and hidden whole.

    >>> [kind_of(text) for text in ("张三", "021-58881234", "A座1203室", "a@b.cn", "电梯坏了，请修。")]
    ['name', 'phone', 'unit', 'email', 'text']
    """
    if _EMAIL.fullmatch(text):
        return "email"
    if _DATE.fullmatch(text):
        return "text"
    # More digits belong to an identity card or an account, of which nothing is shown.
    if _PHONE.fullmatch(text) and 7 <= len(_digits(text)) <= 13:
        return "phone"
    if _UNIT.fullmatch(text) and 0 < len(_digits(text)) <= 7 and not _TOO_LONG_FOR_A_UNIT.search(text):
        return "unit"
    return "name" if _NAME.fullmatch(text) else "text"


def redact(text: str) -> str:
    """Mask the phone numbers, e-mail addresses and identity numbers that stand in a sentence.

    >>> redact("请回电 13812345678 或写 zhang@example.com")
    '请回电 138****5678 或写 z***@example.com'
    """
    text = _EMAIL.sub(lambda found: _email(found[0]), text)
    text = _ID_CARD.sub(HIDDEN, text)
    return _PHONE_INSIDE.sub(lambda found: _phone(found[0]), text)


def _name(text: str) -> str:
    return text[0] + "**" if len(text) > 1 else "**"


def _phone(text: str) -> str:
    digits = _digits(_COUNTRY.sub("", text, count=1))
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-4:]}" if len(digits) >= 7 else "****"


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    return f"{local[0]}{HIDDEN}@{domain}" if at and local else HIDDEN


def _unit(text: str) -> str:
    """Hide the last number's last two digits: the building and the floor stay, the door does not."""
    runs = list(re.finditer(r"\d+", text))
    if not runs:
        return _name(text)
    last = runs[-1]
    return f"{text[: max(last.start(), last.end() - 2)]}**{text[last.end() :]}"


def _text(_: str) -> str:
    return HIDDEN


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


_MASKS = {"name": _name, "phone": _phone, "email": _email, "unit": _unit, "text": _text}
