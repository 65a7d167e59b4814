"""What screens read: each function gives frozen rows in a few statements, and loads no workflow."""

from engine.queries.boards import board_view
from engine.queries.case_list import case_by_number, list_cases
from engine.queries.case_view import case_view
from engine.queries.catalogue import catalogue, procedure_names, procedure_view
from engine.queries.clocks import incidents, timers
from engine.queries.inbox import counts, inbox
from engine.queries.looking_up import cards, choose, look_up
from engine.queries.notices import list_notices, mark_read
from engine.queries.papers import document_view
from engine.queries.registers_view import list_registers, register_history, register_view
from engine.queries.search import search
from engine.queries.task_view import task_head, task_view

__all__ = [
    "board_view",
    "cards",
    "case_by_number",
    "case_view",
    "catalogue",
    "choose",
    "counts",
    "document_view",
    "inbox",
    "incidents",
    "list_cases",
    "list_notices",
    "list_registers",
    "look_up",
    "mark_read",
    "procedure_names",
    "procedure_view",
    "register_history",
    "register_view",
    "search",
    "task_head",
    "task_view",
    "timers",
]
