"""Uniform and normal steady states of the junction.

Independent routes to the same sums, limits, published numbers.

Every docstring names a change of the code under which the test was seen to fail.
"""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from hpcneq.errors import InputError
from hpcneq.maths import lattice, matsubara
from hpcneq.maths.fermi import broadened_tanh
from hpcneq.systems.nsn_junction.physics import onsets, pair_susceptibility
from hpcneq.systems.nsn_junction.physics.junction import Lead
from hpcneq.systems.nsn_junction.physics.uniform_states import (
    Point,
    error_estimate,
    finite,
    free_energy,
    gap_slopes,
    gap_sum,
    infinite,
    pair_sum,
)

BULK = infinite()
UNEQUAL = Point(
    h=0.3,
    eV=0.7,
    mu=-0.3,
    leads=(Lead("left", 0.1, 0.1, -0.2, 1), Lead("right", 0.25, 0.2, 0.1, -1)),
)
VOLTAGES = np.arange(0.0, 2.0, 0.05)


def tanh(x, T):
    """tanh(x/2T), the sign at T = 0."""
    return np.tanh(x / (2 * T)) if T > 0 else np.sign(x)


def integral(f, edges):
    """int f dw over the real line, split where the integrand is narrow.

    int f dw over the real line, split at ``edges`` and where the integrand is narrow around them.
    """
    cuts = sorted({e + s for e in edges for s in (-0.5, -0.05, 0.0, 0.05, 0.5)})
    ends = [-np.inf, *cuts, np.inf]
    return sum(
        quad(f, a, b, epsabs=1e-13, epsrel=1e-12, limit=400)[0]
        for a, b in zip(ends, ends[1:])
        if b > a
    )


# ---- lattice and frequencies --------------------------------------------------------------------


def test_momenta_of_a_chain_are_counted_once():
    """Sums over |k| with multiplicities equal sums over all k.

    For even and odd lengths, 1 and 2 included.

    Fails if k = pi counts twice.
    """
    for L in (1, 2, 3, 8, 11):
        k, times = lattice.momenta(L)
        every = 2 * np.pi * np.arange(L) / L
        assert times.sum() == L
        assert times @ np.exp(np.cos(k)) == pytest.approx(np.exp(np.cos(every)).sum(), rel=1e-14)
    eps, weight = lattice.square_levels(5, 4)
    kx, ky = 2 * np.pi * np.arange(5) / 5, 2 * np.pi * np.arange(4) / 4
    full = -2 * (np.cos(kx)[:, None] + np.cos(ky))
    assert weight @ np.exp(eps) == pytest.approx(np.exp(full).mean(), rel=1e-14)


def test_density_of_states_has_the_moments_of_the_lattice():
    """Means of eps^2 and eps^4 over the band are 4 and 36, walks back to the start.

    The log singularity costs nothing.

    Fails with the nodes graded as u^1 instead of u^4, or with K(m) for K(1 - m).
    """
    e, w = lattice.dos_nodes(64)
    assert [w @ e**n for n in (0, 1, 2, 4)] == pytest.approx([1, 0, 4, 36], abs=1e-10)
    assert w @ np.exp(-(e**2)) == pytest.approx(
        np.exp(-(lattice.square_levels(400, 400)[0] ** 2)) @ lattice.square_levels(400, 400)[1],
        abs=1e-10,
    )


@pytest.mark.parametrize("x", [0.2 + 0.1j, -1.3 - 0.1j, 3.99 + 0.08j, 0.1j, -7 + 0.2j])
def test_lattice_green_function_is_the_mean_over_momenta(x):
    """G and dG/dx of the lattice against plain sums over momenta.

    G and dG/dx against plain sums over 600 x 600 momenta, whose error falls as exp(-600 Im x / 2);
    both half-planes.

    Fails if the root sqrt(x^2 - 16) is taken on the same side of the axis for both signs of Im x.
    """
    eps, weight = lattice.square_levels(600, 600)
    G, slope = lattice.square_green(x)
    assert G == pytest.approx(weight @ (1 / (x - eps)), abs=1e-9)
    assert slope == pytest.approx(-(weight @ (x - eps) ** -2.0), abs=1e-8)
    ky = 2 * np.pi * np.arange(600) / 600
    assert lattice.chain_green(x) == pytest.approx(np.mean(1 / (x - 2 * np.cos(ky))), abs=1e-8)


