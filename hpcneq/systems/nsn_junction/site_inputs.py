"""Input tables of the nsn-junction on lattice sites without assumed symmetry."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inputs import LARGEST, EvolveNumerics, Initial

VECTOR = "vector potential along {} (phase of a hop): a number, {{from, to, kind = step|ramp|pulse|sine, ...}}, or a two-column file"


@dataclass(frozen=True)
class SiteTable:
    """Boundaries, disorder and vector potential; read with symmetry = "full" only."""

    boundary_x: str = field(
        default="periodic", metadata={"choices": ["periodic", "open"], "doc": "boundary along x"}
    )
    boundary_y: str = field(
        default="periodic", metadata={"choices": ["periodic", "open"], "doc": "boundary along y"}
    )
    file: str | None = field(
        default=None,
        metadata={
            "doc": 'HDF5 file with data sets "potential" and/or "pairing" (Lx, Ly): energy and attraction U of every site'
        },
    )
    disorder: float = field(
        default=0.0,
        metadata={
            "min": 0,
            "max": LARGEST,
            "unit": "t",
            "doc": "random site energies in [-disorder/2, disorder/2]",
        },
    )
    pairing_disorder: float = field(
        default=0.0,
        metadata={"min": 0, "max": LARGEST, "unit": "t", "doc": "the same for U of every site"},
    )
    seed: int = field(default=1, metadata={"min": 0, "doc": "key of the disorder"})
    A_x: float | dict | str = field(
        default=0.0,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "1/lattice constant",
            "doc": VECTOR.format("x"),
        },
    )
    A_y: float | dict | str = field(
        default=0.0,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "1/lattice constant",
            "doc": VECTOR.format("y"),
        },
    )


@dataclass(frozen=True)
class PatternNumerics(EvolveNumerics):
    """Those of ``evolve`` that a stationary pattern has; no time step."""

    Lx: int = field(default=21, metadata={"min": 1, "max": 1000, "doc": "sites along x"})
    Ly: int = field(default=21, metadata={"min": 1, "max": 1000, "doc": "sites along y"})
    symmetry: str = field(
        default="full", metadata={"choices": ["full"], "doc": "nothing is assumed"}
    )


@dataclass(frozen=True)
class PatternInitial(Initial):
    """From where the pattern is looked for."""

    state: str = field(
        default="crossed",
        metadata={
            "choices": ["bcs", "fflo", "crossed", "pattern"],
            "doc": "seed: uniform, a stripe along x, stripes along x and y, the order parameter in a file",
        },
    )
    wave_number: int | None = field(
        default=None,
        metadata={
            "min": 1,
            "doc": "periods of the seed along Lx; default: the best of the normal state",
        },
    )
    noise: float = field(
        default=0.0,
        metadata={
            "min": 0,
            "unit": "t",
            "doc": "standard deviation of a random complex addition to the seed",
        },
    )
