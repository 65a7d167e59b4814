"""A link that is handed to somebody outside: its whole address, and a picture of it to be scanned."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urljoin

import segno
from flask import request


class Given(NamedTuple):
    """A link to be handed on."""

    address: str
    #: As an address of its own, for an image.
    qr: str


def to_give(address: str) -> Given:
    """The link at an address, which may be the path of a page of ours."""
    whole = urljoin(request.url_root, address)
    return Given(whole, segno.make(whole, error="m").svg_data_uri(scale=4, border=1))
