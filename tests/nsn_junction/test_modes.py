"""Modes of the junction's uniform states.

Growth rates by three routes, symmetries, limits, published numbers.

The routes: a root of det M with the fitted poles of an evolution; the slope of that evolution
after a small kick; an eigenvalue of the Jacobian of its equations, taken column by column. Every
docstring names a change of the code under which the test was seen to fail. Units: hopping = 1.
"""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import root

import hpcneq
from hpcneq.errors import InputError
from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers import contours, modes, newton
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.solvers.output_times import Row
from hpcneq.systems.nsn_junction.physics import (
    hartree,
    junction,
    onsets,
    pair_susceptibility,
    patterns,
    stripe_states,
    uniform_states,
)
from hpcneq.systems.nsn_junction.physics.response import UniformResponse
from hpcneq.systems.nsn_junction.physics.shifted_response import ShiftedResponse
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench


def build(
    Lx, Ly, eV=0.0, *, U=3.0, mu=0.0, h=0.0, T=0.06, gamma=0.03, left=None, right=None, error=1e-3
):
    """A Junction at constant bias; ``left`` and ``right`` replace a lead's own (gamma, T, mu)."""
    own = {"gamma": gamma, "T": T, "mu": mu}
    leads = (
        junction.Lead("left", sign=+1, **{**own, **(left or {})}),
        junction.Lead("right", sign=-1, **{**own, **(right or {})}),
    )
    bias = drives.read(eV)
    fits = junction.fit_poles(
        leads, sum(lead.gamma for lead in leads), junction.window(leads, mu, h, bias, 1.0), error
    )
    return junction.Junction(U, mu, h, leads, junction.stripe(Lx, Ly, mu), bias, fits)


def response(system, D, fitted=True):
    """The response of a junction's uniform state next to D, on its own lattice.

    At the root of its own gap equation.
    """
    point = uniform_states.Point(
        U=system.U, mu=system.mu, h=system.h, eV=system.drive.start, leads=system.leads
    )
    grid = uniform_states.finite(system.lattice.Lx, system.lattice.Ly)
    return UniformResponse(D, point, grid, system.poles if fitted else None).at_root()


def wave(system, n):
    return 2 * np.pi * n / system.lattice.Lx


def growth_rates(found):
    """-i z of each mode, with multiplicity, fastest growing first."""
    return sorted(
        (complex(-1j * m.z) for m in found.modes for _ in range(m.multiplicity)),
        key=lambda z: (-round(z.real, 7), z.imag),
    )


# The states the routes are compared on: junction, D (0: normal), and wave numbers n with their
# number of growing modes.
STATES = {
    "unstable, amplitude and phase": (dict(Lx=3, Ly=1, h=0.61, mu=-1.1), 0.615, {0: 1, 1: 1}),
    "stable": (dict(Lx=3, Ly=1, h=0.61, mu=-1.1), 1.125, {0: 0, 1: 0}),
    "driven, oscillating at q": (dict(Lx=4, Ly=1, eV=1.65, h=0.03, mu=-2.88), 0.242, {0: 1, 1: 2}),
    "driven, stable": (dict(Lx=4, Ly=1, eV=1.65, h=0.03, mu=-2.88), 0.709, {0: 0, 1: 0}),
    "normal, FFLO": (dict(Lx=3, Ly=1, eV=0.79, h=0.37, mu=-1.12), 0.0, {1: 2}),
    "normal, unequal leads": (
        dict(
            Lx=3,
            Ly=1,
            eV=0.4,
            h=0.2,
            mu=-1.9,
            left=dict(gamma=0.02, T=0.1, mu=-1.7),
            right=dict(gamma=0.05),
        ),
        0.0,
        {0: 2, 1: 0},
    ),
}


OFTEN = [
    name
    if name not in ("driven, stable", "normal, unequal leads")
    else pytest.param(name, marks=pytest.mark.nightly)
    for name in STATES
]


