"""The compiled kernel of many Runge-Kutta steps of the equations of :mod:`.dynamics`.

Each run passes through all its steps while its fields stay in the cache of the processor.
"""

from __future__ import annotations

import numpy as np

from ....maths.compiled import lazily

LANES = 8  # sums side by side


def order_parameter(
    stage: np.ndarray, table: np.ndarray, n: int, sums: np.ndarray
) -> tuple[float, float]:
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


def advance_stage(
    start: np.ndarray,
    stage: np.ndarray,
    total: np.ndarray,
    table: np.ndarray,
    Delta: complex,
    rates: tuple[float, float, float],
    inside: float,
    share: float,
) -> None:
    """One stage: its slope times ``share`` goes into ``total``, times ``inside`` to the next."""
    loss1, loss2, coupling = rates
    for j in range(stage.shape[1]):
        paired = stage[0, j] + stage[1, j] - 1
        pairs = -2 * (Delta.real * stage[5, j] + Delta.imag * stage[4, j])
        drive = coupling * stage[3, j]
        d0 = pairs - drive - loss1 * stage[0, j] + table[0, j]
        d1 = pairs + drive - loss2 * stage[1, j] + table[1, j]
        d2 = table[2, j] * stage[2, j] - table[3, j] * stage[3, j]
        d3 = table[2, j] * stage[3, j] + table[3, j] * stage[2, j]
        d3 -= 0.5 * coupling * (stage[1, j] - stage[0, j])
        d4 = table[4, j] * stage[4, j] - table[5, j] * stage[5, j] + Delta.imag * paired
        d5 = table[4, j] * stage[5, j] + table[5, j] * stage[4, j] + Delta.real * paired
        total[0, j] += share * d0
        total[1, j] += share * d1
        total[2, j] += share * d2
        total[3, j] += share * d3
        total[4, j] += share * d4
        total[5, j] += share * d5
        stage[0, j] = start[0, j] + inside * d0
        stage[1, j] = start[1, j] + inside * d1
        stage[2, j] = start[2, j] + inside * d2
        stage[3, j] = start[3, j] + inside * d3
        stage[4, j] = start[4, j] + inside * d4
        stage[5, j] = start[5, j] + inside * d5


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
    work, sums = np.empty((3, 6, n)), np.empty((2, LANES))
    start = work[0]
    stage = work[1]
    total = work[2]
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
