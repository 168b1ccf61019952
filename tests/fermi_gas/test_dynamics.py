"""Stability and evolution of the Fermi gas between reservoirs: known roots, exact symmetries,
evolution against roots, basins.

Every docstring names a change of the code under which the test was seen to fail, or the mistake it
is there for.
"""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import hpcneq
from hpcneq import petsc
from hpcneq.errors import InputError
from hpcneq.maths import poles
from hpcneq.parallel import solo
from hpcneq.solvers.contours import Box
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.mean_field import FieldState
from hpcneq.solvers.modes import spectrum
from hpcneq.systems.fermi_gas.physics import (
    angular_grid,
    closed_circuit,
    dynamics,
    gap_and_current,
    late_rates,
    linear_kinetics,
    linear_poles,
    memory_dynamics,
    radial_grid,
    ramp,
    response,
    state_curves,
    unequal_couplings,
)
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from hpcneq.systems.fermi_gas.physics.response import Response
from hpcneq.systems.fermi_gas.shared.modes import modes_of

STATES = {
    "NBCS": (0.21259971, 0.0),
    "NIG": (0.12257353, 0.0),
    "NFF": (0.05450344, 0.18269617),
    "NFF'": (0.15348743, 0.09773890),
}
BATHS = Baths(0.005, 0.0, 0.145)
CALM = {"ts_rk_type": "4", "ts_adapt_type": "none"}


def found(name, q=0.0, angle=0.0, variant="C", fine=0.5):
    """The modes of a branch at dmu = 0.145."""
    return modes_of(Response(BATHS, *STATES[name], q, angle, variant, fine=fine), solo())


def trace(system, t_max, every=1.0):
    """(t, mean field) of an evolution."""
    petsc.start()
    with petsc.Options({}):
        evolution = Evolution(
            FieldState(system, solo()),
            t_max,
            1.2 / system.fastest,
            petsc.Options({}),
            defaults=CALM,
        )
        t, c = [], []
        evolution.run(lambda row: (t.append(row.t), c.append(np.array(row.c))), every=every)
        evolution.destroy()
    return np.array(t), np.array(c)


# ---- roots -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dmu, D, rate",
    [
        (0.05, 0.21619521, -0.0167714),
        (0.13, 0.21374201, -0.0161539),
        (0.13, 0.09001588, 0.0165425),
        (0.145, 0.21259971, -0.0157536),
        (0.145, 0.12257353, 0.0243559),
    ],
)
def test_uniform_states_have_the_known_roots_at_rest(dmu, D, rate):
    """One real root beside the phase mode, to the digits known; a relaxation rate of 2 gamma for 4
    gamma moves it.
    """
    modes = modes_of(Response(Baths(0.005, 0.0, dmu), D, 0.0), solo())
    assert len(modes.modes) == 1 and abs(modes.modes[0].z - 1j * rate) < 2e-7
    assert modes.unstable == (rate > 0)


@pytest.mark.parametrize("name, rate", [("NFF", -0.0050299), ("NFF'", -0.0011391)])
def test_twisted_states_have_the_known_roots_at_rest(name, rate):
    """To 2e-7 with angles half as fine as the default; without the Doppler shift a of the levels
    both are elsewhere.
    """
    modes = found(name)
    assert modes.unstable == 0 and abs(modes.modes[0].z - 1j * rate) < 2e-7


@pytest.mark.parametrize(
    "name, q, angle, variant, unstable",
    [
        ("NBCS", 1e-3, 0.0, "C", False),
        ("NBCS", 1e-3, 0.0, "A", False),
        ("NIG", 1e-3, 0.0, "C", True),
        ("NIG", 1e-3, 0.0, "A", True),
        ("NFF", 1e-3, 0.0, "C", False),
        ("NFF'", 1e-3, np.pi, "C", True),
        ("NFF'", 1e-3, 0.0, "A", False),
    ],
)
def test_long_waves_decide_as_known(name, q, angle, variant, unstable):
    """Verdicts at |q| = 0.001; without the gradient term (A) NFF' passes for stable, which is why C
    is the default.
    """
    assert (found(name, q, angle, variant).unstable > 0) == unstable


@pytest.mark.nightly
@pytest.mark.parametrize("name", STATES)
def test_memory_agrees_on_every_verdict(name):
    """Variant D at |q| = 0.001 against C; M of the paper's condition agrees by another route."""
    assert (found(name, 1e-3, variant="D").unstable > 0) == (found(name, 1e-3).unstable > 0)


def test_memory_of_uniform_states():
    """D at rest: NIG grows more slowly than in the kinetic equation, NBCS ten times slower."""
    grows, decays = found("NIG", variant="D", fine=1), found("NBCS", variant="D", fine=1)
    assert grows.unstable == 1 and 0.019 < grows.modes[0].z.imag < 0.021
    assert decays.unstable == 0 and -0.003 < decays.modes[0].z.imag < -0.001


