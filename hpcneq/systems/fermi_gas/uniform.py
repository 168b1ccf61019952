"""The full equations of a condensate Delta(t) e^{iQr}: protocol MeanField, momenta below p_c in time, those above in closed form.

Kawamura, Hanai and Ohashi (2022), Eq. (69) for one Q, with Gam = 2 gamma, H = a + xi tau3 - [[0, Delta], [Delta^*, 0]], g = -i G^<(t, t):

    kinetic   dg/dt = -i [H, g] - 2 Gam (g - N(H))                       adiabatic reservoirs: N(H) of the moment
    memory    dg/dt = -i [H, g] - 2 Gam g + Gam + Pi + Pi^+,  Pi = sum_g Pi_g,  dPi_g/dt = (-i H + lambda_g) Pi_g - i Gam r_g

the second exact for wide bands: each pole i w of the reservoirs' Fermi function is a mode, lambda = -Gam - w +- i dmu(t). Both rest at the
solutions of the gap equation. The momenta above p_c are those of :mod:`.kinetics`.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import momenta, rays, response
from .kinetics import CHUNK, above, pairs_only

CACHE = 2**18      # bytes of modes worked on at a time


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
        return [t for t in (self.begin, self.begin + self.time, self.begin + 2 * self.time)[:3 if self.back else 2] if 0 < t < t_max]


class Kinetic:
    """Adiabatic reservoirs: fields ``g`` (3, CHUNK) per item: g11, g22, g12, and everywhere Delta. The mean field is (Delta, its velocity).

    baths, inv : the gas; dmu : a Ramp. Delta : the start, g = N(H). near : (D, Q), a state whose features the grid resolves and whose Q
    holds. field : a constant pairing field that seeds, in units of the gap's sum. lasting : see :func:`.rays.points`.
    """

    def __init__(self, baths, inv, dmu, Delta, near, p_c=2.0, dp=0.02, fine=1.0, angles=32, field=0.0, lasting=0.0):
        self.baths, self.dmu, self.Delta, self.field = baths, dmu, complex(Delta), field
        self.D, self.Q = near
        self.p_c = p_c
        points = rays.points(self.D, self.Q, baths, 0.0, 0.0, dp, fine, p_c, angles, lasting)
        self.items = -(-len(points.p) // CHUNK)
        self.fields = {"g": (3, CHUNK), "delta": ()}
        self.table = {name: self.pack(x) for name, x in (("p", points.p), ("w", points.weight), ("xi", points.xi[0]), ("a", points.a[0]))}
        self.counter = float(np.sum(points.weight / (2 * points.p**2)))
        self.beyond(inv, p_c, fine, angles)
        self.known, self.kept = {}, None

    def pack(self, values):
        """(items, CHUNK); padded with zeros."""
        whole = np.zeros(self.items * CHUNK)
        whole[:len(values)] = values
        return whole.reshape(self.items, CHUNK)

    def beyond(self, inv, p_c, fine, angles):
        """The part of the momenta above p_c: K, B of :mod:`.kinetics`, and the static sum, linear in |Delta|^2 and dmu^2."""
        state = response.Response(self.baths, max(self.D, 1e-3), self.Q, fine=fine)
        c, nu, share = rays.directions(state.D, self.Q, self.baths, 0.0, 0.0, fine, angles)
        p, weight = momenta.outer(p_c)
        far = (np.tile(p, len(c)), (share[:, None] * (weight * p**2)).ravel(), np.repeat(c, len(p)), np.repeat(nu, len(p)))
        points = rays.assemble(*far, state.D, self.Q, 0.0, 0.0)
        tail = response.Kinetic(state, points)
        K, KB = (pairs_only(tail.static[:1] / tail.c**k)[0] for k in (1, 2))
        self.K, self.B = K, KB / K

        def static(square, dmu):
            E, b = np.hypot(points.xi[0], np.sqrt(square)), replace(self.baths, dmu=dmu)
            pairs = (b.occupation(points.a[0] - E) - b.occupation(points.a[0] + E)) / (2 * E)
            return float(points.weight @ (pairs - 1 / (2 * points.p**2))) + 0.25 * np.pi * inv

        first, last = self.dmu.first, max(self.dmu.last, self.dmu.first + 0.01)
        base = static(0.0, first)
        self.static = (base - (static(0.0, last) - base) / (last**2 - first**2) * first**2, (static(0.04, first) - base) / 0.04,
                       (static(0.0, last) - base) / (last**2 - first**2))

    @property
    def fastest(self):
        """The largest frequency."""
        return above(self.p_c) * float(2 * np.hypot(np.abs(self.table["xi"]).max(), 0.3) + 2 * self.baths.width)

    def breakpoints(self, t_max):
        return self.dmu.breakpoints(t_max)

    def mine(self, part):
        """The coefficients of this rank's momenta."""
        if part not in self.known:
            self.known[part] = {name: values[part.start:part.stop] for name, values in self.table.items()}
        return self.known[part]

    def start(self, part):
        g = np.stack(self.settled(self.mine(part), self.Delta, self.dmu(0.0))[:3], axis=1)
        return {"g": g, "delta": np.full(len(part), self.Delta)}

    def settled(self, at, Delta, dmu):
        """N(H): its entries 11, 22, 12, 21, each (items, CHUNK)."""
        b = replace(self.baths, dmu=dmu)
        return of_levels(b.occupation, at, Delta)

    def velocity(self, t, local, part):
        """d/dt of the fields at the Delta they carry, {name: array}."""
        at, Delta = self.mine(part), local["delta"][0]
        relax = 2 * self.baths.width
        new = precession(local["g"], at["xi"], Delta)
        new -= relax * local["g"]
        for k, values in enumerate(self.settled(at, Delta, self.dmu(t))[:3]):
            new[:, k] += relax * values
        return {"g": new}

    def partials(self, t, local, part):
        """Rows (n, 3): sum w g12, sum w dg12/dt, and Delta from the first item. What it finds of d/dt is kept for :meth:`rhs`."""
        self.now, rows = self.dmu(t), np.zeros((len(part), 3), complex)
        if len(part):
            w = self.mine(part)["w"]
            self.kept = self.velocity(t, local, part)
            rows[:, 0] = np.einsum("ij,ij->i", w, local["g"][:, 2])
            rows[:, 1] = np.einsum("ij,ij->i", w, self.kept["g"][:, 2])
            if part.start == 0:
                rows[0, 2] = local["delta"][0]
        return rows

    def close(self, sums):
        pairs, change, Delta = sums
        zero, square, by_dmu = self.static
        slope = zero + square * abs(Delta)**2 + by_dmu * self.now**2 - self.counter
        return np.array([Delta, (pairs + slope * Delta + self.field + self.B * change) / (self.K - self.B * slope)])

    def rhs(self, t, side, local, c, out, part):
        """Directly after :meth:`partials` of the same fields."""
        if len(part):
            for name, values in self.kept.items():
                out[name][:] = values
            out["delta"][:] = c[1]

    def observables(self, t, side, local, c, part):
        """Rows (n, 1): this item's share of the particles below p_c, sum of g11 + 1 - g22."""
        at = self.mine(part)
        return np.einsum("ij,ij->i", at["w"], (local["g"][:, 0] + 1 - local["g"][:, 1]).real)[:, None]


