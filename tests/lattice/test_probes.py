"""Photoemission and tunnelling in time: finite chains, spectra, sum rules, ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

import hpcneq
from hpcneq.errors import InputError
from hpcneq.systems.lattice.physics.probes import along_path, whole_zone

LEVEL = 0.3
CHAIN = {"kind": "chain", "sites": [0], "hopping": 1.0, "contact": 0.5, "T": 0.1}
ENERGIES = {"energy_min": -7.0, "energy_max": 7.0, "points": 141}


def level(task, **tables):
    """A level between two chains, the bias switched at t = 0 unless said otherwise."""
    cell = {"vectors": [[1.0]], "orbitals": [{"name": "d", "at": [0.0]}], "size": [1]}
    tree = {
        "model": {"cell": cell, "onsite": [{"on": "d", "value": LEVEL}]},
        "leads": {"left": {**CHAIN, "bias": 0.5}, "right": {**CHAIN, "bias": -0.5}},
        "parameters": {"eV": {"from": 0.0, "to": 1.0, "kind": "step"}},
        "numerics": {"fit_error": 1e-3, "dt": 0.2, "error_estimate": False, **ENERGIES},
    }
    return hpcneq.run({"system": "lattice", "task": task, **tree, **tables})


PROBE = {"times": [0.0, 4.0], "width": 1.5}


@pytest.fixture(scope="module")
def switched():
    return level("photoemission", probe={**PROBE, "k": [[0.0]]})


def finite_chain(times, sigma, energies, step=0.1, arm=120):
    """A(w, t) of the level in the middle of a chain of 2 arm + 1 sites, before any reflection."""
    size = 2 * arm + 1
    H = np.diag(np.full(size - 1, -1.0), 1)
    H[arm - 1, arm] = H[arm, arm + 1] = -0.5
    H = H + H.T
    H[arm, arm] = LEVEL
    e, v = linalg.eigh(H)
    rho = (v / (1 + np.exp(e / 0.1))) @ v.T
    bias = np.concatenate([np.full(arm, 0.5), [0.0], np.full(arm, -0.5)])
    grid = step * np.arange(round(-7.5 / step), round(11.5 / step) + 1)
    w, x = linalg.eigh(H + np.diag(bias))
    before, after = grid[grid <= 0, None], grid[grid > 0, None]
    rows = [(v[arm] * np.exp(-1j * e * before)) @ v.T, (x[arm] * np.exp(-1j * w * after)) @ x.T]
    rows = np.concatenate(rows)  # <d| U(t)
    correlation = rows @ rho @ rows.conj().T
    result = []
    for middle in times:
        s = np.exp(-0.5 * ((grid - middle) / sigma) ** 2) / (np.pi * sigma**2) ** 0.25
        wave = np.exp(1j * np.multiply.outer(energies, grid)) * s * step
        result.append(np.einsum("wi,ij,wj->w", wave, correlation, wave.conj()).real)
    return np.array(result)


def miss_of(result):
    """(times,) the largest distance from a finite chain."""
    energy, intensity = np.asarray(result.energy), np.asarray(result.intensity)[:, 0]
    known = finite_chain(PROBE["times"], PROBE["width"], energy)
    assert np.abs(known[1] - known[0]).max() > 0.1
    return np.abs(intensity - known).max(axis=1)


def test_photoemission_after_a_switch_is_that_of_a_finite_chain(switched):
    """Chains of 120 sites, no reflection before t = 120; 2e-3: the floor of the leads' band."""
    assert miss_of(switched).max() < 2e-3


@pytest.mark.nightly
def test_photoemission_converges_to_the_finite_chain():
    """With a floor of 1e-4 it is 5e-5, of 3 to 9; the error told is of that size."""
    numerics = {"fit_error": 1e-4, "floor": 1e-4, "dt": 0.2, **ENERGIES}
    result = level("photoemission", probe={**PROBE, "k": [[0.0]]}, numerics=numerics)
    miss, error = miss_of(result), np.asarray(result.intensity_error)
    assert miss.max() < 1e-4
    assert np.all(miss < 4 * error) and np.all(error < 100 * miss)


def test_sum_rule_of_photoemission(switched):
    """The integral over all energies is the occupation under the probe: 1e-3 is outside."""
    energy, intensity = np.asarray(switched.energy), np.asarray(switched.intensity)[:, 0]
    total = intensity.sum(axis=1) * (energy[1] - energy[0]) / (2 * np.pi)
    np.testing.assert_allclose(total, np.asarray(switched.occupation)[:, 0], atol=2e-3)


