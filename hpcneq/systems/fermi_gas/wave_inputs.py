"""The input tables of stability and evolution; energies in mu, momenta in pF, times in 1/mu."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inputs import HIGHEST_DMU, WaveNumerics, WaveParameters


@dataclass(frozen=True)
class StabilityNumerics(WaveNumerics):
    """Momentum grid and kernel of the linearised equation."""

    fine: float = field(
        default=1.0,
        metadata={
            "min": 0.25,
            "max": 8,
            "doc": "how fine panels and angles are where the summand is sharp, in units of its width",
        },
    )


@dataclass(frozen=True)
class EvolveParameters(WaveParameters):
    """The state, the wave on it, and for model kinetic and memory a ramp of dmu."""

    dmu_end: float | None = field(
        default=None,
        metadata={
            "min": 0,
            "below": HIGHEST_DMU,
            "unit": "mu",
            "doc": "dmu after the ramp (model kinetic, memory); default: no ramp",
        },
    )
    ramp_begin: float = field(
        default=0.0, metadata={"min": 0, "unit": "1/mu", "doc": "start of the ramp"}
    )
    ramp_time: float = field(
        default=1000.0, metadata={"above": 0, "unit": "1/mu", "doc": "length of the ramp"}
    )
    ramp_back: bool = field(default=False, metadata={"doc": "afterwards back to dmu in as long"})
    free_Q: bool = field(
        default=False,
        metadata={
            "doc": "Q moves so that no net current flows at any time (closed ends; model kinetic, memory); else it is held"
        },
    )


@dataclass(frozen=True)
class EvolveNumerics(WaveNumerics):
    """Equation, momentum grid and steps."""

    fine: float = field(
        default=0.5,
        metadata={
            "min": 0.1,
            "max": 8,
            "doc": "how fine panels and angles are where the summand is sharp, in units of its width",
        },
    )
    model: str = field(
        default="linear",
        metadata={
            "choices": ["linear", "kinetic", "memory"],
            "doc": "linear: Eq. (74), variant A or C; kinetic: Eq. (69) in full, one Q; memory: exact mean field with the reservoirs' memory, one Q",
        },
    )
    p_c: float = field(
        default=2.0,
        metadata={
            "min": 1.4,
            "max": 3,
            "unit": "pF",
            "doc": "momenta below are evolved, those above follow Delta adiabatically to second order",
        },
    )
    dt: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "unit": "1/mu",
            "doc": "step; default: 1.2 over the fastest rate, so that twice the step is stable",
        },
    )
    pole_error: float = field(
        default=1e-5,
        metadata={
            "above": 0,
            "max": 1e-2,
            "doc": "error of the poles that stand for each reservoir (model memory)",
        },
    )
    error_estimate: bool = field(
        default=True, metadata={"doc": "estimate errors from a run with twice the step"}
    )


@dataclass(frozen=True)
class EvolveInitial:
    """Where the evolution starts."""

    start: str = field(
        default="branch",
        metadata={
            "choices": ["branch", "normal"],
            "doc": "branch: the steady state; normal: no pairs (model kinetic, memory)",
        },
    )
    kick: float = field(
        default=1e-3,
        metadata={
            "min": -2,
            "max": 2,
            "unit": "mu",
            "doc": "added to Delta at t = 0: amplitude of the wave, or change of |Delta|",
        },
    )
    kick_Q: float = field(
        default=0.0,
        metadata={"min": -0.5, "max": 0.5, "unit": "pF", "doc": "added to Q at t = 0 (free_Q)"},
    )
    field: float = field(
        default=0.0,
        metadata={
            "min": -1,
            "max": 1,
            "doc": "constant pairing field that seeds pairs, in the gap equation's units (model kinetic, memory)",
        },
    )
