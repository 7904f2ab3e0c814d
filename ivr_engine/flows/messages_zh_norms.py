"""The Chinese of what norms.yaml and the rules of service say."""

from __future__ import annotations

NORMS_IN_CHINESE = {
    "the waiver of $rule waives nothing (any more); remove it": "对 $rule 的豁免没有（不再有）作用；请删除",
    "the waiver of $rule ($reason) ended on $until; mend what it waives, or decide anew": (
        "对 $rule 的豁免（$reason）已于 $until 到期；请改正所豁免的问题，或重新决定"
    ),
    "by $exits a call ends without a word; say why, and what the caller can do": (
        "从 $exits 离开的通话会无声结束；请说明原因和来电者可以怎么办"
    ),
    "callers of flow `$flow` can never come to an agent": "流程 `$flow` 的来电者永远无法转到人工",
    "callers of flow `$flow` find no self-service, only people": "流程 `$flow` 的来电者没有自助服务，只有人工",
    "calls begin in $language; they begin in $wanted": "通话以 $language 开始；应以 $wanted 开始",
    "no agent speaks $language; callers in this language would wait in vain": (
        "没有坐席会说 $language；这种语言的来电者会白等"
    ),
    "calendar `$calendar` has no holidays of $year; add them and the make-up days once they are published": (
        "日历 `$calendar` 没有 $year 年的节假日；公布后请补上节假日和调休上班日"
    ),
    "`$node` is behind $levels menus; at most $most: move it nearer to the main menu": (
        "到达 `$node` 要经过 $levels 级菜单；最多 $most 级：请移到离主菜单更近处"
    ),
    "the menu offers $options choices; at most $most: put the rarer ones into a menu of their own": (
        "菜单有 $options 个选项；最多 $most 个：请把少用的放进另一个菜单"
    ),
    "saying the menu takes about $seconds s in $language; at most $most: shorten or divide it": (
        "用 $language 念完菜单约需 $seconds 秒；最多 $most 秒：请缩短或拆分"
    ),
    "the menu does not say the keys $keys in $language; say them, or take them out": (
        "菜单的 $language 提示语没有说到按键 $keys；请加上，或去掉这些按键"
    ),
    "the main menu has no agent on key 0": "主菜单的 0 键不是人工服务",
    "key 0 leads to `$node`, which is no agent; 0 is the agent in every menu": (
        "0 键通向 `$node`，不是人工服务；在所有菜单中 0 键都是人工服务"
    ),
    "an agent is $keys keys away; at most $most": "转人工要按 $keys 个键；最多 $most 个",
    "nobody comes to an agent without typing more than keys of menus": "不输入菜单按键以外的内容就无法转到人工",
    "until the main menu has been said about $seconds s pass in $language; at most $most": (
        "用 $language 念完主菜单约需 $seconds 秒；最多 $most 秒"
    ),
    "prompt `$prompt` advertises, and is said before the main menu": "提示语 `$prompt` 是广告，却在主菜单之前播放",
    "`$word` is said in $language before the main menu, which sounds like an advertisement": (
        "主菜单之前的 $language 提示语说到“$word”，像是广告"
    ),
    "the caller is asked $attempts times; at most $most, then comes an agent": (
        "来电者会被问 $attempts 次；最多 $most 次，之后应转人工"
    ),
    "a caller who cannot answer leaves by $exits and never comes to an agent": (
        "无法作答的来电者从 $exits 离开后永远转不到人工"
    ),
    "key $key leads to `$node`, which is no menu; this key repeats or goes back in every menu": (
        "$key 键通向 `$node`，不是菜单；在所有菜单中这个键是重听或返回"
    ),
    "`$name` looks like a PIN or password; give it `secret: true`": "`$name` 像是密码；请加上 `secret: true`",
    "after the conversation the caller is asked nothing that the record keeps (see `answers`)": (
        "通话结束后没有请来电者作出会记入通话记录的评价（见 `answers`）"
    ),
    "flow `$flow` does not greet its callers": "流程 `$flow` 没有问候语",
    "the greeting does not name the institution ($names)": "问候语没有说出机构名称（$names）",
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
