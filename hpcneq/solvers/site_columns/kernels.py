"""Compiled kernels on columns of matrices over lattice sites: polynomials of a Nambu Hamiltonian.

H hops between nearest neighbours. Rows are 2 site + component (up, hole). H couples a site to at
most four neighbours: ``near`` (N, 4) int32, ``hop`` (N, 4) complex, the amplitude from near[j, n]
to j, 0 where there is none; hole rows have -conj(hop). On a site, H_j = [[v, -c], [-c*, -v]] with
``onsite`` v and pairing c. Eight columns are worked on at a time, in planes (row, re|im, lane): one
vector instruction does all eight, and three planes stay in a core's cache while a whole polynomial
of H is applied. These recursions are written in vector instructions (`sweeps`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from ..aligned import aligned_zeros

LANES = {4: 16, 8: 8}  # columns at a time by the bytes of a real number: one cache line
ROWS = 16  # columns are padded to a multiple of this many rows


def sums(M: NDArray, column: IntArray, rate: ComplexArray, Q: FloatArray, L: FloatArray) -> None:
    """Q[column] += M, L[column] += rate M in double precision, mode after mode.

    M (modes, 2, rows), Q, L (columns, 2, rows).
    """
    from . import sweeps

    sweeps.sums(M, column, rate, Q, L)


def clenshaw(
    near: IntArray,
    hop: NDArray,
    onsite: NDArray,
    c: NDArray,
    u: NDArray,
    P: NDArray,
    B: NDArray,
    C: NDArray,
    at: IntArray,
    w: NDArray,
    plain: bool,
) -> NDArray:
    """The plane sum_k [u_k T_k(H) P + T_k(H) w_k] by Clenshaw's recursion.

    The spectrum of H must lie in [-1, 1]. u (K,) complex; P, B, C (2N, 2, LANES), B and C scratch;
    at (LANES, R) rows, w (K, LANES, R) complex: w_k of a lane is 0 elsewhere. plain : all hops are
    one real number. Returns B or C.
    """
    from . import sweeps

    hops, pairing = hop.view(onsite.dtype), c.view(onsite.dtype).reshape(-1, 2)
    return sweeps.clenshaw(near, hops, onsite, pairing, u, P, B, C, at, w, plain)


def modes(
    matrix: tuple[NDArray, ...],
    plain: bool,
    M: NDArray,
    group: IntArray,
    row: IntArray,
    factor: NDArray,
    functions: NDArray,
    sources: NDArray,
    rotation: tuple[NDArray, NDArray],
) -> None:
    """M = K [sum_k u_k T_k(H) K^-1 factor M + f_k T_k(H) source] of modes (modes, 2, rows).

    matrix : near, hop, onsite, c, u as for `clenshaw`. group, row (modes,): a mode's group, with
    factor (groups,) and functions f (groups, K), and the row of its source, whose site's two rows
    have sources (modes, 2). rotation : cosine and q (N,) of K, [[cosine, q], [-q*, cosine]].
    """
    from . import sweeps

    near, hop, onsite, c, u = matrix
    real = onsite.dtype
    width = LANES[real.itemsize]
    planes = [aligned_zeros((2 * len(near), 2, width), real) for _ in range(3)]
    lanes, at = np.empty((2, width), real), np.empty((width, 2), np.int64)
    sweeps.modes(
        (near, hop.view(real), onsite, c.view(real).reshape(-1, 2), u),
        plain,
        M,
        group,
        row,
        factor,
        functions,
        sources,
        (rotation[0], rotation[1].view(real).reshape(-1, 2)),
        (*planes, lanes, at, np.empty((len(u), width, 2), u.dtype)),
    )


def right(
    near: IntArray,
    hop: ComplexArray,
    onsite: FloatArray,
    c: ComplexArray,
    ur: float,
    ui: float,
    f: float,
    V: FloatArray,
    B: FloatArray,
    C: FloatArray,
) -> None:
    """C = u V + f B H - C for the columns of own sites, u = ur + i ui.

    V, C (sites, 2, 2, rows), B with its halo (n, 2, 2, rows); near, hop, onsite, c of the own
    sites, near pointing into B. B H gathers, for column (j, a), the columns of j's neighbours with
    conj(hop) (holes: -hop) and the other component of j.
    """
    from . import sweeps

    hops, pairing = hop.view(float), c.view(float).reshape(-1, 2)
    sweeps.right(near, hops, onsite, pairing, ur, ui, f, V, B, C)


@lazily
def load_green(Y, Q, Z, keep, w0, w1, constant, first, begin, cosine, q, P):
    """P = K^-1 [keep Y + w0 i Q + w1 Z + constant i 1] K as a plane.

    For the sites from ``begin`` of Y (sites, 2, 2, rows), as many as fit.
    first : the number of the first own site, where the unit matrix has its rows.
    """
    P[:] = 0
    for s in range(min(P.shape[2] // 2, Y.shape[0] - begin)):
        k = begin + s
        kc, kq = cosine[first + k], q[first + k]
        for j in range(cosine.shape[0]):
            e, x = cosine[j], q[j]
            for a in range(2):
                r = 2 * j + a
                u = complex(
                    keep * Y[k, 0, 0, r] - w0 * Q[k, 0, 1, r] + w1 * Z[k, 0, 0, r],
                    keep * Y[k, 0, 1, r] + w0 * Q[k, 0, 0, r] + w1 * Z[k, 0, 1, r],
                )
                v = complex(
                    keep * Y[k, 1, 0, r] - w0 * Q[k, 1, 1, r] + w1 * Z[k, 1, 0, r],
                    keep * Y[k, 1, 1, r] + w0 * Q[k, 1, 0, r] + w1 * Z[k, 1, 1, r],
                )
                if j == first + k:
                    if a == 0:
                        u += 1j * constant
                    else:
                        v += 1j * constant
                u, v = kc * u - kq.conjugate() * v, kq * u + kc * v
                for n, z in ((2 * s, u), (2 * s + 1, v)):
                    if a == 0:  # row 2j of K^-1 is (cosine, -q), row 2j + 1 is (q*, cosine)
                        own, other = e * z, x.conjugate() * z
                    else:
                        own, other = e * z, -x * z
                    P[r, 0, n] += own.real
                    P[r, 1, n] += own.imag
                    P[2 * j + 1 - a, 0, n] += other.real
                    P[2 * j + 1 - a, 1, n] += other.imag


@lazily
def store_green(B, begin, V):
    """The plane B as columns of the sites from ``begin`` of V (sites, 2, 2, rows)."""
    for s in range(min(B.shape[2] // 2, V.shape[0] - begin)):
        for a in range(2):
            for r in range(B.shape[0]):
                V[begin + s, a, 0, r] = B[r, 0, 2 * s + a]
                V[begin + s, a, 1, r] = B[r, 1, 2 * s + a]


@lazily
def finish_green(V, Q, Z, w2, w3, constant, first, cosine, q, Y):
    """Y = K V K^-1 + w2 i Q + w3 Z + constant i 1, all (sites, 2, 2, rows)."""
    for k in range(Y.shape[0]):
        kc, kq = cosine[first + k], q[first + k]
        for j in range(cosine.shape[0]):
            e, x, a, b = cosine[j], q[j], 2 * j, 2 * j + 1
            for n in range(2):  # column n of V K^-1, with K^-1 = [[kc, -kq], [kq*, kc]]
                if n == 0:
                    up = kc * complex(V[k, 0, 0, a], V[k, 0, 1, a]) + kq.conjugate() * complex(
                        V[k, 1, 0, a], V[k, 1, 1, a]
                    )
                    down = kc * complex(V[k, 0, 0, b], V[k, 0, 1, b]) + kq.conjugate() * complex(
                        V[k, 1, 0, b], V[k, 1, 1, b]
                    )
                else:
                    up = kc * complex(V[k, 1, 0, a], V[k, 1, 1, a]) - kq * complex(
                        V[k, 0, 0, a], V[k, 0, 1, a]
                    )
                    down = kc * complex(V[k, 1, 0, b], V[k, 1, 1, b]) - kq * complex(
                        V[k, 0, 0, b], V[k, 0, 1, b]
                    )
                up, down = e * up + x * down, e * down - x.conjugate() * up
                Y[k, n, 0, a] = up.real - w2 * Q[k, n, 1, a] + w3 * Z[k, n, 0, a]
                Y[k, n, 1, a] = up.imag + w2 * Q[k, n, 0, a] + w3 * Z[k, n, 1, a]
                Y[k, n, 0, b] = down.real - w2 * Q[k, n, 1, b] + w3 * Z[k, n, 0, b]
                Y[k, n, 1, b] = down.imag + w2 * Q[k, n, 0, b] + w3 * Z[k, n, 1, b]
        Y[k, 0, 1, 2 * (first + k)] += constant
        Y[k, 1, 1, 2 * (first + k) + 1] += constant
