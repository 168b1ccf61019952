"""Fermi functions seen through a Lorentzian of half-width ``width``, in closed form.

A level coupled to wide-band leads has the spectral function (1/pi) width / ((w - e)^2 + width^2),
so what the leads put into it is never the bare f(w) but its convolution with that Lorentzian. With
u = (width + i e) / (2 pi T) every such convolution is a digamma function of 1/2 + u.

All functions are element-wise in their energy argument (any shape, float64 in and out); ``width``
and ``T`` are numbers >= 0 in the same energy unit (k_B = 1). T = 0 and width = 0 are allowed, and
are the limits of the general form.

The digamma function is shifted to Re(u) >= 10 by its recurrence and expanded there as psi(1/2 + z)
= ln z + sum_k c_k z^(-2k). Written by hand because every term of the recurrence then has the same
sign: the tails keep their relative accuracy, where 1/2 - Im psi / pi from a library's psi keeps
only the absolute one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import bernoulli, expit, loggamma

from ..errors import InputError
from .arrays import ArrayLike, ComplexArray, FloatArray

_SHIFT = 10
_ORDER = np.arange(1, 9)
# c_1 = 1/24, c_2 = -7/960, ...
_SERIES = (1.0 - 2.0 ** (1 - 2 * _ORDER)) * bernoulli(16)[2::2] / (2 * _ORDER)
_HUGE = 1e10  # |u| beyond which the finite-temperature corrections are below 1e-20
_TINY = 1e-100  # temperatures below it count as 0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


def fermi(x: ArrayLike, T: float) -> FloatArray:
    """Fermi function 1 / (exp(x/T) + 1); at T = 0 the step, with 1/2 at x = 0."""
    T = _checked(0.0, T)
    x = np.asarray(x, float)
    return expit(-x / T) if T > 0 else np.heaviside(-x, 0.5)[()]


def broadened_fermi(e: ArrayLike, width: float, T: float) -> FloatArray:
    """F1(e), the Fermi function convolved with a Lorentzian.

        F1(e) = int dw/pi width/((w-e)^2 + width^2) f(w)
              = 1/2 - (1/pi) Im psi(1/2 + (width + i e)/(2 pi T))

    T = 0: atan2(width, e)/pi. The tail width/(pi e) at e >> T has full relative accuracy.
    Source: Kawamura and Ohashi (2025), the occupation of a mode between wide-band reservoirs.
    """
    T = _checked(width, T)
    if width == 0:
        return fermi(e, T)
    e = np.asarray(e, float)
    if T == 0:
        return np.arctan2(width, e)[()] / np.pi
    x, y = _reduced(np.abs(e), width, T)
    tail = expit(-np.abs(e) / T) + _lorentzian_excess(x, y) / np.pi
    return np.where(e < 0, 1.0 - tail, tail)[()]


def broadened_tanh(x: ArrayLike, width: float, T: float) -> FloatArray:
    """Th(x) = 1 - 2 F1(x), tanh(x/2T) convolved with a Lorentzian.

        Th(x) = int dw/pi width/((w-x)^2 + width^2) tanh(w/2T)
              = (2/pi) Im psi(1/2 + (width + i x)/(2 pi T))

    T = 0: (2/pi) atan2(x, width); width = 0: tanh(x/2T). Odd, with full relative accuracy at
    small x.
    """
    T = _checked(width, T)
    x = np.asarray(x, float)
    if T == 0 and width == 0:
        tanh = np.sign(x)
    elif T == 0:
        tanh = (2 / np.pi) * np.arctan2(x, width)
    elif width == 0:
        tanh = np.tanh(x / (2 * T))
    else:
        re, im = _reduced(x, width, T)
        levels = sum(im / ((k + 0.5 + re) ** 2 + im**2) for k in range(_SHIFT))
        z: ComplexArray = _SHIFT + re + 1j * im
        tanh = (2 / np.pi) * (levels + np.arctan2(im, z.real) + _series(z**-2).imag)
    value: FloatArray = tanh[()]
    return value


def broadened_tanh_slope(x: ArrayLike, width: float, T: float) -> FloatArray:
    """d Th/dx = (1/(pi^2 T)) Re psi'(1/2 + (width + i x)/(2 pi T)); even, and -2 dF1/dx.

    T = 0: (2/pi) width/(x^2 + width^2). With width = T = 0 it is 2 delta(x), returned as inf at x =
    0 and 0 elsewhere.
    """
    T = _checked(width, T)
    x = np.asarray(x, float)
    if T == 0:
        if width == 0:
            return np.where(x == 0, np.inf, 0.0)[()]
        return (2 / np.pi) / (width * (1 + (x / width) ** 2))
    if width == 0:
        p: FloatArray = expit(-np.abs(x) / T)
        return 2 * p * (1 - p) / T
    u = (width + 1j * x) / (2 * np.pi * T)
    levels = sum((k + 0.5 + u) ** -2 for k in range(_SHIFT))
    z = _SHIFT + u
    return ((levels + 1 / z - _series_slope(z)) / (np.pi**2 * T)).real


def retarded_fermi(x: ArrayLike, width: float, T: float) -> ComplexArray:
    """R(x) = 1/2 + (i/pi) [psi(1/2 + u) + ln(2 pi T)], u = (width + i x)/(2 pi T).

    x : complex with Im x < width + pi T. Real part at real x: F1(x). It is int dw/2pi 2i f(w)/(w -
    x + i width), what a level of half-width ``width`` remembers of a wide band, less an infinite
    imaginary constant that does not depend on x. T = 0: 1/2 + (i/pi) ln(width + i x).
    """
    T = _checked(width, T)
    z = width + 1j * np.asarray(x, complex)
    if T == 0:
        return 0.5 + 1j / np.pi * _log(z)
    u = z / (2 * np.pi * T)
    far = _SHIFT + u
    levels = sum(1 / (k + 0.5 + u) for k in range(_SHIFT))
    return 0.5 + 1j / np.pi * (_log(2 * np.pi * T * far) + _series(far**-2) - levels)


def _log(z: ComplexArray) -> ComplexArray:
    """log z of an array, Re z > 0, by real functions: numpy's complex one takes 20 times longer."""
    return 0.5 * np.log(z.real**2 + z.imag**2) + 1j * np.arctan2(z.imag, z.real)


