"""Currents along bonds and the free energy of patterns, against routes that share no line.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from support import independent

import hpcneq

PLACE = {"Lx": 3, "Ly": 3, "pole_error": 1e-6}
MODEL = {"U": 4.0, "h": 0.2, "T": 0.1, "gamma": 0.05, "mu": -0.3}


def pattern(A, eV=0.0, errors=False):
    """The Result of a pattern from a uniform seed under the vector potential A along x."""
    source = {
        "system": "nsn-junction",
        "task": "pattern",
        "parameters": MODEL | {"eV": eV},
        "numerics": PLACE | {"error_estimate": errors},
        "initial": {"state": "bcs"},
        "sites": {"A_x": A, "disorder": 0.4, "seed": 3},
    }
    return hpcneq.run(source)


def matrix(A, potential):
    """The hopping matrix (9, 9) of electrons with the phase A on every hop along x."""
    plain = independent.hopping(3, 3, MODEL["mu"]) + np.diag(potential)
    x = np.repeat(np.arange(3), 3)
    step = x[:, None] - x
    step = np.where(step == 2, -1, np.where(step == -2, 1, step))
    return plain * np.exp(1j * A * step)


def green(result, A):
    """(H (18, 18), -i G^< (18, 18)) of a result's order parameter by broadened Fermi functions."""
    h, d = matrix(A, np.ravel(result.potential)), np.diag(np.ravel(result.delta))
    H = np.block([[h, -d], [-d.conj(), -h.conj()]]) - MODEL["h"] * np.eye(18)
    e, V = np.linalg.eigh(H)
    eV = result.parameters["eV"]
    F = sum(
        0.5 * independent.broadened_fermi(e - v, 2 * MODEL["gamma"], MODEL["T"])
        for v in (eV / 2, -eV / 2)
    )
    return H, V @ np.diag(F) @ V.conj().T


@pytest.fixture(scope="module")
def driven():
    """A disordered condensate with a current, at rest."""
    return pattern(0.3, errors=True)


def test_bond_currents_of_a_pattern(driven):
    """Currents of all bonds are -2 Im h <c^+ c> of dense levels; they have no divergence at rest.

    Fails with the hole's hop for the electron's, or if the phase of a hop has the other sign.
    """
    H, F = green(driven, 0.3)
    for name, (dx, dy) in (("bond_current_x", (1, 0)), ("bond_current_y", (0, 1))):
        for x in range(3):
            for y in range(3):
                j, k = 3 * x + y, 3 * ((x + dx) % 3) + (y + dy) % 3
                up = -2 * (H[j, k] * F[k, j]).imag
                down = 2 * (H[9 + j, 9 + k] * F[9 + k, 9 + j]).imag
                assert driven[name][x, y] == pytest.approx(up + down, abs=5e-6)
    flow_x, flow_y = np.asarray(driven.bond_current_x), np.asarray(driven.bond_current_y)
    inflow = np.roll(flow_x, 1, 0) - flow_x + np.roll(flow_y, 1, 1) - flow_y
    assert np.abs(inflow).max() < 1e-5 and np.ptp(flow_x) > 1e-3
    density = (np.diag(F)[:9] + 1 - np.diag(F)[9:]).real
    assert np.ravel(driven.density) == pytest.approx(density, abs=5e-6)
    assert np.mean(driven.magnetization) == pytest.approx(np.trace(F).real / 9 - 1, abs=5e-6)


def test_the_supercurrent_is_the_slope_of_the_free_energy(driven):
    """-d Omega/dA of the condensate's share is its mean current along x, within its error.

    Fails if the free energy is that of hops without a phase.
    """
    low, high = (pattern(0.3 + d).summary["free_energy"] for d in (-0.01, 0.01))
    s = driven.summary
    assert s["supercurrent_x"] == pytest.approx((low - high) / 0.02, rel=2e-3)
    assert s["free_energy"] < 0 and abs(s["supercurrent_x"]) > 1e-2
    assert driven.errors["supercurrent_x"] < 1e-4


def test_a_bias_has_no_free_energy():
    """Under a bias it is left out and the result says so. Fails if it is written all the same."""
    result = pattern(0.1, eV=0.4)
    assert "free_energy" not in result.summary
    assert any("free_energy: left out at eV = 0.4" in words for words in result.warnings)
    assert result.summary["current_left"] > 0
    total = result.summary["current_left"] + result.summary["current_right"]
    assert abs(total) < 1e-5


@pytest.mark.parallel
def test_a_current_goes_on_in_time(comm, shared_tmp):
    """An evolution from the current-carrying state keeps its bond currents; an open end has none.

    On a uniform lattice under a constant vector potential `evolve` begins from it. Fails if the
    start is sought without the vector potential.
    """
    source = {
        "system": "nsn-junction",
        "task": "evolve",
        "parameters": MODEL,
        "numerics": PLACE | {"symmetry": "full", "error_estimate": False, "dt": 0.5},
        "initial": {"state": "bcs", "noise": 0.0},
        "sites": {"A_x": 0.3},
        "run": {"t_max": 2.0, "output_every": 1.0},
    }
    result = hpcneq.run(source, str(shared_tmp / "current.h5"), force=True)
    flow = np.asarray(result.current_x)
    assert abs(flow[0]) > 1e-2 and np.abs(flow - flow[0]).max() < 1e-7
    assert result.bond_current_x.shape == (3, 3, 3) and abs(result.summary["current_y"]) < 1e-9
    assert np.asarray(result.bond_current_x)[-1].mean() == pytest.approx(flow[-1], abs=1e-12)
