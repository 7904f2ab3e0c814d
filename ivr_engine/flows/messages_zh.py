"""The messages in Chinese: for each English sentence the same with the same `$names`.

A test holds this list complete. Words that a file itself holds (keys, kinds, codes, names of files) stay as they are.
"""

from __future__ import annotations

from types import MappingProxyType

from ivr_engine.flows.messages import Wordings
from ivr_engine.flows.messages_zh_norms import NORMS_IN_CHINESE

_YAML = {
    # Y101 to Y105: files
    "there is no such folder; name the folder that holds centre.yaml": "没有这个文件夹；请给出 centre.yaml 所在的文件夹",
    "the folder has no $name; every centre needs one": "文件夹中没有 $name；每个中心都必须有这个文件",
    "this is not a file that can be read": "这不是可以读取的文件",
    "this cannot be read: $reason": "无法读取：$reason",
    "the folder holds more than $most YAML files": "文件夹中的 YAML 文件超过 $most 个",
    "the file is larger than $most bytes; split it": "文件超过 $most 字节；请拆分",
    "the file is UTF-16; save it as UTF-8": "文件是 UTF-16 编码；请另存为 UTF-8",
    "this is not UTF-8; save the file as UTF-8 (GBK and Latin-1 are not read)": (
        "这里不是 UTF-8；请把文件另存为 UTF-8（不支持 GBK 和 Latin-1）"
    ),
    "the invisible character $point is not allowed; delete it": "不允许使用不可见字符 $point；请删除",
    # Y106 to Y109: syntax
    'a bare * means an alias here; quote it: "*"': '没有引号的 * 在这里表示别名；请加引号："*"',
    'a bare & means an anchor here; quote it: "&"': '没有引号的 & 在这里表示锚点；请加引号："&"',
    "this quotation mark is never closed": "这个引号没有配对的结束引号",
    r"after \ only escapes such as \n, \" and \\ may stand; write \\": r"\ 之后只能是 \n、\"、\\ 这样的转义；请写成 \\",
    "this [ is not closed, or a comma is missing in it": "这个 [ 没有结束，或其中缺少逗号",
    "this { is not closed, or a comma is missing in it": "这个 { 没有结束，或其中缺少逗号",
    "a value is missing here, or a text must be quoted": "这里缺少值，或文字需要加引号",
    "expected `key: value` here, in line with the keys above": "这里应为 `键: 值`，并与上面的键对齐",
    "expected `- item` here, in line with the items above": "这里应为 `- 项目`，并与上面的项目对齐",
    "this line needs a `:` and a blank after its key": "这一行的键后面需要 `:` 和空格",
    "a `:` cannot stand here: check the indentation, or quote the text": "这里不能有 `:`；请检查缩进，或给文字加引号",
    "the %YAML line names another version; delete the line": "%YAML 行声明了其他版本；请删除这一行",
    "a tab cannot indent; use spaces": "不能用制表符缩进；请使用空格",
    "a text that begins with @ must be quoted": "以 @ 开头的文字必须加引号",
    "a text that begins with ` must be quoted": "以 ` 开头的文字必须加引号",
    "a text that begins with % must be quoted": "以 % 开头的文字必须加引号",
    "the syntax is wrong: $problem": "语法错误：$problem",
    # Y110 to Y120: what YAML allows and this does not
    "`$name` is already given at $line:$column; remove one of the two": "`$name` 在 $line:$column 已经写过；请删去其中一个",
    '$text is read differently by different programs; quote it: "$text"': '不同程序对 $text 的理解不同；请加引号："$text"',
    'aliases are not allowed: write the value out, or quote it if it is a text: "*$name"': (
        '不允许使用别名：请直接写出值；如果是文字请加引号："*$name"'
    ),
    "anchors (`&name`) are not allowed: write the value out where it is used": (
        "不允许使用锚点（`&name`）：请在使用处直接写出值"
    ),
    "merge keys (`<<`) are not allowed: write the fields out": "不允许使用合并键（`<<`）：请逐项写出",
    "tags (`!name`) are not allowed: leave the tag out, or quote the text": (
        "不允许使用标签（`!name`）：请去掉标签，或给文字加引号"
    ),
    "lists and mappings nest deeper than $most": "列表和映射的嵌套超过 $most 层",
    "the file holds more than $most values; split it": "文件中的值超过 $most 个；请拆分",
    'a mapping cannot be a key; to use an expression, quote it: "{{ ... }}"': (
        '映射不能作键；如果是表达式请加引号："{{ ... }}"'
    ),
    "a list cannot be a key": "列表不能作键",
    "the key is empty": "键是空的",
    'this line is a comment; to name the # key, quote it: "#":': '这一行是注释；如果指井号键，请加引号："#":',
    "a second document begins here; one file holds one document": "这里开始了第二个文档；一个文件只能有一个文档",
    "the file is empty": "文件是空的",
    "this file is not read; rename it to .yaml": "这个文件不会被读取；请改名为 .yaml",
    "not a flow, so it is not used: a flow file has `flow: name` at its top": (
        "这不是流程，不会被使用：流程文件的最上层要有 `flow: 名称`"
    ),
}