class Memory(Kinetic):
    """Reservoirs with memory: further fields ``pi`` (4, modes, CHUNK): entries 11, 12, 21, 22 of each Pi_g.

    fit : :class:`hpcneq.maths.poles.Poles` at the width of the levels.
    """

    def __init__(self, fit, *args, **kwargs):
        self.fit, self.sign = fit, np.repeat([1.0, -1.0], len(fit))
        self.weight = np.tile(fit.r, 2)
        self.block = max(1, CACHE // (16 * 4 * len(self.sign) * CHUNK))
        super().__init__(*args, **kwargs)
        self.decay = self.baths.width + np.tile(fit.w, 2)
        self.fields = {**self.fields, "pi": (4, len(self.sign), CHUNK)}

    @property
    def fastest(self):
        """The largest rate or frequency of a pair or a mode."""
        return max(super().fastest, float(self.decay.max()) + float(np.abs(self.table["xi"]).max()))

    def rates(self, t):
        """lambda_g, (modes, 1)."""
        return (-self.decay + 1j * self.sign * self.dmu(t))[:, None]

    def occupation(self, x, dmu):
        """N(x) of the fit."""
        return 0.5 * (self.fit.broadened(x - dmu, self.baths.width) + self.fit.broadened(x + dmu, self.baths.width))

    def settled(self, at, Delta, dmu):
        return of_levels(lambda x: self.occupation(x, dmu), at, Delta)

    def start(self, part):
        fields, at, D = super().start(part), self.mine(part), self.Delta
        pi = np.empty((len(part), 4, len(self.sign), CHUNK), complex)
        up, down, rate = 1j * (at["a"] + at["xi"])[:, None], 1j * (at["a"] - at["xi"])[:, None], self.rates(0.0)
        # -i Gam r (i H - lambda)^-1
        share = -1j * self.baths.width * self.weight[:, None] / ((up - rate) * (down - rate) + abs(D)**2)
        pi[:, 0], pi[:, 3] = share * (down - rate), share * (up - rate)
        pi[:, 1], pi[:, 2] = share * 1j * D, share * 1j * np.conj(D)
        return {**fields, "pi": pi}

    def velocity(self, t, local, part):
        at, g, pi, D = self.mine(part), local["g"], local["pi"], local["delta"][0]
        width = self.baths.width
        new = precession(g, at["xi"], D)
        new -= 2 * width * g
        total = pi.sum(axis=2)
        new[:, 0] += width + 2 * total[:, 0].real
        new[:, 1] += width + 2 * total[:, 3].real
        new[:, 2] += total[:, 1] + total[:, 2].conj()
        found = np.empty_like(pi)
        for first in range(0, len(pi), self.block):
            where = slice(first, first + self.block)
            self.turn(t, at["a"][where, None], at["xi"][where, None], pi[where], D, found[where])
        return {"g": new, "pi": found}

    def turn(self, t, a, xi, pi, D, out):
        """(-i H + lambda) Pi - i Gam r of some items, into ``out``; as many at a time as stay in the cache."""
        rates, source = self.rates(t), 1j * self.baths.width * self.weight[:, None]
        up, down = rates - 1j * (a + xi), rates - 1j * (a - xi)
        for k, (rate, other, mix) in enumerate(((up, 2, 1j * D), (up, 3, 1j * D), (down, 0, 1j * np.conj(D)), (down, 1, 1j * np.conj(D)))):
            np.multiply(rate, pi[:, k], out=out[:, k])
            out[:, k] += mix * pi[:, other]
            if k in (0, 3):
                out[:, k] -= source


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
