"""The amplitude mode near 2 Delta: in modes, in the conductivity, in the third harmonic."""

from __future__ import annotations

import numpy as np
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
