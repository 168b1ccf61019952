"""The input tables of the junction's static tasks: steady states, onsets, branches, phase diagrams."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inputs import LARGEST


@dataclass(frozen=True)
class StaticParameters:
    """Attractive Hubbard model between two leads at a constant bias; energies in units of the hopping."""

    U: float = field(
        default=3.0, metadata={"above": 0, "max": LARGEST, "unit": "t", "doc": "on-site attraction"}
    )
    mu: float = field(
        default=0.0,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "t",
            "doc": "chemical potential of the superconductor (0: half filling)",
        },
    )
    gamma: float = field(
        default=0.01,
        metadata={"min": 0, "max": LARGEST, "unit": "t", "doc": "coupling to each lead"},
    )
    h: float = field(
        default=0.0, metadata={"min": -LARGEST, "max": LARGEST, "unit": "t", "doc": "Zeeman field"}
    )
    T: float = field(
        default=0.02,
        metadata={"min": 0, "max": LARGEST, "unit": "t", "doc": "temperature of the leads"},
    )
    eV: float = field(
        default=0.0, metadata={"min": -LARGEST, "max": LARGEST, "unit": "t", "doc": "bias"}
    )


@dataclass(frozen=True)
class OnsetParameters(StaticParameters):
    """The same; of h, T and eV the one that is left out is the one in which onsets are sought."""

    h: float | None = field(
        default=None,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "t",
            "doc": "Zeeman field; left out (with eV given): critical fields are sought",
        },
    )
    T: float | None = field(
        default=None,
        metadata={
            "min": 0,
            "max": LARGEST,
            "unit": "t",
            "doc": "temperature of the leads; left out (with h and eV given): transition temperatures are sought",
        },
    )
    eV: float | None = field(
        default=None,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "t",
            "doc": "bias; left out (with h and T given): onsets in eV >= 0 are sought",
        },
    )


@dataclass(frozen=True)
class StaticNumerics:
    """The lattice and the accuracy of its momentum sums."""

    lattice: str = field(
        default="infinite",
        metadata={
            "choices": ["infinite", "finite"],
            "doc": "infinite: closed forms of the infinite lattice; finite: sums over Lx x Ly momenta",
        },
    )
    Lx: int = field(
        default=101, metadata={"min": 1, "max": 2000, "doc": "sites along x (finite lattice)"}
    )
    Ly: int = field(
        default=11, metadata={"min": 1, "max": 2000, "doc": "sites along y (finite lattice)"}
    )
    error: float = field(
        default=1e-9,
        metadata={
            "min": 1e-12,
            "max": 1e-2,
            "doc": "error of the infinite lattice's momentum sums; each result is confirmed with error^1.5",
        },
    )


@dataclass(frozen=True)
class OnsetNumerics(StaticNumerics):
    """The same, and how densely onsets are sought."""

    scan_step: float = field(
        default=0.05,
        metadata={
            "above": 0,
            "max": 1,
            "unit": "t",
            "doc": "step of the scan; two onsets closer than that may be missed",
        },
    )
    scan_to: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "max": LARGEST,
            "unit": "t",
            "doc": "end of the scan; default: where no pair survives, judged by the gap at rest",
        },
    )
    fflo_line: bool = field(
        default=False,
        metadata={
            "doc": "critical fields at rest: also the field at which the FFLO state's own free energy passes the uniform state's (infinite lattice; some 10 s)"
        },
    )


@dataclass(frozen=True)
class BranchNumerics(StaticNumerics):
    """The same, and how finely branches are followed."""

    control: str = field(
        default="arclength",
        metadata={
            "choices": ["arclength", "parameter"],
            "doc": "arclength passes folds; parameter stops at them",
        },
    )
    step: float = field(
        default=0.02,
        metadata={
            "above": 0,
            "max": 0.2,
            "unit": "t",
            "doc": "first and largest step along a branch, in (delta, eV)",
        },
    )