@pytest.mark.parametrize("variant", response.VARIANTS)
@pytest.mark.parametrize("name", STATES)
def test_phase_costs_nothing_and_amplitude_the_slope_of_the_gap(name, variant):
    """M(0)(1, -1) = 0 to 1e-12; M(0)(1, 1) = D dg/dD, which another module computes in closed form:
    to 1e-7, its panels and mine.
    """
    D, Q = STATES[name]
    M, h = Response(BATHS, D, Q, variant=variant, fine=0.5)(0.0), 1e-5
    gas = gap_and_current.Gas(BATHS).held(D, Q)
    slope = D * (gap_and_current.gap(gas, D + h, Q) - gap_and_current.gap(gas, D - h, Q)) / (2 * h)
    assert np.abs(M @ [1, -1]).max() < 3e-12
    assert np.abs(M @ [1, 1] - slope).max() < 1e-6


@pytest.mark.parametrize("T", [0.0, 0.03])
@pytest.mark.parametrize("z", [0.03 + 0.02j, -0.2 + 0.004j])
def test_memory_kernel_is_the_integral_over_frequencies(T, z):
    """dg = -i int dw/2pi (G^R dH G^< + G^< dH G^A) at one momentum by quadrature, against
    logarithms or digammas: 1e-8.
    """
    baths, D, Q, q = Baths(0.02, T, 0.145), 0.15, 0.2, 0.3
    r = Response(baths, D, Q, q, 0.0, "D")
    points = angular_grid.assemble(
        np.array([0.97]), np.ones(1), np.array([0.3]), np.array([0.3]), D, Q, q, 0.0
    )
    kernel, width = response.Memory(r, points).kernel(z)[..., 0], baths.width
    e = points.levels[..., 0]

    def F(w):
        return 0.5 * sum(
            0.5 * (1 - np.tanh((w - s * 0.145) / (2 * T))) if T else float(w < s * 0.145)
            for s in (1, -1)
        )

    def integrand(w, m, n):
        # G^R at w + z and G^A at w continue analytically; G^< at w + z is shifted to w, so that F
        # stays on the real axis
        first = (
            1 / (w + z - e[0, m] + 1j * width) * 2j * width * F(w) / ((w - e[1, n]) ** 2 + width**2)
        )
        return (
            first
            + 2j * width * F(w) / ((w - e[0, m]) ** 2 + width**2) / (w - z - e[1, n] - 1j * width)
        ) / (2j * np.pi)

    def integral(part, m, n, a, b):
        return quad(lambda w: part(integrand(w, m, n)), a, b, epsabs=1e-12, limit=400)[0]

    cuts = sorted(
        {
            *(x + s * width for x in e.ravel() for s in (-20, -4, -1, 0, 1, 4, 20)),
            *(s * 0.145 + k * T for s in (1, -1) for k in (-8, -2, 0, 2, 8)),
            *((e[0] - z.real).tolist()),
            *((e[1] + z.real).tolist()),
        }
    )
    for m in (0, 1):
        for n in (0, 1):
            ends = [-np.inf, *cuts, np.inf]
            total = sum(
                integral(part, m, n, a, b) * unit
                for a, b in zip(ends, ends[1:])
                for part, unit in ((np.real, 1), (np.imag, 1j))
            )
            assert abs(total - kernel[m, n]) < 1e-8 * max(1, abs(total))


def test_paper_drive_is_the_static_response_at_long_waves():
    """For q -> 0 the drive of (74), (77)-(79) is c times the response of N(H): without eta in (77),
    or with E dDelta + D dE in (78), it is not.
    """
    D, Q = STATES["NFF'"]
    points = angular_grid.points(D, Q, BATHS, 1e-7, 0.0, fine=0.25, angles=8)
    paper, exact = (response.Kinetic(Response(BATHS, D, Q, 1e-7, 0.0, v), points) for v in "AC")
    assert np.abs(paper.drive - exact.follows * exact.c).max() < 1e-5 * np.abs(paper.drive).max()


# ---- equations of motion ---------------------------------------------------------------------


def pair_of_systems(name, seed=1):
    """(Linear, Kinetic in full) on the same momenta, and a random disturbance in both languages:
    (dg_mn, dg in Nambu, a).
    """
    D, Q = STATES[name]
    r = Response(BATHS, D, Q, fine=0.25, angles=8)
    flat = linear_kinetics.Linear([r], [[0, 0]], 2.0)
    full = dynamics.Kinetic(
        BATHS, -1.0, ramp.Ramp(0.145, 0.145), D, (D, Q), 2.0, 0.05, 0.25, 8, folded=False
    )
    points = angular_grid.points(D, Q, BATHS, 0.0, 0.0, 0.05, 0.25, 2.0, 8)
    random = np.random.default_rng(seed).normal(size=(4, 2, len(points.p)))
    n1, n2, s = random[0, 0], random[1, 0], random[2, 0] + 1j * random[2, 1]
    nambu = np.array([[n1, s], [s.conj(), n2]])
    V = points.vectors
    return (
        flat,
        full,
        np.einsum("man,abn,xbn->mxn", V[0], nambu, V[1]).reshape(4, -1).T,
        np.stack([n1 + 0j, n2 + 0j, s]),
        0.3 - 0.4j,
        V,
    )


