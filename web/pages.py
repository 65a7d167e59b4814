"""Every page family of the web, one module each; a new one is added here and nowhere else."""

from __future__ import annotations

from flask import Blueprint

from web import (
    answering,
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
    search,
    signin,
    start,
    task,
    timers,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    inbox.bp,
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
    answering.bp,
    me.bp,
    health.bp,
)
