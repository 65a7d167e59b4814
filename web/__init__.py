"""The thin web of Guanjia: pages over the engine's front door, one module a page family."""

from __future__ import annotations

import os

from flask import Flask

from engine import Engine, Settings, open_engine
from web import display, errors, in_place, language, security
from web.settings import WebSettings

__all__ = ["WebSettings", "create_app"]


def create_app(
    settings: WebSettings | None = None,
    *,
    engine_settings: Settings | None = None,
    engine: Engine | None = None,
) -> Flask:
    """Make the web application; what is not given comes from the environment.

    ``engine`` is one that stands already, with a database of its own; otherwise one is opened on the
    database of the application. Raises :class:`engine.errors.Misconfigured`.
    """
    # After the app's own modules are loaded: page modules import this package's parts.
    from web.pages import BLUEPRINTS

    settings = settings or WebSettings.from_environment(os.environ)
    app = Flask(__name__)
    app.extensions["guanjia-web"] = settings
    if settings.env == "test":
        app.testing = True
    security.protect(app, settings)
    language.speak(app)
    display.set_up(app)
    errors.set_up(app)
    in_place.set_up(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    opened = engine
    if opened is None:
        opened = open_engine(engine_settings or Settings.from_environment(os.environ), app)
        opened.database.upgrade()
    app.extensions["guanjia"] = opened
    with app.app_context():
        security.refuse_demo_accounts(opened, settings)
    return app
