"""Links by which somebody answers or follows without signing in: signed words for a link and each choice.

A link is signed with the installation's secret and a key of its own, a choice with both and the link it
belongs to. Nobody can make one, and one cannot be turned into another.
"""

from __future__ import annotations

from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

#: Characters of the longest word that is looked at.
LONGEST = 300
#: What a link is for; the word of one use is none of another.
ANSWER, FOLLOW = "guanjia.answer", "guanjia.follow"
_CHOICE = "guanjia.answer.choice"


def link_word(secret: str, key: str, link_id: int, use: str = ANSWER) -> str:
    """The word of a link.

    >>> link_word("s", "k", 7).split(".")[0] == link_word("s", "other", 7).split(".")[0]
    True
    """
    return str(URLSafeSerializer(secret + key, salt=use).dumps(link_id))


def link_named(word: str) -> int | None:
    """The id that a word speaks of, before anything of it is believed.

    >>> link_named(link_word("s", "k", 7)), link_named("nonsense")
    (7, None)
    """
    if len(word) > LONGEST:
        return None
    _genuine, found = URLSafeSerializer("").loads_unsafe(word)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def is_link(secret: str, key: str, link_id: int, word: str, use: str = ANSWER) -> bool:
    """Say whether a word is the one of this link.

    >>> word = link_word("s", "k", 7, FOLLOW)
    >>> is_link("s", "k", 7, word, FOLLOW), is_link("s", "k", 7, word)
    (True, False)
    """
    return bool(_read(secret + key, use, word) == link_id)


def choice_word(secret: str, key: str, link_id: int, choice: str) -> str:
    """The word of one choice of a link."""
    return str(URLSafeSerializer(secret + key, salt=_CHOICE).dumps([link_id, choice]))


def choice_of(secret: str, key: str, link_id: int, word: str) -> str | None:
    """The choice that a word stands for, or None when it is none of this link's.

    >>> choice_of("s", "k", 7, choice_word("s", "k", 7, "yes"))
    'yes'
    >>> choice_of("s", "k", 8, choice_word("s", "k", 7, "yes")) is None
    True
    """
    match _read(secret + key, _CHOICE, word):
        case [found, str(choice)] if found == link_id:
            return choice
    return None


def _read(key: str, salt: str, word: str) -> Any:
    if len(word) > LONGEST:
        return None
    try:
        return URLSafeSerializer(key, salt=salt).loads(word)
    except BadSignature:
        return None
