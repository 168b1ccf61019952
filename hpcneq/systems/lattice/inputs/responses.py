"""Probes, and numerics of the tasks that look at responses of a state."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ....config.schema import key, like
from .fields import EvolveParameters, Parameters
from .limits import LARGEST, UNIT
from .numerics import EvolveNumerics, Numerics, SpectrumNumerics

RESOLVED = 1.5  # of energy times step: images lie at 2 pi


@dataclass(frozen=True)
class ModesParameters(Parameters):
    """The same, and numbers that change the model and all its leads."""

    U: float | None = key(
        None,
        doc="attraction on every site that has one; default: that of [interaction]",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    V: float | None = key(
        None,
        doc="attraction on every bond that has one; default: that of [interaction]",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    gamma: float | None = key(
        None,
        doc="half width by every wide and bcs lead; default: those of [leads]",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    T: float | None = key(
        None,
        doc="temperature of every lead; default: those of [leads]",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    level: float = key(
        0.0, doc="energy added to every level of the model", unit=UNIT, min=-LARGEST, max=LARGEST
    )
    h: float = key(
        0.0,
        doc="field: energy added to spin up and taken from spin down in the model",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )


@dataclass(frozen=True)
class ModesNumerics(Numerics):
    """The same, and how modes are sought."""

    method: str = key(
        "auto",
        doc="det: all modes above a line, counted; krylov: the fastest growing ones and those next "
        "to frequencies, for large models; auto: by size",
        choices=["auto", "det", "krylov"],
    )
    depth: float = key(
        0.5,
        doc="modes are sought down to this share of the smallest damping of a pair of levels",
        above=0,
        max=0.8,
    )
    count: int = key(4, doc="krylov: modes sought at a time", min=1, max=100)
    frequencies: list[float] = key(
        [0.0],
        doc="krylov: frequencies next to which modes are sought besides growing ones",
        unit=UNIT,
        min=-LARGEST,
        max=LARGEST,
    )
    marginal: float = key(
        1e-7, doc="growth rates below it count as marginal", unit=UNIT, above=0, below=1
    )
    branches: int = key(
        0,
        doc="along [sweep]: branches of states looked at, round folds and where modes begin to "
        "grow; 0: only the state of [initial]",
        min=0,
        max=100,
    )


@dataclass(frozen=True)
class ProbeNumerics(Numerics):
    """The same, the time step, and the energies looked at."""

    dt: float = key(
        0.1,
        doc="step of the evolution and of both times of the probe",
        unit="1/energy",
        above=0,
        max=LARGEST,
    )
    error_estimate: bool = like(EvolveNumerics, "error_estimate")
    energy_min: float = like(SpectrumNumerics, "energy_min")
    energy_max: float = like(SpectrumNumerics, "energy_max")
    points: int = like(SpectrumNumerics, "points", 121)

    def __post_init__(self) -> None:
        if self.energy_max <= self.energy_min:
            raise ValueError("energy_max: must be > energy_min")
        largest = max(abs(self.energy_max), abs(self.energy_min))
        if largest * self.dt > RESOLVED:
            raise ValueError(
                f"dt = {self.dt:g}: must be <= {RESOLVED / largest:.4g}, so that energies up to "
                f"{largest:g} are told from their images"
            )


@dataclass(frozen=True)
class Probe:
    """When a probe looks, and for how long."""

    times: list[float] = key(
        [0.0], doc="middles of the probe", unit="1/energy", min=-LARGEST, max=LARGEST
    )
    width: float = key(
        3.0,
        doc="sigma of its amplitude s(t) ~ exp(-t^2 / 2 sigma^2); energies blur by 0.71/sigma",
        unit="1/energy",
        above=0,
        max=LARGEST,
    )

    def __post_init__(self) -> None:
        if not self.times:
            raise ValueError("times: must not be empty")
        if any(b <= a for a, b in zip(self.times, self.times[1:])):
            raise ValueError("times: must increase")


@dataclass(frozen=True)
class PhotonProbe(Probe):
    """The same, and the wave vectors looked at."""

    k: list[list[float]] = key([], doc="wave vectors", unit="1/length")
    path: list[list[float]] = key([], doc="or corners of a path of wave vectors", unit="1/length")
    path_points: int = key(10, doc="steps of each part of the path", min=1, max=10**4)
    zone: bool = key(False, doc="or all wave vectors of the crystal's cells")

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.k) + bool(self.path) + self.zone != 1:
            raise ValueError("k, path, zone: exactly one must be given")
        if len(self.path) == 1:
            raise ValueError("path: needs two corners or more")


@dataclass(frozen=True)
class TipProbe(Probe):
    """The same, and the sites looked at."""

    sites: list[int] = key([], doc="sites under the tip; default: all", min=0)
    tip_T: float = key(0.0, doc="temperature of the tip", unit=UNIT, min=0, max=LARGEST)


@dataclass(frozen=True)
class ConductivityNumerics(Numerics):
    """The same, and the frequencies looked at."""

    energy_min: float = key(0.05, doc="lowest frequency", unit=UNIT, above=0, max=LARGEST)
    energy_max: float = key(6.0, doc="highest frequency", unit=UNIT, above=0, max=LARGEST)
    points: int = like(SpectrumNumerics, "points", 120)

    def __post_init__(self) -> None:
        if self.energy_max <= self.energy_min:
            raise ValueError("energy_max: must be > energy_min")


@dataclass(frozen=True)
class ConductivityParameters(Parameters):
    """The bias, and along what the field points."""

    direction: str = key("x", doc="of field and current", choices=["x", "y", "z"])


@dataclass(frozen=True)
class PeriodicParameters(EvolveParameters):
    """The drives, and a frequency of them all."""

    frequency: float | None = key(
        None,
        doc="angular frequency of every sine; default: those of the drives",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )


@dataclass(frozen=True)
class PeriodicNumerics(Numerics):
    """The same, and how a period is stepped."""

    periodic_steps: int = key(
        80, doc="steps of a period; their error falls with the fourth power", min=8, max=10**6
    )
    multipliers: int = key(2, doc="multipliers sought; 0: none", min=0, max=100)
    harmonics: int = key(
        5, doc="harmonics of the currents told, fewer if the steps are few", min=0, max=1000
    )


@dataclass(frozen=True)
class PumpProbeParameters(EvolveParameters):
    """The drives, when the probe kicks, and along what."""

    delay: float = key(
        0.0,
        doc="time of the probe's kick, from t = 0 on",
        unit="1/energy",
        min=-LARGEST,
        max=LARGEST,
    )
    direction: str = like(ConductivityParameters, "direction")


@dataclass(frozen=True)
class PumpProbeNumerics(Numerics):
    """The same, the time step, and how the response is looked at."""

    dt: float = like(ProbeNumerics, "dt", doc="step of the evolution and of the response")
    error_estimate: bool = like(EvolveNumerics, "error_estimate")
    length: float = key(
        60.0, doc="time after the kick that is followed", unit="1/energy", above=0, max=LARGEST
    )
    width: float = key(
        0.1,
        doc="broadening: responses are damped by e^{-width t}",
        unit=UNIT,
        above=0,
        max=LARGEST,
    )
    kick: float = key(1e-3, doc="probe's vector potential", unit="1/length", above=0, max=0.1)
    energy_min: float = like(ConductivityNumerics, "energy_min")
    energy_max: float = like(ConductivityNumerics, "energy_max")
    points: int = like(ConductivityNumerics, "points")

    def __post_init__(self) -> None:
        if self.energy_max <= self.energy_min:
            raise ValueError("energy_max: must be > energy_min")
        if 2 * self.energy_max * self.dt > math.pi:
            raise ValueError(
                f"dt = {self.dt:g}: must be <= {0.5 * math.pi / self.energy_max:.4g}, so that "
                f"steps resolve frequencies up to {self.energy_max:g}"
            )