@pytest.mark.parametrize(
    ("T", "width"),
    [(0.0, 0.02), (0.02, 0.02), (0.02, 0.0), (1e-4, 0.02), (0.5, 0.3), (3.0, 0.0)]
    + [(1e-25, 0.02), (1e-300, 0.02)],  # more frequencies than an integer or a power can hold
)
def test_thermal_nodes_sum_to_the_digamma_form(T, width):
    """4 T sum_n x/(x^2 + y_n^2) = Th(x), for |x| from 1e-3 to 10, with fewer than a hundred nodes.

    Fails if the blocks use Legendre nodes at T > 0, or if the tail starts half a step late.
    """
    y, w = matsubara.nodes(T, width, 10.0)
    x = np.geomspace(1e-3, 10, 40)
    assert len(y) < 100
    found = 4 * (w * x[:, None] / (x[:, None] ** 2 + y**2)).sum(1)
    assert found == pytest.approx(broadened_tanh(x, width, T), abs=2e-11)


# ---- the closed forms against frequency integrals -----------------------------------------------


@pytest.mark.parametrize(
    ("D", "point"),
    [
        (0.35, Point(h=0.58, eV=0.8)),
        (0.20, Point(h=0.3, eV=1.1, T=0.05, gamma=0.05, mu=-0.4)),
        (0.83, Point()),
        (0.00, Point(h=0.2, eV=0.3, T=0.1, gamma=0.03)),
    ],
)
def test_gap_sum_is_the_frequency_integral(D, point):
    """Eq. (47) by adaptive quadrature over w at each level of a 4 x 3 lattice.

    Fails with Th(E + s) + Th(E + s) in place of E - s (the sign of h), or with G = gamma.
    """
    grid, G2, v = finite(4, 3), (2 * point.gamma) ** 2, point.eV / 2
    total = 0.0
    for eps, weight in zip(*grid.levels()):
        E = np.hypot(eps - point.mu, D)

        def integrand(w, E=E):
            distribution = 0.5 * (tanh(w - v, point.T) + tanh(w + v, point.T))  # 1 - 2 f_neq
            poles = ((w - E + point.h) ** 2 + G2) * ((w + E + point.h) ** 2 + G2)
            return 4 * point.gamma * (w + point.h) * distribution / poles / (2 * np.pi)

        total += weight * integral(integrand, [v, -v, E - point.h, -E - point.h])
    assert gap_sum(D, point, grid) == pytest.approx(total, rel=1e-8)


@pytest.mark.parametrize(
    ("n", "grid", "point"),
    [
        (1, finite(5, 3), Point(h=0.58, eV=0.8)),
        (1, finite(4, 2), Point(h=0.3, eV=1.1, T=0.05, gamma=0.05)),  # has pairs with A + B = 0
        (3, finite(6, 2), Point(h=0.2, T=0.1, mu=-0.4, gamma=0.03)),
    ],
)
def test_pair_sum_is_the_frequency_integral(n, grid, point):
    """Eq. (53) by adaptive quadrature over w, pairs (k, Q - k) written out.

    Odd n puts k +- Q/2 on half-grid points.

    Fails with the hole at -k instead of Q - k, or with B = xi - h.
    """
    G2, v, Q = (2 * point.gamma) ** 2, point.eV / 2, 2 * np.pi * n / grid.Lx

    def xi(kx, ky):
        return -2 * np.cos(kx) - 2 * np.cos(ky) - point.mu

    total = 0.0
    for kx in 2 * np.pi * np.arange(grid.Lx) / grid.Lx:
        for ky in 2 * np.pi * np.arange(grid.Ly) / grid.Ly:
            A, B = xi(kx, ky) - point.h, xi(Q - kx, -ky) + point.h

            def integrand(w, A=A, B=B):
                poles = ((w - A) ** 2 + G2) * ((w + B) ** 2 + G2)
                both = tanh(w + v, point.T) + tanh(w - v, point.T)
                return 2 * point.gamma * (w - 0.5 * (A - B)) * both / poles / (2 * np.pi)

            total += integral(integrand, [v, -v, A, -B]) / (grid.Lx * grid.Ly)
    assert pair_sum(Q, point, grid) == pytest.approx(total, rel=1e-8)


