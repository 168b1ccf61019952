"""det M and Im M^-1 from the elements of M, and where det M changes sign along the frequencies."""

from __future__ import annotations

import numpy as np


def derived(M: np.ndarray, error: np.ndarray) -> dict[str, np.ndarray]:
    """M, M_error, det, det_error and ImMinv from M and its error, (..., 2, 2) each.

    det and det_error are (...); det_error bounds what the errors of the elements do to det M.
    """
    det = M[..., 0, 0] * M[..., 1, 1] - M[..., 0, 1] * M[..., 1, 0]
    cofactor = np.abs(M[..., [1, 1, 0, 0], [1, 0, 1, 0]]).reshape(M.shape)
    adjugate = np.stack([M[..., 1, 1], -M[..., 0, 1], -M[..., 1, 0], M[..., 0, 0]], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = adjugate.reshape(M.shape) / det[..., None, None]
    return {
        "M": M,
        "M_error": error,
        "det": det,
        "det_error": (cofactor * error).sum(axis=(-2, -1)),
        "ImMinv": inverse.imag,
    }


def crossing(w: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(...) the lowest w > 0 at which values (..., n) change sign; nan where they do not.

    w (n,) ascending; by linear interpolation.
    """
    if len(w) < 2:
        return np.full(values.shape[:-1], np.nan)
    flips = (values[..., 1:] * values[..., :-1] < 0) & (w[:-1] > 0)
    first = np.argmax(flips, axis=-1)[..., None]
    a, b = (np.take_along_axis(values, first + k, axis=-1)[..., 0] for k in (0, 1))
    low, high = w[first[..., 0]], w[first[..., 0] + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flips.any(axis=-1), low + (high - low) * a / (a - b), np.nan)
