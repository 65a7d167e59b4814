"""The kinds of answer as marshmallow fields: each turns one raw answer into a clean JSON value.

They raise ``ValidationError`` whose messages are :class:`forms.messages.Problem`. What depends on
the day (people, departments, files, the site's zone) comes from :class:`Surroundings`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate
from marshmallow.experimental.context import Context

from forms.messages import Problem
from forms.model import Field
from forms.patterns import compiled
from forms.vocabulary import LONGEST

#: Digits that a JSON number surely carries there and back.
MAX_DIGITS = 15
MAX_FILES = 20

_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?", re.ASCII)
_DATE = re.compile(r"(?:19|20|21)\d{2}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?", re.ASCII)
_ZONE = re.compile(r"Z|[+-]\d{2}:\d{2}(?::\d{2})?", re.ASCII)
_PHONE = re.compile(
    r"(?:(?:\+|00)86)?1[3-9]\d{9}"  # a Chinese mobile
    r"|(?:(?:\+|00)86)?0\d{2,3}\d{7,8}(?:(?:-|x|ext|转|轉)\d{1,6})?"  # a landline and its extension
    r"|[48]00\d{7}(?:(?:-|x|ext|转|轉)\d{1,6})?"  # a service line
    r"|\+[1-9]\d{6,14}(?:(?:-|x|ext|转|轉)\d{1,6})?",  # E.164
    re.ASCII | re.IGNORECASE,
)
_EXTENSION = re.compile(r"(?:-|转|轉|x|ext\.?)\s*(\d{1,6})$", re.ASCII | re.IGNORECASE)
_IS_EMAIL = validate.Email()
#: Invisible, and ``str.strip`` leaves them.
_BLANK = "\u200b\u2060\ufeff"
#: They turn the reading direction, so that a name reads as another.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Surroundings:
    """What a check must know beyond the form and the answers."""

    #: The options of a field whose ``kind`` is ``user`` or ``department``, as (value, label).
    choices: Callable[[Field], Sequence[tuple[str, str]]]
    #: Says whether an attachment with this id may be used here.
    attachment: Callable[[str], bool]
    #: The zone of a date and time that comes without one, and of every one that is stored.
    zone: tzinfo
    #: Says whether a field that looks a master up may have this key.
    row: Callable[[Field, str], bool] = lambda _field, _key: False


def wrong(code: str, **params: str | int | float) -> ValidationError:
    """The error to raise for a problem."""
    return ValidationError([Problem.of(code, **params)])


class _Answer:
    """What all kinds share: the form's field, and problems in place of marshmallow's sentences."""

    def __init__(self, asked: Field, **settings: Any) -> None:
        self.asked = asked
        super().__init__(**settings)

    def make_error(self, key: str, **_: Any) -> ValidationError:
        return wrong("required" if key in ("required", "null") else "not-text")


class Text(_Answer, fields.String):
    """Free text: trimmed, without control characters, within its length and form."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if not isinstance(value, str):
            raise wrong("not-text")
        longest = self.asked.max_length or LONGEST[self.asked.type]
        if len(value) > 4 * longest + 100:
            # Far beyond: spare the work of looking at every character.
            raise wrong("too-long", limit=longest)
        text = tidied(value)
        lines = self.asked.type == "textarea"
        if any(_is_control(char, lines=lines) for char in text):
            raise wrong("control-character")
        if len(text) > longest:
            raise wrong("too-long", limit=longest)
        if len(text) < (self.asked.min_length or 0):
            raise wrong("too-short", limit=self.asked.min_length or 0)
        return self._in_form(text)

    def _in_form(self, text: str) -> str:
        if self.asked.validation:
            # Full-width digits and brackets come out of a Chinese keyboard.
            text = unicodedata.normalize("NFKC", text)
        if self.asked.validation == "phone" and not is_phone(text):
            raise wrong("not-a-phone")
        if self.asked.validation == "email" and not is_email(text):
            raise wrong("not-an-email")
        if self.asked.pattern and not compiled(self.asked.pattern).fullmatch(text):
            raise wrong("pattern")
        return text


