"""Gap and number equations of the driven condensate: Hanai et al. (2017), Eqs. (32), (33).

The gap equation is complex: its imaginary part, that pumping and decay balance in the condensate,
fixes how far the bath's chemical potential must lie above the condensate's. Units 2m = kF = eF = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import frequency_integrals
from .radial_grid import grid

NUMBER = 1.0 / 3.0  # int p^2 n_p dp at kF = 1


@dataclass(frozen=True)
class Drive:
    """What is given: interaction, decay over pumping, and what the wide bands need.

    inv : 1/(kF a_s). ratio : gv/gb, decay over pumping. gb : pumping rate. p_c : momentum cutoff.
    number : "cutoff" counts every carrier up to ``p_c``; "subtracted" leaves out the tail
    n = gb/(pi p^2) that an endlessly wide bath pumps, so that ``p_c`` may go to infinity.
    T : temperature of the bath. fine : panels of the momentum grid are cut into so many.
    """

    inv: float = 0.0
    ratio: float = 0.0
    gb: float = 1e-3
    p_c: float = 100.0
    number: str = "cutoff"
    T: float = 0.0
    fine: int = 1

    @property
    def gv(self) -> float:
        """Decay rate."""
        return self.ratio * self.gb

    @property
    def g(self) -> float:
        """Width of the levels."""
        return self.gb + self.gv


@dataclass(frozen=True)
class Condensate:
    """A steady state of the condensate.

    delta : order parameter. mu : chemical potential of the condensate, half of its frequency.
    mt : mu_b - mu. residual : the largest of gap and number equation.
    """

    delta: float
    mu: float
    mt: float
    drive: Drive
    residual: float = 0.0

    @property
    def mu_b(self) -> float:
        """Chemical potential of the bath."""
        return self.mu + self.mt

    gb = property(lambda self: self.drive.gb)
    gv = property(lambda self: self.drive.gv)
    g = property(lambda self: self.drive.g)
    T = property(lambda self: self.drive.T)
    p_c = property(lambda self: self.drive.p_c)
    inv = property(lambda self: self.drive.inv)
    ratio = property(lambda self: self.drive.ratio)


def integrands(p: np.ndarray, D: float, mu: float, mt: float, drive: Drive) -> np.ndarray:
    """(3, n) at momenta p (n,): p^2 {Re G - 1/2p^2}, p^2 Im G, p^2 n_p.

    The last without its tail where ``number`` says so.
    """
    real, imaginary, n = frequency_integrals.pair_function_and_occupation(
        p**2 - mu, D, mt, drive.gb, drive.gv, drive.T
    )
    tail = drive.gb / np.pi if drive.number == "subtracted" else 0.0
    return np.stack([p**2 * real - 0.5, p**2 * imaginary, p**2 * n - tail])


def residual(D: float, mu: float, mt: float, drive: Drive) -> np.ndarray:
    """(3,) residual of the gap (real, imaginary) and the number equation."""
    p, weight = grid(D, mu, mt, drive.g, drive.p_c, drive.fine)
    sums = integrands(p, D, mu, mt, drive) @ weight
    return np.array([sums[0] + 0.25 * np.pi * drive.inv, sums[1], sums[2] - NUMBER])


def with_slopes(D: float, mu: float, mt: float, drive: Drive) -> tuple[np.ndarray, np.ndarray]:
    """(`residual` (3,), its slopes (3, 3) in D, mu and mt), on one grid."""
    p, weight = grid(D, mu, mt, drive.g, drive.p_c, drive.fine)
    values, slopes = frequency_integrals.with_slopes(p**2 - mu, D, mt, drive.gb, drive.gv, drive.T)
    tail = drive.gb / np.pi if drive.number == "subtracted" else 0.0
    weight_p2 = weight * p**2
    terms = values * p**2 - np.array([[0.5], [0.0], [tail]])
    sums = terms @ weight
    jacobian = slopes @ weight_p2
    jacobian[:, 1] *= -1.0
    return np.array([sums[0] + 0.25 * np.pi * drive.inv, sums[1], sums[2] - NUMBER]), jacobian
