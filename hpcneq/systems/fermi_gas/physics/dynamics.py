"""The full equations of a condensate Delta(t) e^{iQr}: protocol MeanField, momenta below p_c in time, those above in closed form.

Kawamura, Hanai and Ohashi (2022), Eq. (69) for one Q, with Gam = 2 gamma, H = a + xi tau3 - [[0, Delta], [Delta^*, 0]], g = -i G^<(t, t):

    kinetic   dg/dt = -i [H, g] - 2 Gam (g - N(H))                       adiabatic reservoirs: N(H) of the moment
    memory    dg/dt = -i [H, g] - 2 Gam g + Gam + Pi + Pi^+,  Pi = sum_g Pi_g,  dPi_g/dt = (-i H + lambda_g) Pi_g - i Gam r_g

the second exact for wide bands: each pole i w of the reservoirs' Fermi function is a mode, lambda = -Gam - w +- i dmu(t). Both rest at the
solutions of the gap equation. The momenta above p_c are those of :mod:`.linear_kinetics`. Q is held, or moves by the current condition of :mod:`.closed_circuit`.

Momenta against Q mirror those along it, g(-c) = 1 - tau2 g(c)^* tau2 with c the cosine to Q (and Pi_g likewise, of the reservoir at the other side):
a sum of g12 or of g11 + 1 - g22 is twice that over c > 0, which is all that is evolved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import angular_grid, closed_circuit, memory_kernel, radial_grid, response
from .linear_kinetics import CHUNK, above, pairs_only


@dataclass(frozen=True)
class Ramp:
    """dmu(t): ``first`` until ``begin``, straight to ``last`` in ``time``, and, if ``back``, straight back in as long."""

    first: float
    last: float
    begin: float = 0.0
    time: float = 1.0
    back: bool = False

    def __call__(self, t):
        part = min(max((t - self.begin) / self.time, 0.0), 2.0 if self.back else 1.0)
        return self.first + (self.last - self.first) * (part if part <= 1 else 2 - part)

    @property
    def end(self):
        """dmu after everything."""
        return self.first if self.back else self.last

    def breakpoints(self, t_max):
        """Where it bends."""
        if self.first == self.last:
            return []
        return [
            t
            for t in (self.begin, self.begin + self.time, self.begin + 2 * self.time)[
                : 3 if self.back else 2
            ]
            if 0 < t < t_max
        ]


class Kinetic:
    """Adiabatic reservoirs: fields ``g`` (3, CHUNK) per item: g11, g22, g12, and everywhere Delta and Q. The mean field is (Delta, its velocity, Q, its
    velocity).

    baths, inv : the gas; dmu : a Ramp. Delta : the start, g = N(H). near : (D, Q), a state whose features the grid resolves and whose Q
    holds; with ``start_Q``, not None, Q starts there and is free to move. field : a constant pairing field that seeds, in units of the gap's sum.
    lasting : see :func:`.angular_grid.points`. folded : only momenta along Q are evolved.
    """

    def __init__(
        self,
        baths,
        inv,
        dmu,
        Delta,
        near,
        p_c=2.0,
        dp=0.02,
        fine=1.0,
        angles=32,
        field=0.0,
        lasting=0.0,
        start_Q=None,
        folded=True,
    ):
        self.baths, self.dmu, self.Delta, self.field = baths, dmu, complex(Delta), field
        self.D, self.Q = near
        self.p_c, self.start_Q = p_c, self.Q if start_Q is None else start_Q
        self.ends = None if start_Q is None else self.closing(dp)
        points = angular_grid.points(
            self.D, self.Q, baths, 0.0, 0.0, dp, fine, p_c, angles, lasting
        )
        if folded and self.Q:
            points = angular_grid.half(points)
        self.items = -(-len(points.p) // CHUNK)
        self.fields = {"g": (3, CHUNK), "delta": (), "Q": ()}
        self.table = {
            name: self.pack(x)
            for name, x in (
                ("p", points.p),
                ("w", points.weight),
                ("xi", points.xi[0]),
                ("a", points.a[0]),
                ("along", points.p * points.c),
            )
        }
        self.counter = float(np.sum(points.weight / (2 * points.p**2)))
        self.beyond(inv, p_c, fine, angles)
        self.known, self.kept = {}, None

    more = 0  # columns of partials that closed ends need

    def closing(self, dp):
        """What moves Q where the ends are closed."""
        return closed_circuit.Ends.of(self.baths, self.D, self.Q, dp)

    def pack(self, values):
        """(items, CHUNK); padded with zeros."""
        whole = np.zeros(self.items * CHUNK)
        whole[: len(values)] = values
        return whole.reshape(self.items, CHUNK)

    def beyond(self, inv, p_c, fine, angles):
        """The part of the momenta above p_c: K, B of :mod:`.linear_kinetics`, and the static sum, linear in |Delta|^2 and dmu^2."""
        state = response.Response(self.baths, max(self.D, 1e-3), self.Q, fine=fine)
        c, nu, share = angular_grid.directions(state.D, self.Q, self.baths, 0.0, 0.0, fine, angles)
        p, weight = radial_grid.outer(p_c)
        far = (
            np.tile(p, len(c)),
            (share[:, None] * (weight * p**2)).ravel(),
            np.repeat(c, len(p)),
            np.repeat(nu, len(p)),
        )
        points = angular_grid.assemble(*far, state.D, self.Q, 0.0, 0.0)
        K, KB = self.lag(state, points)
        self.K, self.B = K, KB / K

        def static(square, dmu, moved=0.0):
            E, b = (
                np.hypot(points.xi[0] + 0.25 * moved, np.sqrt(square)),
                replace(self.baths, dmu=dmu),
            )
            a = points.a[0] if not moved else np.sqrt(self.Q**2 + moved) * points.p * points.c
            pairs = (b.occupation(a - E) - b.occupation(a + E)) / (2 * E)
            return float(points.weight @ (pairs - 1 / (2 * points.p**2))) + 0.25 * np.pi * inv

        first, last, step = (
            self.dmu.first,
            max(self.dmu.last, self.dmu.first + 0.01),
            -0.5 * self.Q**2,
        )
        base = static(0.0, first)
        self.static = (
            base - (static(0.0, last) - base) / (last**2 - first**2) * first**2,
            (static(0.04, first) - base) / 0.04,
            (static(0.0, last) - base) / (last**2 - first**2),
        )
        if self.ends:  # and through three values of Q^2, from that of near to 0
            near, far = (static(0.0, first, k * step) - base for k in (1, 2))
            self.by_Q = (2 * near - 0.5 * far) / step, (0.5 * far - near) / step**2

    @staticmethod
    def lag(state, points):
        """(K, K B) of these far momenta: their pairs follow e^{lambda t} by less - lambda K + lambda^2 K B."""
        tail = response.Kinetic(state, points)
        return tuple(pairs_only(tail.static[:1] / tail.c**k)[0] for k in (1, 2))

    @property
    def fastest(self):
        """The largest frequency."""
        return above(self.p_c) * float(
            2 * np.hypot(np.abs(self.table["xi"]).max(), 0.3) + 2 * self.baths.width
        )

    def breakpoints(self, t_max):
        return self.dmu.breakpoints(t_max)

    def mine(self, part):
        """The coefficients of this rank's momenta."""
        if part not in self.known:
            self.known[part] = {
                name: values[part.start : part.stop] for name, values in self.table.items()
            }
        return self.known[part]

    def start(self, part):
        g = np.stack(
            self.settled(self.at(part, self.start_Q), self.Delta, self.dmu(0.0))[:3], axis=1
        )
        return {
            "g": g,
            "delta": np.full(len(part), self.Delta),
            "Q": np.full(len(part), self.start_Q, complex),
        }

    def at(self, part, Q):
        """The coefficients at Q."""
        known = self.mine(part)
        return (
            known
            if not self.ends
            else known | {"a": Q * known["along"], "xi": known["xi"] + 0.25 * (Q**2 - self.Q**2)}
        )

    def settled(self, at, Delta, dmu):
        """N(H): its entries 11, 22, 12, 21, each (items, CHUNK)."""
        b = replace(self.baths, dmu=dmu)
        return of_levels(b.occupation, at, Delta)

    def velocity(self, t, local, part):
        """d/dt of the fields at the Delta they carry, {name: array}."""
        at, Delta = self.at(part, local["Q"][0].real), local["delta"][0]
        relax = 2 * self.baths.width
        new = precession(local["g"], at["xi"], Delta)
        new -= relax * local["g"]
        for k, values in enumerate(self.settled(at, Delta, self.dmu(t))[:3]):
            new[:, k] += relax * values
        return {"g": new}

    def partials(self, t, local, part):
        """Rows (n, 4): sum w g12, sum w dg12/dt, Delta and Q from the first item, and what :meth:`currents` adds. What it finds of d/dt is kept for :meth:`rhs`."""
        self.now, rows = self.dmu(t), np.zeros((len(part), 4 + self.more), complex)
        if len(part):
            w = self.mine(part)["w"]
            self.kept = self.velocity(t, local, part)
            rows[:, 0] = np.einsum("ij,ij->i", w, local["g"][:, 2])
            rows[:, 1] = np.einsum("ij,ij->i", w, self.kept["g"][:, 2])
            if part.start == 0:
                rows[0, 2:4] = local["delta"][0], local["Q"][0]
            if self.more:
                rows[:, 4:] = self.currents(local["g"], self.kept["g"], local["Q"][0].real, part)
        return rows

    def close(self, sums):
        pairs, change, Delta, Q, *current = sums
        zero, square, by_dmu = self.static
        slope = zero + square * abs(Delta) ** 2 + by_dmu * self.now**2 - self.counter
        if self.ends:
            moved = Q.real**2 - self.Q**2
            slope += moved * (self.by_Q[0] + moved * self.by_Q[1])
        velocity = (pairs + slope * Delta + self.field + self.B * change) / (
            self.K - self.B * slope
        )
        return np.array(
            [
                Delta,
                velocity,
                Q,
                self.turn(Delta, velocity, Q.real, np.real(current)) if self.ends else 0.0,
            ]
        )

    def turn(self, Delta, velocity, Q, current):
        """dQ/dt."""
        return self.ends.velocity(abs(Delta), Q, self.now)

    def rhs(self, t, side, local, c, out, part):
        """Directly after :meth:`partials` of the same fields."""
        if len(part):
            for name, values in self.kept.items():
                out[name][:] = values
            out["delta"][:], out["Q"][:] = c[1], c[3]

    def observables(self, t, side, local, c, part):
        """Rows (n, 1): this item's share of the particles below p_c, sum of g11 + 1 - g22."""
        at = self.mine(part)
        return np.einsum("ij,ij->i", at["w"], (local["g"][:, 0] + 1 - local["g"][:, 1]).real)[
            :, None
        ]


