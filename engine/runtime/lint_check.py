"""One check under way: what it looks at, and the list of what it finds."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from engine.domain.facts import Finding, Fix
from engine.domain.masters import Master
from engine.runtime import reading
from engine.runtime.lint_codes import MAX_FINDINGS, MAX_NESTING, MAX_NODES, RULES
from engine.runtime.normalising import link_pairs
from engine.runtime.reading import Diagram, Flow, Node


@dataclass(frozen=True)
class Surroundings:
    """What a diagram may refer to outside itself."""

    roles: Callable[[str], str | None] | None
    deadlines: Container[str] | None
    forms: Mapping[str, Container[str]] | None
    called: Container[str] | None
    #: Service operators with the parameters that each cannot do without; None: not checked.
    services: Mapping[str, Container[str]] | None = None
    #: The DMN files beside the diagram by their names; None: not checked.
    decisions: Mapping[str, bytes] | None = None
    #: The masters that services may name; None: not checked.
    masters: Mapping[str, Master] | None = None
    #: Nodes of the file, and sub-processes within one another.
    nodes: int = MAX_NODES
    nesting: int = MAX_NESTING


@dataclass
class Check:
    """One check under way: the diagram, what it may refer to, and what was found."""

    diagram: Diagram
    around: Surroundings
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def elements(self) -> dict[str, etree._Element]:
        """The first element of each id, layout apart."""
        found: dict[str, etree._Element] = {}
        for element in self.diagram.tree.getroot().iter(f"{{{reading.BPMN}}}*"):
            if element.get("id"):
                found.setdefault(element.get("id", ""), element)
        return found

    @property
    def scopes(self) -> list[etree._Element]:
        """Every process and sub-process."""
        tags = ("process", *reading.SUBPROCESSES)
        return list(self.diagram.tree.getroot().iter(*(reading.q(tag) for tag in tags)))

    @cached_property
    def ways(self) -> tuple[dict[str, list[Flow]], dict[str, list[Flow]]]:
        """What leaves and what reaches each node: its flows, and the ways that link events stand for."""
        outgoing = {node: list(flows) for node, flows in self.diagram.outgoing.items()}
        incoming = {node: list(flows) for node, flows in self.diagram.incoming.items()}
        for scope in self.scopes:
            for throw, catch in link_pairs(scope):
                source, target = throw.get("id", ""), catch.get("id", "")
                way = Flow("", "", source, target, "", reading.line_of(throw), "", None)
                outgoing.setdefault(source, []).append(way)
                incoming.setdefault(target, []).append(way)
        return outgoing, incoming

    def add(
        self,
        code: str,
        at: Node | Flow | etree._Element | None = None,
        *,
        line: int | None = None,
        fix: Fix | None = None,
        **facts: object,
    ) -> None:
        """Note a finding at a node or an element; far more than will be shown are not kept."""
        if len(self.findings) > 5 * MAX_FINDINGS:
            return
        element_id, place = None, line
        if isinstance(at, Node | Flow):
            element_id, place = at.id, line or at.line
            facts["at"] = called(at.name, at.id or "sequenceFlow")
        elif at is not None:
            element_id, place = at.get("id"), line or reading.line_of(at)
            facts["at"] = called(at.get("name", ""), at.get("id") or reading.local(at))
        # What has no id is told by its line.
        facts.setdefault("at", called("", "BPMN"))
        self.findings.append(finding(code, element=element_id, line=place, fix=fix, **facts))


def finding(
    code: str, *, element: str | None = None, line: int | None = None, fix: Fix | None = None, **facts: object
) -> Finding:
    """Make a finding of a rule; texts from the file are cut and made harmless to show.

    A fact that is a pair is said differently in Chinese and in English.
    """
    rule = RULES[code]
    return Finding(
        severity=rule.severity,
        code=code,
        message=rule.zh.format(**_said(facts, 0)),
        message_en=rule.en.format(**_said(facts, 1)),
        element=shown_as(element, 120) if element else None,
        line=line or None,
        fix=fix,
    )


def _said(facts: Mapping[str, object], language: int) -> dict[str, object]:
    chosen = {name: fact[language] if isinstance(fact, tuple) else fact for name, fact in facts.items()}
    return {name: shown_as(fact) if isinstance(fact, str) else fact for name, fact in chosen.items()}


def called(name: str, element_id: str) -> tuple[str, str]:
    """How a message names an element, in Chinese and in English: its label and its id."""
    label, shown = shown_as(name, 40), shown_as(element_id, 60)
    if not label:
        return f"“{shown}”", f"“{shown}”"
    return f"“{label}”（{shown}）", f"“{label}” ({shown})"


def is_invisible(character: str) -> bool:
    """Say whether a character is a control, unassigned or a direction mark: none shows what it is."""
    if character in JOINERS:
        return False
    return unicodedata.category(character) in _HIDDEN or character in FILLERS


#: Controls, formats (direction marks among them), unassigned, private; separators of lines and paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
#: What emoji and some scripts need between two characters.
JOINERS = frozenset("\u200c\u200d")
#: Letters and marks that leave an empty place.
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def shown_as(text: str, most: int = 300) -> str:
    """A text as a message shows it: one line, without invisible characters, cut."""
    cut = text[: most + 1]
    plain = "".join(" " if c in "\t\n\r" else c for c in cut if c in "\t\n\r" or not is_invisible(c)).strip()
    return plain[: most - 1] + "…" if len(cut) > most else plain
