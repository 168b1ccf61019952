"""Linear stability of the steady states: against the equations of motion, and the limit cycles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import eig

import hpcneq
from hpcneq.systems.laser_semiconductor.physics import dynamics, material, stability
from hpcneq.systems.laser_semiconductor.physics.material import Material
from hpcneq.systems.laser_semiconductor.shared.linear_stability import fastest_eigenvalue
from hpcneq.systems.laser_semiconductor.shared.steady_state import order_parameter

NAMES = ("n11", "n22", "n21", "s")
FIG4 = {"Omega": 0.5, "Gamma1": 0.00999, "Gamma2": 1e-5, "Gamma12": 0.01, "v_minus": 10.0}
# both bands move: the normal state pairs from V = 11.88 on, and no longer at 15
MOVING = {
    "Omega": 0.1579,
    "Gamma": 0.0031,
    "gamma1": 0.6985,
    "kappa_plus": 5.3936,
    "v_minus": 2.5393,
    "v_plus": 0.8086,
    "k_max": 0.1917,
    "E_g": 20.0,
}


def fig4(V, **more):
    """The point of Fig. 4."""
    return Material(**{"V": V, "kappa_plus": -50.0, **FIG4, **more})


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "laser-semiconductor", "task": task, **tables})


def right_hand_side(m, grid):
    """f(x) of the real vector x of all momenta, six each, by the equations of the evolution."""
    n = len(grid[0])
    system = dynamics.Pairing(m, grid, [m.V], {name: np.zeros((n, 1)) for name in NAMES})

    def rates(x):
        x = x.reshape(n, 6).T
        values = x[0], x[1], x[2] + 1j * x[3], x[4] + 1j * x[5]
        local = {name: np.asarray(v, complex)[:, None] for name, v in zip(NAMES, values)}
        out = {name: np.zeros((n, 1), complex) for name in NAMES}
        part = range(n)
        c = system.close(system.partials(0.0, local, part).sum(axis=0))
        system.rhs(0.0, 1, local, c, out, part)
        d11, d22, d21, ds = (out[name][:, 0] for name in NAMES)
        return np.stack([d11.real, d22.real, d21.real, d21.imag, ds.real, ds.imag], axis=1).ravel()

    return rates


def steady_vector(m, band, delta):
    """The steady state as that vector."""
    n11, n22 = material.populations(m, band, delta**2)
    n21, s = material.coherence(m, band, n11, n22), material.pair_amplitude(m, band, delta)
    return np.stack([n11, n22, n21.real, n21.imag, s.real, s.imag], axis=1).ravel()


@pytest.mark.parametrize("projected, V", [(True, 10.0), (False, 3.0)])
@pytest.mark.parametrize("model", ["two-band", "optical-pumping"])
def test_the_jacobian_is_that_of_the_equations_of_motion(model, projected, V):
    """Central differences of the evolution's right-hand side, which is of second degree.

    Fails with the sign of Im Delta in B or C, and without the projection's imaginary part.
    """
    m = fig4(V, projected=projected, model=model, v_plus=0.7, T=0.5, mu1=1.0, mu2=9.0)
    grid = m.graded(3)
    band, delta = m.on(grid), 0.03
    x, f = steady_vector(m, band, delta), right_hand_side(m, grid)
    steps = 1e-3 * np.eye(len(x))
    by_differences = np.array([f(x + e) - f(x - e) for e in steps]).T / 2e-3
    total = (band.weight * material.projection(m, band) * (x[4::6] + 1j * x[5::6])).sum()
    shift = np.conj(m.V * total) - delta  # Delta of these s, where the Jacobian has delta
    A = stability.at_fixed_order(m, band, delta)
    J = stability.jacobian(m, band, delta)
    for k in range(len(band.k)):  # linear in Delta: move it to where the differences are
        rows = slice(6 * k, 6 * k + 6)
        moved = stability.at_fixed_order(m, band, delta + shift.real)[k] - A[k]
        moved[[0, 1], 4] -= 2 * shift.imag
        moved[4, [0, 1]] += shift.imag
        J[rows, rows] += moved
    assert np.abs(J - by_differences).max() < 1e-9


def test_a_deviation_grows_as_the_eigenvalue_says():
    """V = 10 of Fig. 4: the steady state plus 1e-6 of the mode, by scipy's integrator to t = 150.

    The deviation is Re v exp(zt), to 1e-3 of its size. Fails with any entry of the Jacobian.
    """
    m = fig4(10.0)
    grid = m.graded(16)
    band, delta = m.on(grid), order_parameter(m, 16)
    z, modes = eig(stability.jacobian(m, band, delta))
    best = int(np.argmax(z.real))
    assert z[best].real == pytest.approx(fastest_eigenvalue(m, delta, 16).real, abs=1e-9)
    mode = modes[:, best] / np.abs(modes[:, best]).max()
    x, f = steady_vector(m, band, delta), right_hand_side(m, grid)
    options = {"rtol": 1e-10, "atol": 1e-13, "method": "DOP853"}
    end = solve_ivp(lambda t, y: f(y), (0, 150.0), x + 1e-6 * mode.real, **options).y[:, -1]
    wanted = (mode * np.exp(150.0 * z[best])).real
    assert (end - x) / 1e-6 == pytest.approx(wanted, abs=1e-3)


def test_figure_4_has_a_hopf_bifurcation():
    """Stable at V = 7.09, unstable at 7.10, a pair of complex eigenvalues: V = 7.096.

    The frequency is that of the cycle there. Fails if the phase's own zero counts.
    """
    for V, stable in ((5.0, True), (7.09, True), (7.1, False), (10.0, False)):
        found = run("steady", parameters={"V": V}, numerics={"points": 32})
        assert found.summary["stable"] is stable and found.summary["normal_stable"] is False
        unstable = any("unstable" in words for words in found.warnings)
        assert unstable is not stable
    assert found.summary["delta"] == pytest.approx(0.0504158, abs=1e-7)
    rate, frequency = found.summary["eigenvalue"]
    assert rate == pytest.approx(0.0014653, abs=1e-6)
    assert frequency == pytest.approx(0.0274935, abs=1e-6)


def test_an_infinite_range_is_stable_at_5_and_not_at_6():
    """gamma2 = 1e-4, Omega = 5, k_max = inf: a curve marks which of its points are stable."""
    given = {"k_max": np.inf, "gamma2": 1e-4, "Omega": 5.0}
    found = run("steady", parameters=given, sweep={"V": [5.0, 6.0]})
    assert list(found.stable) == [1, 0]
    assert any("at 1 of 2 points" in words for words in found.warnings)
    assert np.asarray(found.eigenvalue)[1].real == pytest.approx(3.68e-4, abs=2e-6)
    assert np.asarray(found.eigenvalue_error).max() < 2e-6


def test_a_normal_state_beyond_its_threshold_may_be_stable(tmp_path):
    """V_c = 11.88 with v_plus, yet the normal state is stable at V = 18 to 30; so says `growth`.

    At 18 both states are stable. Fails if the order of the threshold is taken for all V above.
    """
    tables = {"sweep": {"V": [10.0, 12.0, 18.0, 30.0]}, "numerics": {"points": 20}}
    found = run("steady", parameters=MOVING, **tables)
    assert np.asarray(found.V_c) == pytest.approx(np.full(4, 11.8807), abs=1e-3)
    assert list(found.normal_stable) == [1, 0, 1, 1] and list(found.stable) == [1, 1, 1, 0]
    growth = run("growth", parameters=MOVING, **tables)
    assert np.asarray(found.normal_eigenvalue).real == pytest.approx(
        np.asarray(growth.growth_rate), abs=1e-10
    )
    found.plot(tmp_path / "figure.png")


def unstable_modes(m, band, delta, floor):
    """Zeros of the determinant with Re z > floor: its turns on a path along that line."""
    y = np.sinh(np.linspace(-14, 14, 4001)) * 1e-5
    values = np.array([stability.condition(m, band, delta, floor + 1j * s) for s in y])
    z = floor + 1j * y
    phase = np.unwrap(np.angle(values * z))  # det itself: 1 far away
    return round(-(phase[-1] - phase[0]) / (2 * np.pi))


@pytest.mark.parametrize("V, more, count", [(5.0, {}, 0), (10.0, {}, 2), (30.0, {}, 2)])
def test_no_growing_mode_is_missed(V, more, count):
    """Turns of det(1 - C (z - A)^-1 B) along Re z = 1e-5: how many modes grow faster.

    As many as the sign of the eigenvalue says. Fails if a root of its own is left out.
    """
    m = fig4(V, **more)
    delta, band = order_parameter(m, 24), m.on(m.graded(24))
    assert unstable_modes(m, band, delta, 1e-5) == count
    assert (fastest_eigenvalue(m, delta, 24).real > 1e-5) == (count > 0)


def test_a_map_marks_unstable_states(tmp_path):
    """V = 5 stable, 10 not, at Omega = .5; the figure is drawn."""
    sweep = {"Omega": [0.1, 0.5], "V": [5.0, 10.0]}
    found = run("map", sweep=sweep, numerics={"points": 16})
    assert list(np.asarray(found.stable)[1]) == [1, 0]
    assert any("unstable" in words for words in found.warnings)
    found.plot(tmp_path / "map.png")


@pytest.mark.nightly
def test_the_evolution_ends_in_a_cycle_or_in_the_fixed_point(tmp_path):
    """V = 10 a limit cycle, |Delta| from 8e-4 to .0893, period 302.5; V = 5 the fixed point.

    gamma1 = .999. Fails if the steady state is taken for where it goes.
    """
    found = run(
        "evolve",
        sweep={"V": [10.0, 5.0]},
        numerics={"grid": "graded", "points": 32, "dt": 0.5, "error_estimate": False},
        initial={"state": "driven", "delta": 0.03},
        run={"t_max": 10000.0, "output_every": 2.0},
    )
    summary = found.summary
    assert summary["attractor"] == ["limit cycle", "fixed point"]
    assert summary["delta_steady_stable"] == [False, True]
    assert summary["period"][0] == pytest.approx(302.5, abs=0.5) and summary["period"][1] is None
    assert summary["delta_max"][0] == pytest.approx(0.0893, abs=1e-4)
    assert summary["delta_min"][0] == pytest.approx(8.1e-4, abs=1e-4)
    found.plot(tmp_path / "figure.png")
