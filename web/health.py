"""Whether the process lives and can work, for the machines that ask."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from engine import health, lateness
from web.access import access, engine
from web.security import limiter

bp = Blueprint("health", __name__)


#: Without these no page works; what else health says, such as an incident, is no reason to turn people away.
NEEDED = frozenset({"database", "files"})


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
    """Say whether what every page needs is there; 503 when something is not.

    Only names and "ok" or "failed", how due work is reached, and how many seconds the oldest of it has been
    waiting: what is wrong in detail is for `guanjia doctor`, not for everybody.
    """
    said = {name: "ok" if state == "ok" else "failed" for name, state in health(engine()).items()}
    well = all(state == "ok" for name, state in said.items() if name in NEEDED)
    body: dict[str, object] = {
        "status": "ok" if well else "failed",
        "checks": said,
        "transport": engine().dispatcher.transport,
    }
    if said["database"] == "ok":
        body["late_seconds"] = round(lateness(engine()).total_seconds(), 1)
    return jsonify(body), 200 if well else 503
