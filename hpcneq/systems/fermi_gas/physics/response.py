"""Linear response of a steady state to a wave q of its order parameter: M(q, z).

M is singular at the modes.

A disturbance Delta -> D + a e^{iqr} , Delta^* -> D + b e^{iqr} (a and b are independent amplitudes
for q != 0), e^{lambda t} = e^{-izt}, changes the Hamiltonian by -[[0, a], [b, 0]] between levels m
of H(p + q/2) and n of H(p - q/2). With e = e_m - e_n, N_m = N(e_m):

    M (a, b) = sum_p (dg_12, dg_21) - (a, b) sum_p g0_12/D.

Variants (Kawamura, Hanai and Ohashi 2022, Eqs. (74)-(79), with + (Q^2 + q^2)/8m in (74), a factor
eta in the second term of (77) and E dDelta - D dE in (78)):

    A  the paper's: drive i [dDelta, g0(p)], local reservoir term; the gradient term, the last of
       (69), is left out
    C  dg_mn = -dDelta_mn (N_m - N_n)/e (4 gamma + i e)/(lambda + 4 gamma + i e): the drive
       g0(p +- q/2) and the term that makes the static response that of N(H). Leaving the gradient
       term out is not allowed at q != 0.
    D  the exact mean field, with the memory of the reservoirs: with R of
       :meth:`.occupation.Baths.memory`, R'(x) = R(x*)*,
       dg_mn = -dDelta_mn/2 {[R'(e_n) + R(e_m - z) - R'(e_n + z) - R(e_m)]/(z - e + 2 i Gam)
                             + [R(e_m - z) - R(e_n) + R'(e_m) - R'(e_n + z)]/(e - z)}

A and C agree at q = 0. M is analytic for Re lambda > -4 gamma (A, C), -min(4 gamma, 2 gamma + pi T)
(D).

In A and C every pair of levels is a pole at lambda = -4 gamma - i e: seen from above that line, few
poles do for all of them (:class:`hpcneq.maths.cauchy.Poles`), which makes M(lambda) at many lambda
one product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hpcneq.errors import InputError
from hpcneq.maths.cauchy import Poles
from hpcneq.maths.fermi import divided_difference

from . import angular_grid
from .occupation import Baths

VARIANTS = ("A", "C", "D")
CHUNK = 16384  # momenta in one item of work
FEW = 5000  # momenta: so small an M needs no guide
MANY = 200000  # momenta: the error is told by coarser, not by finer panels and angles
REACH = 1.0  # mu: no mode beyond, |M| grows as the root of |z|
# (Re lambda + 4 gamma over 4 gamma at least, |Im lambda| at most) of each set of few poles
NEAR = ((0.72, 1.05 * REACH), (0.28, 0.55), (0.045, 0.55))
ASKED = 12  # points from which on a set of few poles is made


class Response:
    """Protocol Response of the mode solver for one state (D, Q), one wave and one variant.

    q, angle : the wave, angle to Q. dp : longest panel near pF. angles : cosines to Q, at least.
    fine : panels and angles are that much finer (1/4 and more). ``guide`` : how fine the cheap M is
    that guides the search, 1 for none.
    """

    guide = 0.25

    def __init__(
        self,
        baths: Baths,
        D: float,
        Q: float,
        q: float = 0.0,
        angle: float = 0.0,
        variant: str = "C",
        dp: float = 0.05,
        fine: float = 1,
        angles: int = 32,
    ) -> None:
        if not D > 0:
            raise InputError(f"D = {D}: the response of the condensate needs D > 0")
        if not baths.blur > 0:
            raise InputError("gamma = 0 and T = 0: the response needs one of them > 0")
        if variant not in VARIANTS:
            raise InputError(
                f'[numerics] variant = "{variant}": must be one of {", ".join(VARIANTS)}'
            )
        self.baths, self.D, self.Q, self.q, self.angle = baths, D, Q, q, angle
        self.variant, self.dp, self.fine, self.angles = variant, dp, fine, angles
        self.reach = (REACH, REACH)
        relax = 2 * baths.width
        self.analytic_below = min(relax, baths.width + np.pi * baths.T) if variant == "D" else relax
        self._points, self._blocks, self._others = None, {}, {}

    # -- what the mode solver asks -----------------------------------------------------------------
    def items(self, q: float) -> int:
        """Pieces of work of one M."""
        return -(-len(self.points.p) // CHUNK)

    def batch(self, q: float, zs: np.ndarray, part: Sequence[int]) -> np.ndarray:
        """(len(part), n, 2, 2) complex : shares of M(z) at n points of these pieces."""
        rates = -1j * np.asarray(zs, complex)
        return (
            np.stack([self._block(item)(rates) for item in part])
            if len(part)
            else np.zeros((0, len(rates), 2, 2), complex)
        )

    def partials(self, q: float, z: complex, part: Sequence[int]) -> np.ndarray:
        """(len(part), 2, 2) complex : the same at one point."""
        return self.batch(q, [z], part)[:, 0]

    def matrix(self, sums: np.ndarray) -> np.ndarray:
        """M (2, 2)."""
        return sums

    def error(self, q: float, z: complex) -> float:
        """Bound on the errors of M's entries: the change on other panels and angles, and rounding.

        The others are finer, coarser where there are many.
        """
        return float(2 * np.abs(self(z) - self.other(z)).max() + 1e-13)

    @property
    def other(self) -> Response:
        """The M that tells this one's errors."""
        return self.refined(1.5 if len(self.points.p) < MANY else 1 / 1.5)

    def rough(self, q: float) -> Response | None:
        """A cheaper M for the search where there are angles; None where M is cheap."""
        if len(self.points.p) <= FEW or self.guide >= 1:
            return None
        return self.refined(self.guide)

    # -- the same without ranks --------------------------------------------------------------------
    def __call__(self, z: complex) -> np.ndarray:
        """M(z), (2, 2), on one process."""
        return self.partials(self.q, z, range(self.items(self.q))).sum(axis=0)

    def refined(self, factor: float) -> Response:
        """The same with panels and angles ``factor`` times finer."""
        if factor not in self._others:
            self._others[factor] = Response(
                self.baths,
                self.D,
                self.Q,
                self.q,
                self.angle,
                self.variant,
                self.dp,
                self.fine * factor,
                self.angles,
            )
        return self._others[factor]

    @property
    def points(self) -> angular_grid.Points:
        """Momenta, made once."""
        if self._points is None:
            self._points = angular_grid.points(
                self.D,
                self.Q,
                self.baths,
                self.q,
                self.angle,
                self.dp,
                self.fine,
                angles=self.angles,
            )
        return self._points

    def _block(self, item):
        """What does not depend on z of one piece of work, made once."""
        if item not in self._blocks:
            some = self.points.some(slice(item * CHUNK, (item + 1) * CHUNK))
            self._blocks[item] = (
                Memory(self, some) if self.variant == "D" else Decaying(Kinetic(self, some))
            )
        return self._blocks[item]