def kicked(system, D, n, size):
    """The integrator in the stationary state of D + size (1 + 0.4 i) cos(2 pi n x/Lx).

    To first order a disturbance at q alone.
    """
    x = np.arange(system.lattice.Lx)
    delta = D + size * (1 + 0.4j) * np.cos(2 * np.pi * n * x / system.lattice.Lx)
    return Exponential(BlockState(Quench(system, delta), solo()))


def signal(method, n, step, start, count, every):
    """(Delta_q, conj Delta_-q) less their stationary values at times start + k every step.

    (count, 2).
    """
    method.start(0.0, step)
    rows, taken = [], 0
    for k in range(count):
        while taken < round(start / step) + k * every:
            method.advance(taken * step, step)
            taken += 1
        harmonics = np.fft.fft(method.now.c) / len(method.now.c)
        rows.append([harmonics[n], np.conj(harmonics[-n])])
    return np.array(rows)


def exponents(rows, interval, noise=1e-6):
    """Rates of the exponentials in a vector signal (count, m), by a matrix pencil.

    Rates of the exponentials in a vector signal (count, m) that stand above the noise, by a matrix
    pencil, fastest growing first; a constant is allowed for. Only the first ones, which last, are
    accurate.
    """
    rows = np.diff(rows, axis=0)
    half = len(rows) // 2
    table = np.array([rows[k : k + half].ravel() for k in range(len(rows) - half)])
    U, s, Vh = np.linalg.svd(table[:-1], full_matrices=False)
    order = int(np.sum(s > noise * s[0]))
    step = U[:, :order].conj().T @ table[1:] @ Vh[:order].conj().T / s[:order]
    rates = np.log(np.linalg.eigvals(step)) / interval
    return rates[np.argsort(-rates.real)]


@pytest.mark.parametrize("name", OFTEN)
def test_growth_rates_by_evolution(name):
    """The slowest mode of a time evolution is a root of M.

    The slowest mode's growth rate and frequency from the time evolution between t = 20 and 55
    after a small kick at q equal -i z of a root to 5e-5; unstable states leave, stable ones come
    back. Measured: 2.5e-5 at frequencies of .75, of fourth order in the step; 2e-5 elsewhere, from
    what decays fast and is still there, whatever the step. The kick leaves 1e-7 at the end: less
    drowns in rounding, more is not linear.

    Fails if the conjugate memory term is evaluated at e_j - z.
    """
    keys, D, waves = STATES[name]
    system = build(**keys)
    state = response(system, D)
    for n, growing in waves.items():
        found = modes.spectrum(state, wave(system, n), solo())
        assert found.growing == growing
        moving = [rate for rate in growth_rates(found) if abs(rate) > 1e-8]
        if moving:
            size = 1e-7 * np.exp(-55 * max(moving[0].real, 0))
            fastest = exponents(
                signal(kicked(system, state.D, n, size), n, 0.125, 20.0, 36, 8), 1.0
            )[0]
            assert (fastest.real > 0) == (growing > 0)
            assert min(abs(fastest - rate) for rate in moving[:2]) < 5e-5


def jacobian(system, field):
    """The (2n, 2n) real Jacobian of the evolution's equations in the stationary state of a mean
    field, and their residual.

    The equations are bilinear in Delta and the modes: symmetric differences with unit steps are
    exact.
    """
    state = BlockState(Quench(system, field), solo())
    start, n = state.flat.copy(), state.flat.size

    def slope(x):
        out = np.zeros_like(x)
        state.rhs(0.0, +1, x, out)
        return out

    columns = []
    for unit in (1, 1j):
        for k in range(n):
            step = np.zeros(n, complex)
            step[k] = unit
            change = 0.5 * (slope(start + step) - slope(start - step))
            columns.append(np.concatenate([change.real, change.imag]))
    return np.array(columns).T, np.abs(slope(start)).max()


