"""Widths and fillings of leads as poles: how many, how good, causal."""

import time

import numpy as np
import pytest

from hpcneq.errors import InputError
from hpcneq.maths import lead_fits
from hpcneq.maths.rational_sets import graded

# poles of a BCS lead at relative errors 1e-2, 1e-3, 1e-4, 1e-6, found by an independent program
COUNTS = {
    (0.02, 0.1): (16, 19, 23, 31),
    (0.02, 1e-2): (20, 25, 34, 41),
    (0.02, 1e-3): (27, 32, 40, 50),
    (0.02, 1e-4): (36, 40, 47, 59),
    (0.002, 0.1): (17, 22, 26, 36),
    (0.002, 1e-2): (26, 27, 33, 46),
    (0.002, 1e-3): (33, 37, 47, 55),
    (0.002, 1e-4): (37, 42, 51, 68),
}


@pytest.mark.parametrize("T, dynes", [(0.02, 0.1), (0.002, 1e-2)])
def test_bcs_counts(T, dynes):
    """No more poles than 1.2 times those of the other program, every fit below 3 s.

    Mutation: columns of the least squares not scaled.
    """
    for error, count in zip((1e-2, 1e-3, 1e-4), COUNTS[T, dynes]):
        begun = time.process_time()
        fit = lead_fits.bcs_fit(1.0, dynes, T, error=error)
        assert time.process_time() - begun < 3
        assert len(fit) <= 1.2 * count
        assert fit.error <= error and fit.least > 0


@pytest.mark.nightly
@pytest.mark.parametrize("T, dynes", list(COUNTS))
def test_all_bcs_counts(T, dynes):
    """The whole table."""
    for error, count in zip((1e-2, 1e-3, 1e-4, 1e-6), COUNTS[T, dynes]):
        assert len(lead_fits.bcs_fit(1.0, dynes, T, error=error)) <= 1.2 * count


def test_wide_and_chain_counts():
    """Poles of f on a window, and of a semicircle with its filling."""
    for T, counts in ((0.02, (5, 7, 9, 12)), (0.002, (7, 9, 12, 16))):
        for error, count in zip((1e-3, 1e-4, 1e-6, 1e-8), counts):
            assert len(lead_fits.wide_fit(T, window=10.0, error=error)) <= 1.2 * count
    for error, count in ((3e-3, 19), (1e-4, 25), (1e-6, 51)):
        fit = lead_fits.chain_fit(1.0, 0.02, floor=0.0, error=error)
        assert len(fit) <= 1.2 * count and fit.error <= error
    assert len(lead_fits.chain_fit(1.0, 0.02, floor=1e-3, error=1e-4)) <= 1.2 * 48


def test_bcs_self_energy_is_causal():
    """Sigma^R of the fit, by its poles alone, is the analytic one inside and outside the gap.

    An independent route: nothing but Gamma was fitted. Mutation: B_k with the other sign.
    """
    delta, dynes = 1.0, 0.01
    fit = lead_fits.bcs_fit(delta, dynes, 0.02, error=1e-5)
    w = np.linspace(-4, 4, 301)
    z = w + 1j * dynes
    root = np.sqrt(delta - z) * np.sqrt(delta + z)
    exact = np.stack([-(z + delta) / root, -(z - delta) / root], axis=1)
    scale = np.abs(exact).max(axis=1, keepdims=True)
    # Gamma is 1 far from the gap: half width 1/2; delta tau_1 with the channel's sign
    assert np.abs(fit.retarded(w) - 0.5 * exact).max() < 1e-4 * scale.max()
    f = 1 / (np.exp(w / 0.02) + 1)
    filled = fit.fillings(w) / fit.widths(w)
    assert np.abs(filled - f[:, None]).max() < fit.occupation_error


def test_error_holds_between_points():
    """The error on a grid that was never fitted or measured is no larger than 1.5 times the stated.

    Mutation: errors measured on the fitted points.
    """
    fit = lead_fits.bcs_fit(1.0, 1e-3, 0.02, error=1e-4)
    w = graded(np.array([0.0, 1.0, -1.0]), np.array([2e-4, 1e-5, 1e-5]), 30.0, 131)
    z = w + 1e-3j
    root = np.sqrt(1 - z) * np.sqrt(1 + z)
    width = np.stack([((z + 1) / root).imag, ((z - 1) / root).imag], axis=1)
    assert np.abs(fit.widths(w) / width - 1).max() < 1.5e-4


def test_chain_with_floor_fills_levels_outside():
    """With a floor the occupation s/Gamma outside the band is f; without, the fit says nothing.

    Mutation: the floor not filled.
    """
    fit = lead_fits.chain_fit(1.0, 0.02, floor=1e-3, error=1e-4)
    w = np.array([-3.5, 3.5, 0.5])
    occupation = fit.fillings(w)[:, 0] / fit.widths(w)[:, 0]
    assert occupation == pytest.approx([1, 0, 0], abs=3e-4)


def test_tabulated_lead():
    """A smooth band given as a table: the fit is the table's, filled at mu.

    Mutation: mu ignored.
    """
    energies = np.linspace(-3, 3, 121)
    table = np.exp(-(energies**2))
    fit = lead_fits.tabulated_fit(energies, table, T=0.1, mu=0.3, error=2e-3)
    w = np.linspace(-2, 2, 57)
    assert np.abs(fit.widths(w)[:, 0] - np.exp(-(w**2))).max() < 5e-3
    filled = fit.fillings(w)[:, 0] / fit.widths(w)[:, 0]
    assert np.abs(filled - 1 / (np.exp((w - 0.3) / 0.1) + 1)).max() < 6e-3


def test_refusals():
    """Bad leads are one line."""
    with pytest.raises(InputError, match="dynes"):
        lead_fits.bcs_fit(1.0, 0.0, 0.02)
    with pytest.raises(InputError, match="fit_error"):
        lead_fits.tabulated_fit([-1, 0, 0.5, 1], [1, 1, 2, 1], T=0.1, error=1e-9)
    with pytest.raises(InputError, match="ascending"):
        lead_fits.tabulated_fit([0, 1, 1, 2], [1, 1, 1, 1], T=0.1)
