"""How precisely the leads are represented, and limits of the solvers."""

from __future__ import annotations

from dataclasses import dataclass

from ....config.schema import key, like
from .limits import LARGEST, UNIT


@dataclass(frozen=True)
class Numerics:
    """How precisely the leads are represented, and limits of the solvers."""

    fit_error: float = key(
        1e-5,
        doc="largest relative error of the leads' widths and fillings by their poles; of file "
        "leads not below 1e-3",
        above=0,
        below=1,
    )
    window: float | None = key(
        None,
        doc="energies up to which wide leads are accurate; default: all levels and biases",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    tail: float | None = key(
        None,
        doc="energy at which the tail of a bcs lead is cut off; default: 600 delta",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    floor: float = key(
        1e-3,
        doc="width of chain and file leads outside their band, of the largest width",
        min=0,
        max=1,
    )
    damping: float = key(
        0.0,
        doc="half width of a lead on every site, for states that no other lead damps",
        unit=UNIT,
        min=0,
        max=LARGEST,
    )
    damping_T: float = key(
        0.02, doc="temperature of that lead, at mu = 0", unit=UNIT, above=0, max=LARGEST
    )
    uniform: str = key(
        "auto",
        doc="whether only states are sought that repeat along rings as model and leads do, by "
        "momenta; auto: of large models",
        choices=["auto", "yes", "no"],
    )
    tolerance: float = key(
        1e-9, doc="largest residual of a self-consistent state", unit=UNIT, above=0, below=1
    )
    seeds: int = key(4, doc="random starts of self-consistency besides the usual", min=0, max=1000)


@dataclass(frozen=True)
class SteadyNumerics(Numerics):
    """The same, and how stationary states are found."""

    stability: bool = key(True, doc="whether the stability of each state is found")
    fold_points: int = key(
        120,
        doc="along [sweep]: points of the curve of a state that is lost, round its folds; 0: none",
        min=0,
        max=10**4,
    )
    marginal: float = key(
        1e-7, doc="growth rates below it count as marginal", unit=UNIT, above=0, below=1
    )
    periodic_steps: int | None = key(
        None,
        doc="steps of a period of two bcs leads at different bias; default: 80 or more",
        min=8,
        max=10**6,
    )


@dataclass(frozen=True)
class EvolveNumerics(Numerics):
    """The same, and how the evolution steps."""

    dt: float = key(
        0.05,
        doc="time step; the error falls as dt^4",
        unit="1/energy",
        above=0,
        max=LARGEST,
    )
    method: str = key(
        "auto",
        doc="frozen: exponentials of whole steps; etd: only levels exact; columns: of wide leads "
        "from equilibrium, in little memory; auto: by size",
        choices=["auto", "frozen", "etd", "columns"],
    )
    range: float | None = key(
        None,
        doc="method columns: distance of sites beyond which entries of the density matrix are left "
        "out; default: none",
        unit="length",
        above=0,
        max=LARGEST,
    )
    precision: str = key(
        "double",
        doc="mixed: method columns, with its columns in single precision",
        choices=["double", "mixed"],
    )
    error_estimate: bool = key(
        True, doc="estimate the errors from runs with twice the step and looser fits"
    )


@dataclass(frozen=True)
class TransportNumerics(SteadyNumerics):
    """Those of ``steady``, and the quadrature over energies."""

    energies: str = key(
        "auto",
        doc="poles: from the leads' poles; window: integral over the bias window, exact leads "
        "(normal leads, no interaction); auto: window for chains and by size",
        choices=["auto", "poles", "window"],
    )
    quadrature_error: float = key(
        1e-7, doc="largest error of that integral", unit=UNIT, above=0, below=1
    )
    stability: bool = like(SteadyNumerics, "stability", False)


@dataclass(frozen=True)
class SpectrumNumerics(SteadyNumerics):
    """Those of ``steady``, and the energies looked at."""

    energy_min: float = key(-3.0, doc="lowest energy", unit=UNIT, min=-LARGEST, max=LARGEST)
    energy_max: float = key(3.0, doc="highest energy", unit=UNIT, min=-LARGEST, max=LARGEST)
    points: int = key(301, doc="energies", min=2, max=10**5)
    stability: bool = like(SteadyNumerics, "stability", False)

    def __post_init__(self) -> None:
        if self.energy_max <= self.energy_min:
            raise ValueError("energy_max: must be > energy_min")