# ---- lattices -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point", [Point(h=0.58, eV=0.8, T=0.05), Point(h=0.3, eV=0.5, T=0.06, mu=-0.7, gamma=0.02)]
)
def test_large_lattice_tends_to_the_infinite_one(point):
    """Sums over 400 x 400 momenta, level by level, against elliptic and chain Green functions.

    E^(-200 (G + pi T)).

    Fails with mu + zeta for mu - zeta in the resolvent, or without the doubling of the half chain
    at mu = 0.
    """
    grid, D = finite(400, 400), np.array([0.0, 0.1, 0.35, 0.8])
    assert gap_sum(D, point, BULK) == pytest.approx(gap_sum(D, point, grid), abs=1e-9)
    assert gap_slopes(0.35, point, BULK) == pytest.approx(gap_slopes(0.35, point, grid), abs=1e-8)
    Q = 2 * np.pi * np.array([0, 17, 43, 200]) / 400
    assert pair_sum(Q, point, BULK) == pytest.approx(pair_sum(Q, point, grid), abs=1e-9)
    if point.mu == 0:
        assert free_energy(0.3, point.at(eV=0.0), BULK) == pytest.approx(
            free_energy(0.3, point.at(eV=0.0), grid), abs=1e-10
        )


@pytest.mark.parametrize("mu", [0.0, -0.4])
def test_pairs_along_the_diagonal(mu):
    """C along the diagonal of the infinite lattice against sums over 200 x 200 momenta.

    C along (1, 1) of the infinite lattice against sums over 200 x 200 momenta, q = pi included,
    where both fractions meet; C(0) = F(0).

    Fails with q for q/2 in the band's cosines, or if the fraction is not expanded at q = pi (mu =
    0).
    """
    point, Q = (
        Point(h=0.58, eV=0.6, T=0.06, gamma=0.03, mu=mu),
        2 * np.pi * np.sqrt(2) * np.array([0, 6, 31, 100]) / 200,
    )
    bulk = pair_susceptibility.pair_sum_diagonal(Q, point, BULK)
    assert bulk == pytest.approx(
        pair_susceptibility.pair_sum_diagonal(Q, point, finite(200, 200)), abs=1e-9
    )
    assert bulk[0] == pytest.approx(gap_sum(0.0, point, BULK), abs=1e-9)
    peak = pair_susceptibility.strongest_diagonal(point, BULK)
    assert (
        peak[1]
        >= pair_susceptibility.pair_sum_diagonal(np.linspace(0, 4, 41), point, BULK).max() - 1e-12
    )
    assert (
        peak[1] <= pair_susceptibility.strongest_pairing(point, BULK)[1] + 1e-12
    )  # along the axes pairing is never weaker here


def test_error_estimates_hold_and_are_not_idle():
    """At T = 0 the error of C(Q) is below the target and its estimate.

    A coarse grid is not as good as a fine one.

    Fails if the chain takes as many points for every frequency as for y = 1.
    """
    point, exact = (
        Point(h=0.58, eV=0.8),
        pair_sum(0.26, Point(h=0.58, eV=0.8), infinite(error=1e-13)),
    )
    for target in (1e-3, 1e-6, 1e-9):
        grid = infinite(error=target)
        error = abs(pair_sum(0.26, point, grid) - exact)
        assert error < target
        assert error <= 1.1 * error_estimate(lambda g: pair_sum(0.26, point, g), grid) + 1e-13
    assert abs(pair_sum(0.26, point, infinite(error=1e-3)) - exact) > 1e-8


def test_wave_numbers_off_the_lattice_are_refused():
    """Q must be 2 pi n/Lx on a finite lattice. Fails if n is rounded silently."""
    with pytest.raises(InputError, match="integer n"):
        pair_sum(0.3, Point(), finite(11, 3))


