"""Pairs of momenta (k, k') with |k - k'| = q, graded about the singularities of the pair response.

sum_p f(|p + q/2|, |p - q/2|) = (1/4 pi^2 q) int k dk int_{|k-q|}^{k+q} k' dk' f(k, k'). At T_b = 0
f is analytic but for E(k) or E(k') next to the bath's edge, +-mt -+ ig and the same shifted by w,
for E' = +-(E - w - 2ig), and for E = 0. A Gauss panel as long as its distance from the nearest of
these complex points converges as 4^(-2n) with n nodes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hpcneq.maths.compiled import lazily
from hpcneq.maths.panels import gauss, on_rows

Array = np.ndarray
NODES = 6  # a panel
# kF: where the sum ends, the rest is added as powers of 1/p
FAR = 60.0
NEAR, LONG = 25.0, 5e-4  # for q < LONG, where more would lose digits
BEYOND = 1.5 ** np.arange(3)  # times FAR: where the integrand is looked at for the rest
TINY = 1e-14
PAIRS = 6000  # of momenta in a block that is worked on at once
ALONE = 64  # momenta in such a block where k' = k
MANY = 60  # panels of a row; more are asked for where they are needed


@dataclass(frozen=True, eq=False)
class Pairs:
    """Outer momenta k in blocks with equally many inner ones.

    blocks : (k (b,), inner (b, m), weight (b, m)) each; weights hold all factors.
    """

    blocks: tuple

    @property
    def count(self) -> int:
        """Pairs in all."""
        return sum(inner.size for _, inner, _ in self.blocks)


def momenta(energies: np.ndarray, D: float, mu: float) -> np.ndarray:
    """Complex momenta with E(k) = e, Re k >= 0: energies (..., n) -> (..., 2 n).

    The real part is a place, the imaginary one a width.
    """
    e = np.asarray(energies, complex)
    root = np.sqrt(e**2 - D**2)
    k = np.sqrt(np.concatenate([mu + root, mu - root], axis=-1))
    return np.where(k.real < 0, -k, k)


def pairs(
    q: float,
    w: complex,
    D: float,
    mu: float,
    mt: float,
    g: float,
    nodes: int = NODES,
    fine: float = 1.0,
    reach: float = 1.0,
) -> Pairs:
    """The Pairs for M(q, w), q > 0, and for frequencies closer to w than g + Im w.

    fine : panels are so many times shorter. reach : the last panel ends so many times farther out.
    """
    edges = _edges(w, mt, g)
    own = momenta([*edges, w + 2j * g + D, w + 2j * g - D, 0.0], D, mu)
    other = momenta([*edges, 0.0], D, mu)
    met = _meetings(q, w + 2j * g, D, mu)
    places = np.concatenate(
        [own, other + q, other - q, np.abs(q - other.real) + 1j * other.imag, met]
    )
    far = reach * ((FAR if q > LONG else NEAR) + 2 * np.sqrt(abs(mu)) + 2 * q)
    k, weight = _outer(far, places, nodes, fine)
    weight = weight * k / (4 * np.pi**2 * q)
    xi = k**2 - mu
    E = np.hypot(xi, D)
    moving = momenta(np.stack([E - w - 2j * g, E + w + 2j * g], axis=1), D, mu)
    inner = np.concatenate([np.broadcast_to(other, (len(k), len(other))), moving], axis=1)
    return Pairs(tuple(_blocks(k, weight, q, inner, nodes, fine)))


def alone(
    w: complex,
    D: float,
    mu: float,
    mt: float,
    g: float,
    nodes: int = NODES,
    fine: float = 1.0,
    reach: float = 1.0,
) -> Pairs:
    """The Pairs for M(0, w): k' = k. ``fine``, ``reach`` as in `pairs`."""
    places = momenta([*_edges(w, mt, g), 0.5 * w + 1j * g, 0.0], D, mu)
    far = reach * (NEAR + 2 * np.sqrt(abs(mu)))
    k, weight = _outer(far, places, nodes, fine)
    weight = weight * k**2 / (2 * np.pi**2)
    starts = range(0, len(k), ALONE)
    return Pairs(
        tuple(
            (k[i : i + ALONE], k[i : i + ALONE, None], weight[i : i + ALONE, None]) for i in starts
        )
    )


