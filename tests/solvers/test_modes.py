"""The search for modes, on matrix functions whose roots are known: polynomials, a delay equation, a
sum over many levels.

Every docstring names a change of the code under which the test was seen to fail.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid
from scipy.special import lambertw

from hpcneq import parallel
from hpcneq.errors import NotConverged
from hpcneq.solvers import contours, modes


class Known:
    """A response made from a function z -> (m, m); its size and its error may be given."""

    def __init__(self, function, reach=(4.0, 3.0), analytic_below=2.0, uncertain=0.0):
        self.function, self.reach, self.analytic_below, self.uncertain = (
            function,
            reach,
            analytic_below,
            uncertain,
        )

    def items(self, q):
        return 1

    def partials(self, q, z, part):
        return np.array([self.function(z) for _ in part]).reshape(
            len(part), *np.shape(self.function(z))
        )

    def matrix(self, sums):
        return sums

    def error(self, q, z):
        return self.uncertain


def diagonal(*roots, seed=1, analytic=lambda z: 1.0):
    """A 2 x 2 matrix in a skew basis, with the roots dealt to its two diagonal entries in turn."""
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(2, 2, 2)) + 1j * rng.normal(size=(2, 2, 2))

    def function(z):
        entries = [np.prod([z - r for r in roots[k::2]] + [analytic(z)]) for k in (0, 1)]
        return left @ np.diag(entries) @ right

    return function


def search(function, comm=None, floor=-1.0, **options):
    return modes.spectrum(Known(function, **options), 0.0, comm or parallel.solo(), floor=floor)


def assert_roots(found, expected, tolerance=1e-11):
    """The same roots with the same multiplicities, in any order."""
    got = [mode.z for mode in found.modes for _ in range(mode.multiplicity)]
    left = list(expected)
    for z in got:
        nearest = min(left, key=lambda r: abs(r - z))
        assert abs(nearest - z) < tolerance, (z, nearest)
        left.remove(nearest)
    assert left == [] and found.count == len(expected)


def test_roots_of_a_polynomial_matrix_are_all_found():
    """Five simple roots, two of them a distance .003 apart, one below the floor; each with its null
    vector.

    Fails if Beyn's estimates are not polished.
    """
    roots = [0.5 + 0.2j, -0.7 - 0.6j, 0.503 + 0.2j, 2.5 + 1.9j, -3.1 + 0.01j]
    function = diagonal(*roots, 0.3 - 1.4j, analytic=lambda z: np.exp(0.2j * z))
    found = search(function)
    assert_roots(found, roots)
    assert found.growing == 4
    for mode in found.modes:
        assert np.abs(function(mode.z) @ mode.vectors[0]).max() < 1e-9


@pytest.mark.parametrize("kind", ["semi-simple", "defective", "triple"])
def test_multiple_roots_count_as_often_as_they_are(kind):
    """A double root with a two-dimensional null space, one with a single null vector (a Jordan
    block), a triple one: found once, with multiplicity; to 1e-12 where the null space is full, to
    1e-7 where rounding splits them.

    Fails if a cluster's multiplicity is taken as the number of estimates that fell into it.
    """
    a, other = 0.4 + 0.3j, -1.2 + 0.5j

    def jordan(z):
        return np.array([[z - a, 1.0], [0.0, (z - a) * (z - other)]])

    function, p = {
        "semi-simple": (diagonal(a, a, other), 2),
        "defective": (jordan, 2),
        "triple": (diagonal(a, a, other, a), 3),
    }[kind]
    found = search(function)
    mode = min(found.modes, key=lambda mode: abs(mode.z - a))
    assert mode.multiplicity == p and found.count == p + 1
    assert len(mode.vectors) == (1 if kind == "defective" else 2)
    assert abs(mode.z - a) < (1e-12 if kind == "semi-simple" else 1e-7)
    assert np.abs(function(mode.z) @ mode.vectors.T).max() < 1e-7


@pytest.mark.parametrize("offset", [1e-2, 1e-4, -1e-4, -1e-2])
def test_roots_next_to_the_floor_are_on_the_right_side_of_it(offset):
    """A pair of roots just above or just below the floor, .03 apart with poles a little deeper, so
    that M is smooth beyond: their turns of 2 pi can hide between two samples. Wherever the pair
    lies, it is counted where it is.

    Fails if intervals are accepted by the phases of their halves alone.
    """
    for centre in np.linspace(0.2, 0.5, 17):
        pair = np.array([centre - 0.016, centre + 0.016]) + 1j * (offset - 0.05)
        response = Known(
            lambda z, pair=pair: np.array([[np.prod((z - pair) / (z - pair.real + 0.12j))]]),
            analytic_below=0.12,
        )
        samples = modes.Samples(response, 0.0, parallel.solo())
        assert contours.winding(samples, modes.whole(response, -0.05)).count == (
            2 if offset > 0 else 0
        )
        assert_roots(
            modes.spectrum(response, 0.0, parallel.solo(), floor=-0.05), pair if offset > 0 else []
        )


def test_a_root_on_the_floor_raises_the_floor():
    """A root exactly on the contour cannot be counted: the box begins a little higher, and says so.

    Fails if only the exact zero of det M at a sample counts as a root on the contour.
    """
    found = search(diagonal(0.777 - 0.25j, 1.0 + 0.5j), floor=-0.25)
    assert_roots(found, [1.0 + 0.5j])
    assert -0.25 < found.box.bottom < 0


def test_delay_equation():
    """x'(t) = -a x(t - 1) has the rates lambda_k = W_k(-a), Lambert's function: all with Re lambda
    > -2.5, for a on both sides of pi/2, where a pair begins to grow.

    Fails with the convention e^{+izt}.
    """
    for a in (0.3, 1.5, 1.7, 6.0):
        rates = np.array([lambertw(-a, k) for k in range(-40, 41)])
        found = search(
            lambda z, a=a: np.array([[-1j * z + a * np.exp(1j * z)]]),
            floor=-2.5,
            reach=(60.0, 7.0),
            analytic_below=6.0,
        )
        expected = [1j * rate for rate in rates if rate.real > -2.5 and abs(rate.imag) < 60]
        assert_roots(found, expected)
        assert found.growing == sum(rate.real > 0 for rate in rates)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-3.5, 3.5), st.floats(-0.95, 2.5)), max_size=9))
def test_any_set_of_roots_is_found(pairs):
    """Up to nine roots anywhere; those closer to each other than 1e-3 are left out.

    Fails if one half of a split box is forgotten.
    """
    roots = []
    for x, y in pairs:
        if all(abs(complex(x, y) - r) > 1e-3 for r in roots) and abs(y + 1.0) > 1e-3:
            roots.append(complex(x, y))
    assert_roots(search(diagonal(*roots)), roots, 1e-8)


def test_errors_bound_how_far_roots_move():
    """A change of M by 1e-6 in every entry moves each root by less than its error and by more than
    a hundredth of it; a defective double root by about its square root.

    Fails if the error leaves out the null vectors (|dM| / |d det M|).
    """
    shift = 1e-6 * np.exp(1j * np.arange(4)).reshape(2, 2)
    for function, p in (
        (diagonal(0.5 + 0.2j, -0.8 + 0.4j, seed=3), 1),
        (lambda z: np.array([[z - 0.4j, 30.0], [0.0, z - 0.4j]]) / 30, 2),
    ):
        found, moved = (
            search(function, uncertain=1e-6),
            search(lambda z, function=function: function(z) + shift),
        )
        for mode in found.modes:
            distance = max(
                abs(mode.z - other.z)
                for other in sorted(moved.modes, key=lambda m: abs(m.z - mode.z))[:p]
            )
            assert 0.01 * mode.error < distance < mode.error


def test_a_count_that_cannot_be_trusted_is_not_given():
    """NotConverged where M is not analytic (a pole in the box, a floor below the damping) and where
    M's own error reaches its smallest singular value on the contour.

    Fails without the comparison of M with its error.
    """
    with pytest.raises(NotConverged, match="counted"):
        search(lambda z: np.array([[1 / (z - 0.3j)]]))
    with pytest.raises(NotConverged, match="analytic"):
        search(diagonal(0.5j), floor=-2.1)
    with pytest.raises(NotConverged, match="not certain"):
        search(diagonal(0.5j, -0.99j), uncertain=0.3)


def test_a_rough_guide_leads_to_the_roots_of_the_matrix_itself():
    """The search runs on a cheap neighbour of M, the answer is M's own root; where the neighbour is
    too far away M itself is searched.

    Fails if the guide's roots are returned, or if the guide is trusted unseen (its roots then lie
    elsewhere).
    """

    class Guided(Known):
        off = 1e-3

        def rough(self, q):
            return Known(lambda z: self.function(z) + self.off)

    calls = []
    function = diagonal(0.5 + 0.2j, -0.8 + 0.4j, 0.1 - 0.3j)
    response = Guided(lambda z: calls.append(z) or function(z))
    found = modes.spectrum(response, 0.0, parallel.solo(), floor=-1.0)
    assert_roots(found, [0.5 + 0.2j, -0.8 + 0.4j, 0.1 - 0.3j])
    few = len(calls)
    response.off = 3.0
    found = modes.spectrum(response, 0.0, parallel.solo(), floor=-1.0)
    assert_roots(found, [0.5 + 0.2j, -0.8 + 0.4j, 0.1 - 0.3j])
    assert len(calls) - few > few


class Levels:
    """1 + sum_j w_j / ((z + i)^2 - x_j^2) over many levels, one item each: modes above a row of
    poles at Im z = -1.
    """

    analytic_below, reach, levels = 1.0, (6.0, 4.0), 301

    def __init__(self):
        self.x, self.asked = np.linspace(-1, 2, self.levels) ** 3, 0

    def items(self, q):
        return self.levels

    def partials(self, q, z, part):
        self.asked += len(part)
        x = self.x[part.start : part.stop]
        share = 7.0 * (q + x**2) / self.levels / ((z + 1j) ** 2 - x**2)
        return share[:, None, None] * np.array([[1.0, 0.3], [0.3, -0.8]])

    def matrix(self, sums):
        return np.eye(2) + sums

    def error(self, q, z):
        return 1e-15


@pytest.mark.parallel
def test_ranks_share_the_sums_and_agree(comm):
    """The levels are spread over the ranks; all find what one process finds, bit for bit, and none
    does all the work.

    Fails if the partial sums are added in the order of the ranks without fixed chunks.
    """
    response, alone = Levels(), Levels()
    found, single = modes.spectrum(response, 0.4, comm), modes.spectrum(alone, 0.4, parallel.solo())
    assert found.count == single.count > 0
    assert [(m.z, m.multiplicity) for m in found.modes] == [
        (m.z, m.multiplicity) for m in single.modes
    ]
    assert all(
        abs(np.linalg.det(response.matrix(response.partials(0.4, m.z, range(301)).sum(0)))) < 1e-12
        for m in found.modes
    )
    assert response.asked <= alone.asked / comm.size + 1000 * 301 / comm.size


def test_the_boundary_is_followed_once_counterclockwise():
    """The map of a box: closed, each side once, area by Green's theorem.

    Fails with the corners clockwise.
    """
    box = contours.Box(-1.0, 2.0, -0.5, 1.5)
    s = np.linspace(0, 4, 40001)
    z, dz = box.at(s)
    assert np.isclose(z[0], z[-1]) and np.isclose(z[0], -1.0 - 0.5j)
    assert trapezoid(z.real * dz.imag, s) == pytest.approx(6.0, rel=1e-6)
    np.testing.assert_allclose(np.gradient(z, s)[5:-5:97], dz[5:-5:97], atol=1e-3)


@pytest.mark.parametrize("place", [np.sqrt(0.5), -np.sqrt(0.5), 0.3])
@pytest.mark.parametrize("interval", [1, 3, 4, 12])
def test_a_pair_of_roots_just_inside_the_boundary_is_not_overlooked(interval, place):
    """A double root 1e-3 inside turns the phase by a whole turn between two samples, and at
    sqrt(1/2) of half an interval log det M bends nowhere either.

    Fails without the check of the slope.
    """
    box = contours.Box(-1.0, 2.0, -0.5, 1.5)
    a, b = box.at(np.sort(contours._first(box, -2.0, contours.SPACING), axis=0)[interval])[0]
    root = a + 0.5 * (1 + place) * (b - a) + 1e-3j * (b - a) / abs(b - a)
    samples = SimpleNamespace(
        low=-2.0, places=None, many=lambda z: (z - root)[:, None, None] * np.eye(2)
    )
    assert box.contains(root) and contours.winding(samples, box).count == 2