def test_tunnelling_of_a_stationary_state_is_its_spectrum():
    """dI/dV = ldos, blurred by the probe, and its occupied part, in a superconducting chain."""
    cell = {"vectors": [[1.0]], "orbitals": [{"name": "s", "at": [0.0]}], "size": [2]}
    wide = {"kind": "wide", "gamma": 0.5, "T": 0.1}
    tables = {
        "model": {"cell": cell, "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}]},
        "interaction": {"U": 3.0},
        "leads": {"a": {**wide, "sites": [0], "mu": 0.2}, "b": {**wide, "sites": [1]}},
        "parameters": {"eV": 0.0},
    }
    numerics = {"seeds": 0, "window": 60.0}
    sigma = 2.0
    dynamic = level(
        "tunnelling",
        **tables,
        probe={"times": [1.0], "width": sigma, "sites": [1]},
        numerics={**numerics, "dt": 0.2, "error_estimate": False, "points": 41},
    )
    static = level(
        "spectrum",
        **tables,
        numerics={**numerics, "energy_min": -12.0, "energy_max": 12.0, "points": 241},
    )
    w, middle = np.asarray(static.energy), np.asarray(dynamic.energy)
    kernel = (
        sigma / np.sqrt(np.pi) * np.exp(-(((middle[:, None] - w) * sigma) ** 2)) * (w[1] - w[0])
    )
    for name, other in (("didv", "ldos"), ("occupied", "occupied")):
        blurred = kernel @ np.asarray(static[other])[:, 1]
        np.testing.assert_allclose(np.asarray(dynamic[name])[0, 0], blurred, atol=2e-3)
    assert dynamic.summary["delta_max"] == pytest.approx(static.summary["delta_max"], abs=1e-9)
    assert np.asarray(dynamic.delta_max_at)[0] == pytest.approx(
        static.summary["delta_max"], abs=2e-4
    )


def test_the_error_of_the_pairing_is_that_of_the_fits():
    """Two sites fitted to 1e-2 against 1e-6: off by more than the residual, less than is told."""
    cell = {"vectors": [[1.0]], "orbitals": [{"name": "s", "at": [0.0]}], "size": [2]}
    wide = {"kind": "wide", "gamma": 0.5, "T": 0.1}
    tables = {
        "model": {"cell": cell, "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}]},
        "interaction": {"U": 3.0},
        "leads": {"a": {**wide, "sites": [0], "mu": 0.2}, "b": {**wide, "sites": [1]}},
        "parameters": {"eV": 0.0},
        "probe": {"times": [0.0], "width": 0.5},
    }
    few = {"seeds": 0, "dt": 0.2, "energy_min": -3.0, "energy_max": 3.0, "points": 3}
    rough, good = (
        level("tunnelling", **tables, numerics={**few, "fit_error": error})
        for error in (1e-2, 1e-6)
    )
    miss = abs(rough.summary["delta_max"] - good.summary["delta_max"])
    assert 1e-5 < miss < rough.errors["delta_max"] < 0.1
    assert good.errors["delta_max"] < 1e-4
    numerics = {"seeds": 0, "points": 3, "fit_error": 1e-2}
    del tables["probe"]
    static = level("spectrum", **tables, numerics=numerics)
    assert miss < static.errors["delta_max"] < 0.1


def test_what_probes_cannot_look_at():
    with pytest.raises(InputError, match="exactly one"):
        level("photoemission", probe=PROBE)
    with pytest.raises(InputError, match="must have 1 numbers"):
        level("photoemission", probe={**PROBE, "k": [[0.0, 1.0]]})
    with pytest.raises(InputError, match="sites: must be 0 to 0"):
        level("tunnelling", probe={**PROBE, "sites": [3]})
    with pytest.raises(InputError, match="images"):
        level("tunnelling", probe=PROBE, numerics={"dt": 1.0})
    with pytest.raises(InputError, match="steps of"):
        level("tunnelling", probe={"times": [1e4]})


@pytest.mark.parallel
def test_ranks_agree_on_probes(comm):
    """Ranks share the earlier times: the numbers of one rank, to rounding."""
    result = level(
        "tunnelling",
        leads={"a": {"kind": "wide", "sites": [0], "gamma": 0.5, "T": 0.1}},
        parameters={"eV": 0.0},
        probe={"times": [0.0], "width": 1.0, "tip_T": 0.1},
        numerics={"fit_error": 1e-3, "dt": 0.25, "error_estimate": False, "points": 3},
    )
    np.testing.assert_allclose(np.asarray(result.didv)[0, 0], KNOWN, atol=1e-12)


KNOWN = [0.017806728300646283, 0.3252201055831895, 0.02858992026727655]  # of one rank


def test_waves_of_a_crystal():
    """All waves of the zone go into the crystal's size a whole number of times; a path has its
    corners.
    """
    vectors, size = np.array([[1.0, 0.0], [0.5, 0.8]]), [3, 4]
    waves = whole_zone(vectors, size)
    turns = waves @ (np.array(size)[:, None] * vectors).T / (2 * np.pi)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-12)
    phases = np.exp(1j * waves @ vectors.T).round(9)
    assert len({tuple(row) for row in phases}) == 12
    path = along_path(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), 2)
    np.testing.assert_allclose(path, [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1]])
