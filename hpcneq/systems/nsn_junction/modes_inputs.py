"""The input tables of the task ``modes``: linear response of a uniform state of the nsn-junction."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ModesParameters:
    """Attractive Hubbard model between two leads at constant bias; energies in units of the hopping."""

    U: float = field(default=3.0, metadata={"above": 0, "unit": "t", "doc": "on-site attraction"})
    mu: float = field(
        default=0.0,
        metadata={"unit": "t", "doc": "chemical potential of the superconductor (0: half filling)"},
    )
    gamma: float = field(
        default=0.01, metadata={"above": 0, "unit": "t", "doc": "coupling to each lead"}
    )
    h: float = field(default=0.0, metadata={"unit": "t", "doc": "Zeeman field"})
    T: float = field(
        default=0.02, metadata={"min": 0, "unit": "t", "doc": "temperature of the leads"}
    )
    eV: float = field(default=0.0, metadata={"unit": "t", "doc": "bias"})
    q: float | list[float] = field(
        default=0.0,
        metadata={
            "unit": "1/lattice constant",
            "doc": "wave number along x of the modes, or a list; on a finite lattice the nearest 2 pi n/Lx",
        },
    )


@dataclass(frozen=True)
class ModesNumerics:
    """Lattice and search."""

    lattice: str = field(
        default="finite",
        metadata={
            "choices": ["finite", "infinite"],
            "doc": "finite: Lx x Ly sites, what evolve sees; infinite: takes minutes for each q != 0",
        },
    )
    Lx: int = field(default=51, metadata={"min": 1, "max": 100000, "doc": "sites along x (finite)"})
    Ly: int = field(default=11, metadata={"min": 1, "max": 100000, "doc": "sites along y (finite)"})
    error: float = field(
        default=1e-4,
        metadata={
            "above": 0,
            "below": 1,
            "doc": "bound on the errors of the momentum sums (infinite)",
        },
    )
    floor: float = field(
        default=0.5,
        metadata={
            "min": 0,
            "max": 0.9,
            "doc": "modes are sought down to this fraction of the decay rate min(2G, G + pi T) at which they dissolve",
        },
    )


@dataclass(frozen=True)
class ModesInitial:
    """The uniform state whose modes are asked for."""

    state: str = field(
        default="bcs",
        metadata={"choices": ["normal", "bcs"], "doc": "bcs: a root of the gap equation"},
    )
    root: int = field(default=-1, metadata={"doc": "which root, ascending from 0; -1: the largest"})
