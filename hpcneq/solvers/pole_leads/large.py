"""Entries of rho of large sparse systems between wide leads, without a dense matrix.

    rho = int dw/2pi G^R s G^A,      s = f_0 Gamma + sum_a Gamma_a (f_a - f_0)

The first part, all leads in equilibrium at f_0, is 1/2 + sum_p r_p [G^R(i w_p) + h.c.] over the
poles of f_0: columns of a sparse LU at each. The second is an integral over the bias window, of the
columns that the leads touch, by bisection of panels. Ranks share columns and panels.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.special import expit

from ...errors import InputError, NotConverged
from ...maths.arrays import ArrayLike, ComplexArray, FloatArray, IntArray
from ...maths.pole_leads import LeadPoles
from ...maths.poles import aaa_poles
from ...parallel import Communicator, Layout, solo

BLOCK = 64  # columns of one solve
NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
THERMAL = 38.0  # T beyond an edge, where f is 0 or 1 to rounding
DEPTH = 40  # bisections of a panel


def density_entries(
    leads: LeadPoles,
    H: sparse.csr_matrix,
    shifts: ArrayLike,
    temperatures: ArrayLike,
    entries: tuple[IntArray, IntArray],
    error: float = 1e-6,
    comm: Communicator | None = None,
) -> ComplexArray:
    """rho at ``entries`` (rows, columns) of the stationary state. **Collective.**

    shifts, temperatures : (leads,); holes see minus the shift. Raises InputError for leads that
    are not wide, NotConverged where the window's integral does not reach ``error`` (undamped, or
    hardly damped states).
    """
    if leads.core != leads.size:
        raise InputError("sparse stationary states: all leads must be wide; use a dense one")
    system = _Wide(leads, sparse.csr_matrix(H), np.asarray(shifts, float), entries)
    T = np.asarray(temperatures, float)
    group = solo() if comm is None else comm
    rho = system.equilibrium(float(T[0]), error, group)
    return rho + system.window(T, error, group)


class _Wide:
    """G of a sparse system between wide leads, and what is wanted of rho."""

    def __init__(self, leads, H, shifts, entries):
        self.size, self.shifts = leads.size, shifts
        self.rows, self.columns = (np.asarray(index, int) for index in entries)
        zero = np.zeros(leads.count)
        M = leads.size
        self.A = (leads.matrix(H, shifts, zero)).tocsc()
        self.one = sparse.identity(M, format="csc", dtype=complex)
        self.bound = float(abs(self.A).sum(axis=0).max())
        self.widths = leads.width_blocks()

    def solved(self, z: complex, columns: IntArray) -> ComplexArray:
        """G^R(z) (size, columns)."""
        lu = splu((z * self.one - self.A).tocsc())
        G = np.empty((self.size, len(columns)), complex)
        for low in range(0, len(columns), BLOCK):
            part = columns[low : low + BLOCK]
            right = np.zeros((self.size, len(part)), complex)
            right[part, np.arange(len(part))] = 1.0
            G[:, low : low + BLOCK] = lu.solve(right)
        return G

    def equilibrium(self, T: float, error: float, comm: Communicator) -> ComplexArray:
        """1/2 + sum_p r_p [G^R(i w_p) + h.c.] at the entries. **Collective.**"""
        # the fit's Hilbert transform, seen where Gamma is not uniform, falls as 1/window^2
        window = self.bound * max(4.0, 0.1 / np.sqrt(error))
        poles = aaa_poles(T, 0.0, window, max(0.1 * error, 1e-10))
        wanted = np.unique(np.concatenate([self.rows, self.columns]))
        layout = Layout.over(len(wanted), comm)
        mine = wanted[layout.start : layout.stop]
        place = np.full(self.size, -1)
        place[mine] = np.arange(len(mine))
        direct, turned = place[self.columns], place[self.rows]
        rho = np.zeros((2, len(self.rows)), complex)  # each entry has one owner: the sum is exact
        for w, r in zip(poles.w, poles.r):
            if not len(mine):
                break
            G = self.solved(1j * w, mine)
            here = direct >= 0
            rho[0, here] += r * G[self.rows[here], direct[here]]
            here = turned >= 0
            rho[1, here] += r * G[self.columns[here], turned[here]].conj()
        comm.Allreduce(MPI.IN_PLACE, rho)
        return np.asarray(rho[0] + rho[1] + np.where(self.rows == self.columns, 0.5, 0.0))

    def window(self, T: FloatArray, error: float, comm: Communicator) -> ComplexArray:
        """The integral over the bias window. **Collective.**"""
        reach = THERMAL * T.max()
        edges = np.unique(np.concatenate([[0.0], self.shifts, -self.shifts]))
        edges = np.unique(np.concatenate([edges, edges - reach, edges + reach]))
        if np.ptp(self.shifts) == 0 and self.shifts[0] == 0 and np.ptp(T) == 0:
            return np.zeros(len(self.rows), complex)
        total = np.zeros(len(self.rows), complex)
        panels = [(a, b, 0) for a, b in zip(edges[:-1], edges[1:])]
        span = edges[-1] - edges[0]
        values = self._panels(panels, T, comm)
        while panels:
            halves = [
                half
                for a, b, depth in panels
                for half in ((a, 0.5 * (a + b), depth + 1), (0.5 * (a + b), b, depth + 1))
            ]
            finer = self._panels(halves, T, comm)
            left: list[tuple[float, float, int]] = []
            kept: list[ComplexArray] = []
            for k, (a, b, depth) in enumerate(panels):
                pair = finer[2 * k : 2 * k + 2]
                if np.abs(pair.sum(axis=0) - values[k]).max() <= error * (b - a) / span:
                    total += pair.sum(axis=0)
                elif depth >= DEPTH:
                    raise NotConverged("sparse stationary state: states hardly damped by the leads")
                else:
                    left += halves[2 * k : 2 * k + 2]
                    kept += list(pair)
            panels, values = left, np.array(kept)
        return total

    def _panels(self, panels, T, comm):
        """(panels, entries) the integrals over panels, shared by ranks. **Collective.**"""
        layout = Layout.over(len(panels), comm)
        values = np.zeros((len(panels), len(self.rows)), complex)
        for k in range(layout.start, layout.stop):
            a, b, _ = panels[k]
            for x, weight in zip(NODES, WEIGHTS):
                w = 0.5 * (a + b) + 0.5 * (b - a) * x
                values[k] += 0.5 * (b - a) * weight * self._integrand(w, T)
        comm.Allreduce(MPI.IN_PLACE, values)
        return values

    def _integrand(self, w: float, T: FloatArray) -> ComplexArray:
        """sum_a [G^R Gamma_a (f_a - f_0) G^A] (entries,) / 2 pi at one energy."""
        components = np.unique(np.concatenate([block[1] for block in self.widths]))
        G = self.solved(w, components)
        result = np.zeros(len(self.rows), complex)
        for lead, where, charge, width in self.widths:
            excess = expit(-(w - charge * self.shifts[lead]) / T[lead]) - expit(-w / T[0])
            columns = G[:, np.searchsorted(components, where)]
            left = columns @ (width * excess)
            result += (left[self.rows] * columns[self.columns].conj()).sum(axis=1)
        return result / (2 * np.pi)
