"""Periodic states found directly: Tien and Gordon, long evolutions, modes of weak drives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import jv

import hpcneq
from hpcneq.errors import InputError
from hpcneq.systems.lattice.tasks.periodic import growth_of

CELL = {"vectors": [[1.0]], "orbitals": [{"name": "d", "at": [0.0]}], "size": [1]}
WIDE = {"kind": "wide", "sites": [0], "gamma": 0.25, "T": 0.1}


def sine(start, amplitude, frequency):
    """A drive."""
    return {"from": start, "amplitude": amplitude, "frequency": frequency, "kind": "sine"}


def run(task="periodic", **tables):
    """The result of a run in this process; a level between two metals, one of them shaken."""
    tree = {
        "parameters": {"eV": sine(0.5, 1.0, 2.0)},
        "model": {"cell": CELL, "onsite": [{"on": "d", "value": 0.2}]},
        "leads": {"left": {**WIDE, "bias": 1.0}, "right": WIDE},
        "numerics": {"periodic_steps": 40, "window": 60.0},
    }
    return hpcneq.run({"system": "lattice", "task": task, **tree, **tables})


@pytest.fixture(scope="module")
def shaken():
    return run()


def test_tien_and_gordon(shaken):
    """I = sum_n J_n(1/2)^2 I_n, both spins, I_n the current with the left lead raised by n
    quanta; and the same into the other lead.
    """
    w = np.linspace(-60, 60, 240001)
    transmission = 0.25 / ((w - 0.2) ** 2 + 0.25)  # (2 gamma)^2 / ((w - e)^2 + (2 gamma)^2)

    def filled(level):
        return 0.5 * (1 - np.tanh((w - level) / 0.2))

    left = sum(jv(n, 0.5) ** 2 * filled(0.5 + 2 * n) for n in range(-8, 9))
    known = np.sum(transmission * (left - filled(0.0))) * (w[1] - w[0]) / np.pi
    mean, error = shaken.summary["mean_current"], shaken.summary["mean_current_error"]
    for side, sign in (("left", 1), ("right", -1)):
        miss = abs(sign * mean[side] - known)
        assert miss < max(error[side], 1e-6) and error[side] < 1e-4
    assert shaken.summary["period"] == pytest.approx(np.pi)


def test_multipliers_of_a_level(shaken):
    """Without a mean field they are products: a level (width 1/2) with a pole at pi T, and with
    itself.
    """
    factors = np.array(shaken.summary["multipliers"]) @ [1, 1j]
    with_pole = np.exp(-np.pi * (0.5 + 0.1 * np.pi))
    np.testing.assert_allclose(np.abs(factors), with_pole, rtol=1e-3)
    assert shaken.summary["growth_rate"] == pytest.approx(-(0.5 + 0.1 * np.pi), rel=1e-3)


PAIR = {"kind": "bcs", "sites": [0], "gamma": 0.3, "delta": 1.0, "dynes": 0.2, "T": 0.2}
ISLAND = {
    "model": {"cell": CELL},
    "interaction": {"U": 2.0},
    "leads": {"metal": {**WIDE, "bias": 1.0}, "pair": PAIR},
}
LOOSE = {"fit_error": 1e-2, "tail": 60.0}


@pytest.mark.nightly
@pytest.mark.parametrize("kind, periods, tolerance", [("metal", 8, 5e-5), ("pairs", 18, 2e-4)])
def test_a_self_consistent_state_is_what_an_evolution_ends_in(kind, periods, tolerance):
    """A level whose density shifts it, and an island with pairs on a superconductor: the last
    period of an evolution, to what 40 steps a period leave. Both keep a mean field that moves.
    """
    tables = {**ISLAND, "parameters": {"eV": sine(0.3, 1.5, 2.0)}}
    numerics = LOOSE
    if kind == "metal":
        tables = {
            "interaction": {"U": -2.0, "hartree": True},
            "initial": {"state": "normal"},
            "parameters": {"eV": sine(0.5, 2.0, 2.0)},
        }
        numerics = {"window": 60.0}
    direct = run(**tables, numerics={**numerics, "periodic_steps": 40, "multipliers": 0})
    step = np.pi / 40
    evolved = run(
        "evolve",
        **tables,
        numerics={**numerics, "dt": step, "error_estimate": False, "method": "etd"},
        run={"t_max": periods * np.pi, "output_every": step},
    )
    for name in ("current", "delta", "density"):
        late = np.abs(np.asarray(evolved[name])[-41:-1])
        np.testing.assert_allclose(np.abs(np.asarray(direct[name])), late, atol=tolerance)
    assert np.ptp(np.asarray(direct.density)) > 0.01


@pytest.mark.nightly
def test_multipliers_of_a_weak_drive_are_modes():
    """The slowest deviation of the island with a drive of 1e-4: the mode that ``modes`` counts."""
    tables = {**ISLAND, "interaction": {"U": 3.0}}
    numerics = {**LOOSE, "window": 30.0, "seeds": 0}
    modes = run("modes", **tables, parameters={"eV": 0.0}, numerics={**numerics, "depth": 0.8})
    driven = run(
        **tables,
        parameters={"eV": sine(0.0, 1e-4, 2.0)},
        numerics={**numerics, "periodic_steps": 60, "multipliers": 1},
    )
    miss = abs(driven.summary["growth_rate"] - modes.summary["growth_rate"])
    assert miss < 2 * driven.errors["growth_rate"] < 3e-2


def test_a_verdict_needs_a_multiplier_besides_that_of_the_phase():
    """Alone it says nothing; a rate within its error is marginal. Once stable with a rate -inf."""

    class Free:
        pinned = False

    def verdict(*factors, pairs=1.0):
        record = {"multipliers": np.array(factors, complex), "delta_max": pairs}
        return growth_of(Free, record, 2.0, 1e-5)

    assert verdict(1.0) == {"growth_rate": None, "stability": "not computed"}
    assert verdict(1.0, np.exp(-1.0))["growth_rate"] == pytest.approx(-0.5)
    assert verdict(1.0, np.exp(1j), pairs=0.0)["stability"] == "marginal"
    assert verdict(1.0, -1.1)["stability"] == "unstable"


@pytest.mark.nightly
def test_superconductors_at_different_bias_as_in_steady():
    """Without sines the period is Josephson's; the means are those of ``steady``."""
    tables = {
        "leads": {"a": {**PAIR, "bias": 0.5}, "b": {**PAIR, "bias": -0.5}},
        "parameters": {"eV": 1.0},
    }
    numerics = {**LOOSE, "periodic_steps": 40}
    direct = run(**tables, numerics=numerics)
    (steady,) = run("steady", **tables, numerics=numerics).summary["states"]
    assert direct.summary["period"] == pytest.approx(np.pi)
    waves = np.asarray(direct.harmonics)  # of twice the bias: Josephson's oscillations
    assert waves[0, 0].real == pytest.approx(direct.summary["mean_current"]["a"], abs=1e-12)
    assert abs(waves[1, 0]) > 10 * abs(waves[3, 0]) and abs(waves[1, 0]) > 1e-2
    for name in ("a", "b"):
        known = steady["current"][name]
        assert direct.summary["mean_current"][name] == pytest.approx(known, abs=1e-10)


