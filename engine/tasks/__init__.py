"""The verbs that people have over a task."""

from engine.tasks.completing import complete_task
from engine.tasks.drafting import DRAFT_SIZE, first_answers, form_fields, save_draft
from engine.tasks.holding import claim_task, release_task
from engine.tasks.returning import lawful_returns, send_back

__all__ = [
    "DRAFT_SIZE",
    "claim_task",
    "complete_task",
    "first_answers",
    "form_fields",
    "lawful_returns",
    "release_task",
    "save_draft",
    "send_back",
]
