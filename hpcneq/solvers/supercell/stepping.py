"""Exponential steps of a supercell, as a TS of type ``python``.

A step goes from Delta(t) to a prediction of Delta(t + dt) with H linear in time between them
(`drift`), and the gap equation gives Delta at the end, dDelta/dt in it by BDF2. Extrapolated, the
prediction stands; this is stable as long as 2 xi dt is below `EXPLICIT` for all pairs. Implicit,
Newton's method moves it until the gap equation gives it back, with the response of one step, which
is computed anew where it does not converge quickly. Order 2; a state at rest is a fixed point.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...errors import NotConverged
from ...maths.arrays import ComplexArray, FloatArray
from ...maths.subnormals import without_subnormals
from ...parallel import Part
from ..auxiliary_modes.stepping import Ends, Read, Stepper
from .drift import Workspace, products, turn
from .medium import Medium
from .state import SupercellState, blocks_here

EXPLICIT = 5.0  # of 2 xi_max dt in the corners of the box; the extrapolation grows from 6 on
ROUNDED = 1 + 1e-9  # steps between times on a grid differ in their last digits
TOLERANCE = 1e-9  # of the largest harmonic: change at which the implicit step ends
ROUGH = 1e-7  # the same where passes run out
SINGLE = 100.0  # both with modes in single precision over those in double
QUICK, MOST = 3, 8  # passes after which the response is computed anew, and in all
NUDGE = 1e-4  # of the largest harmonic: change by which the response is measured
SMALLEST = 1e-3  # harmonics below are measured against this


class DriftExact(Stepper):
    """Context of the python TS for a `SupercellState`.

    implicit : whether the order parameter at the end of a step is solved for; None: where the
    extrapolation would not be stable.
    """

    order = 2

    def __init__(self, state: SupercellState, implicit: bool | None = None):
        super().__init__()
        self.state, self.system = state, state.system
        self.medium = state.medium
        self.implicit = implicit
        self.response: FloatArray | None = None
        self.loose = SINGLE if state.dtype == np.complex64 else 1.0
        self.spare = None
        batches = self.medium.batches(state.part)
        self.work = Workspace(self.medium, max(map(len, batches), default=0), state.dtype)
        self.last: tuple[float, float] = (0.0, 0.0)  # carriers and their rate at the last time

    # -- what PETSc calls --------------------------------------------------------------------------
    def start(self, t: float, step: float | None = None) -> None:
        """Begin from rest. **Collective.**"""
        self.begin_grid(t, step)
        c = self.system.start.astype(complex)
        self.now = Ends(c, np.zeros_like(c))
        self.history = (self.step_grid, c)
        self.state.balance, self.state.velocity = 0.0, np.zeros_like(c)
        self.last = self._carriers(t, c)
        self.state.number = self.last[0]

    def solved(self, step: float) -> bool:
        """Whether the order parameter at the end of a step of this length is solved for."""
        if self.implicit is not None:
            return self.implicit
        return 2 * self.medium.highest * step > EXPLICIT * ROUNDED

    @without_subnormals
    def advance(self, t: float, step: float) -> None:
        """n, modes and the order parameter from t to t + step. **Collective.**"""
        old_step, old = self.history
        c = self.now.c
        closure = Closure(self.system, step, old_step, c, old)
        guess = c + (c - old) * step / old_step
        if self.solved(step):
            end = self._implicit(t, step, closure, guess)
        else:
            end = closure.solve(self._pass(t, step, guess))
        self.history = (step, c)
        self.now = self.bounded(Ends(end, np.zeros_like(end)), step)
        self.state.velocity = closure.slope(end)
        carriers = self._carriers(t + step, end)
        gain = 0.5 * step * (self.last[1] + carriers[1])
        self.state.balance += carriers[0] - self.last[0] - gain
        self.last = carriers
        self.steps += 1

    # -- the method --------------------------------------------------------------------------------
    def _implicit(self, t, step, closure, end):
        """The order parameter at the end that its own step gives back. **Collective.**"""
        scale = max(float(np.abs(end).max()), SMALLEST)
        fresh = self.response is None
        if fresh:
            self.response = self._measure(t, step, closure, scale)
        for k in range(MOST):
            sums = self._pass(t, step, end, spare=True)
            change = closure.newton(end, sums, self.response)
            size = float(np.abs(change).max())
            if size < TOLERANCE * self.loose * scale:
                break
            if k == QUICK and not fresh:
                fresh, self.response = True, self._measure(t, step, closure, scale)
            end = end + change
        if size > ROUGH * self.loose * scale:
            raise NotConverged(
                f"the gap equation of a step changes by {size / scale:.1e} after {MOST} passes; "
                "try a smaller [numerics] dt"
            )
        state = self.state
        state.green[:], state.modes[:] = self.spare
        return end

    def _pass(self, t, step, end, spare=False):
        """F_m after a step to the order parameter ``end``; n and modes in place, or into the spare
        arrays. **Collective.**
        """
        state, medium = self.state, self.medium
        if spare and self.spare is None:
            self.spare = [np.empty_like(state.green), np.empty_like(state.modes)]
        target = (state.green, state.modes)
        if spare:
            target = self.spare
        rows = np.zeros((len(state.part), len(end)), complex)
        begin, ahead = self.system.total(t, self.now.c), self.system.total(t + step, end)
        for blocks in medium.batches(state.part):
            here = state.local(blocks)
            turned = turn(medium, blocks, step, begin, ahead)
            n = turned.step(state.modes[here], state.green[here], target[1][here], self.work)
            target[0][here] = n
            rows[here] = medium.pair_sums(blocks, n, self.system.h)
            self.flops += len(blocks) * products(medium.size, medium.modes)
        self.passes += 1
        return state.even(state.summed(rows))

    def _measure(self, t, step, closure, scale):
        """(2 n, 2 n) dF/dDelta of one step, real and imaginary parts, its modes held.

        **Collective.**
        """
        state, medium = self.state, self.medium
        c, h = self.now.c, self.system.h
        n = len(c)
        begin, base = self.system.total(t, c), self.system.total(t + step, c)
        moves = NUDGE * scale * directions(n, self.system.even)
        rows = np.zeros((len(state.part), len(moves) + 1, n), complex)
        for blocks in medium.batches(state.part):
            here = state.local(blocks)
            X = medium.sum_of_sources(state.modes[here].sum(2, dtype=complex))
            for j, move in enumerate([np.zeros(n), *moves]):
                turned = turn(medium, blocks, step, begin, base + move)
                inside = turned.back @ X @ turned.V
                ahead = turned.density(state.green[here], inside, inside)
                rows[here, j] = medium.pair_sums(blocks, ahead, h)
        sums = state.even(state.summed(rows))
        change = sums[1:] - sums[0]
        J = np.linalg.lstsq(real_parts(moves), real_parts(change), rcond=None)[0]
        return np.ascontiguousarray(J.T)

    def _carriers(self, t, c):
        """(carriers of the first species, the rate at which baths and pairs change them).

        **Collective.**
        """
        state, medium = self.state, self.medium
        N, h = medium.box.states, self.system.h
        traces = np.zeros((len(state.part), 2))
        pairs = np.zeros((len(state.part), len(c)), complex)
        counted = (medium.box.bases**2).sum(1)
        for blocks in medium.batches(state.part):
            here, there = state.local(blocks), medium.each(blocks, counted)
            n = state.green[here]
            inside = np.einsum("bii,bi->b", n[:, :N, :N], there).real
            Q = np.einsum("bipi,bi->b", state.modes[here][:, :N, :, :N], there).real
            traces[here, 0] = inside
            traces[here, 1] = there.sum(1) * medium.white[0] + 2 * Q - medium.damping * inside
            pairs[here] = medium.pair_sums(blocks, n, h)
        rows = np.concatenate([traces * blocks_here(state)[:, None], pairs], axis=1)
        sums = state.summed(rows)
        F = state.even(sums[2:])
        broken = -2 * float((self.system.total(t, c) * F.conj()).sum().imag)
        return float(sums[0].real), float(sums[1].real) + broken

    # -- what a checkpoint keeps beside the state --------------------------------------------------
    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """(numbers, replicated arrays, distributed arrays) that the next step reads."""
        numbers = {
            "origin": self.origin,
            "last_step": self.history[0],
            "last": list(self.last),
            "balance": self.state.balance,
            "number": self.state.number,
        }
        shared = {"c": self.now.c, "old_c": self.history[1], "velocity": self.state.velocity}
        if self.response is not None:
            shared["response"] = self.response
        return numbers, shared, {}

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the history that `saved` gave."""
        self.origin, self.step_grid = numbers["origin"], step_grid
        self.last = tuple(numbers["last"])
        self.state.balance, self.state.number = numbers["balance"], numbers["number"]
        self.state.velocity = np.array(shared["velocity"])
        c = np.array(shared["c"])
        self.now = Ends(c, np.zeros_like(c))
        self.history = (numbers["last_step"], np.array(shared["old_c"]))
        if "response" in shared:
            self.response = np.array(shared["response"])


