"""Every finding a diagram can get, with its severity and its sentences, and the bounds of a diagram."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.facts import Severity

#: Nodes of one file; a drawing with more cannot be read by people either.
MAX_NODES = 250
#: Sequence flows of one file.
MAX_FLOWS = 1_000
#: XML elements of one file, layout and extensions included; a drawing of 250 nodes has about ten thousand.
MAX_ELEMENTS = 20_000
#: Sub-processes within one another.
MAX_NESTING = 5
#: Steps ahead that the engine would plan from one node: it plans every path of parallel branches.
MAX_AHEAD = 2_000
#: Characters of an id and of a name.
MAX_ID = 100
MAX_NAME = 200
#: Findings told of one file; whoever has more should begin with these.
MAX_FINDINGS = 200
#: Seconds of processor time for the expressions of one file.
MAX_SECONDS = 1.0


@dataclass(frozen=True)
class Rule:
    """A finding's severity and its sentence in both languages; ``{at}`` names the element."""

    severity: Severity
    zh: str
    en: str


def _error(zh: str, en: str) -> Rule:
    return Rule("error", zh, en)


def _info(zh: str, en: str) -> Rule:
    return Rule("info", zh, en)


def _warning(zh: str, en: str) -> Rule:
    return Rule("warning", zh, en)