def compare_with_eigenvalues(system, state, field=None):
    """All eigenvalues above the floor are the roots at all q, and the other way round.

    All eigenvalues of the Jacobian above the floor are the roots at all q of the lattice, and the
    other way round.
    """
    if field is None:
        field = np.full(system.lattice.Lx, state.D, complex)
    matrix, residual = jacobian(system, field)
    assert residual < 1e-12
    L, floor = system.lattice.Lx, -0.6 * state.analytic_below
    found = [modes.spectrum(state, wave(system, n), solo(), floor=floor) for n in range(L)]
    floor = max(spectrum.box.bottom for spectrum in found)
    rates = np.array(
        [rate for spectrum in found for rate in growth_rates(spectrum) if rate.real > floor]
    )
    values = np.linalg.eigvals(matrix)
    values = values[values.real > floor]
    assert len(values) == len(rates)
    for rate in rates:
        assert np.abs(values - rate).min() < (1e-6 if abs(rate) < 1e-6 else 1e-9)
    return rates


@pytest.mark.parametrize("name", OFTEN)
def test_growth_rates_by_eigenvalues(name):
    """Slow eigenvalues of the linearised evolution are roots of M, and there are no others.

    Every eigenvalue of the linearised equations of the evolution that decays slower than .6 times
    the damping is a root of M at one of the lattice's q, and every root is one: to 1e-9 (the phase
    mode, in a Jordan block with nothing, to 1e-6).

    Fails if the divided difference of R is taken at e'_i + z.
    """
    keys, D, waves = STATES[name]
    system = build(**keys)
    rates = compare_with_eigenvalues(system, response(system, D))
    growing = {n: count for n, count in waves.items()}
    if len(growing) == system.lattice.Lx // 2 + 1:
        assert np.sum(rates.real > 1e-8) == sum(
            count * (1 if n == 0 or 2 * n == system.lattice.Lx else 2)
            for n, count in growing.items()
        )


@pytest.mark.parametrize("paired", [True, pytest.param(False, marks=pytest.mark.nightly)])
def test_modes_with_hartree_shifts(paired):
    """With levels that density and magnetization shift, M is 4 x 4 and its roots the eigenvalues
    of the shifted equations of evolution; the phase still costs nothing.

    Fails with the shifts of both spins exchanged, or with M of the bare pairing alone.
    """
    plain = build(3, 1, 0.2, h=0.3, mu=-1.7, T=0.1, gamma=0.05, error=1e-2)
    system = dataclasses.replace(plain, hartree=True)
    point = uniform_states.Point(U=3.0, mu=-1.7, h=0.3, eV=0.2, leads=system.leads, hartree=True)
    grid = uniform_states.finite(3, 1)
    problem = stripe_states.GapProblem(system, 0.2)
    D = float(onsets.roots(point, grid)[-1]) * paired
    field = patterns.normal_field(system, 0.2) + 0j
    field[:3] = D
    solved = newton.solve(problem, solo(), problem.flat(field), fix=paired)
    field = problem.complex(solved.x)
    dressed = hartree.shifted(point, *_densities(field))
    state = ShiftedResponse(abs(field[0]), dressed, grid, system.poles)
    compare_with_eigenvalues(system, state, field)
    if paired:
        assert np.abs(state(0.0, 0.0) @ [1, -1, 0, 0]).max() < 1e-10
        assert np.abs(state(0.0, 0.1j)[:2, 2:]).min() > 1e-2  # pairing and densities are coupled


def _densities(field):
    """(n - 1, m) of a uniform mean field of three sites."""
    holes, electrons = field[3].real / 3.0, field[6].real / 3.0
    return electrons - holes, electrons + holes - 1


