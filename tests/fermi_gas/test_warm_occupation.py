"""Compiled occupations at T > 0 against those of numpy; panels of all rays against each."""

import numpy as np
import pytest

from hpcneq.maths import fermi, panels
from hpcneq.systems.fermi_gas.physics import radial_grid
from hpcneq.systems.fermi_gas.physics.occupation import Baths


@pytest.mark.parametrize(
    "gamma, T", [(0.005, 0.02), (0.02, 1e-4), (1e-4, 0.1), (1e-6, 1e-7), (0.0, 0.03)]
)
def test_compiled_functions_are_those_of_numpy(gamma, T):
    """F1 and its slope to 1e-13 of themselves or of their scale, both integrals to 1e-15 (1 + x^2).

    Fails with a step of the recurrence left out.
    """
    baths, x = Baths(gamma, T, 0.1), np.concatenate([np.linspace(-3, 40, 401), [0.0, 1e-12]])
    width = baths.width
    exact = fermi.broadened_fermi(x, width, T)
    assert np.all(np.abs(baths._filled(x) - exact) <= 1e-14 * exact)
    for own, wanted in zip(
        baths._integrals_of_one(x), fermi.broadened_fermi_integrals(x, width, T)
    ):
        assert np.all(np.abs(own - wanted) < 2e-15 * (1 + x**2))
    slope = -0.25 * sum(fermi.broadened_tanh_slope(x - s * 0.1, width, T) for s in (1, -1))
    assert np.abs(baths.slope(x) - slope).max() < 1e-13 * np.abs(slope).max()


def test_rays_divided_together_have_the_panels_of_each():
    """Bit by bit the panels that halving one row after the other gives.

    Fails with a row's features applied to its neighbour.
    """
    rows = [
        [(0.97, 0.01, False), (1.1, 1e-3, True), (0.4, 0.2, True)],
        [(1.02, 1e-4, True)],
        [(0.9, 0.05, False), (1.25, 0.002, False)],
    ]
    for known, ends in zip(rows, radial_grid.panels_of_rows(rows, 0.05, [1.7], 0.8)):
        assert np.array_equal(ends, radial_grid.panels_of(known, 0.05, [1.7], 0.8))
        place, width = (np.array([f[k] for f in known]) for k in (0, 1))
        first = np.unique([0.0, 0.7, 1.3, 3.0, 1.7, *(f[0] for f in known if f[2])])

        def longest(low, high):
            return np.where((high > 0.7) & (low < 1.3), 0.05, 0.4)

        assert np.array_equal(ends, radial_grid.divide(first, place, width, longest, 0.8))
    assert panels.halved_rows(
        np.zeros(1), np.ones(1), np.zeros(1, int), 1, lambda low, high, row: high - low < 0.3
    )[0] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