def chunked(values, system):
    """(momenta chunks, CHUNK, ...) of (n, ...)."""
    whole = np.zeros((system.items * linear_kinetics.CHUNK, *values.shape[1:]), complex)
    whole[: len(values)] = values
    return whole.reshape(system.items, linear_kinetics.CHUNK, *values.shape[1:])


def runge_kutta(system, steps, dt):
    """The order parameter after so many steps on one process."""
    state = FieldState(system, solo())
    y, k = state.flat.copy(), np.zeros((4, len(state.flat)), complex)
    for _ in range(steps):
        for n, share in enumerate((0.0, 0.5, 0.5, 1.0)):
            state.rhs(0.0, 1, y + share * dt * k[n - 1], k[n])
        y += dt / 6 * (k[0] + 2 * k[1] + 2 * k[2] + k[3])
    return state.field(y)[0, 0]


@pytest.mark.parametrize("q, variant", [(0.0, "C"), (0.05, "A")])
def test_few_pairs_move_the_order_parameter_as_all_of_them(q, variant):
    """(a, b) by a fifth of the pairs against all of them: to 1e-12 after 40/mu.

    Fails with intervals of frequencies sixty times as long, and at variant A without the pairs that
    start away from what the drive holds.
    """
    r = Response(BATHS, *STATES["NFF'"], q, 0.0, variant, fine=0.1, angles=8)
    kinds = linear_kinetics.Linear, linear_poles.FewPairs
    every, few = (kind([r], [[1e-3, 0.5e-3j]], 1.7, 300.0) for kind in kinds)
    assert few.items < 0.5 * every.items
    exact, x = (runge_kutta(system, 200, 0.2) for system in (every, few))
    assert np.abs(x - exact).max() < 1e-12 * np.abs(exact).max()


@pytest.mark.parametrize("name", ["NIG", "NFF'"])
def test_linear_equation_is_the_slope_of_the_full_one(name):
    """Central differences of d/dt g of Eq. (69) in full against Eq. (74): 1e-7 of it, the
    differences' own error; turning the wrong way fails.
    """
    flat, full, modes, nambu, a, V = pair_of_systems(name)
    count, part, step = nambu.shape[1], range(full.items), 1e-5
    rest = full.start(part)
    change = chunked(nambu.T, full).transpose(0, 2, 1)
    moved = [
        full.velocity(
            0.0,
            {
                "g": rest["g"] + k * step * change,
                "delta": rest["delta"] + k * step * a,
                "Q": rest["Q"],
            },
            part,
        )["g"]
        for k in (1, -1)
    ]
    slope = ((moved[0] - moved[1]) / (2 * step)).transpose(0, 2, 1).reshape(-1, 3)[:count]
    local = {
        "dg": np.concatenate(
            [chunked(modes, full), np.zeros((1, linear_kinetics.CHUNK, 4))]
        ).reshape(-1, 4 * linear_kinetics.CHUNK)
    }
    out = {"dg": np.zeros_like(local["dg"])}
    flat.rhs(0.0, 1, local, np.array([[[a, np.conj(a)], [0, 0]]]), out, range(flat.items))
    back = np.einsum(
        "man,mxn,xbn->abn", V[0], out["dg"][:-1].reshape(-1, 4)[:count].T.reshape(2, 2, -1), V[1]
    )
    expected = np.stack([back[0, 0], back[1, 1], back[0, 1]], axis=1)
    assert np.abs(slope - expected).max() < 1e-7 * np.abs(expected).max()


@pytest.mark.parametrize("model", ["kinetic", "memory"])
@pytest.mark.parametrize("name", ["NIG", "NFF"])
def test_steady_states_are_fixed_points(name, model):
    """Nothing moves at the solutions of the gap equation, up to sums and poles (1e-6); half the
    white noise of the reservoirs does.
    """
    D, Q = STATES[name]
    args = (BATHS, -1.0, ramp.Ramp(0.145, 0.145), D, (D, Q), 2.0, 0.02, 0.5)
    system = (
        dynamics.Kinetic(*args)
        if model == "kinetic"
        else memory_dynamics.Memory(poles.fit("aaa", 0.0, 0.01, 4.6, 1e-6), *args)
    )
    state = FieldState(system, solo())
    out = np.zeros_like(state.flat)
    state.rhs(0.0, 1, state.flat, out)
    assert np.abs(out).max() < 5e-6


@pytest.mark.parametrize("p_c", [2.0, 2.6])
def test_evolution_grows_with_the_root(p_c):
    """Late slope of NIG after a kick is the root of det M with all momenta: 1e-6, for any cutoff;
    far momenta to first order only are 5e-6 off.
    """
    r = Response(BATHS, *STATES["NIG"])
    t, c = trace(linear_kinetics.Linear([r], [[1e-3, 1e-3]], p_c, 250.0), 250.0)
    late = late_rates.late_exponent(t, c[:, 0, 0].sum(axis=1))
    assert abs(late - 0.0243559) < 1e-6


def test_amplitude_of_the_gapped_state_decays_with_its_root():
    """NBCS at dmu = 0.145: the slow exponential under the ringing of broken pairs, 1%; judged by Re
    Delta, since the phase mode stays.
    """
    t, c = trace(
        linear_kinetics.Linear([Response(BATHS, *STATES["NBCS"])], [[1e-3, 1e-3]], 2.0, 500.0),
        500.0,
    )
    assert abs(late_rates.late_exponent(t, c[:, 0, 0].sum(axis=1)) + 0.0157536) < 1.6e-4


