"""Pole expansions of the Fermi function: their error, their number, and what they do to a level
that is quenched.
"""

import numpy as np
import pytest
from scipy.integrate import quad

from hpcneq.errors import InputError
from hpcneq.maths.fermi import broadened_fermi, fermi
from hpcneq.maths.poles import aaa_poles, fit, ozaki_poles

WIDTH, WINDOW = 0.02, 12.0
ENERGIES = np.concatenate([-np.geomspace(1e-4, WINDOW, 1700), np.linspace(-WINDOW, WINDOW, 3001)])


@pytest.mark.parametrize("method", ["aaa", "ozaki"])
@pytest.mark.parametrize("T", [0.5, 0.05, 0.02, 0.005])
@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-8])
def test_fit_reproduces_the_broadened_fermi_function(method, T, error):
    """The stated error is what an independent grid finds, and below the target.

    Fails if the poles are not shifted by the width, or if a residue's factor 2 is lost.
    """
    poles = fit(method, T, WIDTH, WINDOW, error)
    worst = np.max(np.abs(poles.broadened(ENERGIES) - broadened_fermi(ENERGIES, WIDTH, T)))
    assert worst <= 1.02 * poles.error + 1e-15
    assert worst >= 0.5 * poles.error
    assert poles.error <= error
    assert np.all(poles.w > 0) and np.all(np.diff(poles.w) > 0) and np.all(poles.r > 0)


@pytest.mark.parametrize(("T", "published"), [(0.05, 1.6e-7), (0.02, 2.9e-6), (0.005, 8e-5)])
def test_fifteen_poles(T, published):
    """15 poles are at least as good as a fit of the bare f with refitted residues (measured for the
    same window and width).

    Fails if the bare f is fitted instead of the broadened one.
    """
    poles = aaa_poles(T, WIDTH, WINDOW, count=15)
    assert len(poles) == 15
    assert poles.error <= 1e-3 * published


@pytest.mark.parametrize(("T", "aaa", "ozaki"), [(0.05, 8, 36), (0.02, 9, 56), (0.005, 11, 112)])
def test_number_of_poles_for_one_part_in_a_million(T, aaa, ozaki):
    """P at error 1e-6: the cost of a time evolution.

    Fails if polishing is dropped (one pole more) or P is not the smallest.
    """
    assert len(fit("aaa", T, WIDTH, WINDOW, 1e-6)) == aaa
    assert len(fit("ozaki", T, WIDTH, WINDOW, 1e-6)) == ozaki


@pytest.mark.parametrize("T", [0.0, 0.005, 0.1, 0.5])
@pytest.mark.parametrize("width", [0.001, 0.05, 2.0])
@pytest.mark.parametrize("window", [3.0, 40.0])
def test_tight_errors_are_reachable(T, width, window):
    """1e-9 is met with at most 22 poles (30 at T = 0) over the whole range of use.

    Fails if AAA chooses its support points by the error of Th/(2e) instead of Th/2.
    """
    poles = aaa_poles(T, width, window, 1e-9)
    e = np.linspace(-window, window, 2001)
    assert np.max(np.abs(poles.broadened(e) - broadened_fermi(e, width, T))) <= 1e-9
    assert len(poles) <= (22 if T > 0 else 30)


def test_ozaki_poles_are_exact_for_the_bare_fermi_function():
    """The lowest Ozaki poles are the Matsubara frequencies with residue T, and f itself is met at
    width 0 to 1e-12.

    Fails if the residue is T |v|^2/(2 b^2), or if the tridiagonal matrix has 1/sqrt(4 k^2 + 1).
    """
    T = 0.1
    w, r = ozaki_poles(T, 60)
    np.testing.assert_allclose(w[:20], np.pi * T * (2 * np.arange(20) + 1), rtol=1e-12)
    np.testing.assert_allclose(r[:20], T, rtol=1e-11)
    x = np.linspace(-6, 6, 501)
    expansion = 0.5 - (2 * r * x[:, None] / (x[:, None] ** 2 + w**2)).sum(1)
    np.testing.assert_allclose(expansion, fermi(x, T), atol=1e-12)


