"""Linear response of a steady state to a wave q of its order parameter: M(q, z), whose determinant vanishes at the modes.

A disturbance Delta -> D + a e^{iqr} , Delta^* -> D + b e^{iqr} (a and b are independent amplitudes for q != 0), e^{lambda t} = e^{-izt},
changes the Hamiltonian by -[[0, a], [b, 0]] between levels m of H(p + q/2) and n of H(p - q/2). With e = e_m - e_n, N_m = N(e_m):

    M (a, b) = sum_p (dg_12, dg_21) - (a, b) sum_p g0_12/D.

Variants (Kawamura, Hanai and Ohashi 2022, Eqs. (74)-(79), with + (Q^2 + q^2)/8m in (74), a factor eta in the second term of (77) and
E dDelta - D dE in (78)):

    A  the paper's: drive i [dDelta, g0(p)], local reservoir term; the gradient term, the last of (69), is left out
    C  dg_mn = -dDelta_mn (N_m - N_n)/e (4 gamma + i e)/(lambda + 4 gamma + i e): the drive g0(p +- q/2) and the term that makes the
       static response that of N(H). Leaving the gradient term out is not allowed at q != 0.
    D  the exact mean field, with the memory of the reservoirs: with R of :meth:`.occupation.Baths.memory`, R'(x) = R(x*)*,
       dg_mn = -dDelta_mn/2 {[R'(e_n) + R(e_m - z) - R'(e_n + z) - R(e_m)]/(z - e + 2 i Gam)
                             + [R(e_m - z) - R(e_n) + R'(e_m) - R'(e_n + z)]/(e - z)}

A and C agree at q = 0. M is analytic for Re lambda > -4 gamma (A, C), -min(4 gamma, 2 gamma + pi T) (D).
"""
from __future__ import annotations

import numpy as np

from hpcneq.errors import InputError
from hpcneq.maths.fermi import divided_difference

from . import rays

VARIANTS = ("A", "C", "D")
CHUNK = 256        # momenta in one item of work
FEW = 20           # items: so small an M needs no guide
REACH = 1.0        # mu: no mode beyond, |M| grows as the root of |z|


class Response:
    """Protocol Response of the mode solver for one state (D, Q), one wave (q, angle to Q), one variant.

    dp : longest panel near pF; angles : cosines to Q, at least; fine : panels and angles are that much finer (1/4 and more). ``guide`` : how fine the cheap M is that
    guides the search, 1 for none.
    """

    guide = 0.25

    def __init__(self, baths, D, Q, q=0.0, angle=0.0, variant="C", dp=0.05, fine=1, angles=32):
        if not D > 0:
            raise InputError(f"D = {D}: the response of the condensate needs D > 0")
        if not baths.blur > 0:
            raise InputError("gamma = 0 and T = 0: the response needs one of them > 0")
        if variant not in VARIANTS:
            raise InputError(f'[numerics] variant = "{variant}": must be one of {", ".join(VARIANTS)}')
        self.baths, self.D, self.Q, self.q, self.angle = baths, D, Q, q, angle
        self.variant, self.dp, self.fine, self.angles = variant, dp, fine, angles
        self.reach = (REACH, REACH)
        relax = 2 * baths.width
        self.analytic_below = min(relax, baths.width + np.pi * baths.T) if variant == "D" else relax
        self._prepared = None

    # -- what the mode solver asks --------------------------------------------------------------------------------
    def items(self, q):
        """Pieces of work of one M."""
        return self.prepared.items

    def partials(self, q, z, part):
        """(len(part), 2, 2) complex : shares of M of these pieces."""
        return self.prepared.rows(-1j * complex(z), part)

    def matrix(self, sums):
        """M (2, 2)."""
        return sums

    def error(self, q, z):
        """Bound on the errors of M's entries: the change with finer panels and angles, and rounding."""
        return float(2 * np.abs(self(z) - self.finer(1.5)(z)).max() + 1e-13)

    def rough(self, q):
        """A cheaper M for the search where there are angles; None where M is cheap."""
        return self.finer(self.guide) if self.items(q) > FEW and self.guide < 1 else None

    # -- the same without ranks -----------------------------------------------------------------------------------
    def __call__(self, z):
        """M(z), (2, 2), on one process."""
        return self.partials(self.q, z, range(self.items(self.q))).sum(axis=0)

    def finer(self, factor):
        """The same with panels and angles ``factor`` times finer."""
        return Response(self.baths, self.D, self.Q, self.q, self.angle, self.variant, self.dp, self.fine * factor, self.angles)

    @property
    def prepared(self):
        """What does not depend on z; made once."""
        if self._prepared is None:
            points = rays.points(self.D, self.Q, self.baths, self.q, self.angle, self.dp, self.fine, angles=self.angles)
            self._prepared = (Memory if self.variant == "D" else Kinetic)(self, points)
        return self._prepared