class Number(_Answer, fields.Number[int | float]):
    """A JSON number: whole ones as int, others as the float that prints as what was typed.

    Money is a number as well, so that expressions can compare it; at most 15 digits are taken,
    which a float carries there and back.
    """

    num_type = float

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int | float:
        number = _decimal(value)
        digits = len(number.as_tuple().digits)
        places = max(0, -int(number.as_tuple().exponent))
        most = self.asked.decimal_digits
        if most is not None and places > most:
            raise wrong("too-many-decimals", limit=most)
        if max(digits, places) > MAX_DIGITS or number.adjusted() >= MAX_DIGITS:
            raise wrong("too-many-digits", limit=MAX_DIGITS)
        if self.asked.min is not None and number < Decimal(repr(self.asked.min)):
            raise wrong("too-small", limit=self.asked.min)
        if self.asked.max is not None and number > Decimal(repr(self.asked.max)):
            raise wrong("too-large", limit=self.asked.max)
        return int(number) if number == number.to_integral_value() else float(number)


class Moment(_Answer, fields.String):
    """A date, a time of day, or a date and time, each as ISO 8601 text.

    ``2026-11-02`` · ``09:30`` · ``2026-11-02T09:30:00+08:00``, years 1900 to 2199.
    """

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        code = {"date": "not-a-date", "time": "not-a-time"}.get(self.asked.subtype, "not-a-datetime")
        if not isinstance(value, str) or len(value) > 40:
            raise wrong(code)
        text = unicodedata.normalize("NFKC", value).strip()
        try:
            if self.asked.subtype == "date":
                return _date(text).isoformat()
            if self.asked.subtype == "time":
                clock = _time(text)
                return clock.isoformat("seconds" if clock.second else "minutes")
            return _moment(text, Context[Surroundings].get().zone).isoformat(timespec="seconds")
        except (ValueError, OverflowError) as error:
            raise wrong(code) from error


class Tick(_Answer, fields.Boolean):
    """Yes or no."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> bool:
        if not isinstance(value, bool):
            raise wrong("not-yes-or-no")
        return value


class Choice(_Answer, fields.String):
    """One of the options, of the form or of the day."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if not isinstance(value, str) or not _may_be(self.asked, value.strip()):
            raise wrong("not-an-option")
        return value.strip()


class Choices(_Answer, fields.List[str]):
    """Some of the options, each once, in the order given."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Any:
        texts = _texts(value)
        options = allowed(self.asked)
        if any(text not in options for text in texts):
            raise wrong("not-an-option")
        return texts


class Files(_Answer, fields.List[str]):
    """Ids of attachments that are there already, each once, in the order given."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Any:
        ids = _texts(value)
        limit = MAX_FILES if self.asked.multiple else 1
        if len(ids) > limit:
            raise wrong("too-many", limit=limit)
        known = Context[Surroundings].get().attachment
        if not all(len(one) <= 100 and known(one) for one in ids):
            raise wrong("not-a-file")
        return ids


def _may_be(field: Field, value: str) -> bool:
    if field.must_be_row:
        return len(value) <= 200 and Context[Surroundings].get().row(field, value)
    return value in allowed(field)


def allowed(field: Field) -> frozenset[str]:
    """The values that a choice may have today."""
    if field.has_live_options:
        return frozenset(value for value, _ in Context[Surroundings].get().choices(field))
    return frozenset(option.value for option in field.options)


def is_phone(text: str) -> bool:
    """Say whether ``text`` is a Chinese mobile, a landline with area code, or an international number.

    >>> [is_phone(text) for text in ("138 0013 8000", "(010) 8888-6666 转 801", "+852 2123 4567", "110")]
    [True, True, True, False]
    """
    if len(text) > 40:
        return False
    if _PHONE.fullmatch(re.sub(r"[\s().-]", "", text)):
        # Hyphens between groups of digits are only for the eye.
        return True
    main = _EXTENSION.sub("", text)
    extension = _EXTENSION.search(text)
    joined = re.sub(r"[\s().-]", "", main) + (f"-{extension[1]}" if extension else "")
    return _PHONE.fullmatch(joined) is not None


