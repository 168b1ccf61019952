"""The input tables of the laser-semiconductor system, as the configuration checks and documents them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .physics import material as laser

LARGEST = 1e6


def number(default, doc, unit="1", **rules):
    """A real parameter with limits."""
    return field(
        default=default,
        metadata={"min": -LARGEST, "max": LARGEST, "unit": unit, "doc": doc} | rules,
    )


@dataclass(frozen=True)
class Parameters:
    """Two bands, a laser and reservoirs, in the paper's dimensionless units; the measure is dk/2pi."""

    model: str = field(
        default="two-band",
        metadata={
            "choices": list(laser.MODELS),
            "doc": "two-band: particle reservoirs (Sec. II); optical-pumping (Sec. III); three-band (App. A)",
        },
    )
    self_consistency: str = field(
        default="projected",
        metadata={
            "choices": ["projected", "full"],
            "doc": "projected: Eq. (18), without which nothing pairs; full: Eq. (17)",
        },
    )
    V: float = number(5.0, "interaction; > 0 attracts", "energy length")
    Omega: float = number(0.5, "Rabi frequency of the laser", "energy", min=0)
    Gamma: float = number(
        1e-2, "Gamma1 + Gamma2, the decay of coherence and pairs", "energy", above=0, min=0
    )
    gamma1: float | None = field(
        default=None, metadata={"min": 0, "max": 1, "doc": "Gamma1/Gamma; or give gamma2"}
    )
    gamma2: float | None = field(
        default=None,
        metadata={"min": 0, "max": 1, "doc": "Gamma2/Gamma, default 1e-3; or give gamma1"},
    )
    Gamma12: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "max": LARGEST,
            "unit": "energy",
            "doc": "decay of pairs (optical-pumping, three-band); default Gamma",
        },
    )
    Gamma3: float = number(1e-3, "decay of the middle band (three-band)", "energy", above=0, min=0)
    tau: float = number(10.0, "dephasing time (three-band)", "1/energy", above=0, min=0)
    kappa_plus: float = number(
        -50.0, "curvature of the pair energy, E = v_plus k + kappa_plus k^2", "energy length^2"
    )
    v_minus: float = number(
        10.0, "difference of the band velocities, eps = v_minus k", "energy length"
    )
    v_plus: float = number(0.0, "sum of the band velocities", "energy length")
    k_max: float = field(
        default=0.2,
        metadata={
            "above": 0,
            "allow_inf": True,
            "unit": "1/length",
            "doc": "cutoff of momenta; inf in static tasks",
        },
    )
    T: float = number(0.0, "temperature of the reservoirs", "energy", min=0)
    E_g: float = number(
        10.0,
        "energy of the resonant transition = frequency of the laser (carrier of the full drive)",
        "energy",
        above=0,
        min=0,
    )
    mu1: float = number(
        0.0,
        "chemical potential of the lower band, from the middle of the transition (optical-pumping)",
        "energy",
    )
    mu2: float | None = field(
        default=None,
        metadata={
            "min": -LARGEST,
            "max": LARGEST,
            "unit": "energy",
            "doc": "chemical potential of the upper band; default E_g: filled (optical-pumping)",
        },
    )

    def __post_init__(self):
        if (
            self.gamma1 is not None
            and self.gamma2 is not None
            and abs(self.gamma1 + self.gamma2 - 1) > 1e-12
        ):
            raise ValueError(
                f"gamma1 = {self.gamma1:g}, gamma2 = {self.gamma2:g}: they are shares of Gamma, give one of them"
            )
        if self.kappa_plus == 0 or self.v_minus == 0:
            raise ValueError("kappa_plus, v_minus: must not be 0")
        if self.model == "three-band" and (self.gamma1 == 0 or self.gamma2 == 1):
            raise ValueError("gamma1: must be > 0 in the three-band model")


@dataclass(frozen=True)
class KeldyshParameters(Parameters):
    """The point at which the Keldysh functional is evaluated."""

    delta: float | None = field(
        default=None,
        metadata={
            "above": 0,
            "unit": "energy",
            "doc": "order parameter; default: the steady one, or Gamma",
        },
    )


