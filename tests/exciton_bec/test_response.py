"""M(q, w) of the driven electron-hole condensate: closed forms against quadrature, exact
identities, another way to sum momenta.

Every docstring names a change of the code under which the test was seen to fail.
"""

from dataclasses import replace

import numpy as np
import pytest
from support import exciton_pairs

from hpcneq.errors import InputError
from hpcneq.systems.exciton_bec.physics import (
    frequency_integrals,
    number_balance,
    pair_grid,
    response,
    steady_states,
)
from hpcneq.systems.exciton_bec.physics.gap_equations import Condensate, Drive
from hpcneq.systems.exciton_bec.physics.pair_grid import pairs

T1, T2, T3 = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
SOFT = steady_states.solve(Drive(inv=-0.5, ratio=0.3, gb=0.02, p_c=30.0))
SHARP = steady_states.solve(Drive(inv=-1.0, ratio=0.021010))


def state(T, D=0.3, mu=0.6, mt=0.45, ratio=0.4, gb=0.05):
    """Any numbers: the response need not belong to a solved state."""
    return Condensate(D, mu, mt, Drive(ratio=ratio, gb=gb, T=T))


def pointwise(s, k, kk, w):
    """(Pi inter, Pi intra) of one pair of momenta."""
    weight = np.ones((1, 1))
    known = response.still((np.array([k]), np.array([[kk]]), weight), s)
    found = response.traces(np.array([w], complex), s, weight, known)
    return response.bubbles(found[0])[0]


def greens(v, k, s):
    """(G^R, G^K, G^A) (n, 2, 2) at frequencies v (n, 1, 1), complex or real; the bath's functions
    are continued with v.
    """
    H = (k**2 - s.mu) * T3 - s.delta * T1
    R, A = (np.linalg.inv((v + i * s.g) * np.eye(2) - H) for i in (1j, -1j))
    step = (lambda x: np.tanh(x / (2 * s.T))) if s.T > 0 else (lambda x: np.sign(np.real(x)))
    up, down = s.gb * step(v - s.mt) + s.gv, s.gb * step(v + s.mt) - s.gv
    return R, R @ (-2j * (up * np.diag([1, 0]) + down * np.diag([0, 1]))) @ A, A


def over_the_line(centres, w):
    """(v (n, 1, 1), weight (n,)) : Gauss panels from -inf to inf, short about the centres and these
    moved by +-Re w.
    """
    x, share = np.polynomial.legendre.leggauss(20)
    cuts = np.unique(
        [
            c + move + shift
            for c in centres
            for move in (0, np.real(w), -np.real(w))
            for shift in (-1, -0.3, -0.1, 0, 0.1, 0.3, 1)
        ]
    )
    half = 0.5 * np.diff(cuts)[:, None]
    v, weight = (cuts[:-1, None] + half * (1 + x)).ravel(), (half * share).ravel()
    t, share = np.polynomial.legendre.leggauss(60)
    out, share = (1 - t) / (1 + t), 2 * share / (1 + t) ** 2  # to infinity on both sides
    v, weight = (
        np.concatenate([v, cuts[-1] + out, cuts[0] - out]),
        np.concatenate([weight, share, share]),
    )
    return v[:, None, None], weight