@pytest.mark.nightly
def test_a_turning_condensate_between_unequal_leads():
    """With unequal leads a uniform state is stationary in the frame that turns with its phase.

    (D, mu) solve the complex gap equation M(0, 0) (1, -1) = 0, and in that frame the roots of M
    are the eigenvalues of the linearised evolution.

    Fails if the equal-time G^< leaves out what lies between its two levels.
    """

    def at(mu):
        return build(
            3,
            1,
            0.5,
            h=0.1,
            mu=mu,
            left=dict(gamma=0.02, T=0.1, mu=-1.9),
            right=dict(gamma=0.05, T=0.06, mu=-2.1),
        )

    def force(x):
        system = at(x[1])
        point = uniform_states.Point(U=3.0, mu=x[1], h=0.1, eV=0.5, leads=system.leads)
        value = UniformResponse(abs(x[0]), point, uniform_states.finite(3, 1), poles).phase_force()
        return [value.real, value.imag]

    poles = at(-2.0).poles
    D, mu = root(force, [0.9, -2.0], tol=1e-14).x
    system = dataclasses.replace(at(mu), poles=poles)
    state = response(system, D)
    assert abs(mu + 2.0) > 1e-2 and not state.memory.mirrored and abs(state.phase_force()) < 1e-13
    rates = compare_with_eigenvalues(system, state)
    assert np.sum(np.abs(rates) < 1e-6) == 1


# ---- symmetries and limits ----------------------------------------------------------------------

PAPER = dict(h=0.58, T=0.02)


@pytest.mark.parametrize(
    "grid",
    [uniform_states.finite(51, 11), uniform_states.infinite(1e-5)],
    ids=["finite", "infinite"],
)
def test_the_phase_of_a_condensate_costs_nothing(grid):
    """M(0, 0) (1, -1) = 0 at every root of the gap equation.

    It is summed over Matsubara frequencies elsewhere: to 1e-11; and the sign of M(0, 0) (1, 1),
    the amplitude's, is that of -dF/dD.

    Fails with the memory of one lead only.
    """
    for eV in (0.0, 1.15):
        point = uniform_states.Point(eV=eV, **PAPER)
        for D in onsets.roots(point, grid):
            M = UniformResponse(D, point, grid)(0.0, 0.0)
            assert np.abs(M @ [1, -1]).max() < 1e-11
            slope = float(onsets.gap_slopes(D, point, grid)[1])
            np.testing.assert_allclose(M @ [1, 1], -D * slope * np.ones(2), atol=1e-9)


def test_static_phase_stiffness_of_the_unstable_root():
    """The static response of the infinite lattice at q = .3.

    M_11 - M_12 at q = .3, z = 0 is -.0252 at h = .58, eV = 0, T = .02, D = .549 (infinite
    lattice), and its error estimate holds: the unstable root is also unstable towards a texture of
    its phase, where the metastable one (.823) is stiff.

    Fails if k' - k is q/2.
    """
    point, grid = uniform_states.Point(eV=0.0, **PAPER), uniform_states.infinite(1e-4)
    small, large = onsets.roots(point, grid)
    assert small == pytest.approx(0.549, abs=5e-4)
    unstable = UniformResponse(small, point, grid, density=0.2)
    M = unstable(0.3, 0.0)
    assert (M[0, 0] - M[0, 1]).real == pytest.approx(-0.0252, abs=5e-5)
    assert 1e-9 < np.abs(unstable.denser(2.0)(0.3, 0.0) - M).max() < unstable.error(0.3, 0.0) < 1e-4
    M = UniformResponse(large, point, grid, density=0.2)(0.3, 0.0)
    assert (M[0, 0] - M[0, 1]).real > 0.01


