"""The input tables of the phonon-semiconductor system; energies in the gap E_g, times in 1/E_g."""

from __future__ import annotations

from dataclasses import dataclass

from ...config.schema import key, like

LARGEST = 1e4
SWEPT = ("V", "Omega", "Gamma_ph", "Gamma_rr", "A1", "A2", "v", "n_B")  # keys that maps sweep


@dataclass(frozen=True)
class Parameters:
    """Two bands with their bottoms at k = 0, a resonant laser, phonons, recombination."""

    V: float = key(
        5.0,
        doc="interaction; > 0 attracts in these equations",
        unit="E_g",
        min=-LARGEST,
        max=LARGEST,
    )
    Omega: float = key(0.25, doc="Rabi frequency of the laser", unit="E_g", min=0, max=LARGEST)
    Gamma_ph: float = key(
        0.01,
        doc="phonon emission: populations go at 2 Gamma_ph",
        unit="E_g",
        min=0,
        max=LARGEST,
    )
    Gamma_rr: float = key(0.01, doc="radiative recombination", unit="E_g", min=0, max=LARGEST)
    radiative: str = key(
        "printed",
        doc="printed: (A8), (A11), which leave the pairs alone; lindblad: what the jumps do to "
        "pairs as well",
        choices=["printed", "lindblad"],
    )
    collision: str = key(
        "secular",
        doc="secular: Eq. (7) taken literally, of Lindblad form; redfield: with the products of "
        "both bands",
        choices=["secular", "redfield"],
    )
    A1: float = key(8.0, doc="curvature of the lower band", unit="E_g", above=0, max=LARGEST)
    A2: float = key(23.0, doc="curvature of the upper band", unit="E_g", above=0, max=LARGEST)
    m: list[int] | None = key(
        None,
        doc="v/(A1 dk), v/(A2 dk): steps of the grid; default (6, 2); or give v",
        min=1,
        max=100000,
    )
    v: float | None = key(
        None,
        doc="speed of sound, rounded to whole steps of the grid",
        unit="E_g",
        above=0,
    )
    n_B: float = key(0.0, doc="occupation of the phonons", min=0, max=LARGEST)

    def __post_init__(self):
        if self.m is not None and self.v is not None:
            raise ValueError("m, v: give one of them")
        if self.m is not None and len(self.m) != 2:
            raise ValueError(f"m = {self.m}: must be two whole numbers")


@dataclass(frozen=True)
class Grid:
    """Momenta."""

    points: int = key(201, doc="momenta in [-k_max, k_max], an odd number", min=3, max=4001)
    k_max: float = key(0.2, doc="cutoff of momenta", above=0, max=10)

    def __post_init__(self):
        if self.points % 2 == 0:
            raise ValueError(f"points = {self.points}: must be odd, so that k = 0 is one of them")


@dataclass(frozen=True)
class Numerics(Grid):
    """Momenta and step."""

    dt: float = key(
        0.5,
        doc="time step (in steady: of the evolution before SNES); its error falls as dt^5, "
        "in maps as dt^4",
        unit="1/E_g",
        above=0,
        max=0.5,
    )
    drive: str = key(
        "rotating",
        doc="full: Omega cos(E_g t) without the rotating-wave approximation",
        choices=["rotating", "full"],
    )
    error_estimate: bool = key(
        True,
        doc="estimate errors from further runs: half the step in k, and in evolutions another "
        "time step",
    )


@dataclass(frozen=True)
class SteadyNumerics(Grid):
    """Momenta, and how the way to the stationary state begins."""

    dt: float = like(Numerics, "dt")
    t_start: float = key(
        1000.0,
        doc="time of the evolution before SNES, at least",
        unit="1/E_g",
        above=0,
        max=1e6,
    )
    error_estimate: bool = like(Numerics, "error_estimate")


@dataclass(frozen=True)
class ThresholdNumerics(Grid):
    """Momenta, and what counts as growth."""

    floor: float = key(1e-5, doc="growth rate that counts as growth", unit="E_g", above=0, max=1)
    V_max: float = key(20.0, doc="largest interaction looked at", unit="E_g", above=0, max=LARGEST)
    error_estimate: bool = like(Numerics, "error_estimate")


@dataclass(frozen=True)
class Initial:
    """Filled lower band, empty upper band, a seed of the pairs."""

    seed: float = key(1e-20, doc="s = seed (1 + i) at each momentum", min=0, max=1)


@dataclass(frozen=True)
class MapInitial(Initial):
    """The same, and how long the laser acts before: pairs die out while it fills the upper band."""

    alone: float = key(
        0.0,
        doc="time that the laser acts without pairs, before t = 0",
        unit="1/E_g",
        min=0,
        max=1e6,
    )
