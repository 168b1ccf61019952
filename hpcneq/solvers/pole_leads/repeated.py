"""Stationary states of many Hamiltonians between the same leads.

What does not depend on H is made once, as arrays: for small systems the matrices' making costs more
than their Schur form.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.linalg import schur

from ...maths.arrays import ArrayLike, ComplexArray
from ...maths.pole_leads import Density, LeadPoles
from .stationary import UNDAMPED, Undamped, lyapunov, undamped


class Stationaries:
    """`stationary.stationary` of the leads at potentials ``shifts`` (leads,), phases 0."""

    def __init__(self, leads: LeadPoles, shifts: ArrayLike):
        self.leads, V = leads, np.asarray(shifts, float)
        phases = np.zeros(leads.count)
        size, n = leads.size, leads.core
        nothing = np.zeros((size, size), complex)
        self.base = np.asarray(leads.matrix(nothing, V, phases))
        self.core_source = leads.core_source(phases).toarray()
        self.tail_source = -1j * leads.tail_source(phases).toarray()
        lower = V - 1.0
        self.levels, self.tail_levels = leads.levels(V), leads.tail_levels(V)
        self.turn = np.rint((leads.levels(lower) - self.levels).real)
        self.tail_turn = np.rint((leads.tail_levels(lower) - self.tail_levels).real)
        ones = np.ones(leads.tail, complex)
        place = (leads.tail_couplings(), np.arange(leads.tail))
        self.W = sparse.csr_matrix((ones, place), shape=(n, leads.tail))

    def of(self, H: ComplexArray, frame: float = 0.0, tolerance: float = UNDAMPED) -> Density:
        """R of H (size, size), dense, all potentials lowered by ``frame``.

        H is that of the frame already. Raises `Undamped`.
        """
        size = self.leads.size
        A = self.base.copy()
        A[:size, :size] += H
        place = np.arange(size, len(A))
        A[place, place] = self.levels + frame * self.turn
        T, Z = schur(A, output="complex", check_finite=False)
        if np.diagonal(T).imag.max() >= -tolerance:
            raise Undamped(*undamped(A, size, tolerance))
        tail = self._tail(A, self.tail_levels + frame * self.tail_turn)
        fed = 1j * self.W.dot(tail.T).T
        source = self.core_source + fed + fed.conj().T
        back = Z.conj().T
        core = Z @ lyapunov(T, -1j * (back @ source @ Z)) @ back
        return Density(0.5 * (core + core.conj().T), tail)

    def _tail(self, A: ComplexArray, x: ComplexArray) -> ComplexArray:
        """P of A P - P x^* = -i source: the columns of one x together."""
        P = np.empty_like(self.tail_source)
        poles, place = np.unique(x.conj(), return_inverse=True)
        diagonal = np.diagonal(A).copy()
        shifted = A.copy()
        for k, pole in enumerate(poles):
            columns = np.flatnonzero(place == k)
            np.fill_diagonal(shifted, diagonal - pole)
            P[:, columns] = np.linalg.solve(shifted, self.tail_source[:, columns])
        return P
