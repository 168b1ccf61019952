"""The functions phi_k of exponential Runge-Kutta steps with a diagonal taken exactly.

phi_0 = e^z, phi_{k+1} = (phi_k - 1/k!)/z. S. Krogstad, J. Comput. Phys. 203, 72 (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import ComplexArray

TERMS = 20  # of the series for |z| < 1


def phi(z: ComplexArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """phi_1, phi_2, phi_3 at z, to rounding."""
    small = np.abs(z) < 1
    near = np.where(small, z, 0)
    third = np.zeros_like(z)
    for k in range(TERMS, -1, -1):
        third = near * third / (k + 4) + 1
    third /= 6
    second = 0.5 + near * third
    first = 1 + near * second
    far = np.where(small, 1, z)
    one = (np.exp(far) - 1) / far
    two = (one - 1) / far
    three = (two - 0.5) / far
    return np.where(small, first, one), np.where(small, second, two), np.where(small, third, three)


@dataclass(frozen=True, eq=False)
class Tables:
    """Coefficients of one step: arrays that broadcast to the state."""

    step: float
    half: ComplexArray  # e^{z/2}
    whole: ComplexArray
    half_first: ComplexArray  # step/2 phi_1(z/2)
    half_second: ComplexArray  # step phi_2(z/2)
    first: ComplexArray  # step phi_1(z)
    second: ComplexArray
    third: ComplexArray

    @classmethod
    def of(cls, rates: ComplexArray, step: float) -> Tables:
        """Those of du/dt = rates u + N."""
        z = rates * step
        half_first, half_second, _ = phi(z / 2)
        first, second, third = phi(z)
        whole = np.exp(z / 2)
        return cls(
            step,
            whole,
            whole**2,
            0.5 * step * half_first,
            step * half_second,
            step * first,
            step * second,
            step * third,
        )


Rest = Callable[[float, ComplexArray], ComplexArray]


def advance(u: ComplexArray, tables: Tables, rest: Rest) -> ComplexArray:
    """u after one step; ``rest(part, u)`` gives N at the part 0, 1/2, 1 of the step. Order 4."""
    f = tables
    n1 = rest(0.0, u)
    carried = f.half * u + f.half_first * n1
    n2 = rest(0.5, np.asarray(carried))
    n3 = rest(0.5, np.asarray(carried + f.half_second * (n2 - n1)))
    last = f.whole * u + f.first * n1
    n4 = rest(1.0, np.asarray(last + 2 * f.second * (n3 - n1)))
    middle = n2 + n3
    last += f.second * (2 * middle - 3 * n1 - n4)
    last += f.third * (4 * (n1 + n4 - middle))
    return last
