"""The junction's integrator: stationarity, order, conservation laws, exactly solvable limits, and
how a step behaves.

Units: hopping = 1. Unless said otherwise two leads of coupling .05 each; "exact" refers to the
same bath poles, whose own error is the business of test_nsn_truth.py.
"""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq
from support import independent

import hpcneq
from hpcneq import parallel
from hpcneq.maths import drives, poles
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.solvers.output_times import Row
from hpcneq.systems.nsn_junction.physics import junction as model
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench


def junction(
    Lx,
    Ly,
    bias=0.0,
    *,
    U=3.0,
    mu=0.0,
    h=0.0,
    T=0.05,
    gamma=0.05,
    left=None,
    right=None,
    parity=False,
    error=1e-8,
    stretch=1.0,
    t_max=100.0,
):
    """A Junction; ``left`` and ``right`` replace a lead's own (gamma, T, mu); ``stretch`` widens
    the poles' window.
    """
    own = {"gamma": gamma, "T": T, "mu": mu}
    leads = (
        model.Lead("left", sign=+1, **{**own, **(left or {})}),
        model.Lead("right", sign=-1, **{**own, **(right or {})}),
    )
    eV = drives.read(bias)
    window = stretch * model.window(leads, mu, h, eV, t_max)
    fits = model.fit_poles(leads, sum(lead.gamma for lead in leads), window, error)
    return model.Junction(U, mu, h, leads, model.stripe(Lx, Ly, mu, parity=parity), eV, fits)


def twins(system, eV):
    """The junction's leads for the independent routes; ``eV(t)`` is the test's own form of the
    bias.
    """
    return [
        independent.Lead(
            lead.gamma,
            lead.T,
            lead.mu - system.mu + 0.5 * lead.sign * eV(-1.0),
            lambda t, lead=lead: lead.mu - system.mu + 0.5 * lead.sign * eV(t),
        )
        for lead in system.leads
    ]


class March:
    """The package's integrator, stepped by hand from the stationary state of ``delta``."""

    def __init__(self, system, delta, step, breaks=()):
        self.system, self.step = system, step
        self.state = BlockState(Quench(system, np.asarray(delta, complex)), parallel.world())
        self.method = Exponential(self.state)
        self.edges = sorted(breaks)
        self.t, self.origin, self.taken = 0.0, 0.0, 0
        self.method.start(0.0, step)

    def to(self, t):
        """Go to ``t`` in whole steps, the last one cut; start afresh at breaks."""
        for edge in [b for b in self.edges if b <= t]:
            self._segment(edge)
            self.edges.remove(edge)
            self.origin, self.taken = edge, 0
            self.method.start(edge, self.step)
        self._segment(t)
        return self

    def _segment(self, end):
        while self.t < end - 1e-9 * self.step:
            target = min(self.origin + (self.taken + 1) * self.step, end)
            target = end if end - target < 1e-9 * self.step else target
            self.method.advance(self.t, target - self.t)
            self.t, self.taken = target, self.taken + 1

    @property
    def delta(self):
        return self.method.now.c[self.system.lattice.expand]

    def observe(self):
        """Up and down density (Lx,), currents (leads, 1)."""
        seen = self.state.observe(
            Row(self.t, +1, self.state.flat, self.method.now.c, self.state.green, self.state.modes)
        )
        expand = self.system.lattice.expand
        return (
            seen["density_up"][expand],
            seen["density_down"][expand],
            np.array([seen["current"][n] for n in ("left", "right")]),
        )


def settle(system, low=0.02, high=2.0):
    """The uniform self-consistent order parameter of a balanced junction, for its fitted poles."""
    size = len(system.lattice.count)

    def gain(D):
        quench, sums = Quench(system, np.full(size, D)), np.zeros(size, complex)
        for b in range(quench.blocks):
            rows, columns, sites, weights = quench.probe(b)
            np.add.at(sums, sites, weights * quench.start(b)[1][rows, columns])
        return quench.close(sums)[0].real / D - 1

    return np.full(size, brentq(gain, low, high, xtol=1e-15, rtol=1e-14))


# ---- stationary states ---------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_a_stationary_state_stays(bias):
    """A self-consistent state, at rest or with a current through it, does not drift within t = 20
    at dt = .5: rounding and the root's accuracy, < 1e-10.

    Fails if the weights of the memory forget the damping e^{-2 Gamma s}, or if the start's G^< is
    damped by Gamma, not 2 Gamma.
    """
    system = junction(9, 3, bias, h=0.2, gamma=0.01)
    march = March(system, settle(system), 0.5)
    begin, current = march.delta.copy(), march.observe()[2]
    for t in range(1, 21):
        assert np.abs(march.to(t).delta - begin).max() < 1e-10
    np.testing.assert_allclose(march.observe()[2], current, atol=1e-10)


