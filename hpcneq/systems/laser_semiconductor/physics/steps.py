"""The compiled kernel of many Runge-Kutta steps of the equations of :mod:`.dynamics`.

Each run passes through all its steps while its fields stay in the cache of the processor.
"""

from __future__ import annotations

import numpy as np

from ....maths.compiled import lazily

LANES = 8  # sums side by side


def order_parameter(stage, table, n, sums):
    """int dk/2pi f s of fields (6, n), as (real, imaginary part); sums (2, LANES) is scratch."""
    sums[:] = 0.0
    whole = n // LANES * LANES
    for first in range(0, whole, LANES):
        for lane in range(LANES):
            j = first + lane
            sums[0, lane] += table[6, j] * stage[4, j] - table[7, j] * stage[5, j]
            sums[1, lane] += table[6, j] * stage[5, j] + table[7, j] * stage[4, j]
    for j in range(whole, n):
        sums[0, 0] += table[6, j] * stage[4, j] - table[7, j] * stage[5, j]
        sums[1, 0] += table[6, j] * stage[5, j] + table[7, j] * stage[4, j]
    return sums[0].sum(), sums[1].sum()


def advance_stage(start, stage, total, table, Delta, rates, inside, share):
    """One stage: its slope times ``share`` goes into ``total``, times ``inside`` to the next."""
    x0, x1, x2, x3, x4, x5 = stage[0], stage[1], stage[2], stage[3], stage[4], stage[5]
    y0, y1, y2, y3, y4, y5 = start[0], start[1], start[2], start[3], start[4], start[5]
    a0, a1, a2, a3, a4, a5 = total[0], total[1], total[2], total[3], total[4], total[5]
    supply1, supply2, turn_real, turn_imag = table[0], table[1], table[2], table[3]
    pair_real, pair_imag = table[4], table[5]
    loss1, loss2, coupling = rates
    for j in range(len(x0)):
        n11, n22, n21_real, n21_imag, s_real, s_imag = x0[j], x1[j], x2[j], x3[j], x4[j], x5[j]
        pairs = -2 * (Delta.real * s_imag + Delta.imag * s_real)
        drive, paired = coupling * n21_imag, n11 + n22 - 1
        d0 = pairs - drive - loss1 * n11 + supply1[j]
        d1 = pairs + drive - loss2 * n22 + supply2[j]
        d2 = turn_real[j] * n21_real - turn_imag[j] * n21_imag
        d3 = turn_real[j] * n21_imag + turn_imag[j] * n21_real - 0.5 * coupling * (n22 - n11)
        d4 = pair_real[j] * s_real - pair_imag[j] * s_imag + Delta.imag * paired
        d5 = pair_real[j] * s_imag + pair_imag[j] * s_real + Delta.real * paired
        a0[j] += share * d0
        a1[j] += share * d1
        a2[j] += share * d2
        a3[j] += share * d3
        a4[j] += share * d4
        a5[j] += share * d5
        x0[j] = y0[j] + inside * d0
        x1[j] = y1[j] + inside * d1
        x2[j] = y2[j] + inside * d2
        x3[j] = y3[j] + inside * d3
        x4[j] = y4[j] + inside * d4
        x5[j] = y5[j] + inside * d5


@lazily(calls=(order_parameter, advance_stage))
def runge_kutta(
    fields: np.ndarray,
    table: np.ndarray,
    V: np.ndarray,
    floor: float,
    rates: tuple[float, float, float],
    step: float,
    count: int,
) -> None:
    """``count`` steps of length ``step`` of fields (6, runs, n), in place.

    fields : n11, n22, Re n21, Im n21, Re s, Im s. table (8, n) : supplies of n11 and n22, factors
    of n21, of s, and of s in the sum, real and imaginary parts. V (runs,) : interactions. floor :
    is added to Delta. rates : (loss of n11, of n22, the laser's coupling).
    """
    _, runs, n = fields.shape
    stage, total, sums = np.empty((6, n)), np.empty((6, n)), np.empty((2, LANES))
    start = np.empty((6, n))
    inside = (0.5 * step, 0.5 * step, step, 0.0)
    shares = (step / 6, step / 3, step / 3, step / 6)
    for run in range(runs):
        start[:] = fields[:, run]
        for _ in range(count):
            stage[:] = start
            total[:] = start
            for k in range(4):
                real, imaginary = order_parameter(stage, table, n, sums)
                Delta = complex(V[run] * real + floor, -V[run] * imaginary)
                advance_stage(start, stage, total, table, Delta, rates, inside[k], shares[k])
            start[:] = total
        fields[:, run] = start
