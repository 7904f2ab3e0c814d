"""The closed forms give the values of the literature, to its last digit."""

from __future__ import annotations

import pytest

from ivr_engine.core.ids import Millis
from ivr_engine.metrics.erlang import (
    ImpatientQueue,
    PatientQueue,
    agents_for,
    blocked,
    delayed,
    delayed_at,
    load_at,
)
from ivr_engine.metrics.occupancy import gini
from ivr_engine.metrics.patience import mean_patience, patience_curve
from ivr_engine.metrics.service_level import Definition, ServiceCounts, service_level
from ivr_engine.metrics.waiting import least_squared_error, queue_holdtimes
from tests.theory.values import Value, each, values


@each("erlang_b")
def test_share_of_callers_who_find_all_agents_busy(value: Value) -> None:
    assert blocked(value.given["a"], value.given["n"]) == value.same("B")


@each("erlang_b_inverse")
def test_load_that_a_group_of_lines_carries(value: Value) -> None:
    assert load_at(value.given["B"], value.given["n"]) == value.same("a")


@each("erlang_c")
def test_share_of_callers_who_wait(value: Value) -> None:
    assert delayed(value.given["a"], value.given["n"]) == value.same("C")


@each("erlang_c_full")
def test_queue_of_patient_callers(value: Value) -> None:
    given = {name.removesuffix("_per_s").removesuffix("_per_min"): number for name, number in value.given.items()}
    given = {name.removesuffix("_s").removesuffix("_min"): number for name, number in given.items()}  # some in minutes
    queue = PatientQueue(calls=given["lam"], talk=given["aht"], agents=given["n"])
    figures = {
        "a": queue.load,
        "PW": queue.delayed,
        "ASA": queue.mean_wait,
        "SL": queue.answered_within(given["T"]),
        "occ": queue.occupancy,
        "Lq": queue.mean_waiting,
        "p90": queue.wait_quantile(0.9),
    }
    assert figures == {name: value.same(name) for name in value.expected if name in figures}
    assert value.expected.keys() <= figures.keys()


@each("erlang_a")
def test_queue_of_impatient_callers(value: Value) -> None:
    given = value.given
    queue = ImpatientQueue(calls=given["lam"], talk=1 / given["mu"], patience=1 / given["theta"], agents=given["n"])
    served = 1 - queue.abandoned
    figures = {
        "PW": queue.delayed,
        "Pab": queue.abandoned,
        "EQ": queue.mean_waiting,
        "EW": queue.mean_wait,
        "occ": queue.occupancy,
        "SLall": queue.answered_within(given["T"]),
        "SLserved": queue.answered_within(given["T"]) / served,
        "AbT": queue.abandoned_within(given["T"]),
        "ASAserved": queue.mean_answer,
        "Pblk": 0.0,
    }
    assert figures == {name: value.same(name) for name in figures}
    assert value.expected.keys() == figures.keys()


@each("halfin_whitt")
def test_square_root_rule_for_patient_callers(value: Value) -> None:
    assert delayed_at(value.given["beta"]) == value.same("PW")


@each("garnett")
def test_square_root_rule_for_impatient_callers(value: Value) -> None:
    assert delayed_at(value.given["beta"], patience_over_talk=1 / value.given["theta_over_mu"]) == value.same("PW")


@each("min_agents_for_PW")
def test_fewest_agents_for_a_share_of_waiting_callers(value: Value) -> None:
    assert agents_for(value.given["R"], value.given["PW"]) == value.expected["n"]


@each("ewt_QL_mse")
def test_error_of_the_best_estimate_of_the_wait(value: Value) -> None:
    given = value.given
    error = least_squared_error(agents=given["s"], occupancy=given["rho"], talk=1 / given["mu"])
    assert error == value.same("mse_given_wait")


@each("asterisk_ema")
def test_figure_that_queue_announces(value: Value) -> None:
    assert list(queue_holdtimes(value.given["waits"])) == value.expected["holdtime"]


@each("service_level_variants")
def test_definitions_of_service_level_on_one_example(value: Value) -> None:
    given = value.given  # whoever exceeded the threshold counts once, however the call ended then
    counts = ServiceCounts(
        answered=given["answered_in_T"] + given["exceeded_T"],
        abandoned=given["abandoned_in_T"],
        answered_in_time=given["answered_in_T"],
        abandoned_in_time=given["abandoned_in_T"],
    )
    assert service_level(counts, Definition.EARLY_ABANDONED_LEFT_OUT) == value.same("ignore")
    assert service_level(counts, Definition.ABANDONED_COUNT_AGAINST) == value.same("negative")
    assert service_level(counts, Definition.EARLY_ABANDONED_COUNT_FOR) == value.same("positive")


def test_nobody_called_is_no_service_level() -> None:
    nobody = ServiceCounts(answered=0, abandoned=0, answered_in_time=0, abandoned_in_time=0)
    assert [service_level(nobody, definition) for definition in Definition] == [None] * len(Definition)


def test_too_few_agents_are_refused_rather_than_given_a_figure() -> None:
    with pytest.raises(ValueError, match="10 agents cannot carry a load of 10 Erlang"):
        PatientQueue(calls=10, talk=1, agents=10)


def test_impatient_callers_who_hardly_ever_give_up_are_patient_ones() -> None:
    patient, others = (
        PatientQueue(calls=10, talk=1, agents=12),
        ImpatientQueue(calls=10, talk=1, patience=1e7, agents=12),
    )
    assert others.delayed == pytest.approx(patient.delayed, rel=1e-5)
    assert others.mean_answer == pytest.approx(patient.mean_wait, rel=1e-5)


def test_evenness_of_shares() -> None:
    assert gini([5, 5, 5, 5]) == pytest.approx(0)
    assert gini([0, 0, 0, 8]) == pytest.approx(0.75)
    assert gini([1, 3]) == pytest.approx(0.25)
    assert gini([]) == 0


def test_patience_by_hand() -> None:
    gave_up, served = [Millis(1), Millis(3)], [Millis(2), Millis(4)]
    curve = patience_curve(gave_up, served)
    assert [curve.share(Millis(wait)) for wait in (0, 1, 2, 3, 4)] == pytest.approx([1, 0.75, 0.75, 0.375, 0.375])
    assert curve.quantile(0.5) == 3
    assert curve.quantile(0.9) is None
    assert mean_patience(gave_up, served) == 5
    assert mean_patience([], served) is None


def test_every_model_of_the_file_has_its_values() -> None:
    assert sum(len(values(model)) for model in ("erlang_b", "erlang_b_inverse", "erlang_c", "garnett")) == 104
