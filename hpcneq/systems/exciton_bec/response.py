"""M(q, w) of the condensate, real or complex w with Im w > -g: Hanai et al. (2018), Eqs. (34)-(37), and its parts (72), (73).

G^R = sum_a P_a/(v + ig - aE), and G^K = G^R Sigma^K G^A has the same poles: G^K = sum_aj S_j(v) [K_aj/(v + ig - aE) + h.c.], with
K_aj = P_a |j><j| G^A(aE - ig) and S_j = gb tanh((v -+ mt)/2 T_b) +- gv. Each bubble is then a sum of integrals
int dv S_j/[(v - z1)(v - z2)] = [L_j(z1) - L_j(z2)]/(z1 - z2), where L depends on one momentum alone; what depends on both is
d = cE - aE' - w and d - 2ig: the sum over inner momenta is a product of the matrix 1/d with columns that all w share.
a, c = +-1 label the branches: intra-band means a = c.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hpcneq.errors import InputError

from .kernels import energy, pair_function
from .pairs import alone, pairs

PARTS = ("full", "inter", "intra")
SIGNS = (1, -1)
CELL = 0.4
CIRCLE, POINTS = 0.25, 24          # in units of g
SHORTEST = 1e-5                    # kF: shorter q count as 0
TOGETHER = 16                      # frequencies in one product
ROUNDING = 1e-11
CLOSE = 1e-12                      # |d| taken for zero
OWN, OTHER, TURNED = [0, 1, 2, 3], [1, 0, 2, 3], [1, 0, 3, 2]      # 11, 22, 12, 21 of G(k); of G(k') in the four traces; transposed


@dataclass(frozen=True)
class Level:
    """What one momentum brings: E, P (..., 2, 3) for a = +-1 and 11, 22, 12; K (..., 2, 4, 2) for a, 11, 22, 12, 21 and j."""

    k: np.ndarray
    state: object

    @cached_property
    def E(self):
        return energy(self.k**2 - self.state.mu, self.state.delta)

    @cached_property
    def P(self):
        c, s = (self.k**2 - self.state.mu) / self.E, -self.state.delta / self.E
        return 0.5 * np.stack([np.stack([1 + a * c, 1 - a * c, a * s], axis=-1) for a in SIGNS], axis=-2)

    @cached_property
    def K(self):
        g, columns = self.state.g, []
        P = self.P[..., [0, 2, 2, 1]].reshape(*self.P.shape[:-1], 2, 2)
        for i, a in enumerate(SIGNS):
            G = P[..., i, :, :] / (-2j * g) + P[..., 1 - i, :, :] / (2 * a * self.E - 2j * g)[..., None, None]
            K = P[..., i, :, None, :] * np.swapaxes(G, -1, -2)[..., None, :, :]      # [p, q, j] = P_pj G_jq
            columns.append(np.stack([K[..., 0, 0, :], K[..., 1, 1, :], K[..., 0, 1, :], K[..., 1, 0, :]], axis=-2))
        return np.stack(columns, axis=-3)


def logarithm(z, j, state):
    """L_j(z) = int dv S_j(v)/(v - z), up to a constant that all share; z any shape, off the real axis."""
    edge, decay = (state.mt, state.gv) if j == 0 else (-state.mt, -state.gv)
    turn = np.where(np.imag(z) > 0, 1j * np.pi, -1j * np.pi)
    return state.gb * (-2 * _log(edge - z, state.T) - turn) + decay * turn


def _log(x, T):
    """log x, smeared by the bath's temperature: int dv (-df/dv) log(x - v) for x off the real axis."""
    if T == 0:
        return np.log(x)
    from scipy.special import digamma
    u = 1j * x / (2 * np.pi * T)
    upper = np.imag(x) < 0            # Re u > 0
    u = np.where(upper, u, -u)
    return digamma(0.5 + u) + np.log(2 * np.pi * T) + np.where(upper, -0.5j * np.pi, 0.5j * np.pi)


def traces(outer, inner, weight, w, state):
    """(n_w, 2, 4) : sums over a block of pairs of int dv of the traces A11 B22, A22 B11, A12 B12, A21 B21; inter-band, intra-band.

    outer : Level of k (b,); inner : Level of k' (b, m); weight (b, m); w (n_w,).
    """
    g = state.g
    ahead = [np.stack([logarithm(a * inner.E[:, None] + w[:, None] + 1j * g, j, state) for a in SIGNS]) for j in (0, 1)]
    found = np.zeros((len(w), 2, 4), complex)
    columns = [_columns(inner, i, state) for i in (0, 1)]
    for m, c in enumerate(SIGNS):
        P, K = outer.P[:, m][:, None, [0, 1, 2, 2]], outer.K[:, m][:, None]
        E = c * outer.E
        low = np.stack([logarithm(E[:, None] - 1j * g - w, j, state) for j in (0, 1)], axis=-1)[:, :, None]
        sides = [np.stack([logarithm(E + s * 1j * g, j, state) for j in (0, 1)], axis=-1)[:, None, None] for s in (1, -1)]
        for i, a in enumerate(SIGNS):
            d = (E[:, None] - a * inner.E)[:, None] - w[:, None]
            for side, (shift, own) in enumerate(((0, np.conj(K[..., [0, 1, 3, 2], :])), (2j * g, K))):
                kernel = d - shift
                if side == 0:
                    kernel = np.where(np.abs(kernel) < CLOSE, CLOSE, kernel)
                kernel = weight[:, None] / kernel
                sums = kernel @ columns[i][side]
                X, Y, U = sums[..., :8].reshape(*sums.shape[:2], 4, 2), sums[..., 8:12], sums[..., 12:][..., [0, 1, 2, 2]]
                moved = np.stack([(kernel * ahead[j][i]) @ columns[i][side][..., 12:] for j in (0, 1)], axis=-1)[..., [0, 1, 2, 2], :]
                term = P * ((low * X).sum(axis=-1) - Y) + (own * (sides[side] * U[..., None] - moved)).sum(axis=-1)
                found[:, int(a == c)] += term.sum(axis=0)
    return found


