"""The uniform state whose modes an input asks for, its linear response, and the wave numbers."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....tasks import Given
from ..physics import onsets
from ..physics.response import UniformResponse
from ..physics.uniform_states import Finite, Grid
from .operating_point import point_of
from .polished_roots import grid_of


def response_of(given: Given) -> UniformResponse:
    """The response of the state that [initial] names. InputError if there is no such root."""
    point, grid, initial = point_of(given), grid_of(given), given.initial
    if initial.state == "normal":
        return UniformResponse(0.0, point, grid)
    roots = onsets.roots(point, grid)
    if not -len(roots) <= initial.root < len(roots):  # known once the gap equation is solved
        listed = ", ".join(f"{D:.6f}" for D in roots)
        hint = f" ({listed})" if listed else '; use state = "normal"'
        raise InputError(
            f"[initial] root = {initial.root}: the gap equation has {len(roots) or 'no'} roots "
            f"D > 0 at eV = {point.eV:g}, h = {point.h:g}{hint}"
        )
    return UniformResponse(roots[initial.root], point, grid).at_root()


def wave_numbers(given: Given, grid: Grid) -> np.ndarray:
    """The q asked for, (n,) ascending; on a finite lattice the nearest of its own, each once."""
    asked = given.sweep.get("q", np.atleast_1d(np.asarray(given.parameters.q, float)))
    if isinstance(grid, Finite):
        asked = 2 * np.pi * np.round(asked * grid.Lx / (2 * np.pi)) / grid.Lx
    return np.unique(asked)
