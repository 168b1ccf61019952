"""The input tables of the task ``spectrum`` of the nsn-junction."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inputs import LARGEST


@dataclass(frozen=True)
class SpectrumParameters:
    """Attractive Hubbard model between two leads at constant bias; energies in units of the hopping."""

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
    eV: float = field(
        default=0.0, metadata={"min": -LARGEST, "max": LARGEST, "unit": "t", "doc": "bias"}
    )


@dataclass(frozen=True)
class SpectrumNumerics:
    """Lattice and bath poles."""

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
        default="stripe", metadata={"choices": ["stripe"], "doc": "Delta depends on x"}
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
        metadata={
            "above": 0,
            "max": 2,
            "unit": "1/t",
            "doc": "not used but for a start from a file",
        },
    )


@dataclass(frozen=True)
class SpectrumInitial:
    """The state looked at."""

    state: str = field(
        default="auto",
        metadata={
            "choices": ["auto", "normal", "bcs", "fflo", "file"],
            "doc": "a stationary state (auto: the one of lowest free energy, at zero bias only), or the last state of another run",
        },
    )
    wave_number: int | None = field(
        default=None,
        metadata={"min": 1, "doc": "periods of an fflo state along Lx; default: the best"},
    )
    file: str | None = field(
        default=None, metadata={"doc": 'result file of an evolution, for state = "file"'}
    )

    def __post_init__(self):
        if self.wave_number is not None and self.state != "fflo":
            raise ValueError(f'wave_number = {self.wave_number}: only state = "fflo" has one')
        if (self.file is None) == (self.state == "file"):
            raise ValueError('file: goes with state = "file", and with no other')
