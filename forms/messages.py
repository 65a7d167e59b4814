"""What can be wrong with an answer: a closed set of codes, each with its words in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an answer: a code of :data:`CODES` and its facts.

    >>> Problem.of("too-long", limit=20).text("en")
    'This is too long; at most 20 in characters.'
    """

    code: str
    params: tuple[tuple[str, str | int | float], ...] = ()

    @classmethod
    def of(cls, code: str, **params: str | int | float) -> Problem:
        """A problem with its facts by name; KeyError for a code that does not exist."""
        _ = CODES[code]
        return cls(code, tuple(sorted(params.items())))

    def text(self, language: str = "zh") -> str:
        """The sentence for the reader: English for ``en…``, else Chinese."""
        chinese, english = CODES[self.code]
        return (english if language.startswith("en") else chinese).format(**dict(self.params))


#: code → (Chinese, English); the names in braces are the problem's parameters.
CODES: dict[str, tuple[str, str]] = {
    "required": ("请填写此项。", "Please answer this."),
    "not-text": ("此项应为文字。", "This must be text."),
    "control-character": (
        "含有不可见的控制字符，请删除后重新输入。",
        "This contains invisible control characters; please delete them and type again.",
    ),
    "too-long": ("内容过长，最多 {limit} 个字符。", "This is too long; at most {limit} in characters."),
    "too-short": ("内容过短，至少 {limit} 个字符。", "This is too short; at least {limit} in characters."),
    "pattern": ("格式不符合要求。", "This is not in the expected form."),
    "not-a-phone": (
        "不是有效的电话号码，例如 13800138000、010-88886666-801、+852 2123 4567。",
        "This is not a phone number, such as 13800138000, 010-88886666-801 or +852 2123 4567.",
    ),
    "not-an-email": (
        "不是有效的电子邮箱，例如 name@example.com。",
        "This is not an e-mail address, such as name@example.com.",
    ),
    "not-a-number": ("请填写数字，例如 12 或 12.5。", "Please give a number, such as 12 or 12.5."),
    "too-small": ("不得小于 {limit}。", "This must not be below {limit}."),
    "too-large": ("不得大于 {limit}。", "This must not be above {limit}."),
    "too-many-decimals": ("小数位数最多为 {limit}。", "Digits after the point: at most {limit}."),
    "too-many-digits": ("数字位数最多为 {limit}。", "Digits of a number: at most {limit}."),
    "not-a-date": ("请填写日期，例如 2026-11-02。", "Please give a date, such as 2026-11-02."),
    "not-a-time": ("请填写时间，例如 09:30。", "Please give a time, such as 09:30."),
    "not-a-datetime": (
        "请填写日期和时间，例如 2026-11-02 09:30。",
        "Please give a date and a time, such as 2026-11-02 09:30.",
    ),
    "not-yes-or-no": ("此项只能勾选或不勾选。", "This can only be ticked or not."),
    "not-an-option": ("请从所列选项中选择。", "Please choose one of the options."),
    "not-a-list": ("此项应为列表。", "This must be a list."),
    "too-many": ("数量过多，最多 {limit} 个。", "There are too many; at most {limit}."),
    "not-a-file": (
        "找不到所附文件，请重新上传。",
        "The attached file is not there; please upload it again.",
    ),
    "not-rows": ("此项应为明细行。", "This must be a list of rows."),
    "not-a-row": ("这一行的内容不正确。", "This row is not a row of answers."),
    "too-many-rows": ("明细行过多，最多 {limit} 行。", "There are too many rows; at most {limit}."),
    "unknown-field": ("表单中没有“{name}”这一项。", "The form has no field “{name}”."),
    "too-much": (
        "填写内容总量过大，最多 {limit} KB；长篇材料请作为附件上传。",
        "The answers are too large together, at most {limit} KB; please attach long material as a file.",
    ),
    "not-answers": ("提交的内容不是一份表单。", "What was sent is not a set of answers."),
}
