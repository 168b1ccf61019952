"""Polynomials of a block's H_eff, a chain's Nambu matrix, on its modes: exp(-i dt H_eff), phi1.

H_eff = Hbar + i (dt^2/12) [Hbar, Hdot] of the fourth-order Magnus expansion couples what the
kernels of `chains` know: the levels of a site and of its neighbours on a ring.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray
from ..protocols import AuxiliaryModes
from . import chains, chebyshev
from .stepping import source_coefficients

# J_k(reach) below which no more than two further terms are kept, by the bytes of a real number
SMALLEST = {8: 1e-13, 4: 1e-7}
POWERS = np.array([1, 1j, -1, -1j])  # of i


class Planes:
    """Scratch memory of the kernels, kept for each size of a block."""

    def __init__(self) -> None:
        self._planes: dict[tuple[int, int], tuple[NDArray, ...]] = {}
        self._zeros: dict[int, FloatArray] = {}

    def of(self, n: int, real: np.dtype) -> tuple[NDArray, ...]:
        """P, B, C, S for chains of n sites."""
        key = (n, real.itemsize)
        if key not in self._planes:
            planes = [np.empty((n, 4 * chains.LANES), real) for _ in range(3)]
            self._planes[key] = (*planes, np.empty((n, 8 * chains.LANES)))
        return self._planes[key]

    def zeros(self, n: int) -> FloatArray:
        """A mode that is 0, (1, 2n, 4n) real."""
        if n not in self._zeros:
            self._zeros[n] = np.zeros((1, 2 * n, 4 * n))
        return self._zeros[n]


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
        D, shifts = system.local_fields(b, mean)
        self.pairing_slope, self.shift_slope = system.local_fields(b, slope)
        self.n = len(hop)
        if shifts is not None:
            level = level + shifts
        columns = self._columns(hop, level, D)
        if self.shift_slope is not None:
            columns += self._phases(hop, self.shift_slope)
        H = np.stack(columns, axis=1)
        self.radius = float(_row_sums(H).max())
        self.coef = H * (2 / self.radius)
        self.reach = self.radius * step
        self._rounded: dict[tuple[int, int], tuple[NDArray, NDArray, NDArray]] = {}

    def _columns(self, hop, level, D):
        """The first ten columns of `chains`' coefficients, of H_eff itself."""
        left, E, small = np.roll(hop, 1), self.pairing_slope, self.step**2 / 12
        turn = 2 * small * (D * E.conj()).imag
        own = -D + 1j * small * E * (level[1] - level[0])
        if self.shift_slope is not None:
            own = own + 1j * small * D * (self.shift_slope[0] - self.shift_slope[1])
        to_left = -1j * small * left * (E + np.roll(E, 1))
        to_right = np.roll(to_left, -1)
        columns = [left, hop, level[0] - turn, level[1] + turn]
        for couples in (own, to_left, to_right):
            columns += [couples.real, couples.imag]
        return columns

    def _phases(self, hop, slope):
        """The last four columns: the imaginary parts of hops between levels that move."""
        small, columns = self.step**2 / 12, []
        for sign, moving in zip((1, -1), slope):
            right = sign * small * hop * (np.roll(moving, -1) - moving)
            columns += [-np.roll(right, 1), right]
        return columns

    def terms(self, size: int) -> int:
        """Terms for real numbers of so many bytes."""
        return chebyshev.degree(self.reach, SMALLEST[size])

    def _numbers(self, real, terms):
        """c_k, coefficients of H and half of them, as real numbers of a kind."""
        key = (real.itemsize, terms)
        if key not in self._rounded:
            c = chebyshev.bessel_coefficients(self.reach, terms).astype(real)
            self._rounded[key] = c, self.coef.astype(real), (0.5 * self.coef).astype(real)
        return self._rounded[key]

    def flops(self, terms: int, entries: int) -> float:
        """What so many complex entries cost."""
        return chains.FLOPS[self.coef.shape[1]] * terms * entries

    def propagator(self) -> ComplexArray:
        """exp(-i step H_eff), transposed: (2n, 2n)."""
        n, terms = self.n, self.terms(8)
        UT = np.empty((1, 2 * n, 2 * n), complex)
        source = np.zeros((1, 2 * n, 2), complex)
        source[..., 0] = 1
        c, coef, half = self._numbers(UT.real.dtype, terms)
        chains.advance(
            self.planes.zeros(n),
            UT.view(float),
            np.zeros(1, complex),
            0 * c,
            c[None].astype(complex),
            source,
            0,
            coef,
            half,
            np.zeros(1, complex),
            np.zeros((0, 2 * n, 4 * n)),
            *self.planes.of(n, c.dtype),
        )
        return UT[0]

    def source_functions(
        self, rates: ComplexArray, slopes: ComplexArray, terms: int
    ) -> tuple[ComplexArray, ComplexArray]:
        """Coefficients (groups, terms) of dt phi1(dt A)(1 + dt^2 kappa A1), and the weights
        (groups,) of Hdot in what they act on, for rates of this mean and first moment.
        """
        bend = self.step**2 * chebyshev.kappa(self.step * rates)
        own = 1 + bend * slopes
        weights = source_coefficients(self.step, rates, self.radius, terms) * own[:, None]
        return weights * POWERS[np.arange(terms) % 4], -1j * bend / own

    def sources(self, strength: ComplexArray, factor: ComplexArray, first: int) -> ComplexArray:
        """(1 + factor Hdot) on the sources of columns from ``first`` on, as the kernels read it.

        strength (groups, columns), factor (groups,): (groups, columns, 2).
        """
        own, E = np.zeros(2 * self.n), self.pairing_slope
        if self.shift_slope is not None:
            own = self.shift_slope.ravel()
        columns = slice(first, first + strength.shape[1])
        other = -np.concatenate([E.conj(), E])
        both = np.stack([own[columns], other[columns]], axis=-1) * factor[:, None, None]
        both[..., 0] += 1
        return both * strength[..., None]

    def advance(
        self,
        old: NDArray,
        new: NDArray,
        factor: ComplexArray,
        functions: ComplexArray,
        source: ComplexArray,
        first: int,
        rates: ComplexArray,
        sums: ComplexArray,
    ) -> None:
        """new = U factor old + the functions of H on the sources; see `chains`.

        old, new (groups, columns, 2n) complex; the new modes, plain and times ``rates``, are added
        to ``sums`` (2, 2n, 2n).
        """
        kind, real = old.dtype, old.real.dtype
        c, coef, half = self._numbers(real, functions.shape[1])
        chains.advance(
            old.view(real),
            new.view(real),
            factor.astype(kind),
            c,
            functions.astype(kind),
            source.astype(kind),
            first,
            coef,
            half,
            rates,
            sums.view(float),
            *self.planes.of(self.n, real),
        )


def _row_sums(H):
    """Sums of the absolute values of each row of up and of hole."""
    pairs = np.abs(H[:, 4::2][:, :3] + 1j * H[:, 5::2][:, :3]).sum(axis=1)
    hops = np.abs(H[:, :2])
    both = [hops, hops]
    if H.shape[1] > 10:
        both = [np.hypot(hops, H[:, k : k + 2]) for k in (10, 12)]
    return np.array([hop.sum(axis=1) + pairs + np.abs(H[:, 2 + a]) for a, hop in enumerate(both)])
