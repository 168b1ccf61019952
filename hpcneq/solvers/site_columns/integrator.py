"""The exponential integrator for columns over sites: polynomials of H applied to them.

No propagator is ever formed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.subnormals import without_subnormals
from ...parallel import Part, placed
from ..aligned import aligned_zeros
from ..auxiliary_modes import chebyshev
from ..auxiliary_modes.stepping import (
    Ends,
    Read,
    Stepper,
    exponential_coefficients,
    memory_weights,
    moments,
    source_coefficients,
)
from ..protocols import SiteModes
from . import kernels
from .state import SiteState

CACHE = 2**20  # bytes of a core's second cache
# The smallest Chebyshev coefficient kept: for modes in single precision, in double precision, in a
# prediction.
SINGLE, DOUBLE, GUESS = 1e-7, 1e-15, 1e-9
# What a term of a polynomial costs per complex entry: four hops (8 where all are one real number,
# else 30),
# site 4, pairing 8, recursion 12. From the right there is one kernel, that for any hops.
FLOPS = {"plain": 32.0, "phases": 54.0}

Weights = tuple[float, float, float, float]  # of Y, i Q, Z and i


class Columns(Stepper):
    """Context of the python TS for a `SiteState`.

    Per step: the history's cubic predicts the mean field; Y carried with it, with Q extrapolated by
    its slope, gives a better prediction, corrected by what it missed in the last step; with that Y
    is carried and the modes, eight or sixteen columns at a time in a core's cache. exp(Omega) of
    the fourth-order Magnus expansion is K exp(-i dt Hbar) K^+ with K = exp(-i dt^2 Hdot/12), whose
    Hdot couples the components of a site only. Where hops change within a step its Hdot would
    couple neighbours: there two half steps with Hbar -+ dt Hdot/3 (and the rates likewise) take its
    place, a commutator-free integrator of the same order.
    """

    def __init__(self, state: SiteState, corrector: int = 0):
        """corrector : ignored, this integrator always makes one correction."""
        super().__init__()
        self.state, self.system = state, state.system
        self.missed: ComplexArray | None = None
        n, rows = len(state.sites), state.rows
        self.Q, self.Z, self.V = (aligned_zeros((n, 2, 2, rows)) for _ in range(3))
        fitting = CACHE // (3 * 32 * max(1, state.halo.count) * kernels.ROWS)
        self.rows_at_once = min(rows, max(1, fitting) * kernels.ROWS)

    def rollback(self, ts: object) -> None:
        """Raises RuntimeError."""
        raise RuntimeError("columns: modes are advanced in place, there is no step to roll back")

    def interpolate(self, ts: object, t: float, u: object) -> None:
        """Raises RuntimeError."""
        raise RuntimeError("columns: there is no output inside a step")

    def start(self, t: float, step: float | None = None) -> None:
        """Forget the history: where the drive jumps and before the first step. **Collective.**"""
        self.begin_grid(t, step)
        self.missed = None
        state, hop = self.state, self.system.hop_at(t, +1)
        self.Q[:], self.Z[:] = 0, 0
        state.sums(self.system.rates_at(t, +1), self.Q, self.Z)
        c = state.field(state.flat)
        self._memory(hop, c)
        self.now = Ends(*state.mean_field(state.green, self.Q, hop, c))

    def saved(self) -> tuple[dict, dict, dict[str, Part]]:
        """(numbers, replicated arrays, distributed arrays) that the next step reads.

        **Collective.**
        """
        numbers, shared = self.saved_ends()
        if self.history:
            shared["missed"] = self.missed
        arrays = {
            name: placed(self.state.comm, array.reshape(-1))
            for name, array in (("Q", self.Q), ("Z", self.Z))
        }
        return numbers, shared, arrays

    def restore(self, numbers: Mapping, shared: Mapping, read: Read, step_grid: float) -> None:
        """Take up the history that `saved` gave. **Collective.**"""
        for name, array in (("Q", self.Q), ("Z", self.Z)):
            read(name, *placed(self.state.comm, array.reshape(-1)))
        self.restore_ends(numbers, shared, step_grid)
        self.missed = shared.get("missed")

    @without_subnormals
    def advance(self, t: float, step: float) -> None:
        """(Pi, Y)(t) -> (t + step). **Collective.**"""
        state, system = self.state, self.system
        start = self.now
        rates, hops = system.rate_moments(t, step), system.hop_moments(t, step)
        d = system.damping
        W = memory_weights(d, step)
        decay, white = np.exp(-d * step), 0.5 * system.white
        ahead = (decay, W[0] + W[2], W[1] + W[2] * step + W[3], white * (W[0] + W[2]))
        end, passes = self.bounded(self.guess(step), step), 1
        if self.history is None:
            passes = 2
        for _ in range(passes):
            plain = self.predicted(kicks_of(system, hops, step, start, end), ahead)
            end = self.bounded(self._better(step, plain), step)
        kicks = kicks_of(system, hops, step, start, end)
        self.carry(kicks, (decay, W[0], W[1], white * W[0]), DOUBLE)
        self._carry_modes(kicks, rates, system.rates_at(t + step, -1))
        after = system.hop_at(t + step, -1)
        self._end(after, end, kicks[-1], W, white)
        self.history = (step, start)
        self.now = Ends(*state.mean_field(state.green, self.Q, after, end.c))
        self.missed = self.now.c - plain
        self.steps += 1

    def predicted(self, kicks: Sequence[Kick], weights: Weights) -> ComplexArray:
        """The mean field (N,) of what `carry` makes of Y with these weights. **Collective.**"""
        state, K = self.state, kicks[-1].rotations(self.state.sites)
        own = K @ state.block(self.carry(kicks, weights, GUESS)) @ K.conj().transpose(0, 2, 1)
        return self.system.coupling * state.halo.gather(own[:, 0, 1] - own[:, 1, 0].conj())

    def _carry_modes(self, kicks, rates, after):
        """The modes through all kicks, and their sums Q and Z = L with the rates ``after``."""
        for kick, moments_of_rates in self._passes(kicks, rates):
            self.mode_pass(kick, *moments_of_rates)
        self.Q[:], self.Z[:] = 0, 0
        self.state.sums(after, self.Q, self.Z)

    @staticmethod
    def _passes(kicks, rates):
        """Each kick with the mean and the slope of its rates; of two the slope is in the means."""
        mean, slope = rates
        if len(kicks) == 1:
            return [(kicks[0], (mean, slope))]
        return [(kick, (mean + kick.late * slope, 0 * slope)) for kick in kicks]

    def _end(self, hop, end, kick, W, white):
        """What drives Y at the end of the step, and Y there. **Collective.**"""
        self._memory(hop, end.c, end.v)
        ends = (W[2], W[3], white * W[2], self.state.layout.start)
        kernels.finish_green(self.V, self.Q, self.Z, *ends, kick.cosine, kick.q, self.state.green)

    def _better(self, step, plain):
        """The end of the step from a carried Y, whose mean field is ``plain``.

        What the last step's missed is added; the velocity is that of a cubic through both ends.
        """
        start = self.now
        if self.history is None:
            return Ends(plain, 2 * (plain - start.c) / step - start.v)
        last, old = self.history
        c = plain + (step / last) ** 3 * self.missed
        # cubic c0 + v0 s + A s^2/step + B s^3/step^2 with the old velocity at s = -last
        r = last / step
        e = (c - start.c) / step - start.v
        A = (start.v - old.v + 3 * r * r * e) / (2 * r + 3 * r * r)
        return Ends(c, start.v + 2 * A + 3 * (e - A))

    def _memory(self, hop, c, v=None):
        """Z = i L + Q H in place of L, with H taken at ``c``, dc/dt = v. **Collective.**

        Z = dX/dt + i [H, X] up to its Hermitian part, X = i Q.
        """
        state, Z = self.state, self.Z
        Z[:, :, 0], Z[:, :, 1] = Z[:, :, 1], -Z[:, :, 0].copy()  # -i L, which the kernel takes off
        mine, near = state.sites, state.halo.near
        hop, onsite, c = hop[mine], self.system.onsite[mine], c[mine]
        for part in self._parts():
            B = aligned_zeros((state.halo.count, 2, 2, part.stop - part.start))
            B[: len(Z)] = self.Q[..., part]
            rows = _aligned(Z[..., part])
            B = state.halo.fill(B)
            kernels.right(near, hop, onsite, c, 0.0, 0.0, 1.0, rows, B, rows)
            Z[..., part] = rows

    def _parts(self):
        """Slices of rows that for all columns of a recursion fit a cache: H leaves rows alone."""
        rows, many = self.state.rows, self.rows_at_once
        return [slice(begin, min(begin + many, rows)) for begin in range(0, rows, many)]

    def _from_the_right(self, hop, onsite, c, u):
        """V times the polynomial of H whose left one is ``u``, in place. **Collective.**"""
        state = self.state
        near, mine = state.halo.near, state.sites
        hop, c = hop[mine], c[mine]
        onsite = onsite[mine]
        for part in self._parts():
            V = _aligned(self.V[..., part])
            B, C = aligned_zeros((2, state.halo.count, *V.shape[1:]))
            for k in range(len(u) - 1, -1, -1):
                if k < len(u) - 1:
                    state.halo.fill(B)
                kernels.right(
                    near, hop, onsite, c, u[k].real, -u[k].imag, 2.0 if k else 1.0, V, B, C
                )
                B, C = C, B
            self.V[..., part] = B[: len(V)]

    @property
    def _hops(self):
        """Which kernels, and which work."""
        return "plain" if self.system.plain else "phases"

    def carry(self, kicks: Sequence[Kick], weights: Weights, smallest: float) -> FloatArray:
        """U K^+ [w0 Y + w1 i Q + w2 Z + w3 i] K U^+ by one after the other of ``kicks``.

        **Collective.**

        U = exp(-i dt Hbar) with Chebyshev coefficients down to ``smallest``. Returns V like Y.
        """
        state, first = self.state, kicks[0]
        P, B, C = (aligned_zeros((state.size, 2, kernels.LANES[8])) for _ in range(3))
        none = np.zeros((8, 0), np.int64)
        polynomials = [self._scaled(kick, smallest) for kick in kicks]
        for begin in range(0, len(state.sites), 4):
            place = (state.layout.start, begin, first.cosine, first.q)
            kernels.load_green(state.green, self.Q, self.Z, *weights, *place, P)
            for hop, onsite, c, u in polynomials:
                sources = np.zeros((len(u), 8, 0), complex)
                planes = P, B, C, none, sources, self.system.plain
                carried = kernels.clenshaw(self.system.near, hop, onsite, c, u, *planes)
                np.copyto(P, carried)
            kernels.store_green(carried, begin, self.V)
        for hop, onsite, c, u in polynomials:
            self._from_the_right(hop, onsite, c, u)
            self.flops += (FLOPS[self._hops] + FLOPS["phases"]) * len(u) * self.V.size / 2
        return self.V

    def _scaled(self, kick, smallest):
        """(hop, onsite, c) over the spectral radius and the coefficients of a kick's polynomial."""
        terms = chebyshev.degree(kick.reach, smallest)
        u = exponential_coefficients(kick.step, kick.radius, terms)
        return kick.hop / kick.radius, self.system.onsite / kick.radius, kick.mean / kick.radius, u

    def mode_pass(self, kick: Kick, mean: ComplexArray, slope: ComplexArray) -> None:
        """The modes of the own columns to the end of a kick, with rates of this mean and slope."""
        state, step = self.state, kick.step
        size = state.real.itemsize
        smallest, kind = DOUBLE, np.dtype(complex)
        if size == 4:
            smallest, kind = SINGLE, np.dtype(np.complex64)
        terms = chebyshev.degree(kick.reach, smallest)
        u = exponential_coefficients(step, kick.radius, terms).astype(kind)
        functions = source_coefficients(step, mean, kick.radius, terms)  # (groups, terms)
        bend = step**2 * chebyshev.kappa(step * mean)
        sources = kick.sources(state, bend[state.group], slope[state.group])
        kernels.modes(
            (self.system.near, *self._matrix(kick, kind), u),
            self.system.plain,
            state.modes,
            state.group,
            state.row,
            np.exp(step * mean).astype(kind),
            functions.astype(kind),
            sources.astype(kind),
            (kick.cosine.astype(state.real), kick.q.astype(kind)),
        )
        self.flops += FLOPS[self._hops] * terms * state.modes.size / 2
        self.passes += 1

    def _matrix(self, kick, kind):
        """(hop, onsite, c) over the spectral radius in the precision of ``kind``."""
        hop, onsite, c = kick.hop, self.system.onsite, kick.mean
        return (
            (hop / kick.radius).astype(kind),
            (onsite / kick.radius).astype(self.state.real),
            (c / kick.radius).astype(kind),
        )


