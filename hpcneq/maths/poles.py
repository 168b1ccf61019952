"""The Fermi function as a short sum of simple poles, for leads that carry a memory.

    f(w) = 1/2 - sum_p [r_p/(w - i w_p) + c.c.] = 1/2 - sum_p 2 r_p w/(w^2 + w_p^2)

with w_p > 0 and real r_p.

Each pole becomes one auxiliary mode of the time evolution (Croy and Saalmann 2009), so their number
P sets the cost. What a mode of half-width ``width`` sees is not f but f convolved with its
Lorentzian, which only moves every pole away from the real axis, w_p -> a_p = w_p + width:

    F1(e) = 1/2 - sum_p 2 r_p e / (e^2 + a_p^2)

**The error of a fit** (`Poles.error`, the input key ``pole_error``) is max |F1_fit(e) - F1(e)| over
|e| <= window, measured on a grid four times finer than the fitted one. It bounds the error of every
eigenvalue of a stationary density matrix F1(H) whose spectrum lies in the window; bias voltages
shift e, so the window has to hold the spectrum and the drive. Outside the window, and for a smaller
width, nothing is promised.

**What that error does not bound.** The retarded integral (`Poles.retarded`) has F1 as its real
part; its imaginary part is the Hilbert transform of F1, logarithmically divergent for a wide band:
every fit cuts it off at |e| ~ w_P. The divergent constant always drops out, and in a stationary
state of mirrored leads so does the rest, because the sum with its conjugate leaves only F1. While H
changes, the e-dependence c e^2 of the error stays: a level that jumps by dE, at once or slowly, has
its occupation off by about 2 width |c| dE until it relaxes. `Poles.memory_error` is the measured 2
width |c|, good to a factor of two for levels within half the window. For `aaa` it falls as
1/window^2 and hardly with ``error`` (c ~ 5e-3/window^2 at 1e-6): for accurate quenches widen the
window; a factor 3 costs two or three poles. For `ozaki`, whose poles reach far beyond the window,
it is ten times smaller than for `aaa` at error = 1e-6 and falls with ``error``.

`aaa`: the smallest P for a given width, window and error. `ozaki`: the poles of the continued
fraction of f, exact for P -> infinity at any width; needs several times more poles, and is an
independent check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal, lstsq, svd
from scipy.optimize import least_squares
from scipy.special import psi

from ..errors import InputError
from .arrays import ArrayLike, ComplexArray, FloatArray
from .fermi import broadened_tanh

METHODS = ("aaa", "ozaki")
_FITTED = 800  # energies of the fitted grid
_MEASURED = 4 * _FITTED + 1
_MOST_AAA = 60
_MOST_OZAKI = 1024
_GAIN = 25.0  # at most what polishing gains over the raw AAA poles


@dataclass(frozen=True, eq=False)
class Poles:
    """A pole expansion of the Fermi function; the module's docstring defines it and its ``error``.

    w, r : (P,) float64, read-only, w > 0 ascending, both in units of energy. T, width, window :
    what it was fitted for.
    """

    w: FloatArray
    r: FloatArray
    T: float
    width: float
    window: float
    error: float
    method: str

    def __len__(self) -> int:
        return len(self.w)

    def fermi(self, w: ArrayLike) -> FloatArray:
        """The expansion itself, 1/2 - sum_p 2 r_p w/(w^2 + w_p^2).

        Close to f(w) for "ozaki", not meant to be for "aaa".
        """
        return self.broadened(w, 0.0)

    def broadened(self, e: ArrayLike, width: float | None = None) -> FloatArray:
        """F1(e) of the expansion, at the width it was fitted for if none is given; element-wise."""
        return self.retarded(e, width).real

    def retarded(self, e: ArrayLike, width: float | None = None) -> ComplexArray:
        """int dw/2pi 2i f(w)/(w - e + i width) = 1/2 - sum_p 2 r_p/(e - i (w_p + width)).

        Complex, element-wise.
        gamma times it, at e = H, is the stationary current matrix Pi of a lead with coupling gamma.
        Real part: F1(e).
        """
        if width is None:
            width = self.width
        a, e = self.w + width, np.asarray(e, float)
        value: ComplexArray = 0.5 - (2 * self.r / (e[..., None] - 1j * a)).sum(-1)
        return value

    @property
    def memory_error(self) -> float:
        """Shift of an occupation per unit of a sudden change of its energy, by the fit's band.

        In 1/energy.
        """
        span = self.window / 4
        e = _energies(self.width + np.pi * self.T, span, _MEASURED)
        error = np.ptp(self.retarded(e).imag - _hilbert(e, self.width, self.T))
        return float(2 * self.width * error / span**2)


@lru_cache(maxsize=64)
def fit(method: str, T: float, width: float, window: float, error: float) -> Poles:
    """The fewest poles by ``method`` ("aaa", "ozaki") that reach ``error``; fitted once.

    Raises InputError if the error cannot be reached. The result does not depend on rank or history,
    but the last digits may depend on the CPU: ranks on unlike machines should share one fit.
    """
    if method == "aaa":
        return aaa_poles(T, width, window, error)
    if method == "ozaki":
        return _enough_ozaki(T, width, window, error)
    raise InputError(f'[numerics] poles = "{method}": allowed: "aaa", "ozaki"')


def aaa_poles(
    T: float, width: float, window: float, error: float | None = None, count: int | None = None
) -> Poles:
    """Fewest poles with max |F1_fit - F1| <= error on |e| <= window, or ``count`` poles.

    Th(e)/(2e), as a function of s = e^2, is a sum over -s = a_n^2, a_n = width + (2n+1) pi T, with
    positive weights (a Stieltjes function), so its good rational approximations of type (P-1, P)
    have real negative poles and positive residues too. AAA (Nakatsukasa, Sete and Trefethen 2018)
    finds them; least squares on log a_p, log r_p polish them. The broadened function is fitted, not
    f: a fit of f spends poles on a sharpness that nothing coupled to leads can see. T = 0 is
    allowed if width > 0. Raises InputError if ``error`` or ``count`` is out of reach of double
    precision.
    """
    _check(T, width, window, error)
    nearest = width + np.pi * T
    # a smaller window has no structure to choose poles by
    e = _energies(nearest, max(window, nearest), _FITTED)
    half_tanh = broadened_tanh(e, width, T) / 2
    best: Poles | None = None
    stalled, goal = 0, np.inf if error is None else error
    for a, r in _candidates(e, half_tanh, width, T):
        if count is not None and len(a) != count:
            continue
        poles = _poles(a - width, r, T, width, window, "aaa")
        if count is not None or stalled or poles.error <= _GAIN * goal:
            a, r = _polished(a, r, e, half_tanh)
            polished = _poles(a - width, r, T, width, window, "aaa")
            poles = min(poles, polished, key=lambda candidate: candidate.error)
        if count is not None or poles.error <= goal:
            return poles
        stalled += best is not None and poles.error >= best.error
        if best is None or poles.error < best.error:
            best = poles
        if stalled > 4:
            break
    raise _unreachable(best, error, count, T, width, window)


def ozaki_poles(T: float, n: int) -> tuple[FloatArray, FloatArray]:
    """(w, r) of the n-pole continued fraction of f, ascending.

    The lowest are the Matsubara w = (2p+1) pi T with r = T.
    1/w_p are eigenvalues of a symmetric tridiagonal matrix, r_p their weights on its first site
    (Ozaki, PRB 75, 035123 (2007)). The power series of f in w/T is right up to order 4n - 1. The 2n
    x 2n eigenvectors take 32 n^2 bytes.
    """
    k = np.arange(1, 2 * n)
    inverse, vectors = eigh_tridiagonal(np.zeros(2 * n), 0.5 / np.sqrt(4.0 * k**2 - 1))
    b, weight = inverse[n:][::-1], vectors[0, n:][::-1] ** 2
    return T / b, T * weight / (4 * b**2)


def _enough_ozaki(T: float, width: float, window: float, error: float) -> Poles:
    """The fewest Ozaki poles that reach ``error``: doubling, then bisection."""
    _check(T, width, window, error)
    if T == 0:
        raise InputError('T = 0: [numerics] poles = "ozaki" needs T > 0; "aaa" does not')

    @lru_cache(maxsize=None)
    def measure(n: int) -> Poles:
        return _poles(*ozaki_poles(T, n), T, width, window, "ozaki")

    n = 1
    while measure(n).error > error:
        if n >= _MOST_OZAKI:
            raise _unreachable(measure(n), error, None, T, width, window)
        n *= 2
    low, high = n // 2, n
    while high - low > 1:
        middle = (low + high) // 2
        if measure(middle).error <= error:
            high = middle
        else:
            low = middle
    return measure(high)


def _poles(
    w: FloatArray, r: FloatArray, T: float, width: float, window: float, method: str
) -> Poles:
    """A Poles object with its measured error and read-only arrays."""
    e = _energies(width + np.pi * T, window, _MEASURED)
    exact = broadened_tanh(e, width, T) / 2
    error = np.max(np.abs(_terms(w + width, e) @ r - exact))
    w, r = np.array(w), np.array(r)
    w.setflags(write=False)
    r.setflags(write=False)
    return Poles(w, r, float(T), float(width), float(window), float(error), method)


def _energies(nearest: float, window: float, n: int) -> FloatArray:
    """n energies in (0, window], even near 0, then logarithmic, dense again at the window's end."""
    t = np.sin(np.pi / 2 * (np.arange(n) + 1) / n)
    return np.asarray(nearest * np.sinh(np.arcsinh(window / nearest) * t))


