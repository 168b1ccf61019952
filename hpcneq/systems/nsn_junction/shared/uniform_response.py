"""The uniform state whose modes an input asks for, its linear response, and the wave numbers."""

from __future__ import annotations

import numpy as np

from ....errors import InputError, NormalState
from ....tasks import Given
from ..physics import onsets
from ..physics.operating_point import Point
from ..physics.response import UniformResponse
from ..physics.rotating_condensate import frame
from ..physics.shifted_response import shifted_response
from ..physics.uniform_states import Finite, Grid
from . import turning_branches
from .operating_point import point_of
from .polished_roots import grid_of

SAME_WAVE = 1e-6  # relative distance of two wave numbers that are one


def response_of(given: Given) -> UniformResponse:
    """The response of the state that [initial] names.

    Raises NormalState if there is no condensate, InputError if there is no such root.
    """
    point, grid, initial = point_of(given), grid_of(given), given.initial
    if initial.state == "normal":
        return _at(0.0, point, grid)
    turning: list = []
    if point.mirrored:
        roots = onsets.roots(point, grid)
    else:
        turning = turning_branches.roots(point, grid)
        roots = np.array([solution.x[0] for solution in turning])
    if not len(roots):
        place = f"at eV = {point.eV:g}, h = {point.h:g}"
        raise NormalState(
            f"the gap equation has no root D > 0 {place}: the state is normal; for its modes give "
            '[initial] state = "normal"'
        )
    if not -len(roots) <= initial.root < len(roots):  # known once the gap equation is solved
        listed = ", ".join(f"{D:.6f}" for D in roots)
        raise InputError(
            f"[initial] root = {initial.root}: the gap equation has {len(roots)} roots "
            f"D > 0 at eV = {point.eV:g}, h = {point.h:g} ({listed})"
        )
    if turning:  # seen from its own frame
        D, m = turning[initial.root].x
        return UniformResponse(float(D), frame(point, m), grid)
    return _at(float(roots[initial.root]), point, grid)


def _at(D: float, point: Point, grid: Grid) -> UniformResponse:
    """The response at the root next to D, with Hartree shifts where they are asked for."""
    if point.hartree:
        return shifted_response(D, point, grid)
    return UniformResponse(D, point, grid).at_root()


def wave_numbers(given: Given, grid: Grid) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(q, q_asked, warnings): the wave numbers to compute and those asked for.

    q (n,) ascending, each once: on a finite lattice the nearest of its own. q_asked (n,): the first
    of those asked for that each of them stands for. A warning says where the two differ.
    """
    asked = np.atleast_1d(np.asarray(given.sweep.get("q", given.parameters.q), float))
    if not isinstance(grid, Finite):
        q = np.unique(asked)
        return q, q, []
    nearest = 2 * np.pi * np.round(asked * grid.Lx / (2 * np.pi)) / grid.Lx
    q, places = np.unique(nearest, return_index=True)
    moved = [(a, b) for a, b in zip(asked, nearest) if abs(a - b) > SAME_WAVE * (1 + abs(a))]
    if not moved:
        return q, asked[places], []
    a, b = moved[0]
    warning = (
        f"q = {a:.6g} is not a wave number of a lattice with Lx = {grid.Lx}: the nearest, "
        f"{b:.6g} = 2 pi {round(b * grid.Lx / (2 * np.pi))}/{grid.Lx}, is computed"
    )
    if len(moved) > 1:
        warning += f" ({len(moved)} of {len(asked)} are moved; q_asked holds those asked for)"
    return q, asked[places], [warning]
