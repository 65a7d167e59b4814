"""Mend loops: how often, for whom, and until when."""

from __future__ import annotations

from lxml import etree

from engine.runtime.data_references import datum
from engine.runtime.lint_elements import is_field
from engine.runtime.reading import q
from engine.runtime.repairing.tasks import free_name
from engine.runtime.repairing.work import Work, foreign_attribute, foreign_children, remove
from engine.runtime.translating import is_expression, understood


def mend(work: Work) -> None:
    """Mend the loops of every node."""
    for node in work.nodes():
        _mend_node(work, node)


def _mend_node(work: Work, node: etree._Element) -> None:
    each = node.find(q("multiInstanceLoopCharacteristics"))
    if each is not None:
        _mend_instances(work, node, each)
    again = node.find(q("standardLoopCharacteristics"))
    if again is None:
        return
    condition = again.find(q("loopCondition"))
    text = (condition.text or "").strip() if condition is not None else ""
    if condition is not None and text:
        python = understood(text)
        if python == text.strip():
            return
        if python:
            condition.text = python
            work.done(
                "foreign-expression",
                node,
                f"循环条件 {text[:80]} 改写为 {python}",
                f"its loop condition {text[:80]} is {python} now",
            )
            return
        remove(condition)
    elif again.get("loopMaximum"):
        return
    again.set("loopMaximum", again.get("loopMaximum") or "1")
    work.done("loop-missing", node, "循环暂时只做一次", "the loop is done once for now")
    work.ask(
        node,
        f"循环到什么时候为止？{_was(text)}",
        f"until when is it done again? {_was(text)}".strip(),
        "loopMaximum 1",
    )


def _was(text: str) -> str:
    return f"（{text[:120]}）" if text else ""


def _mend_instances(work: Work, node: etree._Element, each: etree._Element) -> None:
    done = each.find(q("completionCondition"))
    if done is not None and (text := (done.text or "").strip()):
        python = understood(text)
        if python is None or "nrOf" in text:
            remove(done)
            work.done(
                "foreign-expression",
                node,
                "去掉了提前结束的条件",
                "the condition that ended it early was taken out",
            )
            work.ask(
                node,
                f"做到什么程度就算完成？原来是 {text[:120]}",
                f"when is it enough? It said {text[:120]}",
                "全部做完 / all are done",
            )
        elif python != text:
            done.text = python
            work.done(
                "foreign-expression", node, f"{text[:80]} 改写为 {python}", f"{text[:80]} is {python} now"
            )
    _mend_names(work, node, each)
    count = each.find(q("loopCardinality"))
    if count is not None and (count.text or "").strip() and _filled(each, "loopDataInputRef"):
        _keep_list(work, node, count)
        return
    text = (count.text or "").strip() if count is not None else ""
    if text:
        python = understood(text)
        if python == text:
            return
        assert count is not None
        count.text = python or "1"
        if python:
            work.done(
                "foreign-expression",
                node,
                f"次数 {text[:80]} 改写为 {python}",
                f"the number {text[:80]} is {python} now",
            )
            return
        work.done("expression", node, "次数待定", "the number is still to be said")
        work.ask(node, f"做几次？原来写的是 {text[:120]}", f"how many times? It said {text[:120]}", "1")
        return
    if _filled(each, "loopDataInputRef"):
        return
    _count_collection(work, node, each, count)


def _keep_list(work: Work, node: etree._Element, count: etree._Element) -> None:
    said = (count.text or "").strip()[:120]
    remove(count)
    work.done(
        "loop-several", node, "按列表逐项做，去掉了次数", "it goes over its list; the number was taken out"
    )
    work.ask(
        node,
        f"原来还写了次数 {said}；是按列表逐项做吗？",
        f"it said {said} times as well; is it done for each of the list?",
        "按列表 / for each of the list",
    )


def _mend_names(work: Work, node: etree._Element, each: etree._Element) -> None:
    """Give the items and lists of a multi-instance activity names that a datum may have."""
    for item in each.iterchildren(q("inputDataItem"), q("outputDataItem")):
        old = item.get("name") or item.get("id") or ""
        if old and not is_field(old):
            item.set("name", free_name(old))
            _told_name(work, node, old, free_name(old))
    named = {e.get("id", ""): e for e in work.root.iter(etree.Element) if e.get("id")}
    for reference in each.iterchildren(q("loopDataInputRef"), q("loopDataOutputRef")):
        old = datum(reference, named)
        if old and not is_field(old):
            reference.text = free_name(old)
            _told_name(work, node, old, free_name(old))


def _told_name(work: Work, node: etree._Element, old: str, new: str) -> None:
    work.done("field-reserved", node, f"数据名称 {old} 改为 {new}", f"the datum {old} is called {new} now")


def _filled(each: etree._Element, tag: str) -> bool:
    return bool((each.findtext(q(tag)) or "").strip())


def _count_collection(
    work: Work, node: etree._Element, each: etree._Element, count: etree._Element | None
) -> None:
    """How often: as many times as another engine's collection has items."""
    items = foreign_attribute(each, "collection") or next(
        (f.get("inputCollection") for f in foreign_children(each) if f.get("inputCollection")), None
    )
    name = None if items is None else items if items.isidentifier() else understood(items)
    if count is None:
        count = etree.Element(q("loopCardinality"))
        before = len(each.findall(q("documentation"))) + len(each.findall(q("extensionElements")))
        each.insert(before, count)
    count.text = f"len({name}) if {name} else 1" if name and is_expression(f"len({name})") else "1"
    work.done("loop-missing", node, f"次数为 {count.text}", f"it is done {count.text} times")
    work.ask(
        node,
        f"每一份由谁做？原来按集合 {items or '（未写）'} 逐项",
        f"who does each of them? It went over {items or '(nothing)'}",
        str(count.text),
    )