@pytest.mark.parametrize("T", [0.0, 0.06])
@pytest.mark.parametrize("w", [0.0, 0.37, 0.2 - 0.03j, -0.15 + 0.4j])
def test_the_closed_bubble_is_the_frequency_integral(T, w):
    """(i/2) int dv/2pi tr[t_s G_k(v + w) t_s' G_k'(v)]_K of Eq. (36) by quadrature.

    Of 2 x 2 products, all s, s', w complex. G^R G^K keeps v real in G^K, G^K G^A
    shifts v by -w: analytic for Im w > -g. To 1e-8. Fails with conj(K) for its transposed partner
    in the columns, with the sign of the turn in L, with log x for the smeared one at T > 0.
    """
    s, k, kk = state(T), 0.9, 0.5
    found = pointwise(s, k, kk, w).sum(axis=0)
    v, weight = over_the_line(
        [
            b * e
            for b in (1, -1)
            for e in (np.hypot(k**2 - s.mu, s.delta), np.hypot(kk**2 - s.mu, s.delta), s.mt)
        ],
        w,
    )
    ahead, here, there, behind = (
        greens(v + w, k, s)[0],
        greens(v, kk, s)[1],
        greens(v, k, s)[1],
        greens(v - w, kk, s)[2],
    )
    for i, a in enumerate((T1, T2)):
        for j, b in enumerate((T1, T2)):
            integrand = np.trace(a @ ahead @ b @ here + a @ there @ b @ behind, axis1=1, axis2=2)
            assert found[i, j] == pytest.approx(0.25j / np.pi * weight @ integrand, abs=1e-8)


@pytest.mark.parametrize("T", [0.0, 0.06])
@pytest.mark.parametrize("w", [0.37, 0.2 - 0.03j])
def test_parts_of_the_bubble_are_those_of_the_split_green_functions(T, w):
    """Eqs. (72), (73) by quadrature, with the branches' own Green functions.

    G^K_a = G^R_a F - F G^A_a, (C9), (C10), and F of (C7) as corrected: lower with upper is
    inter-band, the others intra-band, all s, s', to 1e-8. Fails with inter- and intra-band
    exchanged, or a branch told by G^R alone.
    """
    s, k, kk = state(T), 0.9, 0.5
    found = pointwise(s, k, kk, w)
    step = (lambda x: np.tanh(x / (2 * T))) if T > 0 else np.sign

    def branch(p, a):
        xi, E = p**2 - s.mu, np.hypot(p**2 - s.mu, s.delta)
        P = 0.5 * (np.eye(2) + a * (xi * T3 - s.delta * T1) / E)
        shape = ((xi**2 + s.g**2) * T3 - s.delta * xi * T1 + s.delta * s.g * T2) / (E**2 + s.g**2)
        R, A = (lambda v: P / (v + 1j * s.g - a * E)), (lambda v: P / (v - 1j * s.g - a * E))
        up, down = s.gb * step(v - s.mt) + s.gv, -(s.gb * step(v + s.mt) - s.gv)
        F = (0.5 * (up - down) * np.eye(2) + 0.5 * (up + down) * shape) / s.g
        return R, R(v) @ F - F @ A(v), A

    v, weight = over_the_line(
        [
            b * e
            for b in (1, -1)
            for e in (np.hypot(k**2 - s.mu, s.delta), np.hypot(kk**2 - s.mu, s.delta), s.mt)
        ],
        w,
    )
    branches = {a: (branch(k, a), branch(kk, a)) for a in (1, -1)}
    for part, pairs_of in ((0, ((1, -1), (-1, 1))), (1, ((1, 1), (-1, -1)))):
        for i, j in np.ndindex(2, 2):
            a, b = (T1, T2)[i], (T1, T2)[j]
            integrand = sum(
                np.trace(
                    a @ branches[c][0][0](v + w) @ b @ branches[d][1][1]
                    + a @ branches[c][0][1] @ b @ branches[d][1][2](v - w),
                    axis1=1,
                    axis2=2,
                )
                for c, d in pairs_of
            )
            assert found[part, i, j] == pytest.approx(0.25j / np.pi * weight @ integrand, abs=1e-8)