def test_uniform_onset_is_the_gap_equation_without_a_gap():
    """C(0) = F(0): chain Green functions against those of the square lattice.

    Fails with a factor 2 in the resolvent.
    """
    for point in (Point(h=0.58, eV=0.8), Point(h=0.2, eV=1.4, T=0.05, mu=0.6)):
        assert pair_sum(0.0, point, BULK) == pytest.approx(gap_sum(0.0, point, BULK), abs=1e-9)


# ---- identities and limits ----------------------------------------------------------------------


@pytest.mark.parametrize("grid", [BULK, finite(9, 7)], ids=["infinite", "finite"])
def test_slopes_are_derivatives(grid):
    """dF/dD and dF/d(eV) against central differences of the sum.

    With h on both sides of eV/2, and h = 0.

    Fails without the sign of h - v in dF/d(eV), or with dF/dD lacking its factor 2.
    """
    for h in (0.58, 0.1, 0.0):
        point, D, d = Point(h=h, eV=0.8, T=0.03), 0.3, 1e-4
        _, by_gap, by_voltage = gap_slopes(D, point, grid)
        assert by_gap == pytest.approx(
            (gap_sum(D + d, point, grid) - gap_sum(D - d, point, grid)) / (2 * d), abs=1e-5
        )
        ends = [gap_sum(D, point.at(eV=0.8 + s), grid) for s in (d, -d)]
        assert by_voltage == pytest.approx((ends[0] - ends[1]) / (2 * d), abs=1e-5)


@pytest.mark.parametrize("grid", [BULK, finite(9, 7)], ids=["infinite", "finite"])
@pytest.mark.parametrize("T", [0.0, 0.05])
def test_free_energy_is_the_potential_of_the_gap_equation(grid, T):
    """dOmega/dD = 2 D (1/U - F(D)) by central differences.

    Density-of-states nodes against Green functions.

    Fails with W(E - h) counted twice, or with D^2/U halved.
    """
    point, D, d = Point(h=0.45, T=T), np.array([0.15, 0.4, 0.8]), 1e-4
    slope = (free_energy(D + d, point, grid) - free_energy(D - d, point, grid)) / (2 * d)
    assert slope == pytest.approx(2 * D * (1 / point.U - gap_sum(D, point, grid)), abs=2e-6)
    assert free_energy(0.0, point, grid) == 0


@pytest.mark.parametrize("T", [0.0, 0.05])
def test_zeeman_field_and_half_the_voltage_exchange(T):
    """F and C(Q) do not change when h and eV/2 are exchanged, nor with the sign of eV.

    Plain k sums on 10 x 6.

    Fails if the leads sit at +-eV instead of +-eV/2.
    """
    grid = finite(10, 6)
    one, exchanged = Point(h=0.58, eV=0.6, T=T, mu=-0.2), Point(h=0.3, eV=1.16, T=T, mu=-0.2)
    D, Q = np.array([0.1, 0.4]), 2 * np.pi * np.array([0, 1, 4]) / 10
    for other in (exchanged, one.at(eV=-0.6)):
        assert gap_sum(D, one, grid) == pytest.approx(gap_sum(D, other, grid), rel=1e-12)
        assert pair_sum(Q, one, grid) == pytest.approx(pair_sum(Q, other, grid), rel=1e-12)


