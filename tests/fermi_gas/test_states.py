"""Steady states of the Fermi gas between two reservoirs: closed forms against quadrature, limits,
published numbers as recomputed.

Every docstring names a change of the code under which the test was seen to fail, or the mistake it
is there for.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import eigh
from scipy.optimize import brentq

from hpcneq.solvers import newton
from hpcneq.systems.fermi_gas.physics import (
    gap_and_current,
    pair_amplitude,
    phase_edges,
    state_curves,
)
from hpcneq.systems.fermi_gas.physics.gap_and_current import Gas
from hpcneq.systems.fermi_gas.physics.occupation import Baths

SMOOTH, COLD, WARM, SHARP = (
    Baths(0.02, 0.02, 0.1),
    Baths(0.005, 0.0, 0.145),
    Baths(0.0, 0.02, 0.145),
    Baths(0.0, 0.0, 0.145),
)
EVERY = [SMOOTH, COLD, WARM, SHARP]
COLD_GAS = Gas(Baths(0.005, 0.0, 0.0))


@pytest.fixture(scope="module")
def cold():
    """Both curves at gamma = .005, T = 0."""
    return state_curves.curves(COLD_GAS)


def polished(gas, D, Q):
    """(D, Q) by SNES on panels held still."""
    held = gas.held(D, Q)
    if Q == 0:
        return newton.solve_equations(
            lambda x: [gap_and_current.gap(held, x[0], 0.0)], [D], {"snes_atol": 3e-12}
        ).x[0], 0.0
    return tuple(
        newton.solve_equations(
            lambda x: state_curves.equations(held, *x), [D, Q], {"snes_atol": 3e-12}
        ).x
    )


def edge(gas, known, name):
    """dmu of an edge by SNES."""
    seed = phase_edges.seeds(gas, known)[name]
    function, start = phase_edges.equations(gas, seed)
    found = newton.solve_equations(function, start, {"snes_atol": 3e-12})
    assert found.converged
    return phase_edges.polished(seed, found.x).dmu


# ---- occupation ------------------------------------------------------------------------------


def convolved(x, baths):
    """N(x) from its definition, by adaptive quadrature of the Lorentzian with the mean of the
    reservoirs' Fermi functions.
    """

    def f(w):
        return 0.5 * sum(
            0.5 * (1 - np.tanh((w - s * baths.dmu) / (2 * baths.T)))
            if baths.T
            else float(w < s * baths.dmu)
            for s in (1, -1)
        )

    G, marks = 2 * baths.gamma, sorted({x, baths.dmu, -baths.dmu})
    ends = [
        -np.inf,
        *sorted({m + k * h for m in marks for k in (-20, -3, 0, 3, 20) for h in (G, baths.T or G)}),
        np.inf,
    ]
    return sum(
        quad(lambda w: G / np.pi / ((w - x) ** 2 + G**2) * f(w), a, b, epsabs=1e-14, epsrel=1e-12)[
            0
        ]
        for a, b in zip(ends, ends[1:])
    )


@pytest.mark.parametrize("baths", [SMOOTH, COLD])
def test_the_occupation_of_a_level_is_the_reservoirs_seen_through_its_width(baths):
    """N(x) against quadrature of its definition, and M0, M1 and their slopes against sums over
    angles; 1e-10.

    Fails with Gam = gamma.
    """
    x = np.array([-0.3, -0.1, 0.02, 0.145, 0.4])
    assert baths.occupation(x) == pytest.approx([convolved(v, baths) for v in x], abs=1e-10)
    c, w = np.polynomial.legendre.leggauss(2000)
    E, s = np.array([0.05, 0.2, 0.9, 4.0, 30.0]), np.array([0.15, 0.3, 0.02, 0.5, 1.0])
    table = baths.occupation(E[:, None] + s[:, None] * c)
    M0, M1 = baths.moments(E, s)
    assert M0 == pytest.approx(0.5 * table @ w, rel=1e-9)
    assert M1 == pytest.approx(0.5 * table @ (w * c), rel=1e-7, abs=1e-13)
    slopes = baths.slope(E[:, None] + s[:, None] * c)
    for k, found in enumerate(baths.moment_slopes(E, s)):
        assert found == pytest.approx(0.5 * slopes @ (w * c**k), rel=1e-7, abs=1e-10)


def test_the_tail_of_the_occupation_keeps_its_accuracy():
    """N -> Gam/(pi x) far above both reservoirs, to 1e-12 of itself at T = 0 and as f where levels
    have no width.

    Fails with 1/2 - atan.
    """
    x = 1e7
    assert COLD.occupation(x) == pytest.approx(COLD.width / (np.pi * x), rel=1e-12)
    assert WARM.occupation(0.8) == pytest.approx(
        0.5 * (np.exp(-(0.8 - 0.145) / 0.02) + np.exp(-(0.8 + 0.145) / 0.02)), rel=1e-12
    )


# ---- gap and current -------------------------------------------------------------------------


def matrix_function(kx, kz, D, Q, baths):
    """N(H_p) by diagonalisation of the 2 x 2 matrix, p = k - Q/2: no closed form used."""
    p = np.array([kx, kz - 0.5 * Q])
    xi, along = p @ p + 0.25 * Q**2 - 1, p[1] * Q
    e, U = eigh(np.array([[along + xi, -D], [-D, along - xi]]))
    return U @ np.diag(baths.occupation(e)) @ U.T


@pytest.mark.parametrize("baths", [SMOOTH, SHARP])
def test_pair_amplitude_and_occupation_are_entries_of_one_matrix_function(baths):
    """P and n against N(H) by diagonalisation, 1e-13, and both as means of two reservoirs, Eqs.
    (93), (94).

    Fails with -p in the second term of (93), as printed, and with +p - Q/2 in the momentum of an
    atom.
    """
    D, Q = 0.1, 0.17
    for kx, kz in ((0.9, 0.2), (0.1, -0.97), (0.0, 1.1), (1.3, 0.0)):
        whole = matrix_function(kx, kz, D, Q, baths)
        pz = kz - 0.5 * Q
        assert pair_amplitude.occupation(kx, kz, D, Q, baths.occupation) == pytest.approx(
            whole[0, 0], abs=1e-13
        )
        assert pair_amplitude.pair(kx, pz, D, Q, baths.occupation) == pytest.approx(
            whole[0, 1], abs=1e-13
        )
        assert np.mean(pair_amplitude.pair_parts(kx, pz, D, Q, baths)) == pytest.approx(
            whole[0, 1], abs=1e-13
        )


def test_each_part_of_the_pair_amplitude_is_that_of_a_field():
    """P^FF(dmu) is the equilibrium Fulde-Ferrell amplitude in a Zeeman field: both members of a
    pair filled with f(E -+ h), T = .02, no width.

    Fails if both parts have the same sign of dmu.
    """
    D, Q, h, T = 0.1, 0.17, WARM.dmu, WARM.T
    for sign, part in zip((1, -1), pair_amplitude.pair_parts(0.5, 0.8, D, Q, WARM)):
        xi = 0.5**2 + 0.8**2 + Q**2 / 4 - 1
        E, doppler = np.hypot(xi, D), 0.8 * Q - sign * h
        f = [1 / (1 + np.exp((E + s * doppler) / T)) for s in (1, -1)]
        assert part == pytest.approx(0.5 * D / E * (1 - f[0] - f[1]), abs=1e-14)


@pytest.mark.parametrize("baths", EVERY)
def test_gap_and_current_derive_from_one_potential(baths):
    """The Maxwell relation D dg/dQ = -(1/2) dJ/dD by central differences on panels held still,
    1e-6, and the closed slopes of g and J.

    Fails if the subtraction in J is left out of dJ/dD, or with Q for Q/2 in its second term.
    """
    D, Q, h = 0.1, 0.15, 1e-5
    gas = Gas(baths).held(D, Q)
    g_Q, g_D = (
        (gap_and_current.gap(gas, D, Q + h) - gap_and_current.gap(gas, D, Q - h)) / (2 * h),
        (gap_and_current.gap(gas, D + h, Q) - gap_and_current.gap(gas, D - h, Q)) / (2 * h),
    )
    J_D, J_Q = (
        (gap_and_current.both(gas, D + h, Q)[1] - gap_and_current.both(gas, D - h, Q)[1]) / (2 * h),
        (gap_and_current.both(gas, D, Q + h)[1] - gap_and_current.both(gas, D, Q - h)[1]) / (2 * h),
    )
    assert D * g_Q == pytest.approx(-0.5 * J_D, rel=1e-6)
    assert gap_and_current.slopes(gas, D, Q) == pytest.approx((g_D, g_Q), rel=1e-6)
    assert gap_and_current.current_slope(gas, D, Q) == pytest.approx(J_Q, rel=1e-6)


def test_the_gap_equation_is_the_sum_of_pair_amplitudes():
    """g against int d^3p/(4 pi) [P/Delta - 1/(2 p^2)] by a plain sum over angles, 1e-9: the static
    identity 1/U = sum P/Delta.

    Fails with M0 for 2 M0.
    """
    D, Q = 0.12, 0.2
    gas = Gas(SMOOTH)
    p, weight = gas.finer.grid(D, Q)
    c, w = np.polynomial.legendre.leggauss(400)
    P = pair_amplitude.pair(
        p * np.sqrt(1 - c[:, None] ** 2), p * c[:, None], D, Q, SMOOTH.occupation
    )
    plain = weight @ (p**2 * (0.5 * w @ P / D - 0.5 / p**2)) + 0.25 * np.pi * gas.inv
    assert gap_and_current.gap(gas, D, Q) == pytest.approx(plain, abs=1e-9)


def laboratory(D, Q, baths, K):
    """2 int_{k < K} d^3k/(4 pi) k_z n_k, a sum in the laboratory frame with a sharp cutoff."""
    ends = np.concatenate([np.linspace(0, 2, 81), np.geomspace(2, K, 40)[1:]])
    x, wx = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(ends)[:, None]
    k, weight = ((ends[:-1, None] + half) + half * x).ravel(), (half * wx).ravel()
    c, w = np.polynomial.legendre.leggauss(200)
    n = pair_amplitude.occupation(
        k * np.sqrt(1 - c[:, None] ** 2), k * c[:, None], D, Q, baths.occupation
    )
    return float(weight @ (k**3 * ((w * c) @ n)))


def test_the_current_is_that_of_the_laboratory_frame():
    """J of the subtracted formula against the sum over the atoms' own momenta up to K: they differ
    by a term that falls as 1/K, order 1 +- .02.

    Fails without the subtraction: then J grows with the cutoff.
    """
    D, Q = 0.12, 0.2
    J = gap_and_current.both(Gas(SMOOTH), D, Q)[1]
    left = [laboratory(D, Q, SMOOTH, K) - J for K in (20.0, 40.0, 80.0)]
    orders = np.log2(np.abs(np.array(left[:-1]) / np.array(left[1:])))
    assert np.all(np.abs(orders - 1) < 0.02) and abs(2 * left[2] - left[1]) < 1e-6


@pytest.mark.parametrize("baths", EVERY)
def test_the_stiffness_has_its_limits(baths):
    """J/(Q D^2) at Q = 0 and at D = 0 against small Q and D, with errors of second order: the delta
    functions of gamma = T = 0 included.

    Fails with one of the two delta functions (D or D = 0) missing.
    """
    gas = Gas(baths)
    near = [gap_and_current.stiffness(gas, 0.1, Q) for Q in (2e-3, 4e-3)]
    assert gap_and_current.stiffness(gas, 0.1, 0.0) == pytest.approx(
        (4 * near[0] - near[1]) / 3, rel=2e-4
    )
    near = [gap_and_current.stiffness(gas, D, 0.17) for D in (2e-3, 4e-3)]
    assert gap_and_current.stiffness(gas, 0.0, 0.17) == pytest.approx(
        (4 * near[0] - near[1]) / 3, rel=2e-4
    )


# ---- equilibrium -----------------------------------------------------------------------------


def equilibrium(D, T, inv):
    """The textbook gap equation of the BCS side at mu = 1, by adaptive quadrature."""

    def f(p):
        E = np.hypot(p**2 - 1, D)
        return p**2 * np.tanh(E / (2 * T) if T else np.inf) / (2 * E) - 0.5

    return (
        sum(
            quad(f, a, b, epsabs=1e-12, limit=500)[0]
            for a, b in ((0, 0.9), (0.9, 1), (1, 1.1), (1.1, 3), (3, np.inf))
        )
        + 0.25 * np.pi * inv
    )


def test_equilibrium_is_bcs():
    """Without bias and width: Delta and Tc of the textbook gap equation, 1e-8, and .22691406,
    .128048.

    Fails with 2 M0 at finite T only.
    """
    D0 = brentq(lambda D: equilibrium(D, 0.0, -1.0), 0.1, 0.4, xtol=1e-12)
    assert (
        state_curves.largest(Gas(Baths(0.0, 0.0, 0.0)))
        == pytest.approx(D0, abs=1e-8)
        == pytest.approx(0.22691406, abs=1e-8)
    )
    Tc = brentq(lambda T: gap_and_current.gap(Gas(Baths(0.0, T, 0.0)), 0.0, 0.0), 0.05, 0.2)
    assert equilibrium(1e-9, Tc, -1.0) == pytest.approx(0, abs=1e-7) and Tc == pytest.approx(
        0.128048, abs=1e-6
    )
    gamma_c = brentq(lambda g: gap_and_current.gap(Gas(Baths(g, 0.0, 0.0)), 0.0, 0.0), 0.02, 0.2)
    assert gamma_c == pytest.approx(0.0562225, abs=1e-7)


def test_weak_coupling_is_that_of_a_field():
    """The mean of two reservoirs acts on a vanishing Delta as a Zeeman field: at 1/(pF a) = -2.5
    the interior gap begins at Delta0/2 and the Fulde-Ferrell state ends at .7544 Delta0 with Q =
    1.1997 dmu, 1e-3 (corrections are of order Delta0^2).

    Fails with pQ/2 in xi_a.
    """
    gas = Gas(Baths(0.0, 0.0, 0.0), -2.5)
    D0 = state_curves.largest(gas)
    Q, dmu = state_curves.last(gas)
    assert gap_and_current.dmu_of(gas, 0.0, 0.0) == pytest.approx(0.5 * D0, rel=1e-3)
    assert dmu == pytest.approx(0.7544 * D0, rel=1e-3) and Q == pytest.approx(
        1.1997 * dmu, rel=3e-3
    )


# ---- branches --------------------------------------------------------------------------------


def test_reference_states(cold):
    """Delta and Q at gamma = .005, T = 0 to 1e-8, and how many there are: 1, 2, 4, 3 in regions I
    to IV.

    Fails if a fold is missed.
    """
    wanted = {
        0.05: [("NBCS", 0.21619521, 0)],
        0.13: [("NBCS", 0.21374201, 0), ("NIG", 0.09001588, 0)],
        0.145: [
            ("NBCS", 0.21259971, 0),
            ("NIG", 0.12257353, 0),
            ("NFF", 0.05450344, 0.18269617),
            ("NFF'", 0.15348743, 0.09773890),
        ],
    }
    for dmu, rows in wanted.items():
        gas = COLD_GAS.at(dmu)
        found = state_curves.find(gas, cold)
        assert [row[0] for row in found] == [row[0] for row in rows]
        for (_, D, Q), (_, D0, Q0) in zip(found, rows):
            assert polished(gas, D, Q) == pytest.approx((D0, Q0), abs=1e-8)
    assert [name for name, *_ in state_curves.find(COLD_GAS.at(0.16), cold)] == [
        "NBCS",
        "NIG",
        "NFF'",
    ]
    assert state_curves.find(COLD_GAS.at(0.19), cold) == []


def test_reference_edges(cold):
    """Table I as recomputed, to the digits known: onset .112177, fold .136015, end .154211, fold
    .185423.

    Fails with D for 2 D in the determinant of the fold.
    """
    wanted = {
        "nig_onset": 0.112177,
        "nff_fold": 0.136015,
        "nff_end": 0.154211,
        "nbcs_end": 0.185423,
    }
    for name, value in wanted.items():
        assert edge(COLD_GAS, cold, name) == pytest.approx(value, abs=6e-7)


def test_the_number_of_states_changes_at_the_edges(cold):
    """A little below and above each polished edge the search finds the states the edge promises.

    Fails if an edge belongs to another curve.
    """
    for name, (below, above) in {
        "nig_onset": (1, 2),
        "nff_fold": (2, 4),
        "nff_end": (4, 3),
        "nffp_end": (3, 2),
        "nbcs_end": (2, 0),
    }.items():
        dmu = edge(COLD_GAS, cold, name)
        assert [len(state_curves.find(COLD_GAS.at(dmu + d), cold)) for d in (-1e-6, 1e-6)] == [
            below,
            above,
        ], name


def test_no_width_no_temperature():
    """gamma -> 0 at T = 0: NBCS does not feel dmu up to Delta0, NIG and both states with Q at dmu =
    .145 to 1e-8, and the hole of NIG, Eqs. (89), (90).

    Fails if NBCS is sought among the roots below dmu alone.
    """
    gas = Gas(SHARP)
    found = {name: polished(gas, D, Q) for name, D, Q in state_curves.find(gas)}
    wanted = {
        "NBCS": (0.22691406, 0),
        "NIG": (0.12043076, 0),
        "NFF": (0.09232349, 0.18057592),
        "NFF'": (0.14141275, 0.13592149),
    }
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, abs=1.1e-8), name
    hole = pair_amplitude.hole(found["NIG"][0], SHARP)
    assert hole == pytest.approx((0.95877, 1.03959), abs=6e-6)
    p = np.array([0.5 * (hole[0] + hole[1]), hole[0] - 1e-6, hole[1] + 1e-6])
    values = pair_amplitude.pair(p, 0.0, found["NIG"][0], 0.0, SHARP.occupation)
    assert values[0] == 0 and np.all(values[1:] > 0.3)


def test_a_small_width_tends_to_none():
    """Delta and Q of all four at gamma = 1e-5 against gamma = 0, 5e-4.

    Fails with Gam = 200 gamma.
    """
    found = [
        [polished(gas, D, Q) for _, D, Q in state_curves.find(gas)]
        for gas in (Gas(SHARP), Gas(replace(SHARP, gamma=1e-5)))
    ]
    assert np.array(found[1]) == pytest.approx(np.array(found[0]), abs=5e-4)


def test_warm_reservoirs():
    """gamma -> 0 at T = .02: fold .142994 and end .182118, and only NBCS is left at T = .08.

    Fails with T for 2T in the digammas.
    """
    gas = Gas(Baths(0.0, 0.02, 0.0))
    known = state_curves.curves(gas)
    for name, value in {"nff_fold": 0.142994, "nbcs_end": 0.182118}.items():
        assert edge(gas, known, name) == pytest.approx(value, abs=1e-6)
    hot = Gas(Baths(0.0, 0.08, 0.0))
    known = state_curves.curves(hot)
    assert known.twisted is None and known.uniform.folds == ()
    assert [name for name, *_ in state_curves.find(hot.at(0.12), known)] == ["NBCS"]


def scanned(gas, D, Q):
    """Number of cells of a (D, Q) grid in which the contours g = 0 and J = 0 cross: bilinear signs,
    no curve followed.
    """
    g, S = np.empty((2, len(D), len(Q)))
    for i, d in enumerate(D):
        for j, q in enumerate(Q):
            g[i, j], S[i, j] = state_curves.equations(gas, d, q)
    count = 0
    for i in range(len(D) - 1):
        for j in range(len(Q) - 1):
            cell = (slice(i, i + 2), slice(j, j + 2))
            if np.ptp(np.sign(g[cell])) and np.ptp(np.sign(S[cell])):
                x = np.linspace(0, 1, 21)
                a, b = (
                    (1 - x)[:, None] * f[i, j] * (1 - x)
                    + x[:, None] * f[i + 1, j] * (1 - x)
                    + (1 - x)[:, None] * f[i, j + 1] * x
                    + x[:, None] * f[i + 1, j + 1] * x
                    for f in (g, S)
                )
                near = [
                    np.abs(a[:-1, :-1] + a[1:, 1:])
                    < np.abs(np.gradient(a)).sum(axis=0)[:-1, :-1] * 2,
                    np.abs(b[:-1, :-1] + b[1:, 1:])
                    < np.abs(np.gradient(b)).sum(axis=0)[:-1, :-1] * 2,
                ]
                count += bool(np.any(near[0] & near[1]))
    return count


@pytest.mark.nightly
@pytest.mark.parametrize(
    "gamma, T, dmu",
    [
        (0.005, 0.0, 0.145),
        (0.005, 0.0, 0.125),
        (0.02, 0.0, 0.118),
        (0.0, 0.04, 0.14),
        (0.01, 0.02, 0.135),
    ],
)
def test_no_state_is_missed(gamma, T, dmu):
    """A blind scan of (Delta, Q) finds crossings of g = 0 and J = 0 nowhere else.

    Fails if one of the curves has a second part.
    """
    gas = Gas(Baths(gamma, T, dmu))
    found = [(D, Q) for name, D, Q in state_curves.find(gas) if Q > 0]
    D, Q = np.linspace(4e-3, 0.24, 60), np.linspace(5e-3, 0.5, 60)
    assert scanned(gas, D, Q) >= len(found)
    assert scanned(gas, D, Q) <= 3 * len(found)  # neighbouring cells may share a crossing
