"""Mend which process is the procedure: one of the file is executable."""

from __future__ import annotations

from lxml import etree

from engine.runtime.reading import q
from engine.runtime.repairing.work import Work, definitions_of, label_of, nodes_of


def mend(work: Work) -> None:
    """Mark one process as executable."""
    if not work.root.get("targetNamespace"):
        work.root.set("targetNamespace", "urn:guanjia:repaired")
        work.done("schema", None, "补上了 targetNamespace", "targetNamespace was added")
    processes = list(work.root.iterchildren(q("process")))
    marked = [process for process in processes if process.get("isExecutable") == "true"]
    if len(marked) == 1 or not processes:
        return
    chosen = _main(work, marked or processes)
    if not marked:
        chosen.set("isExecutable", "true")
        work.done("process-missing", chosen, "标为可执行", "it is marked as executable")
    for other in marked:
        if other is not chosen:
            other.set("isExecutable", "false")
            work.done("process-several", other, "不再标为可执行", "it is no longer marked as executable")
    if len([process for process in marked or processes if nodes_of(process)]) > 1:
        name = label_of(chosen)
        work.ask(
            chosen,
            "文件里不止一个流程，哪一个是要办理的？",
            "there is more than one process; which is the procedure?",
            name,
        )


def _main(work: Work, processes: list[etree._Element]) -> etree._Element:
    """The process that begins by itself and has most to do."""
    called = {node.get("calledElement") for node in work.nodes("callActivity")}
    return max(
        processes,
        key=lambda process: (
            bool(nodes_of(process)),
            process.get("id") not in called,
            _begins_by_itself(process),
            len(nodes_of(process)),
        ),
    )


def _begins_by_itself(process: etree._Element) -> bool:
    starts = nodes_of(process, "startEvent")
    return not starts or any(not definitions_of(start) for start in starts)