def test_wave_grows_with_its_root():
    """NFF' at q = 0.02 along Q, momenta at p +- q/2: growth and frequency of the fastest mode to
    1e-3 of them; the sums for a and b exchanged fail.
    """
    r = Response(BATHS, *STATES["NFF'"], 0.02, 0.0, fine=0.15, angles=8)
    fastest = (
        spectrum(
            Response(BATHS, *STATES["NFF'"], 0.02, fine=0.5),
            0.02,
            solo(),
            box=Box(-0.1, 0.11, 5e-4, 0.05),
        )
        .modes[0]
        .z
    )
    t, c = trace(linear_kinetics.Linear([r], [[1e-3, 1e-3]], 2.0), 300.0, 1.5)
    late = late_rates.late_exponent(t, c[:, 0, 0].sum(axis=1))
    assert fastest.imag > 1e-3 and abs(late + 1j * fastest) < 1e-3 * abs(fastest)


@pytest.mark.parametrize("sign, final", [(1, 0.21259971), (-1, 0.0)])
def test_interior_gap_state_lies_between_two_basins(sign, final):
    """In full, NIG kicked up ends as NBCS, kicked down in the normal state; an adiabatic term of
    the wrong sign sends both the same way.
    """
    D, Q = STATES["NIG"]
    t, c = trace(
        dynamics.Kinetic(BATHS, -1.0, ramp.Ramp(0.145, 0.145), D + sign * 1e-2, (D, Q)),
        400.0,
        4.0,
    )
    assert abs(abs(c[-1, 0]) - final) < 3e-3


@pytest.mark.parametrize("p_c", [1.5, 2.0])
def test_far_momenta_remember_too(p_c):
    """The slow mode of NBCS with memory, momenta below p_c exactly and those above by their law:
    the root of all momenta, 1e-4 of it.

    Fails with the law of adiabatic reservoirs, which is 10% off at p_c = 1.5.
    """
    r = Response(BATHS, *STATES["NBCS"], variant="D")
    p, weight = radial_grid.outer(p_c)
    far = angular_grid.assemble(p, weight * p**2, 0 * p, 0 * p, r.D, 0.0, 0.0, 0.0)
    inner, outer = (
        response.Memory(r, points)
        for points in (angular_grid.points(r.D, 0.0, BATHS, dp=0.02, fine=0.5, end=p_c), far)
    )
    K, KB = memory_dynamics.Memory.lag(r, far)
    still = outer(np.zeros(1, complex))[0]

    def det(rate, law):
        late = -rate * K + rate**2 * KB
        beyond = still + np.diag([late, np.conj(late)]) if law else outer(np.array([rate + 0j]))[0]
        return np.linalg.det(inner(np.array([rate + 0j]))[0] + beyond).real

    exact, found = (brentq(det, -3e-3, -1e-3, args=(law,), xtol=1e-12) for law in (False, True))
    assert abs(found - exact) < 1e-4 * abs(exact) and abs(exact + 0.0018563) < 1e-7


def test_memory_grows_at_its_own_rate():
    """NIG with auxiliary modes: the rate is variant D's, 0.0201, not the kinetic 0.0244; 2% within
    a hundred times.
    """
    D, Q = STATES["NIG"]
    fit = poles.fit("aaa", 0.0, 0.01, 4.2, 1e-4)
    system = memory_dynamics.Memory(
        fit, BATHS, -1.0, ramp.Ramp(0.145, 0.145), D + 1e-5, (D, Q), 2.0, 0.05, 0.5
    )
    t, c = trace(system, 160.0)
    y = np.abs(c[:, 0]) - D
    i, j = np.searchsorted(t, [80.0, 150.0])
    assert abs(np.log(y[j] / y[i]) / (t[j] - t[i]) - 0.0200760) < 4e-4


# ---- Q free ----------------------------------------------------------------------------------


def test_all_atoms_of_a_gas_at_rest_are_superfluid():
    """Without bias and with little width J_S = n Q to first order, so that Q falls with 4 gamma: 1
    - 8 gamma to a tenth of it.

    Fails without the pairs' share of n.
    """
    for gamma in (2e-4, 5e-4):
        D = state_curves.largest(gap_and_current.Gas(Baths(gamma)))
        J, n = closed_circuit.Ends.of(Baths(gamma), D, 0.01, 0.02).sums(D, 0.01)
        assert abs(J / (0.01 * n) - 1 + 8 * gamma) < 0.8 * gamma