def test_isolated_superconductor_in_a_field():
    """gamma -> 0 at eV = 0.

    The textbook 1/U = sum_k [1 - f(E+h) - f(E-h)]/(2E), and at U, T the gap it gives.

    Fails with 1/(4E) for 1/(2E), or with width 4 gamma (through the first order in gamma at gamma
    = 1e-6).
    """
    grid, T, h = finite(24, 24), 0.1, 0.3
    eps, weight = grid.levels()

    def textbook(D, mu=-0.5):
        E = np.hypot(eps - mu, D)
        return weight @ (
            (1 - 1 / (np.exp((E + h) / T) + 1) - 1 / (np.exp((E - h) / T) + 1)) / (2 * E)
        )

    for gamma in (0.0, 1e-9):
        for D in (0.2, 0.6):
            assert gap_sum(D, Point(mu=-0.5, gamma=gamma, h=h, T=T), grid) == pytest.approx(
                textbook(D), abs=1e-8
            )
    root = brentq(lambda D: textbook(D) - 1 / 3, 0.3, 1.0)
    assert onsets.roots(Point(mu=-0.5, gamma=0.0, h=h, T=T), grid)[-1] == pytest.approx(
        root, abs=1e-10
    )
    eps, weight = lattice.dos_nodes(512)
    slope = (
        gap_sum(0.5, Point(gamma=1e-6, T=T), BULK) - gap_sum(0.5, Point(gamma=0.0, T=T), BULK)
    ) / 1e-6
    E = np.hypot(eps, 0.5)
    first = (
        broadened_tanh(E, 2e-6, T) - broadened_tanh(E, 0.0, T)
    ) / 1e-6  # d Th/d gamma, Th of width 2 gamma
    assert slope == pytest.approx(weight @ (first / (2 * E)), rel=1e-3)


# ---- published and reference numbers ------------------------------------------------------------


def test_gap_and_transition_temperature_at_rest():
    """h = eV = 0, U = 3.

    The isolated gap at T = 0, the gap at gamma = 0.01, and T_c, each to its ten digits.

    Fails with the width gamma instead of 2 gamma (second and third number).
    """
    isolated = [onsets.roots(Point(gamma=gamma), BULK)[0] for gamma in (2e-7, 1e-7)]
    assert 2 * isolated[1] - isolated[0] == pytest.approx(0.8490653923, abs=2e-10)
    assert onsets.roots(Point(), BULK) == pytest.approx([0.8327850020], abs=1e-10)
    transition = brentq(lambda T: gap_sum(0.0, Point(T=T), BULK) - 1 / 3, 0.3, 0.6, xtol=1e-13)
    assert transition == pytest.approx(0.4466799501, abs=1e-10)


@pytest.mark.parametrize(
    ("T", "eV", "expected"),
    [
        (0.0, 0.8, [(0.117715, "unstable"), (0.347735, "stable")]),
        (0.0, 1.15, [(0.312339, "stable")]),
        (0.0, 0.0, [(0.553204, "unstable"), (0.823201, "metastable")]),
        (0.02, 1.15, [(0.312326, "stable")]),
    ],
)
def test_uniform_states_in_a_field(T, eV, expected):
    """All roots and their stability at h = 0.58.

    At eV = 1.15 the normal state is unstable to uniform pair_susceptibility.

    Fails if any instability of the normal state, not only the uniform one, makes a branch stable
    (at eV = 0).
    """
    states = onsets.steady_states(Point(h=0.58, T=T, eV=eV), BULK)
    assert [s.stability for s in states] == [name for _, name in expected]
    assert [s.delta for s in states] == pytest.approx([D for D, _ in expected], abs=1e-6)


ONSETS = [
    # h, T, FFLO onsets, their Q, BCS onsets, folds with D > 0 of the stable branch
    (
        0.58,
        0.02,
        [0.15718, 0.69604, 1.51160],
        [0.6997, 0.2722, 0.2056],
        [0.841648, 1.438007],
        [(0.546474, 0.350048), (1.573647, 0.237556)],
    ),
    (
        0.58,
        0.0,
        [0.19377, 0.67643, 1.52341],
        [0.7100, 0.2691, 0.2032],
        [0.854060, 1.425932],
        [(0.482671, 0.368052), (1.605640, 0.244257)],
    ),
    (0.0, 0.0, [1.24790], [0.6740], [0.696780], [(1.473707, 0.775915)]),
    (
        0.7,
        0.0,
        [1.00869, 1.72963],
        [0.2184, 0.1848],
        [1.131020, 1.644743],
        [(0.891601, 0.277559), (1.805578, 0.222984)],
    ),
]


