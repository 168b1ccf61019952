"""Closed forms of the broadened Fermi function against quadrature, their limits and symmetries."""

import numpy as np
import pytest
from scipy.integrate import quad

from hpcneq.errors import InputError
from hpcneq.maths.fermi import (
    broadened_fermi,
    broadened_tanh,
    broadened_tanh_slope,
    divided_difference,
    fermi,
    pair_potential,
    tanh_pair_sum,
)

CASES = [(0.02, 0.02), (0.3, 0.005), (0.001, 0.5), (2.0, 0.1)]  # (width, T)
ENERGIES = np.array([-7.3, -0.8, -0.02, 0.0, 1e-3, 0.05, 0.4, 3.0])


def convolve(g, e, width):
    """int dw/pi width/((w-e)^2 + width^2) g(w), adaptively, on panels that widen away from w = 0
    and from w = e.
    """
    steps = np.geomspace(1e-3, 1e12, 31)
    edges = np.unique(
        np.concatenate([c + s * steps for c in (0.0, e) for s in (1, -1)] + [[0.0, e]])
    )
    edges = edges[
        np.diff(edges, prepend=-np.inf) > 1e-7 * (1 + np.abs(edges))
    ]  # no panels made of rounding

    def integrand(w):
        return width / ((w - e) ** 2 + width**2) * g(w)

    panels = zip(edges[:-1], edges[1:], strict=True)
    return sum(quad(integrand, a, b, epsabs=1e-12, epsrel=1e-9)[0] for a, b in panels) / np.pi


@pytest.mark.parametrize(("width", "T"), CASES)
def test_broadened_fermi_is_the_convolution(width, T):
    """F1 equals its defining integral to 1e-10 (the quadrature's accuracy).

    Fails if the Lorentzian's tail is dropped (return of the bare f) or if width is doubled.
    """
    expected = [convolve(lambda w: fermi(w, T), e, width) for e in ENERGIES]
    np.testing.assert_allclose(broadened_fermi(ENERGIES, width, T), expected, atol=1e-10)


@pytest.mark.parametrize(("width", "T"), CASES)
def test_broadened_tanh_is_the_convolution(width, T):
    """Th equals the broadened tanh(w/2T) to 1e-10.

    Fails if tanh(w/T) is meant, or if its sign is turned.
    """
    expected = [convolve(lambda w: np.tanh(w / (2 * T)), x, width) for x in ENERGIES]
    np.testing.assert_allclose(broadened_tanh(ENERGIES, width, T), expected, atol=1e-10)


@pytest.mark.parametrize(("width", "T"), [*CASES, (0.02, 0.0), (0.0, 0.02)])
def test_tanh_and_fermi_are_one_function(width, T):
    """Th = 1 - 2 F1 to rounding: two separate codes.

    Fails if any term of either recurrence is dropped.
    """
    np.testing.assert_allclose(
        broadened_tanh(ENERGIES, width, T), 1 - 2 * broadened_fermi(ENERGIES, width, T), atol=1e-14
    )


@pytest.mark.parametrize(("width", "T"), [*CASES, (0.02, 0.0), (0.0, 0.02)])
def test_slope_is_the_derivative(width, T):
    """The slope integrates to the difference of Th (Gauss-Legendre, 1e-12).

    Fails if 1/(pi^2 T) becomes 1/(2 pi^2 T).
    """
    scale = width + np.pi * T
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for x in ENERGIES:
        integral = 0.5 * scale * weights @ broadened_tanh_slope(x + 0.5 * scale * nodes, width, T)
        difference = broadened_tanh(x + 0.5 * scale, width, T) - broadened_tanh(
            x - 0.5 * scale, width, T
        )
        assert integral == pytest.approx(difference, abs=1e-12)