@pytest.mark.parametrize("name", ["NFF", "NFF'"])
def test_current_condition_holds_in_the_states_alone(name):
    """J_S vanishes in the states with Q > 0; J_S and n less the normal gas's are the sums of N(H)
    over all directions, 2e-6.

    Fails with 2 p c for p c.
    """
    D, Q = STATES[name]
    ends = closed_circuit.Ends.of(BATHS, D, Q, 0.02)
    assert abs(ends.sums(D, Q)[0]) < 1e-8
    D, Q = 1.1 * D, 0.9 * Q
    p, c, weight = unequal_couplings.plane(
        D, Q, 1.0, unequal_couplings.Pair(0.005, 0.005, 0.0, 0.145)
    )
    J = n = 0.0
    for s in (1, -1):
        at = {"a": s * p * c * Q, "xi": p**2 + 0.25 * Q**2 - 1}
        pairs, bare = (dynamics.of_levels(BATHS.occupation, at, x) for x in (D, 1e-9))
        both, atoms = (
            pairs[0] + pairs[1] - bare[0] - bare[1],
            pairs[0] - pairs[1] - bare[0] + bare[1],
        )
        J, n = (
            J + 0.5 * weight @ (p**2 * (s * p * c * both + 0.5 * Q * atoms)),
            n + 0.25 * weight @ (p**2 * atoms),
        )
    assert ends.sums(D, Q) == pytest.approx((J, n + ends.normal), abs=2e-6)


def pull(r, rate):
    """(sum dg12, sum dg21) that a change of Q by 1, growing with ``rate``, leaves: the response of
    N(H) to p c + Q tau3/2, in the bases of H.
    """
    points = angular_grid.points(r.D, r.Q, r.baths, fine=r.fine)
    e, V = points.levels[0], points.vectors[0]
    N, gap = r.baths.occupation(e), e[0] - e[1]
    change = np.einsum(
        "man,abn,xbn->mxn",
        V,
        0.5 * r.Q * np.array([[1, 0], [0, -1]])[..., None]
        + np.eye(2)[..., None] * points.p * points.c,
        V,
    )
    slope = np.array(
        [[r.baths.slope(e[0]), (N[0] - N[1]) / gap], [(N[0] - N[1]) / gap, r.baths.slope(e[1])]]
    )
    c = 4 * r.baths.gamma + 1j * np.array([[0 * gap, gap], [-gap, 0 * gap]])
    dg = np.einsum("man,mxn,xbn->abn", V, change * slope * c / (rate + c), V)
    return dg[0, 1] @ points.weight, dg[1, 0] @ points.weight


@pytest.mark.nightly
def test_free_wave_number_makes_nff_prime_grow():
    """NFF', stable while Q is held, leaves at the root of the 3 x 3 determinant of (Delta, Delta^*,
    Q): 1%. A force of the other sign makes it return.
    """
    D, Q = STATES["NFF'"]
    r, ends, h = Response(BATHS, D, Q, fine=0.5), closed_circuit.Ends.of(BATHS, D, Q, 0.02), 1e-5
    slopes = [
        (ends.velocity(D + h * u, Q + h * v, 0.145) - ends.velocity(D - h * u, Q - h * v, 0.145))
        / (2 * h)
        for u, v in ((1, 0), (0, 1))
    ]

    def det(rate):
        return np.linalg.det(
            np.block(
                [
                    [r(1j * rate), np.array(pull(r, rate))[:, None]],
                    [np.array([[-0.5 * slopes[0], -0.5 * slopes[0], rate - slopes[1]]])],
                ]
            )
        ).real

    root = brentq(det, 4e-3, 1.2e-2)
    t, c = trace(
        dynamics.Kinetic(
            BATHS,
            -1.0,
            ramp.Ramp(0.145, 0.145),
            D + 1e-6,
            (D, Q),
            1.4,
            0.03,
            0.15,
            8,
            start_Q=Q,
        ),
        420.0,
        2.0,
    )
    assert (
        abs(late_rates.late_exponent(t, np.abs(c[:, 0]) - D) - root) < 1e-2 * root
        and c[-1, 2].real < Q
    )


@pytest.mark.nightly
def test_free_wave_number_with_memory_leaves_at_its_own_root():
    """NFF' with closed ends and memory: the root of the 3 x 3 determinant of (Delta, Delta^*, Q)
    from variant D's kernel, 0.00689 (adiabatic 0.00752): 1%.

    Its third row is J = 0, from the response of all momenta to Delta and to p c + Q tau3/2, and the
    static dJ_S/dQ. Fails without the far momenta's share of J, and without the normal gas's.
    """
    D, Q = STATES["NFF'"]
    r, ends, h = (
        Response(BATHS, D, Q, variant="D", fine=0.5),
        closed_circuit.Ends.of(BATHS, D, Q, 0.02),
        1e-5,
    )
    points, still = r.points, (ends.sums(D, Q + h)[0] - ends.sums(D, Q - h)[0]) / (2 * h)
    kernel, V, near = (
        response.Memory(r, points),
        points.vectors,
        points.p < 10,
    )  # beyond, memory's share of dJ/dQ is rounding
    moved = (
        0.5 * Q * np.array([[1, 0], [0, -1]])[..., None]
        + np.eye(2)[..., None] * points.p * points.c
    )
    kicks = [
        np.einsum("man,abn,xbn->mxn", V[0], x + 0 * points.p, V[1])
        for x in (-np.array([[[0], [1]], [[0], [0]]]), -np.array([[[0], [0]], [[1], [0]]]), moved)
    ]

    def det(rate):
        K, w = kernel.kernel(1j * rate), points.weight
        late = (w * kicks[2] ** 2 * (K - kernel.quotient))[..., near].sum()
        return np.linalg.det(
            np.block(
                [
                    [
                        r(1j * rate),
                        np.array([[np.sum(w * x * kicks[2] * K)] for x in (kernel.A, kernel.B)]),
                    ],
                    [
                        np.array(
                            [[*(np.sum(w * kicks[2] * x * K) for x in kicks[:2]), still + late]]
                        )
                    ],
                ]
            )
        ).real

    root = brentq(det, 4e-3, 1.2e-2)
    system = memory_dynamics.Memory(
        poles.fit("aaa", 0.0, 0.01, 3.0, 1e-4),
        BATHS,
        -1.0,
        ramp.Ramp(0.145, 0.145),
        D + 1e-5,
        (D, Q),
        1.4,
        0.03,
        0.15,
        8,
        start_Q=Q,
    )
    t, c = trace(system, 300.0, 2.0)
    assert (
        abs(late_rates.late_exponent(t, c[:, 2].real - Q) - root) < 1e-2 * root
        and c[-1, 2].real < Q
    )


