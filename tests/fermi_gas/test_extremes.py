"""Gases at the ends of the interactions, and gases that are normal."""

from __future__ import annotations

import pytest

import hpcneq
from hpcneq.errors import InputError


def run(task, parameters, **tables):
    """A run of a task."""
    given = {"system": "fermi-gas", "task": task, "parameters": parameters}
    return hpcneq.run({**given, **tables})


def test_edges_of_a_weak_gas_are_judged_by_what_newton_would_still_move():
    """1/(pF a) = -2.6, levels without width: 1 state at dmu = .007292, 4 at .013126.

    The pairing equation of its edge has slopes of 1/Q^2 = 4e3, so that its residual is rounding at
    1e-9. Sarma and Clogston without width: nbcs_end = Delta, nig_onset = Delta/2.
    """
    result = run(
        "branches",
        {"gamma": 0.0, "T": 0.0, "inv_kfas": -2.6},
        sweep={"dmu": [0.007292, 0.013126]},
    )
    assert result.status == "complete" and result.summary["count"] == [1, 4]
    edges = result.summary["edges"]
    assert edges["nig_onset"] == pytest.approx(edges["nbcs_end"] / 2, rel=1e-3)


def test_the_strongest_attraction_has_its_states():
    """At unitarity the normal gas pairs at the largest dmu with Q = .68, beyond the usual grid."""
    result = run("steady", {"inv_kfas": 0.0, "dmu": 0.0})
    assert result.status == "complete" and result.summary["count"] >= 1


@pytest.mark.parametrize("task", ["momentum", "current", "stability"])
def test_a_gas_that_is_normal_is_an_answer(task):
    """At gamma = .2 no condensate exists, whatever branch is asked for."""
    sweep = {"Q": [0.0, 0.1]} if task == "current" else {}
    result = run(task, {"branch": "NBCS", "gamma": 0.2}, sweep=sweep)
    assert result.status == "complete"
    assert any("the normal gas is the only steady state" in words for words in result.warnings)
    with pytest.raises(InputError, match="holds no arrays to draw"):
        result.plot("figure.png")


def test_a_line_of_points_without_the_state_says_so():
    """Not: values that are not finite. gamma = 1 leaves no condensate."""
    result = run("stability", {"gamma": 1.0}, sweep={"q": [0.01]})
    assert result.status == "complete" and result.summary["verdict"] == "absent"
    assert "growth_rate: no number: there is no such state" in " ".join(result.warnings)
    assert not any("not finite" in words for words in result.warnings)
