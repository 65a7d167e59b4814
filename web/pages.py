"""Every page family of the web, one module each; a new one is added here and nowhere else."""

from __future__ import annotations

from flask import Blueprint

from web import (
    agenda,
    board,
    bulk,
    case,
    cases,
    files,
    health,
    inbox,
    incidents,
    me,
    notices,
    procedures,
    registers,
    replies,
    search,
    signin,
    similar,
    start,
    task,
    timers,
    views,
    wallboard,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    inbox.bp,
    views.bp,
    bulk.bp,
    replies.bp,
    board.bp,
    agenda.bp,
    wallboard.bp,
    similar.bp,
    task.bp,
    start.bp,
    cases.bp,
    case.bp,
    files.bp,
    registers.bp,
    timers.bp,
    incidents.bp,
    procedures.bp,
    notices.bp,
    search.bp,
    signin.bp,
    me.bp,
    health.bp,
)
