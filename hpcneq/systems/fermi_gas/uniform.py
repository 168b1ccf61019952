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
from .kinetics import CHUNK, Chunks


@dataclass(frozen=True)
class Ramp:
    """dmu(t): from ``first`` to ``last``, straight between ``begin`` and ``begin + time``."""

    first: float
    last: float
    begin: float = 0.0
    time: float = 0.0

    def __call__(self, t):
        if t <= self.begin or self.first == self.last:
            return self.first
        return self.first + (self.last - self.first) * min(1.0, (t - self.begin) / self.time)

    def breakpoints(self, t_max):
        """Where it bends."""
        if self.first == self.last:
            return []
        return [t for t in (self.begin, self.begin + self.time) if 0 < t < t_max]


class Kinetic:
    """Adiabatic reservoirs: fields ``g`` (3, CHUNK) per item: g11, g22, g12. The mean field is (Delta, its velocity).

    baths, inv : the gas; dmu : a Ramp. Delta : the start, g = N(H). near : (D, Q), a state whose features the grid resolves and whose Q
    holds. field : a constant pairing field that seeds, in units of the gap's sum.
    """

    def __init__(self, baths, inv, dmu, Delta, near, p_c=2.0, dp=0.02, fine=1.0, field=0.0):
        self.baths, self.dmu, self.Delta, self.field = baths, dmu, complex(Delta), field
        self.D, self.Q = near
        points = rays.points(self.D, self.Q, baths, 0.0, 0.0, dp, fine, p_c)
        self.chunks = Chunks([len(points.p)])
        self.items = self.chunks.items
        self.fields = {"g": (3, CHUNK)}
        self.table = {name: self.pack(x) for name, x in (("p", points.p), ("w", points.weight), ("xi", points.xi[0]), ("a", points.a[0]))}
        self.counter = float(np.sum(points.weight / (2 * points.p**2)))
        self.beyond(inv, p_c, fine)
        self.known, self.kept = {}, None

    def pack(self, values):
        """(momenta chunks, CHUNK); padded with zeros."""
        return self.chunks.pack([values])

    def beyond(self, inv, p_c, fine):
        """The part of the momenta above p_c: K, B of :mod:`.kinetics`, and the static sum, linear in |Delta|^2 and dmu^2."""
        state = response.Response(self.baths, max(self.D, 1e-3), self.Q, fine=fine)
        c, nu, share = rays.directions(state.D, self.Q, self.baths, 0.0, 0.0, fine)
        p, weight = momenta.outer(p_c)
        far = (np.tile(p, len(c)), (share[:, None] * (weight * p**2)).ravel(), np.repeat(c, len(p)), np.repeat(nu, len(p)))
        points = rays.assemble(*far, state.D, self.Q, 0.0, 0.0)
        tail = response.Kinetic(state, points)
        K, KB = ((tail.static[0] / tail.c**k).sum() for k in (1, 2))
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
        """The largest frequency of a pair."""
        return float(2 * np.hypot(np.abs(self.table["xi"]).max(), 0.3) + 2 * self.baths.width)

    def breakpoints(self, t_max):
        return self.dmu.breakpoints(t_max)

    def mine(self, part):
        """The coefficients of this rank's momenta."""
        if part not in self.known:
            where, *_ = self.chunks.mine(part)
            self.known[part] = {name: values[where] for name, values in self.table.items()}
        return self.known[part]

    def start(self, part):
        at, (_, count, holders, _) = self.mine(part), self.chunks.mine(part)
        g = np.zeros((len(part), 3, CHUNK), complex)
        g[:count] = np.stack(self.settled(at, self.Delta, self.dmu(0.0))[:3], axis=1)
        for place in holders:
            g[place, 0, 0] = self.Delta
        return {"g": g}

    def settled(self, at, Delta, dmu):
        """N(H): its entries 11, 22, 12, 21, each (chunks, CHUNK)."""
        E = np.maximum(np.hypot(at["xi"], abs(Delta)), 1e-12)
        b = replace(self.baths, dmu=dmu)
        return of_levels(b.occupation(at["a"] + E), b.occupation(at["a"] - E), at["xi"], E, Delta)

    def velocity(self, t, local, Delta, part):
        """d/dt of (g11, g22, g12), (chunks, 3, CHUNK), of this rank's momenta."""
        at, (_, count, *_) = self.mine(part), self.chunks.mine(part)
        g, relax = local["g"][:count], 2 * self.baths.width
        new = precession(g, at["xi"], Delta)
        new -= relax * g
        for k, values in enumerate(self.settled(at, Delta, self.dmu(t))[:3]):
            new[:, k] += relax * values
        return new

    def partials(self, t, local, part):
        """Rows of sum w g12, sum w dg12/dt and Delta. Delta must be known first: it rides on the rank that holds it."""
        at, (_, count, holders, _) = self.mine(part), self.chunks.mine(part)
        rows = np.zeros((len(part), 7), complex)
        g = local["g"][:count]
        w = at["w"]
        n1, n2, s = g[:, 0], g[:, 1], g[:, 2]
        rows[:count, 0] = np.einsum("ij,ij->i", w, s)
        rows[:count, 1] = np.einsum("ij,ij->i", w, -(2j * at["xi"] + 2 * self.baths.width) * s)
        rows[:count, 2] = np.einsum("ij,ij->i", w, n1 - n2)
        rows[:count, 3] = self.source(t, local, part)
        for place in holders:
            rows[place, 4] = local["g"][place, 0, 0]
        rows[:count, 5] = np.einsum("ij,ij->i", w, n1 + n2 - 1 + 0 * s)
        rows[:, 6] = t / self.items
        return rows

    def source(self, t, local, part):
        """sum w of what reservoirs add to dg12/dt, per unit of Delta: that of the tail's correction, at the start's |Delta|."""
        at = self.mine(part)
        if self.kept is None or self.kept[0] != (t, part):
            E = np.maximum(np.hypot(at["xi"], max(abs(self.Delta), self.D)), 1e-12)
            b = replace(self.baths, dmu=self.dmu(t))
            share = (b.occupation(at["a"] - E) - b.occupation(at["a"] + E)) / (2 * E)
            self.kept = ((t, part), 2 * self.baths.width * np.einsum("ij,ij->i", at["w"], share))
        return self.kept[1]
