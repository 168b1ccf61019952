"""The leads."""

from __future__ import annotations

from dataclasses import dataclass

from ....config.schema import key
from .limits import DRIVE, LARGEST, UNIT


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A reservoir that touches sites of the lattice."""

    kind: str = key(
        "wide",
        doc="wide: normal metal; chain: half-infinite chains; bcs: superconductor; file: tabulated",
        choices=["wide", "chain", "bcs", "file"],
    )
    sites: str | list[int] | dict[str, str] = key(
        doc='group, list of sites, {x = "min"|"max"} by position or {a1 = "min"|"max"} by cell'
    )
    orbitals: list[str] = key([], doc="only these orbitals of the sites; default: all")
    spin: str = key("both", doc="which spin it takes", choices=["both", "up", "down"])
    gamma: float | list[float] | None = key(
        None,
        doc="half width of levels, Sigma = -i gamma, wide and bcs; a number or one for each site",
        unit=UNIT,
        min=0,
        max=LARGEST,
    )
    hopping: float | None = key(None, doc="chain: its hopping", unit=UNIT, above=0, max=LARGEST)
    contact: float | None = key(
        None, doc="chain: hop onto the lattice", unit=UNIT, min=0, max=LARGEST
    )
    file: str | None = key(
        None,
        doc="file: columns w, Gamma; or w and a matrix Gamma row by row (real, or re im)",
        names_file=True,
    )
    delta: float | None = key(None, doc="bcs: its gap", unit=UNIT, above=0, max=LARGEST)
    phase: float | dict | str = key(
        0.0, doc=f"bcs: phase of the gap, {DRIVE}", min=-LARGEST, max=LARGEST, names_file=True
    )
    turn: float = key(
        0.0, doc="bcs: share of [parameters] phase in its phase", min=-LARGEST, max=LARGEST
    )
    dynes: float | None = key(
        None, doc="bcs: broadening; default: 1e-3 delta", unit=UNIT, above=0, max=LARGEST
    )
    T: float = key(0.02, doc="temperature", unit=UNIT, above=0, max=LARGEST)
    mu: float = key(
        0.0, doc="chemical potential at zero bias", unit=UNIT, min=-LARGEST, max=LARGEST
    )
    h: float = key(0.0, doc="spin splitting of its band", unit=UNIT, min=-LARGEST, max=LARGEST)
    bias: float = key(0.0, doc="share of eV that it is raised by", min=-LARGEST, max=LARGEST)
    V: float | dict | str = key(
        0.0,
        doc=f"its own potential, {DRIVE}",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
        names_file=True,
    )

    def __post_init__(self) -> None:
        needed = {
            "wide": ("gamma",),
            "bcs": ("gamma", "delta"),
            "chain": ("hopping", "contact"),
            "file": ("file",),
        }[self.kind]
        for name in ("gamma", "hopping", "contact", "file", "delta", "dynes"):
            given = vars(self)[name] is not None
            if name in needed and not given:
                raise ValueError(f'{name}: missing; kind = "{self.kind}" needs it')
            allowed = needed + (("dynes",) if self.kind == "bcs" else ())
            if given and name not in allowed:
                raise ValueError(f'{name}: kind = "{self.kind}" has none')
        if self.kind != "bcs" and (self.phase != 0 or self.turn):
            raise ValueError(f'phase, turn: kind = "{self.kind}" has none')


@dataclass(frozen=True)
class Leads:
    """The leads by name."""

    named: dict[str, Lead] = key({}, doc="leads by name", whole=True)
