"""What each field of the files means, and an example of it: put into the JSON Schemas where the readers' fields stand.

A row names a field by the end of its way: `into`, or `record/into` where it means something of its own there. The longest
end that fits is taken. Tests hold the rows to the schemas: every field has one, every row is of use, every example is valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Note = tuple[str, object]
"""Description and example."""

_SAID = {
    "prompt": ("What is said: a prompt's name, a value, or a list of both.", "enter_card"),
    "prompts": ("What is said, one after the other.", ["welcome"]),
    "say": ("Said after the menu's prompt while the key is there.", "for_your_adviser"),
    "wrong": ("Said before both are asked again.", "card_or_pin_wrong"),
    "text": ("Words as they stand.", "Hello {{ name }}"),
    "money": ("An amount, said in the call's language.", "{{ account.balance }}"),
    "number": ("A quantity.", "3"),
    "digits": ("Said digit by digit.", "{{ last(card, 4) }}"),
    "date": ("A date, said in the call's language.", "2026-03-02"),
    "time": ("A time of day.", "14:05"),
    "currency": ("The currency of `money`; CNY when left out.", "CNY"),
}
_ASKED = {
    "timeout": ("Silence after the prompt, before the first key.", "5s"),
    "key_timeout": ("Silence between keys; it ends the entry.", "5s"),
    "attempts": ("How often it is asked in all.", 3),
    "barge_in": ("`false`: no key interrupts the prompt.", False),
    "retry": ("Said in place of the usual words and the prompt, when it is asked again.", {"no_input": "please_press"}),
    "retry/no_input": ("Said after silence.", "please_press"),
    "retry/no_match": ("Said after keys that are no answer.", "not_such_a_key"),
    "collect/digits": ("How many keys: one number, or fewest..most.", "16..19"),
    "id/digits": ("How many keys: one number, or fewest..most.", "16..19"),
    "pin/digits": ("How many keys: one number, or fewest..most.", 6),
    "end_key": ("The key that ends it.", "#"),
    "check": ("What the keys must be.", "luhn"),
    "pattern": ("In place of `check`: digits, `.` for any, `[1-4]` for one of several, `{n}` for n times, `|`.", "62.{14}"),
    "secret": ("Never reaches a log, an event, a record or a recording, nor does anything made from it.", True),
    "into": ("The variable that keeps the answer.", "account"),
    "key": ("One key of a telephone.", "1"),
}
_NODES = {
    "flow": ("The flow's name; no other flow of the folder has it.", "main"),
    "start": ("The first node.", "greeting"),
    "nodes": ("The nodes by name, each of one kind, with the exits that lead on from it.", {}),
    "exits": ("Exits by name, as beside the kind.", {"failed": "goodbye"}),
    "menu/keys": ("Key -> node, or a mapping with `next`.", {"1": "balance", "0": "to_agent"}),
    "keys/*/next": ("The node that the key leads to.", "balance"),
    "keys/*/set": ("Variables that the key gives values, in this order.", {"language": "en"}),
    "when": ("A condition: without it this is not there.", "{{ identity.level >= 2 }}"),
    "branch/[]/next": ("The node for this case.", "to_agent"),
    "branch/[]/when": ("The first condition that holds decides.", "{{ account.vip }}"),
    "service": ("A service of centre.yaml.", "host"),
    "operation": ("What is asked of the service.", "balance"),
    "send": ("Names and values that are sent.", {"card": "{{ card }}"}),
    "request/timeout": ("How long the caller waits for the service.", "3s"),
    "notify/timeout": ("How long the caller waits for the service.", "3s"),
    "ticket/timeout": ("How long the caller waits for the service.", "3s"),
    "authenticate/timeout": ("How long the caller waits for the service.", "3s"),
    "authenticate/id": ("The entry that says who calls.", {"prompt": "enter_card", "digits": "16..19", "check": "luhn"}),
    "authenticate/pin": ("The entry that proves it.", {"prompt": "enter_pin", "digits": 6}),
    "authenticate/into": ("Keeps what the service answered.", "customer"),
    "tries": ("How often the service may refuse in one visit.", 3),
    "lock": ("When an id is locked, over all calls.", {"after": 5, "within": "24h"}),
    "lock/after": ("So many refusals.", 5),
    "lock/within": ("Within this time.", "24h"),
    "level": ("The level that a caller reaches: `identity.level`.", 2),
    "calendar": ("A calendar of centre.yaml.", "agents"),
    "hours/into": ("Keeps `state`, `next_date` and `next_time`.", "times"),
    "queue/name": ("A queue of centre.yaml; may be an expression.", "cards"),
    "callback/queue": ("A queue of centre.yaml.", "cards"),
    "voicemail/queue": ("A queue of centre.yaml.", "cards"),
    "skills": ("Skill -> lowest level that an agent must have.", {"card": 3}),
    "priority": ("A whole number; higher is sooner.", 50),
    "queue/keys": ("Key while waiting -> node; pressing it leaves the queue.", {"1": "book_callback"}),
    "prefer": ("Skills that are liked, not needed, and the level that counts.", {"gold": 1}),
    "queue/agent": ("The agent for whom the caller waits first.", "{{ customer.adviser }}"),
    "agent_wait": ("How long the caller waits for that agent alone.", "20s"),
    "callback/number": ("Who is to be called.", "{{ call.caller }}"),
    "window": ("When it suits the caller, in words of your own.", "morning"),
    "transfer/to": ("An entry of `transfers` in centre.yaml.", "fraud_desk"),
    "transfer/ring": ("How long it may ring.", "30s"),
    "longest": ("When the recording stops.", "2m"),
    "silence": ("So much silence ends the recording.", "5s"),
    "record/into": ("Keeps `name` and `seconds` of the recording.", "message"),
    "voicemail/into": ("Keeps `name` and `seconds` of the recording.", "message"),
    "script": ("An entry of `scripts` in centre.yaml.", "points"),
    "arguments": ("What the script is given.", ["{{ call.caller }}"]),
    "read": ("The script's variable -> yours.", {"POINTS": "points"}),
    "agi/read": ("The script's variable -> yours.", {"POINTS": "points"}),
    "notify/to": ("A telephone number.", "{{ call.caller }}"),
    "template": ("The name of the text, which the service keeps in each language.", "loss_report"),
    "values": ("What goes into the text.", {"reference": "{{ ticket.number }}"}),
    "type": ("What sort of ticket it is.", "complaint"),
    "ticket/data": ("What the ticket holds.", {"about": "{{ topic }}"}),
    "emit/data": ("What the event holds.", {"reference": "{{ ticket.number }}"}),
    "event": ("The event's name.", "card_lost"),
    "flow/name": ("A flow of this folder.", "identify"),
    "with": ("The variables that the flow begins with.", {"amount": "{{ amount }}"}),
    "flow/into": ("Keeps what the flow gives back.", "answer"),
    "give": ("What the flow gives back.", {"amount": "{{ amount }}"}),
    "result": ("The exit by which the flow before goes on.", "refused"),
    "survey/name": ("Under which the survey's events stand.", "service"),
    "invite": ("Only a caller who presses this key is asked.", {"prompt": "survey_invite", "key": "1"}),
    "questions": ("What is asked, in this order.", [{"prompt": "was_friendly", "into": "friendly", "scale": "1..5"}]),
    "scale": ("The keys that are answers, each counting as its number.", "1..5"),
    "answers": ("Key -> word or number.", {"1": "yes", "2": "no"}),
    "reversed": ("Numbers are turned round: in 1..5 key 1 counts 5.", True),
    "total": ("The variable that keeps the sum of the numbers.", "points"),
}
_EXITS = {
    "next": ("Where the call goes when the node did what it should.", "goodbye"),
    "failed": ("Where the call goes when it did not; also for any ending without an exit of its own.", "to_agent"),
    "no_input": ("When nothing was pressed, in the last attempt.", "to_agent"),
    "no_match": ("When no answer was pressed, in the last attempt.", "to_agent"),
    "else": ("When no condition holds.", "goodbye"),
    "*/unavailable": ("When the service cannot be reached, or says that it failed.", "host_down"),
    "*/invalid": ("When the service's answer cannot be used.", "host_down"),
    "*/timeout": ("When it took too long.", "to_agent"),
    "locked": ("When the id was refused too often, in whatever calls.", "card_locked"),
    "refused": ("When the tries are used up.", "to_agent"),
    "open": ("While the calendar is open.", "to_agent"),
    "closed": ("While the calendar, or the queue, is closed.", "say_hours"),
    "holiday": ("When it is closed because of the day.", "say_hours"),
    "full": ("When the queue is at its max_length.", "all_busy"),
    "unstaffed": ("When nobody is logged in who could ever take the call.", "all_busy"),
    "busy": ("When the other side is busy.", "to_agent"),
    "no_answer": ("When the other side does not answer.", "to_agent"),
    "empty": ("When less than a second was spoken.", "goodbye"),
    "partial": ("When the caller stopped answering.", "goodbye"),
    "declined": ("When the caller did not want to take part.", "goodbye"),
}
_CENTRE = {
    "languages": ("The first one is spoken until the caller chooses.", ["zh-CN", "en"]),
    "zone": ("The time zone of the clock on the wall.", "Asia/Shanghai"),
    "name": ("A name, for people.", "sample-bank"),
    "numbers": ("Dialled number -> flow.", {"95500": "main"}),
    "centre/skills": ("The skills that agents and queues may name.", ["card"]),
    "queues": ("The queues by name.", {"cards": {"max_wait": "10m"}}),
    "queues/*/ring": ("How long one agent's telephone rings before the next is tried.", "15s"),
    "wrap_up": ("After the conversation, before the next call.", "10s"),
    "max_wait": ("Then the flow goes on at the exit `timeout`.", "10m"),
    "max_length": ("With more waiting callers than this, the exit is `full`.", 50),
    "strategy": ("Who is rung first.", "most_idle"),
    "music": ("What a waiting caller hears.", "default"),
    "whisper": ("Prompts that the agent hears before the caller.", ["queue_cards"]),
    "code": ("What agents dial to pass a caller on to it.", "81"),
    "announce_position": ("How often a waiting caller hears the place in the queue.", "30s"),
    "services": ("The services by name.", {"host": {"url": "http://127.0.0.1:18080", "timeout": "3s"}}),
    "url": ("Where the service is: `POST URL/OPERATION`.", "http://127.0.0.1:18080"),
    "services/*/timeout": ("How long its answer may take.", "3s"),
    "centre/answers": ("Variables that are kept in the call record.", ["satisfaction"]),
    "calendars": ("The calendars by name.", {"agents": {"weekly": {"mon-fri": "08:30-18:00"}}}),
    "weekly": ("Days -> hours.", {"mon-fri": "08:30-18:00", "sat": "closed"}),
    "holidays": ("Days without hours, or first..last.", ["2026-10-01..2026-10-07"]),
    "workdays": ("Days with hours of their own, or those of a weekday.", {"2026-10-10": "fri"}),
    "transfers": ("Name -> number that may be dialled.", {"fraud_desk": "10086"}),
    "agent_flows": ("The flows into which agents may pass a caller.", {"pin_reset": {"code": "91"}}),
    "scripts": ("The AGI scripts by name.", {"points": {"run": "points.py"}}),
    "run": ("The script's file, or the address of a FastAGI server.", "points.py"),
    "scripts/*/timeout": ("How long it may run.", "60s"),
    "centre/keys": ("Keys with one meaning everywhere.", {"repeat": "*", "back": "9"}),
    "keys/agent": ("The key that leads to an agent, and the flow that it enters.", {"key": "0", "flow": "to_agent"}),
    "agent/flow": ("The flow that the key enters.", "to_agent"),
    "repeat": ("The key that says it again.", "*"),
    "back": ("The key that leads to the menu before.", "9"),
}
_ROUTING = {
    "wrap_up_most": ("Up to which a wrap-up can be extended.", "2m"),
    "priority_worth": ("How much waiting one point of priority is worth, or `strict`.", "30s"),
    "rate": ("How fast waiting counts, for the call rule `accumulating`.", 2),
    "share": ("The part of all who wait that this queue should have, percent, for the call rule `share`.", 20),
    "staffed_only": ("Whether callers are turned away whom nobody logged in could ever take.", True),
    "leave_closed": ("Whether waiting callers leave when the queue's calendar closes.", True),
    "leave_unstaffed": ("Whether waiting callers leave when the last who could take them logs out.", True),
    "relax": ("What callers need less of the longer they wait; steps add up.", [{"after": "30s", "lower": {"cards": 2}}]),
    "relax/after": ("From so much waiting on.", "30s"),
    "relax/lower": ("Skill -> the level that is enough from then on.", {"cards": 2}),
    "relax/drop": ("Skills, or a language, that are not needed any more.", ["english"]),
    "relax/also": ("Queues whose agents may take the call as well.", ["general"]),
    "overflow": ("How the queue ended -> the queue in which the caller waits on.", {"full": "general"}),
    "overflow/timeout": ("Where callers go who waited for `max_wait`.", "general"),
    "overflow/full": ("Where callers go when the queue is full.", "general"),
    "overflow/closed": ("Where callers go when the queue is closed.", "general"),
    "overflow/unstaffed": ("Where callers go whom nobody at work could take.", "general"),
    "comfort": ("Words said now and then while callers wait.", {"every": "40s", "prompts": ["please_hold"]}),
    "comfort/every": ("How often.", "40s"),
    "announce_wait": ("How often the estimated wait is said, or `never`.", "60s"),
    "queues/*/callback": ("How customers of this queue are called back.", {"attempts": 3, "gap": "10m"}),
    "callback/attempts": ("How often a customer is called at most.", 3),
    "callback/gap": ("The pause between two attempts.", "10m"),
    "callback/expiry": ("After so long nobody is called any more.", "24h"),
    "callback/ring": ("How long the customer's telephone rings.", "30s"),
    "callback/first": ("Who is called first; the customer is never called without an agent.", "agent"),
    "callback/hours": ("The calendar in which customers are called.", "callback_hours"),
    "outbound": ("How numbers begin that may be called; no others ever are.", ["1", "021"]),
    "routing": ("Rules of distribution for the whole centre.", {"call_rule": "place"}),
    "call_rule": ("Which waiting call an agent who becomes free takes.", "place"),
    "reserve": ("Skill -> how many free agents who have it are kept for callers who need it.", {"english": 1}),
    "queues/*/kind": ("The kind of work that the queue takes; calls when left out.", "message"),
    "routing/capacity": ("Kind of work -> how much of it an agent takes at a time; 1 when left out.", {"message": 3}),
    "beside_voice": ("Kinds of work that may be offered to an agent who talks.", ["message"]),
    "pause_reasons": ("The reasons for which agents may pause.", ["break", "lunch"]),
}
_PEOPLE = {
    "talk": ("How long this person's conversations usually are, for the strategy `fastest`.", "4m"),
    "agents": ("The people by id.", {"1001": {"name": "Li", "queues": ["cards"]}}),
    "agents/*/name": ("The person's name.", "Li Wei"),
    "agents/*/capacity": ("Kind of work -> how much of it this person takes at a time.", {"message": 2}),
    "phone": ("The SIP account; the id when left out.", "1001"),
    "agents/*/skills": ("Skill -> level, 1 to 10.", {"card": 5}),
    "agents/*/queues": ("The queues that the person serves.", ["cards"]),
    "agents/*/languages": ("The languages that the person speaks; all when left out.", ["zh-CN"]),
    "prompts/*/text": ("The words.", "Welcome to Sample Bank."),
    "file": ("A recording of the words, beside this file.", "recorded/welcome.wav"),
    "kind": ("`advert` marks what rules keep from certain places.", "advert"),
}
_NORMS = {
    "main_menu": ("The node that is the main menu.", "main_menu"),
    "unified": ("The numbers for everything; all when left out.", ["95500"]),
    "serves": ("Where callers are served so: flows, or flow/node.", {"complaint": ["complaint"]}),
    "serves/consult": ("Questions are answered.", ["agent"]),
    "complaint": ("Complaints are taken.", ["complaint"]),
    "suggestion": ("Suggestions are taken.", ["complaint"]),
    "transaction": ("Something is done for the caller.", ["transfer"]),
    "recommend": ("Products are recommended.", ["invest"]),
    "loss_report": ("A loss is reported.", ["loss_report"]),
    "norms/money": ("The nodes at which money moves.", ["post_order/post"]),
    "rules": ("Other numbers, words or severities than the usual ones.", {"N-10b1": {"most": 5}}),
    "severity": ("`error` keeps a centre from use, `warning` is told.", "warning"),
    "most": ("The most that is allowed.", 3),
    "words": ("The words, keys or names of the rule.", ["#"]),
    "waivers": ("Rules that rest for a time.", [{"rule": "N-10b1", "reason": "new menu", "until": "2027-06-30"}]),
    "rule": ("The rule that rests.", "N-10b1"),
    "at": ("`flow/node`, or a language; everywhere when left out.", "main/cards"),
    "reason": ("Why.", "new menu with the move of July"),
    "until": ("The last day.", "2027-06-30"),
}
NOTES: Mapping[str, Note] = {**_SAID, **_ASKED, **_NODES, **_EXITS, **_CENTRE, **_ROUTING, **_PEOPLE, **_NORMS}


def annotated(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema with a description and an example at each field that has none; `name` begins each field's way."""
    for way, holder, key in fields_of(schema, (name,)):
        found = _note(way)
        if found is None:
            continue
        description, example = NOTES[found]
        field = holder[key]  # a reader's shape may stand in several places: each gets its own copy
        holder[key] = {**field, "description": field.get("description", description)}
        holder[key].setdefault("examples", [example])
    return schema


def fields_of(schema: Any, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any], str]]:  # noqa: ANN401 - JSON
    """Each field with its way, and where its schema stands; what lies inside it comes first."""
    if isinstance(schema, list | tuple):
        for each in schema:
            yield from fields_of(each, way)
    if not isinstance(schema, dict):
        return
    for key in schema.get("properties", {}):
        yield from fields_of(schema["properties"][key], (*way, key))
        yield (*way, key), schema["properties"], key
    yield from fields_of(schema.get("additionalProperties"), (*way, "*"))
    yield from fields_of(schema.get("items"), (*way, "[]"))
    for part in ("anyOf", "oneOf", "allOf"):
        yield from fields_of(schema.get(part, ()), way)


def _note(way: tuple[str, ...]) -> str | None:
    """The row for the longest end of the way; items of lists are not counted."""
    plain = tuple(part for part in way if part != "[]") if "/".join(way[-3:]) not in NOTES else way
    ends = ("/".join(plain[at:]) for at in range(len(plain)))
    return next((end for end in ends if end in NOTES), None)