def test_complex_frequencies_come_in_pairs():
    """M has its two symmetries.

    sigma_1 M(q, -z*) sigma_1 = M(q, z)* for any leads, and M(-q, z) = M(q, z) because the lattice
    is even.

    Fails if the partner of the memory is not conjugated.
    """
    for keys, D, _ in STATES.values():
        system = build(**keys)
        state = UniformResponse(D or 0.3, response(system, 0.0).point, uniform_states.finite(5, 2))
        for z in (0.3 + 0.1j, -0.7 - 0.02j, 0.05j):
            M, mirror = state(wave5 := 2 * np.pi / 5, z), state(wave5, -np.conj(z))
            np.testing.assert_allclose(mirror[::-1, ::-1].conj(), M, atol=1e-14)
            np.testing.assert_allclose(state(-wave5, z), M, atol=1e-14)


@pytest.mark.parametrize("z", [0.0, 0.1 + 0.2j, 0.05 - 0.01j])
def test_without_a_gap_the_pair_susceptibility_is_left(z):
    """At D = 0, M = diag(1/U - C(q, z), conj(1/U - C(q, -z*))) with C from its own frequency sum.

    Equal and unequal leads, finite and infinite lattice; 1e-11, on the infinite one 1e-7, the
    error of its kx sum.

    Fails if the hole column remembers what the up column does.
    """
    unequal = (junction.Lead("left", 0.1, 0.1, -0.2, 1), junction.Lead("right", 0.25, 0.2, 0.1, -1))
    bulk = uniform_states.infinite(1e-8)
    for point, grid, q in (
        (uniform_states.Point(eV=1.15, **PAPER), uniform_states.finite(15, 4), 2 * np.pi / 5),
        (
            uniform_states.Point(h=0.3, eV=0.7, mu=-0.3, leads=unequal),
            uniform_states.finite(9, 4),
            4 * np.pi / 9,
        ),
        (uniform_states.Point(h=0.3, eV=0.7, mu=-0.3, leads=unequal), bulk, 1.1),
    ):
        M, tolerance = UniformResponse(0.0, point, grid)(q, z), 1e-7 if grid is bulk else 1e-11
        assert (
            abs(1 / point.U - M[0, 0] - pair_susceptibility.pair_response(q, z, point, grid))
            < tolerance
        )
        assert (
            abs(
                1 / point.U
                - M[1, 1].conj()
                - pair_susceptibility.pair_response(q, -np.conj(z), point, grid)
            )
            < tolerance
        )
        assert M[0, 1] == M[1, 0] == 0


def test_poles_and_digamma_functions_agree():
    """The response of fitted poles tends to that of the leads as the fit improves.

    Within twenty times the fit's error.

    Fails if the fit's poles are not moved by the width.
    """
    for error in (1e-3, 1e-6):
        system = build(9, 3, 1.15, h=0.58, gamma=0.05, T=0.05, error=error)
        for D in (0.0, 0.3):
            fitted, exact = (
                UniformResponse(D, response(system, 0.0).point, uniform_states.finite(9, 3), poles)
                for poles in (system.poles, None)
            )
            for z in (0.0, 0.2 + 0.1j):
                assert np.abs(fitted(2 * np.pi / 9, z) - exact(2 * np.pi / 9, z)).max() < 20 * error


def test_mirrored_leads_are_a_case_of_any_leads():
    """Two leads that mirror each other by a hair's breadth less take the general way.

    The same M, to 1e-9.

    Fails if the general way forgets the left or the right memory.
    """
    grid, D = uniform_states.finite(7, 3), 0.35
    for offset in (1e-11, 0.0):
        leads = tuple(
            junction.Lead(name, 0.02, 0.04, 0.1 + offset, sign)
            for name, sign in (("left", 1), ("right", -1))
        )
        state = UniformResponse(D, uniform_states.Point(mu=0.1, h=0.4, eV=0.9, leads=leads), grid)
        assert state.memory.mirrored == (offset == 0)
        M = state(4 * np.pi / 7, 0.2 - 0.01j)
        if offset:
            general = M
    np.testing.assert_allclose(general, M, atol=1e-9)


