"""What is observed of the state of a mean field with bath modes: it needs their diagonals alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ...maths.arrays import ComplexArray, FloatArray
from ..output_times import Row
from ..protocols import AuxiliaryModes

Diagonals = dict[int, ComplexArray]  # block: the diagonals of its modes, (groups, N)


def rows_of(
    system: AuxiliaryModes, row: Row, diagonals: Diagonals
) -> tuple[FloatArray, dict[int, ComplexArray]]:
    """What a rank tells of a row of output from its modes' ``diagonals`` and its G.

    Returns the observables of the modes (blocks, groups, mode_observables), and of each of its
    blocks those of G and of dG/dt (4, unknowns), to be summed over ranks.
    """
    rows = np.zeros((system.blocks, len(system.groups), system.mode_observables))
    both = {}
    for b, diagonal in diagonals.items():
        rows[b] = system.observe_modes(b, diagonal)
        slope, own = 2j * diagonal.real.sum(0), np.zeros((2, system.unknowns), complex)
        if b in row.green:
            G = row.green[b]
            slope += _slope(system, b, G, row.c) + 1j * system.white
            own = system.observe_green(b, np.diagonal(G))
        both[b] = np.concatenate([own, system.observe_green(b, slope)])
    return rows, both


def diagonals_of(
    system: AuxiliaryModes,
    blocks: Iterable[int],
    modes: Mapping[tuple[int, int], Any],
    groups: int,
) -> Diagonals:
    """Diagonals of the modes of blocks, see `state.Modes`, among the first ``groups`` groups; 0 for
    others.
    """
    found = {}
    for b in blocks:
        found[b] = np.zeros((len(system.groups), system.size(b)), complex)
    for (b, _), runs in modes.items():
        for own, columns, array in runs:
            places = np.arange(columns.start, columns.stop)
            count = np.searchsorted(own, groups)
            diagonal = array[:count, places - columns.start, places]
            found[b][np.array(own[:count], int)[:, None], places] = diagonal
    return found


def _slope(system: AuxiliaryModes, b: int, G: ComplexArray, c: ComplexArray) -> ComplexArray:
    """The diagonal of -i [H, G] - damping G, (N,)."""
    hop, _ = system.chain(b)
    D, _ = system.local_fields(b, c)
    n = len(hop)
    own, left, right = (np.roll(np.arange(n), k) for k in (0, 1, -1))
    turned = D.conj() * G[own, n + own] - D * G[n + own, own]
    slope = -system.damping * np.diagonal(G)
    for half, sign in ((0, 1), (n, -1)):
        w, e = left + half, right + half
        j = own + half
        flow = hop[left] * (G[w, j] - G[j, w]) + hop * (G[e, j] - G[j, e])
        slope[j] -= 1j * sign * (flow + turned)
    return slope
