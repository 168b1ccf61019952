"""What a system whose leads are poles has to give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scipy import sparse

from ...maths.arrays import ComplexArray, FloatArray, IntArray
from ...maths.pole_leads import LeadPoles
from ..protocols import Evolving, Observables


@dataclass(frozen=True)
class Seen:
    """What is seen of a state at an output: ``rho`` (entries,) at the system's ``observed``, the
    leads' diagonal currents ``flows`` (leads, size) without weights.
    """

    rho: ComplexArray
    flows: FloatArray


class OpenSystem(Evolving, Protocol):
    """A mean-field system whose leads are poles; see `.state`."""

    @property
    def leads(self) -> LeadPoles:
        """All its leads."""

    @property
    def entries(self) -> tuple[IntArray, IntArray]:
        """(rows, columns) of rho that the mean field reads, (n,) each."""

    @property
    def observed(self) -> tuple[IntArray, IntArray]:
        """(rows, columns) of rho that the observables read."""

    def shifts(self, t: float, side: int = +1) -> FloatArray:
        """Potentials V_a (leads,) at time t, before (-1) or after (+1) a jump."""

    def phases(self, t: float) -> FloatArray:
        """Their integrals phi_a (leads,)."""

    def close(self, values: ComplexArray) -> ComplexArray:
        """The mean field c (unknowns,) from rho at ``entries``; affine over the reals."""

    def hamiltonian(self, t: float, side: int, c: ComplexArray) -> ComplexArray | sparse.csr_matrix:
        """H (size, size) at time t with the mean field c."""

    def observables(self, t: float, side: int, c: ComplexArray, seen: Seen) -> Observables:
        """The observables at an output from what is seen of the state."""
