"""Read a form's document: the form-js JSON subset, everything else refused by name.

The words that a form may use stand in :mod:`forms.vocabulary`.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

from forms.model import Expression, Field, Form, Option, expressions, labels
from forms.patterns import PatternRefused, require_safe
from forms.refusals import FormRefused, Problem, problem
from forms.vocabulary import (
    ACCEPT,
    ATTRIBUTES,
    COMPONENT_TYPES,
    DISPLAY,
    FILL,
    FLAGS,
    HINTS,
    ID,
    KEY,
    KINDS,
    LONGEST,
    LOOKUP,
    MAX_COMPONENTS,
    MAX_DEPTH,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_PROBLEMS,
    MAX_WORDS,
    PROPERTIES,
    RESERVED,
    SCHEMA_VERSION,
    TOP,
    VALIDATE_KEYS,
)

__all__ = [
    "COMPONENT_TYPES",
    "PROPERTIES",
    "VALIDATE_KEYS",
    "Expression",
    "Field",
    "Form",
    "FormRefused",
    "Option",
    "Problem",
    "expressions",
    "labels",
    "load",
]


def load(document: Mapping[str, Any]) -> Form:
    """Return the form that a parsed JSON document describes.

    Raises :class:`FormRefused` with every problem found (at most 100).
    """
    return _Loader().form(document)


class _Loader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.count = 0

    def refuse(self, code: str, path: str, **facts: object) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem(code, path, **facts))
        elif len(self.problems) == MAX_PROBLEMS:
            self.problems.append(problem("too-many-problems", ""))

    def form(self, document: object) -> Form:
        if not isinstance(document, Mapping):
            raise FormRefused((problem("not-a-form", ""),))
        for name in document:
            if name not in TOP:
                self.unknown("form", name, "")
        version = document.get("schemaVersion")
        if version != SCHEMA_VERSION or isinstance(version, bool):
            self.refuse("schema-version", "schemaVersion")
        if document.get("type", "default") != "default":
            self.wrong("type", "type", "“default”", "“default”")
        form_id = self.words(document, "id", "", 64)
        if not ID.fullmatch(form_id):
            self.refuse("id-invalid", "id", id=form_id)
        title = self.words(document, "title", "", 200)
        if not title:
            self.refuse("title-missing", "title")
        components = self.fields(document, "", depth=0, taken=set(), row=False)
        form = Form(form_id, title, components)
        for above, leaf in form.lookups():
            for name, _ in leaf.fills:
                if form.field(above + name) is None:
                    self.refuse("fills-unknown", f"{leaf.place}.properties.fills", name=name)
        if self.problems:
            raise FormRefused(tuple(self.problems))
        return form

    def fields(
        self, holder: Mapping[str, Any], place: str, *, depth: int, taken: set[str], row: bool
    ) -> tuple[Field, ...]:
        """The components of a form, group or list; ``taken`` are the keys of their namespace."""
        path = _join(place, "components")
        listed = holder.get("components", [])
        if not isinstance(listed, list):
            self.wrong("components", path, "列表", "a list")
            return ()
        if depth > MAX_DEPTH:
            self.refuse("too-deep", path, limit=MAX_DEPTH)
            return ()
        found = []
        for number, component in enumerate(listed):
            self.count += 1
            if self.count > MAX_COMPONENTS:
                self.refuse("too-many-fields", path, limit=MAX_COMPONENTS)
                break
            field = self.field(component, f"{path}.{number}", depth=depth, taken=taken, row=row)
            if field is not None:
                found.append(field)
        return tuple(found)

    def field(self, component: object, place: str, *, depth: int, taken: set[str], row: bool) -> Field | None:
        if not isinstance(component, Mapping):
            self.wrong("component", place, "对象", "an object")
            return None
        kind = component.get("type")
        if not isinstance(kind, str) or kind not in COMPONENT_TYPES:
            self.refuse("unknown-type", f"{place}.type", type=kind)
            return None
        if row and kind in ("dynamiclist", "group", "text"):
            self.refuse("not-in-rows", place, type=kind)
            return None
        is_input = kind not in ("group", "text")
        self.attributes(component, kind, place, is_input=is_input)
        key = self.key(component, place, taken) if is_input else ""
        own = self.properties(component, kind, place, is_input=is_input, row=row)
        checks = self.validate(component, kind, place)
        label = self.label(component, kind, place)
        if is_input and not label and _is_nothing(component.get("label")):
            self.refuse("label-missing", place, key=key)
        if kind in ("dynamiclist", "group"):
            # A row is a namespace of its own; a group is only a heading.
            inner = set[str]() if kind == "dynamiclist" else taken
            own["children"] = self.fields(
                component, place, depth=depth + 1, taken=inner, row=kind == "dynamiclist"
            )
        return Field(
            type=kind,  # type: ignore[arg-type]  # checked against the literal's own members
            key=key,
            place=place,
            label=label,
            help=self.words(component, "description", place, 1000),
            text=self.words(component, "text", place, MAX_WORDS) if kind == "text" else "",
            options=self.options(component, kind, place, key, live="kind" in own or "lookup" in own),
            **self.details(component, kind, place, own),
            **checks,
            **own,
        )

    def attributes(self, component: Mapping[str, Any], kind: str, place: str, *, is_input: bool) -> None:
        known = {"type", "id", "layout", "properties"}
        known |= set(f"{ATTRIBUTES.get(kind, '')} {DISPLAY.get(kind, '')}".split())
        if is_input:
            known |= {"key", "label", "description", "validate", "readonly"}
        elif kind == "group":
            known |= {"label", "description"}
        for name in component:
            if name not in known:
                self.unknown(kind, name, place)
        if component.get("allowAddRemove", True) is not True:
            self.wrong("allowAddRemove", f"{place}.allowAddRemove", " true", "true")

    def key(self, component: Mapping[str, Any], place: str, taken: set[str]) -> str:
        # form-js names the datum of a list `path`; `key` is taken as well.
        given = component.get("key", component.get("path"))
        if not isinstance(given, str) or component.get("path", given) != given:
            self.refuse("key-invalid", f"{place}.key", key=given)
            return ""
        if given in RESERVED or given.startswith("_") or keyword.iskeyword(given):
            self.refuse("key-reserved", f"{place}.key", key=given)
        elif not KEY.fullmatch(given):
            self.refuse("key-invalid", f"{place}.key", key=given)
        elif given in taken:
            self.refuse("key-twice", f"{place}.key", key=given)
        taken.add(given)
        return given

    def label(self, component: Mapping[str, Any], kind: str, place: str) -> str:
        if kind == "text":
            return ""
        given = self.words(component, "label", place, 200)
        if kind == "datetime" and not given:
            name = "timeLabel" if component.get("subtype") == "time" else "dateLabel"
            return self.words(component, name, place, 200)
        return given

    def properties(
        self, component: Mapping[str, Any], kind: str, place: str, *, is_input: bool, row: bool
    ) -> dict[str, Any]:
        path = f"{place}.properties"
        given = self.mapping(component, "properties", path)
        found: dict[str, Any] = {}
        for name, value in given.items():
            if name not in PROPERTIES or (not is_input and name != "show"):
                self.refuse("unknown-property", f"{path}.{_safe(name)}", name=name)
            elif not isinstance(value, str) or not value.strip() or len(value) > 1000:
                self.wrong(name, f"{path}.{name}", "最长 1000 个字符的文字", "text, at most 1000 long")
            elif name in FLAGS and value not in ("true", "false"):
                self.wrong(name, f"{path}.{name}", "“true”或“false”", "“true” or “false”")
            elif name == "basis" and value not in ("given", "proposed"):
                self.wrong(name, f"{path}.{name}", "“given”或“proposed”", "“given” or “proposed”")
            elif name == "kind" and KINDS.get(value) != kind:
                self.refuse("kind-misplaced", f"{path}.kind", kind=value, type=kind)
            elif name == "lookup" and not LOOKUP.fullmatch(value.strip()):
                self.wrong(name, f"{path}.lookup", "主数据名，如 tenants", "a master, such as tenants")
            elif name == "fills":
                found[name] = self.fills(value, f"{path}.fills")
            else:
                found[name] = value == "true" if name in FLAGS else value.strip()
        if "role" in found and found.get("kind") != "user":
            self.refuse("role-misplaced", f"{path}.role")
        if found.get("scan") and kind != "textfield":
            self.refuse("scan-misplaced", f"{path}.scan")
        # A row's select would need a row of the master named in each: a text is looked up there.
        if ("lookup" in found and kind not in (("textfield",) if row else ("textfield", "select"))) or (
            "fills" in found and "lookup" not in found
        ):
            self.refuse("lookup-misplaced", f"{path}.lookup")
        if is_input and self.flag(component, "readonly", place):
            found["readonly"] = True
        if row and found.get("readonly"):
            self.refuse("readonly-in-rows", place)
        return found

    def fills(self, value: str, path: str) -> tuple[tuple[str, str], ...]:
        pairs = [FILL.fullmatch(part.strip()) for part in value.split(",")]
        if not all(pairs):
            self.wrong("fills", path, "“字段 = 列, 字段 = 列”", "“field = column, field = column”")
        return tuple((pair[1], pair[2]) for pair in pairs if pair)

    def validate(self, component: Mapping[str, Any], kind: str, place: str) -> dict[str, Any]:
        path = f"{place}.validate"
        given = self.mapping(component, "validate", path)
        for name in given:
            if kind not in VALIDATE_KEYS.get(str(name), ()):
                self.refuse("unknown-validate", f"{path}.{_safe(name)}", name=name, type=kind)
        longest = LONGEST.get(kind, 0)
        found: dict[str, Any] = {"required": self.flag(given, "required", path)}
        if kind == "number":
            found["min"], found["max"] = (self.number(given, name, path) for name in ("min", "max"))
            self.crossed(found["min"], found["max"], path)
        if longest:
            found["min_length"] = self.whole(given, "minLength", path, longest)
            found["max_length"] = self.whole(given, "maxLength", path, longest)
            self.crossed(found["min_length"], found["max_length"], path)
        if kind == "textfield":
            found["pattern"] = self.pattern(given, path, found["max_length"] or longest)
            found["validation"] = given.get("validationType", "")
            if found["validation"] not in ("", "phone", "email"):
                self.wrong(
                    "validationType", f"{path}.validationType", "“phone”或“email”", "“phone” or “email”"
                )
        return found

    def pattern(self, given: Mapping[str, Any], path: str, longest: int) -> str:
        pattern = given.get("pattern", "")
        try:
            if not isinstance(pattern, str):
                raise PatternRefused("it is not text")
            require_safe(pattern, longest)
        except PatternRefused as error:
            self.refuse("pattern-refused", f"{path}.pattern", why=str(error))
            return ""
        return pattern

    def details(
        self, component: Mapping[str, Any], kind: str, place: str, own: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What only one type has."""
        if kind == "number":
            digits = self.whole(component, "decimalDigits", place, 6)
            return {"decimal_digits": 2 if digits is None and own.get("kind") == "money" else digits}
        if kind == "datetime":
            subtype = component.get("subtype", "date")
            if subtype not in ("date", "time", "datetime"):
                self.wrong("subtype", f"{place}.subtype", "date、time 或 datetime", "date, time or datetime")
            return {"subtype": subtype}
        if kind == "filepicker":
            accept = self.words(component, "accept", place, 500)
            if accept and not all(ACCEPT.fullmatch(part.strip()) for part in accept.split(",")):
                self.wrong("accept", f"{place}.accept", "文件类型，如 image/*,.pdf", "such as image/*,.pdf")
            return {"accept": accept, "multiple": self.flag(component, "multiple", place)}
        return {}

    def options(
        self, component: Mapping[str, Any], kind: str, place: str, key: str, *, live: bool
    ) -> tuple[Option, ...]:
        if kind not in ("radio", "select", "checklist"):
            return ()
        path = f"{place}.values"
        listed = component.get("values", [])
        if not isinstance(listed, list) or len(listed) > MAX_OPTIONS:
            self.wrong("values", path, f"最多 {MAX_OPTIONS} 项的列表", f"a list of at most {MAX_OPTIONS}")
            return ()
        if not listed and not live:
            self.refuse("options-missing", path, key=key)
        found: dict[str, Option] = {}
        for number, option in enumerate(listed):
            where = f"{path}.{number}"
            if not _is_option(option):
                self.refuse("option-invalid", where)
            elif option["value"] in found:
                self.refuse("option-twice", where, value=option["value"])
            else:
                found[option["value"]] = Option(option["value"], option["label"].strip())
        return tuple(found.values())

    # Small readings of one value -----------------------------------------------------------

    def unknown(self, kind: str, name: object, place: str) -> None:
        hint, hint_en = HINTS.get(str(name), ("", ""))
        path = _join(place, _safe(name))
        self.refuse("unknown-attribute", path, type=kind, name=name, hint=hint, hint_en=hint_en)

    def wrong(self, name: str, path: str, wanted: str, wanted_en: str) -> None:
        self.refuse("wrong-value", path, name=name, wanted=wanted, wanted_en=wanted_en)

    def words(self, holder: Mapping[str, Any], name: str, place: str, longest: int) -> str:
        value = holder.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            wanted = (f"最长 {longest} 个字符的文字", f"text, at most {longest} long")
            self.wrong(name, _join(place, name), *wanted)
            return ""
        return value.strip()

    def flag(self, holder: Mapping[str, Any], name: str, place: str) -> bool:
        value = holder.get(name, False)
        if not isinstance(value, bool):
            self.wrong(name, _join(place, name), " true 或 false", "true or false")
        return value is True

    def number(self, holder: Mapping[str, Any], name: str, place: str) -> int | float | None:
        value = holder.get(name)
        if value is None or (
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
        ):
            return value
        self.wrong(name, _join(place, name), "数字", "a number")
        return None

    def whole(self, holder: Mapping[str, Any], name: str, place: str, most: int) -> int | None:
        value = holder.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most):
            return value
        self.wrong(name, _join(place, name), f" 0 到 {most} 的整数", f"a whole number from 0 to {most}")
        return None

    def mapping(self, holder: Mapping[str, Any], name: str, path: str) -> Mapping[Any, Any]:
        value = holder.get(name, {})
        if isinstance(value, Mapping):
            return value
        self.wrong(name, path, "对象", "an object")
        return {}

    def crossed(self, least: float | None, most: float | None, path: str) -> None:
        if least is not None and most is not None and least > most:
            self.refuse("limits-crossed", path, least=least, most=most)


def _is_option(option: object) -> bool:
    if not isinstance(option, Mapping) or set(option) != {"value", "label"}:
        return False
    value, label = option["value"], option["label"]
    if not isinstance(value, str) or not isinstance(label, str):
        return False
    return value == value.strip() != "" and len(value) <= MAX_OPTION and 0 < len(label.strip()) <= 200


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _safe(name: object) -> str:
    text = name if isinstance(name, str) else type(name).__name__
    return text[:64]
