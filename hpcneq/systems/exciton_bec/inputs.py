"""The input tables of the exciton-bec system, as the configuration checks and documents them; energies in eF, momenta in kF."""

from __future__ import annotations

from dataclasses import dataclass, field

LARGEST_INV = (
    6.0  # beyond, the condensate is narrower than any broadening, or a dilute gas of molecules
)


@dataclass(frozen=True)
class Parameters:
    """Interaction, pumping and decay."""

    inv_kfas: float = field(
        default=0.0,
        metadata={
            "min": -LARGEST_INV,
            "max": LARGEST_INV,
            "doc": "interaction 1/(kF a_s): < 0 BCS side, > 0 BEC side",
        },
    )
    gamma_b: float = field(
        default=1e-3,
        metadata={
            "above": 0,
            "max": 1,
            "unit": "eF",
            "doc": "pumping (thermalization) rate from the bath",
        },
    )
    gamma_v: float | None = field(
        default=None,
        metadata={
            "min": 0,
            "max": 10,
            "unit": "eF",
            "doc": "decay rate into the vacuum; or give ratio",
        },
    )
    ratio: float | None = field(
        default=None, metadata={"min": 0, "max": 100, "doc": "gamma_v/gamma_b; default 0"}
    )
    T_b: float = field(
        default=0.0, metadata={"min": 0, "max": 10, "unit": "eF", "doc": "temperature of the bath"}
    )

    def __post_init__(self):
        if self.gamma_v is not None and self.ratio is not None:
            raise ValueError(
                f"gamma_v = {self.gamma_v:g} and ratio = {self.ratio:g}: give one of them"
            )

    @property
    def decay(self):
        """gamma_v/gamma_b."""
        if self.gamma_v is not None:
            return self.gamma_v / self.gamma_b
        return self.ratio if self.ratio is not None else 0.0


@dataclass(frozen=True)
class Numerics:
    """Cutoff of the wide bands, and how well the equations are to be solved."""

    p_c: float = field(
        default=100.0,
        metadata={
            "min": 5,
            "max": 1e5,
            "unit": "kF",
            "doc": "sharp momentum cutoff of gap and number equation; the number grows as gamma_b p_c/pi",
        },
    )
    number: str = field(
        default="cutoff",
        metadata={
            "choices": ["cutoff", "subtracted"],
            "doc": "cutoff: count all carriers up to p_c; subtracted: without the tail gamma_b/(pi p^2)",
        },
    )
    tolerance: float = field(
        default=1e-12,
        metadata={"above": 0, "max": 1e-4, "doc": "largest residual of gap and number equation"},
    )


@dataclass(frozen=True)
class SpectrumNumerics(Numerics):
    """The grids of L(p, w) where [sweep] gives none."""

    points: int = field(
        default=301,
        metadata={"min": 11, "max": 5001, "doc": "points of each of the default grids of p and w"},
    )
    p_max: float = field(
        default=2.0,
        metadata={"above": 0, "max": 100, "unit": "kF", "doc": "end of the default grid of p"},
    )


@dataclass(frozen=True)
class ResponseParameters(Parameters):
    """The condensate, and where and which part of M(q, w) is asked for."""

    ratios: list[float] | None = field(
        default=None,
        metadata={"min": 0, "max": 100, "doc": "a family of gamma_v/gamma_b, instead of ratio"},
    )
    part: str = field(
        default="full",
        metadata={
            "choices": ["full", "inter", "intra"],
            "doc": "full: M = 2/U - Pi; inter: 2/U - Pi_inter; intra: -Pi_intra, the rest of M",
        },
    )
    q: float = field(
        default=0.0,
        metadata={"min": 0, "max": 20, "unit": "kF", "doc": "momentum, where [sweep] has no q"},
    )
    w: float = field(
        default=0.0,
        metadata={"unit": "eF", "doc": "real part of the frequency, where [sweep] has no w"},
    )
    growth: float = field(
        default=0.0,
        metadata={
            "unit": "eF",
            "doc": "imaginary part of all frequencies; above -(gamma_b + gamma_v)",
        },
    )


@dataclass(frozen=True)
class ResponseNumerics(Numerics):
    """Panels of the momentum sums."""

    panels: float = field(
        default=1.0,
        metadata={
            "min": 0.3,
            "max": 4,
            "doc": "panels are this many times shorter than their distance from a singularity: 0.4 gives 1e-5, 1 gives 1e-9",
        },
    )


@dataclass(frozen=True)
class ModesParameters(Parameters):
    """The condensate, and the momenta of its modes."""

    q: float | list[float] = field(
        default=0.05,
        metadata={"above": 0, "max": 20, "unit": "kF", "doc": "momentum of the modes, or a list"},
    )
    part: str = field(
        default="full",
        metadata={
            "choices": ["full", "inter", "intra"],
            "doc": "full: M = 2/U - Pi; inter: 2/U - Pi_inter; intra: -Pi_intra, the rest of M",
        },
    )


@dataclass(frozen=True)
class ModesNumerics(ResponseNumerics):
    """The search."""

    floor: float = field(
        default=0.99,
        metadata={
            "min": -100,
            "max": 0.995,
            "doc": "modes are counted and found at Im w > -floor (gamma_b + gamma_v); negative: only what grows faster",
        },
    )
    count: bool = field(
        default=True,
        metadata={
            "doc": "false: modes as an approximant to det M shows them, polished but not counted, ten times faster where pairs break at high energy only"
        },
    )
    deep: float = field(
        default=0.97,
        metadata={
            "min": 0,
            "max": 0.98,
            "doc": "below a higher floor modes are looked for down to -deep (gamma_b + gamma_v), not counted",
        },
    )


@dataclass(frozen=True)
class BoundaryParameters(Parameters):
    """The condensate, and which of its boundaries of stability is asked for; ``ratio`` is what is found."""

    kind: str = field(
        default="A",
        metadata={
            "choices": ["A", "B", "C"],
            "doc": "A: attraction, alpha11 = 0; B: a standing pattern, w = 0 at finite q; C: an oscillating one",
        },
    )


@dataclass(frozen=True)
class DiagramNumerics(Numerics):
    """How the stable region is bounded."""

    boundaries: str = field(
        default="signs",
        metadata={
            "choices": ["signs", "modes"],
            "doc": "signs: where alpha11 or beta22 vanishes (seconds); modes: boundaries A, B, C of det M as well",
        },
    )
    growth: bool = field(
        default=False,
        metadata={
            "doc": 'with boundaries = "modes": the largest growth rate over all momenta at every ratio as well (a second or two each)'
        },
    )
    switch: float = field(
        default=-0.8,
        metadata={
            "min": -LARGEST_INV,
            "max": LARGEST_INV,
            "doc": "boundary C is sought for inv_kfas below this, and followed beyond it",
        },
    )