def _columns(inner, i, state):
    """For both sides of the real axis (b, m, 15): K of the four traces for both j, K L(own pole), P of k'."""
    a = SIGNS[i]
    P, K = inner.P[:, :, i][..., [1, 0, 2]], inner.K[:, :, i]
    found = []
    for s, own in ((-1, K[..., OTHER, :]), (1, np.conj(K[..., TURNED, :]))):
        L = np.stack([logarithm(a * inner.E + s * 1j * state.g, j, state) for j in (0, 1)], axis=-1)
        found.append(np.concatenate([own.reshape(*own.shape[:2], 8), (own * L[..., None, :]).sum(axis=-1), P], axis=-1))
    return found


def bubbles(traces):
    """Pi (..., 2, 2) of Eq. (36) from the four traces (..., 4)."""
    a, b, c, d = (traces[..., i] for i in range(4))
    Pi = np.stack([a + b + c + d, 1j * (b - a + c - d), 1j * (a - b + c - d), a + b - c - d], axis=-1) / (2 * np.pi)
    return Pi.reshape(*Pi.shape[:-1], 2, 2)


def matrices(state, q, w, part="full", fine=1.0):
    """(n, 2, 2) M(q, w) for frequencies w (n,), Im w > -g; ``part`` "full", or M with the inter- or intra-band Pi alone.

    Units of Eq. (36) at 2m = kF = eF = 1. Frequencies that share a cell of the plane share their momenta: inside it the result
    is analytic in w, however coarse the panels, which are ``fine`` times shorter than their distance from the next singularity.
    """
    if part not in PARTS:
        raise InputError(f"part = {part!r}: choose from {', '.join(PARTS)}")
    w = np.atleast_1d(np.asarray(w, complex))
    if np.any(w.imag <= -state.g):
        raise InputError(f"w = {w[np.argmin(w.imag)]:.4g}: M is analytic for Im w > -{state.g:.4g} only")
    if q < SHORTEST and np.any(np.abs(w) < 0.2 * CIRCLE * state.g):
        return np.array([_around(state, z, part, fine) if abs(z) < 0.2 * CIRCLE * state.g else matrices(state, q, z, part, fine)[0] for z in w])
    there = np.where(w.real < 0, -np.conj(w), w)
    unique, where = np.unique(there, return_inverse=True)
    cells = cell(unique, state.g)
    found = np.empty((len(unique), 2, 2), complex)
    for z in np.unique(cells):
        mine = np.flatnonzero(cells == z)
        grid = pairs(q, z, state.delta, state.mu, state.mt, state.g, fine=fine) if q >= SHORTEST else alone(
            z, state.delta, state.mu, state.mt, state.g, fine=fine)
        for start in range(0, len(mine), TOGETHER):
            some = mine[start:start + TOGETHER]
            inverse, Pi = summed(state, unique[some], grid)
            found[some] = inverse - chosen(Pi, part)
    found = found[where]
    return np.where((w.real < 0)[:, None, None], np.conj(found), found)


def _around(state, w, part, fine):
    """M(0, w) as its mean on a circle: at q = 0 the divided differences lose their digits where w -> 0, M is analytic there."""
    z = w + CIRCLE * state.g * np.exp(2j * np.pi * (np.arange(POINTS) + 0.5) / POINTS)
    return matrices(state, 0.0, z, part, fine).mean(axis=0)


def cell(w, g):
    """The frequency in whose cell w (n,) lies: cells are CELL as wide as their distance from Im w = -g, the lowest point counts."""
    height = 2.0 ** np.floor(np.log2((w.imag + g) / g)) * g
    width = CELL * height
    return np.round(w.real / width) * width + 1j * (height - g)


def with_errors(state, q, w, part="full", fine=1.0):
    """(M, error) (n, 2, 2) each: error of every element, its change on panels a quarter longer, and rounding."""
    here = matrices(state, q, w, part, fine)
    return here, np.abs(here - matrices(state, q, w, part, 0.8 * fine)) + ROUNDING


def summed(state, w, grid):
    """(2/U as a (2, 2) sum, Pi (n, 2, 2, 2) : inter-band, intra-band) over a grid of pairs, w (n,).

    1/U is summed as Re G of both momenta, and the imaginary part of the gap equation, 0 = sum Im G, likewise: then M12 and M22
    vanish at q = w = 0 at every momentum, Eqs. (39), (40), though gap and number equation stop at a cutoff and M does not.
    """
    found = [shares(state, w, block) for block in grid.blocks]
    return sum(inverse for inverse, _ in found), sum(Pi for _, Pi in found)


def shares(state, w, block):
    """What one block of pairs adds to `summed`."""
    k, inner, weight = block
    at = (state.delta, state.mt, state.gb, state.gv, state.T)
    outer, there = pair_function(k**2 - state.mu, *at), pair_function(inner**2 - state.mu, *at)
    real, imaginary = (weight.sum(axis=1) @ x + (weight * y).sum() for x, y in zip(outer, there))
    inverse = np.array([[real, imaginary], [-imaginary, real]])
    return inverse, bubbles(traces(Level(k, state), Level(inner, state), weight, w, state))


def chosen(Pi, part):
    """(n, 2, 2) : the part of Pi (n, 2, 2, 2)."""
    return Pi.sum(axis=1) if part == "full" else Pi[:, PARTS.index(part) - 1]
