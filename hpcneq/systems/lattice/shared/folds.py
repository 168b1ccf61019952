"""Curves of states past their folds: where a state is lost along the bias, and what is beyond."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....parallel import solo
from ....solvers.curves import FOLD, Curve
from ....solvers.fold_search import Equal, FoldFollower
from .states import VANISHED, Stationary, where_damped

STEP = 0.05  # of arclength: mean field and bias together
SMALLEST = 1e-4
LARGEST = 0.2
SAME = 1e-6  # folds that differ by less are one
UNFINISHED = ("step", "most")  # ends of curves that might go on
MIRRORED = 1e-4  # pairing below which a curve turns into its mirror image
Record = dict[str, Any]


def lost(states: list[Record], later: list[Record]) -> list[Record]:
    """States with pairs that none of the next bias continues."""
    kept = {record.get("parent") for record in later if record["delta_max"] > VANISHED}
    return [
        record
        for k, record in enumerate(states)
        if k not in kept and record["delta_max"] > VANISHED and not record.get("period")
    ]


def follow(
    stationary_at: Callable[[float], Stationary],
    record: Record,
    eV: float,
    limits: tuple[float, float],
    most: int,
    sense: int,
    direction: np.ndarray | None = None,
) -> tuple[Curve, Stationary] | None:
    """The curve of states from one at a bias, within limits of the bias; None if it has no start.

    most : points. sense : +1 towards larger biases, -1 towards smaller ones, or along
    ``direction`` (fields,), the curve's own at the state, which then gives the bias.
    """
    kept = lru_cache(maxsize=4)(stationary_at)
    here = kept(eV)
    start = here.to_real(record["c"])
    if here.frame is None:
        start = np.append(start, record["mu_c"])
    n = len(start)

    def function(x: np.ndarray, p: float) -> np.ndarray:
        return where_damped(kept(p).equations(record["c"]))(x)

    follower = FoldFollower(
        Equal(function),
        solo(),
        np.append(np.full(n, -np.inf), limits[0]),
        np.append(np.full(n, np.inf), limits[1]),
        np.ones(n + 1),
        step=STEP,
        smallest=SMALLEST,
        largest=LARGEST,
        most=most,
        prefix="steady_",
    )
    along = None
    if direction is not None:
        along = np.zeros(n + 1)
        along[: len(here.to_real(direction))] = here.to_real(direction)
    try:
        return follower.follow(follower.start(start, eV, along), sense), here
    except NotConverged:
        return None


def folds_of(curve: Curve, here: Stationary) -> list[dict[str, float]]:
    """Bias and largest pairing of the folds of a curve, each once.

    Where the pairing vanishes the curve meets its mirror image, with the same folds, and turns
    without a fold.
    """
    listed: list[dict[str, float]] = []
    for spot in curve.of_kind(FOLD):
        field = here.field
        c = here.to_field(spot.x)
        values = np.abs(field.values(c) - field.values(0 * c))
        fold = {"eV": float(spot.p), "delta_max": float(values.max())}
        again = any(all(abs(fold[x] - other[x]) < SAME for x in fold) for other in listed)
        if fold["delta_max"] > MIRRORED and not again:
            listed.append(fold)
    return listed


def crossings(
    curve: Curve, here: Stationary, eV: np.ndarray, ends: bool = False
) -> list[tuple[int, np.ndarray, float]]:
    """(which bias, mean field, mu_c) wherever a curve passes one of the biases, nearly.

    ends : whether also where it ends on one.
    """
    passed = []
    for a, b in zip(curve.spots[:-1], curve.spots[1:]):
        for k, value in enumerate(eV):
            passes = (a.p - value) * (b.p - value) < 0
            if not passes and not (ends and b.p == value and a.p != value):
                continue
            share = (value - a.p) / (b.p - a.p)
            x = (1 - share) * a.x + share * b.x
            mu = float(x[-1]) if here.frame is None else here.frame
            passed.append((k, here.to_field(x), mu))
    return passed
