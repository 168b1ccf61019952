"""Stationary mean fields that the mirrors of a lattice leave as they are, from the levels of H.

A real, even mean field has a real H that mixes only what the mirrors turn alike: each such sector
is a small dense matrix, and its levels tell every mode at once,

    G_{j up, j hole} = (i/damping) sum_k V_jk F(e_k) W_jk,   F(e) = sum_g s_g/(i e - lambda_g),

V, W its eigenvectors on up and on holes, s_g of the modes of up columns conjugated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ..protocols import SiteModes

UNEVEN = 1e-9  # of Im F(e): above it a real mean field does not stay real
ENERGIES = 64  # at which that is looked at
EVEN = 1e-12  # of a mean field: what counts as left as it is


@dataclass(frozen=True)
class Sector:
    """What the mirrors turn alike: orthonormal combinations of sites, and where to look at them.

    basis (N, n) : one entry a row at most. first (n,) : a site of each combination. rows : sites,
    each with its column (or -1) and the square of its entry, (places, m) each: what is summed over
    the places at m sites is even.
    """

    basis: sparse.csr_matrix
    first: IntArray
    column: IntArray
    square: FloatArray


def sectors(
    mirrors: tuple[IntArray, IntArray], diagonal: IntArray | None
) -> tuple[list[Sector], IntArray]:
    """(the `Sector` of every way to turn, (N,) the number of every site's orbit).

    mirrors : (N,) each, the image of every site in two mirrors that commute. diagonal : that in a
    mirror which swaps these, if it is one.
    """
    N = len(mirrors[0])
    four = np.stack([np.arange(N), *mirrors, mirrors[0][mirrors[1]]])
    group = four
    if diagonal is not None:
        group = np.concatenate([four, diagonal[four]])
    sites, orbit = np.unique(group.min(axis=0), return_inverse=True)
    made = []
    for signs in ((1, 1), (-1, -1), (1, -1), (-1, 1)):
        sign = np.array([1, *signs, signs[0] * signs[1]])
        if diagonal is None:
            made.append(_sector(four, sign, [sites]))
        elif signs == (1, -1):  # the other one is its image in the diagonal
            made.append(_sector(four, sign, [sites, diagonal[sites]]))
        elif signs != (-1, 1):
            made += [_sector(group, np.concatenate([sign, s * sign]), [sites]) for s in (1, -1)]
    return [sector for sector in made if sector.basis.shape[1]], orbit


def _sector(group, sign, places):
    """The `Sector` of the images (k, N) of all sites and the signs (k,) that go with them."""
    N = group.shape[1]
    first = np.flatnonzero(group.min(axis=0) == np.arange(N))
    rows, columns = group[:, first], np.arange(len(first)) + 0 * group[:, :1]
    values = np.broadcast_to(sign[:, None], rows.shape)
    whole = sparse.coo_matrix(
        (values.ravel().astype(float), (rows.ravel(), columns.ravel())), (N, len(first))
    ).tocsc()
    size = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=0)).ravel())
    held = size > 0.5
    basis = (whole[:, held] @ sparse.diags(1 / size[held])).tocsr()
    basis.eliminate_zeros()
    column, square = np.full(N, -1), np.zeros(N)
    filled = np.flatnonzero(np.diff(basis.indptr))
    column[filled], square[filled] = basis.indices, basis.data**2
    where = np.array(places)
    return Sector(basis, first[held], column[where], square[where])


class MirroredStationary:
    """c_j = coupling_j G_{j up, j hole} for real, even c, a problem for `solvers.newton`.

    Unknowns x : c at one site of every orbit; items the sectors.
    """

    def __init__(
        self,
        system: SiteModes,
        mirrors: tuple[IntArray, IntArray],
        diagonal: IntArray | None = None,
    ):
        self.system = system
        self.sectors, self.orbit = sectors(mirrors, diagonal)
        self.items = len(self.sectors)
        N, near = len(self.orbit), np.asarray(system.near)
        hop = system.hop_at(0.0, -1).real
        up = sparse.coo_matrix((hop.ravel(), (np.repeat(np.arange(N), 4), near.ravel())), (N, N))
        up = up.tocsr() + sparse.diags(np.asarray(system.onsite, float))
        self.levels = [(s.basis.T @ up @ s.basis).toarray() for s in self.sectors]
        _, first = np.unique(self.orbit, return_index=True)
        self.first = first
        coupling = (np.asarray(system.coupling) * 1j / system.damping)[first]
        self.share = coupling.real

    def unknowns(self, c: ComplexArray) -> FloatArray:
        """x of the mean field c (N,)."""
        return np.asarray(c.real, float)[self.first]

    def whole(self, x: FloatArray) -> ComplexArray:
        """The mean field (N,) of x."""
        return x[self.orbit] + 0j

    def memory(self, e: FloatArray) -> ComplexArray:
        """F(e), like e."""
        rates = self.system.rates_at(0.0, -1)
        parts = []
        for a in (0, 1):
            poles = rates[list(self.system.held[a])]
            parts.append((self.system.strength[a] / (1j * e[..., None] - poles)).sum(axis=-1))
        return parts[1] + parts[0].conj()

    def prepare(self, x: FloatArray, part: range) -> tuple[FloatArray, range]:
        """The mean field and this rank's sectors."""
        return x, part

    def partials(self, prepared: tuple[FloatArray, range]) -> FloatArray:
        """Each sector's share of the mean field, (sectors, unknowns)."""
        x, part = prepared
        rows = np.zeros((len(part), len(x)))
        for row, item in zip(rows, part):
            sector, h = self.sectors[item], self.levels[item]
            n = len(h)
            H = np.zeros((2 * n, 2 * n))
            H[:n, :n], H[n:, n:] = h, -h
            own = np.arange(n)
            H[own, n + own] = H[n + own, own] = -x[self.orbit[sector.first]]
            e, V = np.linalg.eigh(H)
            diagonal = (V[:n] * V[n:]) @ self.memory(e).real
            row[:] = (sector.square * np.append(diagonal, 0.0)[sector.column]).sum(axis=0)
        return rows * self.share

    def residual(self, x: FloatArray, sums: FloatArray) -> FloatArray:
        """What is left of the mean field's equation, (unknowns,)."""
        return x - sums


def mirrored(
    system: SiteModes,
    mirrors: tuple[IntArray, IntArray],
    diagonal: IntArray | None,
    c: ComplexArray,
    largest: int,
) -> MirroredStationary | None:
    """The equations of mean fields as even as c (N,), None where c is not, or does not stay so.

    diagonal : as of `sectors`, used where c is even in it. largest : number of a sector's levels,
    with more there are none either.
    """
    if np.abs(system.hop_at(0.0, -1).imag).max() > 0:
        return None
    if not all(_left_alone(system, image, c) for image in mirrors):
        return None
    if diagonal is not None and not _left_alone(system, diagonal, c):
        diagonal = None
    problem = MirroredStationary(system, mirrors, diagonal)
    e = system.field_bound * np.linspace(0.0, 1.5, ENERGIES)
    lean = (problem.memory(e) - problem.memory(-e)).imag
    if (
        np.abs(lean).max() > UNEVEN * np.abs(problem.memory(e)).max()
        or sector_levels(problem.sectors) > largest
    ):
        return None
    return problem


def sector_levels(parts: Sequence[Sector]) -> int:
    """Levels of the largest sector."""
    return 2 * max(part.basis.shape[1] for part in parts)


def _left_alone(system, image, c):
    """Whether c (N,), real, and all sites are alike at the images (N,) of the sites."""
    scale = np.abs(c).max() + 1e-300
    near, hop = np.asarray(system.near), system.hop_at(0.0, -1)
    N = len(c)
    there = sparse.coo_matrix((hop.ravel(), (np.repeat(np.arange(N), 4), near.ravel())), (N, N))
    there = there.tocsr()
    kept = (
        np.abs(c.imag).max() < EVEN * scale,
        np.abs(c[image] - c).max() < EVEN * scale,
        np.array_equal(system.onsite[image], system.onsite),
        np.array_equal(system.coupling[image], system.coupling),
        abs(there[image][:, image] - there).max() == 0,
    )
    return all(kept)