_SHAPES = {
    # what stands there
    "a mapping": "一个映射",
    "a list": "一个列表",
    "nothing": "空值",
    # S201 to S212
    "expected a mapping (`key: value` lines), found $found": "这里应为映射（`键: 值`），现为$found",
    "expected a list (`[a, b]` or `- a` lines), found $found": "这里应为列表（`[a, b]` 或 `- a`），现为$found",
    "expected text, found $found": "这里应为文字，现为$found",
    "expected text, found an empty text": "这里应为文字，现在是空的",
    "expected a whole number, found $found": "这里应为整数，现为$found",
    "expected a whole number from $least to $most, found $found": "这里应为 $least 到 $most 的整数，现为 $found",
    "expected true or false, found $found": "这里应为 true 或 false，现为$found",
    "expected a span such as 500ms, 5s, 2m or 1h, found $found": "这里应为时长，如 500ms、5s、2m、1h，现为$found",
    "expected a span from $least to $most": "时长应在 $least 到 $most 之间",
    "expected a number or a range such as 16..19, found $found": "这里应为一个数或一个范围，如 16..19，现为$found",
    "expected a range within $least..$most, the smaller number first": "范围应在 $least..$most 之内，小的数在前",
    "expected $wanted": "这里应为$wanted",
    "expected one of $choices": "这里应为其中之一：$choices",
    "a name: letters, digits, _ and -, beginning with a letter, at most 64": (
        "名称：字母、数字、_ 和 -，以字母开头，最多 64 个字符"
    ),
    "a variable's name: letters, digits and _, beginning with a letter, at most 64": (
        "变量名：字母、数字和 _，以字母开头，最多 64 个字符"
    ),
    "a number: digits, *, # and +, at most 24": "号码：数字、*、# 和 +，最多 24 个字符",
    "letters, digits, _ and -, at most 32": "字母、数字、_ 和 -，最多 32 个字符",
    "the name of a script's file, or the address of a FastAGI server such as agi://host:4573/name": (
        "脚本文件的名称，或 FastAGI 服务器的地址，如 agi://主机:4573/名称"
    ),
    "a language such as zh, en or zh-HK": "语言，如 zh、en、zh-HK",
    "$where needs `$key`": "$where 缺少 `$key`",
    "key in $where": "$where 中的键",
    "unknown $what: `$name`": "未知的$what：`$name`",
    "unknown $what: `$name`; choose from $names": "未知的$what：`$name`；可用的有 $names",
    "unknown $what: `$name`; did you mean `$nearest`?": "未知的$what：`$name`；是否应为 `$nearest`？",
    # S213 to S215
    "expected an address such as http://host:port or https://host/path, without a `?` part": (
        "这里应为地址，如 http://主机:端口 或 https://主机/路径，不带 `?` 部分"
    ),
    "expected a file within the centre's folder, such as recordings/en/welcome.wav": (
        "这里应为中心文件夹之内的文件，如 recordings/en/welcome.wav"
    ),
    "expected a time zone such as Asia/Shanghai, Europe/London or UTC": "这里应为时区，如 Asia/Shanghai、Europe/London、UTC",
    "expected a day of the week ($days), days such as mon-fri, or daily": (
        "这里应为星期（$days）、如 mon-fri 的几天，或 daily"
    ),
    "`$day` has hours already; name each day once": "`$day` 已经有营业时间；每天只写一次",
    'expected hours such as "08:30-18:00", or closed, found $found': '这里应为时间，如 "08:30-18:00"，或 closed，现为$found',
    "expected a date such as 2026-10-01, or 2026-10-01..2026-10-07": "这里应为日期，如 2026-10-01 或 2026-10-01..2026-10-07",
    "expected the earlier date first, and at most a year between the two": "较早的日期在前，两者最多相隔一年",
    "a variable of the script: letters, digits and _, at most 40": "脚本的变量：字母、数字和 _，最多 40 个字符",
    "expected a day such as 2027-06-30": "这里应为日期，如 2027-06-30",
    # S301 to S322
    "expected one value, or a text with {{ }}, found $found": "这里应为一个值，或带 {{ }} 的文字，现为$found",
    "`$name` belongs to the engine; choose another name": "`$name` 由引擎使用；请换一个名称",
    "a node says at most $most things": "一个节点最多播放 $most 项内容",
    "expected the name of a prompt, or exactly one of $kinds": "这里应为提示语的名称，或恰好是其中之一：$kinds",
    "`$kind` $wants": "`$kind` $wants",
    "needs 1 to $most characters": "需要 1 到 $most 个字符",
    "needs a decimal number such as 1234.50": "需要十进制数，如 1234.50",
    "needs a decimal number such as 1234.5": "需要十进制数，如 1234.5",
    "needs 1 to 64 digits": "需要 1 到 64 位数字",
    "needs a date such as 2026-03-02": "需要日期，如 2026-03-02",
    "needs a time such as 14:05": "需要时间，如 14:05",
    "a menu needs at least one key": "菜单至少要有一个按键",
    "`$key` is not a key of a telephone: 0 to 9, `*` or `#` (in quotes)": (
        "`$key` 不是电话按键：按键是 0 到 9、`*` 和 `#`（后两个要加引号）"
    ),
    "in an amount `*` is the decimal point; use another end_key": "输入金额时 `*` 是小数点；请换一个 end_key",
    "in an identity number `*` stands for X; use another end_key": "输入身份证号时 `*` 代表 X；请换一个 end_key",
    "a code: small letters, digits and _, at most 32": "代码：小写字母、数字和 _，最多 32 个字符",
    "`wrap_up_most` is shorter than `wrap_up`; it says how long a wrap-up may be made": (
        "`wrap_up_most` 短于 `wrap_up`；它规定事后处理最长可延至多久"
    ),
    "`$given` does nothing without a `calendar`: this queue never closes. Give it a `calendar`, or remove `$given`": (
        "没有 `calendar`，`$given` 不起作用：该队列从不关闭。请为它指定 `calendar`，或删除 `$given`"
    ),
    "the steps of `relax` come one after another: give this one a later `after`": (
        "`relax` 的各步依次生效：请给这一步更晚的 `after`"
    ),
    "no agent serves the queue $queue: give it to somebody in agents.yaml, or remove it": (
        "没有坐席服务队列 $queue：请在 agents.yaml 中指派坐席，或删除该队列"
    ),
    "callers of $queue would overflow in a circle: $way; let one of them end elsewhere": (
        "$queue 的来电会循环溢出：$way；请让其中一个队列转往别处"
    ),
    "`also` names the queue $queue itself, whose agents may take its calls anyway": "`also` 不必写队列 $queue 自身",
    "code $code of $name already means $other": "$name 的代码 $code 已经表示 $other",
    "what agents dial for it: 1 to 8 digits": "坐席转接到该处时所拨的代码：1 至 8 位数字",
    "$kept agents with the skill $skill cannot be kept free: $holders have it": (
        "无法为技能 $skill 保留 $kept 名空闲坐席：只有 $holders 人具备"
    ),
    "the queue $queue is of the kind $kind, and $other of $another: no work can go from one to the other": (
        "队列 $queue 的工作类型是 $kind，而 $other 是 $another：工作不能从一个转到另一个"
    ),
    "the queue $queue is of the kind $kind and takes no calls; send them to another queue": (
        "队列 $queue 的工作类型是 $kind，不接电话；请把来电送到其他队列"
    ),
    "`voice` has no capacity, and is not beside itself: everybody has one call at a time": (
        "`voice` 不能设容量，也不能与自身并行：每人同一时间只有一个电话"
    ),
    "no queue takes work of the kind $kind; give a queue `kind: $kind`, or remove this": (
        "没有队列处理类型为 $kind 的工作；请给某个队列写上 `kind: $kind`，或删除此项"
    ),
    "nobody who serves the queue $queue has $needs; callers would wait for nobody": "队列 $queue 无人具备 $needs",
    "two of these keys are the same; give each its own": "这些键中有两个相同；请各用一个不同的键",
    "`$key` means `$meaning` everywhere (keys in centre.yaml); callers rely on it, use another key": (
        "`$key` 在各处都表示 `$meaning`（centre.yaml 的 keys）；来电者已习惯，请换一个键"
    ),
    'a key of a telephone: "0" to "9", "*" or "#"': '电话按键："0" 到 "9"、"*" 或 "#"',
    "expected a pattern of digits, `.`, `*`, `[1-4]`, `{n}` and `|`, such as 62.{14}|[45].{15}": (
        "应为由数字、`.`、`*`、`[1-4]`、`{n}` 和 `|` 组成的样式，例如 62.{14}|[45].{15}"
    ),
    "this cannot be read: $reason": "无法读取：$reason",
    "there are no tests here; put them into files such as tests/balance.yaml": (
        "这里没有测试；请放进 tests/balance.yaml 这样的文件"
    ),
    "a $kind sends at most $most values": "一次 $kind 最多发送 $most 个值",
    "a return gives at most $most values": "return 最多带回 $most 个值",
    "a script takes and gives at most $most values": "脚本最多收发 $most 个值",
    "a survey asks 1 to $most questions": "一次调查有 1 到 $most 个问题",
    "a question has either `scale: 1..5` or `answers: {1: ..., 2: ...}`": (
        "问题要么写 `scale: 1..5`，要么写 `answers: {1: ..., 2: ...}`"
    ),
    "expected a word, or a whole number up to $most": "这里应为一个词，或不大于 $most 的整数",
    "only numbers can be reversed": "只有数值可以反向计分",
    "`language` goes along anyway; choose another name": "`language` 总会一起传递；请换一个名称",
    "kind of node in `$node`": "节点类型（节点 `$node`）",
    "node `$node` says nothing to do; it needs one of $kinds": "节点 `$node` 没有写要做什么；需要其中之一：$kinds",
    "node `$node` has $kinds; a node does one thing, make it two nodes": (
        "节点 `$node` 同时有 $kinds；一个节点只做一件事，请拆成两个节点"
    ),
    "nobody may be called back: list numbers under `outbound` in centre.yaml": "没有允许回电的号码，请列在 `outbound` 中",
    "exit `$exit` is given twice": "出口 `$exit` 写了两次",
}

