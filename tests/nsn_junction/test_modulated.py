"""FFLO patterns at rest and the true boundary between FFLO and BCS.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.errors import InputError
from hpcneq.maths import drives
from hpcneq.systems.nsn_junction.physics import (
    fflo_state,
    junction,
    stripe_states,
    uniform_states,
)


@pytest.mark.parametrize("P", [6, 8])
def test_energy_of_a_pattern_is_that_of_the_whole_lattice(P):
    """A cell with Bloch momenta against the levels of all 3P x 3P sites without any.

    The gradient against differences.

    Fails if k and -k of a twist are not counted twice, or with the sign of Delta equal on both
    halves of the period.
    """
    point, h = uniform_states.Point(T=0.07, mu=-0.2), 0.4
    pattern = fflo_state.Pattern(point, P, 3 * P)
    a = np.array([0.5, 0.3])
    leads = tuple(
        junction.Lead(name, 0.01, 0.07, -0.2, s) for name, s in (("left", 1), ("right", -1))
    )
    whole = junction.Junction(
        3.0, -0.2, h, leads, junction.stripe(3 * P, 3 * P, -0.2), drives.read(0.0), ()
    )
    delta = np.tile(pattern.spread @ a, 3) + 0j
    assert np.allclose(delta, -np.roll(delta, P // 2)) and np.allclose(
        delta, np.roll(delta[::-1], 1)
    )
    empty = np.zeros(2)
    gain = pattern.energy(a, h)[0] - pattern.energy(empty, h)[0]
    assert gain == pytest.approx(
        stripe_states.free_energy(whole, delta) - stripe_states.free_energy(whole, 0 * delta),
        abs=1e-12,
    )
    assert pattern.energy(empty, h)[0] == pytest.approx(pattern.normal(h), abs=1e-12)
    slope = [
        (pattern.energy(a + d, h)[0] - pattern.energy(a - d, h)[0]) / 2e-5 for d in 1e-5 * np.eye(2)
    ]
    assert pattern.energy(a, h)[1] == pytest.approx(slope, abs=1e-9)


def test_walls_repel_and_one_wall_decides():
    """T = 0.05.

    The field at which a pattern passes the uniform state falls with its period, each step by the
    same factor, to a limit below the Clogston limit 0.5322706 and above the onset of uniform
    pairing; 48 and 64 momenta agree.

    Fails if the uniform state is put on other momenta, or if the free energy of the pattern lacks
    Delta^2/U.
    """
    point = uniform_states.Point(T=0.05)
    fields = [fflo_state.Pattern(point, P, 64).crossing(0.515)[0] for P in (12, 16, 20)]
    steps = -np.diff(fields)
    assert np.all(steps > 0) and steps[1] < 0.4 * steps[0]
    assert 0.3652 < fields[-1] - 0.4 * steps[1] and fields[-1] < 0.5322706 - 0.01
    assert fflo_state.Pattern(point, 16, 48).crossing(0.515)[0] == pytest.approx(
        fields[1], abs=2e-6
    )


def test_between_the_lines_the_pattern_has_the_lowest_free_energy():
    """h = 0.525, below the Clogston limit, T = 0.05: FFLO < BCS < normal; at h = 0.5 BCS < FFLO.

    Its root solves the gap equation.

    Fails with the field's sign in one of the two levels W(e - h).
    """
    pattern = fflo_state.Pattern(uniform_states.Point(T=0.05), 16, 48)
    for h, first in ((0.525, True), (0.5, False)):
        uniform, D = pattern.uniform(h)
        energy, a = pattern.relaxed(h, pattern.seed(D))
        assert (energy < uniform) == first and max(energy, uniform) < pattern.normal(h)
        assert np.abs(pattern.energy(a, h)[1]).max() < 1e-6


def test_patterns_out_of_equilibrium_are_refused():
    """No free energy at a bias; odd periods have no half. Fails without the checks."""
    with pytest.raises(InputError, match="equilibrium"):
        fflo_state.Pattern(uniform_states.Point(eV=0.1), 8)
    with pytest.raises(InputError, match="even"):
        fflo_state.Pattern(uniform_states.Point(), 7)
