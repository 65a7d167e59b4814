"""The front door of the engine: the verbs and the types that others may use.

Everything takes the :class:`Engine` first; reads give frozen rows of ``engine.domain.views``; whatever
goes wrong is an error of ``engine.errors``.
"""

from engine.answers import FormState
from engine.attachments import add_attachment, attachment_content
from engine.cases import cancel_case, resume_case, send_message, start_case, suspend_case
from engine.checking import check_files, report_json
from engine.domain.facts import (
    EVERYWHERE,
    SYSTEM,
    Actor,
    CaseId,
    Data,
    FileReport,
    Finding,
    Next,
    Person,
    TaskId,
    UserId,
)
from engine.jobs import next_due, retry_incident, run_due, tick
from engine.people import (
    actor_of,
    authenticate,
    change_password,
    create_person,
    has_demo_accounts,
    people,
    person,
    set_active,
    set_preferences,
)
from engine.queries import (
    case_by_number,
    case_view,
    catalogue,
    counts,
    document_view,
    inbox,
    incidents,
    list_cases,
    list_notices,
    list_registers,
    mark_read,
    procedure_view,
    register_history,
    register_view,
    search,
    task_view,
    timers,
)
from engine.repairing import Repaired, repair_file, repair_json
from engine.soundness import health
from engine.tasks import claim_task, complete_task, form_fields, release_task, save_draft
from engine.wiring import Engine, Settings, open_engine

__all__ = [
    "EVERYWHERE",
    "SYSTEM",
    "Actor",
    "CaseId",
    "Data",
    "Engine",
    "FileReport",
    "Finding",
    "FormState",
    "Next",
    "Person",
    "Repaired",
    "Settings",
    "TaskId",
    "UserId",
    "actor_of",
    "add_attachment",
    "attachment_content",
    "authenticate",
    "cancel_case",
    "case_by_number",
    "case_view",
    "catalogue",
    "change_password",
    "check_files",
    "claim_task",
    "complete_task",
    "counts",
    "create_person",
    "document_view",
    "form_fields",
    "has_demo_accounts",
    "health",
    "inbox",
    "incidents",
    "list_cases",
    "list_notices",
    "list_registers",
    "mark_read",
    "next_due",
    "open_engine",
    "people",
    "person",
    "procedure_view",
    "register_history",
    "register_view",
    "release_task",
    "repair_file",
    "repair_json",
    "report_json",
    "resume_case",
    "retry_incident",
    "run_due",
    "save_draft",
    "search",
    "send_message",
    "set_active",
    "set_preferences",
    "start_case",
    "suspend_case",
    "task_view",
    "tick",
    "timers",
]