@pytest.mark.parametrize("T", [0.0, 0.03])
@pytest.mark.parametrize("p", [0.05, 0.7, 0.98, 3.0, 20.0])
def test_thouless_criterion_holds_at_every_momentum(p, T):
    """2 Re G - Pi22(0, 0) = 0 and Pi12(0, 0) = 2 Im G at each p, Eqs. (39), (40).

    To 1e-11: q = w = 0 is the mean over a circle of w. Fails if either side of the real
    axis keeps the other's columns.
    """
    s = state(T)
    turn = 0.25 * s.g * np.exp(2j * np.pi * (np.arange(24) + 0.5) / 24)
    Pi = np.mean([pointwise(s, p, p, w).sum(axis=0) for w in turn], axis=0)
    real, imaginary = frequency_integrals.pair_function(p**2 - s.mu, s.delta, s.mt, s.gb, s.gv, T)
    assert Pi[1, 1] == pytest.approx(2 * real, abs=1e-11)
    assert Pi[0, 1] == pytest.approx(2 * imaginary, abs=1e-11)
    if T == 0:
        assert (
            pointwise(s, p, p, turn[0])[0, 1, 1] != 0
            and abs(np.mean([pointwise(s, p, p, w)[1, 1, 1] for w in turn])) < 1e-11
        )


@pytest.mark.parametrize("q, w", [(0.0149, 3e-4 + 2e-4j), (0.3, 0.21 - 4e-4j)])
def test_disturbances_are_real(q, w):
    """M(q, w) = M^*(q, -w^*), Eq. (44), both evaluated, on one grid of momenta.

    To 1e-12 of M's size. Fails with the i of t_2 left
    out of Pi12.
    """
    grid = pairs(q, w, SHARP.delta, SHARP.mu, SHARP.mt, SHARP.g)
    inverse, Pi = response.summed(SHARP, np.array([w, -np.conj(w)]), grid)
    assert np.abs(Pi[0] - np.conj(Pi[1])).max() < 1e-12 * inverse[0, 0]


@pytest.mark.parametrize("s", [SOFT, SHARP])
def test_a_static_uniform_disturbance_moves_the_gap_equation(s):
    """M11(0, 0) = -2 D d/dD sum Re G, M21(0, 0) = 2 D d/dD sum Im G, from the gap equation's closed
    forms and grid; M12 = M22 = 0.

    Tolerances 1e-8 + 1e-6, the least that differences of sums keep. Fails with the remainder beyond
    the last panel left out, or without Im G in the sum for 1/U: the gap equation stops at a cutoff,
    M does not.
    """
    M, error = response.with_errors(s, 0.0, [0.0])
    wanted = number_balance.static_coefficients(s)
    assert M[0, 0, 0].real == pytest.approx(
        wanted["alpha11"], abs=1e-8 + 1e-6 * abs(wanted["alpha11"])
    )
    assert M[0, 1, 0].real == pytest.approx(
        wanted["alpha21"], abs=1e-8 + 1e-6 * abs(wanted["alpha21"])
    )
    assert abs(M[0, 1, 1]) < 1e-11
    assert abs(M[0, 0, 1]) < 3e-10
    near = response.matrices(s, 2e-5, [0.0])
    assert np.abs(near - M).max() < 2e-3 * abs(wanted["alpha11"])


def by_angle(s, q, w, points=400):
    """M(q, w) by plain Gauss rules in p = t/(1-t) and cos of the angle at k, k' = p +- q/2: needs
    features wider than its spacing.
    """
    t, share = np.polynomial.legendre.leggauss(points)
    angles = 24 if q < 0.3 else 80
    t, share = 0.5 * (t + 1), 0.5 * share
    x, weight = np.polynomial.legendre.leggauss(angles)
    p, x = (z.ravel() for z in np.meshgrid(t / (1 - t), x, indexing="ij"))
    weight = np.outer(share / (1 - t) ** 2, weight).ravel() * p**2 / (4 * np.pi**2)
    k, kk = (np.sqrt(np.maximum(p**2 + 0.25 * q**2 + sign * p * q * x, 0)) for sign in (1, -1))
    Pi = exciton_pairs.bubbles(k, kk, w, s.delta, s.mu, s.mt, s.gb, s.gv)
    real, imaginary = (
        frequency_integrals.pair_function(k**2 - s.mu, s.delta, s.mt, s.gb, s.gv)[n]
        + frequency_integrals.pair_function(kk**2 - s.mu, s.delta, s.mt, s.gb, s.gv)[n]
        for n in (0, 1)
    )
    inverse = np.array([[real, imaginary], [-imaginary, real]])
    keep = p < 1e5  # beyond, nothing but rounding and 1e-7
    return np.array(
        [[weight[keep] @ (inverse[i, j] - Pi[i, j])[keep] for j in (0, 1)] for i in (0, 1)]
    )


