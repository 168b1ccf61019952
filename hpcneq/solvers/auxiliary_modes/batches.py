"""Blocks of few levels whose steps are done by one compiled call for all of them.

A call of a kernel costs as much as the product of two small matrices. Blocks that a rank holds
whole, of one size and with the same sources, are a batch.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ..aligned import aligned_zeros
from . import chains, chebyshev, fast_poles, mode_passes
from .mode_passes import ModePasses, Rates, Scratch
from .polynomials import DOUBLE, SMALLEST, TERMS, degree_on_grid
from .state import BlockState, Green, Modes
from .workspace import Generation, Work, entries

Moments = tuple[ComplexArray, ComplexArray]  # mean and first moment of the mean field over a step


class Batch:
    """Some blocks of N levels. Its methods return the flops they did.

    coef (blocks, 2, n, 10 or 14), c (blocks, terms), slopes (blocks, 2n, 2), radii (blocks,) are
    those of H_eff, see `chains.effective_of`.
    """

    def __init__(self, state: BlockState, blocks: list[int], passes: ModePasses, work: Work):
        self.state, self.system = state, state.system
        self.blocks = blocks
        self.passes, self.work = passes, work
        self.held = passes.held[blocks[0]]
        self.N = N = len(self.held.kinds)
        n = N // 2
        own = [self.system.chain(b) for b in blocks]
        self.hop, self.level = (np.array(parts) for parts in zip(*own))
        self.places = self._places()
        self.probes = self._probes()
        empty = np.zeros(self.system.unknowns, complex)
        self.shifted = self.system.local_fields(blocks[0], empty)[1] is not None
        count = len(blocks)
        self.coef = np.empty((count, 2, n, 14 if self.shifted else 10))
        self.slopes = np.empty((count, N, 2), complex)
        self.c, self.radii = np.empty((count, TERMS)), np.empty(count)
        self.resting = np.zeros((count, 2, n))
        self.columns = N
        if mirrored(state, blocks[0], passes):
            self.columns = n
        kind = state.dtype
        self.real = np.empty(0, kind).real.dtype
        self.scratch = Scratch(N, 4 * len(self.held.sources), kind)
        self.UT = aligned_zeros((N, N), kind)
        self.planes, near = passes.planes.of(n, kind)[0], (work.near, work.rows)
        exact_planes = passes.planes.of(n, DOUBLE)[0]
        scratch = self.scratch.work, self.scratch.few
        self.constant = (*scratch, self.planes, exact_planes, work.matrices, near)
        self.bank: tuple[Any, FloatArray, IntArray] = None, np.zeros(0), np.zeros((0, 2), int)

    def _places(self):
        """Of each block: the place of its matrices, its modes' begin and end, its number."""
        starts, at = {}, 0
        for b, G in self.state.green.items():
            starts[b] = at
            at += G.size
        held = self.passes.held
        return np.array([(starts[b], held[b].begin, held[b].end, b) for b in self.blocks])

    def _probes(self):
        """Entries of rows, unknowns and factors of what the mean field reads, (blocks, probes)."""
        own = [self.system.probe(b)[2:] for b in self.blocks]
        sites, factors = (np.array(parts) for parts in zip(*own))
        return np.array([entries(self.system, b) for b in self.blocks]), sites, factors

    def _fields(self, c, plain):
        """Pairing (blocks, n) for a mean field and shifts of levels (blocks, 2, n) added to those
        of ``plain``.
        """
        fields = [self.system.local_fields(b, c) for b in self.blocks]
        pairing = np.array([own for own, _ in fields])
        if not self.shifted:
            return pairing, plain
        return pairing, plain + np.array([shifts for _, shifts in fields])

    def _chains(self, c):
        """Hops, levels and pairing for a mean field."""
        pairing, level = self._fields(c, self.level)
        return self.hop, level, pairing

    def _expand(self, step, field):
        """H_eff of a step; returns the terms of U in double precision and in that of the modes."""
        from . import batched  # needs numba at once

        mean, slope = field
        of_mean, moving = self._chains(mean), self._fields(slope, self.resting)
        given = self.coef, self.slopes, self.c, self.radii
        batched.expand(of_mean, moving, step, *given)
        reaches = self.radii * step
        exact = terms = degree_on_grid(reaches, SMALLEST[8])
        if self.state.dtype != complex:
            terms = degree_on_grid(reaches, SMALLEST[4])
        most = max(exact.max(), terms.max())
        if most > self.c.shape[1]:
            self.c = np.empty((len(self.blocks), most))
            return self._expand(step, field)
        return exact, terms

    def _rounded(self, *arrays):
        """Arrays in the modes' precision."""
        if self.state.dtype == complex:
            return arrays
        kinds = {"f": np.float32, "c": np.complex64}
        return tuple(array.astype(kinds[array.dtype.kind]) for array in arrays)

    def predict(
        self,
        step: float,
        field: Moments,
        c: ComplexArray,
        weights: tuple[FloatArray, FloatArray],
        before: tuple[Green, Green, Green],
        history: tuple[Green, Green],
        keeps: tuple[Green, Green],
        table: ComplexArray,
    ) -> float:
        """`greens.predict` of its blocks; adds what the mean field reads to ``table``.

        field : the moments of the step. c : the mean field at its end. weights : times and W of
        `greens.predict_block`. before : G, X, Z. history : U and X of the step before. keeps :
        where what U carries to the end, and G, are written.
        """
        from . import batched  # needs numba at once

        _, terms = self._expand(step, field)
        batched.predict(
            self.places,
            terms,
            self._rounded(self.c, self.coef),
            self.columns,
            self._chains(c),
            weights,
            self.system.damping,
            tuple(matrices.flat for matrices in before),
            self._rounded(*(matrices.flat for matrices in history)),
            tuple(matrices.flat for matrices in keeps),
            self.probes,
            table,
            self.UT,
            self.planes,
            self.work.rough,
            (self.work.near, self.work.rows),
        )
        products = 16.0 * self.N**3 * len(self.blocks) * (2 if weights[0][1] > 0 else 1)
        return products + self._flops_of_terms() * float(terms.sum()) * self.N

    def advance(
        self,
        step: float,
        field: Moments,
        rates: Rates,
        modes: tuple[Modes, Modes],
        c: ComplexArray,
        W: FloatArray,
        generation: Generation,
        greens: tuple[Green, Green],
        table: ComplexArray,
    ) -> float:
        """Modes, what acts at the end of the step, and G there; adds what the mean field reads.

        modes : of before and those to be written. c : mean field of H at the end. greens : what U
        carries to the end, and G there. table : see `predict`.
        """
        from . import batched  # needs numba at once

        exact, terms = self._expand(step, field)
        most, old_new = terms, (modes[0].flat, modes[1].flat.view(self.real))
        moments, after, factor, bend = self.passes.own(self.blocks[0], rates)
        count, fast = len(after), self.passes.no_fast
        if len(rates.fast.mean):
            most = np.maximum(terms, self._fast_terms(step, rates))
            fast = self.passes.fast_arguments(self.held, rates)
        bank, orders = self._bank(terms, most, exact)
        T = self.scratch.terms(int(most.max()), self.columns).reshape(-1)
        batched.advance(
            (self.places, orders, self.radii, bank),
            (step, self.system.damping, self.system.white),
            self.columns,
            old_new,
            (self.held.places[:count], self.held.kinds),
            (factor, bend, self.held.strength[:count]),
            (moments.mean, moments.own, after),
            fast,
            self._rounded(self.slopes, self.c, self.coef),
            (self.c, self.coef),
            self._chains(c),
            W,
            (generation.U.flat, generation.X.flat, generation.Z.flat, greens[1].flat),
            greens[0].flat,
            self.probes,
            table,
            (T, self.UT, self.work.sums),
            *self.constant,
        )
        return self._flops(count, exact, terms, most)

    def _flops(self, count, exact, terms, most):
        """Those of `advance` for ``count`` carried groups."""
        N, blocks = self.N, len(self.blocks)
        columns = float(self.held.places[:count, 1].sum())
        flops = 8.0 * N**2 * blocks * columns + 16.0 * N**3 * blocks
        flops += 8.0 * N * count * float(terms.sum()) * self.columns
        if self.state.dtype != complex:
            flops += self._flops_of_terms() * float(exact.sum()) * N
        return flops + self._flops_of_terms() * float(most.sum()) * self.columns

    def _flops_of_terms(self):
        """What a term of H costs for a column."""
        return chains.FLOPS[self.coef.shape[3]] * self.N

    def _fast_terms(self, step, rates):
        """`fast_poles.terms` of all blocks."""
        nearest = -float(rates.fast.mean.real.max()) * step / (self.radii * step)
        size = self.state.dtype.itemsize // 2
        fall = np.log(nearest + np.sqrt(1 + nearest**2))
        return 1 + np.ceil(-log(fast_poles.ACCURACY[size]) / fall).astype(int)

    def _bank(self, terms, most, exact):
        """All nodes and their matrices one behind the other, and for each block the terms and the
        place of its nodes, for carried and for fast groups, and the terms of U.
        """
        key = terms.tobytes() + most.tobytes() + exact.tobytes()
        if self.bank[0] != key:
            parts, starts = [], {}
            at = 0
            for count in {*terms.tolist(), *most.tolist()}:
                nodes, basis = chebyshev.nodes(count)
                parts += [nodes, basis.ravel()]
                starts[count] = at
                at += nodes.size + basis.size
            places = ([starts[m] for m in each.tolist()] for each in (terms, most))
            columns = [(each, place) for each, place in zip((terms, most), places)]
            orders = np.array([*columns[0], *columns[1], exact]).T
            self.bank = key, np.concatenate(parts), np.ascontiguousarray(orders)
        return self.bank[1:]


def mirrored(state: BlockState, b: int, passes: ModePasses) -> bool:
    """Whether columns of holes of a block are told by those of electrons, see `Polynomial`."""
    system = state.system
    shifts = system.local_fields(b, np.zeros(system.unknowns, complex))[1]
    return shifts is None and passes.planes.mirrored(b, system.chain(b)[1])


def batches(state: BlockState, passes: ModePasses, work: dict[int, Work]) -> list[Batch]:
    """Batches of the blocks that this rank holds whole."""
    alike: dict[object, list[int]] = {}
    for b in state.green:
        N = state.system.size(b)
        if N in mode_passes.LEVELS and len(state.share.holders(b)) == 1:
            held = passes.held[b]
            parts = held.places, held.strength, held.sources, held.kinds
            key = N, mirrored(state, b, passes), *(part.tobytes() for part in parts)
            alike.setdefault(key, []).append(b)
    return [
        Batch(state, blocks, passes, work[state.system.size(blocks[0])])
        for blocks in alike.values()
    ]