class Pairs:
    """Levels, vertices and static response of all momenta: arrays (2 m, 2 n, n_points), weights included."""

    def __init__(self, response, points):
        baths, self.count = response.baths, len(points.p)
        self.items = -(-self.count // CHUNK)
        e, V = points.levels, points.vectors
        self.e, self.gap = e, e[0][:, None] - e[1][None]
        # a couples component 1 on the left to 2 on the right, b 2 to 1
        self.A = V[0][:, None, 0] * V[1][None, :, 1]
        self.B = V[0][:, None, 1] * V[1][None, :, 0]
        left, right = np.broadcast_arrays(e[0][:, None], e[1][None])
        self.quotient = divided_difference(baths.occupation, baths.slope, left, right, baths.blur)
        N = baths.occupation(e)
        self.pairing = (N[:, 1] - N[:, 0]) / (2 * points.E)      # g0_12/D on both sides
        self.weight, self.N = points.weight, N

    def chunks(self, part):
        """(slice of the points, length of the last, short chunk included)."""
        for item in part:
            yield slice(item * CHUNK, min((item + 1) * CHUNK, self.count))


class Kinetic(Pairs):
    """Variants A and C: M(lambda) = M(0) - lambda sum_k V_k/(lambda + c_k), c = 4 gamma + i e."""

    def __init__(self, response, points):
        super().__init__(response, points)
        rate = 2 * response.baths.width
        self.c = rate + 1j * self.gap
        self.follows = -np.stack([self.A * self.quotient, self.B * self.quotient])      # static response of N(H), per unit of a and of b
        if response.variant == "C" or response.q == 0:
            self.drive = None
        else:
            self.drive = local_drive(response, points)
        static = [self.follows_at(k) for k in (0, 1)]
        self.static = np.stack([self.A * static[0], self.A * static[1], self.B * static[0], self.B * static[1]]) * self.weight
        self.uniform = self.static.sum(axis=(1, 2))
        self.uniform[[0, 3]] -= self.pairing.mean(axis=0) * self.weight

    def follows_at(self, k):
        """What dg turns about, per unit of a (k = 0) or b (k = 1): dg/dt = c (it - dg)."""
        return self.follows[k] if self.drive is None else self.drive[k] / np.where(self.c == 0, 1, self.c)

    def rows(self, rate, part):
        rows = np.empty((len(part), 2, 2), complex)
        for k, where in enumerate(self.chunks(part)):
            turned = rate / (rate + self.c[..., where]) if rate != 0 else np.zeros_like(self.c[..., where])
            rows[k] = (self.uniform[:, where].sum(axis=1) - self.static[..., where].reshape(4, -1) @ turned.ravel()).reshape(2, 2)
        return rows


def local_drive(response, points):
    """(2 inputs, 2 m, 2 n, points) : i [dDelta, g0(p)] + 4 gamma dS(p) of the paper, per unit of a and of b."""
    baths, D = response.baths, response.D
    here = rays.at_centre(points, D, response.Q)
    xi, E = here.xi[0], here.E[0]
    up, down = here.levels[0]
    Nu, Nd = baths.occupation(up), baths.occupation(down)
    mean, share = 0.5 * (Nu + Nd), 0.5 * (Nu - Nd) / E
    half, zero = (0.5 * baths.slope(up), 0.5 * baths.slope(down)), np.zeros_like(E)
    one, h = np.array([[1 + zero, zero], [zero, 1 + zero]]), np.array([[xi, -D + zero], [-D + zero, -xi]])
    g0 = mean * one + share * h
    found = []
    for kick in (np.array([[0, 1], [0, 0]]), np.array([[0, 0], [1, 0]])):
        kick = kick[:, :, None] + 0 * E
        dE = 0.5 * D / E
        commutator = np.einsum("abn,bcn->acn", kick, g0) - np.einsum("abn,bcn->acn", g0, kick)
        # N(H) = mean + share h, varied through h -> h - kick and E -> E + dE
        dS = ((half[0] - half[1]) * one + (half[0] + half[1] - share) / E * h) * dE - share * kick
        found.append(1j * commutator + 2 * baths.width * dS)
    V = points.vectors
    return np.stack([np.einsum("man,abn,xbn->mxn", V[0], source, V[1]) for source in found])


class Memory(Pairs):
    """Variant D."""

    def __init__(self, response, points):
        super().__init__(response, points)
        self.baths = response.baths
        self.R = self.baths.memory(self.e)
        self.products = np.stack([self.A * self.A, self.A * self.B, self.B * self.B]) * self.weight
        self.bare = self.pairing.mean(axis=0) * self.weight

    def rows(self, rate, part):
        rows = np.empty((len(part), 2, 2), complex)
        for k, where in enumerate(self.chunks(part)):
            aa, ab, bb = -self.products[..., where].reshape(3, -1) @ self.kernel(1j * rate, where).ravel()
            rows[k] = [[aa, ab], [ab, bb]] - np.eye(2) * self.bare[where].sum()
        return rows

    def kernel(self, z, where):
        """dg_mn/dH_mn (2, 2, points); (N_m - N_n)/e at z = 0."""
        if z == 0:
            return self.quotient[..., where]
        baths, (first, second), gap = self.baths, self.e[..., where], self.gap[..., where] - z
        ahead, here = baths.memory(first - z)[:, None], baths.memory(np.conj(second + z)).conj()[None]
        Rm, Rn = self.R[0][:, None, where], self.R[1][None, :, where]
        lost = Rn.conj() + ahead - here - Rm
        gained = ahead - Rn + Rm.conj() - here
        near = np.abs(gap) < 1e-5
        found = gained / np.where(near, 1, gap)
        if near.any():
            n = np.broadcast_to(second[None], gap.shape)[near] + 0.5 * gap[near]
            found[near] = baths.memory_slope(n) + baths.memory_slope(np.conj(n + z)).conj()
        return 0.5 * (found - lost / (gap - 2j * baths.width))
