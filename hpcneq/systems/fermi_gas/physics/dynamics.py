"""The full equations of a condensate Delta(t) e^{iQr}, adiabatic reservoirs; protocol MeanField.

Momenta below p_c are evolved, those above are in closed form. Kawamura, Hanai and Ohashi (2022),
Eq. (69) for one Q, with Gam = 2 gamma, H = a + xi tau3 - [[0, Delta], [Delta^*, 0]], g = -i G^<(t,
t):

    kinetic   dg/dt = -i [H, g] - 2 Gam (g - N(H))        adiabatic reservoirs: N(H) of the moment

It rests at the solutions of the gap equation; :mod:`.memory_dynamics` holds the equations with
memory. The momenta above p_c are those of :mod:`.linear_kinetics`. Q is held, or moves by the
current condition of :mod:`.closed_circuit`.

Momenta against Q mirror those along it, g(-c) = 1 - tau2 g(c)^* tau2 with c the cosine to Q: a sum
of g12 or of g11 + 1 - g22 is twice that over c > 0, which is all that is evolved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import angular_grid, closed_circuit, linear_kinetics, response
from .linear_kinetics import CHUNK
from .occupation import Baths
from .ramp import Ramp

Fields = dict[str, np.ndarray]  # name -> values, this rank's items first


class Kinetic:
    """Adiabatic reservoirs.

    Fields ``g`` (3, CHUNK) per item: g11, g22, g12, and everywhere Delta and Q. The mean field is
    (Delta, its velocity, Q, its velocity). baths, inv : the gas. dmu : a Ramp. Delta : the start,
    g = N(H). near : (D, Q), a state whose features the grid resolves and whose Q holds; with
    ``start_Q``, not None, Q starts there and is free to move. field : a constant pairing field that
    seeds, in units of the gap's sum. lasting : see :func:`.angular_grid.points`. folded : only
    momenta along Q are evolved.
    """

    more = 0  # columns of partials that closed ends need

    def __init__(
        self,
        baths: Baths,
        inv: float,
        dmu: Ramp,
        Delta: complex,
        near: tuple[float, float],
        p_c: float = 2.0,
        dp: float = 0.02,
        fine: float = 1.0,
        angles: int = 32,
        field: float = 0.0,
        lasting: float = 0.0,
        start_Q: float | None = None,
        folded: bool = True,
    ) -> None:
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
        columns = {
            "p": points.p,
            "w": points.weight,
            "xi": points.xi[0],
            "a": points.a[0],
            "along": points.p * points.c,
        }
        self.table = {name: self.pack(values) for name, values in columns.items()}
        self.counter = float(np.sum(points.weight / (2 * points.p**2)))
        self.beyond(inv, fine, angles)
        self.known: dict[range, Fields] = {}
        self.kept: Fields = {}

    def closing(self, dp: float) -> closed_circuit.Ends | closed_circuit.Balance:
        """What moves Q where the ends are closed."""
        return closed_circuit.Ends.of(self.baths, self.D, self.Q, dp)

    def pack(self, values: np.ndarray) -> np.ndarray:
        """(items, CHUNK); padded with zeros."""
        whole = np.zeros(self.items * CHUNK)
        whole[: len(values)] = values
        return whole.reshape(self.items, CHUNK)

    def beyond(self, inv: float, fine: float, angles: int) -> None:
        """The part of the momenta above p_c: K, B of :mod:`.linear_kinetics`, and the static sum.

        The sum is linear in |Delta|^2 and dmu^2.
        """
        state = response.Response(self.baths, max(self.D, 1e-3), self.Q, fine=fine, angles=angles)
        points = linear_kinetics.outer_points(state, self.p_c)
        K, KB = self.lag(state, points)
        self.K, self.B = K, KB / K

        def static(square, dmu, moved=0.0):
            return self.static_sum(points, square, dmu, moved) + 0.25 * np.pi * inv

        first, last = self.dmu.first, max(self.dmu.last, self.dmu.first + 0.01)
        base, step = static(0.0, first), -0.5 * self.Q**2
        by_dmu = (static(0.0, last) - base) / (last**2 - first**2)
        self.static = base - by_dmu * first**2, (static(0.04, first) - base) / 0.04, by_dmu
        if self.ends:  # and through three values of Q^2, from that of near to 0
            near, far = (static(0.0, first, k * step) - base for k in (1, 2))
            self.by_Q = (2 * near - 0.5 * far) / step, (0.5 * far - near) / step**2

    def static_sum(
        self, points: angular_grid.Points, square: float, dmu: float, moved: float
    ) -> float:
        """sum g12/Delta - 1/(2 p^2) of these momenta, |Delta|^2 = ``square``, Q^2 + ``moved``."""
        E = np.hypot(points.xi[0] + 0.25 * moved, np.sqrt(square))
        baths, a = replace(self.baths, dmu=dmu), points.a[0]
        if moved:
            a = np.sqrt(self.Q**2 + moved) * points.p * points.c
        pairs = (baths.occupation(a - E) - baths.occupation(a + E)) / (2 * E)
        return float(points.weight @ (pairs - 1 / (2 * points.p**2)))

    @staticmethod
    def lag(state: response.Response, points: angular_grid.Points) -> tuple[complex, complex]:
        """(K, K B) of these far momenta.

        Their pairs follow e^{lambda t} by less - lambda K + lambda^2 K B.
        """
        tail = response.Kinetic(state, points)
        K, KB = (linear_kinetics.pairs_only(tail.static[:1] / tail.c**k)[0] for k in (1, 2))
        return K, KB

    @property
    def fastest(self) -> float:
        """The largest frequency."""
        pair = 2 * np.hypot(np.abs(self.table["xi"]).max(), 0.3) + 2 * self.baths.width
        return linear_kinetics.above(self.p_c) * float(pair)

    def breakpoints(self, t_max: float) -> list[float]:
        """Times at which the drive bends."""
        return self.dmu.breakpoints(t_max)

    def mine(self, part: range) -> Fields:
        """The coefficients of this rank's momenta."""
        if part not in self.known:
            self.known[part] = {
                name: values[part.start : part.stop] for name, values in self.table.items()
            }
        return self.known[part]

    def start(self, part: range) -> Fields:
        """The fields of these items at t = 0: g = N(H)."""
        settled = self.settled(self.at(part, self.start_Q), self.Delta, self.dmu(0.0))
        return {
            "g": np.stack(settled[:3], axis=1),
            "delta": np.full(len(part), self.Delta),
            "Q": np.full(len(part), self.start_Q, complex),
        }

    def at(self, part: range, Q: float) -> Fields:
        """The coefficients at Q."""
        known = self.mine(part)
        if not self.ends:
            return known
        xi = known["xi"] + 0.25 * (Q**2 - self.Q**2)
        return known | {"a": Q * known["along"], "xi": xi}

    def settled(self, at: Fields, Delta: complex, dmu: float) -> tuple[np.ndarray, ...]:
        """N(H): its entries 11, 22, 12, 21, each (items, CHUNK)."""
        return of_levels(replace(self.baths, dmu=dmu).occupation, at, Delta)

    def velocity(self, t: float, local: Fields, part: range) -> Fields:
        """d/dt of the fields at the Delta they carry, {name: array}."""
        at, Delta = self.at(part, local["Q"][0].real), local["delta"][0]
        relax = 2 * self.baths.width
        new = precession(local["g"], at["xi"], Delta)
        new -= relax * local["g"]
        for k, values in enumerate(self.settled(at, Delta, self.dmu(t))[:3]):
            new[:, k] += relax * values
        return {"g": new}

    def partials(self, t: float, local: Fields, part: range) -> np.ndarray:
        """Rows (n, 4 + more): sum w g12, sum w dg12/dt, Delta and Q from the first item.

        Further columns are those of the currents. What it computes of d/dt is kept for :meth:`rhs`.
        """
        self.now = self.dmu(t)
        rows = np.zeros((len(part), 4 + self.more), complex)
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

    def currents(self, g: np.ndarray, velocity: np.ndarray, Q: float, part: range) -> np.ndarray:
        """Rows (n, more): what :meth:`turn` needs of these items; nothing if adiabatic."""
        return np.zeros((len(part), 0))

    def close(self, sums: np.ndarray) -> np.ndarray:
        """The mean field (4,) from the summed rows."""
        pairs, change, Delta, Q, *current = sums
        zero, square, by_dmu = self.static
        slope = zero + square * abs(Delta) ** 2 + by_dmu * self.now**2 - self.counter
        if self.ends:
            moved = Q.real**2 - self.Q**2
            slope += moved * (self.by_Q[0] + moved * self.by_Q[1])
        force = pairs + slope * Delta + self.field + self.B * change
        velocity, turn = force / (self.K - self.B * slope), 0.0
        if self.ends:
            turn = self.turn(Delta, velocity, Q.real, np.real(current))
        return np.array([Delta, velocity, Q, turn])

    def turn(self, Delta: complex, velocity: complex, Q: float, current: np.ndarray) -> float:
        """dQ/dt."""
        return self.ends.velocity(abs(Delta), Q, self.now)

    def rhs(
        self, t: float, side: int, local: Fields, c: np.ndarray, out: Fields, part: range
    ) -> None:
        """d/dt of the fields into ``out``, directly after :meth:`partials` of the same fields."""
        if len(part):
            for name, values in self.kept.items():
                out[name][:] = values
            out["delta"][:], out["Q"][:] = c[1], c[3]

    def observables(
        self, t: float, side: int, local: Fields, c: np.ndarray, part: range
    ) -> np.ndarray:
        """Rows (n, 1): this item's share of the particles below p_c, sum of g11 + 1 - g22."""
        g, w = local["g"], self.mine(part)["w"]
        return np.einsum("ij,ij->i", w, (g[:, 0] + 1 - g[:, 1]).real)[:, None]


def of_levels(function: Callable, at: Fields, Delta: complex) -> tuple[np.ndarray, ...]:
    """Entries 11, 22, 12, 21 of f(H) from f on real numbers, each of the shape of xi."""
    E = np.maximum(np.hypot(at["xi"], abs(Delta)), 1e-12)
    up, down = function(at["a"] + E), function(at["a"] - E)
    mean, share = 0.5 * (up + down), 0.5 * (up - down) / E
    return mean + share * at["xi"], mean - share * at["xi"], -share * Delta, -share * np.conj(Delta)


def precession(g: np.ndarray, xi: np.ndarray, Delta: complex) -> np.ndarray:
    """-i [H, g], (items, 3, CHUNK)."""
    new = np.empty_like(g)
    turn = 2 * (g[:, 2] * np.conj(Delta)).imag
    new[:, 0], new[:, 1] = turn, -turn
    new[:, 2] = -1j * (2 * xi * g[:, 2] + Delta * (g[:, 0] - g[:, 1]))
    return new
