"""Thresholds of states that turn, and with an offset of mu or a detuning of the laser, against
6 x 6 systems of single momenta that share no code with the package.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import fsolve
from scipy.special import expit
from support.validation.laser_semiconductor import BETWEEN, Motion

import hpcneq
from hpcneq.errors import InputError
from hpcneq.systems.laser_semiconductor.inputs import Parameters
from hpcneq.systems.laser_semiconductor.shared.model import material_at


def run(task, parameters, **tables):
    """The Result of a task."""
    given = {"system": "laser-semiconductor", "task": task, "parameters": parameters}
    return hpcneq.run(given | tables)


def test_the_threshold_of_a_turning_state():
    """V_c and the rate of turning there with (17); the normal state grows above it and not below.

    Fails with the condition of (18), whose threshold is another, and if the sign of V is not asked.
    """
    summary = run("steady", BETWEEN, numerics={"points": 24}).summary
    rates = {"G1": 0.01, "G2": 0.01, "G12": 0.02, "Omega": 0.0, "projected": False}
    levels = {"kappa": 50.0, "v": 1.0, "T": 0.02, "mu1": -4.75, "mu2": 5.25}

    def left(x):
        value = Motion(V=x[0], **rates, **levels).gap(1e-7, x[1])
        return value.real, value.imag

    wanted = fsolve(left, (6.0, 0.5), xtol=1e-12)
    assert (summary["V_c"], summary["turning_c"]) == pytest.approx(tuple(wanted), rel=1e-6)
    for factor, sign in ((0.99, -1), (1.01, 1)):
        given = BETWEEN | {"V": factor * summary["V_c"]}
        rate = run("growth", given, numerics={"points": 24}).summary["growth_rate"]
        assert sign * rate > 1e-3
    assert run("steady", BETWEEN | {"V": -10.0}, numerics={"points": 8}).summary["V_c"] is None


@pytest.mark.parametrize(
    "case, V_c",
    [
        ({"mu": 0.005}, 1.942593),
        ({"mu": -0.005}, 5.170812),
        ({"mu": 0.1}, 7.955595),
        ({"detuning": 0.1}, 2.149016),
        ({"detuning": -0.1}, 2.149016),
    ],
)
def test_thresholds_with_an_offset(case, V_c):
    """mu off by half Gamma more than doubles V_c, a laser off by ten Gamma changes it by 2e-4.

    Fails if momenta are dense at k = 0 alone, and with half the offset.
    """
    result = run("steady", case)
    exact = Motion(**case).threshold()
    assert exact == pytest.approx(V_c, abs=1e-6)
    assert abs(result.summary["V_c"] - exact) <= result.errors["V_c"] + 1e-9


def test_an_offset_keeps_both_routes_to_the_gap_equation_together():
    """The Keldysh functional, whose levels know mu and the detuning: 1 at every momentum."""
    given = {"mu": 0.02, "detuning": 0.03}
    summary = run("keldysh", given, numerics={"points": 4, "frequencies": 32}).summary
    assert summary["ratio"] == pytest.approx(1.0, abs=1e-7) and summary["worst"] < 1e-6
    with pytest.raises(InputError, match="k_max = inf"):
        run("steady", given | {"k_max": float("inf")})


def test_fillings_are_those_of_the_laboratory():
    """At T = 3 an offset of mu shifts both bands' fillings, a detuning none.

    Fails if the rotating frame's energies are filled.
    """
    k = np.array([-0.1, 0.05, 0.2])
    plain, moved, detuned = (
        material_at(Parameters(T=3.0, **case)) for case in ({}, {"mu": 0.5}, {"detuning": 0.5})
    )
    rest = plain.fillings(plain.on((k, k)))
    for now, before in zip(detuned.fillings(detuned.on((k, k))), rest):
        assert now == pytest.approx(before, abs=1e-14)
    for now, before, energy in zip(moved.fillings(moved.on((k, k))), rest, (-5.0, 5.0)):
        level = -25 * k**2 + np.sign(energy) * 5 * k + energy
        assert before == pytest.approx(expit(-level / 3), abs=1e-12)
        assert now == pytest.approx(expit((0.5 - level) / 3), abs=1e-12)


def test_equation_23_overestimates_the_order_of_figure_4():
    """With the V_c of the cutoff the exact order is 28% lower, far from the threshold even more.

    Fails if the analytic value becomes the exact one.
    """
    summary = run("steady", {}).summary
    assert 1 - summary["delta"] / summary["delta_23"] == pytest.approx(0.281, abs=2e-3)
    assert summary["delta_analytic"] == summary["delta_23"]
