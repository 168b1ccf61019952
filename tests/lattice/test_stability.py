"""Stability of stationary states: small ones exactly, large ones by Arnoldi's method."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import chain

import hpcneq
from hpcneq.systems.lattice.physics.slow_modes import Motion
from hpcneq.systems.lattice.shared import stability


def ring(uniform, size=6, eV=0.4):
    """The states of a ring between two leads on all sites."""
    cell = {
        "vectors": [[1.0]],
        "orbitals": [{"name": "s", "at": [0.0]}],
        "size": [size],
        "periodic": [True],
    }
    lead = {"sites": list(range(size)), "gamma": 0.1, "T": 0.05}
    return hpcneq.run(
        {
            "system": "lattice",
            "task": "steady",
            "parameters": {"eV": eV},
            "model": {
                "cell": cell,
                "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}],
            },
            "interaction": {"U": 2.5},
            "leads": {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}},
            "numerics": {"seeds": 0, "uniform": uniform, "fit_error": 1e-3},
        }
    ).summary["states"]


def test_large_states_are_judged_as_small_ones(monkeypatch):
    """Momentum by momentum, without any matrix of responses: the rates of the small route."""
    exact = ring("no")
    monkeypatch.setattr(stability, "SMALL", 0)
    for uniform in ("no", "yes"):
        for one, other in zip(ring(uniform), exact):
            assert one["stability"] == other["stability"]
            assert one["growth_rate"] == pytest.approx(other["growth_rate"], abs=5e-3)


def test_rates_are_eigenvalues_of_all_deviations(monkeypatch):
    """Against the dense matrix of the linear equations, built deviation by deviation.

    An island with pairs, between unlike leads: the turning of the phase is an eigenvector of rate
    0 and left out; without that it was told as the slowest.
    """
    states = []
    slow = stability.slow_modes
    monkeypatch.setattr(stability, "slow_modes", lambda state: states.append(state) or slow(state))
    lead = {"sites": {"x": "min"}, "gamma": 0.2, "T": 0.3, "bias": 0.5}
    model = chain(4, onsite=[{"on": "s", "value": 0.2}])
    leads = {"left": lead, "right": {**lead, "sites": {"x": "max"}, "gamma": 0.1, "bias": -0.5}}
    numerics = {"seeds": 0, "fit_error": 1e-2, "window": 5.0}
    given = {"system": "lattice", "task": "steady", "parameters": {"eV": 0.2}, "model": model}
    given |= {"interaction": {"U": 3.0}, "leads": leads, "numerics": numerics}
    told = hpcneq.run(given).summary["states"]
    rates = []
    for state in states:  # in any order
        z = np.linalg.eigvals(matrix_of(Motion(state)))
        z = z[np.abs(z) > 1e-8]
        rates.append(z[np.argmax(z.real)])
        turning = Motion(state).turning()
        if turning is not None:
            assert np.abs(motion_of(Motion(state), turning)).max() < 1e-8
    for tell in told:
        wanted = complex(tell["growth_rate"], tell["frequency"])
        assert min(abs(complex(z.real, abs(z.imag)) - wanted) for z in rates) < 1e-8
    assert told[0]["stability"] == "stable" and told[1]["stability"] == "unstable"


def motion_of(motion, Y):
    """J of a deviation."""
    return motion.rates * Y + motion.answer(motion.fields(Y))


def matrix_of(motion):
    """J on real vectors; anti-Hermitian cores are left at rest."""
    n, size = motion.shape[1], 2 * int(np.prod(motion.shape))
    J = np.empty((size, size))
    for column, unit in zip(J.T, np.eye(size)):
        Y = unit.view(complex).reshape(motion.shape).copy()
        Y[:, :, :n] = 0.5 * (Y[:, :, :n] + Y[:, :, :n].conj().swapaxes(1, 2))
        column[:] = motion_of(motion, Y).ravel().view(float)
    return J
