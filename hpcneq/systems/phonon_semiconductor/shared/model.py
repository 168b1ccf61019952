"""The physical model of an input: its parameters on its grid as a `Semiconductor`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ....maths import bands
from ....tasks import Given
from ..inputs import Grid, Parameters
from ..physics import collisions
from ..physics.collisions import Semiconductor

Numerics = TypeVar("Numerics", bound=Grid)  # the table of one task
SAME_SPEED = 1e-6  # relative difference of two speeds that are one
STEPS = (6, 2)  # of an input that gives neither m nor v


def steps(p: Parameters, n: Grid) -> tuple[int, int]:
    """(m1, m2): whole steps of the grid that an emission moves in each band.

    Raises ValueError if the speed of sound is below half a step in one band.
    """
    if p.v is None:
        m1, m2 = p.m or STEPS
        return m1, m2
    dk = 2 * n.k_max / (n.points - 1)
    m1, m2 = (int(round(p.v / (A * dk))) for A in (p.A1, p.A2))
    if min(m1, m2) < 1:
        raise ValueError(
            f"v = {p.v:g}: less than half a step of the grid (dk = {dk:g}) in one band; "
            "take more points"
        )
    return m1, m2


def momenta(n: Grid) -> tuple[np.ndarray, np.ndarray]:
    """(k, dk/2pi), each (points,): equidistant momenta in [-k_max, k_max], a plain sum."""
    return bands.uniform(n.k_max, n.points, 1.0)


def refined(p: Parameters, n: Numerics, times: int = 2) -> tuple[Parameters, Numerics]:
    """Parameters and numerics with half the step in k, or another whole fraction of it.

    The speed of sound and the cutoff stay the same.
    """
    m = [times * each for each in steps(p, n)]
    return replace(p, m=m, v=None), replace(n, points=times * (n.points - 1) + 1)


def semiconductor(p: Parameters, n: Grid, drive: str = "rotating", **values) -> Semiconductor:
    """The `Semiconductor` of an input.

    values : V, Omega, which take the place of the input's; numbers, or (runs, 1) for many runs.
    """
    grid = bands.polynomial(momenta(n), (0, 0, p.A1), (0, 0, p.A2))
    M1, M2 = (collisions.transfer(n.points, m, p.Gamma_ph, p.n_B) for m in steps(p, n))
    return Semiconductor(
        grid,
        M1=M1,
        M2=M2,
        recombination=p.Gamma_rr,
        radiative=p.radiative,
        collision=p.collision,
        frequency=1.0 if drive == "full" else None,
        **{"V": p.V, "Omega": p.Omega, **values},
    )


def at(p: Parameters, n: Numerics, key: str, value: float) -> tuple[Parameters, Numerics]:
    """Parameters and numerics with one swept key of either replaced; v takes the place of m."""
    if key == "points":
        return p, replace(n, points=int(value))
    if key == "v":
        return replace(p, m=None, v=float(value)), n
    changes: dict[str, Any] = {key: float(value)}
    return replace(p, **changes), n


def moved_speeds(given: Given) -> list[str]:
    """A warning where the speed of sound asked for is not one of whole steps of the grid."""
    own = (given.parameters, given.numerics)
    swept = [at(*own, key, value) for key, values in given.sweep.items() for value in values]
    moved = []
    for p, n in swept or [own]:
        if p.v is None:
            continue
        dk = 2 * n.k_max / (n.points - 1)
        first, second = (m * A * dk for m, A in zip(steps(p, n), (p.A1, p.A2)))
        if max(abs(first / p.v - 1), abs(second / p.v - 1)) > SAME_SPEED:
            moved.append(
                f"v = {p.v:g} is rounded to whole steps of the grid: {first:.6g} in the first "
                f"band, {second:.6g} in the second are computed"
            )
    if len(moved) > 1:
        moved[0] += f" ({len(moved)} values are rounded)"
    return moved[:1]
