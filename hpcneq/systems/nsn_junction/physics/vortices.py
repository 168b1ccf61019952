"""Vortices written on an order parameter over sites: its phase turns around each, its size dips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CORE = 1.0  # sites over which the modulus falls to 0 at a vortex; the lattice then finds its own


def imprint(
    shape: tuple[int, int], vortices: Sequence[Sequence[float]], periodic: bool
) -> np.ndarray:
    """The factor (Lx, Ly) of vortices (x, y, turns of the phase).

    Each sits in the middle of the four sites around (x, y). Turns add up to 0 on a periodic
    lattice, whose phase is that of the least currents on its bonds; with open ends angles add up.
    """
    x, y = np.indices(shape)
    factor = np.ones(shape, complex)
    turns = np.zeros(shape)
    for x_k, y_k, turn in vortices:
        dx, dy = x - np.floor(x_k) - 0.5, y - np.floor(y_k) - 0.5
        if periodic:
            dx, dy = (d - L * np.round(d / L) for d, L in zip((dx, dy), shape))
            turns[int(x_k // 1) % shape[0], int(y_k // 1) % shape[1]] += turn
        else:
            factor *= np.exp(1j * turn * np.arctan2(dy, dx))
        factor *= np.hypot(dx, dy) / np.hypot(np.hypot(dx, dy), CORE)
    if periodic:
        factor *= np.exp(1j * _phase(turns))
    return factor


def _phase(turns: np.ndarray) -> np.ndarray:
    """Phase (Lx, Ly) with so many turns around the square from each site to +x, +y; periodic."""
    waves = [2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(L)) for L in turns.shape]
    curvature = waves[0][:, None] + waves[1]
    curvature[0, 0] = 1.0
    stream = 2 * np.pi * np.fft.ifft2(np.fft.fft2(turns) / curvature).real
    along_x = stream - np.roll(stream, 1, 1)
    along_y = np.roll(stream, 1, 0) - stream
    for axis, bonds in enumerate((along_x, along_y)):
        around = bonds.sum(axis).flat[0]  # the same on every line but for whole turns
        bonds += (2 * np.pi * np.round(around / (2 * np.pi)) - around) / bonds.shape[axis]
    first = np.concatenate([[0.0], np.cumsum(along_x[:-1, 0])])
    rest = np.cumsum(along_y[:, :-1], axis=1)
    return first[:, None] + np.concatenate([np.zeros((len(rest), 1)), rest], axis=1)