_EXPRESSIONS = {  # S220
    "the expression is longer than $most characters": "表达式超过 $most 个字符",
    "the expression has more than $most parts": "表达式超过 $most 个部分",
    "the expression nests deeper than $most": "表达式的嵌套超过 $most 层",
    "the text is longer than $most characters": "文字超过 $most 个字符",
    "a number has at most $most characters": "数最多 $most 个字符",
    "a number is digits, or digits with one decimal point": "数由数字组成，最多一个小数点",
    "to compare, write `==`": "比较请写 `==`",
    "write `and`": "请写 `and`",
    "write `or`": "请写 `or`",
    "write `not` or `!=`": "请写 `not` 或 `!=`",
    "the quoted text is not closed": "引号中的文字没有结束",
    "there are no mappings in expressions": "表达式中不能写映射",
    "`$character` has no meaning here": "`$character` 在这里没有意义",
    "expected $wanted, found $found": "这里应为$wanted，现为$found",
    "`$text`": "`$text`",
    "the end": "结尾",
    "the end of the expression": "表达式的结尾",
    "a key": "键",
    "a value": "值",
    "one comparison at a time: write `a < b and b < c`": "一次只能比较一次：请写 `a < b and b < c`",
    "a dot reads a key of a named value; this is none": "点号只能读取有名称的值中的键；这里不是",
    "write `true`, `false` or `null`, in small letters": "请用小写写 `true`、`false` 或 `null`",
    "unknown function `$name`; there are $names": "未知的函数 `$name`；可用的有 $names",
    "`$name` takes $wanted arguments, found $found": "`$name` 需要 $wanted 个参数，现有 $found 个",
    "`{{` has no matching `}}`": "`{{` 没有配对的 `}}`",
}

