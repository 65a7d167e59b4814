"""What screens read: each function gives frozen rows in a few statements, and loads no workflow."""

from engine.queries.absences import absences
from engine.queries.agenda import agenda, site_of, today_at
from engine.queries.appointing import posts_of, review_roles, role_changes
from engine.queries.boards import board_view
from engine.queries.case_list import case_by_number, list_cases
from engine.queries.case_view import case_view
from engine.queries.catalogue import catalogue, procedure_names, procedure_view, steps_of
from engine.queries.clocks import incidents, timers
from engine.queries.copies import list_copies
from engine.queries.deliveries import list_deliveries, list_webhooks
from engine.queries.inbox import counts, inbox, view_counts
from engine.queries.leaving import handing_over
from engine.queries.looking_up import cards, choose, look_up
from engine.queries.notices import list_notices, mark_read, news
from engine.queries.papers import document_view
from engine.queries.people_finding import find_people
from engine.queries.pulse import pulse
from engine.queries.registers_view import list_registers, register_history, register_view
from engine.queries.roster import roster
from engine.queries.ruling_view import calendar_lines, calendar_month, deadline_rows, deadline_view
from engine.queries.schedules import list_schedules
from engine.queries.search import search
from engine.queries.similar import similar_cases
from engine.queries.task_view import task_head, task_view
from engine.queries.team import board, team_of
from engine.queries.today import would_get
from engine.queries.wallboard import wallboard
from engine.queries.why import why

__all__ = [
    "absences",
    "agenda",
    "board",
    "board_view",
    "calendar_lines",
    "calendar_month",
    "cards",
    "case_by_number",
    "case_view",
    "catalogue",
    "choose",
    "counts",
    "deadline_rows",
    "deadline_view",
    "document_view",
    "find_people",
    "handing_over",
    "inbox",
    "incidents",
    "list_cases",
    "list_copies",
    "list_deliveries",
    "list_notices",
    "list_registers",
    "list_schedules",
    "list_webhooks",
    "look_up",
    "mark_read",
    "news",
    "posts_of",
    "procedure_names",
    "procedure_view",
    "pulse",
    "register_history",
    "register_view",
    "review_roles",
    "role_changes",
    "roster",
    "search",
    "similar_cases",
    "site_of",
    "steps_of",
    "task_head",
    "task_view",
    "team_of",
    "timers",
    "today_at",
    "view_counts",
    "wallboard",
    "why",
    "would_get",
]
