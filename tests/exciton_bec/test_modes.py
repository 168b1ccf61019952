"""Modes of the driven electron-hole condensate: zeros of det M, sound, the gapped mode.

Every docstring names a change of the code under which the test was seen to fail.
"""

import numpy as np
import pytest
from scipy.optimize import brentq
from support.exciton_runs import WIDE, run, wide

from hpcneq.maths import rational
from hpcneq.parallel import solo
from hpcneq.solvers.contours import Box, winding
from hpcneq.solvers.modes import Samples
from hpcneq.systems.exciton_bec.physics import (
    collective_modes,
    growth,
    response,
    steady_states,
)
from hpcneq.systems.exciton_bec.physics.gap_equations import Drive
from hpcneq.systems.exciton_bec.shared import modes_of_momentum


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
    """At small q the two roots of w^2 + i Gamma w - c2 q^2 = 0, Eq. (46), are roots of det M.

    Fails without the 1/i of Gamma.
    """
    s, q = wide(), 0.002
    c2, damping = collective_modes.gapless(s)
    root = -0.5j * damping + 1j * np.sqrt(0.25 * damping**2 - c2 * q**2)
    near = [np.linalg.det(response.matrices(s, q, [root * x])[0]).real for x in (0.9, 1.1)]
    assert near[0] * near[1] < 0


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


@pytest.mark.nightly
def test_a_steady_state_is_published_with_its_stability():
    """`steady` names the wave that grows fastest: `modes`, by winding, has its rate and lower ones
    beside it. At -2.55 nothing grows; `branches` judges where it is asked to.

    Fails if the momenta end before the maximum.
    """
    place = {"inv_kfas": -1.0, "ratio": 0.1}
    s = run("steady", parameters=place).summary
    assert s["stable"] is False and "momenta" in s["covers"]
    q = [0.9 * s["q_growth"], s["q_growth"], 1.1 * s["q_growth"]]
    found = run("modes", parameters=place, sweep={"q": q})
    rates = np.asarray(found.growth_rate)[:, 0]
    assert s["growth"] == pytest.approx(rates[1], abs=1e-9)
    assert s["frequency"] == pytest.approx(abs(np.asarray(found.frequency)[1, 0]), abs=1e-9)
    assert max(rates[0], rates[2]) < rates[1]
    quiet = run("steady", parameters={"inv_kfas": -2.55, "ratio": 0.25}).summary
    assert quiet["stable"] is True and quiet["growth"] is None
    grid = {"ratio": [0.0, 0.1]}
    line = run("branches", parameters={"inv_kfas": -1.0}, numerics={"stability": True}, sweep=grid)
    assert line.growth[0] == 0 and line.growth[1] == pytest.approx(s["growth"], rel=1e-4)
    plain = run("branches", parameters={"inv_kfas": -1.0}, sweep=grid)
    assert "growth" not in plain and any("stability = true" in words for words in plain.warnings)


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
    """inv = 1: two roots at rest at .8 q*, a pair with Re w != 0 at 1.4 q*.

    q* = Gamma/2c of Eq. (46); c falls with the decay, 0 at A. Fails with q* twice as large.
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