class Laboratory:
    """Atoms up, down and pairs on fixed momenta k of the laboratory, (k_z, k_perp), under a force
    F: -F d/dk on each, pairs of total momentum Q with dQ/dt = 2F.
    """

    def __init__(self, baths, D, Q, most=1.8, along=128, across=20):
        x, w = np.polynomial.legendre.leggauss(across)
        self.baths, self.z, perp = (
            baths,
            most * (2 * np.arange(along) / along - 1)[:, None],
            0.5 * most * (1 + x),
        )
        self.weight = most / along * 0.5 * most * w * perp + 0 * self.z  # int p^2 dp int dn/4pi
        self.perp, self.turn = perp**2, np.pi / most * np.fft.fftfreq(along, 1 / along)[:, None]
        n11, n22, n12 = self.settled(D, Q)[2:]
        self.y = [n11 + 0j, self.mirror(1 - n22, Q), n12 + 0j, Q]
        self.strength = D / np.sum(self.weight * n12)

    def moved(self, f, d):
        """f(k - d) on the grid."""
        return np.fft.ifft(np.fft.fft(f, axis=0) * np.exp(-1j * self.turn * d), axis=0)

    def mirror(self, f, Q):
        """f(Q - k)."""
        return self.moved(f[::-1], Q - self.z[0] - self.z[-1])

    def settled(self, D, Q):
        """Energies of up at k and down at Q - k, and N(H) of the pair: 11, 22, 12."""
        up, down = self.z**2 + self.perp - 1, (Q - self.z) ** 2 + self.perp - 1
        mean, xi = 0.5 * (up - down), 0.5 * (up + down)
        E = np.hypot(xi, abs(D))
        N = self.baths.occupation(np.stack([mean + E, mean - E]))
        share = 0.5 * (N[0] - N[1]) / E
        return up, down, N.mean(axis=0) + share * xi, N.mean(axis=0) - share * xi, -share * D

    @property
    def gap(self):
        return self.strength * np.sum(self.weight * self.y[2])

    def velocity(self, y):
        D = self.strength * np.sum(self.weight * y[2])
        up, down, n11, n22, n12 = self.settled(D, y[3])
        g22, flow, rate = (
            1 - self.mirror(y[1], y[3]),
            2 * (y[2] * np.conj(D)).imag,
            4 * self.baths.gamma,
        )
        return [
            flow - rate * (y[0] - n11),
            self.mirror(flow + rate * (g22 - n22), y[3]),
            -1j * ((up + down) * y[2] + D * (y[0] - g22)) - rate * (y[2] - n12),
            0.0,
        ]

    def push(self, impulse):
        self.y = [*(self.moved(f, impulse) for f in self.y[:3]), self.y[3] + 2 * impulse]

    def step(self, dt):
        """Runge-Kutta without the force."""
        k, total = self.velocity(self.y), [0, 0, 0, 0]
        for ahead, part in ((0.5, 1 / 6), (0.5, 1 / 3), (1.0, 1 / 3), (None, 1 / 6)):
            total = [a + part * b for a, b in zip(total, k)]
            if ahead:
                k = self.velocity([a + ahead * dt * b for a, b in zip(self.y, k)])
        self.y = [a + dt * b for a, b in zip(self.y, total)]

    @property
    def current(self):
        return np.sum(self.weight * self.z * (self.y[0] + self.y[1])).real


def test_force_of_closed_ends_stops_the_current_in_the_laboratory():
    """A state that carries a current, under half the dQ/dt of closed ends as a force on atoms at
    fixed momenta: J falls with 4 gamma, 3% of its fall.

    Without a force the same equations keep it for ever (Q is held). Fails with F = dQ/dt, with n of
    both spins, with the other sign.
    """
    baths, D, Q, dt = Baths(0.002, 0.03, 0.05), 0.15, 0.12, 0.16
    lab, ends = Laboratory(baths, D, Q), closed_circuit.Ends.of(baths, D, Q, 0.02)
    begun = lab.current
    assert begun == pytest.approx(ends.sums(D, Q)[0], rel=0.03)  # to the laboratory's cutoff
    for _ in range(150):
        half = 0.25 * dt * ends.velocity(abs(lab.gap), lab.y[3], baths.dmu)
        lab.push(half)
        lab.step(dt)
        lab.push(half)
    fall = 1 - np.exp(-4 * baths.gamma * 150 * dt)
    assert lab.current / begun == pytest.approx(1 - fall, abs=0.03 * fall)


