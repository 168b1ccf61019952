"""Panels: nodes are exact where Gauss rules are, and equal to the bit to the formulas of the grids
that use them.
"""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.maths import panels
from hpcneq.systems.fermi_gas.physics import radial_grid

ENDS = np.array([0.0, 0.3, 0.35, 1.1, 2.0])


@pytest.mark.parametrize("nodes", [1, 4, 12])
def test_panels_integrate_polynomials_of_degree_2n_minus_1(nodes):
    """Exact to rounding up to degree 2n - 1, and off by more than 1e-8 one degree higher where n is
    small.

    Catches weights without the half length, and nodes on the wrong panel.
    """
    x, weight = panels.on_panels(ENDS, nodes)
    assert len(x) == 4 * nodes and np.all(np.diff(x) > 0) and np.all(weight > 0)
    for power in range(2 * nodes):
        assert weight @ x**power == pytest.approx(2.0 ** (power + 1) / (power + 1), rel=1e-14)
    if nodes < 12:
        high = 2 * nodes
        assert abs(weight @ x**high / (2.0 ** (high + 1) / (high + 1)) - 1) > 1e-8


def test_rows_are_the_panels_of_each_row():
    """Many rows at once equal each row alone to rounding; a panel of no length adds nothing."""
    ends = np.array([[0.0, 0.5, 2.0], [1.0, 3.0, 3.0]])
    x, weight = panels.on_rows(ends, 6)
    assert x.shape == weight.shape == (2, 12)
    alone, share = panels.on_panels(ends[0], 6)
    assert np.abs(x[0] - alone).max() < 4e-16 and np.array_equal(weight[0], share)
    assert np.array_equal(weight[1, 6:], np.zeros(6)) and np.all(x[1, 6:] == 3.0)
    assert weight[1] @ x[1] ** 5 == pytest.approx((3.0**6 - 1) / 6, rel=1e-14)


def test_the_far_panel_is_exact_for_inverse_powers():
    """int_a^inf x^-p dx = a^(1-p)/(p-1) for p = 2 ... 2n + 1, and not for p = 2n + 2."""
    x, weight = panels.beyond(3.0, 5)
    assert np.all(np.diff(x) > 0) and x[0] > 3.0
    for power in range(2, 12):
        exact = 3.0 ** (1 - power) / (power - 1)
        assert weight @ x ** -float(power) == pytest.approx(exact, rel=1e-13)
    assert abs(weight @ x**-12.0 * 11 * 3.0**11 - 1) > 1e-8


def test_halving_stops_where_panels_are_short_enough():
    """Panels end at every given end, none is longer than asked for, and none was halved without
    need.
    """

    def short(low, high):
        return high - low <= 0.1 + np.maximum(low - 1.0, 0.0)

    ends = panels.halved(ENDS, short)
    assert np.all(np.diff(ends) > 0) and set(ENDS) <= set(ends)
    assert np.all(short(ends[:-1], ends[1:]))
    assert 0.5 * (0.3 + 0.35) not in ends and np.diff(ends).max() > 0.2


def test_divided_panels_are_equal_parts():
    """Each panel in k parts; one part leaves the ends as they are, the same array."""
    assert panels.divided(ENDS, 1) is ENDS
    ends = panels.divided(ENDS, 3)
    assert len(ends) == 13 and np.array_equal(ends[::3], ENDS)
    assert np.diff(ends[:4]) == pytest.approx([0.1] * 3, rel=1e-14)


def test_doubles_are_left_out():
    """Ends closer than the distance to the one before them go; the first always stays."""
    ends = np.array([0.0, 1e-13, 0.5, 0.5 + 1e-13, 1.0])
    assert np.array_equal(panels.without_doubles(ends, 1e-12), [0.0, 0.5, 1.0])


def test_the_rules_are_read_only_and_made_once():
    """A grid that wrote into the shared rule would change every other one."""
    x, weight = panels.gauss(7)
    assert panels.gauss(7)[0] is x
    with pytest.raises(ValueError):
        x[0] = 0.0
    assert np.array_equal(x, -x[::-1]) and np.array_equal(weight, weight[::-1])


def test_nodes_are_counted_from_the_middles_and_those_beyond_in_the_inverse():
    """Bit for bit: results of the systems' grids depend on how these nodes are rounded.

    Fails with the nodes counted from the lower ends in ``on_panels``, which round otherwise, and
    with t = (1 + x)/2 in ``beyond``.
    """
    x, share = np.polynomial.legendre.leggauss(12)
    ends = radial_grid.panels(0.2, 0.1, 0.15, 0.01, 0.05)
    half = 0.5 * np.diff(ends)
    near = ((ends[:-1] + half)[:, None] + half[:, None] * x).ravel()
    parts = (half[:, None] * share).ravel()
    x, share = np.polynomial.legendre.leggauss(32)
    t = 0.5 * (1 - x)
    p, weight = radial_grid.grid(0.2, 0.1, 0.15, 0.01)
    assert np.array_equal(p, np.concatenate([near, ends[-1] / t]))
    assert np.array_equal(weight, np.concatenate([parts, 0.5 * share * ends[-1] / t**2]))
