"""Exponential integrator for a mean field with bath modes, as a TS of type ``python``.

Per step, with Delta (and H) a cubic Hermite polynomial
in time:

1. H_eff of the fourth-order Magnus expansion, Hbar + i (dt^2/12) [Hbar, Hdot], from mean and first
   moment of H;
2. Pi_g <- e^{lambda_g dt} U Pi_g + S_g with U = e^{-i dt H_eff} and every source
   S_g = dt phi1(dt A)(1 + dt^2 kappa A1) s_g, A = -i H_eff + lambda_g, A1 = -i Hdot + lambda'_g,
   as one Chebyshev series of H_eff applied to eight columns at a time, which also adds the new
   modes to their sums (`sweeps`), or with matrices of few levels by their products (`products`);
   modes whose memory is short against dt are functions of H_eff alone (`fast_poles`);
3. G <- U [e^{-damping dt} G + W0 X + W1 Z] U^+ + W2 X' + W3 Z' with X = i (white + Q + Q^+),
   Z = dX/dt + i [H, X]: exact weights of e^{-damping s} against the cubic Hermite polynomial of X
   carried by U, undamped.

Of a prediction of G the mean field reads what is next to the diagonal: only that is computed. The
mean field at the end is found by prediction and correction; the history only predicts, and the
first step of a segment, which has none, makes one more pass over the modes. Order 4 for smooth
motion. A jump of the drive leaves transients exp(-w_p t) in modes faster than the step that its
first step does not resolve: a single error of order dt^2, small, which cancels between mirrored
leads of equal coupling but not between unequal ones (choose dt by the error estimate there). A
stationary state of mirrored leads is an exact fixed point for any step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ...maths.arrays import ComplexArray, FloatArray
from ...maths.subnormals import without_subnormals
from ...parallel import Part, placed
from . import greens
from .batches import batches
from .mode_passes import ModePasses
from .observation import Diagonals
from .polynomials import Planes, Polynomial
from .rates import Gap, Rates, rates_of
from .state import BlockState, Modes
from .stepping import GAUSS, Ends, Read, Stepper, hermite, memory_weights, moments
from .workspace import Generation, Generations, Work, entries, green_like

Blocks = dict[int, ComplexArray]  # a matrix of each led block


class Exponential(Stepper):
    """Context of the python TS for a `BlockState`, whose Green functions the Vec views.

    corrector : further passes over the modes in each step.
    """

    def __init__(self, state: BlockState, corrector: int = 0):
        super().__init__()
        self.state, self.system, self.corrector = state, state.system, corrector
        self.spare, self.planes = state.allocate(), Planes()
        self.old_green, self.base = green_like(state), green_like(state)
        self.generations = Generations(state)
        self.work = {len(G): Work(len(G), state.dtype) for G in state.green.values()}
        self.entries = {b: entries(self.system, b) for b in state.green}
        self.mode_passes = ModePasses(state, self.planes)
        self.batches = batches(state, self.mode_passes, self.work)
        batched = {b for batch in self.batches for b in batch.blocks}
        self.single = [b for b in state.share.mine if b not in batched]
        self.lone = [b for b in self.single if b in state.green]
        self.rates: Rates | None = None  # of the last step
        state.account = self.account
        self.whole = {b for b in state.green if len(state.share.holders(b)) == 1}
        self.carried = len(self.system.groups)  # with matrices in the last step
        self.gap: Gap | None = None
        self.old_gap: Gap | None = None
        self.before: Ends | None = None
        self.old_history: tuple | None = None

    # -- what PETSc calls --------------------------------------------------------------------------
    def rollback(self, ts: Any) -> None:
        """Return to the state before the last step, modes and history included."""
        if self.before is None:
            raise RuntimeError("exponential integrator: there is no step to roll back")
        self.rollbacks += 1
        self.swap()
        self.state.green.flat[:] = self.old_green.flat
        self.generations.back()
        self.now, self.history = self.before, self.old_history
        self.before = None
        self._miss(self.old_gap)
        ts.getSolution().stateIncrease()

    def interpolate(self, ts: Any, t: float, u: Any) -> None:
        """G inside the last step by the integrator's own formula (fourth order), into the Vec
        ``u``.
        """
        target = self.state.view_green(u.getArray())
        for b, G in self.dense(t).items():
            target[b][:] = G

    # -- the method --------------------------------------------------------------------------------
    def start(self, t: float, step: float | None = None) -> None:
        """Forget the history: where the drive jumps and before the first step. **Collective.**"""
        self.begin_grid(t, step)
        self.before = None
        state = self.state
        self.now = self.end(t, state.green, state.mean_field(state.green), state.modes, +1)

    def bounded(self, ends: Ends, step: float) -> Ends:
        """Also refuses ends whose commutator in H_eff turns too far, see `effective`."""
        super().bounded(ends, step)
        size = self.state.levels + np.abs(ends.c).max(initial=0.0)
        self.refuse_turn(step**3 / 6 * size * np.abs(ends.v).max(initial=0.0))
        return ends

    def swap(self) -> None:
        """Make the other generation of modes the current one."""
        self.state.held_modes, self.spare = self.spare, self.state.held_modes

    def end(self, t: float, green: Blocks, c: ComplexArray, modes: Modes, side: int) -> Ends:
        """X, Z and the mean field's velocity at one end of a step. **Collective.**"""
        X, Z = green_like(self.state), green_like(self.state)
        for b, QL in self.state.mode_sums(modes, self.system.rates_at(t, side)).items():
            self._sources(b, QL, c, X, Z)
        return Ends(*self.field(green, c, X), X, Z)

    def _sources(self, b, QL, c, X, Z):
        """Write X and Z of a led block from the sums over its modes, with H taken at ``c``."""
        Q, L = QL
        work, white = self.work[len(Q)].matrices, self.system.white
        greens.sources(Q, L, *self._chain(b, c), white, X[b], Z[b], work)

    def _chain(self, b, c):
        """Hops, levels and pairing of a block for the mean field ``c``."""
        hop, level = self.system.chain(b)
        pairing, shifts = self.system.local_fields(b, c)
        if shifts is not None:
            level = level + shifts
        return hop, level, pairing

    def field(self, green: Blocks, c: ComplexArray, X: Blocks) -> tuple[ComplexArray, ComplexArray]:
        """Mean field of ``green`` and its velocity, with H taken at ``c``. **Collective.**"""
        rows = {}
        for b, G in green.items():
            work = self.work[len(G)]
            damping = self.system.damping
            greens.field(G, X[b], *self._chain(b, c), damping, work.near, work.rows)
            rows[b] = work.entries(self.entries[b])
        mean, velocity = self.state.mean_of_rows(rows)
        return mean, velocity

    @without_subnormals
    def advance(self, t: float, step: float) -> None:
        """(Pi, G)(t) -> (t + step). **Collective.**"""
        state = self.state
        rates = rates_of(self.system, t, step, t - self.origin, self.rates)
        self.rates = rates
        if self.gap is not None and rates.carried > self.gap.rates.carried:
            self.complete()
        passes = 1 + self.corrector
        if self.history is None:
            passes += 1
        W, start = memory_weights(self.system.damping, step), self.now
        end = self.bounded(self.predict(step, W), step)
        new = self.generations.following()
        for _ in range(passes):
            table = self.mode_pass(step, rates, end, W, new)
            last = self.bounded(self.carry(self.lone, W, new, end.c, table), step)
            if self.history is None:  # U itself is only third order then: one inner iteration
                for b, UT in self.propagators(state.green, step, last).items():
                    new.U[b][:] = UT
                last = self.bounded(self.carry(state.green, W, new, last.c, state.table()), step)
            end = last
        self.old_history = self.history
        self.record = (t, step, start, end, new.U)
        self.history = (step, start, new.U)
        self.before, self.now = start, end
        self.swap()
        self.old_gap, self.carried = self.gap, rates.carried
        self._miss(Gap(step, rates, start, end) if len(rates.fast.mean) else None)
        self.steps += 1

    def predict(self, step: float, W: FloatArray) -> Ends:
        """The end of the step from the history (order 4) or, without one, from the slopes.

        **Collective.**
        """
        start, guess = self.now, self.bounded(self.guess(step), step)
        state, damping = self.state, self.system.damping
        rows, table = {}, state.table()
        last, old, past = self.history or (0.0, start, start.X)
        times, before = np.array([step, last, np.exp(-damping * step)]), (start.X, start.Z)
        before, field = (state.green, *before), self._moments(step, guess)
        for batch in self.batches:
            given = (times, W), before, (past, old.X), (self.base, self.old_green), table
            self.flops += batch.predict(step, field, guess.c, *given)
        for b, UT in self.propagators(self.lone, step, guess, state.dtype).items():
            N, own = len(UT), tuple(part[b] for part in before)
            work = self.work[N]
            self.old_green[b][:] = state.green[b]
            history = past[b].astype(UT.dtype), old.X[b].astype(UT.dtype)
            given = times, W, self._chain(b, guess.c), damping, self.base[b]
            greens.predict(UT, own, history, *given, work.near, work.rows, work.rough)
            self.flops += 16.0 * N**3 * (2 if last > 0 else 1)
            rows[b] = work.entries(self.entries[b])
        return Ends(*state.mean_of_rows(rows, table))

    def _miss(self, gap):
        """From now on the state's modes miss the groups that were fast in the step of ``gap``."""
        self.gap, self.state.missing = gap, None
        if gap is not None:
            self.state.missing = self.complete

    def complete(self) -> None:
        """Write the modes that the last step did not need."""
        gap, modes = self.gap, self.state.held_modes
        self._miss(None)
        if gap is not None:
            mine = self.state.share.mine
            for b, polynomial in self.effective(mine, gap.step, gap.end, gap.start):
                self.mode_passes.complete(b, polynomial, gap.rates.fast, modes)

    def row_modes(self, state: BlockState) -> None:
        """None: see `account`."""

    def account(self) -> Diagonals:
        """Diagonals of the held modes; the fast ones' matrices are not written for it."""
        carried = len(self.system.groups)
        if self.gap is not None:
            carried = self.gap.rates.carried
        diagonals = self.state.diagonals(self.state.held_modes, carried)
        if self.gap is not None:
            gap, mine = self.gap, self.state.share.mine
            for b, polynomial in self.effective(mine, gap.step, gap.end, gap.start):
                self.mode_passes.fast_diagonals(b, polynomial, gap.rates.fast, diagonals[b])
        return diagonals

    def effective(
        self, blocks: Iterable[int], step: float, end: Ends, start: Ends | None = None
    ) -> Iterator[tuple[int, Polynomial]]:
        """(block, H_eff) of each of these blocks, for a step from ``start``, or from now."""
        mean, slope = self._moments(step, end, start)
        for b in blocks:
            yield b, Polynomial(self.system, b, step, mean, slope, self.planes)

    def _moments(self, step, end, start=None):
        """Mean and first moment of the mean field over a step from ``start``, or from now."""
        start = start or self.now
        return moments(step, start.c, start.v, end.c, end.v)

    def propagators(
        self, blocks: Iterable[int], step: float, end: Ends, kind: DTypeLike = complex
    ) -> Blocks:
        """U^T of blocks, in a precision."""
        propagator = self.mode_passes.propagator
        U = {b: propagator(H, kind) for b, H in self.effective(blocks, step, end)}
        self.flops += self.mode_passes.counted()
        return U

    def mode_pass(
        self, step: float, rates: Rates, end: Ends, W: FloatArray, new: Generation
    ) -> ComplexArray:
        """Pi_g <- e^{lambda dt} U Pi_g + S_g for this rank's chunks. **Collective.**

        Writes U^T and, of the new modes, X and Z of the led blocks; in batches also G, of which the
        table returned has what the mean field reads.
        """
        state, ends = self.state, (self.state.held_modes, self.spare)
        table = state.table()
        field = self._moments(step, end)
        for batch in self.batches:
            given = field, rates, ends, end.c, W, new, (self.base, state.green), table
            self.flops += batch.advance(step, *given)
        shared = state.empty_sums(without=self.whole)
        for b, polynomial in self.effective(self.single, step, end):
            if b in self.whole:
                sums = self.work[state.system.size(b)].sums
                sums[:] = 0
            else:
                sums = shared[b]
            UT = self.mode_passes.advance(b, polynomial, rates, ends, sums)
            if b in state.green:
                new.U[b][:] = UT
            if b in self.whole:  # while they are in the cache
                self._sources(b, sums[0], end.c, new.X, new.Z)
        self.passes += 1
        self.flops += self.mode_passes.counted()
        for b, QL in state.collect(shared).items():
            self._sources(b, QL, end.c, new.X, new.Z)
        return table

    def carry(
        self,
        blocks: Iterable[int],
        W: FloatArray,
        new: Generation,
        c: ComplexArray,
        table: ComplexArray,
    ) -> Ends:
        """The end of the step, with H taken at ``c``. **Collective.**

        G of the blocks is U (.) U^+ of what was plus what acts at the end.
        table : what the mean field reads of others.
        """
        rows, damping = {}, self.system.damping
        for b in blocks:
            G = self.state.green[b]
            work, given = self.work[len(G)], (new.U[b], self.base[b], W, new.X[b], new.Z[b], G)
            chain = self._chain(b, c)
            greens.carry(*given, work.matrices, chain, damping, work.near, work.rows)
            rows[b] = work.entries(self.entries[b])
            self.flops += 16.0 * len(G) ** 3
        return Ends(*self.state.mean_of_rows(rows, table), new.X, new.Z)

    def dense(self, t: float) -> Blocks:
        """G of the led blocks at a time inside the last step. Raises ValueError outside it."""
        begin, step, start, end, U = self.record
        part = (t - begin) / step
        if abs(part) < 1e-12:
            return {b: G.copy() for b, G in self.old_green.items()}
        if not 0 < part <= 1 + 1e-9:
            raise ValueError(f"exponential integrator: t={t} is outside the last step")
        W = memory_weights(self.system.damping, step, part)
        mean, slope = _field_until(part, step, start, end)
        green = {}
        for b, G in self.old_green.items():
            u = self._propagator_until(b, part * step, mean, slope)
            back = U[b].conj()
            inside = (
                np.exp(-self.system.damping * step * part) * G
                + W[0] * start.X[b]
                + W[1] * start.Z[b]
                + back @ (W[2] * end.X[b] + W[3] * end.Z[b]) @ back.conj().T
            )
            green[b] = u @ inside @ u.conj().T
        return green

    def _propagator_until(self, b, time, mean, slope):
        """U of a block over the first ``time`` of the last step."""
        return Polynomial(self.system, b, time, mean, slope, self.planes).propagator().T

    # -- what a checkpoint keeps beside the state --------------------------------------------------
    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """(numbers, replicated arrays, distributed arrays) that the next step reads.

        **Collective.**
        """
        comm = self.state.comm
        numbers, shared = self.saved_ends()
        local = {"X": self.now.X, "Z": self.now.Z}
        if self.history:
            local.update(old_X=self.history[1].X, U=self.history[2])
        arrays = {name: placed(comm, _flat(blocks)) for name, blocks in local.items()}
        return numbers, shared, arrays

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the history that `saved` gave; ``read(name, flat, start, size)`` fills an array.

        **Collective.**
        """

        def blocks(name):
            flat, start, size = placed(self.state.comm, np.zeros(self.state.green_count, complex))
            read(name, flat, start, size)
            views = self.state.view_green(flat)
            for b in views.keys() & transposed.get(name, ()):
                views[b] = np.ascontiguousarray(views[b].T)
            return views

        transposed = numbers.get("transposed", {})  # of earlier versions

        self.origin, self.step_grid, self.before = numbers["origin"], step_grid, None
        self._miss(None)
        self.now = Ends(shared["c"], shared["v"], blocks("X"), blocks("Z"))
        self.history = None
        if numbers["last_step"] is not None:
            old = Ends(shared["old_c"], shared["old_v"], blocks("old_X"))
            self.history = (numbers["last_step"], old, blocks("U"))


def _flat(blocks):
    """The led blocks' matrices as one array in their order in memory."""
    rows = [np.asarray(matrix, complex).ravel(order="K") for matrix in blocks.values()]
    return np.concatenate(rows or [np.zeros(0, complex)])


def _field_until(part, step, start, end):
    """Mean and first moment of the mean field over the first ``part`` of a step."""
    s = 0.5 * part * (1 + GAUSS[0])
    basis = hermite(s) * np.array([1, step, 1, step])[:, None]
    field = np.array([start.c, start.v, end.c, end.v]).T @ basis
    weight = 0.5 * part * GAUSS[1]
    mean = field @ weight / part
    return mean, 12 * field @ (weight * (s - part / 2)) / part**3 / step