def test_momenta_along_and_against_are_mirrored():
    """Velocities of Delta from half the momenta are those of all, with Q > 0, away from any steady
    state: 1e-12, both models.

    Fails if the other half is kept once.
    """
    D, Q = STATES["NFF"]
    args = (BATHS, -1.0, ramp.Ramp(0.145, 0.145), 0.03 + 0.1j, (D, Q), 1.5, 0.05, 0.25, 8)
    fit = poles.fit("aaa", 0.0, 0.01, 3.0, 1e-4)
    for make in (dynamics.Kinetic, lambda *a, **k: memory_dynamics.Memory(fit, *a, **k)):
        found = []
        for folded in (True, False):
            system = make(*args, folded=folded)
            state = FieldState(system, solo())
            for _ in range(3):  # a few steps along the flow
                out = np.zeros_like(state.flat)
                state.rhs(0.0, 1, state.flat, out)
                state.flat += 0.1 * out
            found.append(state.field(state.flat)[:2])
        assert np.abs(found[0] - found[1]).max() < 1e-12


@pytest.mark.parametrize(
    "model, name, t_max",
    [
        ("kinetic", "NIG", 350.0),
        pytest.param("memory", "NIG", 500.0, marks=pytest.mark.nightly),
        pytest.param("kinetic", "NFF", 700.0, marks=pytest.mark.nightly),
    ],
)
def test_errors_of_an_evolution_bound_its_change_under_refinement(model, name, t_max):
    """Further cutoff, finer grid, half the step, more poles: |Delta| and late_rate move by less
    than their errors, which are not 100 times too large.

    Fails if the errors are those of the step alone.
    """
    coarse = {"model": model, "p_c": 1.6, "fine": 0.25, "angles": 8, "pole_error": 1e-4}
    fine = {
        "model": model,
        "p_c": 2.1,
        "fine": 0.5,
        "angles": 16,
        "pole_error": 1e-6,
        "error_estimate": False,
    }
    first, second = (
        run(
            "evolve",
            parameters={"dmu": 0.145, "branch": name},
            initial={"kick": 5e-3},
            run={"t_max": t_max, "output_every": 2.0},
            numerics=n,
        )
        for n in (coarse, fine)
    )
    for key in ("delta_final", "late_rate"):
        moved = abs(first.summary[key] - second.summary[key])
        assert moved < first.errors[key] < 100 * moved + 1e-6


@pytest.mark.nightly
@pytest.mark.parametrize("kick, fate, Q", [(1e-3, "NBCS", 0.0), (-1e-3, "NFF", 0.18269617)])
def test_nff_prime_lies_between_two_basins(kick, fate, Q):
    """With closed ends NFF' kicked up loses its Q and ends as NBCS, kicked down it ends as NFF."""
    result = run(
        "evolve",
        parameters={"dmu": 0.145, "branch": "NFF'", "free_Q": True},
        initial={"kick": kick},
        run={"t_max": 2000.0, "output_every": 10.0},
        numerics={
            "model": "kinetic",
            "fine": 0.2,
            "angles": 16,
            "p_c": 1.5,
            "error_estimate": False,
        },
    )
    assert result.summary["fate"] == fate and abs(result.summary["Q_final"] - Q) < 2e-3


def test_exponent_of_a_sum_of_exponentials():
    """Three exponentials, the slowest smallest at first: its exponent to 1e-8."""
    t = np.linspace(0, 800, 801)
    x = 1e-3 * np.exp((-0.01 + 0.02j) * t) + np.exp(-0.05 * t) + np.exp((-0.03 + 0.4j) * t)
    assert abs(late_rates.late_exponent(t, x) - (-0.01 + 0.02j)) < 1e-8


# ---- tasks -----------------------------------------------------------------------------------


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "fermi-gas", "task": task, **tables})


def test_stability_task_finds_the_branch_and_its_verdict():
    """From the input alone: NIG at dmu = 0.145 is unstable with the known rate; its error covers
    the difference.
    """
    result = run("stability", parameters={"dmu": 0.145, "branch": "NIG", "q": 0.0})
    summary = result.summary
    assert (
        summary["verdict"] == "unstable"
        and summary["unstable_modes"] == 1
        and abs(summary["frequency"]) < 1e-9
    )
    assert abs(summary["growth_rate"] - 0.0243559) < 1e-7 and result.errors["growth_rate"] < 1e-8


def test_stability_map_over_dmu():
    """NIG exists from dmu = 0.1122 on and grows wherever it exists."""
    result = run(
        "stability",
        parameters={"branch": "NIG"},
        sweep={"dmu": [0.1, 0.13, 0.16], "q": [0.0, 1e-2]},
        numerics={"fine": 0.5},
    )
    assert np.array_equal(np.sign(result.unstable_modes), [[-1, -1], [1, 1], [1, 1]])
    assert result.summary["absent"] == 2 and result.summary["verdict"] == "unstable"


