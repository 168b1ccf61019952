"""Exponents of a short complex signal: several real or complex modes fitted together."""

from __future__ import annotations

import numpy as np

from .arrays import ComplexArray, FloatArray, NumberArray

ORDER = 4  # exponents: two conjugate pairs, or four real ones
LEAST = 12  # samples


def exponents(
    t: FloatArray, signal: ComplexArray, order: int = ORDER, paired: bool = True
) -> ComplexArray:
    """(order,) exponents z of Re and Im of ``signal`` (n,) = sum c e^{z t}, Re z descending.

    t : (n,) equidistant. Prony's method: both parts obey one real recurrence, so that complex
    exponents come in conjugate pairs; not ``paired``, the signal itself obeys a complex one. Raises
    ValueError for fewer than twelve samples.
    """
    if len(t) < LEAST:
        raise ValueError(f"{len(t)} samples: at least {LEAST} are needed")
    every = max(1, len(t) // (8 * order))
    z = signal[::every]
    rows, right = [], []
    parts: list[NumberArray] = [z]
    if paired:
        parts = [z.real, z.imag]
    for x in parts:
        windows = np.lib.stride_tricks.sliding_window_view(x, order + 1)
        rows.append(windows[:, :-1])
        right.append(windows[:, -1])
    left, last = np.concatenate(rows), np.concatenate(right)
    size = np.abs(left).max(1)  # all times count alike, however much the signal has grown
    size[size == 0] = 1.0
    steps = np.linalg.lstsq(left / size[:, None], last / size, rcond=None)[0]
    roots = np.roots(np.concatenate([[1.0], -steps[::-1]])).astype(complex)
    roots = roots[np.abs(roots) > 0]
    rates = np.log(roots) / (t[every] - t[0])
    return np.asarray(rates[np.argsort(-rates.real)], complex)
