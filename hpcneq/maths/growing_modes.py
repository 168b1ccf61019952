"""Exponents of a short complex signal: several real or complex modes fitted together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import ComplexArray, FloatArray, NumberArray

ORDER = 4  # exponents: two conjugate pairs, or four real ones
LEAST = 12  # samples
MOST = 150  # samples that are used
ROUNDING = 1e-12  # of the largest singular value
SHARE = 0.03  # of the signal at some time: modes that never make as much are noise
BEGIN, OTHERS = 0.25, (0.0, 0.5)  # of the time: where the fit begins, and those that tell its error


@dataclass(frozen=True)
class Modes:
    """The fastest exponents (k,) of a signal, the fastest first, and their errors (k,)."""

    exponents: ComplexArray
    errors: FloatArray


def exponents(
    t: FloatArray, signal: ComplexArray, order: int = ORDER, paired: bool = True
) -> ComplexArray:
    """(k,) at most ``order`` exponents z of ``signal`` (n,) = sum c e^{z t}, Re z descending.

    t : (n,) equidistant. Matrix pencil: windows of half of the signal span so many directions, in
    which a shift by one sample is a matrix with the eigenvalues e^{z dt}. ``paired``: Re and Im of
    the signal have one set of exponents, complex ones in conjugate pairs. Raises ValueError for
    fewer than twelve samples.
    """
    if len(t) < LEAST:
        raise ValueError(f"{len(t)} samples: at least {LEAST} are needed")
    every = -(-len(t) // MOST)
    slope = mean_slope(t, signal)
    flat = (signal * np.exp(-slope * (t - t[-1])))[::every]  # all times count alike
    parts: list[NumberArray] = [flat]
    if paired:
        parts = [flat.real, flat.imag]
    length = len(flat) // 2 + 1
    windows = [np.lib.stride_tricks.sliding_window_view(part, length) for part in parts]
    _, size, directions = np.linalg.svd(np.concatenate(windows), full_matrices=False)
    kept = directions[: min(order, int((size > ROUNDING * size[0]).sum()))]
    steps = np.linalg.eigvals(kept[:, 1:] @ np.linalg.pinv(kept[:, :-1])).astype(complex)
    steps = steps[np.abs(steps) > 0]
    rates = np.log(steps) / (t[every] - t[0]) + slope
    return np.asarray(rates[np.argsort(-rates.real)], complex)


def mean_slope(t: FloatArray, signal: ComplexArray) -> float:
    """Of ln |signal|."""
    return float(np.polyfit(t, np.log(np.maximum(np.abs(signal), 1e-300)), 1)[0])


def shares(t: FloatArray, signal: ComplexArray, z: ComplexArray) -> FloatArray:
    """(k,) largest share of each mode e^{z t} in ``signal`` (n,) at any time, fitted together.

    Of its root mean square, once its mean growth is taken out.
    """
    slope = mean_slope(t, signal)
    flat = signal * np.exp(-slope * (t - t[-1]))
    powers = np.outer(t - t[-1], z - slope)
    waves = np.exp(powers - powers.real.max(0))  # 1 where it is largest
    parts = np.abs(np.linalg.lstsq(waves, flat, rcond=None)[0])
    return np.asarray(parts / np.sqrt((np.abs(flat) ** 2).mean()))


def fastest(t: FloatArray, signal: ComplexArray, count: int, paired: bool = True) -> Modes:
    """The ``count`` fastest modes of a signal as in `exponents`, fewer where it has fewer.

    What decays early fits no mode: the fit begins at a quarter of the time. Their errors: how far
    those that begin earlier and later differ.
    """
    modes = _found(t, signal, BEGIN, paired)[:count]
    errors = np.zeros(len(modes))
    for begin in OTHERS:
        other = _found(t, signal, begin, paired)
        if len(other) >= len(modes):  # else one has become too small
            errors = np.maximum(errors, np.abs(modes[:, None] - other).min(1, initial=np.inf))
    return Modes(modes, errors)


def _found(t: FloatArray, signal: ComplexArray, begin: float, paired: bool) -> ComplexArray:
    first = int(begin * len(t))
    z = exponents(t[first:], signal[first:], paired=paired)
    return z[shares(t[first:], signal[first:], z) > SHARE]