class Pairs:
    """Levels, vertices and static response of all momenta: arrays (2 m, 2 n, n_points).

    Weights are included.
    """

    def __init__(self, response: Response, points: angular_grid.Points) -> None:
        baths, self.count = response.baths, len(points.p)
        e, V = points.levels, points.vectors
        self.e, self.gap = e, e[0][:, None] - e[1][None]
        # a couples component 1 on the left to 2 on the right, b 2 to 1
        self.A = V[0][:, None, 0] * V[1][None, :, 1]
        self.B = V[0][:, None, 1] * V[1][None, :, 0]
        left, right = np.broadcast_arrays(e[0][:, None], e[1][None])
        self.quotient = divided_difference(baths.occupation, baths.slope, left, right, baths.blur)
        N = baths.occupation(e)
        self.pairing = (N[:, 1] - N[:, 0]) / (2 * points.E)  # g0_12/D on both sides
        self.weight, self.N = points.weight, N


class Kinetic(Pairs):
    """Variants A and C: M(lambda) = M(0) - lambda sum_k V_k/(lambda + c_k), c = 4 gamma + i e."""

    def __init__(self, response: Response, points: angular_grid.Points) -> None:
        super().__init__(response, points)
        rate = 2 * response.baths.width
        self.c = rate + 1j * self.gap
        # static response of N(H), per unit of a and of b
        self.follows = -np.stack([self.A * self.quotient, self.B * self.quotient])
        if response.variant == "C" or response.q == 0:
            self.drive = None
        else:
            self.drive = local_drive(response, points)
        by_a, by_b = self.follows_at(0), self.follows_at(1)
        entries = [self.A * by_a, self.A * by_b, self.B * by_a, self.B * by_b]
        self.static = np.stack(entries) * self.weight
        self.uniform = self.static.sum(axis=(1, 2))
        self.uniform[[0, 3]] -= self.pairing.mean(axis=0) * self.weight

    def follows_at(self, k: int) -> np.ndarray:
        """What dg turns about, per unit of a (k = 0) or b (k = 1): dg/dt = c (it - dg)."""
        if self.drive is None:
            return self.follows[k]
        return self.drive[k] / np.where(self.c == 0, 1, self.c)


