"""The input tables of the fermi-gas system, as the configuration checks and documents them; energies in mu, momenta in pF (2m = 1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .physics.gap_and_current import Gas
from .physics.occupation import Baths

NAMES = ("NBCS", "NIG", "NFF", "NFF'")
HIGHEST_DMU = 0.9  # reservoirs stay above the bottom of the band


@dataclass(frozen=True)
class Parameters:
    """Reservoirs and interaction."""

    gamma: float = field(
        default=0.005,
        metadata={
            "min": 0,
            "max": 1,
            "unit": "mu",
            "doc": "coupling to each reservoir; levels have half-width 2 gamma; 0: the limit of weak coupling",
        },
    )
    T: float = field(
        default=0.0,
        metadata={"min": 0, "max": 1, "unit": "mu", "doc": "temperature of the reservoirs"},
    )
    dmu: float = field(
        default=0.0,
        metadata={
            "min": 0,
            "below": HIGHEST_DMU,
            "unit": "mu",
            "doc": "half the difference of the reservoirs' chemical potentials",
        },
    )
    inv_kfas: float = field(
        default=-1.0, metadata={"min": -3, "max": 0, "doc": "interaction 1/(pF a_s), the BCS side"}
    )


@dataclass(frozen=True)
class SteadyParameters(Parameters):
    """Reservoirs with equal or unequal couplings."""

    gamma_left: float | None = field(
        default=None,
        metadata={
            "min": 0,
            "max": 1,
            "unit": "mu",
            "doc": "coupling to the reservoir at mu + dmu where it differs from that to the other; with gamma_right, instead of gamma",
        },
    )
    gamma_right: float | None = field(
        default=None,
        metadata={
            "min": 0,
            "max": 1,
            "unit": "mu",
            "doc": "coupling to the reservoir at mu - dmu; states as they continue those of equal couplings",
        },
    )

    def __post_init__(self):
        if (self.gamma_left is None) != (self.gamma_right is None):
            raise ValueError("gamma_left and gamma_right: give both or neither")
        if self.unequal and self.gamma_left + self.gamma_right == 0:
            raise ValueError(
                "gamma_left + gamma_right must be > 0: unequal couplings have no limit of their own here"
            )

    @property
    def unequal(self):
        """Whether the couplings differ."""
        return self.gamma_left != self.gamma_right


@dataclass(frozen=True)
class BranchParameters(Parameters):
    """One of the steady states."""

    branch: str = field(
        default="NBCS",
        metadata={
            "choices": list(NAMES),
            "doc": "Q = 0: NBCS has the larger order parameter, NIG the smaller; Q > 0: NFF the smaller, NFF' the larger",
        },
    )


@dataclass(frozen=True)
class WaveParameters(BranchParameters):
    """One of the steady states, and a wave on it."""

    q: float = field(
        default=0.0,
        metadata={"min": 0, "max": 2, "unit": "pF", "doc": "wave number of the disturbance"},
    )
    angle: float = field(
        default=0.0, metadata={"min": 0, "max": 3.15, "unit": "rad", "doc": "angle between q and Q"}
    )


@dataclass(frozen=True)
class Numerics:
    """The radial momentum grid."""

    dp: float = field(
        default=0.05,
        metadata={
            "above": 0,
            "max": 0.1,
            "unit": "pF",
            "doc": "longest panel (of 12 points) between .7 and 1.3 pF; panels shorten towards every kink",
        },
    )


@dataclass(frozen=True)
class WaveNumerics(Numerics):
    """Momentum grid and kernel of the linearised equation."""

    angles: int = field(
        default=32,
        metadata={
            "min": 4,
            "max": 1024,
            "doc": "points of cos(angle between p and Q) at least; more where levels touch an edge",
        },
    )
    variant: str = field(
        default="C",
        metadata={
            "choices": ["A", "C", "D"],
            "doc": "A: the paper's equation; C: its drive exact to first order in the gradient; D: exact mean field with the baths' memory",
        },
    )


def gas(parameters, numerics):
    """The ``Gas`` of an input; of unequal couplings that of their mean."""
    p = parameters
    left = getattr(p, "gamma_left", None)
    gamma = p.gamma if left is None else 0.5 * (left + p.gamma_right)
    return Gas(Baths(gamma, p.T, p.dmu), p.inv_kfas, numerics.dp)


@dataclass(frozen=True)
class MomentumParameters(Parameters):
    """One of the steady states, or the normal gas."""

    branch: str = field(
        default="NBCS",
        metadata={
            "choices": [*NAMES, "normal"],
            "doc": "which steady state; normal: the gas without pairs",
        },
    )


@dataclass(frozen=True)
class PlaneNumerics(Numerics):
    """The grid of momenta where [sweep] gives none."""

    points: int = field(
        default=401,
        metadata={"min": 11, "max": 5001, "doc": "points of each default grid of momenta"},
    )
    p_max: float = field(
        default=1.5,
        metadata={
            "above": 0,
            "max": 50,
            "unit": "pF",
            "doc": "end of each default grid of momenta",
        },
    )


@dataclass(frozen=True)
class CurrentParameters(BranchParameters):
    """A fixed order parameter, turned by Q."""

    delta: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "max": 2,
            "unit": "mu",
            "doc": "order parameter held fixed; default: that of the branch at this point",
        },
    )