@pytest.mark.parametrize(
    ("h", "T", "fflo", "Q", "bcs", "folds"),
    [
        pytest.param(*row, marks=[pytest.mark.nightly] if row[0] in (0.0, 0.7) else [])
        for row in ONSETS
    ],
    ids=[f"h={row[0]}-T={row[1]}" for row in ONSETS],
)
def test_onsets_and_folds(h, T, fflo, Q, bcs, folds):
    """Onsets of pairing and folds of branches at published values.

    Onsets of pairing at Q = 0 and at the strongest Q, and the folds that bound the stable branch
    (V_min, V_max).

    Fails with the sign of Q/2 equal for both electrons, or with C(Q) searched in Q > 0.5 only.
    """
    point = Point(h=h, T=T)
    assert onsets.bcs_onsets(point, BULK, VOLTAGES) == pytest.approx(bcs, abs=1e-6)
    found, wave = onsets.fflo_onsets(point, BULK, VOLTAGES)
    assert found == pytest.approx(fflo, abs=1e-5)
    assert wave == pytest.approx(Q, abs=1e-4)
    window = np.concatenate(
        [np.array([-0.02, 0.0, 0.02]) + V for V, _ in folds]
    )  # the metastable branch ends below
    found, gaps = onsets.folds(point, BULK, np.sort(window))
    assert found == pytest.approx([V for V, _ in folds], abs=1e-6)
    assert gaps == pytest.approx([D for _, D in folds], abs=2e-6)


@pytest.mark.parametrize(
    ("T", "bcs", "fflo", "Q", "limit"),
    [(0.0, 0.348390, 0.623949, 0.6740, 0.5379778), (0.02, 0.350824, 0.611300, 0.6811, 0.5370535)],
)
def test_critical_fields_at_rest(T, bcs, fflo, Q, limit):
    """h_BCS, h_FFLO with its Q and the Clogston limit h_cc at eV = 0.

    Fails with h_cc taken from the end of the branch (0.6...) instead of equal free energies.
    """
    fields = np.arange(0.0, 1.0, 0.05)
    assert onsets.bcs_onsets(Point(T=T), BULK, fields, along="h") == pytest.approx([bcs], abs=1e-6)
    found, wave = onsets.fflo_onsets(Point(T=T), BULK, fields, along="h")
    assert found == pytest.approx([fflo], abs=1e-6)
    assert wave == pytest.approx([Q], abs=1e-4)
    assert onsets.clogston_limit(Point(T=T), BULK) == pytest.approx(limit, abs=1e-7)


def test_onset_at_half_voltage_is_the_critical_field():
    """At h = 0 the FFLO onset in eV/2 is the field h_FFLO at rest.

    Voltage and field do the same to the normal state.

    Fails with eV in place of eV/2.
    """
    voltage, field = (
        onsets.fflo_onsets(Point(T=0.02), BULK, np.arange(a, b, 0.1), along)
        for a, b, along in ((1.1, 1.5, "eV"), (0.5, 0.9, "h"))
    )
    assert voltage[0][0] == pytest.approx(2 * field[0][0], abs=1e-7)


@pytest.mark.parametrize(
    ("h", "eV", "expected"),
    [
        (0.58, 0.0, "fflo"),
        (0.58, 0.3, "normal"),
        (0.58, 0.65, "bistable-with-normal"),
        (0.58, 0.8, "bistable-with-fflo"),
        (0.58, 1.15, "bcs"),
        (0.58, 1.5, "bistable-with-fflo"),
        (0.58, 1.55, "bistable-with-normal"),
        (0.58, 1.7, "normal"),
        (0.0, 0.3, "bcs"),
        (0.0, 1.0, "bistable-with-fflo"),
        (0.7, 0.0, "normal"),
        (0.7, 1.3, "bcs"),
        (0.45, 0.0, "bcs"),
        (0.55, 0.0, "fflo"),
    ],
)
def test_phase_regions(h, eV, expected):
    """Colours of the phase diagram at T = 0.02 (Fig. 3): yellow, white, red, green, blue.

    At rest across h_cc = 0.537.

    Fails if a metastable branch counts (0.58, 0), or if the free energy is not asked at rest
    (0.45, 0).
    """
    assert onsets.region(Point(h=h, T=0.02, eV=eV), BULK) == expected
    stable = pair_susceptibility.normal_stable(Point(h=h, T=0.02, eV=eV), BULK)
    assert stable or not expected.endswith("normal")