class Decaying:
    """M of a Kinetic at any rates."""

    def __init__(self, kinetic: Kinetic) -> None:
        self.rate, self.gap = kinetic.c.flat[0].real, kinetic.gap.ravel()
        self.static, self.total = kinetic.static.reshape(4, -1), kinetic.uniform.sum(axis=1)
        self.asked = np.zeros(len(NEAR), int)
        self.few: dict[int, Poles] = {}

    def __call__(self, rates: np.ndarray) -> np.ndarray:
        """(n, 2, 2) : M at rates (n,)."""
        s, sums = rates + self.rate, np.empty((len(rates), 4), complex)
        covered = [(s.real >= near * self.rate) & (np.abs(s.imag) <= reach) for near, reach in NEAR]
        kind = np.select(covered, range(len(NEAR)), -1)
        for k in np.unique(kind):
            same = kind == k
            sums[same] = (self._poles(k, same.sum()) or self._exact)(s[same])
        return (self.total - rates[:, None] * sums).reshape(-1, 2, 2)

    def _poles(self, k, more):
        """Few poles, once they pay."""
        if k >= 0:
            self.asked[k] += more
            if k not in self.few and self.asked[k] >= ASKED:
                near, reach = NEAR[k]
                self.few[k] = Poles(self.gap, self.static, near * self.rate, reach)
        return self.few.get(k)

    def _exact(self, s):
        """(n, 4) : all poles; at zero distance from one, at gamma = 0 only, nothing."""
        sums = np.empty((len(s), 4), complex)
        for x, row in zip(s, sums):
            imag = x.imag + self.gap
            share = 1 / (x.real**2 + imag**2)
            row[:] = x.real * (self.static @ share) - 1j * (self.static @ (imag * share))
        return sums


def local_drive(response: Response, points: angular_grid.Points) -> np.ndarray:
    """i [dDelta, g0(p)] + 4 gamma dS(p) of the paper, per unit of a and of b.

    (2 inputs, 2 m, 2 n, points).
    """
    baths, D = response.baths, response.D
    centre = angular_grid.at_centre(points, D, response.Q)
    xi, E = centre.xi[0], centre.E[0]
    up, down = centre.levels[0]
    Nu, Nd = baths.occupation(up), baths.occupation(down)
    mean, share = 0.5 * (Nu + Nd), 0.5 * (Nu - Nd) / E
    half, zero = (0.5 * baths.slope(up), 0.5 * baths.slope(down)), np.zeros_like(E)
    one = np.array([[1 + zero, zero], [zero, 1 + zero]])
    h = np.array([[xi, -D + zero], [-D + zero, -xi]])
    g0 = mean * one + share * h
    sources = []
    for kick in (np.array([[0, 1], [0, 0]]), np.array([[0, 0], [1, 0]])):
        kick = kick[:, :, None] + 0 * E
        dE = 0.5 * D / E
        commutator = np.einsum("abn,bcn->acn", kick, g0) - np.einsum("abn,bcn->acn", g0, kick)
        # N(H) = mean + share h, varied through h -> h - kick and E -> E + dE
        dS = ((half[0] - half[1]) * one + (half[0] + half[1] - share) / E * h) * dE - share * kick
        sources.append(1j * commutator + 2 * baths.width * dS)
    V = points.vectors
    return np.stack([np.einsum("man,abn,xbn->mxn", V[0], source, V[1]) for source in sources])


class Memory(Pairs):
    """Variant D."""

    def __init__(self, response: Response, points: angular_grid.Points) -> None:
        super().__init__(response, points)
        self.baths = response.baths
        self.R = self.baths.memory(self.e)
        products = np.stack([self.A * self.A, self.A * self.B, self.B * self.B]) * self.weight
        self.products, pairing = products.reshape(3, -1), self.pairing.mean(axis=0) * self.weight
        aa, ab, bb = -(products * self.quotient).sum(axis=(1, 2))
        # far momenta cancel one by one, not in the sum
        self.static = np.array([np.sum(aa - pairing), ab.sum(), ab.sum(), np.sum(bb - pairing)])

    def __call__(self, rates: np.ndarray) -> np.ndarray:
        """(n, 2, 2) : M at rates (n,)."""
        sums = np.empty((len(rates), 4), complex)
        for k, rate in enumerate(rates):
            moved = (self.kernel(1j * rate) - self.quotient).ravel()
            aa, ab, bb = self.products @ moved.real + 1j * (self.products @ moved.imag)
            sums[k] = aa, ab, ab, bb
        return (self.static - sums).reshape(-1, 2, 2)

    def kernel(self, z: complex) -> np.ndarray:
        """dg_mn/dH_mn (2, 2, points); (N_m - N_n)/e at z = 0."""
        if z == 0:
            return self.quotient
        baths, (first, second), gap = self.baths, self.e, self.gap - z
        ahead = baths.memory(first - z)[:, None]
        behind = baths.memory(np.conj(second + z)).conj()[None]
        Rm, Rn = self.R[0][:, None], self.R[1][None]
        moved = ahead - behind
        near = np.abs(gap) < 1e-5
        quotient = (moved - Rn + Rm.conj()) / np.where(near, 1, gap)
        if near.any():
            n = np.broadcast_to(second[None], gap.shape)[near] + 0.5 * gap[near]
            slope = baths.memory_slope(n) + baths.memory_slope(np.conj(n + z)).conj()
            quotient[near] = slope
        return 0.5 * (quotient - (moved + Rn.conj() - Rm) / (gap - 2j * baths.width))
