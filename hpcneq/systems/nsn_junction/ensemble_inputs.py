"""Numerics of the task ``ensemble`` of the nsn-junction."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inputs import EvolveNumerics


@dataclass(frozen=True)
class EnsembleNumerics(EvolveNumerics):
    """Those of ``evolve``; errors are what runs with other steps and seeds show."""

    error_estimate: bool = field(default=False, metadata={"doc": "not used: sweep dt instead"})
