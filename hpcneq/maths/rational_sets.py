"""Common poles of several real functions of a real variable, with weights.

Set-valued adaptive rational approximation (Y. Nakatsukasa, O. Sete and L. N. Trefethen, SIAM J.
Sci. Comput. 40, A1494 (2018), with one denominator for all functions) proposes conjugate pairs of
poles; those in the lower half plane are kept, real ones dropped, and the residues found anew by
weighted linear least squares:

    F_j(w) = F_j(inf) + sum_k [R_kj/(w - x_k) + c.c.],     Im x_k < 0
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigvals, solve_triangular

from .arrays import ComplexArray, FloatArray, NumberArray

MOST = 160  # support points
LOOSE = 5.0  # an approximant so much worse than the target is not looked at
FAR = 30.0  # times the target: above it two support points at a time
APART = 10  # points between those
PATIENCE = 40  # support points without progress after which a search ends
Samples = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, eq=False)
class PoleSum:
    """A set of functions by its common poles x (K,) and residues (K, functions).

    limits : (functions,) values at infinity. error : largest weighted difference on the fine grid.
    """

    poles: ComplexArray
    residues: ComplexArray
    limits: FloatArray
    error: float

    def __call__(self, w: FloatArray) -> FloatArray:
        """The functions at w (n,): (n, functions)."""
        values: FloatArray = _values(self.poles, self.residues, self.limits, w)
        return values


def graded(edges: FloatArray, smallest: FloatArray, reach: float, decade: int) -> FloatArray:
    """Points geometric towards every edge on both sides, from its ``smallest`` distance to
    ``reach``, ``decade`` of them in each decade; ascending.
    """
    parts = [np.asarray(edges, float)]
    for edge, least in zip(edges, smallest):
        count = 1 + int(np.ceil(decade * np.log10(reach / least)))
        distance = np.geomspace(least, reach, count)
        parts += [edge - distance, edge + distance]
    return np.asarray(np.unique(np.concatenate(parts)), float)


def common_poles(
    functions: Samples,
    w: FloatArray,
    fine: FloatArray,
    limits: FloatArray,
    target: float,
    mirrored: bool,
    most: float = np.inf,
) -> tuple[PoleSum | None, PoleSum | None]:
    """(the smallest set of poles whose weighted error on ``fine`` is at most ``target``, the best).

    The first is None if the target is out of reach with less than ``most`` poles. functions : w
    (n,) -> values and weights (n, functions). w : points that are fitted; symmetric if
    ``mirrored``, whether the set of functions is closed under w -> -w up to constants: the poles
    then are under x -> -x^*.
    """
    values, weights = functions(w)
    fit = _Fit(w, values, weights, fine, *functions(fine), np.asarray(limits, float), mirrored)
    best: PoleSum | None = None
    for support, denominator, error in _approximants(w, values, weights, target, mirrored):
        if error > LOOSE * target:
            continue
        poles = _lower_poles(support, denominator, mirrored)
        if not len(poles):
            continue
        if len(poles) >= most:
            break
        result = fit.at(poles, target)
        if best is None or result.error < best.error:
            best = result
        if result.error <= target:
            return _pruned(fit, result, target), best
    return None, best


@dataclass
class _Fit:
    """Residues at given poles."""

    w: FloatArray
    values: FloatArray
    weights: FloatArray
    fine: FloatArray
    fine_values: FloatArray
    fine_weights: FloatArray
    limits: FloatArray
    mirrored: bool

    def _error(
        self,
        poles: ComplexArray,
        residues: ComplexArray,
        w: FloatArray,
        values: FloatArray,
        weights: FloatArray,
    ) -> float:
        """The largest weighted difference at some points."""
        difference = _values(poles, residues, self.limits, w) - values
        return float(np.abs(difference * weights).max())

    def at(self, poles: ComplexArray, target: float) -> PoleSum:
        """Residues by weighted least squares, and their error: of the fitted points where it is
        above ``target`` there, else of the fine grid.
        """
        cauchy = 1 / (self.w[:, None] - poles)
        terms = np.concatenate([2 * cauchy.real, -2 * cauchy.imag], axis=1)
        residues = np.empty((len(poles), self.values.shape[1]), complex)
        for columns in _alike(self.weights):
            weight = self.weights[:, columns[0], None]
            rows = weight * (self.values[:, columns] - self.limits[columns])
            solution = _least_squares(weight * terms, rows)
            residues[:, columns] = solution[: len(poles)] + 1j * solution[len(poles) :]
        error = self._error(poles, residues, self.w, self.values, self.weights)
        if error <= target:
            fine = (self.fine, self.fine_values, self.fine_weights)
            error = max(error, self._error(poles, residues, *fine))
        return PoleSum(poles, residues, self.limits, error)


def _alike(weights: FloatArray) -> list[list[int]]:
    """Lists of the functions that share their weights."""
    groups: list[list[int]] = []
    for j in range(weights.shape[1]):
        for group in groups:
            if np.array_equal(weights[:, j], weights[:, group[0]]):
                group.append(j)
                break
        else:
            groups.append([j])
    return groups


def _least_squares(matrix: FloatArray, rows: FloatArray) -> FloatArray:
    """Least squares with columns scaled to one; directions below rounding are left out."""
    scale = np.linalg.norm(matrix, axis=0)
    Q, R = np.linalg.qr(matrix / scale)
    rest = Q.T @ rows
    if np.abs(np.diagonal(R)).min() > 1e-13:
        return np.asarray(solve_triangular(R, rest) / scale[:, None])
    U, s, V = np.linalg.svd(R)
    keep = s > 1e-14 * s[0]
    inner = (U[:, keep].T @ rest) / s[keep, None]
    return np.asarray((V[keep].T @ inner) / scale[:, None])


def _values(
    poles: ComplexArray, residues: ComplexArray, limits: FloatArray, w: FloatArray
) -> FloatArray:
    """limits + 2 Re sum_k residues/(w - x_k): (n, functions), in pieces that fit the cache."""
    parts = []
    for low in range(0, len(w), 4096):
        parts.append(2 * ((1 / (w[low : low + 4096, None] - poles)) @ residues).real)
    if not parts:
        return np.zeros((0, len(limits)))
    return np.asarray(limits + np.concatenate(parts))


def _approximants(
    w: FloatArray, values: FloatArray, weights: FloatArray, target: float, mirrored: bool
) -> Iterator[tuple[FloatArray, FloatArray, float]]:
    """Yield (support points, barycentric weights, weighted error) of rising degree."""
    free = np.ones(len(w), bool)
    support: list[int] = []
    approximant = np.tile(values.mean(axis=0), (len(w), 1))
    least, idle = np.inf, 0
    while len(support) < min(MOST, len(w) // 2) and idle < PATIENCE:
        worst = (np.abs(values - approximant) * weights).max(axis=1) * free
        new = {int(np.argmax(worst))}
        if least > FAR * target:
            (k,) = new
            worst[max(0, k - APART) : k + APART] = 0
            new.add(int(np.argmax(worst)))
        if mirrored:
            new |= {len(w) - 1 - k for k in new}
        support += sorted(new)
        free[support] = False
        cauchy = 1 / (w[free, None] - w[support])
        difference = values[free].T[:, :, None] - values[support].T[:, None, :]
        loewner = weights[free].T[:, :, None] * difference * cauchy
        loewner = loewner.reshape(-1, len(support))
        scale = np.linalg.norm(loewner, axis=0)
        triangle = np.linalg.qr(loewner / scale, mode="r")
        denominator = np.linalg.svd(triangle)[2][-1] / scale
        denominator /= np.abs(denominator).max()
        approximant = values.copy()
        numerators = cauchy @ (denominator[:, None] * values[support])
        approximant[free] = numerators / (cauchy @ denominator)[:, None]
        error = float((np.abs(values - approximant) * weights).max())
        idle = 0 if error < least else idle + 1
        least = min(least, error)
        yield w[support], denominator, error


def _lower_poles(support: FloatArray, denominator: FloatArray, mirrored: bool) -> ComplexArray:
    """(K,) zeros of sum_j denominator_j/(x - support_j) with Im x < 0, by rising |x|."""
    total = denominator.sum()
    if abs(total) < 1e-13:  # a pole at infinity: a degree that is left out
        return np.zeros(0, complex)
    x = eigvals(np.diag(support) - np.outer(np.ones(len(support)), denominator * support / total))
    x = x[(x.imag < 0) & (np.abs(x.imag) > 1e-9 * np.abs(x))]
    x = x[np.argsort(np.abs(x), kind="stable")]
    if mirrored and len(x):
        partner = np.argmin(np.abs(x[:, None] + x.conj()), axis=1)
        x = x[partner[partner] == np.arange(len(x))]
        partner = np.argmin(np.abs(x[:, None] + x.conj()), axis=1)
        x = 0.5 * (x - x[partner].conj())
    return np.asarray(x)


def _pruned(fit: _Fit, result: PoleSum, target: float) -> PoleSum:
    """The same without weak poles that the target can do without."""
    while len(result.poles) > 2:
        cauchy = np.abs(1 / (fit.w[:, None] - result.poles))
        size = np.max(
            cauchy[:, :, None] * np.abs(result.residues) * fit.weights[:, None, :], axis=(0, 2)
        )
        weakest = {int(np.argmin(size))}
        if fit.mirrored:
            (k,) = weakest
            weakest.add(int(np.argmin(np.abs(result.poles + result.poles[k].conj()))))
        smaller = fit.at(np.delete(result.poles, sorted(weakest)), target)
        if smaller.error > target:
            break
        result = smaller
    return result


def sums_at(z: NumberArray, poles: ComplexArray, residues: ComplexArray) -> ComplexArray:
    """sum_k residues/(z - x_k) at z (n,): (n, functions)."""
    return np.asarray((1 / (np.asarray(z)[:, None] - poles)) @ residues)