class Closure:
    """The gap equation at the end of a step, i K dDelta/dt by BDF2 for steps of unequal length.

    c, old : the harmonics where the step begins and a step of length ``last`` before.
    """

    def __init__(self, system, step: float, last: float, c: ComplexArray, old: ComplexArray):
        self.system, self.lag = system, 1j * system.lag
        ratio = step / last
        self.front = (1 + 2 * ratio) / (1 + ratio) / step
        self.rest = (-(1 + ratio) * c + ratio**2 / (1 + ratio) * old) / step
        self.matrix = system.coupling - self.lag * self.front

    def slope(self, end: ComplexArray) -> ComplexArray:
        """dDelta/dt at the end."""
        return self.front * end + self.rest

    def solve(self, sums: ComplexArray) -> ComplexArray:
        """Delta at the end from F_m there."""
        return (sums + self.lag * self.rest) / self.matrix

    def newton(self, end: ComplexArray, sums: ComplexArray, response: FloatArray) -> ComplexArray:
        """The change of ``end`` that solves the gap equation, F_m responding linearly."""
        n = len(end)
        left = np.zeros((2 * n, 2 * n))
        i = np.arange(n)
        left[i, i] = left[n + i, n + i] = self.matrix.real
        left[i, n + i], left[n + i, i] = -self.matrix.imag, self.matrix.imag
        wrong = sums + self.lag * self.rest - self.matrix * end
        x = np.linalg.lstsq(left - response, np.concatenate([wrong.real, wrong.imag]), rcond=None)
        return x[0][:n] + 1j * x[0][n:]


def directions(n: int, even: bool) -> ComplexArray:
    """Harmonics (k, n) that span all changes: of real and of imaginary parts; even ones if so."""
    one = np.eye(n)
    if even:
        one = (one + one[::-1])[: n // 2 + 1]
    return np.concatenate([one, 1j * one])


def real_parts(rows: ComplexArray) -> FloatArray:
    """(k, 2 n) real and imaginary parts of rows (k, n)."""
    return np.concatenate([rows.real, rows.imag], axis=1)


def explicit_step(medium: Medium, share: float = 1.0) -> float:
    """The largest step for which the extrapolation is stable, times ``share``."""
    return share * EXPLICIT / (2 * medium.highest)