@pytest.mark.parametrize("T", [0.05, 0.02])
def test_two_expansions_agree(T):
    """AAA against Ozaki, two methods with nothing in common but f: their F1 differ by less than the
    sum of their errors.

    Fails if either one scales w or r with 2T instead of T.
    """
    aaa, ozaki = fit("aaa", T, WIDTH, WINDOW, 1e-8), fit("ozaki", T, WIDTH, WINDOW, 1e-8)
    assert 5 * len(aaa) < len(ozaki)
    assert (
        np.max(np.abs(aaa.broadened(ENERGIES) - ozaki.broadened(ENERGIES)))
        <= aaa.error + ozaki.error
    )


@pytest.mark.parametrize("method", ["aaa", "ozaki"])
def test_retarded_is_the_integral_over_the_expansion(method):
    """retarded(e) = int dw/2pi 2i f_fit(w)/(w - e + i width) in the principal-value sense at
    infinity, to 1e-9.

    Both parts; the w -> -w pair sum makes the integrand decay as 1/w^2. Fails if the sign of e or
    of i w_p is turned.
    """
    poles = fit(method, 0.05, 0.3, 5.0, 1e-3)

    def symmetric(w, e):
        return sum(2j / (2 * np.pi) * poles.fermi(s * w) / (s * w - e + 0.3j) for s in (1, -1))

    for e in (-2.0, 0.1, 4.0):
        parts = []
        for part in (np.real, np.imag):
            near = quad(
                lambda w, part=part, e=e: part(symmetric(w, e)),
                0,
                50,
                points=[0.05, abs(e)],
                limit=1000,
                epsabs=1e-11,
            )[0]
            far = quad(
                lambda u, part=part, e=e: part(symmetric(1 / u, e)) / u**2,
                0,
                1 / 50,
                limit=1000,
                epsabs=1e-11,
            )[0]
            parts.append(near + far)
        assert poles.retarded(e) == pytest.approx(complex(*parts), abs=1e-9)


def test_retarded_against_the_true_fermi_function():
    """With the true f, cut off at |w| = 400: the real part of retarded is F1 to pole_error, the
    imaginary part is right up to a constant and memory_error: its variation over half the window is
    c e^2.

    Fails if the imaginary part has the wrong sign, or if ln|e| is compared without 1/pi.
    """
    T, width = 0.05, 0.3
    poles = fit("aaa", T, width, WINDOW, 1e-7)
    grid = np.array([0.0, 0.5, 1.5, 3.0])

    def integral(e):
        def lorentzian(w):
            return fermi(w, T) * width / ((w - e) ** 2 + width**2)

        def dispersive(w):
            return lorentzian(w) * (w - e) / width

        return [
            quad(k, -400, 5, points=[-20, -1, 0, 1, e], limit=2000, epsabs=1e-10)[0] / np.pi
            for k in (lorentzian, dispersive)
        ]

    real, imag = np.transpose([integral(e) for e in grid])
    missing = np.arctan2(width, 400 + grid) / np.pi  # the Lorentzian below the cut-off
    np.testing.assert_allclose(poles.retarded(grid).real, real + missing, atol=1.2e-7)
    error = poles.retarded(grid).imag - (
        imag + np.log(400 + grid) / np.pi
    )  # without what the cut-off itself brings
    c = poles.memory_error / (2 * width)
    np.testing.assert_array_less(np.abs(error - error[0]), 1.5 * c * grid**2 + 1e-6)
    assert abs(error[-1] - error[0]) > 0.5 * c * grid[-1] ** 2


def occupation_with_poles(poles, before, after, t):
    """n(t) of one level in a wide band whose energy jumps at t = 0: dn/dt = -2 width n + 2 width Re
    A, one mode a pole.

    A = 1/2 + sum_p A_p, i dA_p/dt = (e - i w_p - i width) A_p + 2 r_p, stationary before the jump
    (Croy and Saalmann 2009).
    """
    a, width = poles.w + poles.width, poles.width
    modes_before, modes_after = (2 * poles.r / (1j * a - e) for e in (before, after))
    rate, decay = -1j * after - a, np.exp(-2 * width * t)
    memory = (
        (modes_before - modes_after)
        * (np.exp(rate * t[:, None]) - decay[:, None])
        / (rate + 2 * width)
    )
    n_before, n_after = 0.5 + modes_before.sum().real, 0.5 + modes_after.sum().real
    return n_after + (n_before - n_after) * decay + 2 * width * memory.sum(1).real


