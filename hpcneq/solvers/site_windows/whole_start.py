"""The stationary start of windows that hold all rows: exact, as that of `site_columns.state`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...maths.arrays import ComplexArray, IntArray
from ...parallel import Communicator, all_rows
from ..protocols import SiteModes
from ..site_columns.stationary import resolvents, stationary_green
from .layout import STRIP, Strips, Window


class Whole(Protocol):
    """What a start asks of a `state.WindowState`."""

    system: SiteModes
    comm: Communicator
    strips: Strips
    window: Window
    own: slice
    sites: IntArray
    inside: NDArray
    green: NDArray
    modes: Sequence[Any]


def solve(state: Whole, rates: ComplexArray, told: Callable[[float], None] | None = None) -> None:
    """Set the modes to the stationary ones of these rates, by sparse resolvents.

    told : of the share that is done.
    """
    system, places = state.system, _places(state)
    lanes: dict[int, tuple[NDArray, int]] = {}
    for plane in state.modes:
        for k, g in enumerate(plane.groups):
            if g is not None:
                lanes[g] = plane.modes, 2 * STRIP * k

    def put(group, site, a, column):
        modes, first = lanes[group]
        t, lane = state.strips.strip[site] - state.own.start, state.strips.slot[site]
        values = column.reshape(-1, 2)[places[t]].ravel()
        lane += first + STRIP * a
        modes[t, :, 0, lane], modes[t, :, 1, lane] = values.real, values.imag

    hop, sites = system.hop_at(0.0, -1), state.sites[state.inside]
    resolvents(system, rates, hop, system.pattern, sites, put, told=told)


def settle(state: Whole) -> None:
    """Replace Y by that of i [H, Y] + damping Y = damping Y. **Collective.**

    For sources that do not commute with H: Y was found as if they did.
    """
    N, n = len(state.system.near), state.window.size
    places = _places(state)
    columns = np.zeros((len(state.sites), STRIP, 2, N, 2), complex)
    strips = state.green.reshape(len(state.sites), n, 2, 2, 2, STRIP)
    for own, numbers, strip in zip(columns, places, strips):
        both = strip[:, :, 0] + 1j * strip[:, :, 1]  # (site, row, column, slot)
        own[:, :, numbers] = both.transpose(3, 2, 0, 1)
    whole = all_rows(state.comm, columns[state.inside]).reshape(2 * N, 2 * N).T
    whole = stationary_green(state.system, whole).T.reshape(N, 2, N, 2)
    for sites, numbers, strip in zip(state.sites, places, strips):
        both = whole[np.maximum(sites, 0)][:, :, numbers].transpose(2, 3, 1, 0)
        strip[:, :, 0], strip[:, :, 1] = both.real, both.imag


def _places(state: Whole) -> list[IntArray]:
    """Numbers of the sites of the window around every own strip, (strips, n)."""
    numbers = np.arange(len(state.system.near))
    return [state.window.fields(t, numbers) for t in range(state.own.start, state.own.stop)]