def test_what_does_not_repeat():
    step = {"from": 0.0, "to": 1.0, "kind": "step"}
    with pytest.raises(InputError, match="does not repeat"):
        run(parameters={"eV": step})
    with pytest.raises(InputError, match="nothing repeats"):
        run(parameters={"eV": 1.0})
    two = {"left": {**WIDE, "V": sine(0.0, 1.0, np.sqrt(2.0))}, "right": {**WIDE, "bias": 1.0}}
    with pytest.raises(InputError, match="no common period"):
        run(leads=two)


def test_harmonics_along_the_frequency():
    """c_0 is the mean, all of them give back the current, and a sweep has those of single runs."""
    numerics = {"fit_error": 1e-3, "periodic_steps": 24, "multipliers": 0, "harmonics": 5}
    one = run(numerics=numerics)
    waves, current = np.asarray(one.harmonics), np.asarray(one.current)
    for k, name in enumerate(("left", "right")):
        assert waves[0, k].real == pytest.approx(one.summary["mean_current"][name], abs=1e-12)
    n, phase = np.arange(1, 6), 2 * np.pi * np.asarray(one.t) / one.summary["period"]
    summed = waves[0].real + 2 * (np.exp(-1j * np.outer(phase, n)) @ waves[1:]).real
    assert np.abs(summed - current).max() < 1e-3
    swept = run(numerics=numerics, sweep={"frequency": [2.0, 3.0]})
    np.testing.assert_allclose(np.asarray(swept.harmonics)[0], waves, atol=1e-12)
    assert np.asarray(swept.harmonics_error_at)[0] == pytest.approx(
        one.summary["harmonics_error"], abs=1e-12
    )


@pytest.mark.parallel
def test_ranks_agree_on_periodic_states(comm):
    """One rank solves, all have its numbers."""
    numerics = {"fit_error": 1e-3, "periodic_steps": 16, "multipliers": 1}
    result = run(numerics=numerics)
    assert result.summary["mean_current"]["left"] == pytest.approx(KNOWN, abs=1e-12)


KNOWN = 0.1271558853822665  # of one rank
