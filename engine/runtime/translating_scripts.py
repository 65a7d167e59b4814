"""Say in our language what a script of another engine assigns: Groovy, JavaScript, MVEL, Java."""

from __future__ import annotations

import re

from engine.runtime.expressions import ExpressionRefused, check_script
from engine.runtime.translating import understood

_SET = re.compile(
    r"(?:execution|kcontext|variables|delegateExecution)\.(?:setVariable|setVariableLocal|put|set)"
    r"\(\s*[\"'](?P<name>\w+)[\"']\s*,\s*(?P<value>.*)\)",
    re.DOTALL,
)
_ASSIGNED = re.compile(
    r"(?:(?:final\s+)?(?:var|let|const|def|int|Integer|long|Long|double|Double|boolean|Boolean|String|Object"
    r"|BigDecimal|java\.lang\.\w+)\s+)?(?P<name>[^\W\d]\w*)\s*(?P<sign>\+?=)(?!=)\s*(?P<value>.+)",
    re.DOTALL,
)
_PRINTED = re.compile(r"(?:System\.out\.)?print(?:ln)?\b.*|console\.log\b.*|print\(.*\)", re.DOTALL)


def translate_script(source: str) -> str | None:
    """The same script as lines of ``name = expression``; None unless its meaning is certain.

    What only prints stays as a remark.
    """
    lines: list[str] = []
    for statement in _statements(source):
        line = _translated_statement(statement)
        if line is None:
            return None
        lines.append(line)
    python = "\n".join(lines)
    try:
        check_script(python)
    except ExpressionRefused:
        return None
    return python if lines else None


def _translated_statement(statement: str) -> str | None:
    if statement.startswith(("//", "#")):
        return "# " + statement.lstrip("/# ")
    if _PRINTED.fullmatch(statement):
        return "# " + " ".join(statement.split())
    found = _SET.fullmatch(statement) or _ASSIGNED.fullmatch(statement)
    if found is None:
        return None
    value = understood(found["value"])
    if value is None:
        return None
    sign = found.groupdict().get("sign") or "="
    return f"{found['name']} {sign} {' '.join(value.split())}"


def _statements(source: str) -> list[str]:
    """Statements and remarks; one ends at a semicolon or a line's end outside of quotation marks."""
    text = re.sub(
        r"/\*(.*?)\*/", lambda found: "// " + " ".join(found[1].split()) + "\n", source, flags=re.DOTALL
    )
    found = re.findall(r"(?://|#)[^\n]*|(?:\"[^\"\n]*\"|'[^'\n]*'|(?!//)[^;\n\"'])+", text)
    return [statement.strip() for statement in found if statement.strip()]