@pytest.mark.parametrize(("width", "T"), [*CASES, (0.02, 0.0), (0.0, 0.02)])
def test_pair_potential_is_minus_half_the_integral_of_tanh(width, T):
    """W(b) - W(a) = -(1/2) int_a^b Th to 1e-11.

    Fails with the opposite sign or without the factor 1/2.
    """
    for a, b in [(-0.3, 0.7), (0.0, 3.0), (2.0, 9.0)]:
        kinks = [0.0, 0.05] if a <= 0 else None
        integral, _ = quad(
            lambda x: broadened_tanh(x, width, T), a, b, points=kinks, epsabs=1e-13, limit=500
        )
        assert pair_potential(b, width, T) - pair_potential(a, width, T) == pytest.approx(
            -0.5 * integral, abs=1e-11
        )


def test_pair_potential_constant():
    """The additive constant: -T ln(2 cosh(x/2T)) at width = 0, continuous at T = 0, common tail at
    |x| >> T.

    Fails if T ln(2 pi) or width (1 + ln(2 pi T))/pi is dropped.
    """
    x = np.array([0.0, 0.1, 2.0])
    textbook = -0.05 * np.log(2 * np.cosh(x / 0.1))
    np.testing.assert_allclose(pair_potential(x, 0.0, 0.05), textbook, atol=1e-15)
    np.testing.assert_allclose(pair_potential(x, 1e-13, 0.05), textbook, atol=1e-12)
    np.testing.assert_allclose(
        pair_potential(x, 0.3, 1e-7), pair_potential(x, 0.3, 0.0), atol=1e-12
    )
    # the first Sommerfeld correction to the tail is (pi T^2/12) 2 width/(x^2 + width^2) < 1e-9 here
    assert pair_potential(1e4, 0.3, 0.2) == pytest.approx(pair_potential(1e4, 0.3, 0.0), abs=1e-9)


@pytest.mark.parametrize(
    "function", [broadened_fermi, broadened_tanh, broadened_tanh_slope, pair_potential]
)
def test_zero_temperature_is_the_limit(function):
    """T -> 0 with the Sommerfeld law: the difference is O(T^2), so a tenfold smaller T makes it a
    hundredfold smaller.

    Fails if the T = 0 form has another width or prefactor (the difference then stays).
    """
    x, width = np.array([-2.0, 0.01, 0.7]), 0.2
    far, near = (np.abs(function(x, width, T) - function(x, width, 0.0)) for T in (1e-3, 1e-4))
    assert np.all(far > 0)
    np.testing.assert_allclose(near, far / 100, rtol=0.02, atol=1e-15)


def test_zero_width_is_the_limit():
    """width -> 0 gives the bare f, tanh and slope, linearly in width.

    Fails if the width = 0 branch has T for 2T.
    """
    x, T = np.array([-0.3, -0.01, 0.0, 0.02, 0.2]), 0.05
    np.testing.assert_allclose(broadened_fermi(x, 1e-12, T), fermi(x, T), atol=1e-11)
    np.testing.assert_allclose(broadened_tanh(x, 1e-12, T), broadened_tanh(x, 0.0, T), atol=1e-11)
    np.testing.assert_allclose(
        broadened_tanh_slope(x, 1e-12, T), broadened_tanh_slope(x, 0.0, T), atol=1e-9
    )
    np.testing.assert_array_equal(fermi([-1.0, 0.0, 1.0], 0.0), [1.0, 0.5, 0.0])


@pytest.mark.parametrize(("width", "T"), [*CASES, (0.02, 0.0), (0.0, 0.02), (0.0, 0.0)])
def test_particle_hole_symmetry(width, T):
    """F1(e) + F1(-e) = 1, Th odd, slope and W even. Fails if the branch for e < 0 is dropped."""
    x = np.array([0.0, 1e-3, 0.4, 30.0])
    np.testing.assert_allclose(
        broadened_fermi(x, width, T) + broadened_fermi(-x, width, T), 1.0, atol=1e-15
    )
    np.testing.assert_array_equal(broadened_tanh(-x, width, T), -broadened_tanh(x, width, T))
    np.testing.assert_array_equal(
        broadened_tanh_slope(-x, width, T), broadened_tanh_slope(x, width, T)
    )
    np.testing.assert_allclose(
        pair_potential(-x, width, T), pair_potential(x, width, T), rtol=1e-15
    )


