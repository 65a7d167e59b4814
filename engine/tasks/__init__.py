"""The verbs that people have over a task."""

from engine.tasks.answering import answer_by_link, answer_page
from engine.tasks.completing import complete_task
from engine.tasks.drafting import DRAFT_SIZE, first_answers, form_fields, save_draft
from engine.tasks.holding import claim_task, release_task
from engine.tasks.quick import start_quickly

__all__ = [
    "DRAFT_SIZE",
    "answer_by_link",
    "answer_page",
    "claim_task",
    "complete_task",
    "first_answers",
    "form_fields",
    "release_task",
    "save_draft",
    "start_quickly",
]
