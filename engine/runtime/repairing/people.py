"""Say who does a task and with what, from what other engines wrote about it."""

from __future__ import annotations

import difflib
import re

from lxml import etree

from engine.runtime import reading
from engine.runtime.lint_elements import PROPERTIES
from engine.runtime.reading import local, q
from engine.runtime.repairing.work import (
    BY_HAND,
    Work,
    foreign_attribute,
    foreign_children,
    label_of,
    set_property,
)
from engine.runtime.translating import is_expression, translate

#: The task's starter, by the names that other engines have for it.
_STARTER = re.compile(
    r"\s*(?:[$#]\{\s*|=\s*)?(?:initiator|starter|applyUser|applyUserId|applicant|\$?INITIATOR|startUser|startUserId|creator"
    r"|submitter)\s*\}?\s*"
)
_GROUP = re.compile(r"group\(\s*([^)]+?)\s*\)")
_USER = re.compile(r"user\(\s*([^)]+?)\s*\)")
_KNOWN = tuple(sorted(PROPERTIES["userTask"]))
_SAFE = "case.starter"
#: Properties that are already an answer.
_QUESTIONS = frozenset({"question", "question_en", "question_default"})


def mend(work: Work) -> None:
    """Give every task of a person somebody to do it."""
    in_lane = {
        (ref.text or "").strip() for ref in work.root.iter(q("flowNodeRef")) if ref.getparent() is not None
    }
    _mend_starters(work)
    _mend_lanes(work)
    for node in work.nodes(*reading.HUMAN):
        _rename_properties(work, node)
        _mend_task(work, node, _stands_in(node, in_lane))


def _mend_starters(work: Work) -> None:
    """Who may start it, when the groups are roles here."""
    for process in work.root.iterchildren(q("process")):
        groups = _split(foreign_attribute(process, "candidateStarterGroups"))
        roles = [work.beside.roles(group) if work.beside.roles else None for group in groups]
        if groups and all(roles) and not reading.properties_of(process).get("starters"):
            said = ", ".join(str(role) for role in roles)
            set_property(process, "starters", said)
            work.done("foreign-extension", process, f"由岗位 {said} 发起", f"the role {said} may start it")


def _mend_lanes(work: Work) -> None:
    """Ask which role a lane is, when the organisation has none of its name."""
    roles = work.beside.roles
    human = {node.get("id") for node in work.nodes(*reading.HUMAN)}
    for lane in work.root.iter(q("lane")):
        properties = reading.properties_of(lane)
        wanted = properties.get("role") or lane.get("name") or ""
        works = any((ref.text or "").strip() in human for ref in lane.iterchildren(q("flowNodeRef")))
        if roles is None or not works or "question" in properties or roles(wanted) is not None:
            continue
        work.ask(
            lane,
            f"“{wanted}”是 organisation.toml 里的哪个岗位（role）？",
            f"which role of organisation.toml is “{wanted}”?",
            wanted or "case.starter",
        )


def _stands_in(node: etree._Element, in_lane: set[str]) -> bool:
    found: etree._Element | None = node
    while found is not None and local(found) != "process":
        if found.get("id") in in_lane:
            return True
        found = found.getparent()
    return False


def _rename_properties(work: Work, node: etree._Element) -> None:
    properties = reading.properties_of(node)
    for name, value in properties.items():
        if name in _KNOWN or name in _QUESTIONS:
            continue
        near = difflib.get_close_matches(name[:40], _KNOWN, n=1, cutoff=0.7)
        if near and near[0] not in properties:
            set_property(node, name, None)
            set_property(node, near[0], value)
            work.done(
                "property-unknown",
                node,
                f"属性 {name} 改为 {near[0]}",
                f"its property {name} is {near[0]} now",
            )


def _mend_task(work: Work, node: etree._Element, in_lane: bool) -> None:
    properties = reading.properties_of(node)
    if not (properties.get("assignee") or properties.get("candidates")):
        _mend_people(work, node, in_lane)
    form = _form(node)
    if form and not properties.get("form") and not _asked(node, form):
        fields = "、".join(_fields(node))
        work.ask(
            node,
            f"原来用表单 {form}{f'（{fields}）' if fields else ''}；这里用哪个表单？",
            f"its form was {form}{f' ({fields})' if fields else ''}; which form is used here?",
            "确认 / a confirmation",
        )
    due = foreign_attribute(node, "dueDate") or _zeebe(node, "taskSchedule", "dueDate")
    if due and not properties.get("due") and not properties.get("deadline") and not _asked(node, due):
        _mend_due(work, node, due)


def _asked(node: etree._Element, what: str) -> bool:
    """Say whether a question about this stands there already."""
    path = "bpmn:extensionElements/spiffworkflow:properties/spiffworkflow:property"
    return any(
        found.get("name") == "question" and what[:60] in found.get("value", "")
        for found in node.iterfind(path, reading.NAMESPACES)
    )