def _terms(a: FloatArray, e: FloatArray) -> FloatArray:
    """(n_e, P): what a unit residue at a_p adds to Th(e)/2."""
    return 2 * e[:, None] / (e[:, None] ** 2 + a**2)


def _candidates(
    e: FloatArray, half_tanh: FloatArray, width: float, T: float
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield (a, r) of rising P: AAA poles with least-squares residues.

    Fits spoilt by rounding (a residue <= 0) are left out.
    """
    for a in _aaa(e, half_tanh, width + np.pi * T, _MOST_AAA):
        if len(a) and a[0] > width:
            r = _residues(a, e, half_tanh)
            if np.all(r > 0):
                yield a, r


def _aaa(e: FloatArray, half_tanh: FloatArray, nearest: float, most: int) -> Iterator[FloatArray]:
    """Yield, for P = 1, 2, ..., the (P,) real poles a of the AAA approximant, ascending.

    The variable is x = 1/(e^2 + c) with 2c = nearest^2: data in (0, 1/c), poles at x = -1/(a^2 - c)
    < 0. The forced support point x = 0 with value 0 makes the type (P-1, P) in e^2. Errors are
    weighted with e: those of half_tanh, not of half_tanh/e. Poles are located as sign changes of
    the barycentric denominator, which for x < 0 has full relative accuracy where an eigenvalue
    solver loses the far poles; complex and positive ones are thereby left out.
    """
    c = nearest**2 / 2
    x, h = 1 / (e**2 + c), half_tanh / e
    support, values, free = [0.0], [0.0], np.ones(len(e), bool)
    approximant = np.zeros_like(h)
    scan = np.geomspace(0.9 * nearest, 1e5 * max(e[-1], nearest), 20001)
    for _ in range(most):
        i = np.argmax(np.abs(h - approximant) * e * free)
        free[i] = False
        support.append(x[i])
        values.append(h[i])
        z, f = np.array(support), np.array(values)
        cauchy = 1 / (x[free, None] - z)
        loewner = e[free, None] * (h[free, None] - f) * cauchy
        scale = np.linalg.norm(loewner, axis=0)
        weights = svd(loewner / scale, full_matrices=False)[2][-1] / scale
        approximant = h.copy()
        approximant[free] = (cauchy @ (weights * f)) / (cauchy @ weights)
        yield _sign_changes(_denominator(c, z, weights), scan)


def _denominator(
    c: float, z: FloatArray, weights: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    """The barycentric denominator as a function of the pole a, x = 1/(c - a^2)."""

    def denominator(a: FloatArray) -> FloatArray:
        return np.asarray((1 / (1 / (c - a[:, None] ** 2) - z)) @ weights)

    return denominator


def _sign_changes(g: Callable[[FloatArray], FloatArray], scan: FloatArray) -> FloatArray:
    """Roots of an element-wise g bracketed by the increasing, positive ``scan``, by bisection."""
    value = np.sign(g(scan))
    i = np.flatnonzero(value[1:] * value[:-1] < 0)
    low, high, below = scan[i], scan[i + 1], value[i]
    for _ in range(50):
        middle = np.sqrt(low * high)
        left = np.sign(g(middle)) == below
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return np.asarray(np.sqrt(low * high))


def _residues(a: FloatArray, e: FloatArray, half_tanh: FloatArray) -> FloatArray:
    """(P,) real residues by linear least squares at fixed poles, columns scaled to one."""
    terms = _terms(a, e)
    scale = np.linalg.norm(terms, axis=0)
    return np.asarray(lstsq(terms / scale, half_tanh)[0] / scale)


def _polished(
    a: FloatArray, r: FloatArray, e: FloatArray, half_tanh: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(a, r) moved to the nearest least-squares optimum, as logarithms: both stay positive."""
    P = len(a)
    unit = max(np.max(np.abs(_terms(a, e) @ r - half_tanh)), 1e-16)

    def misfit(x: FloatArray) -> FloatArray:
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # of a trial step, which is refused for it
            return np.asarray((_terms(np.exp(x[:P]), e) @ np.exp(x[P:]) - half_tanh) / unit)

    def jacobian(x: FloatArray) -> FloatArray:
        a, r = np.exp(x[:P]), np.exp(x[P:])
        columns = _terms(a, e) * r / unit
        return np.hstack((-2 * columns * a**2 / (e[:, None] ** 2 + a**2), columns))

    start = np.log(np.concatenate((a, r)))
    x = least_squares(
        misfit,
        start,
        jacobian,
        method="lm",
        x_scale="jac",
        ftol=1e-6,
        xtol=1e-14,
        gtol=1e-14,
        max_nfev=200,
    ).x
    order = np.argsort(x[:P])
    return np.exp(x[:P][order]), np.exp(x[P:][order])


def _hilbert(e: FloatArray, width: float, T: float) -> FloatArray:
    """(1/pi) [Re psi(1/2 + (width + i e)/(2 pi T)) + ln(2 pi T)].

    The exact Im retarded(e) up to its divergent constant.
    """
    if T == 0:
        return np.asarray(np.log(np.hypot(width, e)) / np.pi)
    u = 0.5 + (width + 1j * e) / (2 * np.pi * T)
    return np.asarray((psi(u).real + np.log(2 * np.pi * T)) / np.pi)


def _check(T: float, width: float, window: float, error: float | None) -> None:
    """Refuse what no fit can mean."""
    if not (T >= 0 and width >= 0 and T + width > 0):
        raise InputError(
            f"T = {T:g}, width = {width:g}: both must be >= 0 and one of them > 0 "
            "for a pole expansion"
        )
    if not 0 < window < np.inf:
        raise InputError(f"[numerics] pole_window = {window:g}: must be > 0")
    if error is not None and not error > 0:
        raise InputError(f"[numerics] pole_error = {error:g}: must be > 0")


def _unreachable(
    best: Poles | None,
    error: float | None,
    count: int | None,
    T: float,
    width: float,
    window: float,
) -> InputError:
    """The one-line error that says what could be reached."""
    where = f"(T = {T:g}, width = {width:g}, window = {window:g})"
    if count is not None:
        return InputError(
            f"count = {count}: no fit with so many poles {where}; 1 to about 20 are possible"
        )
    if best is None:
        return InputError(
            f"[numerics] pole_error = {error:g}: no fit found {where}; try another pole_window"
        )
    return InputError(
        f"[numerics] pole_error = {error:g}: not reached; best reached {best.error:.2g} with "
        f"{len(best)} poles {where}; allowed: >= {1.1 * best.error:.1e}"
    )
