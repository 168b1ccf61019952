"""Tasks on the collective modes of the driven electron-hole condensate: response, modes, boundary.

Every docstring names a change of the code under which the test was seen to fail.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

import hpcneq
from hpcneq.config.load import load
from hpcneq.errors import InputError
from hpcneq.maths import rational
from hpcneq.parallel import solo
from hpcneq.solvers import newton
from hpcneq.solvers.contours import Box, circle, winding
from hpcneq.solvers.modes import Samples
from hpcneq.systems import Catalogue
from hpcneq.systems.exciton_bec.physics import (
    boundary_equations,
    collective_modes,
    determinant,
    growth,
    phase_regions,
    response,
    steady_states,
)
from hpcneq.systems.exciton_bec.physics.gap_equations import Drive, State
from hpcneq.systems.exciton_bec.shared import marginal_mode, modes_of_momentum


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "exciton-bec", "task": task, **tables})


@pytest.mark.parallel
def test_pieces_of_the_grid_over_ranks_give_the_same_response(comm):
    """(q, w) points handed out to ranks, two decays: M as of each state alone, det and Im M^-1 as
    its own.

    Fails with w and q exchanged. To 3e-8: the task's state is polished, 1e-12 from the seed, which
    may cut one panel more where they are as long as here.
    """
    q, w = np.array([0.0, 0.1]), np.array([0.0, 0.3])
    result = run(
        "response",
        parameters={"ratios": [0.1, 0.3], "gamma_b": 0.02, "growth": 0.01},
        numerics={"panels": 0.4, "p_c": 30.0},
        sweep={"q": q.tolist(), "w": w.tolist()},
    )
    M = np.asarray(result.M)
    for i, ratio in enumerate((0.1, 0.3)):
        s = steady_states.solve(Drive(0.0, ratio, 0.02, 30.0))
        for j, k in enumerate(q):
            wanted = response.matrices(s, float(k), w + 0.01j, fine=0.4)
            assert M[i, j] == pytest.approx(wanted, abs=3e-8)
            assert np.asarray(result.ImMinv)[i, j] == pytest.approx(
                np.linalg.inv(M[i, j]).imag, rel=1e-9
            )
    assert np.asarray(result.det) == pytest.approx(np.linalg.det(M), rel=1e-9)


def test_the_lowest_sign_change_is_interpolated():
    """By linear interpolation, only at w > 0, nan where there is none.

    Fails if the last one is taken.
    """
    w = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.array([[1.0, 1.0, -3.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    assert determinant.crossing(w, values) == pytest.approx(np.array([1.25, np.nan]), nan_ok=True)
    assert np.isnan(determinant.crossing(w[:1], values[:, :1])).all()


@pytest.mark.parametrize(
    "task, tables, words",
    [
        ("modes", {"parameters": {"ratio": 0.1, "q": []}}, "q = \\[\\]"),
        ("modes", {"parameters": {"ratio": 0.1, "q": [0.0, 0.1]}}, "q: must be > 0, got 0"),
        ("modes", {"sweep": {"q": [0.1, 0.0]}}, "\\[sweep\\] q: must be > 0"),
        ("boundary", {"sweep": {"p_c": [1.0, 50.0]}}, "p_c: must be >= 5, got 1"),
        ("branches", {"sweep": {"ratio": [0.0], "p_c": [2e5]}}, "p_c: must be <= 100000"),
        ("branches", {"sweep": {"ratio": [0.1, 0.0]}}, "ascending"),
        ("branches", {"sweep": {"inv_kfas": [0.0, 1.0]}}, "ratio: branches are followed"),
        ("spectrum", {"sweep": {"p": [-0.1, 0.1]}}, "p: momenta must be >= 0, got -0.1"),
        ("response", {"parameters": {"ratio": 0.1, "growth": -0.5}}, "growth = -0.5"),
        ("response", {"parameters": {"ratios": [0.5, 0.1], "growth": -1.1e-3}}, "-0.0011 only"),
        ("response", {"parameters": {"ratios": []}}, "ratios = \\[\\]"),
        ("response", {"sweep": {"q": [-0.1, 0.1]}}, "q = -0.1"),
        ("phase-diagram", {"sweep": {"ratio": [0.1]}}, "needs inv_kfas and ratio"),
        (
            "phase-diagram",
            {"sweep": {"inv_kfas": [0.0], "ratio": [0.1]}, "numerics": {"growth": True}},
            'needs boundaries = "modes"',
        ),
        (
            "phase-diagram",
            {
                "sweep": {"inv_kfas": [0.0], "ratio": [0.2, 0.1]},
                "numerics": {"growth": True, "boundaries": "modes"},
            },
            "ratio: growth rates are followed",
        ),
    ],
)
def test_inputs_that_cannot_be_used_are_refused_before_anything_is_computed(task, tables, words):
    """By check as by run, in one line that names the key.

    Below the analytic half plane nothing is computed; momenta are not negative; cutoffs count in a
    sweep too. Fails if any is let through.
    """
    with pytest.raises(InputError, match=words):
        load({"system": "exciton-bec", "task": task, **tables}, Catalogue())


# ---- modes

WIDE = {"gamma_b": 0.02, "ratio": 0.1, "inv_kfas": 1.0}


def wide():
    """A condensate with broad levels that does not hold: cheap sums."""
    return steady_states.solve(Drive(1.0, 0.1, 0.02, 30.0))


@pytest.mark.parallel
def test_roots_over_ranks_are_the_zeros_on_the_imaginary_axis(comm):
    """det M(q, iy) is real: the growing mode that winding and secants find over ranks is its sign
    change along y, to its error.

    Two momenta on one rank or two, shared on more. Fails with conj left out for Re w < 0, or slots
    of one grid dealt out twice.
    """
    result = run(
        "modes",
        parameters=WIDE | {"q": [0.2, 0.4]},
        numerics={"p_c": 30.0, "panels": 0.6, "floor": -0.05},
    )
    s = wide()
    for q, roots in zip((0.2, 0.4), result.summary["roots"]):

        def axis(y, q=q):
            return np.linalg.det(response.matrices(s, q, [1j * y], fine=0.6)[0]).real

        y = np.linspace(0.002, 0.3, 16)
        signs = [axis(x) for x in y]
        zeros = [
            brentq(axis, a, b, xtol=1e-10)
            for a, b, u, v in zip(y, y[1:], signs, signs[1:])
            if u * v < 0
        ]
        assert len(zeros) == 1 == len(roots)
        assert roots[0] == pytest.approx([0.0, zeros[0]], abs=1e-7)
    assert (
        result.summary["max_growth"] == max(r[0][1] for r in result.summary["roots"])
        and result.summary["verdict"] == "unstable"
    )
    assert (
        result.errors["max_growth"] < 1e-2 * result.summary["max_growth"]
    )  # panels are long: the root moves by 2e-5 of itself


@pytest.mark.parametrize("inv", [-1.0, 0.0, 1.0])
def test_sound_at_rest_is_that_of_the_compressibility(inv):
    """Without decay w/q -> c with c^2 = (n/m) dmu/dn = (2/3)(2 mu - inv dmu/dinv), from the
    equation of state alone, to 1%.

    At q = .05, far above g/c and far below D/c. Fails with M12 and M21 exchanged in sign, or with
    sum_p of half the weight in 2/U.
    """
    mu = [
        steady_states.equilibrium(Drive(x, 0.0, 2e-4, 1e3, "subtracted")).mu
        for x in (inv - 0.01, inv, inv + 0.01)
    ]
    c = np.sqrt(2 / 3 * (2 * mu[1] - inv * (mu[2] - mu[0]) / 0.02))
    s, q = steady_states.equilibrium(Drive(inv, 0.0, 2e-4, 1e3, "subtracted")), 0.05

    def real(w):
        return np.linalg.det(response.matrices(s, q, [w], fine=0.5)[0]).real

    assert brentq(real, 0.8 * c * q, 1.2 * c * q, xtol=1e-6) / q == pytest.approx(c, rel=0.01)


def test_no_mode_grows_without_the_intra_band_part():
    """Fig. 14: the winding of det M around the upper half plane is 0 where quasi-particles scatter
    in no band, and not 0 in full.

    Fails if the part asked for is not passed on.
    """
    s = wide()
    full, inter = (
        modes_of_momentum.counted_modes(s, 0.4, 2e-3, part, 1.0, solo())
        for part in ("full", "inter")
    )
    assert full.growing == 1 and inter.count == 0


def test_long_waves_come_from_a_circle_in_frequency():
    """(c2, Gamma) of Eq.

    (46): at small q the two roots of w^2 + i Gamma w - c2 q^2 = 0 are roots of det M. Fails without
    the 1/i of Gamma.
    """
    s, q = wide(), 0.002
    c2, damping = collective_modes.gapless(s)
    root = -0.5j * damping + 1j * np.sqrt(0.25 * damping**2 - c2 * q**2)
    near = [np.linalg.det(response.matrices(s, q, [root * x])[0]).real for x in (0.9, 1.1)]
    assert near[0] * near[1] < 0


# ---- boundaries


@pytest.mark.parametrize(
    "kind, inv, ratio, q", [("A", 1.0, 3.173e-3, 0.0), ("B", -1.0, 2.1010e-2, 0.0149)]
)
def test_standing_instabilities_begin_where_they_are_known_to(kind, inv, ratio, q):
    """Fig. 6: 3.1e-3 and 2.10e-2 in the paper; to four digits of the reference, and det M(q, 0)
    touches zero there.

    Fails with sum Im G of one sign in M12 and M21, or det M at w = i g.
    """
    result = run("boundary", parameters={"inv_kfas": inv, "kind": kind})
    assert (
        result.summary["ratio"] == pytest.approx(ratio, rel=3e-4)
        and result.errors["ratio"] < 1e-5 * ratio
    )
    assert result.summary["q"] == pytest.approx(q, rel=0.01) and result.summary["omega"] == 0
    if kind == "B":
        s = steady_states.solve(Drive(inv, result.summary["ratio"]))
        values = [growth.det(s, result.summary["q"] * x, 0.0).real for x in (0.9, 1.0, 1.1)]
        assert abs(values[1]) < 1e-3 * min(values[0], values[2])


def test_the_oscillating_instability_has_a_tenth_of_the_printed_frequency():
    """Fig. 7, boundary C at inv = -2, ratio 7.4e-2: the mode at q = .0053 crosses Im w = 0 between
    .0735 and .0745, at w = 6.1e-4.

    The paper prints 6.1e-3. Fails with w added where it is to be taken off in d.
    """
    roots = []
    for ratio in (0.0735, 0.0745):
        s = steady_states.solve(Drive(-2.0, ratio))
        roots.append(growth.root(s, 0.0053, 0.6e-3 + 0j))
    assert roots[0].imag < 0 < roots[1].imag
    assert all(w.real == pytest.approx(6.1e-4, rel=0.04) for w in roots)
    count, place, *_ = circle(
        Samples(collective_modes.Collective(s, "full", 0.7), 0.0053, solo()), 0.6e-3 + 0j, 0.4e-3
    )
    assert count == pytest.approx(1, abs=1e-3) and 0.6e-3 + place == pytest.approx(
        roots[1], abs=1e-6
    )
    assert growth.roots(s, 0.0053)[0] == pytest.approx(roots[1], abs=1e-7)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_boundary_c_is_the_published_one():
    """C at inv = -2: 7.4e-2 in the paper; no mode grows below, one pair does above, by winding.

    Fails if the maximum over q is not taken.
    """
    result = run("boundary", parameters={"inv_kfas": -2.0, "kind": "C"})
    assert result.summary["ratio"] == pytest.approx(7.4e-2, rel=0.01) and result.summary[
        "omega"
    ] == pytest.approx(6.1e-4, rel=0.01)
    for factor, growing in ((0.99, 0), (1.01, 2)):
        s = steady_states.solve(Drive(-2.0, factor * result.summary["ratio"]))
        assert (
            modes_of_momentum.counted_modes(
                s, result.summary["q"], -0.5 * s.g, "full", 1.0, solo()
            ).growing
            == growing
        )


def test_the_first_boundary_met_bounds_the_stable_region():
    """B or C, whichever comes first along the decay, A where there is neither, none where no wave
    grows.

    Fails with the last one taken.
    """
    nan = np.nan
    lines = {
        "alpha11": np.array([1.0, 1.0, 1.0, nan, 1.0]),
        "B": np.array([1.2, 1.2, nan, nan, nan]),
        "C": np.array([1.1, nan, nan, nan, nan]),
        "soft_from": np.array([2.0, 2.0, 1.0, nan, nan]),
    }
    assert phase_regions.unstable(lines) == pytest.approx([1.1, 1.2, 1.0, nan, nan], nan_ok=True)


def test_windows_of_instability_are_one_where_they_overlap():
    """Oscillating growth that ends before long waves grow leaves a stable gap; beyond ``restored``
    the condensate holds again.

    Fails if the far side of C alone closes the window.
    """
    nan = np.nan
    lines = {
        "alpha11": np.ones(4),
        "B": np.full(4, nan),
        "C": np.array([1.0, 1.0, 1.0, nan]),
        "C_end": np.array([2.0, 2.0, 2.0, nan]),
        "soft_from": np.array([1.5, 2.5, nan, nan]),
        "restored": np.array([3.0, 3.0, nan, nan]),
        "ratio_c": np.full(4, 4.0),
    }
    assert phase_regions.unstable_windows(lines) == [
        [(1.0, 3.0)],
        [(1.0, 2.0), (2.5, 3.0)],
        [(1.0, 2.0)],
        [],
    ]
    codes = phase_regions.by_modes(np.array([0.5, 1.2, 2.2, 3.5, 4.5]), lines)
    assert codes[1].tolist() == [1, 2, 1, 1, 0] and codes[0].tolist() == [1, 2, 2, 1, 0]


def test_zeros_of_a_rational_approximant():
    """sin z/z + .1 e^z on a line: its complex zeros nearby to 1e-8, noise leaves no false ones.

    Fails with poles and zeros exchanged.
    """

    def f(z):
        return np.sin(z) / z + 0.1 * np.exp(1j * z)

    z = np.linspace(-12, 12, 90) - 0.3j
    result = rational.zeros(z, f(z), 1e-11)
    near = [x for x in result if abs(x.imag) < 1 and abs(x.real) < 9]
    assert len(near) >= 4 and np.abs(f(np.array(near))).max() < 1e-6
    noisy = rational.zeros(z, f(z) * (1 + 1e-7 * np.cos(np.arange(90) ** 2)), 1e-6)
    assert len([x for x in noisy if abs(x.imag) < 1 and abs(x.real) < 9]) == len(near)


@pytest.mark.parametrize(
    "drive, q, growing",
    [
        (Drive(-2.3, 0.2), 0.005, 2),
        (Drive(-2.55, 0.25), 0.005, 0),
        (Drive(-2.55, 0.25), 0.001, 0),
        (Drive(-2.2, 0.653), 8e-4, 1),
        (Drive(-2.2, 0.704), 8e-4, 0),
    ],
)
def test_roots_of_the_approximant_are_as_many_as_winding_counts(drive, q, growing):
    """Deep on the BCS side alpha11 < 0 and beta22 < 0 at -2.55 and nothing grows; at -2.2 long
    waves grow last, before the normal state.

    Winding around the whole upper half plane against the roots of a rational approximant. Fails if
    the approximant's zeros at rest are dropped, or with M12 of the other sign.
    """
    s = steady_states.solve(drive)
    x, y = collective_modes.reach(s, q)
    path = winding(
        Samples(collective_modes.Collective(s, "full", 0.4), q, solo()),
        Box(-1.013 * x, 1.017 * x, 5e-4 * s.g, 1.011 * y),
        0.1,
    )
    seen = [w for w in growth.roots(s, q) if w.imag > 5e-4 * s.g]
    assert path.count == growing == sum(1 if w.real == 0 else 2 for w in seen)


@pytest.mark.parametrize(
    "drive, q, count",
    [
        (Drive(1.0, 0.1, 0.02, 30.0), 2e-4, 2),
        (Drive(2.0, 0.02, 0.02, 30.0), 2e-4, 2),
        (Drive(0.0, 0.005), 2e-5, 2),
    ],
)
def test_no_gapped_mode_lies_above_the_cut(drive, q, count):
    """Long waves: above -.7 g det M has the zeros w = 0 and w = -i Gamma alone, none with Re w !=
    0, on the BEC side as well.

    The paper's gapped mode (right of the dash-dotted line of its Fig. 5) is therefore no zero of M
    where M is analytic: if it exists it decays faster than the levels, beyond the cut on Im w = -g,
    where M has many sheets. Fails without M12.
    """
    s = steady_states.solve(drive)
    x, y = collective_modes.reach(s, q)
    path = winding(
        Samples(collective_modes.Collective(s, "full", 0.5), q, solo()),
        Box(-1.013 * x, 1.017 * x, -0.7 * s.g, 1.011 * y),
        0.1,
    )
    seen = [w for w in growth.roots(s, q, lines=(0.5, 0.85), low=0.97) if w.imag > -0.7 * s.g]
    assert path.count == count == len(seen) and all(w.real == 0 for w in seen)
    assert sorted(abs(w) for w in seen)[0] < 1e-2 * s.g


@pytest.mark.parametrize(
    "inv, known", [(-1.75, lambda mu: 4 * mu / 3), (3.0, lambda mu: 4 / (3 * np.pi * 3.0))]
)
def test_sound_has_its_known_limits(inv, known):
    """Equilibrium: c^2 -> v_mu^2/3 = 4 mu/3 on the BCS side (Anderson and Bogoliubov), 4 pi a_B
    n_B/m_B^2 with a_B = 2 a_s, so 4/(3 pi inv), on the BEC side.

    Re det M = 0 at q well below D/c and above g/c, to 3%: the next terms are of order D^2 and (kF
    a_s)^3. Without M12 the BEC side fails.
    """
    s = steady_states.equilibrium(Drive(inv, 0.0, 1e-5, 1e3, "subtracted"))
    q = 0.01
    c = np.sqrt(known(s.mu))
    result = brentq(
        lambda w: np.linalg.det(response.matrices(s, q, [w], fine=0.5)[0]).real,
        0.8 * c * q,
        1.2 * c * q,
        xtol=1e-7,
    )
    assert result / q == pytest.approx(c, rel=0.03)


@pytest.mark.parametrize("ratio", [0.001, 0.002])
def test_sound_diffuses_below_the_crossover_and_propagates_above(ratio):
    """inv = 1: two roots at rest at .8 q*, a pair with Re w != 0 at 1.4 q*, q* = Gamma/2c of Eq.

    (46); c falls with the decay, 0 at A. Fails with q* twice as large.
    """
    s = steady_states.solve(Drive(1.0, ratio))
    c2, damping = collective_modes.gapless(s, 0.6)
    crossover = 0.5 * damping / np.sqrt(c2)
    below, above = (growth.roots(s, x * crossover, lines=(0.5,), low=0.9) for x in (0.8, 1.4))
    assert (
        len([w for w in below if w.real == 0]) == 2 and len([w for w in above if w.real > 0]) == 1
    )
    slower = [
        collective_modes.gapless(steady_states.solve(Drive(1.0, r)), 0.6)[0]
        for r in (ratio, 2 * ratio if ratio < 0.0015 else 0.003, 0.0031726)
    ]
    assert slower[0] > slower[1] > 0 and abs(slower[2]) < 0.02 * slower[0]


def test_modes_over_ratio_are_those_of_each():
    """A sweep over ratio gives for each what a run of its own does; roots below the floor are zeros
    of det M. Fails with ratio and q exchanged.
    """
    table = {
        "parameters": WIDE | {"q": [0.2, 0.4]},
        "numerics": {"p_c": 30.0, "panels": 0.6, "count": False},
    }
    table["parameters"] = {k: v for k, v in table["parameters"].items() if k != "ratio"}
    swept = run("modes", **table, sweep={"ratio": [0.05, 0.1]})
    alone = run(
        "modes", parameters=table["parameters"] | {"ratio": 0.1}, numerics=table["numerics"]
    )
    assert np.asarray(swept.summary["roots"][1][0]) == pytest.approx(
        np.asarray(alone.summary["roots"][0]), abs=1e-9
    )
    assert swept.summary["max_growth"] == pytest.approx(
        max(swept.summary["roots"][i][j][0][1] for i in (0, 1) for j in (0, 1))
    )
    s = wide()
    for x, y in alone.summary["roots"][0]:
        assert abs(np.linalg.det(response.matrices(s, 0.2, [complex(x, y)], fine=0.7)[0])) < 1e-6
    assert alone.summary["verdict"] == "unstable" and alone.summary["growing"] == [None, None]


def test_oscillating_growth_ends_at_its_tip():
    """C and its far side meet at inv = -2.492, ratio .263, q = .0033: at -2.48 the mode grows there
    by .03 g, at -2.505 it decays.

    Fails with M12 of the other sign.
    """
    rates = []
    for inv in (-2.48, -2.505):
        s = steady_states.solve(Drive(inv, 0.263))
        rates.append(growth.summit(s, growth.Mode(0.0034, 0.55 * s.g + 0j)).w.imag / s.g)
    assert 0.01 < rates[0] < 0.06 and -0.08 < rates[1] < -0.01


def test_growth_is_largest_at_its_summit():
    """Over q the oscillating mode beyond C grows fastest where `growth.fastest` says, to 5e-5 of g.

    Fails with the parabola's shift of the other sign.
    """
    s = steady_states.solve(Drive(-2.0, 0.09))
    mode = growth.fastest(s, np.geomspace(0.003, 0.015, 4))
    beside = [growth.root(s, mode.q * f, mode.w).imag for f in (0.93, 1.0, 1.07)]
    assert beside[1] > max(beside[0], beside[2]) and beside[1] == pytest.approx(
        mode.w.imag, abs=5e-5 * s.g
    )
    assert mode.w.imag > 0 and mode.w.real > 0.3 * s.g


def test_a_cool_bath_responds_as_one_at_zero_temperature():
    """At T_b -> 0 the digamma forms go over into the logarithms, M at T_b = 1e-5 is that at 0 to
    2e-6.

    Fails with log |x| for the smeared logarithm.
    """
    s = wide()
    warm = State(s.delta, s.mu, s.mt, replace(s.drive, T=1e-5))
    for q, w in ((0.3, [0.02 - 0.01j, 0.4, 0.05j]), (0.0, [0.1])):
        assert response.matrices(warm, q, w, fine=0.6) == pytest.approx(
            response.matrices(s, q, w, fine=0.6), abs=2e-6
        )


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "inv, part, unstable",
    [
        (-2.55, 0.25, False),
        (-2.55, 0.5, False),
        (-3.0, 0.5, False),
        (-2.4, 0.4, True),
        (-2.2, 0.8, True),
        (-2.2, 0.97, False),
    ],
)
def test_deep_on_the_bcs_side_the_condensate_holds(inv, part, unstable):
    """Winding over the upper half plane at 24 momenta from .3 g/v to .3 kF: below inv = -2.5 no
    mode grows at any decay, though alpha11 < 0 there.

    At -2.4 and -2.2 modes grow, not so at -2.2 just below the normal state. Counts equal the roots
    of the approximant at every momentum.
    """
    end = steady_states.critical(Drive(inv))
    s = steady_states.solve(Drive(inv, part * end.ratio))
    x, y = collective_modes.reach(s, 0.01)
    counts, seen = [], []
    for q in np.geomspace(0.3 * growth.smallest_width(s), 0.3, 24):
        samples = Samples(collective_modes.Collective(s, "full", 0.5), q, solo())
        counts.append(
            winding(samples, Box(-1.013 * x, 1.017 * x, 1e-3 * s.g, 1.011 * y), 0.1).count
        )
        seen.append(sum(1 if w.real == 0 else 2 for w in growth.roots(s, q) if w.imag > 1e-3 * s.g))
    assert counts == seen and (max(counts) > 0) == unstable


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("inv, q, growing", [(-1.0, 0.03, 2), (1.0, 0.2, 1)])
def test_fig_14_without_intra_band_part_no_root_lies_in_the_upper_half_plane(inv, q, growing):
    """Ratio .1, both sides of the crossover: growing modes in full, winding 0 around the whole
    upper half plane with the inter-band part alone.
    """
    s = steady_states.solve(Drive(inv, 0.1))
    x, y = collective_modes.reach(s, q)
    box = Box(-1.013 * x, 1.017 * x, 0.05 * s.g, 1.011 * y)
    counts = [
        winding(Samples(collective_modes.Collective(s, part, 0.6), q, solo()), box, 0.1).count
        for part in ("full", "inter")
    ]
    assert counts == [growing, 0]


@pytest.mark.parametrize(
    "kind, inv, seed",
    [
        ("A", -1.0, (0.0203, 0, 0)),
        ("current", -1.0, (0.02079, 0, 0)),
        ("B", 0.9, (0.0028054, 0.0039, 0)),
        ("C", -2.0, (0.07387, 0.0053, 6.11e-4)),
    ],
)
def test_boundaries_move_by_less_than_their_errors_on_finer_panels(kind, inv, seed):
    """SNES settles from a seed 1e-4 away, also where the minimum of det M(q, 0)/q^2 is a hundredth
    of what it is beside it (inv = .9).

    The same equations on finer panels everywhere have their root within the error, which is no more
    than a hundred times the change, 1e-9, or rounding (beta22). Fails with the panels of the search
    (0.7) for B, with errors not divided by the slopes, or with those of the ratio given for q.
    """
    state = steady_states.solve(Drive(inv, seed[0]))
    onset = boundary_equations.Onset(*seed, 1e-4 * seed[0], state)
    solved = marginal_mode.solve_boundary(onset, kind)
    assert solved.why == "" and solved.residual < 1e-6
    function, start, place = boundary_equations.equations(solved.onset, kind, 2)
    finer = place(newton.solve_equations(function, start, marginal_mode.SNES).x)
    rounding = 1e-7 if kind == "current" else 0.0
    for name, moved in zip(("ratio", "q", "omega"), finer):
        value = getattr(solved.onset, name)
        change = abs(moved - value)
        assert change <= solved.errors[name] <= 1e-9 * value + 100 * change + rounding


def test_a_boundary_that_does_not_settle_is_marked():
    """From a seed far from any minimum SNES stops: the seed is kept, and the record says why.

    Fails if the seed is returned as a root.
    """
    state = steady_states.solve(Drive(-1.0, 0.021))
    seed = boundary_equations.Onset(0.021, 0.003, 0.0, 1e-6, state)
    solved = marginal_mode.solve_boundary(seed, "B")
    assert solved.onset is seed
    assert "SNES stopped" in solved.why and "inv_kfas = -1" in solved.why


@pytest.mark.nightly
def test_no_boundary_c_where_modes_at_rest_grow_before():
    """T_b = .002, inv = -1.8: a pair with Re w = .03 g and Im w = 0 exists at q = .0043, ratio
    .0722, where a standing pattern grows at .4 g.

    It is born where two modes at rest meet: no maximum over q touches zero, and C is none. Fails if
    the seed of such a search is published.
    """
    result = run("boundary", parameters={"inv_kfas": -1.8, "T_b": 0.002, "kind": "C"})
    assert result.status == "complete" and result.summary["ratio"] is None


@pytest.mark.parametrize(
    "drive, q, floor, expected",
    [(Drive(-2.0, 0.02), 0.004, 0.99, 3.9311 - 0.1237j), (Drive(1.0, 0.003), 0.003, 0.9, -0.0319j)],
)
def test_roots_are_counted_down_to_the_cut(drive, q, floor, expected):
    """Winding above Im w = -.99 g (next to A, where M's elements cancel, -.9 g): one pair (BCS),
    one mode at rest, as an approximant shows them; 1e-3 g.

    Next to A M's elements differ by four orders of magnitude: its count is certain by elements, not
    by the smallest singular value. Fails with the first samples placed by the distance to the
    places where M is singular alone, were these on the wrong side of the axis.
    """
    s = steady_states.solve(drive)
    result = modes_of_momentum.counted_modes(s, q, -floor * s.g, "full", 1.0, solo())
    assert (
        result.count == len(result.modes) == (2 if expected.real else 1) and result.samples < 4500
    )
    assert min(abs(m.z / s.g - expected) for m in result.modes) < 1e-3
    sharper = [
        growth.root(s, q, m.z, 2.0) for m in result.modes
    ]  # the errors, from panels shorter by 1.4, hold for panels half as long
    assert all(
        abs(z - m.z) <= m.error <= 100 * abs(z - m.z) + 1e-8 * s.g
        for z, m in zip(sharper, result.modes)
    )
    seen = growth.roots(s, q, 0.7, lines=modes_of_momentum.LINES, low=0.97)
    assert len(seen) == 1 and abs(seen[0] / s.g - expected) < 1e-3