def test_every_root_of_a_fine_scan_is_found():
    """Roots on a small lattice against a dense scan of F(D).

    Roots on a small lattice, whose F(D) bends at every level, against 4001 values of F at 6
    points.

    Fails if the scan keeps the infinite lattice's steps and drops the search between extrema.
    """
    grid = finite(12, 11)
    for h in (0.4, 0.58):
        for eV in (0.0, 0.45, 1.3):
            point = Point(h=h, eV=eV, gamma=0.001)
            D = np.linspace(1e-4, 1.5, 4001)
            F = np.array([gap_sum(d, point, grid) for d in D]) - 1 / 3
            crossings = D[:-1][F[:-1] * F[1:] < 0]
            found = onsets.roots(point, grid)
            assert len(found) == len(crossings)
            assert np.all(np.abs(found - crossings) < 5e-4)


# ---- modes of the normal state ------------------------------------------------------------------


@pytest.mark.parametrize(
    "point", [Point(h=0.3, eV=0.7, T=0.1, gamma=0.1), UNEQUAL], ids=["mirrored", "unequal"]
)
@pytest.mark.parametrize("z", [0.0, 0.3j, 0.2 + 0.1j, -0.1 - 0.05j])
def test_pair_response_is_the_frequency_integral(point, z):
    """The pair response by quadrature over frequencies.

    i sum_k int dw/2pi [G^R_1(w+z) G^<_2(w) + G^<_1(w) G^A_2(w-z)], electrons at f(w - v), holes at
    f(w + v).

    Trapezoid rule in u, w = 0.01 sinh u, to |w| = 1e5, where the neglected tail is 1e-10. Fails
    with v of the same sign for electrons and holes (unequal leads), or without the memory term (z
    != 0).
    """
    grid, G = finite(3, 2), point.width
    A, B, weight = (x.ravel() for x in grid.pair_energies(2 * np.pi / 3, point.mu))
    A, B = A - point.h, B + point.h
    u, step = np.linspace(-np.arcsinh(1e7), np.arcsinh(1e7), 40001, retstep=True)
    w, dw = 0.01 * np.sinh(u), 0.01 * np.cosh(u) * step
    electrons, holes = (
        sum(g * 0.5 * (1 - tanh(w - s * v, T)) for g, T, v in point.terms()) for s in (1, -1)
    )
    lesser_1 = 2j * G * electrons / ((w - A[:, None]) ** 2 + G**2)
    lesser_2 = 2j * G * holes / ((w + B[:, None]) ** 2 + G**2)
    bubble = lesser_2 / (w + z - A[:, None] + 1j * G) + lesser_1 / (w - z + B[:, None] - 1j * G)
    assert pair_susceptibility.pair_response(2 * np.pi / 3, z, point, grid) == pytest.approx(
        1j * weight @ (bubble @ dw) / (2 * np.pi), abs=1e-9
    )


def test_pair_response_of_a_large_lattice():
    """Partial fractions over ky against k sums on 120 x 120 at a broad width; C(Q, z -> 0) = C(Q).

    Fails if the memory term's factor 1/2 is dropped on one side, or with the wrong half-plane for
    its Green functions.
    """
    point, grid, Q = (
        Point(h=0.3, eV=0.7, T=0.1, gamma=0.1, mu=-0.3),
        finite(120, 120),
        2 * np.pi * 7 / 120,
    )
    for at in (point, UNEQUAL):
        for z in (0.1j, 0.3 + 0.2j, -0.05j):
            plain = pair_susceptibility.pair_response(Q, z, at, grid)
            assert pair_susceptibility.pair_response(Q, z, at, BULK) == pytest.approx(
                plain, abs=2e-6
            )
    assert pair_susceptibility.pair_response(
        0.27, 0.0, Point(h=0.58, eV=0.8, T=0.02), BULK
    ) == pytest.approx(pair_sum(0.27, Point(h=0.58, eV=0.8, T=0.02), BULK), abs=1e-9)
    assert pair_susceptibility.pair_response(Q, 1e-6j, point, BULK) == pytest.approx(
        pair_sum(Q, point, BULK), abs=1e-5
    )


