"""The processes: the web application, with the tick of due work beside it where the transport is local."""

from __future__ import annotations

from flask import Flask

from engine import due_work
from web import create_app


def application() -> Flask:
    """The web application, as a WSGI server serves it.

    With the local transport its process runs the clock of due work too: start one only. With Procrastinate
    start as many as you like, and workers (``guanjia worker``) beside them.
    """
    app = create_app()
    engine = app.extensions["guanjia"]
    engine.dispatcher.start(due_work(engine))
    return app
