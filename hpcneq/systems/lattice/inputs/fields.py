"""Parameters, interaction, disorder, vector potential, initial states."""

from __future__ import annotations

from dataclasses import dataclass

from ....config.schema import key, like
from .limits import DRIVE, LARGEST, UNIT
from .model import Hop


@dataclass(frozen=True)
class Parameters:
    """The bias: lead a is at ``bias`` times eV, plus its own V."""

    eV: float = key(0.0, doc="bias", unit=UNIT, min=-LARGEST, max=LARGEST)
    phase: float = key(
        0.0, doc="phase that bcs leads are turned by, times their turn", min=-LARGEST, max=LARGEST
    )


@dataclass(frozen=True)
class EvolveParameters(Parameters):
    """The same with a bias that may change in time."""

    eV: float | dict | str = like(Parameters, "eV", doc=f"bias: {DRIVE}", names_file=True)


@dataclass(frozen=True)
class SpectrumParameters(Parameters):
    """The bias, and where the spectrum is looked at."""

    k: list[list[float]] = key(
        [], doc="wave vectors at which the spectrum is wanted too", unit="1/length"
    )


@dataclass(frozen=True, kw_only=True)
class Bond:
    """-V n_i n_j on the bonds from -> to."""

    from_: str = like(Hop, "from_")
    to: str = like(Hop, "to")
    shift: list[int] = like(Hop, "shift")
    V: float = key(doc="attraction", unit=UNIT, min=-LARGEST, max=LARGEST)


@dataclass(frozen=True)
class Interaction:
    """Attraction -U n_up n_dn on sites, -V n_i n_j on bonds, in mean field."""

    U: float | list[float] | dict = key(
        0.0,
        doc="attraction: a number, one for each site, {orbital = number}, or in evolve a drive",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    bond: list[Bond] = key([], doc="attraction between neighbours")
    hartree: bool = key(False, doc="whether densities shift the levels")
    exchange: bool = key(False, doc="whether bonds are renormalised (Fock)")


@dataclass(frozen=True)
class Disorder:
    """Random energies and hops, the same on any number of ranks."""

    onsite: float = key(
        0.0, doc="site energies in [-onsite/2, onsite/2]", unit=UNIT, min=0, max=LARGEST
    )
    hop: float = key(0.0, doc="hops times 1 + [-hop/2, hop/2]", min=0, max=2)
    seed: int = key(1, doc="key of the disorder", min=0)


@dataclass(frozen=True)
class VectorPotential:
    """Peierls phases h_ij e^{i A.(r_i - r_j)}; a prescribed pairing is held as given."""

    A: list[float | dict | str] = key(
        [], doc=f"components of A, each {DRIVE}", unit="1/length", min=-LARGEST, max=LARGEST
    )


@dataclass(frozen=True)
class Initial:
    """From where self-consistent states are sought; the state before t = 0 of an evolution."""

    state: str = key(
        "auto",
        doc="auto: several seeds; seed: the one given by delta and bond; normal: without pairs",
        choices=["auto", "seed", "normal"],
    )
    delta: float | list[float] | None = key(
        None,
        doc="on-site pairing of the seed; a number or one for each site",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    bond: float | list[float] | dict[str, float] | None = key(
        None,
        doc="bond pairing of the seed: a number, one for each [interaction] bond, or {x = , y = }",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    noise: float = key(
        0.0, doc="standard deviation of a random addition to the seed", unit=UNIT, min=0
    )
    seed: int | None = key(None, doc="key of random starts; default: [run] seed", min=0)


@dataclass(frozen=True)
class EvolveInitial(Initial):
    """The same; a closed system has the temperature of its start here."""

    T: float | None = key(
        None, doc="temperature of a closed system's start", unit=UNIT, min=0, max=LARGEST
    )