def test_tails_keep_their_relative_accuracy():
    """F1 -> width/(pi e) far above the chemical potential, f + O(width) below the Lorentzian's
    tail, at 1e-12 relative.

    Fails for 1/2 - Im psi/pi, which is good to 1e-16 absolute only.
    """
    e = np.array([1e3, 1e6, 1e9])
    np.testing.assert_allclose(
        broadened_fermi(e, 1e-8, 0.05), np.arctan2(1e-8, e) / np.pi, rtol=1e-6
    )
    np.testing.assert_allclose(
        broadened_fermi(e[1:], 1e-8, 0.05), np.arctan2(1e-8, e[1:]) / np.pi, rtol=1e-12
    )
    np.testing.assert_allclose(
        broadened_fermi(1.0, 1e-30, 0.05), np.exp(-20) / (1 + np.exp(-20)), rtol=1e-12
    )
    x = np.array([1e-12, 1e-9])
    np.testing.assert_allclose(
        broadened_tanh(x, 0.02, 0.05), x * broadened_tanh_slope(0.0, 0.02, 0.05), rtol=1e-13
    )


def test_nothing_overflows():
    """|x|/T up to 1e300 gives the T = 0 values without a floating-point warning.

    Fails without the common rescaling of u.
    """
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for T in (1e-12, 1e-90, 1e-300):
            x = np.array([-3.0, 0.0, 1e-3, 1e5])
            np.testing.assert_allclose(
                broadened_fermi(x, 0.1, T), broadened_fermi(x, 0.1, 0.0), rtol=1e-12
            )
            np.testing.assert_allclose(
                broadened_tanh(x, 0.1, T), broadened_tanh(x, 0.1, 0.0), rtol=1e-12
            )
            np.testing.assert_allclose(
                pair_potential(x, 0.1, T), pair_potential(x, 0.1, 0.0), rtol=1e-9
            )
            np.testing.assert_array_equal(fermi(x, T), [1.0, 0.5, 0.0, 0.0])


@pytest.mark.parametrize(("width", "T"), [*CASES, (0.02, 0.0), (0.0, 0.02)])
def test_pair_sum_is_smooth_where_the_pair_energy_vanishes(width, T):
    """[Th(a) + Th(b)]/(a + b) is the mean slope over [-b, a], at every distance between -b and a.

    Fails without the branch for a + b -> 0 (rounding / 1e-13 = 1e-3), or with Th(a) - Th(b).
    """
    nodes, weights = np.polynomial.legendre.leggauss(60)
    scale = width + np.pi * T
    for b in (0.0, 0.3 * scale, 0.4):
        for total in scale * np.array([0.0, 1e-13, 1e-6, 0.0999, 0.1001, 0.5]):
            a = total - b
            mean = 0.5 * weights @ broadened_tanh_slope(-b + 0.5 * (a + b) * (1 + nodes), width, T)
            assert tanh_pair_sum(a, b, width, T) == pytest.approx(mean, rel=1e-10)


def test_divided_difference_of_a_known_function():
    """For f = x^3 it is a^2 + ab + b^2, with broadcasting.

    Fails if the quadrature's factor 1/2 is dropped.
    """
    a, b = np.array([[1.0], [2.0]]), np.array([1.0, 1.0 + 1e-9, 5.0])
    result = divided_difference(lambda x: x**3, lambda x: 3 * x**2, a, b, 1.0)
    np.testing.assert_allclose(result, a**2 + a * b + b**2, rtol=1e-14)


def test_scalars_stay_scalars_and_bad_input_is_refused():
    """A number in, a number out; negative or undefined widths and temperatures are errors."""
    for value in (
        fermi(0.1, 0.0),
        broadened_fermi(0.1, 0.0, 0.1),
        broadened_tanh(1, 0.1, 0.1),
        tanh_pair_sum(1.0, 2.0, 0.1, 0.1),
    ):
        assert np.ndim(value) == 0
    for width, T in [(-0.1, 0.1), (0.1, -0.1), (np.nan, 0.1)]:
        with pytest.raises(InputError, match="must be >= 0"):
            broadened_fermi(0.0, width, T)
