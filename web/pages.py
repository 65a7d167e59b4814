"""Every page family of the web, one module each; a new one is added here and nowhere else."""

from __future__ import annotations

from flask import Blueprint

from web import health, me, signin

BLUEPRINTS: tuple[Blueprint, ...] = (
    signin.bp,
    me.bp,
    health.bp,
)
