"""Every page family of the web, one module each; a new one is added here and nowhere else."""

from __future__ import annotations

from flask import Blueprint

from web import (
    away,
    bulk,
    case,
    cases,
    files,
    health,
    inbox,
    incidents,
    me,
    notices,
    people,
    procedures,
    registers,
    replies,
    returning,
    search,
    shifts,
    signin,
    start,
    task,
    timers,
    views,
    why,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    inbox.bp,
    views.bp,
    bulk.bp,
    replies.bp,
    task.bp,
    why.bp,
    returning.bp,
    start.bp,
    cases.bp,
    case.bp,
    files.bp,
    registers.bp,
    timers.bp,
    shifts.bp,
    incidents.bp,
    procedures.bp,
    notices.bp,
    search.bp,
    signin.bp,
    me.bp,
    away.bp,
    people.bp,
    health.bp,
)