@pytest.mark.parametrize(
    "q, w", [(0.1, 0.0), (0.1, 0.05 + 0.02j), (0.5, 0.3), (1.5, 0.6 - 0.01j), (0.02, 0.01j)]
)
def test_another_order_of_integration_gives_the_same(q, w):
    """Pairs (k, k') graded about singularities against (p, cos) on plain Gauss points, and bubbles
    from triples of poles against pairs.

    Wide levels (g = .026), where the plain rule is good to 2e-6. Fails with the Jacobian 1/q of the
    pairs, with K's transpose in one trace.
    """
    M = response.matrices(SOFT, q, [w])[0]
    assert M == pytest.approx(by_angle(SOFT, q, w), abs=3e-6)


@pytest.mark.parametrize("q, w", [(0.0149, 0.0), (0.0149, 0.02 - 7e-4j), (0.2, 0.1), (0.6, 0.5)])
def test_the_error_of_every_element_bounds_its_change(q, w):
    """Panels 1.7 times shorter move no element by more than its error, and the error of M is not
    100 times their change.

    Fails with grids that do not know E' = E - w - 2ig.
    """
    M, error = response.with_errors(SHARP, q, [w])
    moved = np.abs(M - response.matrices(SHARP, q, [w], fine=1.7))
    assert np.all(moved <= error) and error.max() < 1e-7
    assert error.max() < 100 * moved.max() + 2 * response.ROUNDING


@pytest.mark.parametrize(
    "drive, q, w, part, coarse",
    [
        (Drive(0.872, 0.6361946258120018), 0.001808723378048825, 0.0, "inter", 0.3),
        (
            Drive(0.899, 0.012002712458534926),
            0.0013676554085388277,
            0.11880770204421333,
            "inter",
            0.27,
        ),
        (Drive(-0.778, 0.02028731026451451), 2.3496728737681662e-04, 0.0, "inter", 0.27),
    ],
)
def test_sums_that_agree_by_chance_pass_for_no_better_than_they_are(drive, q, w, part, coarse):
    """Panels of .4: on coarser ones some element moves by a fifteenth to two thirds of what it is
    off; its error bounds it.

    Fails with the nearer comparison alone.
    """
    s = steady_states.solve(drive)
    M, error = response.with_errors(s, q, [w], part, 0.4)
    moved = np.abs(M - response.matrices(s, q, [w], part, 1.3))
    other = np.abs(M - response.matrices(s, q, [w], part, coarse))
    assert (
        np.any(moved > 1.5 * other.max())
        and np.all(moved <= error)
        and error.max() < 300 * moved.max()
    )


