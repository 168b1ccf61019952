"""Continuation on textbook problems whose curves, folds and bifurcations are known in closed
form.
"""

import numpy as np
import pytest

from hpcneq.errors import NotConverged
from hpcneq.parallel import solo
from hpcneq.solvers.continuation import BIFURCATION, FOLD, Follower

WIDE = (-np.inf, np.inf)


class Family:
    """A family of steady problems from one function of (x, p); its one item is the whole of it."""

    items = 1

    def __init__(self, function, p=None):
        self.function, self.p = function, p

    def at(self, p):
        return Family(self.function, p)

    def prepare(self, x, part):
        return x, len(part)

    def partials(self, prepared):
        x, mine = prepared
        return np.array([self.function(x, self.p)] * mine).reshape(mine, len(x))

    def residual(self, x, sums):
        return sums


class Bratu:
    """u'' + p e^u = 0 on [0, 1], two inner points: 2 u_1 - u_2 = (p/9) e^(u_1) and the same
    mirrored; an item per point.
    """

    items = 2

    def __init__(self, p=None):
        self.p = p

    def at(self, p):
        return Bratu(p)

    def prepare(self, x, part):
        return [(i, x) for i in part]

    def partials(self, prepared):
        rows = np.zeros((len(prepared), 2))
        for row, (i, x) in zip(rows, prepared):
            row[i] = 2 * x[i] - x[1 - i] - self.p / 9 * np.exp(x[i])
        return rows

    def residual(self, x, sums):
        return sums


def follower(function, low, high, **settings):
    """A Follower of a one-unknown family."""
    return Follower(Family(function), solo(), low, high, (1.0, 1.0), **settings)


def test_a_circle_is_closed_and_has_two_folds():
    """x^2 + p^2 = 1: folds at p = +-1, x = 0, to 1e-12 in p and 1e-9 in x; every spot on the
    circle; it ends where it began.

    Fails if the tangent is not turned along the one before (the curve runs back and forth), or
    without the test for closing.
    """
    way = follower(lambda x, p: x**2 + p**2 - 1, (-2, -2), (2, 2))
    curve = way.trace(way.start([0.8], 0.6))
    assert curve.ends[1] == "closed"
    assert np.abs(curve.x[:, 0] ** 2 + curve.p**2 - 1).max() < 1e-11
    folds = curve.of_kind(FOLD)
    assert sorted(s.p for s in folds) == pytest.approx([-1, 1], abs=1e-12)
    assert [s.x[0] for s in folds] == pytest.approx([0, 0], abs=1e-9)
    angles = np.unwrap(np.arctan2(curve.p, curve.x[:, 0]))
    assert abs(abs(angles[-1] - angles[0]) - 2 * np.pi) < 0.2


def test_an_s_curve_ends_on_its_bounds():
    """p = x - x^3: folds at x = +-1/sqrt(3), p = +-2/(3 sqrt(3)); both ends at p = -1 and 1 to
    rounding.

    Fails if a fold is interpolated and not solved for.
    """
    way = follower(
        lambda x, p: p - x + x**3,
        (-3, -1),
        (3, 1),
        label=lambda x, p: "stable" if 3 * x[0] ** 2 > 1 else "unstable",
    )
    curve = way.trace(way.start([0.1], 0.099))
    assert curve.ends == ("bounds", "bounds")
    assert sorted(curve.p[[0, -1]]) == pytest.approx([-1, 1], abs=1e-14)
    folds = sorted(curve.of_kind(FOLD), key=lambda s: s.p)
    assert [s.p for s in folds] == pytest.approx([-2 / 27**0.5, 2 / 27**0.5], abs=1e-12)
    assert [s.x[0] for s in folds] == pytest.approx([-1 / 3**0.5, 1 / 3**0.5], abs=1e-9)
    inner = [s.label for s in curve.spots if abs(s.x[0]) < 0.57]
    outer = [s.label for s in curve.spots if abs(s.x[0]) > 0.58]
    assert set(inner) == {"unstable"} and set(outer) == {"stable"}


def test_the_parameter_as_control_stops_at_a_fold():
    """The same S-curve followed in p at fixed steps of p: it cannot pass the fold, and says so.

    Fails if a corrector that lands far from the predictor, on the other sheet, is accepted.
    """
    way = follower(
        lambda x, p: p - x + x**3, (-3, -1), (3, 1), control="parameter", step=0.01, largest=0.01
    )
    curve = way.follow(way.start([-1.3], -1.3 + 1.3**3))
    assert curve.ends == ("start", "bounds") and curve.p[-1] == pytest.approx(
        1
    )  # away from the folds
    back = way.follow(way.start([1.2], 1.2 - 1.2**3), +1)
    assert back.ends == ("start", "step")
    assert back.p[-1] == pytest.approx(2 / 27**0.5, abs=1e-4)
    assert np.all(np.diff(back.p) > 0)


