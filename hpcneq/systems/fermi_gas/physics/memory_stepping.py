"""Exponential steps of a condensate between reservoirs with memory, protocol `Propagating`.

Momenta move by :mod:`.memory_steps`; the gap equation K V = sum g12 + slope Delta + ..., with the
velocity V of Delta, is solved at the end of every step with

    Delta(dt) = Delta + dt/3 V + 2 dt/3 V(dt) - dt^2/6 A(dt),

A the acceleration, from the derivative of the gap equation: of order 3, stable for any step, and
what turns too fast for the step dies (Delta against the pairs at p_c, a mode of the cut gas). What
the pairs at the end move by with Delta there is known well enough for one Newton step to gain one
or two digits. Q follows its velocity, a parabola through the last three ends.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from . import memory_advance, memory_steps
from .dynamics import Fields, precession
from .linear_kinetics import CHUNK
from .memory_dynamics import Memory

NODES = np.polynomial.legendre.leggauss(6)
LEAST = 1e-3  # mu: smaller Deltas are measured against this
D, V, Q, TURN, A, V_BY, A_BY = range(7)  # places in the mean field


@dataclass(frozen=True, eq=False)
class Begun:
    """What all passes of a step share: the push at its start."""

    push: memory_steps.Push


class SteppedMemory(Memory):
    """`Memory` in exponential steps.

    The mean field (7,) of a step's ends: Delta, its velocity, Q, its velocity, Delta's
    acceleration, and what velocity and acceleration at the end of the step moved by with Delta.
    """

    @property
    def turning(self) -> float:
        """The largest frequency of a pair: a step twice as long must see less than half a turn."""
        pair = 2 * np.hypot(np.abs(self.table["xi"]).max(), 0.3) + 2 * self.baths.width
        return float(pair)

    # -- one end of a step -------------------------------------------------------------------------
    def begin(self, t: float, c: np.ndarray, local: Fields, part: range) -> Begun:
        """What the passes of a step from here share."""
        sums = np.empty((len(part), 16 * CHUNK))
        rates = self.rates(t)
        memory_advance.collect(flat(local["pi"]), sums, np.stack([rates.real, rates.imag], axis=1))
        return Begun(self.push(sums, c, part))

    def push(self, sums: np.ndarray, c: np.ndarray, part: range) -> memory_steps.Push:
        """Gam + Pi + Pi^+ and its velocity from the sums over modes, where Delta and Q are c's."""
        at = self.at(part, c[Q].real)
        return memory_steps.Push.of(
            sums, at, complex(c[D]), self.baths.width, float(self.source.sum())
        )

    def rows(
        self, c: np.ndarray, g: np.ndarray, push: memory_steps.Push, part: range
    ) -> np.ndarray:
        """Rows (n, 4 + more): sums of w g12, its two derivatives, and of w (g11 - g22)."""
        at, w = self.at(part, c[Q].real), self.mine(part)["w"]
        relax = 2 * self.baths.width
        tilt, (x0, x, y, z) = g[:, 0] - g[:, 1], push.value
        change = precession(g, at["xi"], complex(c[D])) - relax * g
        change[:, 0] += x0 + z
        change[:, 1] += x0 - z
        change[:, 2] += x - 1j * y
        second = 2 * at["xi"] * change[:, 2] + c[D] * (change[:, 0] - change[:, 1]) + c[V] * tilt
        if self.ends:
            second += c[Q].real * c[TURN].real * g[:, 2]
        second = -1j * second - relax * change[:, 2]
        second += push.velocity[1] - 1j * push.velocity[2]
        rows = np.empty((len(part), 4 + self.more), complex)
        for k, values in enumerate((g[:, 2], change[:, 2], second, tilt)):
            rows[:, k] = np.einsum("ij,ij->i", w, values)
        if self.more:
            rows[:, 4:] = self.currents(g, change, c[Q].real, part)
        return rows

    def opened(
        self, t: float, c: np.ndarray, local: Fields, begun: Begun, part: range
    ) -> np.ndarray:
        """The rows of :meth:`opening` at the start of a segment; c : (4,) of :meth:`close`."""
        return self.rows(c, local["g"], begun.push, part)

    def opening(self, t: float, step: float, c: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """The mean field (7,) at the start of a segment whose steps have this length."""
        self.now = self.dmu(t)
        rate = self.dmu.slope(t + 0.5 * step)
        return np.array([*c, self.acceleration(c, sums, rate), 1 / step, 0.0])

    def slope(self, c: np.ndarray) -> complex:
        """The factor of Delta in the gap equation."""
        zero, square, by_dmu = self.static
        slope = zero + square * abs(c[D]) ** 2 + by_dmu * self.now**2 - self.counter
        if self.ends:
            moved = c[Q].real ** 2 - self.Q**2
            slope += moved * (self.by_Q[0] + moved * self.by_Q[1])
        return slope

    def acceleration(self, c: np.ndarray, sums: np.ndarray, rate: float) -> complex:
        """d^2 Delta/dt^2 from the gap equation's derivative; rate : d dmu/dt."""
        slope, (_, square, by_dmu) = self.slope(c), self.static
        bend = 2 * square * (np.conj(c[D]) * c[V]).real + 2 * by_dmu * self.now * rate
        if self.ends:
            q, turn = c[Q].real, c[TURN].real
            bend += 2 * q * turn * (self.by_Q[0] + 2 * (q**2 - self.Q**2) * self.by_Q[1])
        force = sums[1] + slope * c[V] + bend * (c[D] + self.B * c[V]) + self.B * sums[2]
        return force / (self.K - self.B * slope)

    # -- a step ------------------------------------------------------------------------------------
    def predicted(self, step: float, c: np.ndarray, last: tuple | None) -> np.ndarray:
        """The mean field at the end of a step: the polynomial of the last one goes on."""
        if last is None:
            ahead = c[D] + step * (c[V] + 0.5 * step * c[A]), c[V] + step * c[A]
            return np.array([*ahead, c[Q] + step * c[TURN], c[TURN], *c[A:]])
        length, old = last
        x = 1 + step / length
        values, slopes, bends = quintic(x)
        known = scaled(length, old, c)
        q, turn = cubic(x, length, old, c)
        return np.array(
            [values @ known, slopes @ known / length, q, turn, bends @ known / length**2, *c[V_BY:]]
        )

    def propagate(
        self, t: float, step: float, ends: tuple, begun: Begun, fields: tuple, part: range
    ) -> np.ndarray:
        """Fields at the end of the step, with Delta and Q as the mean fields at both ``ends`` tell.

        fields : those at the start, and where they go. Returns the rows of :meth:`settle`.
        """
        (first, last), (local, out) = ends, fields
        s, weights, basis = 0.5 * (1 + NODES[0]), 0.5 * NODES[1], basis_at_nodes()
        tilts = 12 / step * weights * (s - 0.5)
        Delta = basis @ scaled(step, first, last)
        a, xi = self.levels(part, weights, tilts, step, first, last)
        frame = memory_steps.Frame.of(step, a, xi, (weights @ Delta, tilts @ Delta))
        sums = np.empty((len(part), 16 * CHUNK))
        rates = self.step_rates(t, step)
        memory_advance.advance(
            flat(local["pi"]), flat(out["pi"]), sums, frame.rows(), rates, self.source, step
        )
        push, damping = self.push(sums, last, part), 2 * self.baths.width
        g = memory_steps.moved_density(frame, local["g"], (begun.push, push), damping)
        out["g"][:] = g
        moved = basis[:, 3:] @ np.array([1, step * last[V_BY], step**2 * last[A_BY]])
        at, w = self.at(part, last[Q].real), self.mine(part)["w"]
        follow = w * memory_steps.response(
            g, at["xi"], damping, step, (weights @ moved, tilts @ moved)
        )
        turned = follow.sum(1), -2j * (at["xi"] * follow).sum(1)
        return np.concatenate([np.stack(turned, axis=1), self.rows(last, g, push, part)], axis=1)

    def carry(self, c: np.ndarray, local: Fields) -> None:
        """Delta and Q into the fields."""
        local["delta"][:], local["Q"][:] = c[D], c[Q]

    def levels(
        self, part: range, weights: np.ndarray, tilts: np.ndarray, step: float, first, last
    ) -> tuple[memory_steps.Linear, memory_steps.Linear]:
        """Mean and slope of a and of xi over a step."""
        known, nothing = self.mine(part), np.zeros((len(part), CHUNK))
        if not self.ends:
            return (known["a"], nothing), (known["xi"], nothing)
        q = np.array([cubic(x, step, first, last)[0].real for x in 0.5 * (1 + NODES[0])])
        a = weights @ q * known["along"], tilts @ q * known["along"]
        moved, bent = weights @ q**2 - self.Q**2, tilts @ q**2
        return a, (known["xi"] + 0.25 * moved, nothing + 0.25 * bent)

    def step_rates(self, t: float, step: float) -> np.ndarray:
        """(modes, 7) of :func:`.memory_advance.advance`."""
        begin, end = self.rates(t), self.rates(t + step)
        middle = 0.5 * (begin + end)
        whole, drive = np.exp(middle * step), (end - begin).imag / step
        return np.stack(
            [middle.real, middle.imag, whole.real, whole.imag, drive, end.real, end.imag], axis=1
        )

    def settle(
        self, t: float, step: float, ends: tuple, sums: np.ndarray, before: tuple | None
    ) -> tuple[np.ndarray, float]:
        """(the mean field at the end by one Newton step, how far it has moved in its size).

        t : of the end. ends : the mean fields at the start and, as it was taken, at the end. before
        : (length of the step before, the mean field where it began).
        """
        (first, c), (chi, turned, *sums) = ends, sums
        self.now = self.dmu(t)
        pairs, change, second, tilt, *current = sums
        slope = self.slope(c)
        lag = self.K - self.B * slope
        turned -= 1j * tilt
        v = (pairs + slope * c[D] + self.field + self.B * change) / lag
        v_by = (chi + slope + self.B * turned) / lag
        second -= 1j * (v - c[V]) * tilt
        here = np.array([c[D], v, c[Q], c[TURN]])
        rate = self.dmu.slope(t - 0.5 * step)
        a = self.acceleration(here, np.array([pairs, change, second]), rate)
        a_by = (turned + slope * v_by - 1j * self.B * tilt * v_by) / lag
        short = first[D] + step / 3 * (first[V] + 2 * v) - step**2 / 6 * a - c[D]
        move = short / (1 - 2 * step / 3 * v_by + step**2 / 6 * a_by)
        end = np.array([c[D] + move, v + v_by * move, c[Q], 0.0, a + a_by * move, v_by, a_by])
        if self.ends:
            end[TURN] = self.turn(end[D], end[V], c[Q].real, np.real(current))
            end[Q] = first[Q] + parabola(step, first[TURN], end[TURN], before)
        return end, max(abs(move), abs(end[Q] - c[Q])) / max(abs(end[D]), LEAST)


def flat(pi: np.ndarray) -> np.ndarray:
    """(items, modes, 8 CHUNK) float : the modes in their memory."""
    return pi.view(float).reshape(*pi.shape[:2], 8 * CHUNK)


def scaled(step: float, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(6,) value, velocity and acceleration of Delta at both ends, in units of the step."""
    units = np.array([1, step, step**2])
    return np.concatenate([units * first[[D, V, A]], units * last[[D, V, A]]])


@functools.lru_cache
def basis_at_nodes() -> np.ndarray:
    """(6, 6) the first weights of `quintic` at the nodes of a step, read-only."""
    basis = np.array([quintic(0.5 * (1 + x))[0] for x in NODES[0]])
    basis.flags.writeable = False
    return basis


@functools.lru_cache(maxsize=16)  # steps of few lengths follow one another
def quintic(x: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (6,) of value, slope and bend at 0 and 1 in the quintic and two derivatives."""
    rows = np.array(
        [
            [1, 0, 0, -10, 15, -6],
            [0, 1, 0, -6, 8, -3],
            [0, 0, 0.5, -1.5, 1.5, -0.5],
            [0, 0, 0, 10, -15, 6],
            [0, 0, 0, -4, 7, -3],
            [0, 0, 0, 0.5, -1, 0.5],
        ]
    )
    k = np.arange(6)
    power = float(x) ** k
    first = np.concatenate([[0.0], k[1:] * power[:-1]])
    second = np.concatenate([[0.0, 0.0], k[2:] * k[1:-1] * power[:-2]])
    weights = rows @ power, rows @ first, rows @ second
    for row in weights:
        row.flags.writeable = False
    return weights


def cubic(x: float, step: float, first: np.ndarray, last: np.ndarray) -> tuple[complex, complex]:
    """(Q, its velocity) of the cubic through both ends."""
    rest = last[Q] - first[Q] - step * first[TURN]
    bend = step * (last[TURN] - first[TURN])
    b, c = 3 * rest - bend, bend - 2 * rest
    value = first[Q] + x * (step * first[TURN] + x * (b + x * c))
    return value, first[TURN] + x * (2 * b + 3 * x * c) / step


def parabola(step: float, begin: complex, end: complex, before: tuple | None) -> complex:
    """The integral over a step of what is ``begin`` and ``end`` at its ends, and known before."""
    if before is None:
        return 0.5 * step * (begin + end)
    length, old = before[0], before[1][TURN]
    both = step + length
    return step * (
        (2 * step + 3 * length) / (6 * both) * end
        + (step + 3 * length) / (6 * length) * begin
        - step**2 / (6 * length * both) * old
    )
