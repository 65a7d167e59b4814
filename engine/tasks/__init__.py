"""The verbs that people have over a task and its case."""

from engine.tasks.answering import answer_by_link, answer_page
from engine.tasks.completing import complete_task
from engine.tasks.drafting import DRAFT_SIZE, first_answers, form_fields, save_draft
from engine.tasks.following import follow_page, say_by_link, share_case, unshare_case
from engine.tasks.giving import (
    decline_task,
    delegate_task,
    hand_back_task,
    may_receive,
    reassign_task,
    recall_task,
    transfer_task,
)
from engine.tasks.holding import claim_task, release_task
from engine.tasks.quick import start_quickly
from engine.tasks.returning import lawful_returns, send_back
from engine.tasks.signing import add_signers, remove_signer, sign
from engine.tasks.speaking import comment_case, copy_case, mark_copy_read, set_priority
from engine.tasks.unassigning import unassign_task
from engine.tasks.urging import urge_task
from engine.tasks.withdrawing import may_withdraw, withdraw

__all__ = [
    "DRAFT_SIZE",
    "add_signers",
    "answer_by_link",
    "answer_page",
    "claim_task",
    "comment_case",
    "complete_task",
    "copy_case",
    "decline_task",
    "delegate_task",
    "first_answers",
    "follow_page",
    "form_fields",
    "hand_back_task",
    "lawful_returns",
    "mark_copy_read",
    "may_receive",
    "may_withdraw",
    "reassign_task",
    "recall_task",
    "release_task",
    "remove_signer",
    "save_draft",
    "say_by_link",
    "send_back",
    "set_priority",
    "share_case",
    "sign",
    "start_quickly",
    "transfer_task",
    "unassign_task",
    "unshare_case",
    "urge_task",
    "withdraw",
]
