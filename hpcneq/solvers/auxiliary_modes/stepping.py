"""What the exponential integrators share: time steps on a grid, Hermite cubics, weights of one
step.

A step of length ``step`` takes a mean field c(t) as the cubic Hermite polynomial through its values
and velocities at both ends; `moments` are what a fourth-order Magnus expansion needs of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ... import petsc
from ...errors import NotConverged
from ...maths.arrays import ComplexArray, FloatArray, NumberArray
from ...parallel import Part
from ..output_times import SAME
from . import chebyshev

Read = Callable[[str, NumberArray, int, int], None]
GAUSS = np.polynomial.legendre.leggauss(12)
LARGEST_TURN = 3e3  # of a mean field in a step: beyond it the motion has lost every bound


def hermite(x: float | FloatArray) -> FloatArray:
    """The cubic Hermite basis (value, slope at 0; value, slope at 1) at x: (4, ...)."""
    return np.array(
        [(1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2, x * x * (3 - 2 * x), x * x * (x - 1)]
    )


def hermite_slopes(x: float | FloatArray) -> FloatArray:
    """The derivatives of `hermite` at x: (4, ...)."""
    return np.array([6 * x * (x - 1), (1 - x) * (1 - 3 * x), 6 * x * (1 - x), x * (3 * x - 2)])


def moments(
    step: float, c0: ComplexArray, v0: ComplexArray, c1: ComplexArray, v1: ComplexArray
) -> tuple[ComplexArray, ComplexArray]:
    """Mean and first moment, 12/dt^2 <(s - dt/2) c>, of the Hermite polynomial over a step."""
    slope = (c1 - c0) / step
    return 0.5 * (c0 + c1) + step / 12 * (v0 - v1), 1.2 * slope - 0.1 * (v0 + v1)


@lru_cache(maxsize=16)
def memory_weights(damping: float, step: float, part: float = 1.0) -> FloatArray:
    """int_0^{part} e^{-damping step (part - s)} step (h0, step h1, h2, step h3)(s) ds, (4,)."""
    s, w = 0.5 * part * (1 + GAUSS[0]), 0.5 * part * GAUSS[1]
    basis = hermite(s) * np.array([1, step, 1, step])[:, None]
    return step * basis @ (w * np.exp(-damping * step * (part - s)))


def exponential_coefficients(step: float, radius: float, terms: int) -> ComplexArray:
    """Chebyshev coefficients (terms,) of exp(-i step x) on [-radius, radius]."""
    return chebyshev.coefficients(lambda x: np.exp(-1j * step * x), radius, terms)


def source_coefficients(
    step: float, rates: ComplexArray, radius: float, terms: int, fast: bool = False
) -> ComplexArray:
    """Those of step phi1(step (lambda - i x)) for rates lambda (n,): (n, terms).

    fast : of -1/(lambda - i x), what is left of it without e^{step lambda}.
    """

    def function(x: FloatArray) -> ComplexArray:
        z = step * (rates[:, None] - 1j * x)
        return -1 / z if fast else chebyshev.phi1(z)

    return step * chebyshev.coefficients(function, radius, terms)


class Ends:
    """One end of a step: the mean field c and its velocity v, (unknowns,) each.

    X, Z : of the led blocks, where an integrator keeps whole matrices; see `state.memory_terms`.
    """

    def __init__(
        self,
        c: ComplexArray,
        v: ComplexArray,
        X: dict[int, ComplexArray] | None = None,
        Z: dict[int, ComplexArray] | None = None,
    ):
        self.c, self.v, self.X, self.Z = c, v, X or {}, Z or {}


class Stepper:
    """Context of a TS of type ``python`` that advances a state in place, in steps of one length.

    A subclass gives `start`, `advance`, `saved` and `restore`, and if it can `rollback` and
    `interpolate`. step_grid : length of the steps, which lie on ``origin`` + k ``step_grid``,
    whatever their sum rounds to. now : the `Ends` of the last step. history : (its length, the
    `Ends` where it began, ...), which only predicts; None at the start of a segment. failure : why
    a step could not be done, or None; PETSc would print a traceback of an exception.
    """

    order = 4

    def __init__(self) -> None:
        self.origin = self.step_grid = np.nan
        self.now = Ends(np.zeros(0, complex), np.zeros(0, complex))
        self.history: tuple | None = None
        self.failure: NotConverged | None = None
        self.steps = self.rollbacks = self.passes = 0
        self.flops = 0.0

    # -- what PETSc calls --------------------------------------------------------------------------
    def create(self, ts: object) -> None:
        """Nothing to make."""

    def setUp(self, ts: object) -> None:
        """Nothing to set up."""

    def step(self, ts: Any) -> None:
        """One step of TSSolve, clipped so that it never passes the final time."""
        t, step = ts.getTime(), ts.getTimeStep()
        end = t + step
        nearest = self.origin + round((end - self.origin) / self.step_grid) * self.step_grid
        if abs(nearest - end) < SAME * self.step_grid:
            end = nearest
        if end > ts.getMaxTime() - SAME * self.step_grid:
            end = ts.getMaxTime()
        try:
            self.advance(t, end - t)
        except NotConverged as failure:
            self.failure = failure
            ts.setConvergedReason(petsc.start().TS.ConvergedReason.DIVERGED_STEP_REJECTED)
            return
        if end - t < step * (1 - SAME):
            ts.setTimeStep(end - t)
        ts.setTime(end)
        ts.getSolution().stateIncrease()

    def bounded(self, ends: Ends, step: float) -> Ends:
        """``ends``; raises NotConverged, on all ranks alike, where they have lost every bound."""
        self.refuse_turn(step * np.abs(ends.c).max(initial=0.0))
        self.refuse_turn(step**2 * np.abs(ends.v).max(initial=0.0))
        return ends

    @staticmethod
    def refuse_turn(turn: float) -> None:
        """Raise NotConverged for a phase that is too large for any motion, or no number."""
        if not turn < LARGEST_TURN:
            raise NotConverged("the mean field grows without bounds; try a smaller [numerics] dt")

    # -- what a subclass gives ---------------------------------------------------------------------
    def start(self, t: float, step: float | None = None) -> None:
        """Forget the history: where the drive jumps and before the first step. **Collective.**"""
        raise NotImplementedError

    def advance(self, t: float, step: float) -> None:
        """The state from t to t + step; sets ``now`` and ``history``. **Collective.**

        Raises NotConverged, on all ranks alike, see `bounded`.
        """
        raise NotImplementedError

    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """(numbers, replicated arrays, distributed arrays) that the next step reads: those of
        `saved_ends` where there are no others. **Collective.**
        """
        numbers, shared = self.saved_ends()
        return numbers, shared, {}

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the history that `saved` gave; ``read(name, flat, start, size)`` fills a
        distributed array.

        **Collective.**
        """
        self.restore_ends(numbers, shared, step_grid)

    def row_modes(self, state: Any) -> Any:
        """What a row of output gets as the modes: None where `state.observe` needs none."""
        return state.modes

    # -- what they share ---------------------------------------------------------------------------
    def begin_grid(self, t: float, step: float | None) -> None:
        """From now on steps lie on t + k ``step``, k ``step_grid`` of before if it is None; no
        history.
        """
        self.history = None
        self.origin, self.step_grid = t, step or self.step_grid

    def guess(self, step: float) -> Ends:
        """Mean field and velocity at the end of a step, from the history (order 4) or without one
        from the slope.
        """
        start = self.now
        if self.history is None:
            return Ends(start.c + step * start.v, start.v)
        last, old = self.history[:2]
        h, slopes = hermite(1 + step / last), hermite_slopes(1 + step / last) / last
        ends = (old.c, old.v, start.c, start.v)
        return Ends(_cubic(h, last, *ends), _cubic(slopes, last, *ends))

    def saved_ends(self) -> tuple[dict, dict]:
        """The numbers and the replicated arrays of a checkpoint that every integrator has."""
        numbers = {"origin": self.origin, "last_step": None}
        shared = {"c": self.now.c, "v": self.now.v}
        if self.history:
            numbers["last_step"], old = self.history[:2]
            shared.update(old_c=old.c, old_v=old.v)
        return numbers, shared

    def restore_ends(self, numbers: Mapping, shared: Mapping, step_grid: float) -> None:
        """Take up what `saved_ends` gave."""
        self.origin, self.step_grid = numbers["origin"], step_grid
        self.now = Ends(shared["c"], shared["v"])
        self.history = None
        if numbers["last_step"] is not None:
            self.history = (numbers["last_step"], Ends(shared["old_c"], shared["old_v"]))


def _cubic(weights, step, c0, v0, c1, v1):
    """The Hermite polynomial of two ends with the basis' values ``weights``."""
    return weights[0] * c0 + weights[2] * c1 + step * (weights[1] * v0 + weights[3] * v1)
