"""Spectra of the junction: density of states, momentum distributions and their Fermi edges.

With H = V e V^+ in the Nambu basis (c_up, c_dn^+) and every level of half-width G = sum of the
leads' gamma,

    A_up(w, x) = -(1/pi) Im G^R_11(w; x, x) = sum_n |V_xn|^2 L(w + h - e_n),      L(y) =
    (G/pi)/(y^2 + G^2) A_dn(w, x) = -(1/pi) Im G^R_22(-w; x, x) = sum_n |V_{x+N,n}|^2 L(-w + h -
    e_n)

(Kawamura & Ohashi 2025, Eqs. (41)-(45): only Green functions carry the field). The leads occupy a
share f_neq(w) = sum_l (gamma_l/G) f(w - v_l) of each frequency: the part G^<(w) = 2 pi i A(w)
f_neq(w) of mirrored leads, and of the normal state between any leads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....maths import fermi
from .junction import Junction, Lattice


def density_of_states(
    junction: Junction, levels: Sequence[tuple], w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(A_up, A_dn), each (n_w, Lx), states per energy and site at frequencies w.

    levels : [(block, e (2n,), V (2n, 2n))] of all blocks.
    """
    lattice, width = junction.lattice, junction.width
    density = np.zeros((2, len(w), len(lattice.count)))
    for block, e, V in levels:
        n = len(block.sites)
        for spin, (half, sign) in enumerate(((slice(0, n), 1), (slice(n, 2 * n), -1))):
            lorentz = width / np.pi / ((sign * w[:, None] + junction.h - e) ** 2 + width**2)
            np.add.at(
                density[spin].T,
                block.sites,
                block.weight[:, None] * (np.abs(V[half]) ** 2 @ lorentz.T),
            )
    return density[0][:, lattice.expand], density[1][:, lattice.expand]


def distribution(junction: Junction, eV: float, w: np.ndarray) -> np.ndarray:
    """f_neq(w), (n_w,): the occupied share of each frequency."""
    return sum(
        lead.gamma / junction.width * fermi.fermi(w - lead.shift(eV, junction.mu), lead.T)
        for lead in junction.leads
    )


def momentum_distribution(
    lattice: Lattice, greens: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """(n_up, n_dn), each (Lx, n_ky): occupation of (k_x, k_y >= 0).

    k_x = 2 pi m/Lx in ascending m from -Lx // 2 on. greens : -i G^< (2n, 2n) of the blocks of a
    stripe without parity, in the order of k_y.
    """
    L = lattice.Lx
    wave = np.exp(-1j * np.outer(momenta(L), np.arange(L))) / np.sqrt(L)
    up, down = np.empty((2, L, len(greens)))
    for m, G in enumerate(greens):
        up[:, m] = np.einsum("kx,xy,ky->k", wave, G[:L, :L], wave.conj(), optimize=True).real
        # at -k: c_dn^+ creates k
        hole = np.einsum("kx,xy,ky->k", wave.conj(), G[L:, L:], wave, optimize=True).real
        down[:, m] = 1 - hole
    return up, down


def momenta(L: int) -> np.ndarray:
    """k_x of a periodic chain, (L,) ascending from -pi on."""
    return 2 * np.pi * (np.arange(L) - L // 2) / L


def row_weights(Ly: int) -> np.ndarray:
    """Weights (n_ky,) of the momenta k_y >= 0 in a mean over all: -k_y counts with k_y."""
    times = [1 if m == 0 or 2 * m == Ly else 2 for m in range(Ly // 2 + 1)]
    return np.array(times) / Ly


def edges(
    junction: Junction, eV: float, shifts: np.ndarray | None = None
) -> dict[str, list[float]]:
    """{"up", "down"}: band energies xi of the Fermi edges of each spin, ascending.

    xi = +-h + v_l: two leads split each Zeeman-shifted surface into two, the four effective Fermi
    surfaces of Kawamura & Ohashi 2025, Fig. 6. shifts (2, n) : of the levels of electrons and of
    holes (`Junction.parts`); an edge moves with their mean.
    """
    up = down = junction.h
    if shifts is not None:
        up, down = junction.h - shifts @ junction.lattice.count / junction.lattice.Lx
    levels = sorted(lead.shift(eV, junction.mu) for lead in junction.leads)
    return {"up": [up + v for v in levels], "down": [v - down for v in levels]}


def harmonics(
    t: np.ndarray, y: np.ndarray, frequency: float, count: int
) -> tuple[np.ndarray, float]:
    """(amplitudes (count + 1,) complex, largest misfit) of y(t), by least squares.

    y = Re sum c_k exp(-i k frequency t).
    """
    phases = np.outer(t, frequency * np.arange(count + 1))
    table = np.concatenate([np.cos(phases), np.sin(phases[:, 1:])], axis=1)
    fit = np.linalg.lstsq(table, y, rcond=None)[0]
    c = fit[: count + 1].astype(complex)
    c[1:] += 1j * fit[count + 1 :]
    return c, float(np.abs(table @ fit - y).max())
