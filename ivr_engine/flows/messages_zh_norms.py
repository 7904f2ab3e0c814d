"""The Chinese of what the rules about hours, services and money say."""

from __future__ import annotations

NORMS_IN_CHINESE = {
    "there is no flow or node `$name`; write `flow`, or `flow/node`": (
        "没有流程或节点 `$name`；请写 `流程`，或 `流程/节点`"
    ),
    "norms.yaml does not say where callers find $services; name their flows or nodes under `serves`": (
        "norms.yaml 没有说明来电者在何处办理 $services；请在 `serves` 下写明流程或节点"
    ),
    "callers of flow `$flow` never come to $services": "流程 `$flow` 的来电者到不了 $services",
    "a complaint is $keys keys away; at most $most": "投诉需要按 $keys 个键；最多 $most 个",
    "a complaint made here opens no ticket": "在此提出的投诉没有生成工单",
    "who complains here is not told the number of the ticket": "在此投诉的来电者听不到工单号",
    "money can move here for a caller who is not identified at level $level": (
        "未达到 $level 级身份验证的来电者在此也能动账"
    ),
    "money can move here without a menu that says the amount and asks to confirm it": (
        "此处动账之前没有读出金额并请来电者确认的菜单"
    ),
    "money can move here without a limit: no node before has an exit $names": (
        "此处动账没有限额：之前没有节点带出口 $names"
    ),
    "from $begin on ($zone)": "自 $begin 起（$zone）",
    "at any time": "任何时候",
    "$when a call to flow `$flow` can end without a word": "$when，进入流程 `$flow` 的来电可能一言未发就结束",
    "$when callers of flow `$flow` come to no agent, no service and can leave no message": (
        "$when，流程 `$flow` 的来电者既到不了坐席，也办不了业务，也不能留言"
    ),
    "$when callers of flow `$flow` come to no agent; shorter hours are decided by a waiver": (
        "$when，流程 `$flow` 的来电者到不了坐席；缩短服务时间须以豁免决定"
    ),
    "$when callers of flow `$flow` cannot report a loss": "$when，流程 `$flow` 的来电者无法挂失",
    "whom this turns away is not told when agents are there again; say the hours": (
        "因此转走的来电者没有听到何时有坐席；请播报服务时间"
    ),
}