def test_relaxation_ends_at_the_gap_equation_of_the_same_lattice():
    """At constant bias a disturbed uniform state relaxes to the root of Eq. (47), summed over the
    lattice's 16 momenta with scipy's digamma: 1e-7, as the poles are good to 1e-8 (a root moves
    by the error over the slope, here about 1) and all modes have decayed by e^{-2 Gamma t} =
    e^{-40}.

    Fails if a lead's edge moves by eV instead of eV/2, or if G^< is damped by Gamma instead of 2
    Gamma.
    """
    U, h, T, gamma, bias = 4.0, 0.15, 0.05, 0.1, 0.3
    system = junction(4, 4, bias, U=U, h=h, T=T, gamma=gamma, error=3e-9)
    xi = independent.dispersion(4, 4)
    root = brentq(
        lambda D: independent.gap_integral(D, xi, h, bias / 2, 2 * gamma, T) - 1 / U,
        0.3,
        2.0,
        xtol=1e-13,
    )
    march = March(system, np.full(4, 1.1 * root), 0.25)
    assert abs(abs(march.delta[0]) - root) > 1e-3
    np.testing.assert_allclose(np.abs(march.to(100.0).delta), root, atol=1e-7)


# ---- order ---------------------------------------------------------------------------------------

PATTERN = np.array([0.7, 0.5 + 0.3j, -0.2 + 0.4j, 0.3j])  # complex, uneven, far from stationary
V = 1.0
DRIVES = {
    "step": ({"to": V}, lambda t: V * (t >= 0), ()),
    "step in mid-run": ({"to": V, "at": 0.77}, lambda t: V * (t >= 0.77), (0.77,)),
    "ramp": (
        {"to": V, "kind": "ramp", "duration": 1.9},
        lambda t: V * min(max(t, 0.0), 1.9) / 1.9,
        (1.9,),
    ),
    "sine": (
        {"kind": "sine", "amplitude": V, "frequency": 1.3},
        lambda t: V * np.sin(1.3 * max(t, 0.0)),
        (),
    ),
}


def errors_of_steps(name, steps, soft):
    """Errors of Delta(4) for each step, against explicit integration of the same modes, and the
    slope of log error.
    """
    bias, eV, breaks = DRIVES[name]
    system = junction(3, 3, bias, h=0.2, gamma=0.02, error=1e-7)
    if soft:
        system = dataclasses.replace(
            system,
            poles=tuple(
                dataclasses.replace(fit, w=fit.w[fit.w < 2.0], r=fit.r[fit.w < 2.0])
                for fit in system.poles
            ),
        )
    start = PATTERN[:3] if soft else settle(system)
    dense = independent.DenseModes(
        independent.hopping(3, 3),
        system.U,
        system.h,
        twins(system, eV),
        [(fit.w, fit.r) for fit in system.poles],
    )
    exact = dense.follow(
        np.repeat(start, 3), [0.0, 4.0], rtol=1e-12, atol=1e-14, breaks=breaks
    ).delta.reshape(2, 3, 3)[:, :, 0]
    begin, exact = exact
    assert np.abs(exact - begin).max() > 3e-3
    errors = np.array(
        [np.abs(March(system, start, dt, breaks).to(4.0).delta - exact).max() for dt in steps]
    )
    return errors, np.polyfit(np.log(steps), np.log(errors), 1)[0]


@pytest.mark.parametrize("name", DRIVES)
def test_the_integrator_is_of_fourth_order_when_it_resolves_the_modes(name):
    """With only the slow poles (w_p < 2: another bath, but a bath) the error falls as dt^4: slope
    > 3.7 between dt = .4 and .05, for any drive, and for a jump that is not on the lattice of
    steps.

    Fails if the commutator [Hbar, Hdot] of the Magnus step has the wrong sign, if the first
    moment of the rates and of H is dropped from the sources, or lambda Pi from the slope of the
    memory.
    """
    errors, slope = errors_of_steps(name, np.array([0.4, 0.2, 0.1, 0.05]), soft=True)
    assert slope > 3.7, (errors, slope)


