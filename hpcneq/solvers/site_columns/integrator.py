"""The exponential integrator for columns over sites (:mod:`.state`): polynomials of H applied to them, no propagator is ever formed."""

from __future__ import annotations

import numpy as np

from ...parallel import placed
from ..auxiliary_modes import chebyshev
from ..auxiliary_modes.integrator import (
    Ends,
    Exponential,
    _exponential,
    _hermite_slopes,
    _source_coefficients,
    hermite,
    memory_weights,
    moments,
)
from . import kernels as sitekernels

CACHE = 2**20  # bytes of a core's second cache
SINGLE, DOUBLE, GUESS = (
    1e-9,
    1e-15,
    1e-9,
)  # smallest Chebyshev coefficient kept for modes in single precision, else, in a prediction


class Columns(Exponential):
    """Context of the python TS.

    Per step: the history's cubic predicts the mean field; Y carried with it, with Q extrapolated by its slope, gives a better
    prediction, corrected by what it missed in the last step; with that Y is carried and the modes, eight or sixteen columns at
    a time in a core's cache. exp(Omega) of the fourth-order Magnus expansion is K exp(-i dt Hbar) K^+ with K = exp(-i dt^2 Hdot/12), whose
    Hdot couples the components of a site only. Where hops change within a step its Hdot would couple neighbours: there two half
    steps with Hbar -+ dt Hdot/3 (and the rates likewise) take its place, a commutator-free integrator of the same order.
    """

    def __init__(self, state, corrector=0):
        self.state, self.system = state, state.system
        self.origin = self.lattice = None
        self.now = self.history = self.missed = None
        self.steps = self.rollbacks = self.passes = 0
        self.flops = 0.0
        n, rows = len(state.sites), state.rows
        self.Q, self.Z, self.V = (np.zeros((n, 2, 2, rows)) for _ in range(3))
        fitting = CACHE // (3 * 32 * state.halo.count * sitekernels.ROWS)
        self.rows_at_once = min(rows, max(1, fitting) * sitekernels.ROWS)

    def rollback(self, ts):
        raise RuntimeError("columns: modes are advanced in place, there is no step to roll back")

    def interpolate(self, ts, t, u):
        raise RuntimeError("columns: there is no output inside a step")

    def start(self, t, step=None):
        """Forget the history: where the drive jumps and before the first step."""
        self.history = self.missed = None
        self.origin, self.lattice = t, step or self.lattice
        state, hop = self.state, self.system.hop_at(t, +1)
        self.Q[:], self.Z[:] = 0, 0
        state.sums(self.system.rates_at(t, +1), self.Q, self.Z)
        c = state.field(state.flat)
        self._memory(hop, c)
        self.now = Ends(*state.mean_field(state.green, self.Q, hop, c), None, None)

    def saved(self):
        """(numbers, replicated arrays, distributed arrays) that the next step reads. **Collective.**"""
        numbers = {"origin": self.origin, "last_step": self.history[0] if self.history else None}
        shared = {"c": self.now.c, "v": self.now.v}
        if self.history:
            shared.update(old_c=self.history[1].c, old_v=self.history[1].v, missed=self.missed)
        return (
            numbers,
            shared,
            {
                name: placed(self.state.comm, array.reshape(-1))
                for name, array in (("Q", self.Q), ("Z", self.Z))
            },
        )

    def restore(self, numbers, shared, read, lattice):
        """Take up the history again. **Collective.**"""
        for name, array in (("Q", self.Q), ("Z", self.Z)):
            read(name, *placed(self.state.comm, array.reshape(-1)))
        self.origin, self.lattice = numbers["origin"], lattice
        self.now, self.history, self.missed = Ends(shared["c"], shared["v"], None, None), None, None
        if numbers["last_step"] is not None:
            self.history = (
                numbers["last_step"],
                Ends(shared["old_c"], shared["old_v"], None, None),
            )
            self.missed = shared["missed"]

    def advance(self, t, step):
        """(Pi, Y)(t) -> (t + step). **Collective.**"""
        state, system, start = self.state, self.system, self.now
        lam, hops, d = system.rate_moments(t, step), system.hop_moments(t, step), system.damping
        W = memory_weights(d, step)
        keep, white = np.exp(-d * step), 0.5 * system.white
        ahead = (keep, W[0] + W[2], W[1] + W[2] * step + W[3], white * (W[0] + W[2]))
        end, first = self._guess(step), self.history is None
        for _ in range(2 if first else 1):
            kicks = kicks_of(system, hops, step, start, end)
            K = kicks[-1].rotations(state.sites)
            own = K @ state.block(self.carry(kicks, ahead, GUESS)) @ K.conj().transpose(0, 2, 1)
            plain = system.coupling * state.halo.gather(own[:, 0, 1] - own[:, 1, 0].conj())
            end = self._better(step, plain)
        kicks = kicks_of(system, hops, step, start, end)
        self.carry(kicks, (keep, W[0], W[1], white * W[0]), DOUBLE)
        for kick in kicks:
            self.mode_pass(
                kick, lam[0] + kick.late * lam[1], lam[1] if len(kicks) == 1 else 0 * lam[1]
            )
        self.Q[:], self.Z[:] = 0, 0
        state.sums(system.rates_at(t + step, -1), self.Q, self.Z)
        after = system.hop_at(t + step, -1)
        self._memory(after, end.c)
        sitekernels.finish_green(
            self.V,
            self.Q,
            self.Z,
            W[2],
            W[3],
            white * W[2],
            state.layout.start,
            kick.cosine,
            kick.q,
            state.green,
        )
        found = Ends(*state.mean_field(state.green, self.Q, after, end.c), None, None)
        self.history, self.missed, self.now = (step, start), found.c - plain, found
        self.steps += 1

    def _guess(self, step):
        start = self.now
        if self.history is None:
            return Ends(start.c + step * start.v, start.v, None, None)
        last, old = self.history
        h, slopes = hermite(1 + step / last), _hermite_slopes(1 + step / last) / last
        return Ends(
            h[0] * old.c + h[2] * start.c + last * (h[1] * old.v + h[3] * start.v),
            slopes[0] * old.c
            + slopes[2] * start.c
            + last * (slopes[1] * old.v + slopes[3] * start.v),
            None,
            None,
        )

    def _better(self, step, plain):
        """The end of the step from a carried Y: what the last step's missed is added, the velocity is that of a cubic through both ends."""
        start = self.now
        if self.history is None:
            return Ends(plain, 2 * (plain - start.c) / step - start.v, None, None)
        last, old = self.history
        c = plain + (step / last) ** 3 * self.missed
        r = (
            last / step
        )  # cubic c0 + v0 s + A s^2/step + B s^3/step^2 with the old velocity at s = -last
        e = (c - start.c) / step - start.v
        A = (start.v - old.v + 3 * r * r * e) / (2 * r + 3 * r * r)
        return Ends(c, start.v + 2 * A + 3 * (e - A), None, None)

    def _memory(self, hop, c):
        """Z = i L + Q H in place of L; Z = dX/dt + i [H, X] up to its Hermitian part, X = i Q. **Collective.**"""
        state, Z = self.state, self.Z
        Z[:, :, 0], Z[:, :, 1] = Z[:, :, 1], -Z[:, :, 0].copy()  # -i L, which the kernel takes off
        mine, near = state.sites, state.halo.near
        for part in self._parts():
            B = np.zeros((state.halo.count, 2, 2, part.stop - part.start))
            B[: len(Z)] = self.Q[..., part]
            found = np.ascontiguousarray(Z[..., part])
            sitekernels.right(
                near,
                hop[mine],
                self.system.onsite[mine],
                c[mine],
                0.0,
                0.0,
                1.0,
                found,
                state.halo.fill(B),
                found,
            )
            Z[..., part] = found

    def _parts(self):
        """Slices of rows that, for all columns of a recursion, fit a cache: from the right H leaves rows alone."""
        rows, many = self.state.rows, self.rows_at_once
        return [slice(begin, min(begin + many, rows)) for begin in range(0, rows, many)]

    def _from_the_right(self, hop, onsite, c, u):
        """V times the polynomial of H whose left one is ``u``, in place. **Collective.**"""
        state = self.state
        near, mine = state.halo.near, state.sites
        hop, onsite, c = hop[mine], onsite[mine], c[mine]
        for part in self._parts():
            V = np.ascontiguousarray(self.V[..., part])
            B, C = np.zeros((2, state.halo.count, *V.shape[1:]))
            for k in range(len(u) - 1, -1, -1):
                if k < len(u) - 1:
                    state.halo.fill(B)
                sitekernels.right(
                    near, hop, onsite, c, u[k].real, -u[k].imag, 2.0 if k else 1.0, V, B, C
                )
                B, C = C, B
            self.V[..., part] = B[: len(V)]

    @property
    def _hops(self):
        """Which kernels, and which work."""
        return "plain" if self.system.plain else "phases"

    def carry(self, kicks, weights, smallest):
        """U K^+ [keep Y + w0 i Q + w1 Z + constant i] K U^+ with U = exp(-i dt Hbar), one after the other of ``kicks``. **Collective.**"""
        state, system, first = self.state, self.system, kicks[0]
        P, B, C = (np.empty((state.size, 2, sitekernels.LANES[8])) for _ in range(3))
        polynomial = sitekernels.clenshaw[self._hops, 8]
        none = np.zeros((8, 0), np.int64)
        scaled = [
            (
                k.hop / k.radius,
                system.onsite / k.radius,
                k.mean / k.radius,
                _exponential(k.step, k.radius, chebyshev.degree(k.reach, smallest)),
            )
            for k in kicks
        ]
        for begin in range(0, len(state.sites), 4):
            sitekernels.load_green(
                state.green,
                self.Q,
                self.Z,
                *weights,
                state.layout.start,
                begin,
                first.cosine,
                first.q,
                P,
            )
            for hop, onsite, c, u in scaled:
                found = polynomial(
                    system.near, hop, onsite, c, u, P, B, C, none, np.zeros((len(u), 8, 0), complex)
                )
                np.copyto(P, found)
            sitekernels.store_green(found, begin, self.V)
        for hop, onsite, c, u in scaled:
            self._from_the_right(hop, onsite, c, u)
            self.flops += (FLOPS[self._hops] + FLOPS["phases"]) * len(u) * self.V.size / 2
        return self.V

    def mode_pass(self, kick, mean, slope):
        """The modes of the own columns to the end of a kick, with rates of this mean and slope."""
        state, system, step = self.state, self.system, kick.step
        size = state.real.itemsize
        width, held = sitekernels.LANES[size], state.group
        terms = chebyshev.degree(kick.reach, SINGLE if size == 4 else DOUBLE)
        kind = np.dtype(np.complex64 if size == 4 else complex)
        u = _exponential(step, kick.radius, terms).astype(kind)
        hop, onsite, c = (
            (array / kick.radius).astype(kind if array.dtype.kind == "c" else state.real)
            for array in (kick.hop, system.onsite, kick.mean)
        )
        coefficients = _source_coefficients(step, mean, kick.radius, terms)  # (groups, terms)
        factor = np.exp(step * mean)[held].astype(kind)
        sources = kick.sources(state, step**2 * chebyshev.kappa(step * mean)[held], slope[held])
        P, B, C = (np.empty((state.size, 2, width), state.real) for _ in range(3))
        cosine, q = kick.cosine.astype(state.real), kick.q.astype(kind)
        polynomial = sitekernels.clenshaw[self._hops, size]
        load, store = sitekernels.load_modes[size], sitekernels.store_modes[size]
        at = np.zeros((width, 2), np.int64)
        for begin in range(0, len(held), width):
            lanes = slice(begin, min(begin + width, len(held)))
            n = lanes.stop - begin
            block = (
                state.modes[lanes]
                if n == width
                else np.concatenate(
                    [state.modes[lanes], np.zeros((width - n, 2, state.rows), state.real)]
                )
            )
            w, scale = np.zeros((terms, width, 2), kind), np.zeros(width, kind)
            at[:n] = 2 * (state.row[lanes] // 2)[:, None] + [0, 1]
            w[:, :n] = coefficients[held[lanes]].T[:, :, None] * sources[lanes]
            scale[:n] = factor[lanes]
            load(block, scale, cosine, q, P)
            store(polynomial(system.near, hop, onsite, c, u, P, B, C, at, w), cosine, q, block)
            if n < width:
                state.modes[lanes] = block[:n]
        self.flops += FLOPS[self._hops] * terms * state.modes.size / 2
        self.passes += 1


# What a term of a polynomial costs per complex entry: four hops (8 where all are one real number, else 30), site 4, pairing 8, recursion 12.
FLOPS = {"plain": 32.0, "phases": 54.0}  # from the right there is one kernel, that for any hops


def kicks_of(system, hops, step, start, end):
    """The `Kick` of a step, or the two of a step in which hops change."""
    mean, slope = moments(step, start.c, start.v, end.c, end.v)
    if hops[1] is None:
        return [Kick(system, hops[0], step, mean, slope)]
    return [
        Kick(system, hops[0] + late * hops[1], step / 2, mean + late * slope, 0 * slope, late)
        for late in (-step / 3, step / 3)
    ]


class Kick:
    """Hbar of a step and K = exp(-i dt^2 Hdot/12) = [[cosine, q], [-q*, cosine]] on every site. late : its time after the middle of a whole step."""

    def __init__(self, system, hop, step, mean, slope, late=0.0):
        self.mean, self.slope, self.late = mean, slope, late
        self.hop, self.step = hop, step
        longer = max(0.0, float(np.abs(hop).max()) - 1)  # a sloping hop is not quite of modulus 1
        self.radius = float(system.field_bound + 4 * longer + np.abs(self.mean).max())
        self.reach = self.radius * step
        angle = step**2 / 12 * np.abs(self.slope)
        self.cosine = np.cos(angle)
        self.q = 1j * step**2 / 12 * np.sinc(angle / np.pi) * self.slope

    def rotations(self, sites):
        """K of some sites, (n, 2, 2)."""
        cosine, q = self.cosine[sites], self.q[sites]
        return np.stack(
            [np.stack([cosine, q], axis=1), np.stack([-q.conj(), cosine], axis=1)], axis=1
        )

    def sources(self, state, bend, slope):
        """K^-1 (1 + bend (-i Hdot + slope)) s of every mode, on the two rows of its own site: (modes, 2)."""
        site, a = state.row // 2, state.component
        d, cosine, q = self.slope[site], self.cosine[site], self.q[site]
        own = 1 + bend * slope
        other = (
            1j * bend * np.where(a == 0, d.conj(), d)
        )  # -i bend Hdot of the other row, Hdot = [[0, -d], [-d*, 0]]
        up, hole = np.where(a == 0, own, other), np.where(a == 0, other, own)
        return (
            np.stack([cosine * up - q * hole, cosine * hole + q.conj() * up], axis=1)
            * state.strength[:, None]
        )
