"""Leads as poles on the components of the lattice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import InputError
from ....maths import lead_fits, pole_leads
from .nambu import Form
from .reservoirs import Fitting, Reservoir, channels

OF_WIDE = 0.1  # of the error: one pole more of a wide lead
LEAST_OF_WIDE = 1e-9


def fit_of(lead: Reservoir, fitting: Fitting) -> lead_fits.Fit:
    """The poles of a lead's frequency dependence."""
    if lead.kind == "wide":
        return _wide_fit(lead, fitting)
    if lead.kind == "chain":
        return lead_fits.chain_fit(lead.hopping, lead.T, lead.mu, fitting.floor, fitting.error)
    if lead.kind == "bcs":
        tail = (fitting.tail or 600 * lead.delta) / fitting.earlier
        return lead_fits.bcs_fit(lead.delta, lead.dynes, lead.T, tail, fitting.error)
    if lead.table is None:
        raise ValueError(f"lead {lead.name}: has no table")
    w, values, _ = channels(lead)
    return lead_fits.tabulated_fit(w, values, lead.T, lead.mu, fitting.floor, fitting.of_table)


def _wide_fit(lead: Reservoir, fitting: Fitting) -> lead_fits.Fit:
    """That of a wide lead: ten times as well as asked, where that is within reach."""
    better = max(OF_WIDE * fitting.error, min(fitting.error, LEAST_OF_WIDE))
    try:
        return lead_fits.wide_fit(lead.T, lead.mu, fitting.window, better)
    except InputError:
        return lead_fits.wide_fit(lead.T, lead.mu, fitting.window, fitting.error)


def branches_of(lead: Reservoir, form: Form, fit: lead_fits.Fit) -> list[pole_leads.Branch]:
    """The lead on the lattice's components."""
    electrons, holes = form.of_spin(lead.sites, lead.spin)
    if lead.kind == "bcs":
        return _superconductor(lead, form, fit)
    split, hole_split = _splitting(lead, form, electrons, holes)
    repeat = max(len(electrons), len(holes)) // len(lead.sites)
    inner = np.eye(repeat)
    if lead.kind == "file":
        _, _, channel = channels(lead)
        matrices = np.array([np.kron(matrix, inner) for matrix in channel])
    else:
        widths = np.full(len(lead.sites), lead.widest())
        if lead.kind == "wide":
            widths = 2 * lead.gamma
        matrices = np.array([np.diag(np.repeat(widths, repeat))])
    both = pole_leads.normal_lead(
        fit,
        electrons,
        holes,
        _cut(matrices, len(electrons)),
        _cut(matrices, len(holes)),
        split,
        hole_split,
    )
    return [branch for branch in both if len(branch.components)]


def _cut(matrices: np.ndarray, size: int) -> np.ndarray:
    """Of a spin that the lead does not take, nothing."""
    return matrices[:, :size, :size]


def _splitting(
    lead: Reservoir, form: Form, electrons: np.ndarray, holes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shifts of the levels of electrons and holes of a spin-split band, spin up by +h."""
    if form.spin == "z":  # electrons up by h, holes of spin down by h
        return np.full(len(electrons), lead.h), np.full(len(holes), lead.h)
    if form.spin == "none":
        return np.zeros(len(electrons)), np.zeros(len(holes))
    sign = 1.0 - 2.0 * (electrons % 2)
    return lead.h * sign, -lead.h * sign


def _superconductor(lead: Reservoir, form: Form, fit: lead_fits.Fit) -> list[pole_leads.Branch]:
    """Electrons and holes of the sites together."""
    electrons, holes = form.of_spin(lead.sites, "both")
    components = np.concatenate([electrons, holes])
    half = len(electrons)
    theta = np.zeros((2 * half, 2 * half), complex)
    pairing = np.eye(half)
    if form.spin == "full":
        pairing = np.kron(np.eye(len(lead.sites)), [[0, 1], [-1, 0]])  # i sigma_y
    theta[:half, half:], theta[half:, :half] = pairing, pairing.T
    widths = np.tile(np.repeat(2 * lead.gamma, form.inner), 2)
    return pole_leads.pair_lead(
        fit, components, form.charge[components], theta, np.diag(widths), lead.phase
    )


Branches = list[list[pole_leads.Branch]]


def branches(
    form: Form, reservoirs: Sequence[Reservoir], fits: Sequence[lead_fits.Fit]
) -> Branches:
    """The branches of every lead."""
    return [branches_of(lead, form, fit) for lead, fit in zip(reservoirs, fits)]
