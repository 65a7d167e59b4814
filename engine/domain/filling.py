"""Put values in place of ``{field}`` in a text: nothing more, so that a text can do no harm."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FIELD = re.compile(r"\{([^{}]{1,100})\}")


def fill(template: str, values: Mapping[str, object]) -> str:
    """Replace each ``{field}``; one that is not there becomes empty.

    >>> fill("{name}：单号 {no}{other}", {"name": "张", "no": 7})
    '张：单号 7'
    """

    def value_of(found: re.Match[str]) -> str:
        value = values.get(found[1].strip())
        return "" if value is None else str(value)

    return _FIELD.sub(value_of, template)