def retarded_fermi_slope(x: ArrayLike, width: float, T: float) -> ComplexArray:
    """dR/dx of :func:`retarded_fermi`, complex; its real part at real x is dF1/dx."""
    T = _checked(width, T)
    z = width + 1j * np.asarray(x, complex)
    if T == 0:
        return -1 / (np.pi * z)
    u = z / (2 * np.pi * T)
    far = _SHIFT + u
    levels = sum((k + 0.5 + u) ** -2 for k in range(_SHIFT))
    return -(levels + 1 / far - _series_slope(far)) / (2 * np.pi**2 * T)


def broadened_fermi_integrals(
    x: ArrayLike, width: float, T: float
) -> tuple[FloatArray, FloatArray]:
    """(A1, A2): F1 of `broadened_fermi` integrated once and twice over x.

    Up to A1 -> A1 + a, A2 -> A2 + a x + b. T = 0, a(x) = atan2(width, x):

        pi A1 = x a + (width/2) ln(x^2 + width^2)
        pi A2 = (x^2 a + width x [ln(x^2 + width^2) - 1] - width^2 a)/2

    T > 0: from psi(1/2 + u) integrated in u, term by term of recurrence and series. Absolute
    accuracy 1e-15 (1 + x^2).
    """
    T = _checked(width, T)
    x = np.asarray(x, float)
    if T == 0:
        angle = np.pi * np.heaviside(-x, 0.5)
        if width > 0:
            angle = np.arctan2(width, x)
        logarithm = np.log(np.maximum(x**2 + width**2, 1e-300))
        return (x * angle + 0.5 * width * logarithm) / np.pi, 0.5 * (
            (x**2 - width**2) * angle + width * x * (logarithm - 1)
        ) / np.pi
    scale = 2 * np.pi * T
    u = (width + 1j * x) / scale
    z = _SHIFT + u
    log_z, zero = np.log(z), np.zeros_like(z)
    first, second = zero, zero
    for k in range(len(_SERIES), 1, -1):
        first = (first - _SERIES[k - 1] / (2 * k - 1)) * z**-2
        second = second * z**-2 + _SERIES[k - 1] / ((2 * k - 1) * (2 * k - 2))
    once = z * (log_z - 1) + (first - _SERIES[0]) / z
    twice = z**2 * (0.5 * log_z - 0.75) - _SERIES[0] * log_z + second * z**-2
    for k in range(_SHIFT):
        v = k + 0.5 + u
        log_v = np.log(v)
        once, twice = once - log_v, twice - v * (log_v - 1)
    return 0.5 * x + scale * once.real / np.pi, 0.25 * x**2 + scale**2 * twice.imag / np.pi