def _aligned(array: FloatArray) -> FloatArray:
    """A copy that begins a cache line."""
    copied = aligned_zeros(array.shape)
    copied[...] = array
    return copied


def kicks_of(
    system: SiteModes,
    hops: tuple[ComplexArray, ComplexArray | None],
    step: float,
    start: Ends,
    end: Ends,
) -> list[Kick]:
    """The `Kick` of a step, or the two of a step in which hops change."""
    mean, slope = moments(step, start.c, start.v, end.c, end.v)
    if hops[1] is None:
        return [Kick(system, hops[0], step, mean, slope)]
    return [
        Kick(system, hops[0] + late * hops[1], step / 2, mean + late * slope, 0 * slope, late)
        for late in (-step / 3, step / 3)
    ]


class Kick:
    """Hbar of a step and K = exp(-i dt^2 Hdot/12) = [[cosine, q], [-q*, cosine]] on every site.

    mean, slope : of the mean field over it. late : its time after the middle of the whole step.
    """

    def __init__(
        self,
        system: SiteModes,
        hop: ComplexArray,
        step: float,
        mean: ComplexArray,
        slope: ComplexArray,
        late: float = 0.0,
    ):
        self.mean, self.slope = mean, slope
        self.late = late
        self.hop, self.step = hop, step
        longer = max(0.0, float(np.abs(hop).max()) - 1)  # a sloping hop is not quite of modulus 1
        self.radius = float(system.field_bound + 4 * longer + np.abs(self.mean).max())
        self.reach = self.radius * step
        angle = step**2 / 12 * np.abs(self.slope)
        self.cosine = np.cos(angle)
        self.q = 1j * step**2 / 12 * np.sinc(angle / np.pi) * self.slope

    def rotations(self, sites: IntArray) -> ComplexArray:
        """K of some sites, (n, 2, 2)."""
        cosine, q = self.cosine[sites], self.q[sites]
        rows = [np.stack([cosine, q], axis=1), np.stack([-q.conj(), cosine], axis=1)]
        return np.stack(rows, axis=1)

    def sources(self, state: SiteState, bend: ComplexArray, slope: ComplexArray) -> ComplexArray:
        """K^-1 (1 + bend (-i Hdot + slope)) s of every mode on its site's two rows, (modes, 2)."""
        site, a = state.row // 2, state.component
        d, cosine, q = self.slope[site], self.cosine[site], self.q[site]
        own = 1 + bend * slope
        # -i bend Hdot of the other row, Hdot = [[0, -d], [-d*, 0]]
        other = 1j * bend * np.where(a == 0, d.conj(), d)
        up, hole = np.where(a == 0, own, other), np.where(a == 0, other, own)
        both = np.stack([cosine * up - q * hole, cosine * hole + q.conj() * up], axis=1)
        return both * state.strength[:, None]
