"""M(q, w) of the condensate, real or complex w with Im w > -g, and its inter- and intra-band parts.

Hanai et al. (2017), Eqs. (34)-(37), (72), (73). G^R = sum_a P_a/(v + ig - aE), and
G^K = G^R Sigma^K G^A has the same poles: G^K = sum_aj S_j(v) [K_aj/(v + ig - aE) + h.c.], with
K_aj = P_a |j><j| G^A(aE - ig) and S_j = gb tanh((v -+ mt)/2 T_b) +- gv. Each bubble is then a sum
of integrals int dv S_j/[(v - z1)(v - z2)] = [L_j(z1) - L_j(z2)]/(z1 - z2), where L depends on one
momentum alone; what depends on both is d = cE - aE' - w and d - 2ig. a, c = +-1 label the
branches: intra-band means a = c.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from hpcneq.errors import InputError

from .gap_equations import Condensate
from .number_balance import through_state
from .pair_grid import Pairs, alone, pairs
from .pair_kernels import pair_sums, prepare

PARTS = ("full", "inter", "intra")
CELL = 0.4
CIRCLE, POINTS = 0.25, 24  # in units of g
SHORTEST = 1e-5  # kF: shorter q count as 0
TOGETHER = 16  # frequencies in one sum
ROUNDING = 2e-13
# the comparisons: (panels of fine + x sqrt(fine), how far out the last one ends, factor)
COMPARED = ((0.3, 1.5, 3.5), (0.0, 2.0, 1.3))
LONG = 0.5  # panels of what the state's errors do
ROUGH, SELDOM = 0.2, 6  # of a rough look at them: panels, and every which frequency
NOTHING = 0.01  # of other errors: what is so much smaller than they need not be known better
CLOSE = 1e-12  # |d| taken for zero
GRIDS = 4  # of pairs that are remembered


@dataclass(frozen=True, eq=False)
class Still:
    """What a block of pairs holds whatever the frequency, as `pair_kernels.prepare` fills it.

    levels (3, b), inner_levels (b, 3, m) of k and k'; values (2, 2, 2, b), inner_values
    (b, 2, 2, 2, m) : L_j(aE + ig). gap (2, 2) : Re G, Im G of k and of k' summed with the weights.
    """

    levels: np.ndarray
    values: np.ndarray
    inner_levels: np.ndarray
    inner_values: np.ndarray
    gap: np.ndarray


def still(block: tuple, state: Condensate) -> Still:
    """The `Still` of a block of `Pairs`."""
    k, inner, weight = block
    b, m = inner.shape
    shapes = (3, b), (2, 2, 2, b), (b, 3, m), (b, 2, 2, 2, m), (2, 2)
    known = Still(*map(np.empty, shapes))
    prepare(k, inner, weight, state.delta, state.mu, _bath(state), *vars(known).values())
    return known


def _bath(state):
    """(mt, T_b, gamma_b, gamma_v)."""
    return state.mt, float(state.T), state.gb, state.gv


def traces(
    w: np.ndarray, state: Condensate, weight: np.ndarray, known: Still
) -> tuple[np.ndarray, float, float]:
    """(sums, Re G, Im G) over a block of pairs at frequencies w (n_w,).

    weight (b, m) of the block; known : what it holds at any frequency. sums (n_w, 2, 4) : int dv of
    the traces A11 B22, A22 B11, A12 B12, A21 B21; inter-band, intra-band. Re G, Im G : the pair
    functions of k', summed with the weights.
    """
    sums = np.zeros((len(w), 2, 4), complex)
    pair_sums(
        known.levels,
        known.values,
        known.inner_levels,
        known.inner_values,
        weight,
        w,
        _bath(state),
        CLOSE,
        sums,
    )
    return sums, *known.gap[1]


def bubbles(traces: np.ndarray) -> np.ndarray:
    """Pi (..., 2, 2) of Eq. (36) from the four traces (..., 4)."""
    a, b, c, d = (traces[..., i] for i in range(4))
    Pi = np.stack(
        [a + b + c + d, 1j * (b - a + c - d), 1j * (a - b + c - d), a + b - c - d], axis=-1
    ) / (2 * np.pi)
    return Pi.reshape(*Pi.shape[:-1], 2, 2)


def matrices(
    state: Condensate,
    q: float,
    w: ArrayLike,
    part: str = "full",
    fine: float = 1.0,
    reach: float = 1.0,
) -> np.ndarray:
    """(n, 2, 2) M(q, w) for frequencies w (n,), Im w > -g; units of Eq. (36) at 2m = kF = eF = 1.

    part : "full", "inter": 2/U - Pi_inter, or "intra": -Pi_intra, the rest. Frequencies that share
    a cell of the plane share their momenta: inside it the result is analytic in w, however coarse
    the panels, which are ``fine`` times shorter than their distance from the next singularity and
    end ``reach`` times as far out as usual. Raises InputError for another part, and where M is not
    analytic.
    """
    if part not in PARTS:
        raise InputError(f"part = {part!r}: choose from {', '.join(PARTS)}")
    w = np.atleast_1d(np.asarray(w, complex))
    if np.any(w.imag <= -state.g):
        raise InputError(
            f"w = {w[np.argmin(w.imag)]:.4g}: M is analytic for Im w > -{state.g:.4g} only"
        )
    if q < SHORTEST and np.any(np.abs(w) < 0.2 * CIRCLE * state.g):
        return np.array(
            [
                _around(state, z, part, fine, reach)
                if abs(z) < 0.2 * CIRCLE * state.g
                else matrices(state, q, z, part, fine, reach)[0]
                for z in w
            ]
        )
    right = np.where(w.real < 0, -np.conj(w), w)
    unique, where = np.unique(right, return_inverse=True)
    cells = cell(unique, state.g)
    M = np.empty((len(unique), 2, 2), complex)
    for z in np.unique(cells):
        mine = np.flatnonzero(cells == z)
        grid = _grid(state, q, z, fine, reach)
        for start in range(0, len(mine), TOGETHER):
            some = mine[start : start + TOGETHER]
            M[some] = chosen(*summed(state, unique[some], grid), part)
    M = M[where]
    return np.where((w.real < 0)[:, None, None], np.conj(M), M)


@lru_cache(maxsize=GRIDS)
def _grid(state, q, w, fine, reach):
    """The pairs of momenta for M(q, w), remembered: secants towards a zero stay in a cell."""
    at = (w, state.delta, state.mu, state.mt, state.g)
    if q >= SHORTEST:
        return pairs(q, *at, fine=fine, reach=reach)
    return alone(*at, fine=fine, reach=reach)


def _around(state, w, part, fine, reach):
    """M(0, w) as its mean on a circle, for w -> 0.

    At q = 0 the divided differences lose their digits there, where M is analytic.
    """
    z = w + CIRCLE * state.g * np.exp(2j * np.pi * (np.arange(POINTS) + 0.5) / POINTS)
    return matrices(state, 0.0, z, part, fine, reach).mean(axis=0)


def cell(w: np.ndarray, g: float) -> np.ndarray:
    """The frequency in whose cell w (n,) lies.

    Cells are CELL as wide as their distance from Im w = -g; the lowest point counts.
    """
    height = 2.0 ** np.floor(np.log2((w.imag + g) / g)) * g
    width = CELL * height
    return np.round(w.real / width) * width + 1j * (height - g)


def with_errors(
    state: Condensate, q: float, w: ArrayLike, part: str = "full", fine: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """(M, error) (n, 2, 2) each: error of every element, from other panels, and rounding.

    Shorter panels are better by a factor of ten about, so that they miss no error by chance. Where
    an element happens to be right, panels as long that lie elsewhere tell what may be expected. The
    last panel ends farther out in both.
    """
    M = matrices(state, q, w, part, fine)
    moved = [
        factor * np.abs(M - matrices(state, q, w, part, fine + x * fine**0.5, far))
        for x, far, factor in COMPARED
    ]
    return M, np.maximum(*moved) + ROUNDING * (1 + np.abs(M))


def by_state(
    state: Condensate,
    q: float,
    w: ArrayLike,
    part: str = "full",
    beside: np.ndarray | None = None,
) -> np.ndarray:
    """(n, 2, 2) what the errors of the state do to M; long panels are good enough to tell.

    beside : errors (n, 2, 2) of another kind. Where a rough look at a few of the frequencies finds
    those of the state below `NOTHING` of them, its largest numbers stand for all frequencies.
    """
    w = np.atleast_1d(np.asarray(w, complex))
    if beside is not None:
        few = w[::SELDOM]
        rough = through_state(lambda other: matrices(other, q, few, part, ROUGH), state)
        largest = rough.max(axis=0)
        if np.all(largest < NOTHING * beside):
            return np.broadcast_to(largest, beside.shape)
    return through_state(lambda other: matrices(other, q, w, part, LONG), state)


def summed(state: Condensate, w: np.ndarray, grid: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """(2/U as a (2, 2) sum, Pi (n, 2, 2, 2): inter-band, intra-band) over a grid of pairs, w (n,).

    1/U is summed as Re G of both momenta, and the imaginary part of the gap equation, 0 = sum Im G,
    likewise: then M12 and M22 vanish at q = w = 0 at every momentum, Eqs. (39), (40), though gap
    and number equation stop at a cutoff and M does not.
    """
    blocks = zip(grid.blocks, _still(state, grid))
    parts = [shares(state, w, block, known) for block, known in blocks]
    return sum(inverse for inverse, _ in parts), bubbles(sum(sums for _, sums in parts))


@lru_cache(maxsize=GRIDS)
def _still(state: Condensate, grid: Pairs) -> list[Still]:
    """`still` of the blocks, remembered."""
    return [still(block, state) for block in grid.blocks]


def shares(
    state: Condensate, w: np.ndarray, block: tuple, known: Still
) -> tuple[np.ndarray, np.ndarray]:
    """(2/U (2, 2), traces (n, 2, 4)) of one block of pairs at frequencies w (n,)."""
    sums, *inner = traces(w, state, block[2], known)
    real, imaginary = known.gap[0] + inner
    return np.array([[real, imaginary], [-imaginary, real]]), sums


def chosen(inverse: np.ndarray, Pi: np.ndarray, part: str) -> np.ndarray:
    """(n, 2, 2) M from 2/U (2, 2) and Pi (n, 2, 2, 2).

    "full", "inter", and "intra" without 2/U, which diverges where no pairs screen it.
    """
    if part == "full":
        return inverse - Pi.sum(axis=1)
    return inverse - Pi[:, 0] if part == "inter" else -Pi[:, 1]
