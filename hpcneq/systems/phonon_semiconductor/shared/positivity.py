"""Whether the one-body matrix of a state has its eigenvalues in [0, 1], and what takes them out."""

from __future__ import annotations

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