def test_growth_rate_changes_sign_at_the_onset():
    """The mode at the FFLO wave number starts to grow at the FFLO onset, without rotating.

    At T = 0.02, h = 0.58 the mode at Q = 0.2722 starts to grow at the FFLO onset, eV = 0.69604,
    without rotating.

    Inside, the rate solves 1/U = C(Q, z) on a lattice of 480 x 480, too (240 x 240 is 5e-5 off,
    960 x 960 2e-11). Fails if decaying modes are reported as growing (sign of the rate), or
    without the memory term.
    """
    point, grid = Point(h=0.58, T=0.02), infinite(error=1e-6)
    below, above = (
        pair_susceptibility.normal_growth(0.2722, point.at(eV=eV), grid) for eV in (0.67, 0.72)
    )
    assert below.imag < -1e-4 and above.imag > 1e-4 and below.real == above.real == 0
    crossing = 0.67 + 0.05 * below.imag / (below.imag - above.imag)
    assert crossing == pytest.approx(0.69604, abs=3e-3)  # a straight line between two voltages
    point, Q = point.at(eV=0.8), 2 * np.pi * 8 / 240
    z = pair_susceptibility.normal_growth(Q, point, grid)
    assert 0.05 < z.imag < 0.07
    assert pair_susceptibility.pair_response(Q, z, point, finite(480, 480)) == pytest.approx(
        1 / 3, abs=2e-7
    )


def test_modes_rotate_with_unequal_leads_and_off_half_filling():
    """Leads raised by 0.1 above the superconductor's mu: pairs rotate at 0.2 just above the onset.

    The superconductor's mu is only a choice of frame: with mu raised by 0.1, too, z loses 0.2 and
    nothing else. Fails with Re z of the opposite sign, or if the leads' mu is not measured from
    the superconductor's.
    """
    grid = infinite(error=1e-5)
    leads = tuple(Lead(name, 0.05, 0.1, 0.1, sign) for name, sign in (("left", 1), ("right", -1)))
    level = Point(mu=0.1, leads=leads)
    assert level.mirrored and not level.at(mu=0.0).mirrored
    level = level.at(U=1.01 / gap_sum(0.0, level, grid))
    z, raised = (pair_susceptibility.normal_growth(0.0, level.at(mu=mu), grid) for mu in (0.1, 0.0))
    assert (
        0 < z.imag < 0.02 and abs(z.real) < 0.2 * z.imag
    )  # the band's asymmetry grows with the rate
    assert raised == pytest.approx(z + 0.2, abs=1e-7)


def test_unequal_leads_are_refused_by_name():
    """A real gap equation needs mirrored leads.

    Two leads at one Fermi level are, whatever their gamma and T.

    Fails if only equal couplings count as mirrored.
    """
    for call in (
        lambda: gap_sum(0.1, UNEQUAL, BULK),
        lambda: pair_sum(0.1, UNEQUAL, BULK),
        lambda: onsets.region(UNEQUAL, BULK),
    ):
        with pytest.raises(InputError, match="mirror"):
            call()
    with pytest.raises(InputError, match="equilibrium"):
        free_energy(0.1, Point(eV=0.1), BULK)
    with pytest.raises(InputError, match="smooths"):
        Point(gamma=0.0)
    uneven = Point(
        h=0.2, leads=(Lead("left", 0.005, 0.1, 0.0, 1), Lead("right", 0.015, 0.1, 0.0, -1))
    )
    assert gap_sum(0.4, uneven, BULK) == pytest.approx(
        gap_sum(0.4, Point(h=0.2, T=0.1), BULK), rel=1e-12
    )
    warm = Point(leads=(Lead("left", 0.005, 0.1, 0.0, 1), Lead("right", 0.015, 0.3, 0.0, -1)))
    mean = sum(g * gap_sum(0.4, Point(T=T), BULK) for g, T in ((0.25, 0.1), (0.75, 0.3)))
    assert gap_sum(0.4, warm, BULK) == pytest.approx(mean, rel=1e-12)
