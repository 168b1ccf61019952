"""The input tables of the lattice: model, interaction, leads, numerics, initial states.

Energies are in the unit of the model's own numbers, times in its inverse, e = hbar = k_B = 1.
"""

from __future__ import annotations

from .fields import (
    Bond,
    Disorder,
    EvolveInitial,
    EvolveParameters,
    Initial,
    Interaction,
    Parameters,
    SpectrumParameters,
    VectorPotential,
)
from .leads import Lead, Leads
from .model import Cell, Hop, ModelTable, Onsite, Orbital, Pairing, PairingTerm
from .numerics import EvolveNumerics, Numerics, SpectrumNumerics, SteadyNumerics, TransportNumerics
from .responses import (
    ConductivityNumerics,
    ConductivityParameters,
    ModesNumerics,
    ModesParameters,
    PeriodicNumerics,
    PeriodicParameters,
    PhotonProbe,
    ProbeNumerics,
    PumpProbeNumerics,
    PumpProbeParameters,
    TipProbe,
)

__all__ = [
    "Bond",
    "Cell",
    "ConductivityNumerics",
    "ConductivityParameters",
    "Disorder",
    "EvolveInitial",
    "EvolveNumerics",
    "EvolveParameters",
    "Hop",
    "Initial",
    "Interaction",
    "Lead",
    "Leads",
    "ModelTable",
    "ModesNumerics",
    "ModesParameters",
    "Numerics",
    "Onsite",
    "Orbital",
    "Pairing",
    "PairingTerm",
    "Parameters",
    "PeriodicNumerics",
    "PeriodicParameters",
    "PhotonProbe",
    "ProbeNumerics",
    "PumpProbeNumerics",
    "PumpProbeParameters",
    "SpectrumNumerics",
    "SpectrumParameters",
    "SteadyNumerics",
    "TipProbe",
    "TransportNumerics",
    "VectorPotential",
]
