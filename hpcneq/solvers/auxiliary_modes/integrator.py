"""Exponential integrator for a mean field with bath modes, as a TS of type ``python``.

All modes of a block share one propagator. Per step, with Delta (and H) a cubic Hermite polynomial
in time:

1. H_eff of the fourth-order Magnus expansion, Hbar + i (dt^2/12) [Hbar, Hdot], from mean and first
   moment of H;
2. a Chebyshev stack of H_eff gives U = e^{-i dt H_eff} and every source
   S_g = dt phi1(dt A)(1 + dt^2 kappa A1) s_g, A = -i H_eff + lambda_g, A1 = -i Hdot + lambda'_g,
   all as one matrix product;
3. Pi_g <- e^{lambda_g dt} U Pi_g + S_g;
4. G <- U [e^{-damping dt} G + W0 X + W1 Z] U^+ + W2 X' + W3 Z' with X = i (white + Q + Q^+),
   Z = dX/dt + i [H, X]: exact weights of e^{-damping s} against the cubic Hermite polynomial of X
   carried by U, undamped.

The mean field at the end is found by prediction and correction; the history only predicts, and the
first step of a segment, which has none, makes one more pass over the modes. Order 4 for smooth
motion. A jump of the drive leaves transients exp(-w_p t) in modes faster than the step that its
first step does not resolve: a single error of order dt^2, small, which cancels between mirrored
leads of equal coupling but not between unequal ones (choose dt by the error estimate there). A
stationary state of mirrored leads is an exact fixed point for any step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg.blas import cgemm, zgemm

from ...maths.arrays import ComplexArray, FloatArray
from ...parallel import Part, placed
from . import chebyshev
from .state import BlockState, Modes, memory_terms
from .stepping import (
    GAUSS,
    Ends,
    Read,
    Stepper,
    exponential_coefficients,
    hermite,
    memory_weights,
    moments,
    source_coefficients,
)

Blocks = dict[int, ComplexArray]  # a matrix of each led block


class Exponential(Stepper):
    """Context of the python TS for a `BlockState`, whose Green functions the Vec views.

    corrector : further passes over the modes in each step.
    """

    def __init__(self, state: BlockState, corrector: int = 0):
        super().__init__()
        self.state, self.system, self.corrector = state, state.system, corrector
        self.spare, self.scratch = state.allocate(), chebyshev.Scratch()
        self.old_green: Blocks = {}
        self.before: Ends | None = None
        self.old_history: tuple | None = None

    # -- what PETSc calls --------------------------------------------------------------------------
    def rollback(self, ts: Any) -> None:
        """Return to the state before the last step, modes and history included."""
        if self.before is None:
            raise RuntimeError("exponential integrator: there is no step to roll back")
        self.rollbacks += 1
        self.swap()
        for b, G in self.old_green.items():
            self.state.green[b][:] = G
        self.now, self.history = self.before, self.old_history
        self.before = None
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
        (c,) = state.mean_field(state.green)
        self.now = self.end(t, state.green, c, state.modes, +1)

    def bounded(self, ends: Ends, step: float) -> Ends:
        """Also refuses ends whose commutator in H_eff turns too far, see `effective`."""
        super().bounded(ends, step)
        size = self.state.levels + np.abs(ends.c).max(initial=0.0)
        self.refuse_turn(step**3 / 6 * size * np.abs(ends.v).max(initial=0.0))
        return ends

    def swap(self) -> None:
        """Make the other generation of modes the current one."""
        self.state.modes, self.spare = self.spare, self.state.modes

    def end(self, t: float, green: Blocks, c: ComplexArray, modes: Modes, side: int) -> Ends:
        """X, Z and the mean field's velocity at one end of a step. **Collective.**"""
        X, Z = self._sources(self.state.mode_sums(modes, self.system.rates_at(t, side)), c)
        return Ends(*self.field(green, c, X), X, Z)

    def _sources(self, sums, c):
        """X and Z of the led blocks from the sums over their modes, with H taken at ``c``."""
        X, Z = {}, {}
        for b, QL in sums.items():
            X[b], Z[b] = memory_terms(self.system, QL, self.system.hamiltonian(b, c))
        return X, Z

    def field(self, green: Blocks, c: ComplexArray, X: Blocks) -> tuple[ComplexArray, ComplexArray]:
        """Mean field of ``green`` and its velocity, with H taken at ``c``. **Collective.**"""
        state = self.state
        rates = {
            b: state.probe_rates(b, G, X[b], self.system.hamiltonian(b, c))
            for b, G in green.items()
        }
        mean, velocity = state.mean_field(green, rates)
        return mean, velocity

    def advance(self, t: float, step: float) -> None:
        """(Pi, G)(t) -> (t + step). **Collective.**"""
        state, damping = self.state, self.system.damping
        rates = self.system.rate_moments(t, step)
        passes = 1 + self.corrector
        if self.history is None:
            passes += 1
        W = memory_weights(damping, step)
        start = self.now
        base = {
            b: np.exp(-damping * step) * G + W[0] * start.X[b] + W[1] * start.Z[b]
            for b, G in state.green.items()
        }
        end = self.bounded(self.predict(step, base, W), step)
        for _ in range(passes):
            U = self.mode_pass(step, rates, end, state.modes, self.spare)
            sums = state.mode_sums(self.spare, self.system.rates_at(t + step, -1))
            X, Z = self._sources(sums, end.c)
            rest = {b: W[2] * X[b] + W[3] * Z[b] for b in X}
            if self.history is None:  # U itself is only third order then: one inner iteration
                green = self.carry(U, base, rest)
                end = self.bounded(Ends(*self.field(green, end.c, X), X, Z), step)
                U = self.propagators(step, end)
            green = self.carry(U, base, rest)
            end = self.bounded(Ends(*self.field(green, end.c, X), X, Z), step)
        self.old_green = {b: G.copy() for b, G in state.green.items()}
        self.old_history = self.history
        for b, G in green.items():
            state.green[b][:] = G
        self.record = (t, step, start, end, U)
        self.history = (step, start, {b: U[b] for b in state.green})
        self.before, self.now = start, end
        self.swap()
        self.steps += 1

    def predict(self, step: float, base: Blocks, W: FloatArray) -> Ends:
        """The end of the step from the history (order 4) or, without one, from the slopes.

        **Collective.**
        """
        start, guess = self.now, self.bounded(self.guess(step), step)
        green, X = {}, {}
        for b, u in self.propagators(step, guess).items():
            if b not in base:
                continue
            ahead = start.X[b] + step * start.Z[b]
            area = W[2] * ahead + W[3] * start.Z[b]
            work = 32.0
            if self.history is not None:
                last, old, past = self.history
                bend = past[b].T @ old.X[b] @ past[b].conj() - start.X[b] + last * start.Z[b]
                bend *= (step / last) ** 2
                ahead = ahead + bend
                area = area + (W[2] + 2 * W[3] / step) * bend
                work += 16.0
            both = u.T @ np.concatenate([base[b] + area, ahead], axis=1)
            N = u.shape[0]
            green[b] = both[:, :N] @ u.conj()
            X[b] = both[:, N:] @ u.conj()
            self.flops += work * N**3
        return Ends(*self.field(green, guess.c, X))

    def effective(
        self, b: int, step: float, end: Ends
    ) -> tuple[chebyshev.Matrix, chebyshev.Matrix, float]:
        """H_eff^T and Hdot^T of one block, dense if it is small, else CSR, and the Chebyshev
        radius.
        """
        start = self.now
        mean, slope = moments(step, start.c, start.v, end.c, end.v)
        H, Hdot = self.system.hamiltonian(b, mean), self.system.perturbation(b, slope)
        if H.shape[0] <= chebyshev.DENSE:
            H, Hdot = H.toarray(), Hdot.toarray()
        H = H + 1j * step**2 / 12 * (H @ Hdot - Hdot @ H)
        radius = chebyshev.bound(H)
        if sparse.issparse(H):
            return H.T.tocsr(), Hdot.T.tocsr(), radius
        return H.T, Hdot.T, radius

    def propagators(self, step: float, end: Ends) -> Blocks:
        """U^T of every block this rank leads."""
        propagators = {}
        for b in self.state.green:
            HT, _, radius = self.effective(b, step, end)
            T = chebyshev.stack(HT, radius, chebyshev.degree(radius * step), self.scratch)
            u = chebyshev.combine(exponential_coefficients(step, radius, len(T)), T)[0]
            propagators[b] = u
            self.flops += 8.0 * len(T) * u.size
        return propagators

    def mode_pass(
        self,
        step: float,
        rates: tuple[ComplexArray, ComplexArray],
        end: Ends,
        source: Modes,
        target: Modes,
    ) -> Blocks:
        """Pi_g <- e^{lambda dt} U Pi_g + S_g for this rank's chunks; returns U^T of their blocks.

        rates : mean and first moment of lambda_g (groups,) over the step.
        """
        propagators = {}
        for b, chunks in self.state.share.mine.items():
            runs = [pair for c in chunks for pair in zip(source[b, c], target[b, c])]
            propagators[b] = self._block_pass(b, step, rates, end, runs)
        self.passes += 1
        return propagators

    def _block_pass(self, b, step, rates, end, runs):
        """`mode_pass` of one block; runs : pairs of the same run in source and target."""
        mean, slope = rates
        HT, HdotT, radius = self.effective(b, step, end)
        terms = chebyshev.degree(radius * step)
        held = np.array([g for (groups, _, _), _ in runs for g in groups])
        bend = step**2 * chebyshev.kappa(step * mean[held])
        shape = (
            source_coefficients(step, mean[held], radius, terms) * (1 + bend * slope[held])[:, None]
        )
        UT, *phi = chebyshev.combine(
            np.concatenate([exponential_coefficients(step, radius, terms)[None], shape]),
            chebyshev.stack(HT, radius, terms, self.scratch),
            self.scratch,
        )
        UT = UT.copy()
        self.flops += 8.0 * terms * (1 + len(held)) * UT.size
        turn = dict(zip(held, zip(phi, -1j * bend / (1 + bend * slope[held]))))
        bent = _bent(HdotT)
        for (groups, cols, old), (_, _, new) in runs:
            for k, g in enumerate(groups):
                new[k] = bent(self.system.sources(b, g), turn[g][1], cols) @ turn[g][0]
                _accumulate(np.exp(step * mean[g]), UT, old[k], new[k])
            self.flops += 8.0 * UT.shape[0] * old.size
        return UT

    def carry(self, U: Blocks, base: Blocks, rest: Blocks) -> Blocks:
        """U (.) U^+ of the led blocks plus what acts at the end of the step."""
        self.flops += sum(16.0 * u.shape[0] ** 3 for u in U.values())
        return {b: U[b].T @ inside @ U[b].conj() + rest[b] for b, inside in base.items()}

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
        H, Hdot = self.system.hamiltonian(b, mean), self.system.perturbation(b, slope)
        H = (H + 1j * time**2 / 12 * (H @ Hdot - Hdot @ H)).tocsr()
        radius = chebyshev.bound(H)
        T = chebyshev.stack(H, radius, chebyshev.degree(radius * time))
        return chebyshev.combine(exponential_coefficients(time, radius, len(T)), T)[0]

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
        # BLAS rounds a transposed matrix otherwise: the order in memory belongs to the history.
        transposed = {
            name: [b for b, matrix in blocks.items() if not matrix.flags.c_contiguous]
            for name, blocks in local.items()
        }
        parts = comm.allgather(transposed)
        numbers["transposed"] = {
            name: sorted(b for part in parts for b in part[name]) for name in local
        }
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
            for b in views.keys() & numbers["transposed"][name]:
                views[b] = views[b].T
            return views

        self.origin, self.step_grid, self.before = numbers["origin"], step_grid, None
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


