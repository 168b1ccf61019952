"""Spectral functions of a stationary state from the eigenvectors of its levels with leads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....maths.pole_leads import Branch
from .lead_poles import Branches
from .nambu import Form


class Spectra:
    """Green functions of A (n, n), of which the first M levels are the lattice's.

    V : (leads,) potentials.
    """

    def __init__(self, form: Form, leads: Branches, A: np.ndarray, V: np.ndarray) -> None:
        self.form, self.leads = form, leads
        self.V = V
        self.a, vectors = np.linalg.eig(A)
        self.right = vectors[: form.size]
        self.left = np.linalg.inv(vectors)[:, : form.size]

    def retarded(self, w: float) -> np.ndarray:
        """G^R (M, M)."""
        return (self.right / (w - self.a)) @ self.left

    def filling(self, w: float) -> np.ndarray:
        """s (M, M), what the leads fill in."""
        s = np.zeros((self.form.size,) * 2, complex)
        for lead, V in zip(self.leads, self.V):
            for branch in lead:
                s[np.ix_(branch.components, branch.components)] += filling_of(branch, w, V)
        return s

    def of_components(self, w: float) -> tuple[np.ndarray, np.ndarray]:
        """(spectral function, its occupied part) of every component, (M,) each; integral 1."""
        G = self.retarded(w)
        occupied = np.einsum("ij,ij->i", G @ self.filling(w), G.conj()).real
        return -np.diagonal(G).imag / np.pi, occupied / (2 * np.pi)

    def local(self, w: float) -> tuple[np.ndarray, np.ndarray]:
        """(density of states, occupied part) of every site, mean over spins, (n,) each."""
        form, half = self.form, self.form.electrons
        a, n = self.of_components(w)
        if form.spin != "z":
            shape = (form.sites, form.inner)
            return a[:half].reshape(shape).mean(1), n[:half].reshape(shape).mean(1)
        b, m = self.of_components(-w)
        return 0.5 * (a[:half] + b[half:]), 0.5 * (n[:half] + b[half:] - m[half:])

    def at_waves(self, w: float, waves: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Spectral function of plane waves (waves,), mean over orbitals and spins."""
        form, half = self.form, self.form.electrons
        phase = np.exp(1j * waves @ position.T) / np.sqrt(form.sites)
        if form.spin != "z":
            inner = [
                _expectation(phase, self.retarded(w)[s : half : form.inner, s : half : form.inner])
                for s in range(form.inner)
            ]
            return np.mean(inner, axis=0)
        up = _expectation(phase, self.retarded(w)[:half, :half])
        down = _expectation(phase.conj(), self.retarded(-w)[half:, half:])
        return 0.5 * (up + down)


def filling_of(branch: Branch, w: float, V: float) -> np.ndarray:
    """s of a branch at the potential V, (m, m)."""
    levels = branch.levels + V * branch.charge
    terms = np.sum(branch.filling / (w - levels)[:, None, :], axis=0)
    return branch.filling_inf + terms + terms.conj().T


def _expectation(phase: np.ndarray, G: np.ndarray) -> np.ndarray:
    """-Im <k|G|k> / pi of plane waves (waves, n)."""
    return -np.einsum("ki,ij,kj->k", phase.conj(), G, phase).imag / np.pi


def integral(w: Sequence[float] | np.ndarray, values: np.ndarray) -> float:
    """By straight lines."""
    return float(np.sum(0.5 * np.diff(w) * (values[1:] + values[:-1])))
