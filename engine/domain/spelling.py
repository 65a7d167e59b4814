"""How Chinese names are spelt in Latin letters, so that people are found by a few keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice, product

#: Ways to read one name that are looked at: some characters have several readings.
MOST_READINGS = 32
#: The best that :func:`rank` gives; what does not match has none.
WHOLE, BEGINS, CONTAINS, SPELT, LOGIN = range(5)


@lru_cache(maxsize=20_000)
def spellings(name: str) -> frozenset[str]:
    """What a name may be typed as: its syllables, and their initials, in small letters.

    >>> {"dmz", "smz", "shanmingzhu"} <= spellings("单明珠")
    True
    """
    # Its dictionaries take a third of a second to load, which only looking for somebody is worth.
    from pypinyin import Style, pinyin

    read = pinyin("".join(name.split()), style=Style.NORMAL, heteronym=True)
    ways = [[way.lower() for way in syllable if way] for syllable in read]
    return frozenset(
        spelt
        for way in islice(product(*ways), MOST_READINGS)
        for spelt in ("".join(way), "".join(part[0] for part in way))
        if spelt
    )


def rank(text: str, name: str, login: str) -> int | None:
    """How well somebody is meant by a text, the least the best; None when they are not.

    Two characters of the name, its pinyin or their initials, or what the login begins with.

    >>> [rank(text, "王海涛", "kefu") for text in ("王海涛", "王", "海涛", "wht", "wanghai", "ke", "涛王")]
    [0, 1, 2, 3, 3, 4, None]
    """
    text, shown = "".join(text.split()).casefold(), "".join(name.split()).casefold()
    if not text:
        return CONTAINS
    if text == shown:
        return WHOLE
    if shown.startswith(text):
        return BEGINS
    if text in shown:
        return CONTAINS
    if text.isascii() and _begins(text, spellings(name)):
        return SPELT
    return LOGIN if login.casefold().startswith(text) else None


def _begins(text: str, spelt: Iterable[str]) -> bool:
    return any(one.startswith(text) for one in spelt)
