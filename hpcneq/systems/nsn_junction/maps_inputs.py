"""The input tables of the task ``phase-diagram`` of the nsn-junction."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class MapParameters:
    """Attractive Hubbard model between two mirrored leads; energies in units of the hopping. Two of h, T, eV are swept."""

    U: float = field(default=3.0, metadata={"above": 0, "unit": "t", "doc": "on-site attraction"})
    mu: float = field(
        default=0.0,
        metadata={"unit": "t", "doc": "chemical potential of the superconductor (0: half filling)"},
    )
    gamma: float = field(
        default=0.01, metadata={"above": 0, "unit": "t", "doc": "coupling to each lead"}
    )
    h: float = field(default=0.0, metadata={"min": 0, "unit": "t", "doc": "Zeeman field"})
    T: float = field(
        default=0.02, metadata={"min": 0, "unit": "t", "doc": "temperature of the leads"}
    )
    eV: float = field(default=0.0, metadata={"min": 0, "unit": "t", "doc": "bias"})


@dataclass(frozen=True)
class MapNumerics:
    """The lattice."""

    lattice: str = field(
        default="infinite",
        metadata={
            "choices": ["finite", "infinite"],
            "doc": "infinite: the thermodynamic limit; finite: Lx x Ly sites, what evolve sees",
        },
    )
    Lx: int = field(
        default=101, metadata={"min": 1, "max": 100000, "doc": "sites along x (finite)"}
    )
    Ly: int = field(default=11, metadata={"min": 1, "max": 100000, "doc": "sites along y (finite)"})
    error: float = field(
        default=1e-6,
        metadata={
            "above": 0,
            "below": 1,
            "doc": "bound on the errors of the momentum sums (infinite)",
        },
    )
