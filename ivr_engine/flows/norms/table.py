"""Every rule that is checked, with the number it has unless norms.yaml gives another. docs/norms.md tells them to people.

The ids are those of the service norms that a bank's centre is measured by; a digit at the end tells the rules apart that
one norm needs. What the norms ask beyond these rules is listed in docs/norms.md.
"""

from __future__ import annotations

from ivr_engine.flows.issues import Severity
from ivr_engine.flows.norms import days, menus, people, words
from ivr_engine.flows.norms.rules import Rule

_E, _W = Severity.ERROR, Severity.WARNING
_SELLING = ("优惠", "促销", "抽奖", "热销", "限时", "推荐您", "special offer", "promotion", "discount", "limited time")
_SECRETS = ("pin", "password", "passwd", "passcode", "pwd", "cvv", "cvv2", "cvn", "otp")

RULES: tuple[Rule, ...] = (
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
