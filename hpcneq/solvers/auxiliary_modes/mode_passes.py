"""One step of the modes that a rank holds, block by block.

Modes of few levels are multiplied by whole matrices (`products`), those of more by recursions for
eight columns at a time (`sweeps`). Groups behind the ``carried`` first ones are fast
(`fast_poles`): the leader of a block adds their sums, and their matrices are written where somebody
reads them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray
from . import fast_poles
from .chains import FLOPS
from .polynomials import Planes, Polynomial, RateMoments
from .state import BlockState, Modes
from .stepping import Ends

FEW_LEVELS = 80  # up to which whole matrices are faster


@dataclass(frozen=True)
class Rates:
    """Rates of a step: of the ``carried`` first groups, of the fast ones behind them, and those of
    all, (groups,), at its end.
    """

    carried: int
    slow: RateMoments
    fast: RateMoments
    after: ComplexArray


@dataclass(frozen=True)
class Gap:
    """The step from ``start`` to ``end`` whose fast groups have not been written."""

    step: float
    rates: Rates
    start: Ends
    end: Ends


class Held:
    """The groups of a block's held chunks, one behind the other as their modes are in memory.

    groups (m,). places (m, 4): where its modes begin, its columns, the first, its pair of sums.
    runs : [(chunk, [(part of the groups, first column)])]. strength (m, N) of the sources of its
    columns. begin, end : the block's modes in the whole. kinds (N,) of columns: those of a kind
    have the same ``sources`` (kinds, all groups).
    """

    def __init__(self, state: BlockState, b: int, begin: int):
        system, chunks = state.system, state.share.mine[b]
        N = system.size(b)
        self.begin = begin
        self.runs: list[tuple[int, list[tuple[slice, int]]]] = []
        groups: list[int] = []
        places, strength, at = [], [], 0
        for k, chunk in enumerate(chunks):
            runs = []
            for own, columns in state.shapes[b, chunk]:
                count = columns.stop - columns.start
                runs.append((slice(len(groups), len(groups) + len(own)), columns.start))
                for g in own:
                    places.append((at, count, columns.start, 0 if b in state.green else k))
                    strength.append(np.zeros(N, complex))
                    strength[-1][:count] = system.sources(b, g)
                    at += count * N
                groups += own
            self.runs.append((chunk, runs))
        self.end = begin + at
        self.groups, self.places = np.array(groups), np.array(places)
        self.strength = np.array(strength).astype(state.dtype)
        whole = np.zeros((N, len(system.groups)), complex)
        for g in range(len(system.groups)):
            whole[system.columns(b, g), g] = system.sources(b, g)
        self.sources, self.kinds = np.unique(whole, axis=0, return_inverse=True)
        self.kinds = self.kinds.ravel()


class Scratch:
    """Memory of `products` for blocks of N levels with so many groups; grows with the terms."""

    def __init__(self, N: int, groups: int, kind: np.dtype):
        self.kind, real = kind, np.empty(0, kind).real.dtype
        self.T, self.UT = np.empty(0, real), np.empty((N, N), kind)
        S, P = np.empty((groups, N, 2 * N), real), np.empty((N, N), kind)
        self.work = (S, P, P.view(real), np.empty(4 * groups * N**2, real))
        self.few = np.zeros(3, kind), np.array([1, -1], real)

    def terms(self, count: int, columns: int) -> NDArray:
        """T for so many terms, (count, columns, 2N) real."""
        size = count * columns * 2 * len(self.UT)
        if len(self.T) < size:
            self.T = np.empty(size, self.T.dtype)
        return self.T[:size].reshape(count, columns, -1)

    def parts(self, functions: ComplexArray) -> NDArray:
        """Real, then imaginary parts of functions (m, terms): (2m, terms)."""
        return np.concatenate([functions.real, functions.imag]).astype(self.T.dtype)


class ModePasses:
    """Steps of the modes of the held chunks of a state."""

    def __init__(self, state: BlockState, planes: Planes):
        self.state, self.planes, self.flops = state, planes, 0.0
        self.held: dict[int, Held] = {}
        self._scratch: dict[int, Scratch] = {}
        at = 0
        for b in state.share.mine:
            self.held[b] = Held(state, b, at)
            at = self.held[b].end

    def advance(
        self,
        b: int,
        polynomial: Polynomial,
        rates: Rates,
        ends: tuple[Modes, Modes],
        sums: ComplexArray,
    ) -> ComplexArray | None:
        """Advance the modes of a block; returns U^T if the block is led.

        ends : modes of before and those to be written. sums (1 or chunks, 2, N, N) are added to,
        see `state.empty_sums`.
        """
        held, N = self.held[b], self.state.system.size(b)
        groups = held.groups[: int(np.searchsorted(held.groups, rates.carried))]
        own = rates.slow.of(groups), rates.after[groups]
        fast = None
        if b in self.state.green and len(rates.fast.mean):
            fast = self._fast_functions(held, polynomial, rates)
        if N <= FEW_LEVELS:
            return self._products(b, polynomial, own, fast, ends, sums)
        if fast is not None:
            self._add_fast(fast, held.kinds, polynomial, sums[0])
        self._sweeps(b, polynomial, own, ends, sums)
        return self.propagator(polynomial) if b in self.state.green else None

    def counted(self) -> float:
        """Flops since the last call."""
        flops, self.flops = self.flops, 0.0
        return flops

    def propagator(self, polynomial: Polynomial) -> ComplexArray:
        """U^T of a block."""
        UT = polynomial.propagator()
        self.flops += polynomial.flops(UT.dtype, UT.size)
        return UT

    def _fast_functions(self, held, polynomial, rates):
        """Functions (4 kinds, terms) of H of the fast groups, see `products.fast_sums`."""
        moments, after = rates.fast, rates.after[rates.carried :]
        terms = self._fast_terms(polynomial, moments)
        functions = polynomial.source_functions(moments, self.state.dtype, terms)
        sources = held.sources[:, rates.carried :]
        bent, changes = sources * moments.bend, sources * after
        weights = np.array([sources, bent, changes, changes * moments.bend])
        return weights.swapaxes(0, 1).reshape(-1, len(after)) @ functions

    def _fast_terms(self, polynomial, moments):
        """Terms of the functions of fast groups."""
        kind = self.state.dtype
        size = kind.itemsize // 2
        terms = fast_poles.terms(moments.mean, polynomial.step, polynomial.reach, size)
        return max(terms, polynomial.terms(kind))

    def _add_fast(self, fast, kinds, polynomial, sums):
        """Add the fast groups' sums to ``sums`` (2, N, N) by recursions."""
        from . import products  # needs numba at once

        kind = self.state.dtype
        _, *matrix = polynomial.numbers(kind)
        planes = self.planes.of(len(kinds) // 2, kind)[0][:3]
        products.fast_recursions(fast.astype(kind), kinds, tuple(matrix), sums.view(float), planes)
        self.flops += 2.0 * FLOPS[matrix[1].shape[1]] * fast.shape[1] * len(kinds) ** 2

    def _products(self, b, polynomial, own, fast, ends, sums):
        """`advance` by whole matrices."""
        from . import products  # needs numba at once

        held, kind, scratch = self.held[b], self.state.dtype, self._scratch_of(b)
        (moments, after), N = own, len(held.kinds)
        functions = polynomial.source_functions(moments, kind)
        count, terms = functions.shape
        most = terms if fast is None else fast.shape[1]
        T, UT = self._matrices(polynomial, scratch, most)
        flat, slopes = T.reshape(most, -1), polynomial.numbers(kind)[1]
        given = scratch.work, scratch.few
        if fast is not None:
            own_sums = sums[0].view(float)
            products.fast_sums(scratch.parts(fast), held.kinds, slopes, flat, own_sums, *given)
        old, new = (modes.flat[held.begin : held.end] for modes in ends)
        factor, bend = moments.factor.astype(kind), moments.bend.astype(kind)
        products.advance(
            old,
            new.view(T.dtype),
            held.places[:count],
            (factor, bend, scratch.parts(functions), held.strength[:count]),
            slopes,
            after,
            sums.view(float),
            (scratch.UT, flat[:terms]),
            *given,
        )
        self.flops += 8.0 * N * (held.places[:count, 1].sum() * N + count * terms * T.shape[1])
        return UT

    def _scratch_of(self, b):
        """Scratch memory for a block."""
        held = self.held[b]
        N = len(held.kinds)
        if N not in self._scratch:
            rows = max(len(self.state.system.groups), 4 * len(held.sources))
            self._scratch[N] = Scratch(N, rows, self.state.dtype)
        return self._scratch[N]

    def _matrices(self, polynomial, scratch, terms):
        """(T[k] for so many terms, U^T), see `products`; U^T is in the scratch memory, too."""
        from . import products  # needs numba at once

        kind, N = self.state.dtype, len(scratch.UT)
        c, _, coef, half = polynomial.numbers(kind)
        T = scratch.terms(terms, N // 2 if polynomial.mirrored else N)
        planes = self.planes.of(N // 2, kind)[0][:3]
        double = kind.itemsize == 16
        if not double:
            scratch.UT[:] = UT = self.propagator(polynomial)
            c = c[:0]
        target = scratch.UT.view(T.dtype)[None]
        products.chebyshev_matrices(c, coef, half, T, target, planes)
        self.flops += FLOPS[coef.shape[1]] * terms * N * T.shape[1]
        return T, scratch.UT.copy() if double else UT

    def _sweeps(self, b, polynomial, own, ends, sums):
        """`advance` by recursions."""
        held, (moments, after) = self.held[b], own
        functions = polynomial.source_functions(moments, self.state.dtype)
        for k, (chunk, runs) in enumerate(held.runs):
            mine = total = sums[k % len(sums)]
            if len(runs) > 1:  # a chunk is summed before it is added, whoever holds it
                mine = np.zeros_like(total)
            arrays = zip(*(modes[b, chunk] for modes in ends))
            for (part, first), ((_, _, old), (_, _, new)) in zip(runs, arrays):
                part = slice(part.start, min(part.stop, len(after)))
                count = part.stop - part.start
                if count <= 0:
                    continue
                strength = held.strength[part, : old.shape[1]]
                given = moments, part, functions, strength, first, after, mine
                polynomial.advance(old[:count], new[:count], *given)
                self.flops += polynomial.flops(old.dtype, old[:count].size)
            if mine is not total:
                total += mine

    def complete(self, b: int, polynomial: Polynomial, fast: RateMoments, modes: Modes) -> None:
        """Write the fast groups' modes at the end of the step of ``polynomial``.

        fast : of the groups from the first fast one on.
        """
        held = self.held[b]
        carried = len(self.state.system.groups) - len(fast.mean)
        at = int(np.searchsorted(held.groups, carried))
        if at == len(held.groups):
            return
        own = fast.of(held.groups[at:] - carried)
        functions = polynomial.source_functions(
            own, self.state.dtype, self._fast_terms(polynomial, fast)
        )
        nothing = np.zeros((0, 2, 2), complex)
        after = np.zeros(len(own.mean), complex)
        for chunk, runs in held.runs:
            for (part, first), (_, _, array) in zip(runs, modes[b, chunk]):
                begin = max(part.start, at)
                if begin >= part.stop:
                    continue
                target = array[begin - part.start :]
                strength = held.strength[begin : part.stop, : array.shape[1]]
                groups = slice(begin - at, part.stop - at)
                given = own, groups, functions, strength, first, after, nothing
                polynomial.advance(target, target, *given)
