"""The processes: the web application, with the tick of due work beside it in the same process."""

from __future__ import annotations

from functools import partial

from flask import Flask

from engine import tick
from web import create_app


def application() -> Flask:
    """The web application with its clock running: what a WSGI server serves.

    One process runs the tick; start one only, until a second is given another database transport.
    """
    app = create_app()
    engine = app.extensions["guanjia"]
    engine.dispatcher.start(partial(tick, engine))
    return app
