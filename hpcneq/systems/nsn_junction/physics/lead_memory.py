"""What the levels of a state remember of the leads: the functions R_a of its linear response.

R_a(e) = sum 2 gamma r/(z_p - e) + G/2 is a digamma function for the leads themselves, a rational
function for fitted poles (Kawamura and Ohashi 2025, Eq. (23)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....maths import fermi
from ....maths.poles import Poles
from .operating_point import Point


@dataclass(frozen=True)
class Memory:
    """R_a(x), what the Nambu columns a = +1 (up), -1 (hole) remember of both leads; h included.

    terms : (gamma, shift, T, poles or None) per lead. Without poles the digamma function, else the
    fit.
    """

    terms: tuple
    h: float
    width: float

    @classmethod
    def of(cls, point: Point, poles: Sequence[Poles] | None = None) -> Memory:
        """The memory of a Point's leads; poles : one fit a lead, or None."""
        fits = poles or [None] * len(point.baths)
        terms = tuple(
            (lead.gamma, lead.shift(point.eV, point.mu), lead.T, fit)
            for lead, fit in zip(point.baths, fits)
        )
        return cls(terms, point.h, point.width)

    def value(self, x: np.ndarray, a: int) -> np.ndarray:
        """R_a(x), complex, of the shape of x; x complex with Im x < G + pi T."""

        def of_lead(shift: float, T: float, fit: Poles | None) -> np.ndarray:
            e = x - a * shift - self.h
            if fit is None:
                return fermi.retarded_fermi(e, self.width, T)
            return _rational(fit, e, self.width, 1)

        return sum(gamma * of_lead(shift, T, fit) for gamma, shift, T, fit in self.terms)

    def slope(self, x: np.ndarray, a: int) -> np.ndarray:
        """dR_a/dx."""

        def of_lead(shift: float, T: float, fit: Poles | None) -> np.ndarray:
            e = x - a * shift - self.h
            if fit is None:
                return fermi.retarded_fermi_slope(e, self.width, T)
            return _rational(fit, e, self.width, 2)

        return sum(gamma * of_lead(shift, T, fit) for gamma, shift, T, fit in self.terms)

    @property
    def damping(self) -> float:
        """M is analytic for Im z above minus this: min(2G, G + pi T).

        With fitted poles the lowest of them stands for pi T.
        """
        lowest = min(
            np.pi * T if fit is None else float(fit.w.min()) for _, _, T, fit in self.terms
        )
        return min(2 * self.width, self.width + lowest)

    @property
    def mirrored(self) -> bool:
        """True if both columns remember the same (R_+ = R_-)."""
        x = np.array([0.3 - 0.1j, -1.7 + 0.001j])
        return bool(np.abs(self.value(x, 1) - self.value(x, -1)).max() < 1e-13 * self.width)


def _rational(fit: Poles, x: np.ndarray, width: float, power: int) -> np.ndarray:
    """1/2 + sum 2 r/(i (w + width) - x), or its derivative for power 2."""
    total = np.full(np.shape(x), 0.5 if power == 1 else 0.0, complex)
    for w, r in zip(fit.w, fit.r):
        total += 2 * r / (1j * (w + width) - x) ** power
    return total
