"""Polynomials of a block's H_eff, a chain's Nambu matrix, on its modes: exp(-i dt H_eff), phi1.

H_eff = Hbar + i (dt^2/12) [Hbar, Hdot] of the fourth-order Magnus expansion couples what the
kernels of `chains` know: the levels of a site and of its neighbours on a ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ..aligned import aligned_zeros
from ..protocols import AuxiliaryModes
from . import chains, chebyshev
from .stepping import source_coefficients

# J_k(reach) below which no more than two further terms are kept, by the bytes of a real number
SMALLEST = {8: 1e-14, 4: 1e-7}
GRID = 64  # places of the reach, in one unit, for which the number of terms is looked up
POWERS = np.array([1, 1j, -1, -1j])  # of i
DOUBLE = np.dtype(complex)
TERMS = 48  # so many coefficients are found with H_eff; more if they are needed


class Planes:
    """Scratch memory of the kernels and constants, kept for each size of a block.

    What a kernel gets as one tuple has at most four arrays: numba finds the type of a longer one
    anew in every call, which takes longer than a small kernel.
    """

    def __init__(self) -> None:
        self._planes: dict[tuple[int, int], tuple[tuple[NDArray, ...], ...]] = {}
        self._mirrored: dict[int, bool] = {}
        self._resting: dict[int, FloatArray] = {}

    def of(self, n: int, kind: np.dtype) -> tuple[tuple[NDArray, ...], ...]:
        """Planes and sources of `sweeps.advance` for chains of n sites and complex numbers of a
        kind.
        """
        key = (n, kind.itemsize)
        if key not in self._planes:
            real = np.empty(0, kind).real.dtype
            planes = [aligned_zeros((n, 4 * chains.LANES), real) for _ in range(3)]
            sums = aligned_zeros((n, 8 * chains.LANES))
            sources = np.empty((2, chains.LANES), kind), np.empty(chains.LANES, int)
            self._planes[key] = (*planes, sums), sources
        return self._planes[key]

    def resting(self, n: int) -> FloatArray:
        """Slopes of levels that rest, (2, n)."""
        if n not in self._resting:
            self._resting[n] = np.zeros((2, n))
        return self._resting[n]

    def mirrored(self, b: int, level: FloatArray) -> bool:
        """Whether holes have minus the levels (2, n) of electrons in a block."""
        if b not in self._mirrored:
            self._mirrored[b] = bool((level[0] == -level[1]).all())
        return self._mirrored[b]


class Polynomial:
    """H_eff of a block over a time ``step``, from mean and first moment of the mean field."""

    def __init__(
        self,
        system: AuxiliaryModes,
        b: int,
        step: float,
        mean: ComplexArray,
        slope: ComplexArray,
        planes: Planes,
    ) -> None:
        self.step, self.planes = step, planes
        hop, level = system.chain(b)
        pairing, shifts = system.local_fields(b, mean)
        pairing_slope, moving = system.local_fields(b, slope)
        self.n, columns = len(hop), 10
        self.mirrored = shifts is None and planes.mirrored(b, level)
        if shifts is not None:
            level, columns = level + shifts, 14
        if moving is None:
            moving = planes.resting(self.n)
        coef = np.empty((2, self.n, columns))
        slopes = np.empty((2 * self.n, 2), complex)
        fields, self._c = (hop, level, pairing, pairing_slope, moving), np.empty(TERMS)
        self.radius = chains.effective(*fields, step, coef, slopes, self._c)
        self.reach = self.radius * step
        self.flops_of_term = chains.FLOPS[columns]
        self._matrix = slopes, coef[0], coef[1]
        self._rounded: dict[int, tuple[NDArray, ...]] = {}

    def numbers(self, kind: np.dtype) -> tuple[NDArray, ...]:
        """c_k, entries of Hdot, coefficients of H, half of them, for complex numbers of a kind."""
        size = kind.itemsize // 2
        if size not in self._rounded:
            terms = _terms(ceil(GRID * self.reach), SMALLEST[size])
            if terms > len(self._c):
                self._c = np.empty(terms)
                chains.bessel_coefficients(self.reach, self._c)
            c = self._c[:terms]
            matrix = self._matrix
            if size == 4:
                c = c.astype(np.float32)
                slopes, coef, half = matrix
                coef, half = coef.astype(np.float32), half.astype(np.float32)
                matrix = slopes.astype(np.complex64), coef, half
            self._rounded[size] = (c, *matrix)
        return self._rounded[size]

    def terms(self, kind: np.dtype) -> int:
        """Terms for complex numbers of a kind."""
        return len(self.numbers(kind)[0])

    def flops(self, kind: np.dtype, entries: int) -> float:
        """What so many complex entries cost."""
        return self.flops_of_term * self.terms(kind) * entries

    def propagator(self, kind: np.dtype = DOUBLE) -> NDArray:
        """exp(-i step H_eff), transposed: (2n, 2n), complex numbers of a kind.

        Where holes have minus the levels of electrons, tau_y H^* tau_y = -H: the columns of holes
        are those of electrons, conjugate and turned.
        """
        n = self.n
        UT = np.empty((1, 2 * n, 2 * n), kind)
        c, _, coef, half = self.numbers(kind)
        columns = n if self.mirrored else 2 * n
        _exponential(c, coef, half, columns, UT.view(c.dtype), self.planes.of(n, kind)[0])
        return UT[0]

    def diagonals(self, terms: int) -> tuple[ComplexArray, ComplexArray]:
        """Of (-i)^k T_k(H) the entries of every row in its own column and in that of the other
        component, (terms, 2, 2n), and those of Hdot, (2n, 2).
        """
        n = self.n
        _, slopes, coef, half = self.numbers(DOUBLE)
        columns = n if self.mirrored else 2 * n
        found = np.empty((terms, 2, columns), complex)
        _diagonals(coef, half, columns, found, self.planes.of(n, DOUBLE)[0])
        if self.mirrored:  # see `propagator`
            found = np.concatenate([found, [[1], [-1]] * found.conj()], 2)
        found[:, 1] = np.roll(found[:, 1], n, axis=1)
        return found, slopes

    def source_functions(
        self, moments: RateMoments, kind: np.dtype, terms: int | None = None
    ) -> ComplexArray:
        """Coefficients (groups, terms) of the function of H that acts on the sources.

        terms : of fast groups, see `fast_poles`; None for carried ones.
        """
        fast = terms is not None
        count = terms or self.terms(kind)
        if count > chebyshev.MANY:
            weights = source_coefficients(self.step, moments.mean, self.radius, count, fast)
            return weights * (moments.own[:, None] * POWERS[np.arange(count) % 4])
        functions = np.empty((len(moments.mean), count), complex)
        _source_weights(
            self.step,
            self.radius,
            moments.mean,
            moments.own,
            fast,
            chebyshev.nodes(count),
            functions,
        )
        return functions

    def advance(
        self,
        old: NDArray,
        new: NDArray,
        moments: RateMoments,
        part: slice,
        functions: ComplexArray,
        strength: ComplexArray,
        first: int,
        rates: ComplexArray,
        sums: ComplexArray,
    ) -> None:
        """new = U e^{dt lambda} old + the functions of H on the sources; see `sweeps`.

        old, new (groups, columns, 2n) complex; of ``moments``, ``functions`` and ``rates`` the
        ``part`` with these groups is taken; strength (groups, columns) of the sources. The new
        modes, plain and times ``rates``, are added to ``sums`` (2, 2n, 2n), or to nothing.
        """
        kind, real = old.dtype, old.real.dtype
        c, *others = self.numbers(kind)
        if functions.shape[1] > len(c):  # of fast groups, whose factor is 0
            c = np.zeros(functions.shape[1], real)
        _advance(
            old.view(real),
            new.view(real),
            moments.factor[part].astype(kind),
            functions[part].astype(kind),
            strength.astype(kind),
            moments.bend[part].astype(kind),
            first,
            rates[part],
            sums.view(float),
            (c, *others),
            *self.planes.of(self.n, kind),
        )


def degree_on_grid(reaches: FloatArray, smallest: float) -> IntArray:
    """The terms of U for each reach."""
    places = np.ceil(GRID * reaches).astype(int)
    return np.array([_terms(place, smallest) for place in places.tolist()])


@lru_cache(maxsize=1024)
def _terms(reach, smallest):
    """`chebyshev.degree` for a reach in units of 1/GRID."""
    return chebyshev.degree(reach / GRID, smallest)


def _advance(*args):
    """`sweeps.advance`, whose module needs numba at once."""
    from .sweeps import advance

    advance(*args)


def _exponential(*args):
    """`columns.exponential`, whose module needs numba at once."""
    from .columns import exponential

    exponential(*args)


def _diagonals(*args):
    """`columns.diagonals`, whose module needs numba at once."""
    from .columns import diagonals

    diagonals(*args)


def _source_weights(*args):
    """`products.source_weights`, whose module needs numba at once."""
    from .products import source_weights

    source_weights(*args)


@dataclass(frozen=True)
class RateMoments:
    """What a step needs of the rates of groups, (groups,) each: their mean, what follows from it.

    factor : e^{dt lambda}. own, bend : dt phi1(dt A)(1 + dt^2 kappa A1) is own dt phi1(dt A)
    (1 + bend Hdot), with A1 = -i Hdot + the rates' first moment.
    """

    mean: ComplexArray
    factor: ComplexArray
    own: ComplexArray
    bend: ComplexArray

    def of(self, groups: NDArray | slice) -> RateMoments:
        """Those of some groups."""
        mean, factor = self.mean[groups], self.factor[groups]
        return RateMoments(mean, factor, self.own[groups], self.bend[groups])


def rate_moments(step: float, mean: ComplexArray, slope: ComplexArray) -> RateMoments:
    """`RateMoments` from the mean and the first moment of the rates over a step."""
    bend = step**2 * chebyshev.kappa(step * mean)
    own = 1 + bend * slope
    return RateMoments(mean, np.exp(step * mean), own, -1j * bend / own)