_PARTS = {  # of the files, named in other messages
    "the flow": "流程",
    "node": "节点",
    "node $name": "节点 $name",
    "start node": "起始节点",
    "exit of $kind": "$kind 的出口",
    "key $name": "按键 $name",
    "a case of branch": "branch 的一个分支",
    "a value to say": "要播放的值",
    "a waiver": "豁免",
    "queue": "队列",
    "queue $name": "队列 $name",
    "flow $name": "流程 $name",
    "service": "服务",
    "service $name": "服务 $name",
    "skill": "技能",
    "language": "语言",
    "flow": "流程",
    "prompt": "提示语",
    "prompt $name": "提示语 $name",
    "variable": "变量",
    "calendar": "日历",
    "calendar $name": "日历 $name",
    "transfer": "转接",
    "script": "脚本",
    "script $name": "脚本 $name",
    "a question": "问题",
    "result of the flow $flow": "流程 $flow 的结果",
    "agent $name": "坐席 $name",
    "agent $agent: $what": "坐席 $agent：$what",
}

_NAMES = {
    # G303 to G306
    "a call can leave node `$node` by $exits: say where it goes": "通话可能从 $exits 离开节点 `$node`：请写明去向",
    "a call can leave node `$node` by $exits: say where it goes, or `failed` for all": (
        "通话可能从 $exits 离开节点 `$node`：请写明去向，或用 `failed` 统一处理"
    ),
    "no call can reach node `$node`; lead an exit to it, or remove it": (
        "没有通话能到达节点 `$node`；请让某个出口指向它，或删除它"
    ),
    "$circle goes round without waiting; put a node that waits into the circle": (
        "$circle 循环而不等待；请在循环中加入一个会等待的节点"
    ),
    "a call at $nodes can never come to an end; lead an exit to a node that hangs up": (
        "到达 $nodes 的通话永远不会结束；请让某个出口通向挂机节点"
    ),
    # R406 to R417
    "prompt `$prompt` is missing in $files": "提示语 `$prompt` 在 $files 中缺失",
    "there is no prompts/$language.yaml for the language $language": "语言 $language 没有 prompts/$language.yaml",
    "`$name` is secret in a flow and cannot be kept in the call record; remove it here": (
        "`$name` 在流程中是保密的，不能保存在通话记录中；请从这里删除"
    ),
    "`$name` is secret and would be said aloud to the caller": "`$name` 是保密的，却会念给来电者听",
    "agents $first and $second have the same phone; each needs its own": (
        "坐席 $first 和 $second 的电话相同；每人需要自己的电话"
    ),
    "$file is no file of the centre's folder, or is larger than 50 MB": "$file 不是中心文件夹中的文件，或超过 50 MB",
    "$file cannot be read: $reason": "无法读取 $file：$reason",
    "`$flow` can come back with `$result`: say where it goes, or give `failed`": (
        "`$flow` 可能以 `$result` 返回：请写明去向，或给出 `failed`"
    ),
    "$flows: a flow cannot enter itself again; lead back with `return`, or put what repeats into one flow": (
        "$flows：流程不能再次进入自己；请用 `return` 返回，或把重复的部分放进一个流程"
    ),
    "`$flow` is entered through more than $most flows; enter it from one nearer the number": (
        "进入 `$flow` 要经过 $most 个以上的流程；请从离号码更近的流程进入"
    ),
    "no flow gives it a value: $what": "没有流程给它赋值：$what",
    "no flow gives `$name` a value, so the record never has it": "没有流程给 `$name` 赋值，通话记录中永远不会有它",
    "$language is not among the languages of centre.yaml; this file is not used": (
        "$language 不在 centre.yaml 的语言之中；这个文件不会被使用"
    ),
    "the flow `$flow` is already given in $file; rename one of the two": "流程 `$flow` 已在 $file 中定义；请给其中一个改名",
    "`$name` is secret, and what a $kind is told can be read in events, records or messages": (
        "`$name` 是保密的，而交给 $kind 的内容可以在事件、通话记录或消息中看到"
    ),
}

