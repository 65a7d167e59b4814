"""An order given in a dialog is answered there: where it leads is told to the script, not gone to."""

from __future__ import annotations

from flask import Flask, Response, request


def set_up(app: Flask) -> None:
    """Let ``app`` answer dialogs."""
    app.after_request(_tell)


def is_in_place() -> bool:
    """Whether a dialog asks."""
    return request.headers.get("X-In-Place") == "1"


def _tell(response: Response) -> Response:
    """Put the address where a script can read it; what was said waits for the page that shows it."""
    if is_in_place() and response.status_code in (302, 303) and response.location:
        response.headers["X-Location"] = response.location
        del response.headers["Location"]
        response.status_code = 204
        response.set_data(b"")
    return response
