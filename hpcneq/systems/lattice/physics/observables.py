"""What is told of a state: order parameter, densities, currents, continuity."""

from __future__ import annotations

import numpy as np

from .mean_field import MeanField
from .nambu import BondCurrents, Form, singlet_parts


def site_pairing(field: MeanField, H: np.ndarray) -> np.ndarray:
    """D of every site (n,) from the entries of H."""
    form, i = field.form, np.arange(field.form.sites)
    if form.spin == "none":
        return np.zeros(form.sites, complex)
    if form.spin == "z":
        return -field.at(H, i, form.sites + i)
    return -field.at(H, 2 * i, form.electrons + 2 * i + 1)


def bond_pairing(field: MeanField, H: np.ndarray) -> np.ndarray:
    """The even part of D on every bond of the model (bonds,); spinless: D_ij."""
    bonds = field.model.bonds
    i = np.array([bond[0] for bond in bonds], int)
    j = np.array([bond[1] for bond in bonds], int)
    one, other = singlet_parts(field.form, i, j)
    return -0.5 * (field.at(H, *one) + field.at(H, *other))


def largest_pairing(field: MeanField, H: np.ndarray) -> float:
    """Largest modulus of D on sites and bonds."""
    values = np.concatenate([site_pairing(field, H), bond_pairing(field, H)])
    return float(np.abs(values).max(initial=0.0))


def bond_flows(field: MeanField, bonds: BondCurrents, H: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Particles through every link i -> j, all spins. rho : its entries ``bonds.rows, columns``."""
    hops = field.at(H, bonds.hop_rows, bonds.hop_columns)
    return bonds.of(hops, rho)


def pair_sources(form: Form, H: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Particles that the pairing of H makes on every site and second, (n,); dense H, rho (M, M).

    Zero where D is self-consistent.
    """
    half = form.electrons
    D, F = H[:half, half:], rho[half:, :half]
    flow = np.zeros(form.size)
    flow[:half] = 2 * np.imag(np.sum(D * F.T, axis=1))
    flow[half:] = 2 * np.imag(np.sum(H[half:, :half] * rho[:half, half:].T, axis=1))
    return np.bincount(form.site, form.particle * flow, form.sites)


def continuity(
    form: Form, bonds: BondCurrents, flows: np.ndarray, leads: np.ndarray, sources: np.ndarray
) -> np.ndarray:
    """dn/dt of every site (n,) as the sum of links, leads and pair sources; 0 if stationary."""
    into = np.bincount(bonds.j, flows, form.sites) - np.bincount(bonds.i, flows, form.sites)
    return into + leads + sources


def turned(pairs: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Pair amplitudes with the overall phase that brings them next to a reference."""
    overlap = np.vdot(reference, pairs)
    if overlap == 0:
        return pairs
    return pairs * (np.conj(overlap) / abs(overlap))


def distance(one: np.ndarray, other: np.ndarray, pairs: np.ndarray, pinned: bool) -> float:
    """Largest difference of two mean fields; modulo a phase of all pairs unless it is pinned."""
    first, second = one.copy(), other.copy()
    if not pinned:
        second[pairs] = turned(second[pairs], first[pairs])
    return float(np.abs(first - second).max(initial=0.0))