_TESTS = {
    "a test": "一个测试",
    "a value that is heard": "听到的值",
    "kind of step": "步骤种类",
    "number": "号码",
    "agent": "坐席",
    "answer kept in the call record": "记入通话记录的评价",
    "`$key` is not SERVICE.OPERATION, such as host.balance": "`$key` 不是“服务.操作”的形式，例如 host.balance",
    '`hears` needs the name of a prompt, or a value such as {money: "12.50"}': (
        '`hears` 需要提示语的名称，或一个值，例如 {money: "12.50"}'
    ),
    "expected what the script sets, or failed, found $found": "应为脚本设置的变量，或 failed，实际是$found",
    "a step does one thing; make it two steps": "一个步骤只做一件事；请拆成两个步骤",
    "another test is called `$name` already, in $place": "已有名为 `$name` 的测试，见 $place",
    "expected a moment with its time zone, such as 2026-03-02T10:00:00+08:00": (
        "应为带时区的时刻，例如 2026-03-02T10:00:00+08:00"
    ),
    'expected a step such as `press: "1"`, found $found': '应为一个步骤，例如 `press: "1"`，实际是$found',
    "expected exactly one of $kinds": "应恰好有 $kinds 之一",
    'expected keys of a telephone, in quotes: 0 to 9, * and #, such as "1" or "6222#"': (
        '应为加引号的电话按键：0 到 9、* 和 #，例如 "1" 或 "6222#"'
    ),
    "one key interrupts a prompt; press the others in a step of their own": (
        "只用一个按键打断提示语；其余按键请写成单独的步骤"
    ),
}

_SUMMARY = {
    "$folder: $errors, $warnings, $norms": "$folder：$errors，$warnings，$norms",
    "$folder: ready to use, $errors, $warnings, $norms": "$folder：可以使用，$errors，$warnings，$norms",
    "1 error": "1 个错误",
    "$count errors": "$count 个错误",
    "1 warning": "1 个警告",
    "$count warnings": "$count 个警告",
    "norms checked, $count waived": "已检查服务规范，豁免 $count 项",
    "norms not checked (no norms.yaml)": "未检查服务规范（没有 norms.yaml）",
}

CHINESE: Wordings = MappingProxyType(_YAML | _SHAPES | _EXPRESSIONS | _PARTS | _NAMES | NORMS_IN_CHINESE | _TESTS | _SUMMARY)
