"""Where a reader is in a list."""

from __future__ import annotations

from flask import request

#: No list has more pages, and every database can count so far.
LAST_PAGE = 1_000_000


def page_number() -> int:
    """The page that the address asks for, from 1; what is no number is the first."""
    return min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