def _outer(far, places, nodes, fine):
    """Nodes and weights of int_0^inf dk: panels up to ``far``, and what lies beyond."""
    k, weight = panels(np.array([0.0]), np.array([far]), places[None], nodes, fine)
    return np.append(k[0], far * BEYOND), np.append(weight[0], _remainder(far))


def _remainder(far):
    """Weights (3,) of J(far BEYOND) in int_far^inf J dk for J = sum_n x_n/k^2n, n <= 3."""
    return far * _rest()


@functools.lru_cache
def _rest():
    """`_remainder` at far = 1, read-only."""
    n = np.arange(1, len(BEYOND) + 1)
    weights = np.linalg.solve(BEYOND ** (-2.0 * n[:, None]), 1 / (2 * n - 1))
    weights.flags.writeable = False
    return weights


def _edges(w, mt, g):
    """Complex energies at which a level meets the bath's edge, +-mt, itself or moved by w."""
    return [s * mt + shift for s in (1, -1) for shift in (1j * g, w + 1j * g)]


def _meetings(q, W, D, mu):
    """Complex k with E(|k +- q|) = +-(E(k) - W).

    (xi'^2 - xi^2 - W^2)^2 = 4 W^2 E^2 is a polynomial of degree 6 for either sign of q.
    """
    e = q * q - 2 * mu
    # xi'^2 - xi^2 - W^2 without the cancelling fourth powers
    difference = np.array([4 * q, 6 * q * q, 2 * q * e + 2 * q**3, q * q * e - W * W])
    polynomial = np.convolve(difference, difference).astype(complex)
    polynomial[2:] -= 4 * W**2 * np.array([1, 0, -2 * mu, 0, mu**2 + D**2])
    companion = np.eye(6, k=-1, dtype=complex)
    companion[0] = -polynomial[1:] / polynomial[0]
    k = np.linalg.eigvals(companion)
    k = np.concatenate([k, -k])
    return k[k.real > -1.0]