def test_a_pitchfork_is_found_and_its_branches_followed():
    """x (p - 1 - x^2) = 0: from x = 0 the bifurcation at p = 1, and from it both arms p = 1 + x^2,
    up to p = 2.

    Fails with w . F_yy[a, a] without its mixed part.
    """
    way = follower(lambda x, p: x * (p - 1 - x**2), (-2, 0), (2, 2))
    trivial = way.trace(way.start([0.0], 0.33))
    assert np.abs(trivial.x).max() < 1e-12 and trivial.ends == ("bounds", "bounds")
    (vertex,) = trivial.of_kind(BIFURCATION)
    assert vertex.p == pytest.approx(1, abs=1e-10) and trivial.of_kind(FOLD) == []
    arms = [way.follow(spot) for spot in way.switch(vertex)]
    assert sorted(arm.x[-1, 0] for arm in arms) == pytest.approx([-1, 1], abs=1e-10)
    for arm in arms:
        assert np.abs(arm.p - 1 - arm.x[:, 0] ** 2).max() < 1e-10 and arm.ends[1] == "bounds"


def test_a_transcritical_bifurcation_leads_to_the_crossing_line():
    """x (p - 2 x) = 0: the other branch is the line p = 2 x; a box with x >= 0 keeps one of its
    sides.

    Fails if sides outside the bounds are not left out.
    """
    way = follower(lambda x, p: x * (p - 2 * x), (0, -1), (2, 1))
    (vertex,) = way.trace(way.start([0.0], -0.5)).of_kind(BIFURCATION)
    assert vertex.p == pytest.approx(0, abs=1e-10)
    (side,) = way.switch(vertex)
    line = way.follow(side)
    assert np.abs(line.p - 2 * line.x[:, 0]).max() < 1e-11 and line.p[-1] == pytest.approx(1)


def test_an_isolated_point_has_no_branches():
    """x^2 + p^2 = 0 at the origin: both curvatures of one sign, said by name.

    Fails with the absolute value of the curvatures.
    """
    way = follower(lambda x, p: x**2 + p**2, (-1, -1), (1, 1))
    from hpcneq.solvers.continuation import Spot

    with pytest.raises(NotConverged, match="no two branches cross"):
        way.directions(Spot(np.zeros(1), 0.0, np.array([1.0, 0.0]), normal=np.ones(1)))


@pytest.mark.parallel
def test_bratu_problem(comm):
    """Two points: symmetric states have p = 9 u e^-u, their fold at u = 1, p = 9/e; symmetry breaks
    at u = 3, p = 27 e^-3.

    Known by hand from the two equations' sum and difference. On any number of ranks, the same
    curve. Fails without the bordering by the old tangent (no fold is passed), or if det [J; t] is
    taken with t of changing sense.
    """
    far = 6
    if comm.size > 3:
        far = 2  # the fold alone
    box = dict(low=(0, 0, 0), high=(far, far, 4), scale=(1.0, 1.0, 1.0))
    way = Follower(Bratu(), comm, **box)
    curve = way.follow(way.start([0.2, 0.2], 9 * 0.2 * np.exp(-0.2)))
    assert np.abs(curve.x[:, 0] - curve.x[:, 1]).max() < 1e-8
    (fold,) = curve.of_kind(FOLD)
    assert fold.p == pytest.approx(9 / np.e, abs=1e-11)
    assert fold.x == pytest.approx([1, 1], abs=1e-8)
    alone = Follower(Bratu(), solo(), **box)
    same = alone.follow(alone.start([0.2, 0.2], 9 * 0.2 * np.exp(-0.2)))
    assert np.array_equal(same.p, curve.p)
    assert len(set(comm.allgather(curve.p.tobytes()))) == 1
    if far < 3:
        return
    (breaking,) = curve.of_kind(BIFURCATION)
    assert breaking.p == pytest.approx(27 * np.exp(-3), abs=1e-9)
    assert breaking.x == pytest.approx([3, 3], abs=1e-8)
    arms = [way.follow(spot) for spot in way.switch(breaking)]
    assert len(arms) == 2
    for arm in arms:
        u, v = arm.x[2:].T
        assert (
            np.abs(3 * (u - v) - arm.p[2:] / 9 * (np.exp(u) - np.exp(v))).max() < 1e-8
            and np.abs(u - v).max() > 1
        )
