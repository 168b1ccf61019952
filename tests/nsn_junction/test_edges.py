"""Edges of an input: one bias, wave numbers that the lattice has not, states that are normal."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import hpcneq
from hpcneq.errors import NotConverged
from hpcneq.systems.nsn_junction.physics.uniform_states import Finite
from hpcneq.systems.nsn_junction.shared.uniform_response import wave_numbers

SMALL = {"lattice": "finite", "Lx": 9, "Ly": 3}


def run(task, parameters=None, **tables):
    """A run on a small lattice."""
    given = {"system": "nsn-junction", "task": task, "parameters": parameters or {}}
    return hpcneq.run({**given, "numerics": SMALL, **tables})


def test_one_bias_has_the_current_that_a_sweep_has_there():
    alone = run("iv", {"h": 0.3}, sweep={"eV": [0.2]})
    among = run("iv", {"h": 0.3}, sweep={"eV": [0.1, 0.2, 0.3]})
    assert alone.status == "complete" and alone.summary["I"][0] is not None
    for name in ("I", "dI_dV", "delta", "I_normal"):
        assert alone.summary[name][0] == pytest.approx(among.summary[name][1], rel=1e-8)
    assert any("one bias is no branch" in words for words in alone.warnings)


def test_wave_numbers_are_those_of_the_lattice_and_that_is_said():
    """2 pi/9 = .698: .3 is moved to 0 and .6 to that, the lattice's own are not."""
    result = run("modes", {"q": 0.3})
    assert result.q[0] == 0 and result.q_asked[0] == 0.3
    assert any("q = 0.3 is not a wave number" in words for words in result.warnings)
    grid, own = Finite(9, 3), 2 * np.pi / 9
    for asked, q, moved in ([0.3, 0.6], [0, own], 1), ([0.0, own], [0, own], 0):
        given = SimpleNamespace(sweep={}, parameters=SimpleNamespace(q=asked))
        computed, of, words = wave_numbers(given, grid)
        assert np.allclose(computed, q) and list(of) == asked and len(words) == moved


def test_a_transition_temperature_has_the_error_of_its_onset():
    result = run("onset", {"h": 0.0, "eV": 0.0})
    assert result.summary["T_bcs"] == result.summary["bcs_onsets"][-1]
    assert result.errors["T_bcs"] == result.errors["bcs_onsets"][-1] > 0


def test_modes_of_a_condensate_that_is_not_there():
    result = run("modes", {"h": 3.0})
    assert result.status == "complete" and "the state is normal" in result.warnings[0]
    given = {"system": "nsn-junction", "task": "modes", "parameters": {"h": 3.0}}
    assert "the state is normal" in hpcneq.check({**given, "numerics": SMALL})


def test_a_single_run_of_an_ensemble_tells_no_error_of_the_mean():
    """Not an error of 0."""
    result = run(
        "ensemble",
        {"h": 0.3, "T": 0.05, "gamma": 0.05, "eV": {"from": 0.0, "to": 0.6}},
        numerics={"Lx": 5, "Ly": 1, "pole_error": 1e-3},
        initial={"state": "bcs"},
        sweep={"seed": [1]},
        run={"t_max": 1.0},
    )
    assert result.status == "complete" and "wave_number_mean" not in result.errors
    assert "wave_number_mean: no error is known of a single run" in result.warnings


def test_a_mean_field_without_bounds_takes_no_memory_before_it_is_noticed():
    """Levels at -1000 blow up the commutator of the step's H: once a matrix of 24 GB."""
    with pytest.raises(NotConverged, match="the mean field grows without bounds"):
        run(
            "evolve",
            {"T": 0.05, "gamma": 0.05, "mu": -999.999999, "eV": {"to": 0.3}},
            numerics={"Lx": 5, "Ly": 1, "pole_error": 1e-3},
            initial={"state": "auto"},
            run={"t_max": 1.0},
        )