def _bent(HdotT) -> Callable:
    """The function (source, factor, columns) -> diag(source) (1 + factor Hdot) of these columns."""
    if sparse.issparse(HdotT):
        return _SparseBent(HdotT)
    one = np.eye(len(HdotT))
    return lambda source, factor, cols: source[:, None] * (one[cols] + factor * HdotT[cols])


class _SparseBent:
    """`_bent` of a sparse matrix, on one pattern for all groups."""

    def __init__(self, HdotT):
        N = HdotT.shape[0]
        both = (sparse.identity(N, format="csr") + abs(HdotT)).tocsr()
        both.sort_indices()
        self.row = np.repeat(np.arange(N), np.diff(both.indptr))
        self.one, self.slope = self.row == both.indices, HdotT.toarray()[self.row, both.indices]
        self.pattern, self.made = both.astype(complex), {}

    def __call__(self, source, factor, cols):
        """The matrix of the rows ``cols``; it holds until the next call."""
        key, at = (cols.start, cols.stop), self.pattern.indptr
        if key not in self.made:
            self.made[key] = self.pattern[cols]
        inside = slice(at[cols.start], at[cols.stop])
        self.made[key].data[:] = (self.one[inside] + factor * self.slope[inside]) * source[
            self.row[inside] - cols.start
        ]
        return self.made[key]


def _accumulate(factor, UT, old, new):
    """new <- factor U old + new in place, all stored transposed."""
    if new.dtype == np.complex64:
        out = cgemm(factor, UT.astype(np.complex64).T, old.T, 1.0, new.T, overwrite_c=1)
    else:
        out = zgemm(factor, UT.T, old.T, 1.0, new.T, overwrite_c=1)
    if not np.shares_memory(out, new):
        new[:] = out.T