#: code → rule; every code has its heading in docs/reference/findings.md.
RULES: dict[str, Rule] = {
    # The file
    "file-too-large": _error("文件过大，最多 {most} 字节", "the file is too large; {most} bytes are allowed"),
    "file-empty": _error("文件是空的", "the file is empty"),
    "xml-broken": _error(
        "不是完整的 XML，读到这里读不下去（{detail}）",
        "this is not well-formed XML; reading stops here ({detail})",
    ),
    "xml-doctype": _error("不允许文档类型声明（DOCTYPE）", "a document type (DOCTYPE) is not allowed"),
    "not-bpmn": _error(
        "不是 BPMN 2.0 流程图，请从建模工具导出 BPMN 2.0 XML", "this is not a BPMN 2.0 diagram ({detail})"
    ),
    "schema": _error(
        "{at}不符合 BPMN 2.0 规定：{detail}", "{at} does not follow the BPMN 2.0 schema: {detail}"
    ),
    "check-failed": _error(
        "检查没有做完，请把这个文件交给管理员（{detail}）",
        "the check could not be finished; please hand this file to the administrator ({detail})",
    ),
    "check-unfinished": _error(
        "表达式过多过长，{most} 秒内没有检查完",
        "the expressions are too many and too long to be checked within {most} seconds",
    ),
    "too-many-findings": _warning(
        "问题超过 {most} 个，其余没有列出", "there are more than {most} findings; the others are not listed"
    ),
    "too-many-nodes": _error(
        "有 {count} 个节点，最多 {most} 个；请拆成几个流程，用调用活动连起来",
        "there are {count} nodes, {most} are allowed; split it into procedures that call each other",
    ),
    "too-many-flows": _error(
        "有 {count} 条连线，最多 {most} 条", "there are {count} flows; {most} are allowed"
    ),
    "too-many-elements": _error("XML 元素超过 {most} 个", "there are more than {most} XML elements"),
    "nesting-too-deep": _error(
        "{at}：子流程嵌套超过 {most} 层",
        "{at}: sub-processes stand more than {most} levels within each other",
    ),
    # Ids, names, references
    "id-missing": _error("有一个{kind}没有 id", "a {kind} has no id"),
    "id-duplicate": _error("{at}：这个 id 用了不止一次", "{at}: this id is used more than once"),
    "id-invalid": _error(
        "{at}：id 只能用文字、数字、点、横线和下划线，且以文字开头",
        "{at}: an id has letters, digits, dots, hyphens and underscores only, a letter first",
    ),
    "id-reserved": _error(
        "{at}：这个 id 是引擎保留的，请换一个", "{at}: this id is reserved by the engine; choose another"
    ),
    "id-parameter": _error(
        "{at}：id 与本流程中一个服务参数的 id 相同，引擎会把两者混淆；请把节点改名，如 {new}",
        "{at}: a service parameter of this process has the same id, and the engine takes one for the other; "
        "rename the node, for instance {new}",
    ),
    "id-too-long": _error("{at}：id 超过 {most} 个字符", "{at}: the id has more than {most} characters"),
    "name-missing": _warning("{at}没有名称，办理人会看到 id", "{at} has no name; people will see its id"),
    "name-too-long": _error("{at}：名称超过 {most} 个字符", "{at}: the name has more than {most} characters"),
    "name-control": _error(
        "{at}：名称里有看不见的控制字符 {character}",
        "{at}: the name contains the invisible character {character}",
    ),
    "reference-missing": _error("{at}：缺少 {attribute}", "{at}: {attribute} is missing"),
    "reference-dangling": _error(
        "{at}：{attribute} 指向的 {target} 不存在",
        "{at}: {attribute} points to {target}, which does not exist",
    ),
    "flow-across": _error(
        "{at}：连线不能跨越流程或子流程的边界",
        "{at}: a flow may not cross the border of a process or sub-process",
    ),
    "field-reserved": _error(
        "{at}：数据名称 {name} 不能用（保留名称、下划线开头或关键字）",
        "{at}: the datum may not be called {name} (reserved, a leading underscore, or a keyword)",
    ),
    # The shape
    "process-missing": _error(
        "{at}：没有标为可执行的流程（isExecutable）",
        "{at}: no process is marked as executable (isExecutable)",
    ),
    "process-several": _error("{at}：可执行的流程不止一个", "{at}: more than one process is executable"),
    "start-missing": _error("{at}没有开始事件", "{at} has no start event"),
    "start-implied": _info(
        "{at}没有开始事件，从没有流入连线的节点开始", "{at} has no start event; it begins where no flow leads"
    ),
    "start-kind": _error(
        "{at}：流程由人、消息、信号或时间开始，不由条件开始",
        "{at}: a case is begun by a person, a message, a signal or a time, not by a condition",
    ),
    "start-instantiate": _error(
        "{at}：不支持由事件网关或接收任务开始流程（instantiate），请画消息开始事件",
        "{at}: a gateway or a receive task cannot begin a process here (instantiate); draw a message start"
        " event",
    ),
    "start-several": _error("{at}：开始事件不止一个", "{at}: there is more than one start event"),
    "start-incoming": _error(
        "{at}：开始事件和边界事件不能有流入的连线", "{at}: no flow may lead to a start or boundary event"
    ),
    "end-missing": _error("{at}没有结束事件，永远不会结束", "{at} has no end event and would never end"),
    "end-implied": _info(
        "{at}没有结束事件，走到没有下文的节点就结束", "{at} has no end event; it ends where nothing follows"
    ),
    "end-outgoing": _error("{at}：结束事件不能有流出的连线", "{at}: no flow may leave an end event"),
    "dead-end": _error(
        "{at}：走到这里就没有下文，请连到结束事件", "{at}: nothing follows; lead it to an end event"
    ),
    "unreachable": _error("{at}：从开始事件走不到这里", "{at} cannot be reached from a start event"),
    "too-many-paths": _error(
        "{at}：从这里起一段接一段的并行分支太多，路径加起来超过 {most} 步；请用子流程或调用活动分段",
        "{at}: so many parallel branches follow each other from here that their paths have more than"
        " {most} steps; put some of them into sub-processes",
    ),
    "ring-without-gateway": _error(
        "{at}：这一圈没有可以离开的判断（{ring}）",
        "{at}: no decision leads out of this ring ({ring})",
    ),
    "ring-of-gateways": _error(
        "{at}：这一圈只有网关，什么也不会变，会一直转下去（{ring}）",
        "{at}: this ring has gateways only; nothing changes in it and it would turn for ever ({ring})",
    ),
    "ring-automatic": _warning(
        "{at}：这一圈没有人办理也不等待，转得太多会被引擎停下（{ring}）",
        "{at}: nothing in this ring waits; the engine stops it when it turns too often ({ring})",
    ),
    "split-implicit": _info(
        "{at}：有 {count} 条流出的连线，会同时走；画上并行网关更清楚",
        "{at}: {count} flows leave it and all are taken; a parallel gateway would show it",
    ),
    "split-conditional": _info(
        "{at}：有 {count} 条流出的连线，条件成立的都会走；画上包容网关更清楚",
        "{at}: {count} flows leave it and each whose condition holds is taken; an inclusive gateway"
        " would show it",
    ),
    "flow-conditional": _error(
        "{at}：条件只能写在网关流出的连线上，或者活动的几条流出连线上",
        "{at}: only a flow that leaves a gateway, or one of several that leave an activity, can have a"
        " condition",
    ),
    "condition-ignored": _error(
        "{at}：从并行网关或事件网关流出的连线不看条件",
        "{at}: flows out of a parallel or event-based gateway ignore conditions",
    ),
    "condition-missing": _error(
        "{at}：没有条件，也不是默认连线", "{at} has no condition and is not the default flow"
    ),
    "gateway-without-default": _warning(
        "{at}没有默认连线；条件都不满足时案件会停下",
        "{at} has no default flow; when no condition holds the case stops",
    ),
    "event-gateway-target": _error(
        "{at}：事件网关之后只能是等待的事件或接收任务",
        "{at}: after an event-based gateway only catching events and receive tasks may follow",
    ),
    "event-gateway-receive": _error(
        "{at}：事件网关之后的接收任务上不能有边界事件，也不能循环",
        "{at}: a receive task behind an event-based gateway has no boundary event and no loop",
    ),
    "boundary-unattached": _error(
        "{at}：边界事件没有依附在活动上", "{at}: the boundary event is not attached to an activity"
    ),
    # What cannot run
    "link-unmatched": _error(
        "{at}：没有名称相同的另一半链接事件", "{at}: there is no link event of the same name for it to meet"
    ),
    "link-several": _error(
        "{at}：链接的去处不止一个，请只留一个", "{at}: this link leads to more than one place; keep one"
    ),
    "compensation-handler": _error(
        "{at}：补偿事件要用一条关联连到同一流程或子流程里一个标为补偿（isForCompensation）的活动",
        "{at}: an association leads from a compensation event to one activity marked for compensation"
        " (isForCompensation), in the same process or sub-process",
    ),
    "compensation-unattached": _error(
        "{at}：标为补偿（isForCompensation），但没有补偿边界事件用关联连到它，永远不会做",
        "{at}: it is marked for compensation (isForCompensation), but no compensation boundary event is"
        " associated with it; it would never be done",
    ),
    "compensation-flow": _error(
        "{at}：补偿事件和它的补偿活动不与任何连线相连，补偿活动上也没有边界事件；要分几步就用子流程",
        "{at}: no flow leads to or from a compensation event or what it is associated with, and no boundary"
        " event sits there; put several steps into a sub-process",
    ),
    "compensation-several": _error(
        "{at}：怎样补偿它画了不止一处，请只留一处",
        "{at}: more than one thing is drawn that undoes it; keep one",
    ),
    "compensation-place": _error(
        "{at}：补偿只能从活动的边界事件开始，或者从子流程里的事件子流程开始",
        "{at}: compensation begins at a boundary event of an activity, or in an event sub-process of a"
        " sub-process",
    ),
    "compensation-target": _error(
        "{at}：不能补偿{target}，它{detail}", "{at}: {target} cannot be compensated; it {detail}"
    ),
    "compensation-nothing": _warning(
        "{at}：所在的流程或子流程里没有可以补偿的活动", "{at}: there is nothing around it to compensate"
    ),
    "unsupported-cancel": _error(
        "{at}：取消事件只能用在事务里", "{at}: a cancel event belongs into a transaction"
    ),
    "unsupported-adhoc": _error("{at}：不支持临时子流程", "{at}: ad-hoc sub-processes are not supported"),
    "event-subprocess-start": _error(
        "{at}：事件子流程要有且只有一个带触发条件的开始事件；由错误触发的一定中断",
        "{at}: an event sub-process begins with exactly one event; one that an error begins interrupts",
    ),
    "event-subprocess-flow": _error(
        "{at}：事件子流程不与任何连线相连，上面也不能有边界事件",
        "{at}: no flow leads to or from an event sub-process, and no boundary event sits on it",
    ),
    "unsupported-complex-gateway": _error("{at}：不支持复杂网关", "{at}: complex gateways are not supported"),
    "unsupported-several-events": _error(
        "{at}：这里的几种事件定义不能合在一个事件里",
        "{at}: these event definitions cannot stand in one event here",
    ),
    "unsupported-assignment": _error(
        "{at}：数据关联里不能赋值或转换，请用脚本任务",
        "{at}: a data association cannot assign or transform; use a script task",
    ),
    "unsupported-attribute": _error(
        "{at}：不支持 {attribute}={value}", "{at}: {attribute}={value} is not supported"
    ),
    "data-store-drawn": _info(
        "{at}：数据存储只是画出来的，不写入任何地方；要写台账请用服务任务",
        "{at}: the data store is drawn only; nothing is written to it. A service task writes to a register",
    ),
    "unsupported-element": _error("{at}：不支持 {kind}", "{at}: {kind} is not supported"),
    "foreign-extension": _warning(
        "{at}：{engine} 的扩展在这里不起作用", "{at}: extensions of {engine} have no effect here"
    ),
    "event-missing": _error("{at}没有写明等什么事件", "{at} does not say what it waits for"),
    "event-interrupts": _error(
        "{at}：错误和取消一定中断，不能画成不中断", "{at}: an error or a cancel event always interrupts"
    ),
    "event-kind": _error("{at}：这种事件不能是 {kind}", "{at}: an event of this kind cannot be {kind}"),
    "engine-refused": _error(
        "{at}：引擎不接受（{detail}）", "{at}: the engine does not accept it ({detail})"
    ),
    # Work for people
    "role-missing": _error(
        "{at}：不在任何泳道里，也没有指定办理人", "{at} stands in no lane and names nobody to do it"
    ),
    "role-unknown": _error("{at}：没有岗位 {name}", "{at}: there is no role {name}"),
    "assign-refused": _error(
        "{at}：分派规则不能使用：{why}", "{at}: the rules that choose a person cannot be used: {why}"
    ),
    "assign-handler": _error(
        "{at}：分派规则中的 {name} 不是人办理的步骤",
        "{at}: the rules that choose a person name {name}, which is no step of a person",
    ),
    "sign-refused": _error("{at}：{why_zh}", "{at}: {why_en}"),
    "form-unknown": _error("{at}：没有表单 {name}", "{at}: there is no form {name}"),
    "deadline-unknown": _error("{at}：没有时限 {name}", "{at}: there is no deadline {name}"),
    "clock-met-unknown": _error(
        "{at}：{name} 写了 {node}，图里没有这个节点，或没有声明这个时钟",
        "{at}: {name} names {node}; there is no such node, or the clock is not declared",
    ),
    "clause-missing": _warning(
        "{at}没有写明依据的条款（clause）", "{at} does not quote the clause that governs it"
    ),
    "property-unknown": _warning(
        "{at}：属性 {name} 不起作用{hint_zh}", "{at}: the property {name} has no effect{hint_en}"
    ),
    "node-unknown": _error("{at}：没有节点 {name}", "{at}: there is no node {name}"),
    # Work for the engine
    "message-missing": _error("{at}没有指定消息", "{at} names no message"),
    "signal-missing": _error("{at}没有指定信号", "{at} names no signal"),
    "loop-missing": _error(
        "{at}：循环没有写次数或条件", "{at}: the loop has neither a number nor a condition"
    ),
    "loop-several": _error(
        "{at}：既写了次数又写了列表，只能写一种", "{at}: both a number and a list say how often; keep one"
    ),
    "timer-missing": _error("{at}没有时间", "{at} has no time"),
    "timer-unquoted": _error(
        '{at}：时间要写在引号里："{text}"', '{at}: a time stands in quotation marks: "{text}"'
    ),
    "timer-cron": _error(
        "{at}：不支持 cron（{text}），请用 every(时限)",
        "{at}: cron is not supported ({text}); use every(deadline)",
    ),
    "timer-invalid": _error(
        '{at}：{text} 不是时间，应像 "PT30M" 或 due_in(时限)',
        '{at}: {text} is no time; write "PT30M" or due_in(deadline)',
    ),
    "timer-words": _error("{at}：{text} 写得不对：{detail}", "{at}: {text} is wrongly said: {detail}"),
    "start-timer": _error(
        "{at}：流程不能在 {text} 开始：{detail_zh}", "{at}: a case cannot begin at {text}: {detail_en}"
    ),
    "script-missing": _error("{at}没有脚本", "{at} has no script"),
    "script-place": _error(
        "{at}：这里的 preScript、postScript 不会执行，请用脚本任务",
        "{at}: preScript and postScript are not run here; use a script task",
    ),
    "script-format": _error("{at}：不支持 {format} 脚本", "{at}: {format} is not supported"),
    "service-missing": _error(
        "{at}没有指定服务（serviceTaskOperator）", "{at} names no service (serviceTaskOperator)"
    ),
    "service-unknown": _error("{at}：没有服务 {name}", "{at}: there is no service {name}"),
    "master-unknown": _error(
        "{at}：没有主数据 {name}；有：{known}", "{at}: there is no master {name}; there are: {known}"
    ),
    "master-column": _error(
        "{at}：主数据 {master} 没有列 {name}；有：{known}",
        "{at}: the master {master} has no column {name}; it has: {known}",
    ),
    "master-value": _error(
        "{at}：主数据 {master} 的 {column} 没有选项 {name}；有：{known}",
        "{at}: the column {column} of the master {master} has no choice {name}; it has: {known}",
    ),
    "service-parameter": _error("{at}：服务缺少参数 {name}", "{at}: the service lacks its parameter {name}"),
    "call-unknown": _error("{at}：没有流程 {name}", "{at}: there is no procedure {name}"),
    "call-start": _error(
        "{at}：流程 {name} 只由消息或信号开始，不能调用",
        "{at}: {name} begins with a message or a signal only and cannot be called",
    ),
    "call-itself": _warning(
        "{at}：流程调用自己，层数太多会被引擎停下",
        "{at}: the procedure calls itself; the engine stops it when it goes too deep",
    ),
    # Decisions
    "not-dmn": _error(
        "不是 DMN 1.1 至 1.3 决策文件，请从建模工具导出（{detail}）",
        "this is not a file of DMN 1.1 to 1.3 ({detail})",
    ),
    "decision-missing": _error(
        "{at}没有指定决策（calledDecisionId）", "{at} names no decision (calledDecisionId)"
    ),
    "decision-unknown": _error(
        "{at}：没有决策 {name}{hint_zh}；决策文件（.dmn）要放在流程图旁边",
        "{at}: there is no decision {name}{hint_en}; its file (.dmn) stands beside the diagram",
    ),
    "decision-several": _error(
        "{at}：id 为 {name} 的决策不止一个", "{at}: more than one decision has the id {name}"
    ),
    "decision-cell": _error(
        "{at}：{where}“{text}”不能用：{detail}", "{at}: the {where} “{text}” cannot be used: {detail}"
    ),
    "decision-hit-policy": _error("{at}：{detail}", "{at}: {detail}"),
    "decision-shape": _error("{at}：{detail}", "{at}: {detail}"),
    "decision-cycle": _error(
        "{at}：决策互相需要，绕成一圈（{ring}）", "{at}: the decisions require each other in a ring ({ring})"
    ),
    "decision-unsupported": _error("{at}：决策里不支持 {kind}", "{at}: {kind} is not supported in decisions"),
    # Expressions
    "expression": _error("{at}的{where_zh}：{detail_zh}", "{where_en} of {at}: {detail_en}"),
    "foreign-expression": _error(
        "{at}的{where_zh}是 {language} 写法：{text}", "{where_en} of {at} is written in {language}: {text}"
    ),
}
