"""Stability and positivity of published states, recombination at k = 0, a laser too weak."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import hpcneq
from hpcneq.errors import NotConverged
from hpcneq.systems.phonon_semiconductor.inputs import Parameters, SteadyNumerics
from hpcneq.systems.phonon_semiconductor.physics import pairing, stability
from hpcneq.systems.phonon_semiconductor.physics.stationary import Stationary
from hpcneq.systems.phonon_semiconductor.shared.driven_state import driven_state
from hpcneq.systems.phonon_semiconductor.shared.model import semiconductor
from hpcneq.systems.phonon_semiconductor.tasks.steady import stationary_state

SMALL = {
    "V": 4.0,
    "Omega": 0.25,
    "Gamma_ph": 0.05,
    "Gamma_rr": 0.05,
    "A1": 7.0,
    "A2": 24.0,
    "m": [3, 1],
}
COARSE = SteadyNumerics(points=31)


def run(task, parameters, points=31, **tables):
    """The Result of a task without error estimates."""
    return hpcneq.run(
        {
            "system": "phonon-semiconductor",
            "task": task,
            "parameters": SMALL | parameters,
            "numerics": {"points": points, "error_estimate": False},
            **tables,
        }
    )


def real(fields):
    """(n11, n22, n21, s) as one real vector."""
    n11, n22, n21, s = fields
    return np.concatenate([n11, n22, n21.real, n21.imag, s.real, s.imag])


@pytest.mark.parametrize("collision", ["secular", "redfield"])
def test_a_deviation_decays_as_the_eigenvalue_says(collision):
    """The state with pairs plus 1e-5 of something even, by scipy's integrator in its frame.

    Late, |Delta| comes back with the growth rate and frequency of the slowest mode: a fit of
    Re c exp(zt) to what is left. Fails if the number of electrons or the phase counts.
    """
    p = Parameters(**SMALL | {"collision": collision, "V": 5.0})
    model = semiconductor(p, COARSE)
    state = stationary_state(model, p, COARSE)
    n = len(model.bands.k)
    w, z = -state["frequency"], state["eigenvalue"]

    def rates(t, x):
        a, b, u, v, q, r = x.reshape(6, n)
        d11, d22, d21, ds = model.rhs(t, a, b, u + 1j * v, q + 1j * r)
        return real((d11, d22, d21, ds - 1j * w * (q + 1j * r)))

    start = real([np.asarray(state[name]) for name in ("n11", "n22", "n21", "s")])
    assert np.abs(rates(0.0, start)).max() < 1e-10
    kick = np.zeros((6, n))
    kick[4] = 1e-5
    t = np.linspace(550.0, 850.0, 61)
    options = {"rtol": 1e-9, "atol": 1e-13, "t_eval": t, "max_step": 1.0}
    y = solve_ivp(rates, (0, 850.0), start + kick.ravel(), **options).y.reshape(6, n, -1)
    size = np.abs(np.einsum("k,kt->t", model.bands.weight, y[4] + 1j * y[5])) * p.V
    left = size - state["delta"]
    mode = np.exp(z * t)
    basis = np.stack([mode.real, mode.imag, np.ones_like(t)], axis=1)
    scale = np.abs(mode)[:, None]
    misfit = np.linalg.lstsq(basis / scale, left / scale[:, 0], rcond=None)
    fit = basis @ misfit[0]
    assert np.abs((fit - left) / np.abs(mode)).max() < 0.03 * np.abs(left / np.abs(mode)).max()


def test_the_jacobian_is_that_of_the_equations():
    """Both parities against small differences; even and odd deviations do not mix.

    Fails if pairs of odd deviations have the sign of even ones.
    """
    p = Parameters(**SMALL | {"collision": "redfield", "radiative": "lindblad"})
    model = semiconductor(p, SteadyNumerics(points=11))
    problem, rng = Stationary(model, True), np.random.default_rng(5)
    half = rng.uniform(0, 1, (6, 6))
    whole = np.concatenate([half[:, :0:-1], half], axis=1)
    fields = (whole[0], whole[1], whole[2] + 1j * whole[3], whole[4] + 1j * whole[5])
    for odd in (False, True):
        first = int(odd)
        J = stability.jacobian(problem, fields, 0.3, odd)
        v = rng.normal(size=(6, 6))
        v[:, 0] *= not odd
        sign = 1 - 2 * first
        u = 1e-5 * np.concatenate([sign * v[:, :0:-1], v], axis=1)
        moved = []
        for shift in (1, -1):
            a, b, c, d, e, f = whole + shift * u
            d11, d22, d21, ds = model.rhs(0.0, a, b, c + 1j * d, e + 1j * f)
            moved.append(real((d11, d22, d21, ds - 0.3j * (e + 1j * f))).reshape(6, 11))
        slope = (moved[0] - moved[1]) / 2e-5
        wanted = slope[:, 5 + first :].ravel()
        assert J @ v[:, first:].ravel() == pytest.approx(wanted, abs=1e-7)


@pytest.mark.nightly
def test_redfield_collisions_ring_because_their_state_is_unstable():
    """Default parameters: secular stable, redfield unstable with +.00178 +- .0261 i.

    Fails if a stationary state is taken for where the evolution goes.
    """
    found = {}
    for collision in ("secular", "redfield"):
        found[collision] = hpcneq.run(
            {
                "system": "phonon-semiconductor",
                "task": "steady",
                "parameters": {"m": [6, 2], "collision": collision},
                "numerics": {"error_estimate": False},
            }
        )
    assert found["secular"].summary["stable"] is True
    assert found["redfield"].summary["stable"] is False
    assert found["redfield"].summary["eigenvalue"] == pytest.approx([0.0017838, 0.026121], abs=2e-6)
    assert any("unstable" in words for words in found["redfield"].warnings)


def test_a_curve_says_which_states_are_stable_and_positive(tmp_path):
    """Data sets and warnings of a curve; V = -5 has no pairs and is stable."""
    found = run("steady", {}, points=21, sweep={"V": [5.0, 4.0, -5.0]})
    assert list(found.stable) == [1, 1, 1]
    assert np.asarray(found.eigenvalue)[:2].real.max() < 0
    assert np.asarray(found.min_eigenvalue).min() > -1e-9
    found.plot(tmp_path / "figure.png")


@pytest.mark.nightly
def test_the_evolution_with_redfield_collisions_ends_in_a_cycle():
    """Where the stationary state is unstable; secular ends in the fixed point.

    The cycle has four bursts and begins with a transient of some thousand; fails if one end below
    the seed is taken for a decay.
    """
    words = {}
    for collision in ("secular", "redfield"):
        found = run(
            "evolve",
            {"m": [6, 2], "collision": collision, "Gamma_ph": 0.01, "Gamma_rr": 0.01, "V": 5.0}
            | {"A1": 8.0, "A2": 23.0},
            points=201,
            initial={"seed": 1e-2},
            run={"t_max": 20000.0, "output_every": 5.0},
        )
        words[collision] = found.summary["attractor"]
    assert words == {"secular": "fixed point", "redfield": "limit cycle"}


def test_recombination_at_k_0_is_that_of_two_modes():
    """d/dt of n11, n22, n21, s of one momentum k = 0 by the jump c1+ c2 on its four states.

    The density matrix is a random Gaussian one. Fails without -Gamma_rr |s_0|^2.
    """
    down, sign, one = np.array([[0, 1], [0, 0]]), np.diag([1, -1]), np.eye(2)
    c1, c2 = np.kron(down, one), np.kron(sign, down)
    h = 0.4 * c1.T @ c1 - 0.7 * c2.T @ c2
    mixed = (0.3 + 0.5j) * c1.T @ c2 + (0.6 - 0.2j) * c2.T @ c1.T
    values, U = np.linalg.eigh(h + mixed + mixed.conj().T)
    rho = (U * np.exp(-values)) @ U.conj().T
    rho /= np.trace(rho)
    jump = c1.T @ c2
    loss = jump.conj().T @ jump
    change = 0.3 * (jump @ rho @ jump.conj().T - 0.5 * (loss @ rho + rho @ loss))
    operators = (c1.T @ c1, c2.T @ c2, c2.T @ c1, c2.T @ c1.T)
    fields = [np.full(3, np.trace(operator @ rho)) for operator in operators]
    p = Parameters(
        **SMALL
        | {"V": 0.0, "Omega": 0.0, "Gamma_ph": 0.0, "Gamma_rr": 0.3, "radiative": "lindblad"}
    )
    model = replace(semiconductor(p, SteadyNumerics(points=3)), V=0.0)
    rates = model.rhs(0.0, fields[0].real, fields[1].real, fields[2], fields[3])
    wanted = [np.trace(operator @ change) for operator in operators]
    assert abs(fields[3][0]) > 0.05
    for rate, exact in zip(rates, wanted):
        assert rate[1] == pytest.approx(exact, abs=1e-14)


@pytest.mark.nightly
def test_errors_in_dk_bound_the_change_to_a_finer_grid():
    """81 points against 401 with the same speed of sound: 5.2e-5; fails with a factor of 1.5."""
    parameters = {"A1": 9.0, "A2": 21.0, "V": 4.2, "Omega": 0.4, "Gamma_ph": 0.015}
    parameters |= {"Gamma_rr": 0.006, "radiative": "lindblad", "m": [4, 2]}
    found = hpcneq.run(
        {
            "system": "phonon-semiconductor",
            "task": "steady",
            "parameters": parameters,
            "numerics": {"points": 81},
        }
    )
    assert 5.21e-5 < found.errors["delta"] < 5e-4


def test_a_laser_too_weak_is_recognised_in_seconds():
    """Omega = 1e-4 at slow recombination: it would take t = 7e4 to see it by waiting."""
    begun = time.monotonic()
    with pytest.raises(NotConverged, match="the laser is too weak"):
        run("steady", {"Omega": 1e-5, "Gamma_rr": 1e-3}, points=101)
    assert time.monotonic() - begun < 20


def test_every_published_state_says_whether_it_is_positive():
    """redfield on a coarse grid leaves [0, 1], and steady says so; lindblad, secular does not."""
    found = run("steady", {"radiative": "lindblad", "V": 7.0})
    assert found.summary["min_eigenvalue"] > -1e-9
    assert not any("one-body matrix" in words for words in found.warnings)
    for collision in ("secular", "redfield"):
        found = run("steady", {"collision": collision, "V": 8.0, "Gamma_rr": 0.4})
        low, high = found.summary["min_eigenvalue"], found.summary["max_eigenvalue"]
        outside = low < -1e-9 or high > 1 + 1e-9
        assert any("one-body matrix" in words for words in found.warnings) is outside


@pytest.mark.parametrize(
    "radiative, points",
    [("lindblad", 31), pytest.param("printed", 201, marks=pytest.mark.nightly)],
)
def test_repulsion_does_not_pair(radiative, points):
    """No growth above the floor of 1e-5 from V = -5 to -200; V = 5 grows: V > 0 attracts."""
    p = Parameters(m=[6, 2] if points == 201 else [3, 1], radiative=radiative)
    model = semiconductor(p, SteadyNumerics(points=points))
    n11, n22, n21, _ = driven_state(model, 0.01)
    M0, M1 = pairing.matrices(model, n11, n22, n21)
    for V in (-5.0, -20.0, -60.0, -200.0):
        assert pairing.growth(M0, M1, V)[0] < 1e-5
    assert pairing.growth(M0, M1, 5.0)[0] > 1e-3


@pytest.mark.parametrize(
    "collision", ["redfield", pytest.param("secular", marks=pytest.mark.nightly)]
)
def test_maps_thresholds_and_fits_say_whether_their_states_are_positive(collision):
    """Each point's extreme eigenvalues, their range, a warning where one is outside [0, 1].

    A seed of pairs on filled and empty bands is not positive, and is not yet at t = 2. The map's
    are those of evolutions to the same time. Fails if a task says nothing.
    """
    strong = {"collision": collision, "V": 8.0, "Gamma_rr": 0.4, "Omega": 0.5}
    sweep, run_to = {"V": [2.0, 8.0]}, {"t_max": 2.0}
    seed = {"initial": {"seed": 0.05}}
    found = [
        run("map", strong, points=21, sweep=sweep, run=run_to, **seed),
        run("effective", strong, points=21, run=run_to, **seed),
        run("threshold", strong, points=21, sweep={"Gamma_rr": [0.02, 0.4]}),
    ]
    for result in found:
        low, high = result.summary["min_eigenvalue"], result.summary["max_eigenvalue"]
        outside = low < -1e-9 or high > 1 + 1e-9
        assert any("one-body matrix" in words for words in result.warnings) is outside
    map_low = np.asarray(found[0].min_eigenvalue)
    effective_low = found[1].summary["min_eigenvalue"]
    assert map_low.shape == (2,) and map_low[1] == pytest.approx(effective_low, abs=5e-4)
    assert np.asarray(found[2].max_eigenvalue).shape == (2,)
    assert all(r.summary["min_eigenvalue"] < -1e-3 for r in found[:2])
