"""Leads: which sites they touch, what they are made of, how they are to be fitted.

The half width gamma means Sigma^R = -i gamma, Gamma = 2 gamma.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

TABULATED_FLOOR = 1e-12  # of the largest width: a channel that vanishes everywhere


@dataclass(frozen=True)
class Reservoir:
    """One lead.

    sites : (m,). gamma : (m,) half widths. table : (w (k,), Gamma (k, m, m)) of kind "file".
    """

    name: str
    kind: str
    sites: np.ndarray
    spin: str = "both"
    gamma: np.ndarray = field(default_factory=lambda: np.zeros(0))
    hopping: float = 1.0
    contact: float = 0.0
    delta: float = 1.0
    phase: float = 0.0
    dynes: float = 1e-3
    table: tuple[np.ndarray, np.ndarray] | None = None
    T: float = 0.02
    mu: float = 0.0
    h: float = 0.0

    @property
    def superconducting(self) -> bool:
        """Whether it fixes the phase of a condensate."""
        return self.kind == "bcs" and bool(np.any(self.gamma))

    @property
    def alike(self) -> tuple:
        """What the fit of its frequency dependence depends on."""
        shape = (self.kind, self.hopping, self.delta, self.dynes)
        return (*shape, self.T, self.mu, id(self.table))

    def widest(self) -> float:
        """Largest full width."""
        if self.kind == "chain":
            return 2 * self.contact**2 / self.hopping
        if self.table is not None:
            return float(np.abs(self.table[1]).max())
        return 2 * float(self.gamma.max(initial=0.0))


@dataclass(frozen=True)
class Fitting:
    """How leads are fitted: relative error, window of wide leads, tail of bcs leads, floor.

    earlier : by how much earlier than ``tail`` the tail of bcs leads is cut off. of_table : the
    error of tables, whose curves between the energies given are no more precise.
    """

    error: float
    window: float
    tail: float | None = None
    floor: float = 1e-3
    earlier: float = 1.0
    of_table: float = 1e-3


def channels(lead: Reservoir) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(w (k,), values (k, C), matrices (C, m, m)) with Gamma(w) = sum_c value_c(w) matrix_c.

    The first is the trace, shared evenly; the others what the entries differ from that.
    """
    if lead.table is None:
        raise ValueError(f"lead {lead.name}: has no table")
    w, Gamma = lead.table
    m = Gamma.shape[1]
    trace = np.trace(Gamma, axis1=1, axis2=2).real
    rest = Gamma - trace[:, None, None] * np.eye(m) / m
    values, matrices = [trace], [np.eye(m) / m + 0j]
    for i in range(m):
        for j in range(i, m):
            for part, unit in ((rest[:, i, j].real, 1.0), (rest[:, i, j].imag, 1j)):
                if np.abs(part).max() <= TABULATED_FLOOR * np.abs(Gamma).max():
                    continue
                matrix = np.zeros((m, m), complex)
                matrix[i, j] = unit
                matrix[j, i] = np.conj(unit)
                values.append(part)
                matrices.append(matrix)
    return w, np.array(values).T, np.array(matrices)
