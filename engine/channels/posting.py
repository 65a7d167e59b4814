"""A request of JSON to an address: no redirects, short times, and how far a failed one came."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from engine.channels.outcome import MayHaveArrived, NotSent

#: Seconds that a connection, or an answer, may take.
TIMEOUT = 10.0
#: Bytes of an answer that are read.
MOST = 4096
#: Of those who refuse, these may think better of it: too early, too many, not now.
_LATER = frozenset({408, 425, 429})
_SERVER_ERROR = 500


class _NoRedirects(HTTPRedirectHandler):
    """Whoever moved says so, and somebody changes the address: a message goes where it was meant to."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none."""


def post(address: str, body: bytes, headers: Mapping[str, str], *, timeout: float = TIMEOUT) -> bytes:
    """Post a body; the beginning of the answer. Raises :class:`NotSent` or :class:`MayHaveArrived`.

    What is raised never holds the address: it may be a secret.
    """
    try:
        request = Request(address, data=body, headers=dict(headers), method="POST")
        with build_opener(_NoRedirects).open(request, timeout=timeout) as answer:
            found: bytes = answer.read(MOST)
            return found
    except HTTPError as error:
        with error:
            again = error.code >= _SERVER_ERROR or error.code in _LATER
            raise NotSent(f"The answer was HTTP {error.code}.", again=again) from None
    except URLError as error:
        raise NotSent(f"It cannot be reached: {str(error.reason)[:300]}") from None
    except (OSError, HTTPException) as error:
        raise MayHaveArrived(f"No answer came: {str(error)[:300] or error.__class__.__name__}") from None
    except ValueError:
        raise NotSent("Its address is not right.", again=False) from None
