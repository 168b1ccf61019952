"""Steps of a supercell against a fine integration of the same equations.

Every docstring names a change of the code under which the test was seen to fail.
"""

import numpy as np
import pytest

from hpcneq.maths import growing_modes
from hpcneq.maths.plane_wave_box import PlaneWaveBox, transverse_panels, waves_within
from hpcneq.solvers.supercell.drift import Workspace, turn
from hpcneq.solvers.supercell.medium import Medium
from hpcneq.solvers.supercell.stepping import Closure

G, H = 0.7, 2


def medium(even=False):
    """One transverse node, two Bloch points, three modes."""
    box = PlaneWaveBox(G, 7, 2, np.array([0.3]), np.array([1.0]), even)
    w = np.array([0.05, 0.8, 6.0])
    rates = np.stack([-(0.1 + w) + 0.4j, -(0.1 + w) - 0.4j], axis=1)
    sources = np.stack([-0.3j * w, -0.2j * w], axis=1)
    return Medium(box, 0.5, 0.2, np.array([0.1, 0.14]), rates, sources)


def slopes(medium, n, modes, H):
    """d/dt of n and the modes."""
    Q = modes.sum(2)
    N = medium.box.waves
    dn = -1j * (H @ n - n @ H) - medium.damping * n + medium.sum_of_sources(Q)
    dm = np.einsum("bij,bjpk->bipk", -1j * H, modes)
    dm = dm + modes * np.repeat(medium.rates, N, axis=-1)
    i = np.arange(2 * N)
    dm[:, i, :, i] += np.repeat(medium.sources, N, axis=-1).T[:, None]
    return dn, dm


def fine(medium, n, modes, begin, end, dt, count=200):
    """The same step by Runge-Kutta in ``count`` steps."""
    blocks, h = range(medium.box.blocks), dt / count

    def at(s):
        return medium.hamiltonians(blocks, medium.pairing(begin + (end - begin) * s / dt))

    for k in range(count):
        s = k * h
        a, b, c = at(s), at(s + 0.5 * h), at(s + h)
        k1 = slopes(medium, n, modes, a)
        k2 = slopes(medium, n + 0.5 * h * k1[0], modes + 0.5 * h * k1[1], b)
        k3 = slopes(medium, n + 0.5 * h * k2[0], modes + 0.5 * h * k2[1], b)
        k4 = slopes(medium, n + h * k3[0], modes + h * k3[1], c)
        n = n + h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
        modes = modes + h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
    return n, modes


def stepped(change, dt=0.5):
    """(errors of n and of the modes, the change of both) over a step in which Delta moves."""
    m = medium()
    c = np.array([0.02, 0.1, 0.4, 0.1 + 0.05j, -0.03j])
    blocks = range(m.box.blocks)
    E, V, n, Q = m.stationary(blocks, m.pairing(c))
    modes = m.stationary_modes(blocks, E, V)
    assert np.abs(modes.sum(2) - Q).max() < 1e-12
    end = c + change * np.array([1j, 0.5, 1.0, -0.3, 0.2])
    turned = turn(m, blocks, dt, c, end)
    new = np.empty_like(modes)
    ahead = turned.step(modes, n, new, Workspace(m, len(blocks), complex))
    exact = fine(m, n, modes, c, end, dt)
    errors = np.abs(ahead - exact[0]).max(), np.abs(new - exact[1]).max()
    return errors, (np.abs(exact[0] - n).max(), np.abs(exact[1] - modes).max())


def test_a_step_keeps_the_drift_to_first_order_for_any_energy():
    """2 xi dt is 6 here: modes are right to second order in the drift, n to the change of X.

    Fails with psi for phi in K_ij, with the sign of A changed, or without its second term.
    """
    rest, _ = stepped(0.0)
    assert max(rest) < 1e-7  # of the fine integration
    (n1, m1), (moved, turned) = stepped(1e-3)
    (_, m2), _ = stepped(2e-3)
    assert m1 < 3e-3 * turned and m2 / m1 == pytest.approx(4, rel=0.1)
    assert n1 < 0.04 * moved


