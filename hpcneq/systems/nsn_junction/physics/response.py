"""Linear response of a uniform stationary state: M(q, z), whose determinant vanishes at its modes.

A small disturbance of the order parameter, Delta_j = D + a e^{i(qx - zt)} + b* e^{-i(qx - z* t)},
drives the part of H_0 - Delta (Kawamura and Ohashi 2025, Eq. (24)) that takes k to k' = k + q by V
= -[[0, a], [b, 0]]. The bath modes and the equal-time G^< of Eqs. (21), (23) follow it,

    dPi = [(R(E'_i - z) - R(H)) / (E'_i - z - H)]  from the left,   (H' - z - 2 i G) dG - dG H =
    G'V - V G + dPi + (dPi)^+,

with R_a(e) = sum 2 gamma r/(z_p - e) + G/2 the memory of Nambu column a at level e
(:mod:`.stripe_states`). It closes with a = -iU sum_k dG_12, b = -iU sum_k dG_21:

    M(q, z) (a, b) = (a, b)/U + i sum_k (dG_12, dG_21).

R is a digamma function for the leads themselves, a rational one for fitted poles; with the latter
M belongs to the linearised equations of an evolution, exactly. M is analytic for Im z > -min(2G, G
+ pi T); a mode grows as e^{Im z t} and turns with frequency Re z. Symmetries: sigma_1 M(q, -z*)
sigma_1 = M(q, z)*, so det M has its zeros at z and -z*; M(0, 0) (1, -1) = 0 at a root of the gap
equation (the phase costs nothing); at D = 0 it is diagonal, 1/U - C(q, z). Leads that do not
mirror each other make the phase turn: then the state is stationary in the frame that turns with
it, where its chemical potential counts, and ``mu`` of the point has to be that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....errors import InputError
from ....maths import lattice
from ....maths.poles import Poles
from .grids import Finite, Grid, Infinite
from .lead_memory import Memory
from .operating_point import Point

CLOSE = 3e-6  # level distances below which a divided difference becomes a derivative
ROUNDING = 1e-14  # of the entries of M
BATCH = 1 << 12  # momenta at a time: their arrays stay in the cache


class UniformResponse:
    """The response of one uniform state, protocol ``Response`` of the mode solver.

    D : order parameter >= 0, a root of the gap equation (0: the normal state). point : its U, mu,
    h, eV and leads count. grid : q = 2 pi n/Lx on a finite one, q along x. poles : the fits of an
    evolution, one per lead, or None for the leads themselves. density : factor on the number of
    momenta that stand for the infinite lattice.
    """

    channels = ("delta", "conjugate")  # what the vectors of M hold

    def __init__(
        self,
        D: float,
        point: Point,
        grid: Grid,
        poles: Sequence[Poles] | None = None,
        density: float = 1.0,
    ) -> None:
        if not D >= 0:
            raise InputError(f"order parameter {D}: must be >= 0")
        self.D, self.point, self.grid = float(D), point, grid
        self.poles, self.density = poles, density
        self.memory = Memory.of(point, poles)
        self.analytic_below = self.memory.damping
        self._batches_of: dict[tuple, list] = {}

    # -- what the mode solver asks ----------------------------------------------------------------
    @property
    def reach(self) -> tuple[float, float]:
        """(x, y): no mode with |Re z| > x or Im z > y.

        Pairs end at twice the band edge, bound ones within U of it; |i sum_k dG| <= 2 |V|/(Im z +
        2G), because G^R and G^< decay as e^{-G t}.
        """
        edge = lattice.BANDWIDTH + abs(self.point.mu) + self.D
        return 2 * edge + self.point.U, 2 * self.point.U

    def items(self, q: float) -> int:
        """Pieces of work of one M: rows of momenta."""
        return len(self._momenta(q)[0])

    def partials(self, q: float, z: complex, part: range) -> np.ndarray:
        """Rows (len(part), 2, 2), complex: shares of i sum_k (dG_12, dG_21) per unit of (a, b)."""
        size = len(self.channels)
        rows = np.zeros((len(part), size, size), complex)
        if len(part) == 0:
            return rows
        z = complex(z)
        if z.imag <= -self.analytic_below:
            raise InputError(
                f"mode frequency: Im z must be > {-self.analytic_below:g}, got {z.imag:g}"
            )
        for where, share, pairs in self._batches(q, part):
            change = self.change(pairs, z).reshape(size, size, *share.shape)
            rows[where] = 1j * np.einsum("xy,abxy->xab", share, change)
        return rows

    def change(self, pairs: Pairs, z: complex) -> np.ndarray:
        """(dG_12, dG_21) per unit of a and of b at each momentum, (2, 2, n)."""
        return pairs.response(z, self.memory)

    def matrix(self, sums: np.ndarray) -> np.ndarray:
        """M (2, 2) from the summed rows."""
        return np.eye(len(sums)) / self.point.U + sums

    def error(self, q: float, z: complex) -> float:
        """Bound on the errors of the entries of M.

        Rounding; for the infinite lattice the change with 3/2 as many momenta.
        """
        bound = ROUNDING
        if isinstance(self.grid, Infinite):
            bound += 2 * np.abs(self(q, z) - self.denser(1.5)(q, z)).max()
        return float(bound)

    def rough(self, q: float) -> UniformResponse | None:
        """A cheaper M for the search; None where this one is cheap.

        It has a quarter of the momenta in each direction.
        """
        if isinstance(self.grid, Infinite) and q != 0:
            return self.denser(0.25)
        return None

    # -- the same without ranks -------------------------------------------------------------------
    def __call__(self, q: float, z: complex) -> np.ndarray:
        """M(q, z), (2, 2) complex, on one process."""
        rows = self.partials(q, z, range(self.items(q)))
        return self.matrix(np.add.accumulate(rows)[-1])

    def denser(self, factor: float) -> UniformResponse:
        """The same with ``factor`` times the momenta in each direction of the infinite lattice."""
        return type(self)(self.D, self.point, self.grid, self.poles, factor * self.density)

    def at_order_parameter(self, D: float) -> UniformResponse:
        """The same of another order parameter."""
        return type(self)(D, self.point, self.grid, self.poles, self.density)

    def at_root(self) -> UniformResponse:
        """The same at the root of its own gap equation next to D: where M(0, 0) (1, -1) = 0.

        To rounding. InputError if the secant finds none: then D was not near a root, or the leads
        make the phase rotate.
        """
        if self.D == 0:
            return self
        old, new = self, self.at_order_parameter(self.D * (1 + 1e-5))
        f_old, f_new = old.phase_force(), new.phase_force()
        for _ in range(20):
            if abs(f_new) <= 1e-16 or f_new == f_old:
                break
            D = new.D - (f_new * (new.D - old.D) / (f_new - f_old)).real
            if not 0.5 * self.D < D < 2 * self.D or abs(D - new.D) < 1e-15:
                break
            old, new = new, self.at_order_parameter(D)
            f_old, f_new = f_new, new.phase_force()
        if not abs(f_new) < 1e-12:
            raise InputError(
                f"order parameter {self.D:g}: not next to a stationary state "
                f"(M(0, 0) (1, -1) = {abs(f_new):.1e})"
            )
        return new

    def phase_force(self) -> complex:
        """First row of M(0, 0) (1, -1): 1/U - F(D) for mirrored leads."""
        M = self(0.0, 0.0)
        return complex(M[0, 0] - M[0, 1])

    def _momenta(self, q: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Band energies xi_{k+q}, xi_k and weights, each (rows, n)."""
        mu = self.point.mu
        if isinstance(self.grid, Finite):
            return self.grid.pair_energies(q, mu)
        if q == 0:
            eps, weight = lattice.dos_nodes(2 * round(0.5 * self.density * self.grid.nodes))
            xi, weight = (_rows_of(a) for a in (eps - mu, weight))
            return xi, xi, weight
        L = self.points()
        k = 2 * np.pi * (np.arange(L) + 0.5) / L
        ky = -2 * np.cos(k[: L // 2]) - mu
        first, second = (-2 * np.cos(k + s * q)[:, None] + ky for s in (0.5, -0.5))
        return first, second, np.full(first.shape, 2 / L**2)

    def points(self) -> int:
        """Momenta in each direction that stand for the infinite lattice.

        The summand is smooth on the scale of the damping, and the periodic trapezoid rule converges
        exponentially once that is resolved.
        """
        L = self.density * np.log(10 / self.grid.error) / np.arcsinh(0.5 * self.analytic_below)
        return 2 * int(np.ceil(0.5 * L))

    def _batches(self, q: float, part: range) -> list[tuple[slice, np.ndarray, Pairs]]:
        """(rows of the answer, weights (rows, n), pairs) for a few rows of momenta at a time.

        They are remembered for one q at a time.
        """
        key = (q, part[0], part[-1])
        if key not in self._batches_of:
            first, second, weight = self._momenta(q)
            step = max(1, BATCH // first.shape[1])
            batches = []
            for at in range(part[0], part[-1] + 1, step):
                rows = slice(at, min(at + step, part[-1] + 1))
                where = slice(rows.start - part[0], rows.stop - part[0])
                pairs = Pairs(first[rows].ravel(), second[rows].ravel(), self.D, self.memory)
                batches.append((where, weight[rows], pairs))
            self._batches_of = {key: batches}
        return self._batches_of[key]


def _rows_of(a: np.ndarray) -> np.ndarray:
    """An array (n,) in rows of 64, or as one row where n is no multiple of 64."""
    if len(a) % 64 == 0:
        return a.reshape(-1, 64)
    return a[None]


class Pairs:
    """Levels of the Bogoliubov Hamiltonian at k' = k + q and k, and what does not depend on z.

    first, second : band energies (n,) at k' and at k.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, D: float, memory: Memory) -> None:
        self.sides = (NambuLevels(first, D, memory), NambuLevels(second, D, memory))
        self.mirrored = memory.mirrored

    def response(self, z: complex, memory: Memory) -> np.ndarray:
        """(dG_12, dG_21) per unit of a and of b at each momentum: (2 outputs, 2 inputs, n)."""
        out = np.zeros((2, 2, len(self.sides[0].E)), complex)
        for p, left, right, r, width in self.terms(z, memory):
            # V = -|1><2| for a, -|2><1| for b: (p V left + right V r) / width, 12 and 21
            out[0, 0] -= (p[0][0] * left[1][1] + right[0][0] * r[1][1]) / width
            out[1, 0] -= (p[1][0] * left[1][0] + right[1][0] * r[1][0]) / width
            out[0, 1] -= (p[0][1] * left[0][1] + right[0][1] * r[0][1]) / width
            out[1, 1] -= (p[1][1] * left[0][0] + right[1][1] * r[0][0]) / width
        return out

    def terms(self, z: complex, memory: Memory) -> Iterator[tuple]:
        """(p, left, right, r, width) of each pair of levels: dG = sum (p V left + right V r)/width.

        Matrices (2, 2, n) and width (n,).
        """
        at_kq, at_k = self.sides
        columns = (+1,) if self.mirrored else (+1, -1)
        # R at e'_i - z and its conjugate partner at e_j + z, for each column
        shifted = [[memory.value(e - z, a) for a in columns] for e in at_kq.e]
        partner = [[memory.value(np.conj(e + z), a).conj() for a in columns] for e in at_k.e]
        factors = self._mirrored_factors if self.mirrored else self._general_factors
        first, second = factors(z, memory, shifted, partner)
        for i in (0, 1):
            for j in (0, 1):
                width = at_kq.e[i] - at_k.e[j] - z - 2j * memory.width
                yield at_kq.P[i], first[i][j], second[i][j], at_k.P[j], width

    def _quotients(self, z, memory, shifted, partner, i, j, c, a):
        """Divided differences of R_a at (e'_i - z, e_j) and of its conjugate at (e'_i, e_j + z)."""
        at_kq, at_k = self.sides
        gap = at_kq.e[i] - at_k.e[j] - z
        near = np.abs(gap) < CLOSE
        safe = np.where(near, 1.0, gap)
        direct = (shifted[i][c] - at_k.R[a][j]) / safe
        mirror = (at_kq.R[a][i].conj() - partner[j][c]) / safe
        if near.any():
            e, f = at_k.e[j][near] + 0.5 * gap[near], at_k.e[j][near] + z + 0.5 * gap[near]
            direct[near] = memory.slope(e, a)
            mirror[near] = memory.slope(f.conj(), a).conj()
        return direct, mirror

    def _mirrored_factors(self, z, memory, shifted, partner):
        """Mirrored leads: everything is a function of H; factors are multiples of projectors."""
        at_kq, at_k = self.sides
        first, second = [[None, None], [None, None]], [[None, None], [None, None]]
        for i in (0, 1):
            for j in (0, 1):
                direct, mirror = self._quotients(z, memory, shifted, partner, i, j, 0, +1)
                g, h = (
                    1j * side.R[+1][n].real / memory.width for side, n in ((at_kq, i), (at_k, j))
                )
                first[i][j] = (direct - h) * at_k.P[j]
                second[i][j] = (mirror + g) * at_kq.P[i]
        return first, second

    def _general_factors(self, z, memory, shifted, partner):
        """Any leads: W_i = sum_{a,j} (R_a quotient) P_j P_a and its partner W'_j.

        The factors are (W_i - G) P_j and P_i (G' + W'_j).
        """
        at_kq, at_k = self.sides
        W, partner_W = ([np.zeros((2, 2, len(at_kq.E)), complex) for _ in (0, 1)] for _ in (0, 1))
        for i in (0, 1):
            for j in (0, 1):
                for c, a in enumerate((+1, -1)):
                    direct, mirror = self._quotients(z, memory, shifted, partner, i, j, c, a)
                    W[i][:, c] += direct * at_k.P[j][:, c]
                    partner_W[j][c] += mirror * at_kq.P[i][c]
        first = [[_product(W[i] - at_k.G, at_k.P[j]) for j in (0, 1)] for i in (0, 1)]
        second = [[_product(at_kq.P[i], at_kq.G + partner_W[j]) for j in (0, 1)] for i in (0, 1)]
        return first, second


class NambuLevels:
    """Levels of [[xi, -D], [-D, -xi]]: e = +E, -E, projectors, R[a] at both levels, and G^<.

    P : (2 levels, 2, 2, n). G : (2, 2, n), None for mirrored leads, where it follows from R.
    """

    def __init__(self, xi: np.ndarray, D: float, memory: Memory) -> None:
        self.E = np.hypot(xi, D)
        empty = self.E == 0
        scale = np.where(empty, 1.0, self.E)
        along, across = np.where(empty, 1.0, xi / scale), -D / scale
        self.e = (self.E, -self.E)
        self.P = [
            0.5 * np.array([[1 + s * along, s * across], [s * across, 1 - s * along]])
            for s in (1, -1)
        ]
        self.R = {+1: [memory.value(e, +1) for e in self.e]}
        self.G = None
        if not memory.mirrored:
            self.R[-1] = [memory.value(e, -1) for e in self.e]
            self.G = self.green(memory.width)

    def green(self, width: float) -> np.ndarray:
        """[H, G] - 2 i Gamma G = Pi + Pi^+ with Pi = sum_a R_a(H) P_a."""
        total = np.zeros((2, 2, len(self.E)), complex)
        for c, a in enumerate((+1, -1)):
            for i in (0, 1):
                for j in (0, 1):
                    weight = (self.R[a][i] + self.R[a][j].conj()) / (
                        self.e[i] - self.e[j] - 2j * width
                    )
                    total += weight * self.P[i][:, c][:, None] * self.P[j][c][None]
        return total


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of stacked 2 x 2 matrices, (2, 2, n) each."""
    return a[:, 0][:, None] * b[0][None] + a[:, 1][:, None] * b[1][None]
