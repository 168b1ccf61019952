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


@pytest.mark.nightly
def test_the_third_harmonic_is_resonant_with_the_amplitude_mode():
    """A clean ring under A sin(W t), whose pairs no light breaks: light acts on the modulus of the
    pairing with 2 W, and the current at 3 W, as the swing of the pairing, is largest where 2 W is
    2 Delta within the damping of pairs, .1, by a parabola through three of nine frequencies; by
    evolutions until t = 45. Of the current at W there is no resonance.
    """
    damping, steps, sites = 0.1, 48, 6
    bath = wide(list(range(sites)), 0.0, 0.5 * damping, 0.1)
    tables = {"model": chain(sites, True), "leads": {"bath": bath}}
    few = {"seeds": 0, "fit_error": 1e-2}
    states = run("steady", **tables, numerics={**few, "stability": False}).summary["states"]
    gap = states[0]["delta_max"]
    shares = np.array([0.7, 0.8, 0.88, 0.92, 0.96, 1.0, 1.06, 1.15, 1.3])
    first, third, swing = [], [], []
    for share in shares:
        period = 2 * np.pi / (share * gap)
        sine = {"from": 0.0, "amplitude": 0.1, "frequency": share * gap, "kind": "sine"}
        result = run(
            "evolve",
            **tables,
            vector_potential={"A": [sine]},
            numerics={**few, "dt": period / steps, "error_estimate": False},
            run={"t_max": round(45 / period) * period, "output_every": period / steps},
        )
        i, j = np.asarray(result.links).T
        moved = np.asarray(result.position)[j, 0] - np.asarray(result.position)[i, 0]
        moved -= sites * np.round(moved / sites)
        current = np.asarray(result.bond_current)[-steps - 1 : -1] @ moved / sites
        pairing = np.abs(np.asarray(result.delta)[-steps - 1 : -1, 0])
        waves = np.abs(np.fft.fft(current)) / steps
        first.append(waves[1])
        third.append(waves[3])
        swing.append(abs(np.fft.fft(pairing)[2]) / steps)
    assert np.ptp(first) < 0.1 * max(first)
    for heights in (np.array(third), np.array(swing)):
        top = int(np.argmax(heights))
        a, b, _ = np.polyfit(shares[top - 1 : top + 2], heights[top - 1 : top + 2], 2)
        assert 2 * abs(-0.5 * b / a - 1) * gap < damping, heights
        outside = 2 * np.abs(shares - 1) * gap > 2 * damping
        assert np.all(heights[outside] < 0.7 * heights.max()), heights
