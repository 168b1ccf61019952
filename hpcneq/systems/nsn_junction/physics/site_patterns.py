"""Order parameters over (x, y): seeds, structure factor, and what a pattern is called."""

from __future__ import annotations

import numpy as np

from .patterns import NORMAL_BELOW


def seed(Lx, Ly, state, n, amplitude):
    """(Lx, Ly) start of a search: uniform ("bcs"), amplitude cos(2 pi n x/Lx) ("fflo"), or that plus the same along y ("crossed")."""
    x, y = np.arange(Lx)[:, None], np.arange(Ly)
    if state == "bcs":
        return np.full((Lx, Ly), float(amplitude))
    along_x = np.cos(2 * np.pi * n * x / Lx) + 0.0 * y
    if state == "fflo":
        return amplitude * along_x
    return 0.7 * amplitude * (along_x + np.cos(2 * np.pi * max(1, round(n * Ly / Lx)) * y / Ly))


def structure(delta):
    """|Delta_q|^2 summed over the signs of q_x and q_y: (Lx // 2 + 1, Ly // 2 + 1); adds up to the mean of |Delta|^2."""
    weight = np.abs(np.fft.fft2(delta) / delta.size) ** 2
    for axis, L in enumerate(delta.shape):
        weight = np.moveaxis(weight, axis, 0)
        half = weight[: L // 2 + 1].copy()
        half[1 : (L + 1) // 2] += weight[: -((L - 1) // 2) - 1 : -1] if L > 2 else 0
        weight = np.moveaxis(half, 0, axis)
    return weight


def describe(delta):
    """Headline numbers of an order parameter (Lx, Ly): largest and rms modulus, dominant wave numbers, name.

    bcs and fflo hold four fifths of the weight |Delta_q|^2 at q = 0 or at one q along an axis and its partner; "crossed" has them along
    x and y; anything else is "mixed". ``stripe_fraction`` is the part of the weight that does not depend on y.
    """
    largest, weight = float(np.abs(delta).max()), structure(delta)
    nx, ny = (int(k) for k in np.unravel_index(np.argmax(weight), weight.shape))
    total = max(float(weight.sum()), 1e-300)
    top = weight[nx, ny] / total
    along = weight[1:, 0].max(initial=0.0), weight[0, 1:].max(initial=0.0)
    if largest < NORMAL_BELOW:
        name = "normal"
    elif top > 0.8 and (nx == 0 or ny == 0):
        name = "bcs" if nx == ny == 0 else "fflo"
    elif sum(along) / total > 0.8 and min(along) > 0.25 * max(along):
        name = "crossed"
    else:
        name = "mixed"
    return {
        "delta_max": largest,
        "delta_rms": float(np.sqrt(np.mean(np.abs(delta) ** 2))),
        "wave_number": nx,
        "wave_number_y": ny,
        "stripe_fraction": float(weight[:, 0].sum() / total),
        "state": name,
    }
