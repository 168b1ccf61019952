"""The input tables of the laser-semiconductor system, in the paper's dimensionless units."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...config.schema import key, like

LARGEST = 1e6
SWEPT = (
    "V",
    "Omega",
    "Gamma",
    "gamma1",
    "gamma2",
    "Gamma12",
    "Gamma3",
    "tau",
    "kappa_plus",
    "v_minus",
    "v_plus",
    "T",
    "k_max",
    "mu1",
    "mu2",
    "mu",
    "detuning",
)  # keys that steady, growth and map sweep


@dataclass(frozen=True)
class Parameters:
    """Two bands, a laser and reservoirs; the measure is dk/2pi."""

    model: str = key(
        "two-band",
        doc="two-band: particle reservoirs (Sec. II); optical-pumping (Sec. III); "
        "three-band (App. A)",
        choices=["two-band", "optical-pumping", "three-band"],
    )
    self_consistency: str = key(
        "projected",
        doc="projected: Eq. (18), without which two bands at T = 0 do not pair; full: Eq. (17)",
        choices=["projected", "full"],
    )
    V: float = key(
        5.0, doc="interaction; > 0 attracts", unit="energy length", min=-LARGEST, max=LARGEST
    )
    Omega: float = key(0.5, doc="Rabi frequency of the laser", unit="energy", min=0, max=LARGEST)
    Gamma: float = key(
        1e-2,
        doc="Gamma1 + Gamma2, the decay of coherence and pairs",
        unit="energy",
        above=0,
        max=LARGEST,
    )
    gamma1: float | None = key(None, doc="Gamma1/Gamma; or give gamma2", min=0, max=1)
    gamma2: float | None = key(None, doc="Gamma2/Gamma, default 1e-3; or give gamma1", min=0, max=1)
    Gamma12: float | None = key(
        None,
        doc="decay of pairs (optical-pumping, three-band); default Gamma",
        unit="energy",
        above=0,
        max=LARGEST,
    )
    Gamma3: float = key(
        1e-3, doc="decay of the middle band (three-band)", unit="energy", above=0, max=LARGEST
    )
    tau: float = key(10.0, doc="dephasing time (three-band)", unit="1/energy", above=0, max=LARGEST)
    kappa_plus: float = key(
        -50.0,
        doc="curvature of the pair energy, E = v_plus k + kappa_plus k^2",
        unit="energy length^2",
        min=-LARGEST,
        max=LARGEST,
    )
    v_minus: float = key(
        10.0,
        doc="difference of the band velocities, eps = v_minus k",
        unit="energy length",
        min=-LARGEST,
        max=LARGEST,
    )
    v_plus: float = key(
        0.0, doc="sum of the band velocities", unit="energy length", min=-LARGEST, max=LARGEST
    )
    k_max: float = key(
        0.2,
        doc="cutoff of momenta; inf in steady, growth and map",
        unit="1/length",
        above=0,
        allow_inf=True,
    )
    T: float = key(0.0, doc="temperature of the reservoirs", unit="energy", min=0, max=LARGEST)
    E_g: float = key(
        10.0,
        doc="energy of the resonant transition; the laser's frequency is E_g + detuning (carrier "
        "of the full drive)",
        unit="energy",
        above=0,
        max=LARGEST,
    )
    mu1: float = key(
        0.0,
        doc="chemical potential of the lower band, from the middle of the transition "
        "(optical-pumping)",
        unit="energy",
        min=-LARGEST,
        max=LARGEST,
    )
    mu2: float | None = key(
        None,
        doc="chemical potential of the upper band; default E_g: filled (optical-pumping)",
        unit="energy",
        min=-LARGEST,
        max=LARGEST,
    )
    mu: float = key(
        0.0,
        doc="offset of the chemical potential from the middle of the transition: pairs have the "
        "energy E - 2 mu",
        unit="energy",
        min=-LARGEST,
        max=LARGEST,
    )
    detuning: float = key(
        0.0,
        doc="frequency of the laser minus E_g: the resonance moves to k = detuning/v_minus",
        unit="energy",
        min=-LARGEST,
        max=LARGEST,
    )

    def __post_init__(self):
        if (self.mu != 0 or self.detuning != 0) and math.isinf(self.k_max):
            raise ValueError("k_max = inf: must be finite with mu or detuning")
        both = self.gamma1 is not None and self.gamma2 is not None
        if both and abs(self.gamma1 + self.gamma2 - 1) > 1e-12:
            raise ValueError(
                f"gamma1 = {self.gamma1:g}, gamma2 = {self.gamma2:g}: they are shares of Gamma, "
                "give one of them"
            )
        if self.kappa_plus == 0 or self.v_minus == 0:
            raise ValueError("kappa_plus, v_minus: must not be 0")
        if self.model == "three-band" and (self.gamma1 == 0 or self.gamma2 == 1):
            raise ValueError("gamma1: must be > 0 in the three-band model")


@dataclass(frozen=True)
class Initial:
    """The state at t = 0."""

    state: str = key(
        "equilibrium",
        doc="populations of the reservoirs, or those the laser settles to without pairing",
        choices=["equilibrium", "driven"],
    )
    delta: float = key(
        1e-3,
        doc="order parameter: evolve begins with its pair amplitudes, Eq. (10); keldysh takes the "
        "functional there (default: the steady one, or Gamma)",
        unit="energy",
        min=0,
    )
    pairs: str = key(
        "uniform",
        doc="uniform: Eq. (10); random: normal numbers times delta",
        choices=["uniform", "random"],
    )
    noise_floor: float = key(
        0.0,
        doc="constant added to Delta, from which pairing grows however small it has become",
        unit="energy",
        min=0,
        max=1e-3,
    )


@dataclass(frozen=True)
class KeldyshParameters(Parameters):
    """The point at which the Keldysh functional is evaluated."""

    delta: float | None = like(Initial, "delta", None)


@dataclass(frozen=True)
class Numerics:
    """Static tasks: Gauss-Legendre momenta in asinh(k / width of the resonance)."""

    points: int = key(
        64,
        doc="momenta; on a graded grid, which static tasks take, those of positive k",
        min=2,
        max=100000,
    )


@dataclass(frozen=True)
class KeldyshNumerics:
    """Momenta and frequencies of the functional."""

    points: int = like(Numerics, "points", 16)
    frequencies: int = key(
        32,
        doc="frequencies between two poles; errors from seven eighths as many",
        min=8,
        max=1000,
    )


@dataclass(frozen=True)
class EvolveNumerics:
    """Momenta and step of the evolution."""

    grid: str = key(
        "uniform",
        doc="uniform: trapezoid in [-k_max, k_max]; graded: dense at k = 0",
        choices=["uniform", "graded"],
    )
    points: int = like(Numerics, "points", 201)
    dt: float = key(
        0.4,
        doc="step of the fourth-order Runge-Kutta method; times the largest E, "
        "sqrt(eps^2 + Omega^2) and decay rate at most 1.39",
        unit="1/energy",
        above=0,
        max=1,
    )
    drive: str = key(
        "rotating",
        doc="rotating-wave approximation, or all of Omega cos(E_g t)",
        choices=["rotating", "full"],
    )
    error_estimate: bool = key(
        True,
        doc="estimate errors from runs with twice the step, one of them on a denser grid "
        "(as long again)",
    )
