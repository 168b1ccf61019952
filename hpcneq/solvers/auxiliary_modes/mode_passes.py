"""One step of the modes that a rank holds, block by block.

Modes of blocks with few levels are multiplied by whole matrices (`products`), others by recursions
for eight columns at a time (`sweeps`). Groups behind the ``carried`` first ones are fast
(`fast_poles`): the leader of a block adds their sums, and their matrices are written where somebody
reads them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...maths.arrays import ComplexArray
from ..aligned import aligned_zeros
from . import chebyshev, fast_poles
from .polynomials import Planes, Polynomial, RateMoments
from .rates import Rates
from .state import BlockState, Modes

# of a block for which whole matrices are faster; smaller ones take no time, but their kernel takes
# longer to compile
LEVELS = range(25, 81)


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
        places: list[tuple[int, ...]] = []
        strength: list[NDArray] = []
        at = 0
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
    """Memory of `products` for blocks of N levels, for so many groups at a time; T grows."""

    def __init__(self, N: int, groups: int, kind: np.dtype):
        self.N, real = N, np.empty(0, kind).real.dtype
        self.T, P = np.empty(0, real), aligned_zeros((4 * N, N), kind)
        room = aligned_zeros(4 * groups * N**2, real)
        self.work = (aligned_zeros((groups, N, 2 * N), real), P, P.view(real), room)
        real_U = aligned_zeros((2 * N, 2 * N), real)
        self.few = np.zeros((4, 4), complex), np.array([1, -1], real), real_U

    def terms(self, count: int, columns: int) -> NDArray:
        """T for so many terms, (count, columns, 2N) real."""
        size = count * columns * 2 * self.N
        if len(self.T) < size:
            self.T = aligned_zeros(size, self.T.dtype)
        return self.T[:size].reshape(count, columns, -1)


class ModePasses:
    """Steps of the modes of the held chunks of a state."""

    def __init__(self, state: BlockState, planes: Planes):
        self.state, self.planes = state, planes
        self.flops = 0.0
        self.held: dict[int, Held] = {}
        self._scratch: dict[tuple[int, int], Scratch] = {}
        self._step: Rates | None = None  # that of the cache
        self._cache: dict[object, tuple] = {}
        none = np.zeros(0, complex)
        self.no_fast = none, none, np.zeros((4, 0), complex)
        at = 0
        tables: dict[tuple, NDArray] = {}
        for b in state.share.mine:
            self.held[b] = held = Held(state, b, at)
            held.sources = tables.setdefault(
                (len(held.sources), held.sources.tobytes()), held.sources
            )
            at = held.end

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
        held, own = self.held[b], self.own(b, rates)
        leads = b in self.state.green
        adds = leads and len(rates.fast.mean) > 0
        if len(held.kinds) in LEVELS:
            return self._products(b, polynomial, rates, own, adds, ends, sums)
        if adds:
            self._add_fast(held, rates, polynomial, sums[0])
        self._sweeps(b, polynomial, own[:2], ends, sums)
        return self.propagator(polynomial) if leads else None

    def own(self, b: int, rates: Rates) -> tuple:
        """Of the carried groups held of a block: their moments, rates at the end, and factors and
        bends in the modes' precision.
        """
        cache, held = self._cache_of(rates), self.held[b]
        first = held.groups[0]
        part = slice(first, max(first, min(held.groups[-1] + 1, rates.carried)))
        key = part.start, part.stop
        if key not in cache:
            moments, kind = rates.slow.of(part), self.state.dtype
            rounded = moments.factor.astype(kind), moments.bend.astype(kind)
            cache[key] = (moments, rates.after[part], *rounded)
        return cache[key]

    def _cache_of(self, rates):
        """What has been found of the rates of a step; nothing of another one's is kept."""
        if self._step is not rates:
            self._step, self._cache = rates, {}
        return self._cache

    def counted(self) -> float:
        """Flops since the last call."""
        flops, self.flops = self.flops, 0.0
        return flops

    def propagator(self, polynomial: Polynomial, kind: DTypeLike = complex) -> ComplexArray:
        """U^T of a block, in a precision."""
        UT = polynomial.propagator(np.dtype(kind))
        self.flops += polynomial.flops(UT.dtype, UT.size)
        return UT

    def _fast_weights(self, held, rates):
        """Weights (4 kinds, fast groups) of the functions of H, see `products.advance`."""
        key, cache = id(held.sources), self._cache_of(rates)
        if key not in cache:
            moments, after = rates.fast, rates.after[rates.carried :]
            sources = held.sources[:, rates.carried :]
            bent, changes = sources * moments.bend, sources * after
            parts = np.array([sources, bent, changes, changes * moments.bend])
            cache[key] = parts.swapaxes(0, 1).reshape(-1, len(after))
        return cache[key]

    def fast_arguments(self, held: Held, rates: Rates) -> tuple[ComplexArray, ...]:
        """Of the fast groups what `products.advance` gets."""
        return rates.fast.mean, rates.fast.own, self._fast_weights(held, rates)

    def _fast_terms(self, polynomial, moments):
        """Terms of the functions of fast groups."""
        kind = self.state.dtype
        size = kind.itemsize // 2
        terms = fast_poles.terms(moments.mean, polynomial.step, polynomial.reach, size)
        return max(terms, polynomial.terms(kind))

    def _add_fast(self, held, rates, polynomial, sums):
        """Add the fast groups' sums to ``sums`` (2, N, N) by recursions."""
        from . import columns  # needs numba at once

        kind, kinds = self.state.dtype, held.kinds
        terms = self._fast_terms(polynomial, rates.fast)
        functions = polynomial.source_functions(rates.fast, kind, terms)
        functions = (self._fast_weights(held, rates) @ functions).astype(kind)
        _, *matrix = polynomial.numbers(kind)
        planes = self.planes.of(len(kinds) // 2, kind)[0]
        columns.fast_recursions(functions, kinds, tuple(matrix), sums.view(float), planes)
        self.flops += 2.0 * polynomial.flops_of_term * terms * len(kinds) ** 2

    def _products(self, b, polynomial, rates, own, adds, ends, sums):
        """`advance` by whole matrices; ``adds`` : whether the fast groups are added."""
        from . import products  # needs numba at once

        held, scratch = self.held[b], self._scratch_of(b)
        kind = self.state.dtype
        moments, after, factor, bend = own
        count, N = len(after), len(held.kinds)
        terms = most = polynomial.terms(kind)
        fast = self.no_fast
        if adds:
            most = self._fast_terms(polynomial, rates.fast)
            fast = self.fast_arguments(held, rates)
        c, *matrix = polynomial.numbers(kind)
        UT = U = np.empty((N, N), complex)
        if kind.itemsize < 16:
            UT = self.propagator(polynomial)
            U, c = UT.astype(kind), c[:0]
        T = scratch.terms(most, N // 2 if polynomial.mirrored else N)
        old, new = (modes.flat[held.begin : held.end] for modes in ends)
        products.advance(
            (old, new.view(T.dtype)),
            held.places[:count],
            (factor, bend, held.strength[:count]),
            (moments.mean, moments.own, after),
            fast,
            polynomial.step,
            polynomial.radius,
            (*chebyshev.nodes(terms), *chebyshev.nodes(most)),
            held.kinds,
            sums.view(float),
            tuple(matrix),
            c,
            T,
            U,
            scratch.work,
            scratch.few,
            self.planes.of(N // 2, kind)[0],
        )
        self.flops += 8.0 * N * (held.places[:count, 1].sum() * N + count * terms * T.shape[1])
        self.flops += polynomial.flops_of_term * most * N * T.shape[1]
        return UT

    def _scratch_of(self, b):
        """Scratch memory for a block."""
        held = self.held[b]
        key = len(held.kinds), len(held.sources)
        if key not in self._scratch:
            self._scratch[key] = Scratch(key[0], 4 * key[1], self.state.dtype)
        return self._scratch[key]

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

    def fast_diagonals(
        self, b: int, polynomial: Polynomial, fast: RateMoments, diagonals: ComplexArray
    ) -> None:
        """Write the diagonals (groups, N) of what `complete` would write of a block."""
        held = self.held[b]
        carried = len(diagonals) - len(fast.mean)
        at = int(np.searchsorted(held.groups, carried))
        if at == len(held.groups):
            return
        groups = held.groups[at:]
        own, count = fast.of(groups - carried), self._fast_terms(polynomial, fast)
        functions = polynomial.source_functions(own, self.state.dtype, count)
        entries, slopes = polynomial.diagonals(count)
        bent = (entries * slopes.T).sum(1)
        values = functions @ entries[:, 0] + own.bend[:, None] * (functions @ bent)
        for k, (_, columns, first, _) in enumerate(held.places[at:]):
            part = slice(first, first + columns)
            diagonals[groups[k], part] = held.strength[at + k, :columns] * values[k, part]

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
