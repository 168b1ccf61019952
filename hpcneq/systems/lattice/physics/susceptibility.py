"""Response of the mean field to itself: chi(z) from the eigenvectors of the levels with leads.

An entry dH = |r><c| of e^{-izt} moves rho by

    chi_{ab,rc} = -i sum_i V_ai (V^-1)_ir F_i[c, b],   F_i = R (s + i a_i - i A^+)^-1,   s = -iz,

with A = V a V^-1, and by the conjugate of the entry dH = |c><r| at s^*. With H_rc = M c of the mean
field, free deviations are the roots of det[1 - chi(z) M] = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mean_field import MeanField

CHUNKS = 16  # pieces of work of one chi
GRID = 33  # points of each side of the box of `reach`
WIDER = 1.5  # by which it grows
BOUND = 0.9  # of the norm of chi M outside
LOOSE_SHARE = 0.3  # of what fits looser by ten change: three times the error


@dataclass(frozen=True)
class Level:
    """A stationary state as levels: A (n, n), R as core (n, n) and tail (n, N), the modes' levels
    (N,) and the component that each couples to.
    """

    A: np.ndarray
    core: np.ndarray
    tail: np.ndarray
    levels: np.ndarray
    component: np.ndarray


class Susceptibility:
    """chi(z) M of the mean field of a state; `solvers.protocols.Response` without a wave number.

    Unknowns are the entries of rho that H reads, at both places (a, b) and (b, a), in the form 4n
    only those that the redundancy of the form allows. scale : of the attraction on sites. loose :
    the same with looser fits of the leads; its difference is the error.
    """

    def __init__(
        self,
        field: MeanField,
        level: Level,
        scale: float = 1.0,
        loose: Susceptibility | None = None,
    ) -> None:
        self.field, self.level = field, level
        self.loose = loose
        self.a, self.V = np.linalg.eig(level.A)
        self.inverse = np.linalg.inv(self.V)
        self.places, self.map = _merged(field, scale)
        self.basis, self.back = _allowed(field, self.places)
        entries = np.flatnonzero(np.abs(self.map).sum(1) > 0)
        self.map = self.map[entries]
        self.rows, self.columns = field.H_rows[entries], field.H_columns[entries]
        self._prepare()

    def _prepare(self) -> None:
        """What does not depend on z."""
        out, level = self.places, self.level
        self.cs, self.at_c = np.unique(np.append(self.columns, self.rows), return_inverse=True)
        self.bs, self.at_b = np.unique(np.append(out[1], out[0]), return_inverse=True)
        self.core_rows, self.tail_rows = level.core[self.cs], level.tail[self.cs]
        self.ends = self.V[self.bs].conj().T
        self.turned = self.inverse.conj().T
        self.coupling = np.zeros((len(level.levels), len(level.A)))
        self.coupling[np.arange(len(level.levels)), level.component] = 1.0

    # -- chi ---------------------------------------------------------------------------------------
    def _forward(self, s: complex, some: slice) -> np.ndarray:
        """F_i[c, b] (levels, rows, ends), c and b the different components in use."""
        level = self.level
        sigma = (s + 1j * self.a[some])[:, None, None]
        core = np.broadcast_to(self.core_rows, (len(sigma), *self.core_rows.shape))
        if len(level.levels):
            tail = self.tail_rows / (sigma - 1j * level.levels.conj())
            core = core + 1j * (tail @ self.coupling)
        return ((core @ self.turned) / (sigma - 1j * self.a.conj())) @ self.ends

    def _half(self, s: complex, some: slice, swapped: bool) -> np.ndarray:
        """Share of levels in chi_{ab,rc} by |r><c| R, (places, entries); swapped: ba, cr."""
        a, b = self.places
        r, c = self.rows, self.columns
        at_b, at_c = self.at_b[: len(a)], self.at_c[: len(r)]
        if swapped:
            a, r = b, c
            at_b, at_c = self.at_b[len(b) :], self.at_c[len(c) :]
        F = self._forward(s, some)
        total = np.zeros((len(a), len(r)), complex)
        for own, left, right in zip(F, self.V[a, some].T, self.inverse[some, :][:, r]):
            total += np.outer(left, right) * own[at_c][:, at_b].T
        return -1j * total

    def chi(self, z: complex, some: slice) -> np.ndarray:
        """The share of some of the levels, (places, entries)."""
        s = -1j * complex(z)
        return self._half(s, some, False) + self._half(s.conjugate(), some, True).conj()

    # -- a response --------------------------------------------------------------------------------
    @property
    def analytic_below(self) -> float:
        """Twice the smallest damping of a level."""
        return float(-2 * self.a.imag.max())

    @property
    def reach(self) -> tuple[float, float]:
        """Beyond (x, y) the norm of chi M is below 1.

        y: a deviation of rho responds to dH by at most its Frobenius norm. x: |chi M| is looked at
        along the line Re z = x and beyond, on the lowest line where it is needed; it is largest on
        the boundary.
        """
        y = float(np.sqrt(2) * np.linalg.norm(self.map, 2)) + self.analytic_below
        bottom = -0.9 * self.analytic_below
        x = 2.0 * y + float(np.abs(self.level.A[self.rows, self.columns]).max(initial=0.0))
        rising = bottom + (y - bottom) * np.linspace(0, 1, GRID) ** 2
        for _ in range(40):
            far = x * np.geomspace(1, 100, GRID)
            points = [x + 1j * rising, -x + 1j * rising, far + 1j * bottom, -far + 1j * bottom]
            if self._below(np.concatenate(points), BOUND):
                break
            x *= WIDER
        return x, y

    def _below(self, points: np.ndarray, bound: float) -> bool:
        """Whether |chi M| is below a bound at all points."""
        return all(np.linalg.norm(self.answer(z), 2) < bound for z in points)

    def answer(self, z: complex) -> np.ndarray:
        """chi M (unknowns, unknowns)."""
        return self._reduced(self.chi(z, slice(None)))

    def _reduced(self, chi: np.ndarray) -> np.ndarray:
        return np.asarray(self.back @ (chi @ self.map) @ self.basis)

    def items(self, q: float) -> int:
        """Pieces of the sum over levels."""
        return min(CHUNKS, len(self.a))

    def partials(self, q: float, z: complex, part: range) -> np.ndarray:
        """Shares of these pieces (len(part), unknowns, unknowns)."""
        edges = np.linspace(0, len(self.a), self.items(q) + 1).astype(int)
        m = self.basis.shape[1]
        rows = [self._reduced(self.chi(z, slice(edges[k], edges[k + 1]))) for k in part]
        return np.array(rows).reshape(len(part), m, m)

    def matrix(self, sums: np.ndarray) -> np.ndarray:
        """1 - chi M."""
        return np.asarray(np.eye(len(sums)) - sums)

    def error(self, q: float, z: complex) -> np.ndarray:
        """A share of what looser fits change in each element, and rounding."""
        here = self.answer(z)
        rounding = 1e-14 * len(self.a) * (1 + np.abs(here))
        if self.loose is None:
            return rounding
        return LOOSE_SHARE * np.abs(self.loose.answer(z) - here) + rounding

    def pairing_of(self, vector: np.ndarray) -> np.ndarray:
        """The deviations of the entries of rho at `places` of a null vector."""
        return np.asarray(self.basis @ vector)


def _merged(field: MeanField, scale: float) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """((a, b) of all entries of rho that H reads, (entries of H, these) of H's response)."""
    straight, conjugate = (
        (scale * one + other).toarray() for one, other in zip(field.maps[0][:2], field.maps[1][:2])
    )
    a = np.append(field.rows, field.columns)
    b = np.append(field.columns, field.rows)
    place, where = np.unique(a * field.form.size + b, return_inverse=True)
    both = np.concatenate([straight, conjugate], axis=1)
    merged = np.zeros((len(both), len(place)))
    np.add.at(merged.T, where, both.T.real)
    return (place // field.form.size, place % field.form.size), merged


def _allowed(
    field: MeanField, places: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """(basis (places, unknowns), its left inverse) of deviations with X = -tau_1 X^T tau_1.

    The identity in the form 2n, and for entries whose partner H does not read.
    """
    count = len(places[0])
    if field.form.name == "2n":
        return np.eye(count), np.eye(count)
    size, half = field.form.size, field.form.electrons
    place = places[0] * size + places[1]
    partner = ((places[1] + half) % size) * size + (places[0] + half) % size
    columns, done = [], set()
    for k, (own, other) in enumerate(zip(place, partner)):
        j = int(np.searchsorted(place, other))
        column = np.zeros(count)
        column[k] = 1.0
        if j < count and place[j] == other:
            if own == other or k in done:
                continue
            column[j] = -1.0
            done.add(j)
        columns.append(column)
    basis = np.array(columns).T.reshape(count, len(columns))
    return basis, np.linalg.pinv(basis)