@pytest.mark.parametrize("name", DRIVES)
def test_the_order_with_the_full_bath(name):
    """The poles of f reach w_p ~ 90. While dt w_p > 1, a jump leaves transients e^{-w_p t} in the
    memory that a cubic over the first step cannot follow. The error, made once per jump, is of
    second order in dt until dt w_p < 1, with a small factor (for two mirrored leads the jump of Q
    + Q^+ itself cancels). A slope > 3.1 between dt = .2 and .025 remains for jumps, > 3.4 for the
    smooth sine; in any case < 2e-5 at dt = .2.

    Fails if the velocities are dropped from the mean of Delta over a step, or lambda Pi from the
    slope of the memory.
    """
    errors, slope = errors_of_steps(name, np.array([0.2, 0.1, 0.05, 0.025]), soft=False)
    assert slope > (3.4 if name == "sine" else 3.1), (errors, slope)
    assert errors[0] < 2e-5


def test_no_harmonic_grows_from_noise():
    """A uniform superconductor at eV = .4 is stable: noise of 1e-5 on it stays noise to t = 60 at
    dt = .5, at every wave number, and the harmonics agree with those at dt = .25 to a tenth of
    the noise.

    Fails if a step's H uses Delta extrapolated from the last two steps without correction by G^<.
    """
    system = junction(21, 5, 0.4, h=0.1, gamma=0.01, error=1e-6)
    random = np.random.default_rng(3)
    start = settle(system) + 1e-5 * (random.normal(size=21) + 1j * random.normal(size=21))
    final = []
    for dt in (0.5, 0.25):
        march = March(system, start, dt)
        begin = np.abs(np.fft.fft(march.delta) / 21)[1:].max()
        for t in range(5, 61, 5):
            assert np.abs(np.fft.fft(march.to(t).delta) / 21)[1:].max() < 3 * begin
        final.append(np.fft.fft(march.delta)[1:] / 21)
    assert np.abs(final[0] - final[1]).max() < 0.1 * begin


# ---- conservation laws ---------------------------------------------------------------------------

UNEQUAL = {
    "left": {"gamma": 0.03, "T": 0.05, "mu": 0.15},
    "right": {"gamma": 0.08, "T": 0.1, "mu": -0.05},
}
CASES = {"equal leads": {"mu": -0.4}, "unequal leads": {"mu": -0.4, **UNEQUAL}}


