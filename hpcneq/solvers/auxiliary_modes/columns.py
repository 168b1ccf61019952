"""Chebyshev polynomials of a block's H on columns of the unit matrix, eight at a time.

They give U, the functions of H that are summed over the fast groups, and the diagonals of such
functions. Planes of columns are those of `sweeps`.

numba is needed at once: this module is imported when the first polynomial is applied.
"""

from __future__ import annotations

from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.compiled import lazily
from .sweeps import store, term_phases, term_plain


def unit_columns(B: NDArray, begin: int, last: int) -> None:
    """Columns of the unit matrix from ``begin`` to ``last``, in the lanes of the plane B."""
    n, width = B.shape[0], B.shape[1] // 4
    B[:] = 0
    for q in range(width):
        j, at = min(begin + q, last), q
        if j >= n:
            j -= n
            at += 2 * width
        B[j, at] = 1


def following(B: NDArray, C: NDArray, h: NDArray) -> None:
    """C = -i H B + C for the coefficients h of H."""
    n, zero = B.shape[0], h[0, 0] - h[0, 0]
    left = n - 1
    for j in range(n):
        right = j + 1
        if right == n:
            right = 0
        if h.shape[1] == 10:
            term_plain(B, B, C, h, j, left, right, zero)
        else:
            term_phases(B, B, C, h, j, left, right, zero)
        left = j


def put(B: NDArray, T: NDArray, k: int, begin: int) -> None:
    """The lanes of the plane B into the rows of T[k] from ``begin`` on."""
    n, last = B.shape[0], T.shape[1] - 1
    for j in range(n):
        store(B, j, 0, T, k, begin, last, 2 * j)
        store(B, j, 2, T, k, begin, last, 2 * (n + j))


def mirror(UT: NDArray) -> None:
    """The columns of holes from those of electrons, in UT (1, 2n, 4n)."""
    n = UT.shape[1] // 2
    for j in range(n):
        electron, hole = UT[0, j], UT[0, n + j]
        for i in range(0, 2 * n, 2):
            hole[i], hole[i + 1] = -electron[2 * n + i], electron[2 * n + i + 1]
            hole[2 * n + i], hole[2 * n + i + 1] = electron[i], -electron[i + 1]


def exponential_of(
    c: NDArray,
    coef: NDArray,
    half: NDArray,
    columns: int,
    UT: NDArray,
    planes: tuple[NDArray, ...],
) -> None:
    """UT = sum_k c_k (-i)^k T_k(H), transposed, by Clenshaw's recursion; see `_chebyshev_matrices`.

    columns : n where those of holes are told by the others, or 2n.
    """
    B, C = planes[0], planes[1]
    n, width = B.shape[0], B.shape[1] // 4
    for begin in range(0, columns, width):
        B[:] = 0
        C[:] = 0
        for k in range(len(c) - 1, -1, -1):
            if k == 0:
                following(B, C, half)
            else:
                following(B, C, coef)
            for q in range(width):
                j, at = min(begin + q, columns - 1), q
                if j >= n:
                    j -= n
                    at += 2 * width
                C[j, at] += c[k]
            B, C = C, B
        put(B, UT[:, :columns], 0, begin)
    if columns == n:
        mirror(UT)


EXPONENTIAL = (following, put, mirror, exponential_of)
exponential = lazily(calls=EXPONENTIAL)(exponential_of)


def _add_sources(C, functions, k, p, kinds, slopes, begin):
    """To the columns from ``begin`` on the k-th coefficient of the fast groups' sources."""
    n, width = C.shape[0], C.shape[1] // 4
    for q in range(width):
        own, at = min(begin + q, 2 * n - 1), q
        plain = functions[4 * kinds[own] + 2 * p, k]
        bent = functions[4 * kinds[own] + 2 * p + 1, k]
        first, second = plain + bent * slopes[own, 0], bent * slopes[own, 1]
        j, other = own, at + 2 * width
        if own >= n:
            j -= n
            at, other = other, at
        C[j, at] += first.real
        C[j, at + width] += first.imag
        C[j, other] += second.real
        C[j, other + width] += second.imag


@lazily(calls=(following, _add_sources))
def fast_recursions(
    functions: NDArray,
    kinds: IntArray,
    matrix: tuple[NDArray, ...],
    sums: FloatArray,
    planes: tuple[NDArray, ...],
) -> None:
    """`fast_sums` without the matrices T: Clenshaw's recursion for eight columns at a time.

    matrix : Hdot, the coefficients of H, half of them, see `sweeps.advance`.
    """
    slopes, coef, half = matrix
    B, C, _, _ = planes
    n, width = B.shape[0], B.shape[1] // 4
    for begin in range(0, 2 * n, width):
        for p in range(2):
            B[:] = 0
            C[:] = 0
            for k in range(functions.shape[1] - 1, -1, -1):
                if k == 0:
                    following(B, C, half)
                else:
                    following(B, C, coef)
                _add_sources(C, functions, k, p, kinds, slopes, begin)
                B, C = C, B
            for q in range(min(width, 2 * n - begin)):
                for j in range(n):
                    sums[p, begin + q, 2 * j] += B[j, q]
                    sums[p, begin + q, 2 * j + 1] += B[j, q + width]
                    sums[p, begin + q, 2 * (n + j)] += B[j, q + 2 * width]
                    sums[p, begin + q, 2 * (n + j) + 1] += B[j, q + 3 * width]


@lazily(calls=(unit_columns, following))
def diagonals(
    coef: NDArray, half: NDArray, columns: int, out: ComplexArray, planes: tuple[NDArray, ...]
) -> None:
    """Entries of (-i)^k T_k(H) in a column's own row and in that of the other component.

    out (terms, 2, columns) complex128. columns : as for `exponential`.
    """
    B, C = planes[0], planes[1]
    n, width = B.shape[0], B.shape[1] // 4
    for begin in range(0, columns, width):
        unit_columns(B, begin, columns - 1)
        C[:] = 0
        for k in range(len(out)):
            for q in range(min(width, columns - begin)):
                j, at = begin + q, q
                other = at + 2 * width
                if j >= n:
                    j -= n
                    at, other = other, at
                out[k, 0, begin + q] = complex(B[j, at], B[j, at + width])
                out[k, 1, begin + q] = complex(B[j, other], B[j, other + width])
            if k == 0:
                following(B, C, half)
            else:
                following(B, C, coef)
            B, C = C, B
