"""Drives that have always repeated: the period of an input, and its drives from any time on."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ....errors import InputError
from .lead_input import Drives, bcs_levels
from .setup import Setup

RATIO = 32  # largest whole number in the ratios of frequencies
EXACT = 1e-9  # by which a ratio may miss them


class Repeating:
    """Drives whose sines have lasted for ever: those of whole periods later."""

    def __init__(self, drives: Drives, period: float, frame: float) -> None:
        latest = max([drive.at for drive in drives.all()], default=0.0)
        self.drives, self.frame = drives, frame
        self.later = period * np.ceil(max(latest, 0.0) / period)
        self.U, self.eV = Later(drives.U, self.later), Later(drives.eV, self.later)

    def breakpoints(self, t_max: float) -> list[float]:
        """None: nothing jumps."""
        return []

    def shifts(self, t: float, side: int = +1) -> np.ndarray:
        """Potentials of the leads."""
        return self.drives.shifts(t + self.later, +1)

    def phases(self, t: float) -> np.ndarray:
        """Their integrals, but for whole periods."""
        return self.drives.phases(t + self.later) - self.frame * self.later

    def vector_potential(self, t: float, side: int = +1) -> np.ndarray:
        """A (d,)."""
        return self.drives.vector_potential(t + self.later, +1)


class Later:
    """A drive from a later time on."""

    def __init__(self, drive: Any, later: float) -> None:
        self.drive, self.later = drive, later

    def __call__(self, t: float, side: int = +1) -> float:
        """Its value."""
        return float(self.drive(t + self.later, +1))


def period_of_drives(setup: Setup) -> float:
    """The common period of sines and of bcs leads at different bias. Raises InputError."""
    rates = [2 * np.pi / period for period in _josephson(setup)]
    rates += [d.frequency for d in setup.drives.all() if d.kind == "sine"]
    shares = [Fraction(rate / rates[0]).limit_denominator(RATIO) for rate in rates]
    for rate, share in zip(rates, shares):
        if abs(rate / rates[0] - float(share)) > EXACT * float(share) or not share:
            shown = ", ".join(f"{rate:g}" for rate in rates)
            raise InputError(
                f"[parameters], [leads]: angular frequencies {shown} (bcs leads: twice the "
                "difference of their potentials) have no common period; choose ratios of whole "
                "numbers"
            )
    common = np.lcm.reduce([share.denominator for share in shares])
    whole = np.gcd.reduce([int(share * common) for share in shares])
    return float(2 * np.pi * common / (whole * rates[0]))


def _josephson(setup: Setup) -> list[float]:
    """pi over the differences of the mean potentials of bcs leads."""
    levels = bcs_levels(setup.reservoirs, setup.drives)
    gaps = sorted({round(abs(level - levels[0]), 12) for level in levels} - {0.0})
    return [float(np.pi / gap) for gap in gaps]