def test_evolve_task_gives_late_rates_beside_roots():
    """Two runs at once: NIG at two dmu, slopes and roots agree within the errors."""
    result = run(
        "evolve",
        parameters={"branch": "NIG"},
        sweep={"dmu": [0.13, 0.145]},
        run={"t_max": 200.0, "output_every": 1.0},
    )
    assert np.allclose(result.summary["root_rate"], [0.0165425, 0.0243559], atol=1e-7)
    off = np.abs(np.array(result.summary["late_rate"]) - result.summary["root_rate"])
    assert (off < 1e-5).all() and np.asarray(result.ddelta).shape[1] == 2


def test_evolve_task_tells_the_fate():
    """A ramp up in the kinetic model: NBCS lasts to its fold and falls."""
    result = run(
        "evolve",
        parameters={"dmu": 0.16, "dmu_end": 0.22, "ramp_time": 200.0},
        numerics={"model": "kinetic", "error_estimate": False},
        initial={"kick": 0.0},
        run={"t_max": 500.0, "output_every": 10.0},
    )
    assert result.summary["fate"] == "normal" and result.summary["late_rate"] is None


@pytest.mark.parallel
def test_momenta_over_ranks_give_the_same_evolution(comm):
    """Right-hand sides of all three models, of the last two with closed ends too, on any number of
    ranks are those of one, to 1e-13.
    """
    D, Q = STATES["NIG"]
    coarse = Response(BATHS, D, Q, fine=0.25, dp=0.1)
    args = (BATHS, -1.0, ramp.Ramp(0.145, 0.145), D + 1e-2, (D, Q), 1.5, 0.1, 0.25)
    turning, few = (
        (BATHS, -1.0, ramp.Ramp(0.145, 0.145), D, (D, 0.2), 1.5, 0.1, 0.1, 4),
        poles.fit("aaa", 0.0, 0.01, 3.0, 1e-2),
    )
    for system in (
        linear_kinetics.Linear([coarse, coarse], [[1e-3, 1e-3], [1e-3j, 0]], 1.5),
        linear_poles.FewPairs([coarse, coarse], [[1e-3, 1e-3], [1e-3j, 0]], 1.5),
        dynamics.Kinetic(*args),
        memory_dynamics.Memory(few, *args),
        dynamics.Kinetic(*turning, start_Q=0.1),
        memory_dynamics.Memory(few, *turning, start_Q=0.1),
    ):
        together, alone = FieldState(system, comm), FieldState(system, solo())
        mine = slice(together.layout.start, together.layout.stop)
        out, whole = np.zeros_like(together.flat), np.zeros_like(alone.flat)
        together.rhs(0.0, 1, together.flat, out)
        alone.rhs(0.0, 1, alone.flat, whole)
        for name, values in alone.view(whole).items():
            assert np.abs(together.view(out)[name] - values[mine]).max(initial=0) < 1e-13
        assert getattr(system, "ends", None) is None or np.abs(alone.view(whole)["Q"]).min() > 1e-6


@pytest.mark.parametrize(
    "task, tables, words",
    [
        ("stability", {"parameters": {"dmu": 0.05, "branch": "NFF"}}, "no such state"),
        ("stability", {"parameters": {"gamma": 0.0}}, "gamma = 0"),
        ("evolve", {"numerics": {"variant": "D"}, "run": {"t_max": 1.0}}, "variant"),
        ("evolve", {"numerics": {"dt": 5.0}, "run": {"t_max": 1.0}}, r"\[numerics\] dt"),
        ("evolve", {"initial": {"start": "normal"}, "run": {"t_max": 1.0}}, "start"),
        ("evolve", {"parameters": {"free_Q": True}, "run": {"t_max": 1.0}}, "free_Q"),
        (
            "evolve",
            {"initial": {"kick_Q": 0.1}, "numerics": {"model": "kinetic"}, "run": {"t_max": 1.0}},
            "kick_Q",
        ),
        (
            "evolve",
            {"parameters": {"q": 0.1}, "numerics": {"model": "kinetic"}, "run": {"t_max": 1.0}},
            "q = 0",
        ),
    ],
)
def test_bad_input_is_named(task, tables, words):
    """One line with the table and key."""
    with pytest.raises(InputError, match=words):
        run(task, **tables)


def test_a_ramp_that_ends_with_the_run_but_for_a_rounding():
    """0.7 + 0.1 < 0.8 in floating point: one segment, and errors in time at rows of both runs."""
    result = hpcneq.run(
        {
            "system": "fermi-gas",
            "task": "evolve",
            "parameters": {"gamma": 0.04, "dmu_end": 0.03, "ramp_begin": 0.7, "ramp_time": 0.1},
            "numerics": {"model": "kinetic", "fine": 0.25, "p_c": 1.5, "dt": 0.25},
            "run": {"t_max": 0.8},
        }
    )
    assert result.t[:].tolist() == pytest.approx([0, 0.25, 0.5, 0.7, 0.8])
    assert result.t_error[:].tolist() == pytest.approx([0, 0.5, 0.7, 0.8])