def test_zero_temperature_is_the_limit():
    """M at T = 0 (logarithms) is the limit of small T (digammas), finite as long as Im z > -G.

    Fails if the logarithm of T = 0 lacks its factor i.
    """
    cold, colder = (
        UniformResponse(
            0.4, uniform_states.Point(h=0.58, T=T, eV=0.8), uniform_states.finite(8, 6)
        )(np.pi / 4, 0.1 + 0.01j)
        for T in (1e-4, 0.0)
    )
    np.testing.assert_allclose(cold, colder, atol=1e-4)
    with pytest.raises(InputError, match="Im z must be"):
        UniformResponse(
            0.4, uniform_states.Point(h=0.58, T=0.0, eV=0.8), uniform_states.finite(8, 6)
        )(np.pi / 4, -0.021j)


# ---- what the modes are -------------------------------------------------------------------------


def test_the_normal_state_has_the_modes_the_pair_susceptibility_gives():
    """At D = 0 the roots of M are those of 1/U = C(q, z), twice.

    Found there by a one-dimensional search.

    Fails if a double root is counted once.
    """
    point, grid, q = (
        uniform_states.Point(eV=0.8, **PAPER),
        uniform_states.finite(20, 10),
        2 * np.pi / 20,
    )
    z = pair_susceptibility.normal_growth(q, point, grid)
    found = modes.spectrum(UniformResponse(0.0, point, grid), q, solo(), floor=0.02)
    assert found.count == found.growing == 2 and z.imag > 0.05
    assert abs(found.modes[0].z - z) < 1e-8 and found.modes[0].multiplicity == 2


