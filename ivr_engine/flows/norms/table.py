"""Every rule that is checked, with the number it has unless norms.yaml gives another. docs/norms.md tells them to people.

The ids are those of the service norms that a bank's centre is measured by; a digit at the end tells the rules apart that
one norm needs. What the norms ask beyond these rules is listed in docs/norms.md.
"""

from __future__ import annotations

from ivr_engine.flows.issues import Severity
from ivr_engine.flows.norms import days, hours, menus, people, services, words
from ivr_engine.flows.norms.rules import Rule

_E, _W = Severity.ERROR, Severity.WARNING
_SELLING = ("优惠", "促销", "抽奖", "热销", "限时", "推荐您", "special offer", "promotion", "discount", "limited time")
_SERVICES = ("consult", "complaint", "suggestion", "transaction", "recommend")
_SECRETS = ("pin", "password", "passwd", "passcode", "pwd", "cvv", "cvv2", "cvn", "otp")

RULES: tuple[Rule, ...] = (
    Rule(
        id="N-03a",
        severity=_W,
        demands="each of these services (`serves`) can be reached from every unified number",
        check=services.services_from_every_number,
        words=_SERVICES,
    ),
    Rule(
        id="N-03b",
        severity=_E,
        demands="when a service refuses or fails, no call ends without a word",
        check=people.services_fail_with_a_word,
    ),
    Rule(id="N-06a1", severity=_E, demands="every number leads to an agent", check=people.agent_from_every_number),
    Rule(
        id="N-06a2", severity=_W, demands="every number leads to self-service", check=people.self_service_from_every_number
    ),
    Rule(
        id="N-08a", severity=_E, demands="whom no agent takes is told so before the end", check=people.queues_end_with_a_word
    ),
    Rule(
        id="N-08a2",
        severity=_E,
        demands="at every minute of a year a call hears a word, and comes to an agent, a service or a message",
        check=hours.answered_at_every_minute,
    ),
    Rule(
        id="N-08b1",
        severity=_W,
        demands="an agent can be reached at every minute of a year; shorter hours need a waiver",
        check=hours.people_at_every_minute,
    ),
    Rule(
        id="N-08b2",
        severity=_E,
        demands="whom the hours keep from an agent is told the hours",
        check=hours.shorter_hours_are_announced,
    ),
    Rule(
        id="N-08b3",
        severity=_E,
        demands="a loss (`serves: loss_report`) can be reported at every minute of a year",
        check=hours.loss_report_at_every_minute,
    ),
    Rule(
        id="N-08c",
        severity=_W,
        demands="so many days before a year begins, calendars with holidays have those of that year",
        check=days.holidays_ahead,
        most=31,
    ),
    Rule(
        id="N-09a",
        severity=_E,
        demands="calls begin in Mandarin",
        check=words.begins_in_the_language,
        words=("zh", "zh-CN", "cmn"),
    ),
    Rule(id="N-09b", severity=_W, demands="each language is spoken by an agent", check=people.language_is_spoken),
    Rule(id="N-10a1", severity=_W, demands="menus before anything can be reached", check=menus.nesting, most=3),
    Rule(id="N-10a2", severity=_E, demands="the same, a bound that is refused", check=menus.nesting, most=4),
    Rule(
        id="N-10b1",
        severity=_E,
        demands="choices in a menu, without the agent and the keys listed",
        check=menus.options,
        most=6,
        words=("9", "*"),
    ),
    Rule(id="N-10b2", severity=_W, demands="seconds to say a menu", check=menus.length, most=20),
    Rule(id="N-10b3", severity=_W, demands="every key of a menu is announced in each language", check=menus.announced),
    Rule(id="N-10c1", severity=_E, demands="the main menu has the agent on key 0", check=people.agent_in_the_main_menu),
    Rule(id="N-10c2", severity=_E, demands="key 0 is the agent wherever a menu has it", check=menus.zero_is_the_agent),
    Rule(
        id="N-10c3",
        severity=_E,
        demands="keys from the answer to an agent, without identification",
        check=people.agent_in_few_keys,
        most=2,
    ),
    Rule(
        id="N-10c4",
        severity=_W,
        demands="seconds from the answer to the end of the main menu",
        check=people.agent_announced_early,
        most=30,
    ),
    Rule(
        id="N-10d1",
        severity=_E,
        demands="no prompt of `kind: advert` before the first choice in the main menu",
        check=words.no_advert_before_the_main_menu,
    ),
    Rule(
        id="N-10d2",
        severity=_W,
        demands="no selling word before the main menu",
        check=words.no_selling_words_before_the_main_menu,
        words=_SELLING,
    ),
    Rule(id="N-10e1", severity=_E, demands="attempts at one question", check=menus.patience, most=3),
    Rule(
        id="N-10e2",
        severity=_E,
        demands="who cannot answer the first questions comes to an agent",
        check=menus.second_chance,
    ),
    Rule(
        id="N-12",
        severity=_W,
        demands="the keys listed repeat or go back in every menu",
        check=menus.back_is_back,
        words=("9", "*"),
    ),
    Rule(
        id="N-20a",
        severity=_E,
        demands="keys from the answer to where complaints are taken (`serves: complaint`)",
        check=services.complaint_in_few_keys,
        most=2,
    ),
    Rule(
        id="N-20b",
        severity=_E,
        demands="a complaint opens a ticket, and its number is said",
        check=services.complaint_makes_a_ticket,
    ),
    Rule(
        id="N-22a",
        severity=_E,
        demands="money (`money`) moves only for callers identified at level 2",
        check=services.money_needs_identification,
    ),
    Rule(
        id="N-22b",
        severity=_E,
        demands="money moves only after a menu that says the amount and asks to confirm",
        check=services.money_is_read_back,
    ),
    Rule(
        id="N-22c",
        severity=_E,
        demands="money moves only by a node that has one of these exits",
        check=services.money_has_a_limit,
        words=("over_limit",),
    ),
    Rule(
        id="N-22",
        severity=_E,
        demands="what is keyed into a variable with one of these words in its name is secret",
        check=words.pins_are_secret,
        words=_SECRETS,
    ),
    Rule(
        id="N-26",
        severity=_W,
        demands="after a conversation the caller is asked something that the record keeps",
        check=people.rating_after_the_agent,
    ),
    Rule(
        id="N-30",
        severity=_E,
        demands="a call begins with a greeting that names the institution (one of the words)",
        check=words.greeting_first,
        words=(),
    ),
)
