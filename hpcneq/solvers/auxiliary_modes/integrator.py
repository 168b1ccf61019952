"""Exponential integrator for a mean field with bath modes, as a TS of type ``python``.

All modes of a block share one propagator. Per step, with Delta (and H) a cubic Hermite polynomial in time:

1. H_eff of the fourth-order Magnus expansion, Hbar + i (dt^2/12) [Hbar, Hdot] (mean and first moment of H);
2. a Chebyshev stack of H_eff gives U = e^{-i dt H_eff} and every source S_g = dt phi1(dt A)(1 + dt^2 kappa A1) s_g,
   A = -i H_eff + lambda_g, A1 = -i Hdot + lambda'_g, all as one matrix product;
3. Pi_g <- e^{lambda_g dt} U Pi_g + S_g;
4. G <- U [e^{-damping dt} G + W0 X + W1 Z] U^+ + W2 X' + W3 Z' with X = i (white + Q + Q^+), Z = dX/dt + i [H, X]:
   exact weights of e^{-damping s} against the cubic Hermite polynomial of X carried by U, undamped.

The mean field at the end is found by prediction and correction; the history only predicts, and the first step of
a segment, which has none, makes one more pass over the modes. Order 4 for smooth motion. A jump of the drive leaves
transients exp(-w_p t) in modes faster than the step that its first step does not resolve: a single error of order
dt^2, small, which cancels between mirrored leads of equal coupling but not between unequal ones (choose dt by the
error estimate there). A stationary state of mirrored leads is an exact fixed point for any step.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg.blas import cgemm, zgemm

from ...parallel import placed
from . import chebyshev
from .state import State, memory_terms

GAUSS = np.polynomial.legendre.leggauss(12)


def hermite(x):
    """The cubic Hermite basis (value, slope at 0; value, slope at 1) at x: (4, ...)."""
    return np.array(
        [(1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2, x * x * (3 - 2 * x), x * x * (x - 1)]
    )


def moments(step, c0, v0, c1, v1):
    """Mean and first moment (12/dt^2 <(s - dt/2) c>) of the cubic Hermite polynomial over a step."""
    slope = (c1 - c0) / step
    return 0.5 * (c0 + c1) + step / 12 * (v0 - v1), 1.2 * slope - 0.1 * (v0 + v1)


def memory_weights(damping, step, part=1.0):
    """int_0^{part} e^{-damping step (part - s)} step (h0, step h1, h2, step h3)(s) ds."""
    s, w = 0.5 * part * (1 + GAUSS[0]), 0.5 * part * GAUSS[1]
    basis = hermite(s) * np.array([1, step, 1, step])[:, None]
    return step * basis @ (w * np.exp(-damping * step * (part - s)))


class Ends:
    """One end of a step: mean field and its velocity, X and Z of the led blocks."""

    def __init__(self, c, v, X, Z):
        self.c, self.v, self.X, self.Z = c, v, X, Z


class Exponential:
    """Context of the python TS. ``state`` is advanced in place; the Vec views its Green functions."""

    order = 4

    def __init__(self, state: State, corrector=0):
        self.state, self.system, self.corrector = state, state.system, corrector
        self.spare, self.scratch = state.allocate(), chebyshev.Scratch()
        self.origin = self.lattice = None
        self.now = self.before = self.old_green = self.history = None
        self.steps = self.rollbacks = self.passes = 0
        self.flops = 0.0

    # -- what PETSc calls -------------------------------------------------------------------------------
    def create(self, ts):
        pass

    def setUp(self, ts):
        pass

    def step(self, ts):
        """One step of TSSolve, clipped so that it never passes the final time."""
        t, step = ts.getTime(), ts.getTimeStep()
        end = t + step
        nearest = self.origin + round((end - self.origin) / self.lattice) * self.lattice
        if abs(nearest - end) < 1e-9 * self.lattice:
            end = nearest
        if end > ts.getMaxTime() - 1e-9 * step:
            end = ts.getMaxTime()
        if self.now is None:
            self.start(t)
        self.advance(t, end - t)
        if end - t < step * (1 - 1e-9):
            ts.setTimeStep(end - t)
        ts.setTime(end)
        ts.getSolution().stateIncrease()

    def rollback(self, ts):
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

    def interpolate(self, ts, t, u):
        """G inside the last step by the integrator's own formula (fourth order), into the Vec ``u``."""
        target = self.state.view_green(u.getArray())
        for b, G in self.dense(t).items():
            target[b][:] = G

    # -- the method ---------------------------------------------------------------------------------------
    def start(self, t, step=None):
        """Forget the history: where the drive jumps and before the first step. Steps lie on t + k ``step``."""
        self.history, self.before = None, None
        self.origin, self.lattice = t, step or self.lattice
        state = self.state
        (c,) = state.mean_field(state.green)
        self.now = self.end(t, state.green, c, state.modes, +1)

    # -- what a checkpoint keeps beside the state -----------------------------------------------------------
    def saved(self):
        """(numbers, replicated arrays, distributed arrays) that the next step reads; see `restore`. **Collective.**"""
        numbers = {"origin": self.origin, "last_step": self.history[0] if self.history else None}
        shared = {"c": self.now.c, "v": self.now.v}
        local = {"X": self.now.X, "Z": self.now.Z}
        if self.history:
            old = self.history[1]
            shared.update(old_c=old.c, old_v=old.v)
            local.update(old_X=old.X, U=self.history[2])
        # BLAS rounds a transposed matrix otherwise: the order in memory belongs to the history.
        turned = {
            name: [b for b, matrix in blocks.items() if not matrix.flags.c_contiguous]
            for name, blocks in local.items()
        }
        parts = self.state.comm.allgather(turned)
        numbers["transposed"] = {
            name: sorted(b for part in parts for b in part[name]) for name in local
        }
        return (
            numbers,
            shared,
            {name: placed(self.state.comm, self._flat(blocks)) for name, blocks in local.items()},
        )

    def restore(self, numbers, shared, read, lattice):
        """Take up the history again; ``read(name, flat, start, size)`` fills a distributed array. **Collective.**"""

        def blocks(name):
            flat, start, size = placed(self.state.comm, np.zeros(self.state.green_count, complex))
            read(name, flat, start, size)
            return {
                b: matrix.T if b in numbers["transposed"][name] else matrix
                for b, matrix in self.state.view_green(flat).items()
            }

        self.origin, self.lattice, self.before = numbers["origin"], lattice, None
        self.now = Ends(shared["c"], shared["v"], blocks("X"), blocks("Z"))
        self.history = None
        if numbers["last_step"] is not None:
            old = Ends(shared["old_c"], shared["old_v"], blocks("old_X"), None)
            self.history = (numbers["last_step"], old, blocks("U"))

    @staticmethod
    def _flat(blocks):
        """The led blocks' matrices as one array in their order in memory."""
        rows = [np.asarray(matrix, complex).ravel(order="K") for matrix in blocks.values()]
        return np.concatenate(rows or [np.zeros(0, complex)])

    def swap(self):
        self.state.modes, self.spare = self.spare, self.state.modes

    def end(self, t, green, c, modes, side):
        """X, Z and the mean field's velocity at one end of a step. **Collective.**"""
        sums = self.state.mode_sums(modes, self.system.rates_at(t, side))
        X, Z = {}, {}
        for b, QL in sums.items():
            X[b], Z[b] = memory_terms(self.system, QL, self.system.hamiltonian(b, c))
        return Ends(*self.field(green, c, X), X, Z)

    def field(self, green, c, X):
        """Mean field of ``green`` and its velocity, with H taken at ``c``. **Collective.**"""
        state = self.state
        rates = {
            b: state.probe_rates(b, G, X[b], self.system.hamiltonian(b, c))
            for b, G in green.items()
        }
        return state.mean_field(green, rates)

    def advance(self, t, step):
        """(Pi, G)(t) -> (t + step). **Collective.**"""
        state, damping = self.state, self.system.damping
        lam = self.system.rate_moments(t, step)
        first = self.history is None
        W = memory_weights(damping, step)
        start = self.now
        base = {
            b: np.exp(-damping * step) * G + W[0] * start.X[b] + W[1] * start.Z[b]
            for b, G in state.green.items()
        }
        end = self.predict(step, base, W)
        for _ in range((2 if first else 1) + self.corrector):
            U = self.mode_pass(step, lam, end, state.modes, self.spare)
            sums = state.mode_sums(self.spare, self.system.rates_at(t + step, -1))
            X, Z = {}, {}
            for b, QL in sums.items():
                X[b], Z[b] = memory_terms(self.system, QL, self.system.hamiltonian(b, end.c))
            rest = {b: W[2] * X[b] + W[3] * Z[b] for b in X}
            if first:  # without history U itself is only third order: one inner iteration
                green = self.carry(U, base, rest)
                end = Ends(*self.field(green, end.c, X), X, Z)
                U = self.propagators(step, end)
            green = self.carry(U, base, rest)
            end = Ends(*self.field(green, end.c, X), X, Z)
        self.old_green, self.old_history = (
            {b: G.copy() for b, G in state.green.items()},
            self.history,
        )
        for b, G in green.items():
            state.green[b][:] = G
        self.record = (t, step, start, end, U)
        self.history = (step, start, {b: U[b] for b in state.green})
        self.before, self.now = start, end
        self.swap()
        self.steps += 1

    def predict(self, step, base, W):
        """The end of the step from the history (order 4) or, without one, from the slopes."""
        start = self.now
        if self.history is None:
            guess = Ends(start.c + step * start.v, start.v, None, None)
        else:
            last, old, _ = self.history
            h = hermite(1 + step / last)
            slopes = _hermite_slopes(1 + step / last) / last
            guess = Ends(
                h[0] * old.c + h[2] * start.c + last * (h[1] * old.v + h[3] * start.v),
                slopes[0] * old.c
                + slopes[2] * start.c
                + last * (slopes[1] * old.v + slopes[3] * start.v),
                None,
                None,
            )
        U = self.propagators(step, guess)
        green, X = {}, {}
        for b, u in U.items():
            if b not in base:
                continue
            ahead = start.X[b] + step * start.Z[b]
            area = W[2] * ahead + W[3] * start.Z[b]
            if self.history is not None:
                last, old, past = self.history
                bend = past[b].T @ old.X[b] @ past[b].conj() - start.X[b] + last * start.Z[b]
                bend *= (step / last) ** 2
                ahead = ahead + bend
                area = area + (W[2] + 2 * W[3] / step) * bend
            both = u.T @ np.concatenate([base[b] + area, ahead], axis=1)
            N = u.shape[0]
            green[b] = both[:, :N] @ u.conj()
            X[b] = both[:, N:] @ u.conj()
            self.flops += (32.0 + 16.0 * (self.history is not None)) * N**3
        return Ends(*self.field(green, guess.c, X), None, None)

    def effective(self, b, step, end):
        """H_eff^T and Hdot^T of one block, dense if it is small, else CSR, and the Chebyshev radius."""
        start = self.now
        mean, slope = moments(step, start.c, start.v, end.c, end.v)
        H, Hdot = self.system.hamiltonian(b, mean), self.system.perturbation(b, slope)
        small = H.shape[0] <= chebyshev.DENSE
        if small:
            H, Hdot = H.toarray(), Hdot.toarray()
        H = H + 1j * step**2 / 12 * (H @ Hdot - Hdot @ H)
        return (
            (H.T, Hdot.T, chebyshev.bound(H))
            if small
            else (H.T.tocsr(), Hdot.T.tocsr(), chebyshev.bound(H))
        )

    def propagators(self, step, end):
        """U^T of every block this rank leads."""
        found = {}
        for b in self.state.green:
            HT, _, radius = self.effective(b, step, end)
            T = chebyshev.stack(HT, radius, chebyshev.degree(radius * step), self.scratch)
            found[b] = chebyshev.combine(_exponential(step, radius, len(T)), T)[0]
            self.flops += 8.0 * len(T) * found[b].size
        return found

    def mode_pass(self, step, lam, end, source, target):
        """Pi_g <- e^{lambda dt} U Pi_g + S_g for this rank's chunks; returns U^T per block."""
        mean, slope = lam
        found = {}
        for b, chunks in self.state.share.mine.items():
            HT, HdotT, radius = self.effective(b, step, end)
            terms = chebyshev.degree(radius * step)
            runs = [pair for c in chunks for pair in zip(source[b, c], target[b, c])]
            held = np.array([g for (groups, _, _), _ in runs for g in groups])
            bend = step**2 * chebyshev.kappa(step * mean[held])
            shape = (
                _source_coefficients(step, mean[held], radius, terms)
                * (1 + bend * slope[held])[:, None]
            )
            UT, *phi = chebyshev.combine(
                np.concatenate([_exponential(step, radius, terms)[None], shape]),
                chebyshev.stack(HT, radius, terms, self.scratch),
                self.scratch,
            )
            found[b] = UT = UT.copy()
            self.flops += 8.0 * terms * (1 + len(held)) * UT.size
            turn = dict(zip(held, zip(phi, -1j * bend / (1 + bend * slope[held]))))
            bent = _Bent(HdotT) if sparse.issparse(HdotT) else _bent(HdotT)
            for (groups, cols, old), (_, _, new) in runs:
                for k, g in enumerate(groups):
                    new[k] = bent(self.system.sources(b, g), turn[g][1], cols) @ turn[g][0]
                    _accumulate(np.exp(step * mean[g]), UT, old[k], new[k])
                self.flops += 8.0 * UT.shape[0] * old.size
        self.passes += 1
        return found

    def carry(self, U, base, rest):
        """U (.) U^+ of the led blocks plus what acts at the end of the step."""
        self.flops += sum(16.0 * u.shape[0] ** 3 for u in U.values())
        return {b: U[b].T @ inside @ U[b].conj() + rest[b] for b, inside in base.items()}

    def dense(self, t):
        """G of the led blocks at a time inside the last step."""
        begin, step, start, end, U = self.record
        part = (t - begin) / step
        if abs(part) < 1e-12:
            return {b: G.copy() for b, G in self.old_green.items()}
        if not 0 < part <= 1 + 1e-9:
            raise ValueError(f"exponential integrator: t={t} is outside the last step")
        W = memory_weights(self.system.damping, step, part)
        s = 0.5 * part * (1 + GAUSS[0])
        basis = hermite(s) * np.array([1, step, 1, step])[:, None]
        field = np.array([start.c, start.v, end.c, end.v]).T @ basis
        weight = 0.5 * part * GAUSS[1]
        mean = field @ weight / part
        slope = 12 * field @ (weight * (s - part / 2)) / part**3 / step
        found = {}
        for b, G in self.old_green.items():
            H, Hdot = self.system.hamiltonian(b, mean), self.system.perturbation(b, slope)
            H = (H + 1j * (part * step) ** 2 / 12 * (H @ Hdot - Hdot @ H)).tocsr()
            radius = chebyshev.bound(H)
            T = chebyshev.stack(H, radius, chebyshev.degree(radius * part * step))
            u = chebyshev.combine(_exponential(part * step, radius, len(T)), T)[0]
            back = U[b].conj()
            inside = (
                np.exp(-self.system.damping * step * part) * G
                + W[0] * start.X[b]
                + W[1] * start.Z[b]
                + back @ (W[2] * end.X[b] + W[3] * end.Z[b]) @ back.conj().T
            )
            found[b] = u @ inside @ u.conj().T
        return found


def _hermite_slopes(x):
    return np.array([6 * x * (x - 1), (1 - x) * (1 - 3 * x), 6 * x * (1 - x), x * (3 * x - 2)])


def _exponential(step, radius, terms):
    return chebyshev.coefficients(lambda x: np.exp(-1j * step * x), radius, terms)


def _source_coefficients(step, rates, radius, terms):
    return step * chebyshev.coefficients(
        lambda x: chebyshev.phi1(step * (rates[:, None] - 1j * x)), radius, terms
    )


def _bent(HdotT):
    """`_Bent` of a small block."""
    one = np.eye(len(HdotT))
    return lambda source, factor, cols: source[:, None] * (one[cols] + factor * HdotT[cols])


class _Bent:
    """diag(source) (1 + factor Hdot) of some rows as a sparse matrix, on one pattern for all groups."""

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