def is_email(text: str) -> bool:
    """Say whether ``text`` looks like one e-mail address, at most 254 characters long."""
    if len(text) > 254:
        return False
    try:
        _IS_EMAIL(text)
    except ValidationError:
        return False
    return True


def tidied(text: str) -> str:
    """The text with one kind of line end and without blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().strip(_BLANK).strip()


def _is_control(char: str, *, lines: bool) -> bool:
    if char in "\n\t":
        return not lines
    return char in _TURNING or unicodedata.category(char) in ("Cc", "Cs")


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong("not-a-number")
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        # Its text could be longer than Python is willing to write.
        raise wrong("too-many-digits", limit=MAX_DIGITS)
    if isinstance(value, str) and len(value) > 60:
        raise wrong("not-a-number")
    text = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else repr(value)
    if isinstance(value, float):
        number = Decimal(text)
        if not number.is_finite():
            raise wrong("not-a-number")
    elif not _NUMBER.fullmatch(text) or not any(char.isdigit() for char in text):
        raise wrong("not-a-number")
    else:
        number = Decimal(text.replace(",", ""))
    return _plain(number)


def _plain(number: Decimal) -> Decimal:
    """The same number without zeros at its end, and without a positive exponent where it is small.

    >>> _plain(Decimal("12.50")), _plain(Decimal("100")), _plain(Decimal("-0.0"))
    (Decimal('12.5'), Decimal('100'), Decimal('0'))
    """
    if not number:
        return Decimal(0)
    short = number.normalize()
    exponent = int(short.as_tuple().exponent)
    return short.quantize(Decimal(1)) if 0 < exponent < MAX_DIGITS else short


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _time(text: str) -> time:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    return time.fromisoformat(text.partition(".")[0])


def _moment(text: str, zone: tzinfo) -> datetime:
    day, clock, rest = text[:10], text[11:], ""
    if text[10:11] not in ("T", " "):
        raise ValueError(text)
    found = re.search(r"[Z+-]", clock)
    if found:
        clock, rest = clock[: found.start()], clock[found.start() :]
        if not _ZONE.fullmatch(rest):
            raise ValueError(text)
    naive = datetime.combine(_date(day), _time(clock))
    if not rest:
        return naive.replace(tzinfo=zone)
    there = datetime.fromisoformat(naive.isoformat() + rest.replace("Z", "+00:00")).astimezone(zone)
    _date(there.date().isoformat())  # the zone may have moved it out of the years we take
    return there


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise wrong("not-a-list")
    if len(value) > 500:
        raise wrong("too-many", limit=500)
    if not all(isinstance(one, str) for one in value):
        raise wrong("not-text")
    return list(dict.fromkeys(one.strip() for one in value if one.strip()))


def description(field: Field) -> Mapping[str, Any]:
    """What JSON Schema calls the limits of a field."""
    said: dict[str, Any] = {"title": field.label, "description": field.help}
    if field.is_text:
        said |= {
            "minLength": field.min_length,
            "maxLength": field.max_length or LONGEST[field.type],
            "pattern": f"^(?:{field.pattern})$" if field.pattern else None,
            "format": "email" if field.validation == "email" else None,
        }
    if field.type == "number":
        said |= {"minimum": field.min, "maximum": field.max}
    if field.type == "datetime":
        said["format"] = {"date": "date", "time": "time"}.get(field.subtype, "date-time")
    if field.type in ("radio", "select") and field.options and not field.has_live_options:
        said["enum"] = [option.value for option in field.options]
    if field.is_rows:
        said["maxItems"] = 200
    return {name: value for name, value in said.items() if value not in (None, "")}
