"""Whether the one-body matrix of a state has its eigenvalues in [0, 1], and what takes them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..physics.collisions import Semiconductor

ROUNDING = 1e-9  # what eigenvalues may leave [0, 1] by


def causes(model: Semiconductor) -> list[str]:
    """Terms of the equations that do not keep the one-body matrix positive."""
    words = []
    if model.collision == "redfield":
        words.append('collision = "redfield"')
    if model.radiative == "printed":
        words.append('radiative = "printed"')
    return words


def extremes(
    model: Semiconductor, fields: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """(smallest, largest) eigenvalue of each of many states, (runs,) each.

    fields : n11, n22, n21, s, (runs, n) each; populations may be complex.
    """
    rows = zip(fields["n11"].real, fields["n22"].real, fields["n21"], fields["s"])
    pairs = np.array([model.eigenvalues(*row) for row in rows])
    return pairs[:, 0], pairs[:, 1]


def range_of(low: np.ndarray, high: np.ndarray) -> dict[str, float | None]:
    """Summary numbers of many states, None where none is known."""
    if np.isnan(low).all():
        return {"min_eigenvalue": None, "max_eigenvalue": None}
    return {"min_eigenvalue": float(np.nanmin(low)), "max_eigenvalue": float(np.nanmax(high))}


def remarks_of_many(
    model: Semiconductor, low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray
) -> list[str]:
    """As `remarks`, of many states."""
    low = np.ravel(low)
    high = np.ravel(high)
    outside = [not (np.isnan(a) or holds(a, b)) for a, b in zip(low, high)]
    if not any(outside):
        return []
    where = f"at {sum(outside)} of {len(outside)} points "
    return remarks(model, float(np.nanmin(low)), float(np.nanmax(high)), where)


def holds(low: float, high: float) -> bool:
    """Whether the extreme eigenvalues are in [0, 1]."""
    return low > -ROUNDING and high < 1 + ROUNDING


def remarks(model: Semiconductor, low: float, high: float, where: str = "") -> list[str]:
    """A warning if the eigenvalues from ``low`` to ``high`` are not in [0, 1].

    where : of which states of several, in words.
    """
    if holds(low, high):
        return []
    what = " and ".join(causes(model)) or "the time step"
    return [
        f"{where}eigenvalues of the one-body matrix left [0, 1] ({low:.2e} .. {high:.2e}): {what} "
        "does not keep it positive"
    ]
