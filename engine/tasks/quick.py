"""Quick start: the first form of a procedure, one case after the other, without a list in between."""

from __future__ import annotations

from engine import procedures
from engine.cases import start_case
from engine.domain.facts import Actor, CaseId, Next, TaskId
from engine.errors import ProcedureNotFound
from engine.store import beginning
from engine.wiring import Engine


def start_quickly(engine: Engine, procedure: str, *, by: Actor, site: str) -> Next:
    """The first task of a case to fill in at once: one of mine that nobody touched yet, else of a new case.

    The procedure says in its file that it may be started so (``quick_start``). Raises
    :class:`ProcedureNotFound` when it does not, and what :func:`start_case` raises.
    """
    with engine.database.look() as session:
        published = procedures.latest(engine, session, procedure)
        node = published.bundle.properties.get("quick_start", "")
        if not node:
            raise ProcedureNotFound(procedure=procedure)
        found = beginning.untouched(
            session, version=published.version_id, node=node, site=site, starter=by.id or 0
        )
    if found is not None:
        return Next(CaseId(found.case_id), TaskId(found.id))
    return start_case(engine, procedure, by=by, site=site)