def panels(
    low: np.ndarray, high: np.ndarray, places: np.ndarray, nodes: int, fine: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gauss nodes and weights (rows, panels * nodes) of int_low^high dx; low, high (rows,).

    Panels are ``fine`` times shorter than their distance from the nearest of ``places`` (rows, n)
    complex. Rows that need fewer than the longest end with weights of 0.
    """
    edges, _ = divided(low, high, places, fine)
    return on_rows(edges, nodes)


def divided(
    low: np.ndarray, high: np.ndarray, places: np.ndarray, fine: float
) -> tuple[np.ndarray, np.ndarray]:
    """(edges (rows, most + 1), number of panels (rows,)).

    Panels each hold int dx/h = 1/fine or less, h the distance from the place where that is most;
    rows with fewer repeat ``high``.
    """
    places = np.ascontiguousarray(np.broadcast_to(places, (len(low), places.shape[1])))
    real, size = places.real.copy(), np.maximum(np.abs(places.imag), TINY)
    count, edges = np.empty(len(low), np.int64), np.empty((len(low), MANY + 1))
    while (most := divide(low, high, real, size, 1 / fine, count, edges)) >= edges.shape[1]:
        edges = np.empty((len(low), most + 1))
    return edges[:, : most + 1], count


@lazily
def divide(
    low: Array, high: Array, real: Array, size: Array, most: float, count: Array, edges: Array
) -> int:
    """Panels from low to high (rows,), each holding at most ``most`` of int dx/h.

    Fills count (rows,) and, up to it, edges (rows, n + 1). h is the distance from one of the places
    real +- i size (rows, n), of which the one that is felt most counts: int dx/h over a panel is
    asinh((x' - real)/size) - asinh((x - real)/size), so that the panel's end x' is closed. A second
    round makes the panels of a row alike, where it still arrives. Returns the largest count; where
    that exceeds n, edges must be longer.
    """
    largest = 1
    for i in range(len(low)):
        share, first = most, 0
        for attempt in range(4):
            grow, turn = np.cosh(share), np.sinh(share)
            x, n = low[i], 0
            last = x
            while x < high[i] and (attempt == 0 or n < first):
                last, y = x, np.inf
                for p in range(real.shape[1]):
                    d = x - real[i, p]
                    y = min(
                        y, real[i, p] + d * grow + np.sqrt(d * d + size[i, p] * size[i, p]) * turn
                    )
                x, n = max(y, x + 1e-14 * (1 + high[i])), n + 1
                if n < edges.shape[1]:
                    edges[i, n] = min(x, high[i])
            if x >= high[i] and attempt > 0:
                break
            if attempt == 0:
                held = 0.0
                for p in range(real.shape[1]):
                    held = max(
                        held,
                        np.arcsinh((high[i] - real[i, p]) / size[i, p])
                        - np.arcsinh((last - real[i, p]) / size[i, p]),
                    )
                first = max(n, 1)
                share = ((first - 1) * most + min(held, most)) / first
            elif attempt == 1:
                share = 0.5 * (share + most)
            else:
                share = most
        edges[i, 0] = low[i]
        count[i] = first
        largest = max(largest, first)
        for n in range(min(first, edges.shape[1] - 1), edges.shape[1]):
            edges[i, n] = high[i]
    return largest


def _blocks(k, weight, q, places, nodes, fine) -> Iterator[tuple]:
    """Outer momenta that need about as many inner ones together, about PAIRS a block."""
    edges, count = divided(np.abs(k - q), k + q, places, fine)
    order = np.argsort(count, kind="stable")
    ends = np.empty(len(k), np.int64)
    x, share = gauss(nodes)
    start = 0
    for end in ends[: together(count[order], nodes, PAIRS, ends)].tolist():
        mine = order[start:end]
        inner = np.empty((end - start, count[mine[-1]] * nodes))
        weights = np.empty(inner.shape)
        fill(edges, mine, weight, x, share, inner, weights)
        yield k[mine], inner, weights
        start = end


@lazily
def together(needed: Array, nodes: int, most: int, ends: Array) -> int:
    """Fill ``ends`` with those of blocks of rows that need ascending numbers of panels (n,).

    A block has at most ``most`` nodes, or one row, and its last row needs at most one panel more
    than half as many again as its first. Returns the number of blocks.
    """
    blocks, start = 0, 0
    while start < len(needed):
        end = start + 1
        while (
            end < len(needed)
            and (end + 1 - start) * needed[end] * nodes <= most
            and needed[end] <= 1 + 1.5 * needed[start]
        ):
            end += 1
        ends[blocks] = end
        blocks, start = blocks + 1, end
    return blocks


@lazily
def fill(
    edges: Array, rows: Array, factor: Array, x: Array, share: Array, inner: Array, weight: Array
) -> None:
    """Nodes inner (b, m) on the panels of ``rows`` (b,) of ``edges``; weight (b, m).

    The weights are those of int f(k') k' dk' times the ``factor`` of the row.
    """
    n = len(x)
    for i in range(len(rows)):
        row = rows[i]
        for j in range(inner.shape[1] // n):
            low = edges[row, j]
            half = 0.5 * (edges[row, j + 1] - low)
            for m in range(n):
                inner[i, j * n + m] = low + half * (1 + x[m])
                weight[i, j * n + m] = factor[row] * (half * share[m]) * inner[i, j * n + m]