def pair_potential(x: ArrayLike, width: float, T: float) -> FloatArray:
    """W(x), the potential of Th: dW/dx = -Th(x)/2. Even in x.

        T > 0:  W = 2 T Re lnGamma(1/2 + (width + i x)/(2 pi T)) - T ln(2 pi)
                    + (width/pi) [1 + ln(2 pi T)]
        T = 0:  W = -(1/pi) [x atan(x/width) - (width/2) ln(x^2 + width^2)]

    The constants behind lnGamma do not depend on x. They are chosen so that W is continuous at T =
    0, is the textbook -T ln(2 cosh(x/2T)) at width = 0, and for |x| >> T tends to the T = 0 form.
    The grand potential of a driven superconductor at zero voltage is Omega = Delta^2/U + sum_k
    [xi_k + W(E-h) + W(E+h)] + const: its const depends on T and width, so only differences of Omega
    at the same T and width mean anything.
    """
    T = _checked(width, T)
    x = np.asarray(x, float)
    if width == 0 and T == 0:
        W = -np.abs(x) / 2
    elif width == 0:
        W = -np.abs(x) / 2 - T * np.log1p(np.exp(-np.abs(x) / T))
    elif T > 0 and np.hypot(width, np.max(np.abs(x), initial=0.0)) < _HUGE * T:
        u = (width + 1j * x) / (2 * np.pi * T)
        constant = width / np.pi * (1 + np.log(2 * np.pi * T)) - T * np.log(2 * np.pi)
        W = 2 * T * loggamma(0.5 + u).real + constant
    else:
        W = -(x * np.arctan2(x, width) - width * np.log(np.hypot(x, width))) / np.pi
    return np.asarray(W)[()]


def divided_difference(
    f: Callable[[FloatArray], FloatArray],
    df: Callable[[FloatArray], FloatArray],
    a: ArrayLike,
    b: ArrayLike,
    scale: float,
) -> FloatArray:
    """[f(a) - f(b)] / (a - b), accurate also where a - b vanishes.

    f, df : element-wise callables, a smooth function and its derivative. a, b : float arrays that
    broadcast. scale : distance from the real axis to the nearest singularity of f. Where |a - b| <
    scale/10 the mean of df over [b, a] is taken by 5-point Gauss-Legendre quadrature (error 1e-16).
    """
    a, b = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    gap = a - b
    near = np.abs(gap) <= 0.1 * scale
    quotient = np.array((f(a) - f(b)) / np.where(near, 1.0, gap))
    if np.any(near):
        points = b[near] + 0.5 * gap[near] * (1 + _NODES[:, None])
        quotient[near] = 0.5 * _WEIGHTS @ df(points)
    return quotient[()]


def tanh_pair_sum(a: ArrayLike, b: ArrayLike, width: float, T: float) -> FloatArray:
    """[Th(a) + Th(b)] / (a + b), the kernel of a pair with energies a and b.

    Th is odd, so a + b = 0 is regular. Two electrons of energies a = xi_{k+Q/2} - h and b =
    xi_{-k+Q/2} + h pair with this weight in the onset condition.
    """
    return divided_difference(
        lambda x: broadened_tanh(x, width, T),
        lambda x: broadened_tanh_slope(x, width, T),
        a,
        -np.asarray(b, float),
        width + np.pi * T,
    )


def _checked(width: float, T: float) -> float:
    """T, or 0 where x/T could overflow; InputError for a negative or undefined width or T."""
    if not (width >= 0 and T >= 0):
        raise InputError(f"width = {width:g}, T = {T:g}: both must be >= 0")
    return T if T > _TINY else 0.0


def _reduced(e: FloatArray, width: float, T: float) -> tuple[FloatArray, FloatArray]:
    """Real and imaginary part of u, scaled down together where it is so huge that it overflows."""
    unit = 2 * np.pi * T
    scale: FloatArray = unit * np.maximum(1.0, np.maximum(width, np.abs(e)) / (unit * _HUGE))
    return width / scale, e / scale


def _lorentzian_excess(x: FloatArray, y: FloatArray) -> FloatArray:
    """Im psi(1/2 + i y) - Im psi(1/2 + x + i y), x, y >= 0: positive terms, each as x y."""
    level = np.arange(_SHIFT) + 0.5
    near = sum(x * y * (2 * c + x) / ((c**2 + y**2) * ((c + x) ** 2 + y**2)) for c in level)
    v = _SHIFT + 1j * y
    w = v + x
    far = np.arctan2(x * y, _SHIFT * w.real + y**2)
    a, b = w**-2, v**-2
    # quotient and value of the series sum_k c_k a^k, by Horner's rule
    quotient, value = np.zeros_like(a), np.zeros_like(a)
    for c in _SERIES[::-1]:
        quotient = quotient * a + value
        value = value * b + c
    quotient = quotient * a + value
    excess: FloatArray = near + far + (quotient * x * (w + v) * a * b).imag
    return excess


def _series(q: ComplexArray) -> ComplexArray:
    """sum_k c_k q^k with q = z^-2: psi(1/2 + z) - ln z for large z."""
    value: ComplexArray = np.polynomial.polynomial.polyval(q, np.concatenate(([0.0], _SERIES)))
    return value


def _series_slope(z: ComplexArray) -> ComplexArray:
    """sum_k 2 k c_k z^(-2k-1) = 1/z - psi'(1/2 + z) for large z."""
    coefficients = np.concatenate(([0.0], 2 * _ORDER * _SERIES))
    slope: ComplexArray = np.polynomial.polynomial.polyval(z**-2, coefficients) / z
    return slope
