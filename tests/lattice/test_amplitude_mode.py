"""The amplitude mode near 2 Delta: in modes, in the conductivity, in the third harmonic."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import chain, wide

import hpcneq
from hpcneq.maths import rational


def run(task, **tables):
    """The result of a run in this process; two sites with pairs between two metals."""
    tree = {
        "model": chain(2),
        "interaction": {"U": 3.0},
        "leads": {"a": wide([0], 0.5, 0.1, 0.2), "b": wide([1], -0.5, 0.1, 0.2)},
        "numerics": {"seeds": 0},
    }
    return hpcneq.run({"system": "lattice", "task": task, **tree, **tables})


def test_light_sees_the_amplitude_mode_with_its_damping():
    """In a state that carries a current light moves the modulus of the pairing: the conductivity
    has a pole at the mode's z, to 1e-4 (rational approximation of 61 frequencies), the one without
    the mean field's response has none near; and it lies at 2 Delta within its damping.
    """
    at = {"parameters": {"eV": 1.0}}
    modes = run("modes", **at, numerics={"seeds": 0, "depth": 0.8})
    z = np.asarray(modes.frequency)[0] + 1j * np.asarray(modes.growth_rate)[0]
    z = z[np.argmax(z.real)]
    assert abs(z.real - 2 * modes.summary["delta_max"]) < -z.imag
    numerics = {"seeds": 0, "points": 61, "energy_min": 1.0, "energy_max": 4.0}
    result = run("conductivity", **at, numerics=numerics)
    w = np.asarray(result.energy)
    with_mode, without = (
        rational.zeros(w, 1 / np.asarray(result[name]), 1e-9) for name in ("sigma", "sigma_bubble")
    )
    assert np.abs(with_mode - z).min() < 1e-4
    assert np.abs(without - z).min() > 0.1


STAGGERED = {
    "cell": {
        "vectors": [[2.0]],
        "orbitals": [{"name": "a", "at": [0.0]}, {"name": "b", "at": [1.0]}],
        "size": [2],
        "periodic": [True],
    },
    "hop": [
        {"from": "a", "to": "b", "shift": [0], "value": -1.0},
        {"from": "b", "to": "a", "shift": [1], "value": -1.0},
    ],
    "onsite": [{"on": "a", "value": 1.0}, {"on": "b", "value": -1.0}],
}


@pytest.mark.nightly
def test_the_third_harmonic_is_resonant_with_the_amplitude_mode():
    """A ring whose pairs break above 2 (Delta^2 + 1)^(1/2) alone, under A sin(W t): light acts on
    the modulus of the pairing with 2 W, and the current at 3 W is largest where 2 W is 2 Delta
    within the damping of pairs, .16, by a parabola through three of eleven frequencies; by
    evolutions until t = 50. Half of the height is left at twice that damping.
    """
    damping = 0.16
    bath = {"kind": "wide", "sites": [0, 1, 2, 3], "gamma": 0.5 * damping, "T": 0.2}
    tables = {"model": STAGGERED, "interaction": {"U": 4.0}, "leads": {"bath": bath}}
    few = {"seeds": 0, "fit_error": 1e-2}
    states = run("steady", **tables, numerics={**few, "stability": False}).summary["states"]
    gap, steps = states[0]["delta_max"], 48
    third = []
    shares = np.array([0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3])
    for share in shares:
        period = 2 * np.pi / (share * gap)
        sine = {"from": 0.0, "amplitude": 0.1, "frequency": share * gap, "kind": "sine"}
        step = period / steps
        result = run(
            "evolve",
            **tables,
            vector_potential={"A": [sine]},
            numerics={**few, "dt": step, "error_estimate": False, "method": "etd"},
            run={"t_max": round(50 / period) * period, "output_every": step},
        )
        i, j = np.asarray(result.links).T
        moved = np.asarray(result.position)[j, 0] - np.asarray(result.position)[i, 0]
        moved -= 4 * np.round(moved / 4)
        current = np.asarray(result.bond_current)[-steps - 1 : -1] @ moved / 4
        third.append(abs(np.fft.fft(current)[3]) / steps)
    top = int(np.argmax(third))
    a, b, _ = np.polyfit(shares[top - 1 : top + 2], third[top - 1 : top + 2], 2)
    peak = -0.5 * b / a
    assert 2 * abs(peak - 1) * gap < damping, (peak, third)
    outside = 2 * np.abs(shares - peak) * gap > 2 * damping
    assert np.all(np.array(third)[outside] < 0.8 * max(third)), third