def _mend_people(work: Work, node: etree._Element, in_lane: bool) -> None:
    person, users, groups = _people(node)
    groups += _resources(work, node)
    if person and _STARTER.fullmatch(person):
        set_property(node, "assignee", _SAFE)
        work.done("role-missing", node, "由发起人办理", "who started the case does it")
        return
    if groups:
        roles = [work.beside.roles(group) if work.beside.roles else None for group in groups]
        if all(roles):
            value = (
                f'"{roles[0]}"'
                if len(roles) == 1
                else f"[{', '.join(f'{chr(34)}{r}{chr(34)}' for r in roles)}]"
            )
            set_property(node, "candidates", value)
            work.done(
                "role-missing",
                node,
                f"由岗位 {', '.join(map(str, roles))} 办理",
                f"the role {', '.join(map(str, roles))} does it",
            )
            return
    said = "、".join(filter(None, [person, *users, *groups]))
    if in_lane and (not said or _asked(node, said)):
        return
    if not in_lane:
        set_property(node, "assignee", _SAFE)
        if reading.properties_of(node).get("question_default") == BY_HAND:
            # Who does it is part of the question that stands there.
            return
        work.done("role-missing", node, "暂由发起人办理", "who started the case does it for now")
    default = "泳道的岗位 / the lane’s role" if in_lane else _SAFE
    was_zh, was_en = (f"原来写的是 {said}；", f"it said {said}; ") if said else ("", "")
    work.ask(node, f"{was_zh}由哪个岗位办理？", f"{was_en}which role does it?", default)


def _people(node: etree._Element) -> tuple[str | None, list[str], list[str]]:
    """Who does it, in another engine's words: a person, candidates, groups."""
    person = foreign_attribute(node, "assignee", "assignedTo") or _zeebe(
        node, "assignmentDefinition", "assignee"
    )
    users = _split(
        foreign_attribute(node, "candidateUsers") or _zeebe(node, "assignmentDefinition", "candidateUsers")
    )
    groups = _split(
        foreign_attribute(node, "candidateGroups") or _zeebe(node, "assignmentDefinition", "candidateGroups")
    )
    for owner in node.iterchildren(
        q("potentialOwner"), q("humanPerformer"), q("performer"), q("resourceRole")
    ):
        text = " ".join(
            "".join(map(str, found.itertext())) for found in owner.iter(q("formalExpression"))
        ).strip()
        found_groups, found_users = _GROUP.findall(text), _USER.findall(text)
        groups += found_groups
        users += found_users
        if text and not found_groups and not found_users:
            if local(owner) == "potentialOwner":
                users += [text]
            else:
                person = person or text
    for name, value in _jbpm_inputs(node).items():
        if name == "GroupId":
            groups += _split(value)
        elif name == "ActorId":
            person = person or value
    return person, users, groups


def _resources(work: Work, node: etree._Element) -> list[str]:
    """What the resources are called that a task refers to."""
    named = {found.get("id"): found.get("name", "") for found in work.root.iterchildren(q("resource"))}
    roles = node.iterchildren(q("potentialOwner"), q("humanPerformer"), q("performer"), q("resourceRole"))
    refs = [(role.findtext(q("resourceRef")) or "").strip().rpartition(":")[2] for role in roles]
    return [named[ref] for ref in refs if named.get(ref)]


def _jbpm_inputs(node: etree._Element) -> dict[str, str]:
    """What jBPM assigns to the inputs of a task, by the inputs' names."""
    names = {found.get("id", ""): found.get("name", "") for found in node.iter(q("dataInput"))}
    found: dict[str, str] = {}
    for association in node.iterchildren(q("dataInputAssociation")):
        target = (association.findtext(q("targetRef")) or "").strip()
        value = association.findtext(f"{q('assignment')}/{q('from')}")
        if value and value.strip():
            found[names.get(target, target)] = value.strip()
    return found


def _split(text: str | None) -> list[str]:
    """The single names of a list, in JUEL, FEEL or plain."""
    if not text:
        return []
    if text.startswith(("${", "#{")):
        return [text]
    plain = text.removeprefix("=").strip().removeprefix("[").removesuffix("]")
    return [part.strip().strip("\"'") for part in re.split(r"[,;，、]", plain) if part.strip()]


def _zeebe(node: etree._Element, tag: str, attribute: str) -> str | None:
    return next(
        (
            found.get(attribute)
            for found in foreign_children(node)
            if local(found) == tag and found.get(attribute)
        ),
        None,
    )


def _form(node: etree._Element) -> str | None:
    form = foreign_attribute(node, "formKey", "formRef", "formId")
    form = form or _zeebe(node, "formDefinition", "formKey") or _zeebe(node, "formDefinition", "formId")
    if form is None and _fields(node):
        return "内嵌 / embedded"
    return form


def _fields(node: etree._Element) -> list[str]:
    """The labels of a form that stands in the diagram."""
    tags = {"formField", "formProperty", "taskVariable"}
    return [
        found.get("label") or label_of(found) for found in foreign_children(node) if local(found) in tags
    ][:12]


def _mend_due(work: Work, node: etree._Element, due: str) -> None:
    moment = re.fullmatch(r"[\"']?(\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?)[\"']?", due)
    value = f'"{moment[1]}"' if moment else (translate(due) if due.startswith(("${", "#{", "=")) else None)
    if value and is_expression(value) and "duration(" not in due and "now()" not in due:
        set_property(node, "due", value)
        work.done(
            "foreign-extension", node, f"到期时间 {due} 改为 {value}", f"its due date {due} is {value} now"
        )
        return
    work.ask(
        node,
        f"原来的到期时间是 {due}；对应 deadlines.toml 的哪个时限？",
        f"it was due {due}; which deadline of deadlines.toml is that?",
        "不限时 / none",
    )
