"""Closed quenches of a constant density of states, against spins of their own and exact limits.

Every pair of levels is a spin 1/2 in the field of all others, an integrable system: what remains of
the pairing follows from roots of its conserved Lax norm (R. A. Barankov and L. S. Levitov, Phys.
Rev. Lett. 96, 230403 (2006); E. A. Yuzbashyan and M. Dzero, ibid. 230404). The pairing vanishes for
quenches D_f/D_i < exp(-pi/2), and swings without an end for > exp(pi/2).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import hpcneq

T = 1e-3  # pairing before the quench is at least a hundred times as large


def levels(N, width):
    """Equally spaced energies (N,)."""
    return width * ((np.arange(N) + 0.5) / N - 0.5)


def attraction(e, gap):
    """U at which the pairing is ``gap`` at T = 0: 1/U = mean of 1/2E."""
    return 1 / np.mean(0.5 / np.hypot(e, gap))


def quench(ratio, N, width, t_max, monkeypatch, dt=0.1):
    """(t, |D|) after the equilibrium pairing becomes 1 instead of 1/ratio, by the task."""
    monkeypatch.chdir(f"{hpcneq.__path__[0]}/../inputs/lattice")
    e = levels(N, width)
    before, after = attraction(e, 1 / ratio), attraction(e, 1.0)
    result = hpcneq.run(
        {
            "system": "lattice",
            "task": "evolve",
            "model": {"python": "flat_band.py:build", "arguments": {"N": N, "width": width}},
            "interaction": {"U": {"from": before, "to": after}},
            "initial": {"T": T},
            "numerics": {"dt": dt, "error_estimate": False},
            "run": {"t_max": t_max, "output_every": 0.2},
        }
    )
    assert result.summary["start"]["delta_max"] == pytest.approx(1 / ratio, rel=1e-6)
    delta = np.abs(np.asarray(result.delta))
    assert np.ptp(delta, axis=1).max() < 1e-7  # uniform
    return np.asarray(result.t), delta[:, 0]


def spins(ratio, N, width, times, step=0.01):
    """|D| at these times by fourth-order Runge-Kutta steps of the pairs <c c> and occupations."""
    e = levels(N, width)
    U, gap = attraction(e, 1.0), 1 / ratio
    E = np.hypot(e, gap)
    y = np.array([0.5 * gap / E, e / E], complex)

    def rate(y):
        D = U * y[0].mean()
        return np.array([-2j * e * y[0] + 1j * D * y[1], -4 * (np.conj(D) * y[0]).imag])

    values = []
    for _ in range(round(times[-1] / step) + 1):
        values.append(abs(U * y[0].mean()))
        a = rate(y)
        b = rate(y + 0.5 * step * a)
        c = rate(y + 0.5 * step * b)
        y = y + step / 6 * (a + 2 * b + 2 * c + rate(y + step * c))
    return np.array(values)[np.rint(np.array(times) / step).astype(int)]


def limits(ratio, width):
    """Roots w of w (w -+ D_i) <1/2E(e^2 + w^2)> = 1/U_i - 1/U_f, the larger first; 0: none."""
    gap = 1 / ratio
    change = (np.arcsinh(width / 2 / gap) - np.arcsinh(width / 2)) / width

    def miss(w, sign):
        def integrand(e):
            return 0.5 / np.hypot(e, gap) / (w * w + e * e)

        places = [min(w, 0.4 * width), min(gap, 0.3 * width)]
        area = quad(integrand, 0, width / 2, points=places, limit=300)[0]
        return w * (w - sign * gap) * 2 / width * area - change

    return [brentq(miss, 1e-3, 9.0, (s,)) if miss(1e-3, s) < 0 else 0.0 for s in (1, -1)]


def test_a_quench_is_that_of_independent_spins(monkeypatch):
    """The task's |D(t)| and that of N spins, which share no code: to the error of the steps."""
    t, delta = quench(4.0, 16, 6.0, 3.0, monkeypatch, dt=0.05)
    np.testing.assert_allclose(delta, spins(4.0, 16, 6.0, t), atol=2e-5)
    assert delta.max() > 0.9  # from 1/4


def test_limits_of_a_wide_band_are_the_known_ones():
    """D_inf/D_f = .882958, .944129, .885276 for ratios .5, 2, 3; 10: between .503504 and .921711;
    another root only beyond exp(pi/2), none below exp(-pi/2)."""
    for ratio, expected in ((0.5, 0.882958), (2.0, 0.944129), (3.0, 0.885276)):
        larger, smaller = limits(ratio, 1e4)
        assert larger == pytest.approx(expected, abs=2e-6)
        assert smaller == 0.0
    larger, smaller = limits(10.0, 1e4)
    assert larger + smaller == pytest.approx(0.921711, abs=2e-6)
    assert larger - smaller == pytest.approx(0.503504, abs=2e-6)
    threshold = np.exp(np.pi / 2)
    assert limits(0.97 * threshold, 1e4)[1] == 0.0 < limits(1.03 * threshold, 1e4)[1]
    assert limits(0.97 / threshold, 1e4)[0] == 0.0 < limits(1.03 / threshold, 1e4)[0]


@pytest.mark.nightly
@pytest.mark.parametrize("ratio", [0.5, 2.0, 3.0])
def test_a_quench_ends_in_a_smaller_pairing(ratio, monkeypatch):
    """Between the thresholds the swing dies out, and its mean is the root; 1e-2 is the beat of the
    last periods."""
    t, delta = quench(ratio, 80, 8.0, 24.0, monkeypatch)
    late, middle = delta[t > 14], delta[(t > 5) & (t < 12)]
    assert late.mean() == pytest.approx(limits(ratio, 8.0)[0], abs=1e-2)
    assert np.ptp(late) < 0.85 * np.ptp(middle)


@pytest.mark.nightly
def test_a_large_quench_swings_without_an_end(monkeypatch):
    """Ratio 10 > exp(pi/2): between the sum and the difference of both roots; 3e-2 at t = 40, as
    the swing comes to it slowly from larger ones."""
    t, delta = quench(10.0, 128, 8.0, 40.0, monkeypatch)
    larger, smaller = limits(10.0, 8.0)
    late = delta[t > 30]
    assert late.max() == pytest.approx(larger + smaller, abs=3e-2)
    assert late.min() == pytest.approx(larger - smaller, abs=3e-2)
    early = delta[(t > 20) & (t < 30)]
    assert np.ptp(late) > 0.93 * np.ptp(early)


@pytest.mark.nightly
def test_pairing_vanishes_after_a_large_quench_downwards(monkeypatch):
    """Ratio .15 < exp(-pi/2): nothing is left, until the 96 levels are felt; of .5 most is."""
    t, delta = quench(0.15, 96, 16.0, 14.0, monkeypatch)
    assert delta[0] > 1 and delta[t > 8].max() < 1e-2
