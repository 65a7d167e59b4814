"""Whether the process lives and can work, for the machines that ask."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from engine import health
from web.access import access, engine
from web.security import limiter

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@limiter.exempt
@access("public")
def alive() -> ResponseReturnValue:
    """Say that the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@limiter.exempt
@access("public")
def ready() -> ResponseReturnValue:
    """Say whether everything that work needs is there; 503 when something is not.

    Only names and "ok" or "failed": what went wrong in detail is for the log, not for everybody.
    """
    said = {name: "ok" if state == "ok" else "failed" for name, state in health(engine()).items()}
    well = all(state == "ok" for state in said.values())
    return jsonify(status="ok" if well else "failed", checks=said), 200 if well else 503
