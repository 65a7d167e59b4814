"""Why a form's document is refused: a closed set of codes, each with its words in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a form's document."""

    code: str
    #: ``components.2.validate.min``; empty for the document itself.
    path: str
    message_zh: str
    message_en: str


class FormRefused(ValueError):
    """The document is not a form of our subset; ``problems`` name everything found, in order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{found.path or 'form'}: {found.message_en}" for found in problems))
        self.problems = problems


def problem(code: str, path: str, **facts: object) -> Problem:
    """A problem with its sentences filled in."""
    chinese, english = REFUSALS[code]
    said = {name: _short(value) for name, value in facts.items()}
    return Problem(code, path, chinese.format(**said), english.format(**said))


def _short(value: object) -> str:
    """A value as a sentence can carry it: scalars only, never long, never nested."""
    if value is None or isinstance(value, str | int | float):
        text = str(value) if not isinstance(value, int) or abs(value) < 10**18 else "…"
        return text if len(text) <= 80 else text[:79] + "…"
    return type(value).__name__


#: code → (Chinese, English); the names in braces are facts of the place.
REFUSALS: dict[str, tuple[str, str]] = {
    "not-a-form": ("表单文件应为 JSON 对象。", "The form must be a JSON object."),
    "schema-version": ("schemaVersion 应为 19。", "schemaVersion must be 19."),
    "unknown-attribute": ("{type} 不支持属性“{name}”。{hint}", "{type} has no attribute “{name}”.{hint_en}"),
    "unknown-type": ("不支持的组件类型“{type}”。", "There is no component type “{type}”."),
    "unknown-validate": ("{type} 不支持校验“{name}”。", "{type} has no validate key “{name}”."),
    "unknown-property": ("没有名为“{name}”的扩展属性。", "There is no property “{name}”."),
    "wrong-value": ("“{name}”的值不正确，应为{wanted}。", "The value of “{name}” must be {wanted_en}."),
    "id-invalid": (
        "表单 id “{id}”应由小写字母、数字、连字符或下划线组成，并以字母开头。",
        "The form id “{id}” must be lower-case letters, digits, - or _, starting with a letter.",
    ),
    "title-missing": ("表单缺少标题。", "The form has no title."),
    "label-missing": ("“{key}”缺少名称（label）。", "“{key}” has no label."),
    "key-invalid": (
        "字段键“{key}”应由英文字母、数字和下划线组成，以字母开头，最长 64 个字符。",
        "The key “{key}” must be letters, digits and _, starting with a letter, at most 64 long.",
    ),
    "key-reserved": ("字段键“{key}”为系统保留，请改名。", "The key “{key}” is reserved; please rename it."),
    "key-twice": ("字段键“{key}”重复。", "The key “{key}” is used twice."),
    "too-many-fields": ("组件过多，最多 {limit} 个。", "There are too many components; at most {limit}."),
    "too-deep": ("分组嵌套过深，最多 {limit} 层。", "Groups are nested too deeply; at most {limit} levels."),
    "too-many-problems": ("问题过多，其余未列出。", "There are more problems; the rest is not listed."),
    "not-in-rows": ("明细行中不能使用 {type}。", "A row may not hold {type}."),
    "readonly-in-rows": (
        "明细行中的单个字段不能只读；可将整个明细设为只读。",
        "One field of a row cannot be read-only; make the whole list read-only.",
    ),
    "options-missing": ("“{key}”没有选项。", "“{key}” has no options."),
    "option-invalid": (
        "选项应有文字 value 和 label，value 最长 100 个字符。",
        "An option needs the texts value and label; a value has at most 100 characters.",
    ),
    "option-twice": ("选项“{value}”重复。", "The option “{value}” is given twice."),
    "limits-crossed": (
        "下限“{least}”大于上限“{most}”。",
        "The lower limit {least} is above the upper limit {most}.",
    ),
    "pattern-refused": ("正则表达式不被接受：{why}。", "The pattern is refused: {why}."),
    "kind-misplaced": ("kind “{kind}”不能用于 {type}。", "The kind “{kind}” does not go with {type}."),
    "scan-misplaced": ("scan 只用于单行文字。", "scan goes only with a textfield."),
    "lookup-misplaced": (
        "lookup 只用于单行文字或选择框，在明细行中只用于单行文字；fills 只与 lookup 一起使用。",
        (
            "lookup goes only with a textfield or select, within rows with a textfield, "
            "and fills only with lookup."
        ),
    ),
    "fills-unknown": (
        "fills 所填的“{name}”不是本表单的字段。",
        "fills names “{name}”, which is no field of this form.",
    ),
    "role-misplaced": ("role 只用于 kind 为 user 的选择框。", "role goes only with the kind user."),
}
