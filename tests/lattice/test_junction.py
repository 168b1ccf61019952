"""The junction of nsn-junction as a user's model: two independent systems of equations."""

from __future__ import annotations

import numpy as np
import pytest

import hpcneq
from hpcneq.maths import lead_fits, poles

RK = {"evolve": {"ts_type": "rk", "ts_rk_type": "4", "ts_adapt_type": "none"}}


def junction(numerics, run, petsc=None):
    """A ring of six sites, half filled, without noise."""
    return hpcneq.run(
        {
            "system": "nsn-junction",
            "task": "evolve",
            "parameters": {
                "U": 3.0,
                "mu": -2.0,
                "h": 0.2,
                "T": 0.1,
                "gamma": 0.1,
                "eV": {"from": 0.0, "to": 1.5},
            },
            "numerics": {"Lx": 6, "Ly": 1, **numerics},
            "initial": {"state": "bcs", "noise": 0.0},
            "run": run,
            "petsc": petsc or {},
        }
    )


def lattice(numerics, run, petsc=None):
    """The same as a model between two leads."""
    cell = {
        "vectors": [[1.0]],
        "orbitals": [{"name": "s", "at": [0.0]}],
        "size": [6],
        "periodic": [True],
    }
    lead = {"T": 0.1, "gamma": 0.1, "sites": list(range(6))}
    return hpcneq.run(
        {
            "system": "lattice",
            "task": "evolve",
            "parameters": {"eV": {"from": 0.0, "to": 1.5}},
            "model": {
                "cell": cell,
                "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}],
                "onsite": [{"on": "s", "value": [[-0.2, 0.0], [0.0, 0.2]]}],
            },
            "interaction": {"U": 3.0},
            "leads": {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}},
            "numerics": {"seeds": 0, **numerics},
            "run": run,
            "petsc": petsc or {},
        }
    )


def series(one, other):
    """(|D| of a site, current of a site) of both."""
    D = [np.abs(np.asarray(result.delta))[:, 0] for result in (one, other)]
    current = [np.asarray(one.current_left), np.asarray(other.current)[:, 0] / 6]
    return D, current


def test_same_poles_and_steps_give_the_same_numbers(monkeypatch):
    """To 1e-9 by the same Runge-Kutta steps: state, pairing and current after a step of the bias.
    The poles are the junction's, of its broadened Fermi function."""
    fits = []
    fit = poles.fit

    def noted(*arguments):
        fits.append(fit(*arguments))
        return fits[-1]

    def borrowed(T, mu=0.0, window=10.0, error=1e-6):
        last = fits[-1]
        count = len(last)
        filling = -last.r[:, None].astype(complex)
        nothing = np.zeros((count, 1), complex)
        return lead_fits.Fit(
            mu - 1j * last.w, nothing, filling, np.ones(1), np.full(1, 0.5), last.error
        )

    run = {"t_max": 0.4, "output_every": 0.2}
    steps = {"dt": 0.02, "error_estimate": False}
    monkeypatch.setattr(poles, "fit", noted)
    one = junction({**steps, "pole_window": 12.0, "pole_error": 1e-3}, run, RK)
    monkeypatch.setattr(lead_fits, "wide_fit", borrowed)
    other = lattice(steps, run, RK)
    for a, b in series(one, other):
        np.testing.assert_allclose(a, b, atol=1e-9)
    assert abs(np.asarray(one.current_left)[-1]) > 1e-3


@pytest.mark.nightly
def test_both_systems_agree_within_their_errors():
    """Each with poles, steps and errors of its own, at t = 2."""
    run = {"t_max": 2.0, "output_every": 1.0}
    one, other = junction({"dt": 0.1}, run), lattice({"dt": 0.1}, run)
    D, current = series(one, other)
    stated = one.errors["delta_max"] + other.errors["delta_max"]
    assert abs(D[0][-1] - D[1][-1]) < stated
    stated = one.errors["current_left"] + other.summary["current_error"]["left"] / 6
    assert abs(current[0][-1] - current[1][-1]) < stated
    assert D[0][-1] == pytest.approx(0.4599556, abs=5e-5)
