"""A lead's width Gamma(w) and filling s(w) = -i Sigma^<(w) as common poles below the real axis.

    Sigma^R(w) = -i Gamma(inf)/2 + sum_k B_k/(w - x_k),        Gamma = i (Sigma^R - Sigma^A)
    s(w) = s(inf) + sum_k [D_k/(w - x_k) + c.c.],              s = Gamma f in equilibrium

for each scalar channel; -i times the residues of Gamma are the B_k, so that Sigma^R obeys
Kramers-Kronig without a Hilbert transform. Both are fitted relative to Gamma at every frequency: a
bound state in a gap is filled with s/Gamma at its energy, however small Gamma is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit

from ..errors import InputError
from .arrays import ArrayLike, ComplexArray, FloatArray
from .poles import aaa_poles
from .rational_sets import PoleSum, common_poles, graded, sums_at

DECADES = (12, 10, 8)  # fitted points in a decade: the search with fewer poles wins
MORE_DECADES = (16, 14, 20, 9, 11)  # tried one by one where none of them reaches the error
KEPT = 32  # fits of each kind: tasks ask for the same again
FINE = 48  # those on which errors are measured
CLOSEST = 1e-2  # of the scale of an edge: the nearest points
REACH = 1e4  # of the largest edge: the farthest points


@dataclass(frozen=True, eq=False)
class Fit:
    """Poles (K,), Im < 0, of C channels; width (K, C) are the B, filling (K, C) the D.

    width_inf, filling_inf : (C,) values at infinity. error : the largest |Gamma_fit - Gamma| and
    |s_fit - s| relative to Gamma (to its largest value where a fit says so): twice it bounds the
    error of the occupation s/Gamma of a level that only this lead sees. least : the smallest
    Gamma_fit/Gamma, > 0 where the fit is passive.
    """

    poles: ComplexArray
    width: ComplexArray
    filling: ComplexArray
    width_inf: FloatArray
    filling_inf: FloatArray
    error: float
    least: float = 1.0

    def __post_init__(self) -> None:
        for array in (self.poles, self.width, self.filling, self.width_inf, self.filling_inf):
            array.flags.writeable = False  # fits are shared

    def __len__(self) -> int:
        return len(self.poles)

    @property
    def occupation_error(self) -> float:
        """Bound of the error of s/Gamma: (e + e)/(1 - e)."""
        return 2 * self.error / max(1 - self.error, 1e-300)

    def retarded(self, w: ArrayLike) -> ComplexArray:
        """Sigma^R of the fit at w (n,): (n, C)."""
        z = np.atleast_1d(np.asarray(w))
        return sums_at(z, self.poles, self.width) - 0.5j * self.width_inf

    def widths(self, w: ArrayLike) -> FloatArray:
        """Gamma of the fit at real w (n,): (n, C)."""
        return np.asarray(-2 * self.retarded(w).imag)

    def fillings(self, w: ArrayLike) -> FloatArray:
        """s of the fit at real w (n,): (n, C)."""
        z = np.atleast_1d(np.asarray(w, float))
        return np.asarray(self.filling_inf + 2 * sums_at(z, self.poles, self.filling).real)


@lru_cache(maxsize=KEPT)
def wide_fit(T: float, mu: float = 0.0, window: float = 10.0, error: float = 1e-6) -> Fit:
    """Gamma = 1 at all energies, s = f(w - mu): the poles of the Fermi function itself.

    error : of f on |w - mu| <= window. Raises InputError if it is out of reach.
    """
    fit = aaa_poles(T, 0.0, window, error)
    count = len(fit)
    return Fit(
        mu - 1j * fit.w,
        np.zeros((count, 1), complex),
        -fit.r[:, None].astype(complex),
        np.ones(1),
        np.full(1, 0.5),
        fit.error,
    )


@lru_cache(maxsize=KEPT)
def bcs_fit(
    delta: float, dynes: float, T: float, tail: float | None = None, error: float = 1e-4
) -> Fit:
    """The two channels P+- = (1 +- Theta)/2 of a BCS lead whose Gamma far from the gap is 1.

    Gamma_+- = Im (z +- delta)/sqrt(delta^2 - z^2), z = w + i dynes; s - 1/2 is closed by
    1/(1 + (w/tail)^4), tail = 600 delta if None. Raises InputError if ``error`` is out of reach.
    """
    if not (delta > 0 and dynes > 0 and T > 0):
        raise InputError(
            f"delta = {delta:g}, dynes = {dynes:g}, T = {T:g}: all must be > 0 for a BCS lead"
        )
    cut = 600 * delta if tail is None else tail

    def functions(w: FloatArray) -> tuple[FloatArray, FloatArray]:
        z = w + 1j * dynes
        root = np.sqrt(delta - z) * np.sqrt(delta + z)
        width = np.stack([((z + delta) / root).imag, ((z - delta) / root).imag], axis=1)
        fill = 0.5 + (width * expit(-w / T)[:, None] - 0.5) / (1 + (w / cut) ** 4)[:, None]
        return np.concatenate([width, fill], axis=1), np.tile(1 / width, 2)

    edges, scales = np.array([0.0, delta, -delta]), CLOSEST * np.array([T, dynes, dynes])
    limits, reach = np.array([1.0, 1.0, 0.5, 0.5]), REACH * max(delta, cut / 600)
    return _fitted(functions, edges, scales, reach, limits, error, True, "BCS lead")


@lru_cache(maxsize=KEPT)
def chain_fit(
    hopping: float,
    T: float,
    mu: float = 0.0,
    floor: float = 1e-3,
    error: float = 1e-4,
) -> Fit:
    """sqrt(1 - (w/2J)^2) of a half-infinite chain of hopping J, filled up to mu.

    floor : added to Gamma, cut off at ten band widths and filled like the rest, so that levels
    outside the band keep a sensible occupation; errors are then relative to Gamma, else to its
    largest value. Raises InputError if ``error`` is out of reach.
    """
    J = abs(hopping)
    if not (J > 0 and T > 0):
        raise InputError(f"hopping = {hopping:g}, T = {T:g}: need hopping != 0 and T > 0")

    def shape(w: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt(np.maximum(0.0, 1 - (w / (2 * J)) ** 2))[:, None])

    edges, scales = np.array([2 * J, -2 * J, mu]), CLOSEST * np.full(3, T)
    return _banded(shape, edges, scales, 4 * J, T, mu, floor, error, mu == 0, "chain lead")


def tabulated_fit(
    w: ArrayLike,
    values: ArrayLike,
    T: float,
    mu: float = 0.0,
    floor: float = 1e-3,
    error: float = 1e-3,
) -> Fit:
    """Widths of C channels given at energies w (n,) as values (n, C), filled up to mu.

    Between the energies monotonic cubics, outside zero; channel 0 must be positive and sets the
    scale (of a matrix Gamma_ij its trace: then the real and imaginary parts of the entries).
    floor : of the largest value of channel 0, added to it alone. Raises InputError if ``error`` is
    out of reach.
    """
    from scipy.interpolate import PchipInterpolator  # a tenth of a second that others need not

    energies, table = np.asarray(w, float), np.asarray(values, float)
    if table.ndim == 1:
        table = table[:, None]
    if len(energies) < 4 or np.any(np.diff(energies) <= 0):
        raise InputError("tabulated lead: needs at least 4 energies, ascending")
    if np.any(table[:, 0] < 0):
        raise InputError("tabulated lead: Gamma must be >= 0")
    if not T > 0:
        raise InputError(f"T = {T:g}: must be > 0")
    curve = PchipInterpolator(energies, table, extrapolate=False)

    def shape(w: FloatArray) -> FloatArray:
        return np.asarray(np.nan_to_num(curve(w)))

    span = float(energies[-1] - energies[0])
    grid = 0.5 * float(np.diff(energies).min())
    edges = np.unique(np.append(_band_edges(energies, table[:, 0]), mu))
    scales = np.where(edges == mu, CLOSEST * T, min(grid, CLOSEST * T))
    even = energies[0] == -energies[-1] and mu == 0
    even = even and np.allclose(table, table[::-1], rtol=1e-12, atol=1e-14 * np.abs(table).max())
    steps = energies if len(energies) <= 400 else energies[:: len(energies) // 400]
    between = np.sort(np.concatenate([steps, 0.5 * (steps[1:] + steps[:-1])]))
    return _banded(
        shape, edges, scales, span, T, mu, floor, error, bool(even), "tabulated lead", between
    )


def _band_edges(energies: FloatArray, width: FloatArray) -> FloatArray:
    """The ends of a table, and where its width falls to zero."""
    empty = width <= 1e-9 * width.max()
    last = np.flatnonzero(empty[:-1] & ~empty[1:])
    first = np.flatnonzero(~empty[:-1] & empty[1:]) + 1
    inner = [k for k in (*last, *first) if 0 < k < len(energies) - 1]
    return np.append(energies[[0, -1]], energies[inner])


def _banded(
    shape: Callable[[FloatArray], FloatArray],
    edges: FloatArray,
    scales: FloatArray,
    band: float,
    T: float,
    mu: float,
    floor: float,
    error: float,
    even: bool,
    what: str,
    extra: ArrayLike = (),
) -> Fit:
    """The fit of a band that ends; ``shape`` (n,) -> (n, C), channel 0 the scale."""
    most = float(shape(np.linspace(edges.min(), edges.max(), 4001))[:, 0].max())
    if most <= 0:
        raise InputError(f"{what}: Gamma is zero everywhere")

    def functions(w: FloatArray) -> tuple[FloatArray, FloatArray]:
        width = shape(w).copy()
        width[:, 0] += floor * most / (1 + (w / (10 * band)) ** 4)
        fill = width * expit(-(w - mu) / T)[:, None]
        weight = np.full(len(w), 1 / most)
        if floor > 0:
            weight = 1 / np.maximum(width[:, 0], 1e-3 * floor * most)
        both = np.concatenate([width, fill], axis=1)
        return both, np.tile(weight[:, None], both.shape[1])

    channels = shape(np.zeros(1)).shape[1]
    reach = 100 * band
    return _fitted(
        functions, edges, scales, reach, np.zeros(2 * channels), error, even, what, extra
    )


Functions = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def _fitted(
    functions: Functions,
    edges: FloatArray,
    scales: FloatArray,
    reach: float,
    limits: FloatArray,
    error: float,
    mirrored: bool,
    what: str,
    extra: ArrayLike = (),
) -> Fit:
    """The fit with the fewest poles; with a mirrored set of functions, mirrored poles."""
    if not 0 < error < 1:
        raise InputError(f"[numerics] fit_error = {error:g}: must be > 0 and < 1")
    more = np.asarray(extra, float)
    fine = np.unique(np.concatenate([graded(edges, scales, reach, FINE), more]))
    results: list[tuple[float, PoleSum]] = []
    least = np.inf
    for decade in (*DECADES, *MORE_DECADES):
        if results and decade in MORE_DECADES:
            break
        w = np.unique(np.concatenate([graded(edges, scales, reach, decade), more]))
        if mirrored:
            w = _symmetric(w)
        for even in {mirrored, False}:
            most = min((len(r.poles) for _, r in results), default=np.inf)
            result, best = common_poles(functions, w, fine, limits, error, even, most)
            if best is not None:
                least = min(least, best.error)
            if result is not None:  # mirrored poles are worth a few more
                results.append((len(result.poles) * (0.9 if even else 1.0), result))
    if not results:
        raise InputError(
            f"[numerics] fit_error = {error:g}: not reached for the {what}; best reached "
            f"{least:.1e}; allowed: a larger fit_error, or smoother edges (T, dynes)"
        )
    return _as_fit(min(results, key=lambda pair: pair[0])[1], functions, fine)


def _symmetric(w: FloatArray) -> FloatArray:
    """The points and their mirror images, exactly symmetric."""
    positive = np.unique(np.abs(w))
    gaps = np.concatenate([[True], np.diff(positive) > 1e-13 * positive[-1]])
    positive = positive[gaps & (positive > 0)]
    return np.concatenate([-positive[::-1], [0.0], positive])


def _as_fit(result: PoleSum, functions: Functions, fine: FloatArray) -> Fit:
    """Widths and fillings of a set of functions (widths first)."""
    C = result.residues.shape[1] // 2
    exact, fitted = functions(fine)[0][:, 0], result(fine)[:, 0]
    return Fit(
        result.poles,
        -1j * result.residues[:, :C],
        result.residues[:, C:],
        result.limits[:C],
        result.limits[C:],
        result.error,
        float((fitted / np.where(exact > 0, exact, 1.0)).min()),
    )