@pytest.mark.parametrize("case", CASES)
def test_the_currents_carry_the_change_of_density(case):
    """d<n>/dt, from differences of the density over time, is the sum of both leads' currents: <
    1e-8 with a five-point formula at dt = .025 (its own error is dt^4/30 d^5n/dt^5, and the
    integrator's).

    Fails if the loss term of a current is gamma n instead of 2 gamma n, or taken with the mean of
    the leads' gamma, or if hole rows count as electrons.
    """
    system = junction(
        4, 3, {"kind": "sine", "amplitude": 0.9, "frequency": 0.7}, h=0.2, **CASES[case]
    )
    dt, march = 0.025, March(system, PATTERN, 0.025)
    density, current = [], []
    for m in range(40, 49):
        up, down, flow = march.to(m * dt).observe()
        density.append(np.mean(up + down))
        current.append(flow.sum())
    n = np.array(density)
    slope = (n[:-4] - 8 * n[1:-3] + 8 * n[3:-1] - n[4:]) / (12 * dt)
    assert np.abs(slope).max() > 1e-4
    np.testing.assert_allclose(slope, current[2:-2], atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_the_density_matrix_stays_one(case):
    """G^< stays anti-Hermitian to rounding, and -i G^< keeps its eigenvalues in [0, 1] (Pauli) up
    to the poles' error, through a violent quench of a non-stationary, complex pattern.

    Fails if the instantaneous part of the memory is halved, or if Q + Q^+ is replaced by 2 Q.
    """
    system = junction(4, 3, {"to": 1.5}, h=0.3, **CASES[case])
    march = March(system, PATTERN, 0.25)
    for t in np.arange(1.0, 21.0):
        march.to(t)
        for G in march.state.green.values():
            assert np.abs(G + G.conj().T).max() < 1e-13
            e = np.linalg.eigvalsh(-1j * G)
            assert e[0] > -1e-6 and e[-1] < 1 + 1e-6


# ---- without interaction -------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_free_electrons_follow_the_exact_solution(case):
    """Without pairing each n_{k sigma}(t) after a bias step is a known integral over w (wide
    bands, no poles). Occupations and currents agree to 1e-6: the memory error of the poles (8e-7)
    times the jump. The step is small for unequal leads: there the jump leaves a transient of the
    fastest poles (w_p = 120) that dt = .1 does not resolve (1e-5).

    Fails if the hole columns of a mirrored lead are booked on the lead whose up modes they share
    (the currents), if a hole sees its lead's shift unreversed, or if the Zeeman field changes
    sign.
    """
    U, h, eV = 1e-12, 0.3, 0.8
    system = junction(5, 3, {"to": eV}, U=U, h=h, **CASES[case])
    times = [0.0, 0.4, 2.0, 7.0]
    leads = twins(system, lambda t: eV * (t >= 0))
    hole_side = [independent.Lead(lead.gamma, lead.T, lead.before, lead.shift) for lead in leads]
    xi = independent.dispersion(5, 3, system.mu)
    up, up_in = independent.free_levels((xi - h).ravel(), leads, times)
    down, down_in = independent.free_levels((xi + h).ravel(), hole_side, times)
    march = March(system, np.zeros(5), 0.02)
    waves = np.exp(2j * np.pi * np.outer(np.arange(5), np.arange(5)) / 5) / np.sqrt(5)
    for m, t in enumerate(times):
        march.to(t)
        for b, G in march.state.green.items():
            n = (-1j * np.einsum("xk,xy,yk->k", waves.conj(), G[:5, :5], waves)).real
            holes = (-1j * np.einsum("xk,xy,yk->k", waves.conj(), G[5:, 5:], waves)).real
            np.testing.assert_allclose(n, up[m].reshape(5, 3)[:, b], atol=1e-6)
            np.testing.assert_allclose(1 - holes, down[m].reshape(5, 3)[:, b], atol=1e-6)
        np.testing.assert_allclose(march.observe()[2], (up_in[m] + down_in[m]).mean(1), atol=1e-6)


# ---- modes ---------------------------------------------------------------------------------------


def modes_of(march, b):
    """{group: (2n, columns) Pi_g} of a block, with the column slice."""
    return {
        g: (M.T, cols)
        for (block, _), runs in march.state.modes.items()
        if block == b
        for groups, cols, array in runs
        for g, M in zip(groups, array)
    }


def test_modes_of_opposite_shift_are_mirror_images_without_field():
    """At h = 0, H = -tau_2 H^* tau_2, so Pi_{-eta p} = -tau_2 Pi_{eta p}^* tau_2 of mirrored
    leads, at all times: < 1e-14 of the largest entry (1) after 40 steps of a run with moving,
    complex Delta.

    Fails if the start's columns miss a complex conjugation.
    """
    system = junction(4, 2, {"to": 0.9})
    march = March(system, PATTERN, 0.25).to(10.0)
    tau2 = np.kron([[0, -1j], [1j, 0]], np.eye(4))
    for b in range(len(system.lattice.blocks)):
        modes = modes_of(march, b)
        assert len(modes) == 2 * len(system.poles[0].w)
        for g in range(0, len(modes), 2):
            plus, minus = modes[g][0], modes[g + 1][0]
            assert np.abs(plus - minus).max() > 1e-7
            assert np.abs(minus + tau2 @ plus.conj() @ tau2).max() < 1e-14


# ---- how a step behaves --------------------------------------------------------------------------

BASE = {
    "system": "nsn-junction",
    "task": "evolve",
    "parameters": {"U": 3.0, "gamma": 0.05, "h": 0.1, "T": 0.05, "eV": {"to": 0.6, "at": 0.0}},
    "numerics": {"Lx": 4, "Ly": 2, "dt": 0.25, "error_estimate": False},
    "initial": {"state": "bcs", "noise": 1e-2},
    "run": {"t_max": 2.1},
}


def run(**changes):
    """Run BASE with tables replaced entry by entry."""
    return hpcneq.run(
        {**BASE, **{name: {**BASE.get(name, {}), **entries} for name, entries in changes.items()}}
    )


def test_a_run_ends_where_it_is_told_to():
    """dt = .25 does not divide 2.1: the last step is cut to .1, and the result is that of a run
    in 42 equal steps to the error of the longer ones (3e-4).

    Fails if the step may pass the final time, or if a cut step still propagates over dt.
    """
    found = run()
    assert found.t[-1] == 2.1 and found.summary["t"] == 2.1
    other = run(numerics={"dt": 2.1 / 42})
    np.testing.assert_allclose(found.delta[-1], other.delta[-1], atol=3e-4)
    assert np.abs(found.delta[-1] - found.delta[-2]).max() > 1e-3


def test_steps_meet_the_jumps_of_the_drive():
    """A jump at t = .83 between the steps of dt = .25 is a step of its own: the run has a row
    there, and before it equals the undisturbed run exactly.

    Fails if the drive names no break.
    """
    late = run(parameters={"eV": {"to": 0.6, "at": 0.83}}, numerics={"pole_window": 10.0})
    still = run(parameters={"eV": 0.0}, numerics={"pole_window": 10.0})
    assert 0.83 in late.t
    before = late.t[late.t < 0.8]
    np.testing.assert_array_equal(late.delta[: len(before)], still.delta[: len(before)])
    fine = run(
        parameters={"eV": {"to": 0.6, "at": 0.83}}, numerics={"dt": 0.025, "pole_window": 10.0}
    )
    np.testing.assert_allclose(late.delta[-1], fine.delta[-1], atol=3e-4)


@pytest.mark.parametrize("name", ["rk", "arkimex"])
def test_petsc_integrators_agree(name):
    """Runge-Kutta and implicit-explicit Runge-Kutta of PETSc, at their default tolerances, agree
    with the exponential integrator at dt = .025 to 1e-6, in Delta, densities and currents.

    Fails if G H is taken with H^* for H (both), or if the damping is counted twice, explicitly
    and implicitly (arkimex).
    """
    found = run(petsc={"evolve": {"ts_type": name}}, numerics={"dt": 0.05}, run={"t_max": 1.0})
    other = run(numerics={"dt": 0.025}, run={"t_max": 1.0})
    np.testing.assert_allclose(found.delta[-1], other.delta[-1], atol=1e-6)
    np.testing.assert_allclose(found.density[-1], other.density[-1], atol=1e-6)
    np.testing.assert_allclose(found.current_left[-1], other.current_left[-1], atol=1e-6)


def test_inside_a_step_the_interpolation_is_as_good_as_the_step():
    """G^< at points inside a step of .2 is as close to finer steps from the same state as the
    step's end is (a factor 1.5).

    Fails if what acts at the end of the step is not carried back into it.
    """
    system = junction(4, 2, {"to": 0.9}, h=0.1)
    march, fine = March(system, PATTERN, 0.2).to(2.0), March(system, PATTERN, 0.2).to(1.8)
    errors = []
    for k in range(1, 17):
        fine.method.advance(1.8 + (k - 1) / 80, 1 / 80)
        dense = march.method.dense(1.8 + k / 80)
        errors.append(max(np.abs(dense[b] - block).max() for b, block in fine.state.green.items()))
    end = max(np.abs(march.state.green[b] - block).max() for b, block in fine.state.green.items())
    assert 1e-7 < end < 1e-4
    assert max(errors) < 1.5 * end


class NoVec:
    """What a rollback needs of a TS."""

    def getSolution(self):
        return self

    def stateIncrease(self):
        pass


def test_a_step_taken_back_leaves_no_trace():
    """Rollback restores G, the modes and the history bit for bit, so that the step taken again
    gives the same bits, and a shorter one in its place the same as if the first had never been
    tried.

    Fails if a rollback forgets the history, or does not give back the modes.
    """
    system = junction(4, 2, {"to": 0.9}, h=0.1)
    tried, plain = March(system, PATTERN, 0.2).to(1.0), March(system, PATTERN, 0.2).to(1.0)

    def bits(march):
        return [
            march.method.now.c.copy(),
            *(G.copy() for G in march.state.green.values()),
            *(array.copy() for runs in march.state.modes.values() for _, _, array in runs),
        ]

    before = bits(tried)
    tried.method.advance(1.0, 0.2)
    first = bits(tried)
    tried.method.rollback(NoVec())
    assert all(np.array_equal(a, b) for a, b in zip(bits(tried), before))
    tried.method.advance(1.0, 0.2)
    assert all(np.array_equal(a, b) for a, b in zip(bits(tried), first))
    tried.method.rollback(NoVec())
    for march in (tried, plain):
        march.method.advance(1.0, 0.1)
        march.method.advance(1.1, 0.2)
    assert all(np.array_equal(a, b) for a, b in zip(bits(tried), bits(plain)))


def test_ozaki_poles_give_the_same_evolution():
    """The chosen poles and 100 poles of the continued fraction, which were found in unrelated
    ways, give the same Delta(t) after a bias step at T = .05: < 3e-6 at pole_error = 1e-6.

    Fails if the window of the fit misses part of the spectrum.
    """
    system = junction(4, 3, {"to": 0.8}, h=0.2, T=0.05, error=1e-6)
    w, r = poles.ozaki_poles(0.05, 100)
    many = dataclasses.replace(
        system, poles=tuple(dataclasses.replace(fit, w=w, r=r) for fit in system.poles)
    )
    few, all_of_them = (March(one, settle(system) + 0.1 * PATTERN, 0.05) for one in (system, many))
    for t in (0.0, 1.0, 4.0):
        assert np.abs(few.to(t).delta - all_of_them.to(t).delta).max() < 3e-6
