"""The input tables of the phonon-semiconductor system; energies in the gap E_g, times in 1/E_g."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...maths import bands
from .physics import collisions as phonon

LARGEST = 1e4


@dataclass(frozen=True)
class Parameters:
    """Two bands with their bottoms at k = 0, a resonant laser, phonons, recombination."""

    V: float = field(
        default=5.0,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "E_g",
            "doc": "interaction; > 0 attracts in these equations",
        },
    )
    Omega: float = field(
        default=0.25,
        metadata={"min": 0, "max": LARGEST, "unit": "E_g", "doc": "Rabi frequency of the laser"},
    )
    Gamma_ph: float = field(
        default=0.01,
        metadata={
            "min": 0,
            "max": LARGEST,
            "unit": "E_g",
            "doc": "phonon emission: populations go at 2 Gamma_ph",
        },
    )
    Gamma_rr: float = field(
        default=0.01,
        metadata={"min": 0, "max": LARGEST, "unit": "E_g", "doc": "radiative recombination"},
    )
    radiative: str = field(
        default="printed",
        metadata={
            "choices": ["printed", "lindblad"],
            "doc": "printed: (A8), (A11), which leave the pairs alone; lindblad: what the jumps do to pairs as well",
        },
    )
    collision: str = field(
        default="secular",
        metadata={
            "choices": ["secular", "redfield"],
            "doc": "secular: Eq. (7) taken literally, of Lindblad form; redfield: with the products of both bands",
        },
    )
    A1: float = field(
        default=8.0,
        metadata={"above": 0, "max": LARGEST, "unit": "E_g", "doc": "curvature of the lower band"},
    )
    A2: float = field(
        default=23.0,
        metadata={"above": 0, "max": LARGEST, "unit": "E_g", "doc": "curvature of the upper band"},
    )
    m: list[int] | None = field(
        default=None,
        metadata={
            "min": 1,
            "max": 100000,
            "doc": "v/(A1 dk), v/(A2 dk): steps of the grid; default (6, 2); or give v",
        },
    )
    v: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "unit": "E_g",
            "doc": "speed of sound, rounded to whole steps of the grid",
        },
    )
    n_B: float = field(
        default=0.0, metadata={"min": 0, "max": LARGEST, "doc": "occupation of the phonons"}
    )

    def __post_init__(self):
        if self.m is not None and self.v is not None:
            raise ValueError("m, v: give one of them")
        if self.m is not None and len(self.m) != 2:
            raise ValueError(f"m = {self.m}: must be two whole numbers")


@dataclass(frozen=True)
class Numerics:
    """Momenta and step."""

    points: int = field(
        default=201,
        metadata={"min": 3, "max": 4001, "doc": "momenta in [-k_max, k_max], an odd number"},
    )
    k_max: float = field(default=0.2, metadata={"above": 0, "max": 10, "doc": "cutoff of momenta"})
    dt: float = field(
        default=0.5,
        metadata={
            "above": 0,
            "max": 0.5,
            "unit": "1/E_g",
            "doc": "time step; its error falls as dt^5 (in maps dt^4)",
        },
    )
    drive: str = field(
        default="rotating",
        metadata={
            "choices": ["rotating", "full"],
            "doc": "full: Omega cos(E_g t) without the rotating-wave approximation",
        },
    )
    error_estimate: bool = field(
        default=True,
        metadata={
            "doc": "estimate errors from further runs with another time step and half the step in k"
        },
    )

    def __post_init__(self):
        if self.points % 2 == 0:
            raise ValueError(f"points = {self.points}: must be odd, so that k = 0 is one of them")


@dataclass(frozen=True)
class SteadyNumerics:
    """Momenta, and how the way to the stationary state begins."""

    points: int = field(
        default=201,
        metadata={"min": 3, "max": 4001, "doc": "momenta in [-k_max, k_max], an odd number"},
    )
    k_max: float = field(default=0.2, metadata={"above": 0, "max": 10, "doc": "cutoff of momenta"})
    dt: float = field(
        default=0.5,
        metadata={
            "above": 0,
            "max": 0.5,
            "unit": "1/E_g",
            "doc": "time step of the evolution before SNES",
        },
    )
    t_start: float = field(
        default=1000.0,
        metadata={
            "above": 0,
            "max": 1e6,
            "unit": "1/E_g",
            "doc": "time of the evolution before SNES, at least",
        },
    )
    error_estimate: bool = field(
        default=True, metadata={"doc": "estimate errors from the state with half the step in k"}
    )

    def __post_init__(self):
        if self.points % 2 == 0:
            raise ValueError(f"points = {self.points}: must be odd, so that k = 0 is one of them")


@dataclass(frozen=True)
class Initial:
    """Filled lower band, empty upper band, a seed of the pairs."""

    seed: float = field(
        default=1e-20, metadata={"min": 0, "max": 1, "doc": "s = seed (1 + i) at each momentum"}
    )


@dataclass(frozen=True)
class MapInitial(Initial):
    """The same, and how long the laser acts before: pairs die out while it fills the upper band."""

    alone: float = field(
        default=0.0,
        metadata={
            "min": 0,
            "max": 1e6,
            "unit": "1/E_g",
            "doc": "time that the laser acts without pairs, before t = 0",
        },
    )


@dataclass(frozen=True)
class ThresholdNumerics:
    """Momenta, and what counts as growth."""

    points: int = field(
        default=201,
        metadata={"min": 3, "max": 4001, "doc": "momenta in [-k_max, k_max], an odd number"},
    )
    k_max: float = field(default=0.2, metadata={"above": 0, "max": 10, "doc": "cutoff of momenta"})
    floor: float = field(
        default=1e-5,
        metadata={"above": 0, "max": 1, "unit": "E_g", "doc": "growth rate that counts as growth"},
    )
    V_max: float = field(
        default=20.0,
        metadata={
            "above": 0,
            "max": LARGEST,
            "unit": "E_g",
            "doc": "largest interaction looked at",
        },
    )
    error_estimate: bool = field(
        default=True, metadata={"doc": "estimate errors from the state with half the step in k"}
    )

    def __post_init__(self):
        if self.points % 2 == 0:
            raise ValueError(f"points = {self.points}: must be odd, so that k = 0 is one of them")


def steps(p, n):
    """(m1, m2): whole steps of the grid that an emission moves in each band. ValueError if v is below half a step."""
    if p.v is None:
        return tuple(p.m or (6, 2))
    dk = 2 * n.k_max / (n.points - 1)
    found = tuple(int(round(p.v / (A * dk))) for A in (p.A1, p.A2))
    if min(found) < 1:
        raise ValueError(
            f"v = {p.v:g}: less than half a step of the grid (dk = {dk:g}) in one band; take more points"
        )
    return found


def refined(p, n, times=2):
    """(parameters, numerics) with half the step in k (or a whole fraction of it) at the same speed of sound."""
    return replace(p, m=[times * m for m in steps(p, n)], v=None), replace(
        n, points=times * (n.points - 1) + 1
    )


def model(p, n, drive="rotating", **changes):
    """The `phonon.Semiconductor` of an input, some of its values replaced."""
    grid = bands.polynomial(bands.uniform(n.k_max, n.points, 1.0), (0, 0, p.A1), (0, 0, p.A2))
    m1, m2 = steps(p, n)
    M1, M2 = (phonon.transfer(n.points, m, p.Gamma_ph, p.n_B) for m in (m1, m2))
    values = {"V": p.V, "Omega": p.Omega, "recombination": p.Gamma_rr, **changes}
    return phonon.Semiconductor(
        grid,
        M1=M1,
        M2=M2,
        radiative=p.radiative,
        collision=p.collision,
        frequency=1.0 if drive == "full" else None,
        **values,
    )