def occupation_by_quadrature(T, width, before, after, t):
    """The same n(t) from scattering states: int dw/pi width f(w) |1/(w-e1+iW) + [1/(w-e0+iW) -
    1/(w-e1+iW)] e^{i(w-e1+iW)t}|^2.

    w = width tan(phi) on panels; nothing here knows about poles.
    """
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.concatenate([-np.geomspace(1e7, 60, 80)[:-1], np.arange(-60, 4.0, 0.01)])
    half = np.diff(edges)[:, None] / 2
    w = ((edges[:-1, None] + half) + half * nodes).ravel()
    measure = (half * weights).ravel() * width / np.pi * fermi(w, T)
    old, new = 1 / (w - before + 1j * width), 1 / (w - after + 1j * width)
    return np.array(
        [
            measure @ np.abs(new + (old - new) * np.exp(1j * (w - after) * s - width * s)) ** 2
            for s in t
        ]
    )


@pytest.mark.parametrize("window", [12.0, 36.0])
def test_quenched_level(window):
    """A level jumping from -0.4 to 0.9 follows the exact solution within memory_error: the modes
    carry the leads' memory.

    A stationary error of 1e-6 does not bound this; the wider window does. Fails if i dA_p/dt lacks
    its factor 2, if w_p changes sign, or if memory_error lacks its factor 2 width.
    """
    T, before, after = 0.02, -0.4, 0.9
    poles = fit("aaa", T, WIDTH, window, 1e-6)
    t = np.array([0.0, 0.3, 1.0, 3.0, 10.0, 40.0])
    error = np.abs(
        occupation_with_poles(poles, before, after, t)
        - occupation_by_quadrature(T, WIDTH, before, after, t)
    )
    estimate = poles.memory_error * (after - before) + poles.error
    assert np.max(error) < 2 * estimate
    assert np.max(error) > 0.2 * estimate


def test_what_cannot_be_reached_is_refused_with_what_can():
    """The error names the knob, and what it says is allowed is indeed met."""
    with pytest.raises(
        InputError, match=r"\[numerics\] pole_error = 1e-16: .*poles.*allowed: >= "
    ) as caught:
        fit("aaa", 0.005, 0.001, 50.0, 1e-16)
    assert "\n" not in str(caught.value)
    allowed = float(str(caught.value).rsplit(" ", 1)[1])
    assert fit("aaa", 0.005, 0.001, 50.0, allowed).error <= allowed
    with pytest.raises(InputError, match="pole_error"):
        fit("ozaki", 0.005, 0.001, 1e4, 1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pade", 0.1, 0.1, 1.0, 1e-6), "poles"),
        (("aaa", 0.0, 0.0, 1.0, 1e-6), "T"),
        (("ozaki", 0.0, 0.1, 1.0, 1e-6), "T = 0"),
        (("aaa", 0.1, 0.1, -1.0, 1e-6), "pole_window"),
        (("aaa", 0.1, 0.1, 1.0, 0.0), "pole_error"),
    ],
)
def test_meaningless_requests_are_refused(arguments, message):
    """One clear error naming the knob."""
    with pytest.raises(InputError, match=message):
        fit(*arguments)


def test_a_fit_is_made_once_and_cannot_be_changed():
    """Memoised, read-only, and bit-for-bit the same when made again."""
    first = fit("aaa", 0.05, 0.02, 12.0, 1e-6)
    assert fit("aaa", 0.05, 0.02, 12.0, 1e-6) is first
    np.testing.assert_array_equal(aaa_poles(0.05, 0.02, 12.0, 1e-6).w, first.w)
    with pytest.raises(ValueError, match="read-only"):
        first.w[0] = 1.0