@dataclass(frozen=True)
class Numerics:
    """Static tasks: Gauss-Legendre momenta in asinh(k / k_width)."""

    points: int = field(
        default=64,
        metadata={"min": 4, "max": 4000, "doc": "momenta of positive k; errors from twice as many"},
    )


@dataclass(frozen=True)
class KeldyshNumerics:
    """Momenta and frequencies of the functional."""

    points: int = field(
        default=16, metadata={"min": 2, "max": 1000, "doc": "momenta of positive k"}
    )
    frequencies: int = field(
        default=32,
        metadata={
            "min": 8,
            "max": 1000,
            "doc": "frequencies between two poles; errors from seven eighths as many",
        },
    )


@dataclass(frozen=True)
class EvolveNumerics:
    """Momenta and step of the evolution."""

    grid: str = field(
        default="uniform",
        metadata={
            "choices": ["uniform", "graded"],
            "doc": "uniform: trapezoid in [-k_max, k_max]; graded: dense at k = 0",
        },
    )
    points: int = field(default=201, metadata={"min": 3, "max": 100000, "doc": "momenta"})
    dt: float = field(
        default=0.4,
        metadata={
            "above": 0,
            "max": 1,
            "unit": "1/energy",
            "doc": "step of the fourth-order Runge-Kutta method; times the largest E, eps at most 1.4",
        },
    )
    drive: str = field(
        default="rotating",
        metadata={
            "choices": ["rotating", "full"],
            "doc": "rotating-wave approximation, or all of Omega cos(E_g t)",
        },
    )
    error_estimate: bool = field(
        default=True,
        metadata={
            "doc": "estimate errors from runs with twice the step, one of them on a denser grid (as long again)"
        },
    )


@dataclass(frozen=True)
class Initial:
    """The state at t = 0."""

    state: str = field(
        default="equilibrium",
        metadata={
            "choices": ["equilibrium", "driven"],
            "doc": "populations of the reservoirs, or those the laser settles to without pairing",
        },
    )
    delta: float = field(
        default=1e-3,
        metadata={
            "min": 0,
            "unit": "energy",
            "doc": "size of the pair amplitudes: Eq. (10) at this Delta",
        },
    )
    pairs: str = field(
        default="uniform",
        metadata={
            "choices": ["uniform", "random"],
            "doc": "uniform: Eq. (10); random: normal numbers times delta",
        },
    )
    noise_floor: float = field(
        default=0.0,
        metadata={
            "min": 0,
            "max": 1e-3,
            "unit": "energy",
            "doc": "constant added to Delta, from which pairing grows however small it has become",
        },
    )


def material(p, **at):
    """The `laser.Material` of a parameter table, some keys replaced."""
    value = {name: at.get(name, getattr(p, name)) for name in p.__dataclass_fields__}
    if "gamma1" in at:
        value["gamma2"] = None
    if "gamma2" in at:
        value["gamma1"] = None
    g2 = 1e-3 if value["gamma2"] is None and value["gamma1"] is None else value["gamma2"]
    g1 = 1 - g2 if g2 is not None else value["gamma1"]
    g2 = 1 - g1 if g2 is None else g2
    G, model = value["Gamma"], value["model"]
    own = G if model == "two-band" or value["Gamma12"] is None else value["Gamma12"]
    pumped = model == "optical-pumping"
    return laser.Material(
        V=value["V"],
        Omega=value["Omega"],
        Gamma1=G * g1,
        Gamma2=G * g2,
        Gamma12=own,
        Gamma3=value["Gamma3"],
        tau=value["tau"],
        kappa_plus=value["kappa_plus"],
        v_minus=value["v_minus"],
        v_plus=value["v_plus"],
        k_max=value["k_max"],
        T=value["T"],
        E_g=value["E_g"],
        mu1=value["mu1"] if pumped else 0.0,
        mu2=(value["E_g"] if value["mu2"] is None else value["mu2"]) if pumped else 0.0,
        model=model,
        projected=value["self_consistency"] == "projected",
    )


def largest_energy(m):
    """The largest |E|, |eps| or Omega on the grid, which the step must resolve."""
    k = m.k_max
    return float(
        np.max([abs(m.v_minus) * k, abs(m.v_plus) * k + abs(m.kappa_plus) * k * k, m.Omega])
    )