@pytest.mark.parametrize("inv, ratio", [(2.0, 0.01), (-1.0, 0.021)])
@pytest.mark.parametrize("q, w", [(0.0, 0.1), (1e-4, 0.0), (0.3, 0.2), (0.0, 8.0)])
def test_what_lies_beyond_the_last_panel_is_in_the_sum_and_its_error(inv, ratio, q, w, monkeypatch):
    """The last panel ends twice as far out: M moves by less than its error, and by less than 8e-9.

    Fails without the remainder, and with two powers of 1/k, which leave 4e-8 at w = 8.
    """
    s = steady_states.solve(Drive(inv, ratio))
    M, error = response.with_errors(s, q, [w])
    monkeypatch.setattr(pair_grid, "FAR", 2 * pair_grid.FAR)
    monkeypatch.setattr(pair_grid, "NEAR", 2 * pair_grid.NEAR)
    moved = np.abs(M - response.matrices(s, q, [w]))
    assert np.all(moved <= error) and moved.max() < 8e-9


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed, warm", [(21, False), (22, False), (23, True)])
def test_errors_bound_at_random_states_momenta_and_frequencies(seed, warm, monkeypatch):
    """Random interactions, pumping, decays up to the condensate's end, q = 0 or .00003 to 2.5, w =
    0, real, or complex with Im w from -.95 g to 5 g; all of M or a part of it, panels of .4 and 1,
    against panels of 1.75 to twice as far out: every element within its error at 99% of the points,
    errors 3 to 100 times too large in the middle.

    Fails with the errors halved twice, or with one comparison 1.1 times as long.
    """
    rng, points = np.random.Generator(np.random.Philox(seed)), 60 if warm else 240
    factors = {0.4: [], 1.0: []}
    for k in range(points):
        if k % 6 == 0:
            inv = rng.uniform(-2.2, 2.4)
            end = steady_states.critical(
                Drive(inv, gb=rng.choice([3e-4, 1e-3, 6e-3 if inv > -1 else 1.5e-3]))
            )
            s = steady_states.solve(replace(end.drive, ratio=rng.uniform(0.003, 0.97) * end.ratio))
            s = replace(s, drive=replace(s.drive, T=10 ** rng.uniform(-3, -1))) if warm else s
        q = 0.0 if k % 17 == 0 else 10 ** rng.uniform(-4.6, 0.4)
        w = (
            0.0,
            10 ** rng.uniform(-4, 0.3),
            rng.choice([-1, 1]) * 10 ** rng.uniform(-4, 0.3) + 1j * rng.uniform(-0.95, 5) * s.g,
        )[rng.integers(3)]
        part, fine = response.PARTS[rng.integers(3)], (0.4, 1.0)[k % 2]
        M, error = response.with_errors(s, q, [w], part, fine)
        with monkeypatch.context() as further:
            further.setattr(pair_grid, "FAR", 2 * pair_grid.FAR)
            further.setattr(pair_grid, "NEAR", 2 * pair_grid.NEAR)
            moved = np.abs(M - response.matrices(s, q, [w], part, 1.75))
        factors[fine].append(
            (np.all(moved <= error), error.max() / max(moved.max(), response.ROUNDING))
        )
    held = np.concatenate([[ok for ok, _ in row] for row in factors.values()])
    assert np.count_nonzero(~held) <= max(1, 0.01 * points)
    assert all(3 < np.median([x for _, x in row]) < 100 for row in factors.values())


def test_parts_add_up_and_equilibrium_has_no_intra_band_part():
    """M = inter + intra; no decay and g -> 0: no quasi-particles, so Pi_intra fades as g.

    Fig. 13(b2). Fails with a = c taken for inter-band.
    """
    w = np.array([0.05, 0.4])
    M, inter, intra = (response.matrices(SHARP, 0.2, w, part) for part in response.PARTS)
    assert np.abs(inter + intra - M).max() < 1e-12
    assert abs(intra[0, 0, 0].imag) > 10 * abs(inter[0, 0, 0].imag) and abs(
        inter[1, 0, 0].imag
    ) > abs(intra[1, 0, 0].imag)
    rest = [
        response.matrices(steady_states.solve(Drive(inv=-1.0, gb=gb)), 0.2, [0.05], "intra")[0]
        for gb in (1e-3, 5e-4)
    ]
    assert abs(rest[0][0, 0].imag) < 0.02 * abs(intra[0, 0, 0].imag) + 1e-4
    assert abs(rest[1][0, 0].imag) < 0.7 * abs(rest[0][0, 0].imag)


def test_beyond_the_analytic_half_plane_nothing_is_said():
    """M has other sheets at Im w <= -g: refused. Fails if the bound is left out."""
    with pytest.raises(InputError, match="analytic"):
        response.matrices(SHARP, 0.1, [0.1 - 2e-3j])
    with pytest.raises(InputError, match="part"):
        response.matrices(SHARP, 0.1, [0.1], "both")