class Memory(Kinetic):
    """Reservoirs with memory: further fields ``pi`` (4, modes, CHUNK): entries 11, 12, 21, 22 of each Pi_g, in the planes of :mod:`.memory_kernel`.

    fit : :class:`hpcneq.maths.poles.Poles` at the width of the levels.
    """

    def __init__(self, fit, *args, **kwargs):
        self.fit, self.sign = fit, np.repeat([1.0, -1.0], len(fit))
        self.weight = np.tile(fit.r, 2)
        super().__init__(*args, **kwargs)
        self.decay = self.baths.width + np.tile(fit.w, 2)
        self.fields = {**self.fields, "pi": (4, len(self.sign), CHUNK)}
        self.source = self.baths.width * self.weight

    @property
    def fastest(self):
        """The largest rate or frequency of a pair or a mode."""
        return max(
            super().fastest, float(np.hypot(self.decay.max(), np.abs(self.table["xi"]).max() + 0.3))
        )

    def closing(self, dp):
        self.more = 3
        return closed_circuit.Balance(
            self.baths, self.p_c, 1.3 * max(self.Q, abs(self.start_Q)), self.dmu, dp
        )

    def currents(self, g, velocity, Q, part):
        """Rows (n, 3): current below p_c, its velocity at this Q, and n of one spin; of all momenta from those along Q."""
        at = self.mine(part)
        along, level = at["w"] * at["along"], 0.5 * Q * at["w"]
        n11, n22, v11, v22 = g[:, 0].real, g[:, 1].real, velocity[:, 0].real, velocity[:, 1].real
        n = np.einsum("ij,ij->i", level, n11 + 1 - n22)
        return np.stack(
            [
                np.einsum("ij,ij->i", along, n11 + n22 - 1) + n,
                np.einsum("ij,ij->i", along, v11 + v22) + np.einsum("ij,ij->i", level, v11 - v22),
                np.einsum("ij,ij->i", 0.5 * at["w"], n11 + 1 - n22),
            ],
            axis=1,
        )

    def turn(self, Delta, velocity, Q, current):
        return self.ends.velocity(Delta, velocity, Q, self.now, *current)

    @staticmethod
    def lag(state, points):
        """(K, K B), from the exact response: memory leaves K almost no real part, which slow modes of the gapped state feel."""
        step = 0.4 * state.baths.width
        ahead, here, behind = response.Memory(state, points)(np.array([step, 0.0, -step], complex))[
            :, 0, 0
        ]
        return (behind - ahead) / (2 * step), (ahead + behind - 2 * here) / (2 * step**2)

    def rates(self, t):
        """lambda_g, (modes,)."""
        return -self.decay + 1j * self.sign * self.dmu(t)

    def occupation(self, x, dmu):
        """N(x) of the fit."""
        return 0.5 * (
            self.fit.broadened(x - dmu, self.baths.width)
            + self.fit.broadened(x + dmu, self.baths.width)
        )

    def settled(self, at, Delta, dmu):
        return of_levels(lambda x: self.occupation(x, dmu), at, Delta)

    def start(self, part):
        fields, at, D = super().start(part), self.at(part, self.start_Q), self.Delta
        pi = np.zeros((len(part), 4, len(self.sign), CHUNK), complex)
        planes = self.planes(pi)
        up, down, rate = (
            1j * (at["a"] + at["xi"])[:, None],
            1j * (at["a"] - at["xi"])[:, None],
            self.rates(0.0)[:, None],
        )
        # -i Gam r (i H - lambda)^-1
        share = -1j * self.source[:, None] / ((up - rate) * (down - rate) + abs(D) ** 2)
        for k, values in enumerate(
            (share * (down - rate), share * 1j * D, share * 1j * np.conj(D), share * (up - rate))
        ):
            planes[:, k, :, 0], planes[:, k, :, 1] = values.real, values.imag
        return {**fields, "pi": pi}

    @staticmethod
    def planes(pi):
        """(items, 4, modes, 2, CHUNK) float : real and imaginary parts in the memory of a field ``pi``."""
        return pi.view(float).reshape(*pi.shape[:-1], 2, CHUNK)

    def velocity(self, t, local, part):
        at, g, pi, D = (
            self.at(part, local["Q"][0].real),
            local["g"],
            local["pi"],
            complex(local["delta"][0]),
        )
        width = self.baths.width
        new, found, total = (
            precession(g, at["xi"], D),
            np.empty_like(pi),
            np.empty((len(part), 4, 2, CHUNK)),
        )
        memory_kernel.compiled()(
            self.planes(pi),
            self.planes(found),
            total,
            at["a"],
            at["xi"],
            self.rates(t),
            self.source,
            D,
        )
        new -= 2 * width * g
        new[:, 0] += width + 2 * total[:, 0, 0]
        new[:, 1] += width + 2 * total[:, 3, 0]
        new[:, 2] += total[:, 1, 0] + total[:, 2, 0] + 1j * (total[:, 1, 1] - total[:, 2, 1])
        return {"g": new, "pi": found}


def of_levels(function, at, Delta):
    """Entries 11, 22, 12, 21 of f(H) from f on real numbers, each of the shape of xi."""
    E = np.maximum(np.hypot(at["xi"], abs(Delta)), 1e-12)
    up, down = function(at["a"] + E), function(at["a"] - E)
    mean, share = 0.5 * (up + down), 0.5 * (up - down) / E
    return mean + share * at["xi"], mean - share * at["xi"], -share * Delta, -share * np.conj(Delta)


def precession(g, xi, Delta):
    """-i [H, g], (items, 3, CHUNK)."""
    new = np.empty_like(g)
    turn = 2 * (g[:, 2] * np.conj(Delta)).imag
    new[:, 0], new[:, 1] = turn, -turn
    new[:, 2] = -1j * (2 * xi * g[:, 2] + Delta * (g[:, 0] - g[:, 1]))
    return new
