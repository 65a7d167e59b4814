"""Repair a diagram from elsewhere into one that can be published, with what stands around it here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import bundles
from engine.connectors import PARAMETERS
from engine.runtime.reading import processes_of
from engine.runtime.repairing import Beside, Repaired, repair
from engine.wiring import Engine

__all__ = ["Repaired", "repair_file", "repair_json"]


def repair_file(engine: Engine, path: Path, output: Path) -> Repaired:
    """Repair a file as it will be checked at ``output``: with the decisions beside it there.

    Nothing is written. Roles are those of the organisation, services and procedures those of the
    installation.
    """
    content = path.read_bytes()
    return repair(
        content,
        Beside(
            roles=lambda name: role.id if (role := engine.organisation.role_named(name)) else None,
            called={*bundles.procedures_in(engine.settings.bpmn), *processes_of(content)},
            services=PARAMETERS,
            decisions=bundles.decisions_in(output.parent),
        ),
    )


def repair_json(repaired: Repaired) -> Mapping[str, Any]:
    """A repair as ``guanjia repair --json`` prints it; ``findings`` are there when errors remain."""
    told: dict[str, Any] = {
        "applied": [
            {
                "code": one.code,
                "element": one.element,
                "message": one.message,
                "message_en": one.message_en,
            }
            for one in repaired.applied
        ],
        "questions": [
            {
                "element": one.element,
                "question": one.question,
                "question_en": one.question_en,
                "default": one.default,
            }
            for one in repaired.questions
        ],
    }
    if not repaired.deployable:
        told["findings"] = [
            {
                "severity": one.severity,
                "code": one.code,
                "element": one.element,
                "line": one.line,
                "message": one.message,
                "message_en": one.message_en,
            }
            for one in repaired.findings
            if one.severity == "error"
        ]
    return told
