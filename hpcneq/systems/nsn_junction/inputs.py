"""The input tables of the nsn-junction system, as the configuration checks and documents them."""

from __future__ import annotations

from dataclasses import dataclass, field

LARGEST = 1e3  # energies beyond this are mistakes: the band is 8 wide


@dataclass(frozen=True)
class EvolveParameters:
    """Attractive Hubbard model between two leads; energies in units of the hopping, times in its inverse."""

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
        metadata={"above": 0, "max": LARGEST, "unit": "t", "doc": "coupling to each lead"},
    )
    h: float = field(
        default=0.0, metadata={"min": -LARGEST, "max": LARGEST, "unit": "t", "doc": "Zeeman field"}
    )
    T: float = field(
        default=0.02,
        metadata={"above": 0, "max": LARGEST, "unit": "t", "doc": "temperature of the leads"},
    )
    eV: float | dict | str = field(
        default=0.0,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "t",
            "doc": "bias: a number, {from, to, kind = step|ramp|pulse|sine, at, duration, ...}, or a two-column file (t, eV)",
        },
    )


@dataclass(frozen=True)
class LeadTable:
    """One lead's own values; what is left out is that of [parameters]."""

    gamma: float | None = field(
        default=None, metadata={"above": 0, "max": LARGEST, "unit": "t", "doc": "coupling"}
    )
    T: float | None = field(
        default=None, metadata={"above": 0, "max": LARGEST, "unit": "t", "doc": "temperature"}
    )
    mu: float | None = field(
        default=None,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "t",
            "doc": "chemical potential at zero bias",
        },
    )


@dataclass(frozen=True)
class Leads:
    """The left lead is at +eV/2, the right one at -eV/2."""

    left: LeadTable = field(default_factory=LeadTable)
    right: LeadTable = field(default_factory=LeadTable)


@dataclass(frozen=True)
class EvolveNumerics:
    """Lattice, bath poles, time step."""

    Lx: int = field(
        default=101,
        metadata={
            "min": 1,
            "max": 100000,
            "doc": "sites along x, the direction the order parameter may vary in",
        },
    )
    Ly: int = field(default=11, metadata={"min": 1, "max": 100000, "doc": "sites along y"})
    symmetry: str = field(
        default="stripe",
        metadata={
            "choices": ["stripe", "stripe-parity", "full"],
            "doc": "stripe: Delta depends on x; stripe-parity: and is even about x = 0; full: Delta is free on every site",
        },
    )
    poles: str = field(
        default="aaa",
        metadata={"choices": ["aaa", "ozaki"], "doc": "expansion of the Fermi function"},
    )
    pole_error: float = field(
        default=1e-6,
        metadata={
            "above": 0,
            "below": 1,
            "doc": "largest error of the broadened Fermi function the poles may have",
        },
    )
    pole_window: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "unit": "t",
            "doc": "energies up to which the poles must be accurate; default: the largest level plus bias",
        },
    )
    dt: float = field(
        default=0.25,
        metadata={"above": 0, "max": 2, "unit": "1/t", "doc": "time step; the error falls as dt^4"},
    )
    corrector: int = field(
        default=0,
        metadata={"min": 0, "max": 5, "doc": "further passes over the modes in each step"},
    )
    precision: str = field(
        default="double",
        metadata={"choices": ["double", "mixed"], "doc": "mixed: bath modes in single precision"},
    )
    error_estimate: bool = field(
        default=True,
        metadata={
            "doc": "estimate the errors from two more runs with twice the step, one of them with ten times the pole error (as long again)"
        },
    )


@dataclass(frozen=True)
class Initial:
    """The stationary state before t = 0."""

    state: str = field(
        default="auto",
        metadata={
            "choices": ["auto", "normal", "bcs", "fflo", "crossed", "pattern", "file"],
            "doc": "auto: the state of lowest free energy (at zero bias only); file: the last state of another run, with its modes; with symmetry = "
            '"full" also crossed: stripes along x and y, and pattern: found from the order parameter in another result',
        },
    )
    wave_number: int | None = field(
        default=None,
        metadata={"min": 1, "doc": "periods of an fflo start along Lx; default: the best"},
    )
    file: str | None = field(
        default=None,
        metadata={
            "doc": 'result file: for state = "file" of a finished evolution, its checkpoints beside it; for state = "pattern" any with delta of this lattice'
        },
    )
    noise: float = field(
        default=1e-3,
        metadata={
            "min": 0,
            "unit": "t",
            "doc": "standard deviation of a random complex addition to Delta; patterns grow from it",
        },
    )
    noise_sites: bool = field(
        default=True,
        metadata={"doc": 'with symmetry = "full": every site has its own noise; false: every x'},
    )
    seed: int | None = field(
        default=None, metadata={"min": 0, "doc": "key of that noise; default: [run] seed"}
    )

    def __post_init__(self):
        if self.wave_number is not None and self.state not in ("fflo", "crossed"):
            raise ValueError(
                f'wave_number = {self.wave_number}: only state = "fflo" or "crossed" has one'
            )
        if (self.file is None) == (self.state in ("file", "pattern")):
            raise ValueError('file: goes with state = "file" or "pattern", and with no other')
