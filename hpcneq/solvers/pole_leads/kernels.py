"""Compiled loops of a step: products with the sparse matrices of system and leads, and sums.

For small systems numpy's calls cost more than the arithmetic, for large ones the temporary arrays.
"""

from __future__ import annotations

from ...maths.arrays import ComplexArray, IntArray
from ...maths.compiled import lazily

Sparse = tuple[IntArray, IntArray, ComplexArray]  # indptr, indices, data of a CSR matrix


@lazily
def apply(local: ComplexArray, H: Sparse, L: Sparse, out: ComplexArray) -> None:
    """out[j] = -i (L + H) local[j] for all columns j; H (M, M) acts on the first M rows.

    Four columns at a time, the last ones perhaps twice.
    """
    H_starts, H_columns, H_values = H
    L_starts, L_columns, L_values = L
    size, count = len(H_starts) - 1, local.shape[0]
    for first in range(0, count, 4):
        j = max(0, min(first, count - 4))
        a, b, c = min(j + 1, count - 1), min(j + 2, count - 1), min(j + 3, count - 1)
        for r in range(local.shape[1]):
            s0 = s1 = s2 = s3 = 0j
            for k in range(L_starts[r], L_starts[r + 1]):
                value, column = L_values[k], L_columns[k]
                s0 += value * local[j, column]
                s1 += value * local[a, column]
                s2 += value * local[b, column]
                s3 += value * local[c, column]
            if r < size:
                for k in range(H_starts[r], H_starts[r + 1]):
                    value, column = H_values[k], H_columns[k]
                    s0 += value * local[j, column]
                    s1 += value * local[a, column]
                    s2 += value * local[b, column]
                    s3 += value * local[c, column]
            out[j, r] = complex(s0.imag, -s0.real)
            out[a, r] = complex(s1.imag, -s1.real)
            out[b, r] = complex(s2.imag, -s2.real)
            out[c, r] = complex(s3.imag, -s3.real)


@lazily
def move(
    local: ComplexArray,
    matrix: Sparse,
    here: IntArray,
    targets: IntArray,
    out: ComplexArray,
    away: ComplexArray,
) -> None:
    """out[targets[t]] += i sum_k matrix[t, k]^* local[here[k]] over the columns k that are here.

    Negative targets -1 - a are rows a of ``away``; columns with here < 0 are other ranks'.
    """
    starts, columns, values = matrix
    for t in range(len(starts) - 1):
        row = targets[t]
        for k in range(starts[t], starts[t + 1]):
            column = here[columns[k]]
            if column < 0:
                continue
            x, y = values[k].imag, values[k].real
            if row >= 0:
                for r in range(local.shape[1]):
                    a, b = local[column, r].real, local[column, r].imag
                    out[row, r] += complex(x * a - y * b, x * b + y * a)
            else:
                for r in range(local.shape[1]):
                    a, b = local[column, r].real, local[column, r].imag
                    away[-1 - row, r] += complex(x * a - y * b, x * b + y * a)


@lazily
def combine(
    out: ComplexArray, p: ComplexArray, x: ComplexArray, q: ComplexArray, y: ComplexArray
) -> None:
    """out = p x + q y, entry by entry."""
    for k in range(len(out)):
        out[k] = p[k] * x[k] + q[k] * y[k]


@lazily
def correct(
    out: ComplexArray,
    base: ComplexArray,
    weight: ComplexArray,
    factor: float,
    x: ComplexArray,
    y: ComplexArray,
) -> None:
    """out = base + factor weight (x - y), entry by entry."""
    for k in range(len(out)):
        out[k] = base[k] + factor * weight[k] * (x[k] - y[k])


@lazily
def finish(
    out: ComplexArray,
    weights: tuple[ComplexArray, ComplexArray],
    n1: ComplexArray,
    n2: ComplexArray,
    n3: ComplexArray,
    n4: ComplexArray,
) -> None:
    """out += second (2 (n2 + n3) - 3 n1 - n4) + third 4 (n1 + n4 - n2 - n3)."""
    second, third = weights
    for k in range(len(out)):
        middle = n2[k] + n3[k]
        out[k] += second[k] * (2 * middle - 3 * n1[k] - n4[k])
        out[k] += third[k] * (4 * (n1[k] + n4[k] - middle))