def test_the_charge_of_a_condensate_leaves_slowly():
    """A gapped state has a slow real root beside its phase mode, both of the phase alone.

    The charge of the condensate, which leaves by pairs, at a rate of order gamma^2, nine times
    less for a third of gamma, where electrons leave at 2G. Put into the density of an evolution,
    an excess of particles decays at that rate, and the phase stops turning at it: 1e-4.

    Fails if G^< is disturbed oppositely in the two spins (a magnetisation goes at 2G).
    """
    slow = {}
    for gamma in (0.01, 0.03):
        system = build(4, 4, 1.0, h=0.58, T=0.05, gamma=gamma, error=1e-4)
        state = response(
            system, onsets.roots(response(system, 0.0).point, uniform_states.finite(4, 4))[-1]
        )
        found = modes.spectrum(state, 0.0, solo())
        phase, charge = found.modes
        assert phase.neutral and abs(charge.z.real) < 1e-9
        assert np.abs([mode.vectors[0] @ [1, 1] for mode in (phase, charge)]).max() < 1e-6
        slow[gamma] = -charge.z.imag
    assert 6 < slow[0.03] / slow[0.01] < 12 and slow[0.01] < 0.1 * state.analytic_below
    method = kicked(system, state.D, 0, 0.0)
    for G in method.state.green.values():
        G += 1e-7j * np.diag(np.repeat([1.0, -1.0], len(G) // 2))
    method.start(0.0, 0.25)
    rows = []
    for k in range(400):
        method.advance(0.25 * k, 0.25)
        if k >= 120 and k % 8 == 0:
            seen = method.state.observe(
                Row(0.0, +1, None, method.now.c, method.state.green, method.state.modes)
            )
            rows.append(
                [
                    np.mean(seen["density_up"] + seen["density_down"]),
                    np.mean(np.angle(method.now.c)),
                ]
            )
    for column in np.array(rows).T:
        assert exponents(column[:, None], 2.0, 1e-6)[0] == pytest.approx(-slow[0.03], abs=1e-4)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_sound_of_a_driven_condensate():
    """A sound wave of the smallest q is found on 51 x 11 sites.

    On 51 x 11 sites (h = .58, eV = 1.15, T = .02) a density wave of the smallest q is a sound wave
    of frequency .1416 that decays at .0029, a little over half the rate .00446 of the charge at q
    = 0: by the roots of M and by the evolution, to 3e-5.

    Fails if the wave is put into the order parameter's amplitude (it decays at once).
    """
    system = build(51, 11, 1.15, h=0.58, T=0.02, gamma=0.01, error=1e-6)
    state = response(system, 0.31225)
    sound = modes.spectrum(state, wave(system, 1), solo()).modes
    assert modes.spectrum(state, 0.0, solo()).modes[1].z.imag == pytest.approx(-0.0044575, abs=2e-6)
    assert [abs(mode.z.real) for mode in sound] == pytest.approx([0.14164, 0.14164], abs=1e-5)
    method = kicked(system, state.D, 0, 0.0)
    x = np.arange(51)
    for G in method.state.green.values():
        G += 1e-4j * np.diag(
            np.concatenate([np.cos(wave(system, 1) * x), -np.cos(wave(system, 1) * x)])
        )
    method.start(0.0, 0.25)
    rows = []
    for k in range(1000):
        method.advance(0.25 * k, 0.25)
        if k >= 200 and k % 20 == 0:
            rows.append([(np.fft.fft(np.angle(method.now.c)) / 51)[1].real])
    seen = exponents(np.array(rows), 5.0)[0]
    assert min(abs(seen - rate) for rate in (-1j * mode.z for mode in sound)) < 3e-5


def test_a_pair_just_below_the_floor_is_not_counted():
    """Roots just below the floor are not counted, however fast det M turns there.

    Two roots .001 below the floor and .033 apart turn det M by 2 pi each within one interval of a
    coarse path; the winding is 0 all the same (normal state, h = .61, eV = 1.51, three sites).

    Fails without the check of the slope of log det M.
    """
    state = response(build(3, 1, 1.51, h=0.61, mu=-2.7), 0.0, fitted=False)
    pair = modes.spectrum(state, 2 * np.pi / 3, solo(), floor=0.0)
    assert pair.count == 2 and all(0.0038 < mode.z.imag < 0.004 for mode in pair.modes)
    for floor in (0.0045, 0.005, 0.0055):
        samples = modes.Samples(state, 2 * np.pi / 3, solo())
        assert contours.winding(samples, modes.whole(state, floor)).count == 0


# ---- the task -----------------------------------------------------------------------------------


def test_modes_of_an_input():
    """The task finds what the solver finds.

    Data sets over q (moved to the lattice's own wave numbers, each once), the fastest mode with
    its error in the summary, and a figure.

    Fails if q is left where it was given.
    """
    parameters = {"h": 0.61, "mu": -1.1, "T": 0.06, "gamma": 0.03}
    result = hpcneq.run(
        {
            "system": "nsn-junction",
            "task": "modes",
            "parameters": parameters,
            "initial": {"root": 0},
            "numerics": {"Lx": 3, "Ly": 1},
            "sweep": {"q": [2.1, 0.0, 2.0]},
        }
    )
    np.testing.assert_allclose(result.q, [0.0, 2 * np.pi / 3])
    found = result.summary
    assert found["growing_modes"] == 1 and found["verdict"] == "unstable" and found["q_max"] == 0.0
    state = response(build(3, 1, h=0.61, mu=-1.1), 0.615, fitted=False)
    assert found["growth_rate"] == pytest.approx(
        modes.spectrum(state, 0.0, solo()).modes[0].z.imag, abs=1e-10
    )
    assert 0 < result.errors["growth_rate"] < 1e-9
    np.testing.assert_allclose(np.asarray(result.growth_rate)[:, 0], [0.1431, 0.0600], atol=5e-4)
    assert result.plot() is not None
    with pytest.raises(InputError, match=r"has 2 roots D > 0 at eV = 0, h = 0.61 \(0.6"):
        hpcneq.run(
            {
                "system": "nsn-junction",
                "task": "modes",
                "parameters": parameters,
                "initial": {"root": 2},
                "numerics": {"Lx": 3, "Ly": 1},
            }
        )