def test_the_box_counts_pairs_as_an_endless_one_does():
    """dU_m of a larger box is smaller, and both bring the sum of pairs to its closed form.

    Fails with the ring's neighbours shifted by one, or without the term in kappa.
    """
    slips = []
    for P, Y in ((4.0, 16.0), (8.0, 64.0)):
        y, w = transverse_panels(1.0, 8, Y)
        box = PlaneWaveBox(G, waves_within(G, P), 16, y, w)
        eps, kappa2 = box.energies, 0.8
        pairs = [
            box.weights @ (1 / (eps + np.roll(eps, -k, 1) + 2 * kappa2)).sum(1) for k in (0, 2)
        ]
        exact = -(np.sqrt(kappa2 + G**2) - np.sqrt(kappa2)) / (8 * np.pi)
        dU = box.finite_size(5)
        assert dU[2] == 0 and dU[4] == pytest.approx(dU[0], rel=1e-12)
        slips.append(abs(pairs[1] - pairs[0] - dU[4] - exact))
    assert slips[1] < 0.4 * slips[0] < 0.02 * abs(exact)


def test_the_gap_equation_of_a_step_is_solved_by_newton():
    """With a linear response Newton's step ends on the solution at once, both parts of it.

    Fails with the imaginary part of the coupling left out of its matrix.
    """

    class System:
        coupling, lag = np.array([0.3 - 0.01j, 0.2, 0.3 - 0.01j]), 0.02

    stream = np.random.default_rng(1)
    old, c, end = (stream.normal(size=(3, 2)) @ [1, 1j] for _ in range(3))
    closure = Closure(System, 0.3, 0.2, c, old)
    response = 0.05 * stream.normal(size=(6, 6))

    def sums(x):
        y = response @ np.concatenate([x.real, x.imag])
        return y[:3] + 1j * y[3:] + 0.7

    end = end + closure.newton(end, sums(end), response)
    assert np.abs(closure.solve(sums(end)) - end).max() < 1e-12
    t = np.array([-0.2, 0.0, 0.3])
    parabola = np.polyfit(t, np.array([old[0], c[0], end[0]]), 2)
    assert closure.slope(end)[0] == pytest.approx(2 * parabola[0] * 0.3 + parabola[1])


def test_two_growing_modes_are_told_apart():
    """A slope of ln|y| would be off by 10%; fails with the imaginary part left out."""
    t = np.linspace(0, 30, 121)
    y = 1j * np.exp(0.09 * t) + (0.8 + 0.3j) * np.exp(0.03 * t) + 0.2 * np.exp(-0.5 * t)
    assert growing_modes.exponents(t, y)[:2] == pytest.approx([0.09, 0.03], abs=1e-5)
    z = np.exp(0.05 * t) * (np.cos(0.3 * t) + 0.4j * np.sin(0.3 * t + 1))
    assert growing_modes.exponents(t, z, 2)[0] == pytest.approx(0.05 + 0.3j, abs=1e-9)


def test_growing_modes_beside_what_rings_and_what_is_noise():
    """Of the fastest mode to a few parts in 1000, and the second within its error; noise is none.

    Fails with a recurrence of four samples (.0909, .0419), or without asking for a mode's share.
    """
    t = np.arange(0, 48, 0.5)
    ringing = sum(0.4 / np.sqrt(4 + t) * np.exp(-0.05 * t + 1j * w * t) for w in (0.6, 0.85, -0.9))
    y = np.exp(0.097 * t) - (0.8 + 0.3j) * np.exp(0.03 * t) + 0.1 * ringing
    modes = growing_modes.fastest(t, y, 2)
    assert modes.exponents[0] == pytest.approx(0.097, rel=5e-3)
    assert np.all(np.abs(modes.exponents - [0.097, 0.03]) < modes.errors + 1e-3)
    noise = 1e-5 * np.random.default_rng(3).normal(size=(len(t), 2)) @ [1, 1j]
    falling = (1 + 0.5j) * np.exp((-0.03 + 0.07j) * t) + np.exp((-0.03 - 0.07j) * t)
    modes = growing_modes.fastest(t, falling + noise, 2)
    assert modes.exponents == pytest.approx([-0.03 + 0.07j, -0.03 - 0.07j], abs=1e-4)
    kept = growing_modes.shares(t, y, np.array([0.097, -100.0]))
    assert kept[0] > 0.5 and np.isfinite(kept).all()
    one = growing_modes.fastest(t, np.exp(0.05 * t) + noise, 2)
    assert one.exponents == pytest.approx([0.05], abs=1e-4)
