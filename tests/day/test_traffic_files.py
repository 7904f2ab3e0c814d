"""Files of callers and shifts: what they mean, and every mistake with its place."""

from __future__ import annotations

import pytest

from ivr_engine.core.ids import AgentId, Language, Millis, QueueName
from ivr_engine.errors import DefinitionError
from ivr_engine.flows.definition import AgentDefinition
from ivr_engine.testing.builders import centre as centre_of_nodes
from ivr_engine.testing.day.chance import Chance
from ivr_engine.testing.day.sheet import MIDNIGHT
from ivr_engine.testing.day.traffic_files import Usual, everybody, is_rate, read_callers, read_shifts, traffic_at_rate

CENTRE = centre_of_nodes(
    {
        "a": {"queue": {"name": "service", "skills": {"talk": 1}}, "next": "b", "exits": {"timeout": "b", "full": "b"}},
        "b": {"queue": {"name": "card"}, "next": "end", "exits": {"timeout": "end", "full": "end"}},
        "end": {"hangup": {}},
    },
    agents={
        AgentId(name): AgentDefinition(agent=AgentId(name), name=name, phone=name, skills={}, queues=())
        for name in ("1001", "1002")
    },
)
USUAL = Usual(talk=Millis(180_000), patience=None)


def callers(text: str) -> list[tuple[int, str, int, int | None]]:
    found = read_callers(text, "callers.csv", CENTRE, USUAL, Chance("1"))
    return [(each.at - MIDNIGHT, each.kind.queue, each.talk, each.patience) for each in found]


def test_callers_one_a_row_in_any_order() -> None:
    text = "\ufefftime, queue, talk_s, patience_s\n# lunch\n12:00:00.250,card,60,\n\n09:30,service,90.5,20\n"
    assert callers(text) == [(34_200_000, "service", 90_500, 20_000), (43_200_250, "card", 60_000, None)]


def test_what_callers_ask_for() -> None:
    text = "time,queue,skills,priority,language\n09:00,service,talk:3,7,en\n"
    (caller,) = read_callers(text, "callers.csv", CENTRE, USUAL, Chance("1"))
    need = caller.kind.needs[0]
    assert (need.skill, need.level, caller.kind.priority, caller.kind.language) == ("talk", 3, 7, Language("en"))


def test_expected_callers_come_at_chance_in_their_stretch() -> None:
    text = "from,to,queue,calls\n09:00,10:00,service,400\n09:30,09:40,card,0\n"
    found = callers(text)
    assert abs(len(found) - 400) < 80
    assert all(9 * 3_600_000 <= at < 10 * 3_600_000 and queue == "service" for at, queue, _, _ in found)
    assert found == sorted(found)
    assert callers(text) == found


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["1:1: error the file is empty; its first row names the columns: time, queue"]),
        ("time,queue,talk\n", ["1:12: error unknown column 'talk'; did you mean 'talk_s'?"]),
        ("time,talk_s\n", ["1:1: error the first row lacks queue; it names the columns of the file"]),
        ("time,queue,queue\n", ["1:12: error column queue is there twice"]),
        ("time,queue\n09:00,servise\n", ["2:7: error unknown queue 'servise'; did you mean 'service'?"]),
        ("time,queue\n9 o'clock,card\n", ['2:1: error "9 o\'clock" is no time of the day; write 09:30 or 09:30:15']),
        ("time,queue\n24:01, card\n", ["2:1: error '24:01' is no time of the day; write 09:30 or 09:30:15"]),
        ("time,queue\n09:00\n", ["2:1: error 1 cells where the first row names 2 columns"]),
        ("time,queue\n09:00,card,1\n", ["2:12: error 3 cells where the first row names 2 columns"]),
        ("time,queue,talk_s\n09:00,card, -1\n", ["2:13: error '-1' is not a number of seconds; write a number from 0 up"]),
        ("time,queue,talk_s\n09:00,card,nan\n", ["2:12: error 'nan' is not a number of seconds; write a number from 0 up"]),
        ("time,queue,skills\n09:00,card,sing:2\n", ["2:12: error unknown skill 'sing'; known: talk"]),
        ("time,queue,skills\n09:00,card,talk:x\n", ["2:12: error 'x' is not a level; write a whole number from 0 up"]),
        ("time,queue,priority\n09:00,card,1.5\n", ["2:12: error '1.5' is not a priority; write a whole number from 0 up"]),
        ("time,queue,language\n09:00,card,fr\n", ["2:12: error unknown language 'fr'; known: en, zh"]),
        ("from,to,queue,calls\n10:00,09:00,card,5\n", ["2:7: error 09:00 is not after 10:00"]),
        (
            "from,to,queue,calls\n09:00,10:00,cart,many\n",
            [
                "2:13: error unknown queue 'cart'; did you mean 'card'?",
                "2:18: error 'many' is not how many callers are expected; write a number from 0 up",
            ],
        ),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, problems: list[str]) -> None:
    with pytest.raises(DefinitionError) as refused:
        callers(text)
    assert list(refused.value.problems) == [f"callers.csv:{problem}" for problem in problems]


def test_of_very_many_mistakes_the_first_are_told() -> None:
    with pytest.raises(DefinitionError) as refused:
        callers("time,queue\n" + "09:00,x\n" * 80)
    assert len(refused.value.problems) == 51
    assert refused.value.problems[-1] == "callers.csv: and 30 more"


def test_shifts() -> None:
    people = read_shifts("agent,from,to\n1002,13:00,17:00\n1002,09:00,12:00\n", "staff.csv", CENTRE)
    (person,) = people
    begins = [shift.begin - MIDNIGHT for shift in person.shifts]
    assert (person.agent, begins) == ("1002", [9 * 3_600_000, 13 * 3_600_000])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1003,09:00,10:00", "2:1: error unknown agent '1003'; did you mean"),
        ("1001,10:00,09:00", "2:12: error 09:00 is not after 10:00"),
        ("1001,09:00,12:00\n1001,11:00,13:00", "3:6: error two shifts of agent 1001 overlap"),
    ],
)
def test_mistakes_in_shifts(row: str, problem: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        read_shifts(f"agent,from,to\n{row}\n", "staff.csv", CENTRE)
    assert str(refused.value).startswith(f"staff.csv:{problem}")


def test_rates() -> None:
    assert [is_rate(text) for text in ("120/h", "card=1.5/h, service=3/h", "calls.csv", "12", "card=/h")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    traffic = traffic_at_rate("60/h,card=10/h", CENTRE, USUAL, begin=MIDNIGHT, end=MIDNIGHT + 7_200_000)  # type: ignore[arg-type]
    assert {each.kind.queue: each.calls for each in traffic} == {QueueName("service"): 60, QueueName("card"): 80}
    with pytest.raises(DefinitionError, match="unknown queue 'cart'"):
        traffic_at_rate("cart=1/h", CENTRE, USUAL, begin=MIDNIGHT, end=MIDNIGHT)


def test_a_centre_without_agents_is_no_rehearsal() -> None:
    with pytest.raises(DefinitionError, match="nobody would answer"):
        everybody(centre_of_nodes({"end": {"hangup": {}}}), MIDNIGHT)
