"""Currents between normal leads without interaction: integrals over energies, leads exact.

I_a = sum_b int dw/2pi sum_ij weight_i Gamma_i |G_ij|^2 Gamma_j (f_i - f_j), i of lead a and j of
lead b; only energies between the leads' Fermi edges count. G between contacts follows from the
levels of the lattice with an absorber -i s on each contact, g = sum u v/(w - E), as
(1 - g (Sigma + i s))^-1 g: no level lies on the axis that a contact sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ....maths.fermi import fermi
from .mean_field import MeanField
from .reservoirs import Reservoir

KINDS = ("wide", "chain")  # whose self-energy is known in closed form
EDGES = (-40.0, -10.0, -3.0, 0.0, 3.0, 10.0, 40.0)  # of the panels around a Fermi edge, in T
MOST_PANELS = 4000
NUMBERS_AT_ONCE = 2**22  # complex numbers of a stack of matrices
TINY = 1e-13  # width of levels, of the largest entry: no node lies on one
ORDER = 16  # of the rule on a panel

Array = np.ndarray


@dataclass(frozen=True)
class Contacts:
    """The components that leads touch.

    component : (m,) of the matrix. lead : (m,) which lead. charge, split : (m,) sign of the
    potential and shift by the spin. weight : (m,) of the current.
    """

    component: Array
    lead: Array
    charge: Array
    split: Array
    weight: Array


class Scattering:
    """H of a lattice and its leads at potentials V; no pairing: electrons alone."""

    def __init__(self, field: MeanField, H: Array, leads: Sequence[Reservoir]) -> None:
        form = field.form
        self.leads, self.form = leads, form
        whole = field.dense(H)
        half = form.electrons
        paired = bool(np.any(whole[:half, half:]))
        split = any(lead.h or lead.spin != "both" for lead in leads)
        self.twice = 1.0
        self.kept = np.arange(form.size)
        if not paired and form.spin != "z":
            self.kept = np.arange(half)
            self.twice = 2.0  # weights are halved in the form with holes
        elif not paired and not split and field.model.hopping_down is None:
            self.kept = np.arange(half)
            self.twice = 2.0
        H = whole[np.ix_(self.kept, self.kept)]
        self.contacts = self._contacts()
        component = self.contacts.component
        unique, place = np.unique(component, return_inverse=True)
        scale = max(1.0, float(np.abs(H).max()))
        H[unique, unique] -= 1j * scale
        self.absorber = scale / np.bincount(place)[place]
        self.energies, states = np.linalg.eig(H)
        self.ends, self.starts = states[component], np.linalg.inv(states)[:, component]
        self.tiny = TINY * scale
        self.of_lead = np.eye(len(leads))[self.contacts.lead]

    def _contacts(self) -> Contacts:
        parts: list[list[Array]] = [[], [], [], []]
        for number, lead in enumerate(self.leads):
            electrons, holes = self.form.of_spin(lead.sites, lead.spin)
            for components, sign in ((electrons, 1.0), (holes, -1.0)):
                components = components[components < len(self.kept)]
                parts[0].append(components)
                parts[1].append(np.full(len(components), number))
                parts[2].append(np.full(len(components), sign))
                parts[3].append(self._split(lead, components, sign))
        component, lead_of, charge, split = map(np.concatenate, parts)
        weight = self.twice * self.form.particle[component]
        return Contacts(component, lead_of, charge, split, weight)

    def _split(self, lead: Reservoir, components: Array, sign: float) -> Array:
        if self.form.spin == "z":
            return np.full(len(components), lead.h)
        if self.form.spin == "none":
            return np.zeros(len(components))
        return sign * lead.h * (1.0 - 2.0 * (components % 2))

    def _widths(self, number: int) -> Array:
        """Half width of every contact of a wide lead."""
        lead = self.leads[number]
        site = self.form.site[self.contacts.component[self.contacts.lead == number]]
        place = {int(s): k for k, s in enumerate(lead.sites)}
        return np.array([lead.gamma[place[int(s)]] for s in site])

    def self_energies(self, w: Array, V: Array) -> tuple[Array, Array]:
        """(Sigma^R, f), both (energies, m), of all contacts."""
        contacts = self.contacts
        sigma = np.zeros((len(w), len(contacts.component)), complex)
        filling = np.zeros(sigma.shape)
        for number, lead in enumerate(self.leads):
            own = contacts.lead == number
            sign = contacts.charge[own]
            z = w[:, None] - sign * V[number] - contacts.split[own]
            filling[:, own] = fermi(z - sign * lead.mu, lead.T)
            if lead.kind == "wide":
                sigma[:, own] = -1j * self._widths(number)
            else:
                of_electron = _chain(sign * z, lead)
                sigma[:, own] = np.where(sign > 0, of_electron, -of_electron.conj())
        return sigma, filling

    def flows(self, w: Array, V: Array, weights: Array) -> Array:
        """(energies, kinds, leads) of the integrand. weights : (kinds, m) of the contacts."""
        contacts = self.contacts
        most = max(1, NUMBERS_AT_ONCE // self.ends.size)
        one = np.eye(len(contacts.component))
        rows = []
        for first in range(0, len(w), most):
            part = w[first : first + most]
            sigma, filling = self.self_energies(part, V)
            levels = part[:, None] + 1j * self.tiny - self.energies
            alone = (self.ends / levels[:, None, :]) @ self.starts
            more = sigma + 1j * self.absorber
            G = np.linalg.solve(one - alone * more[:, None, :], alone)
            Gamma = -2 * sigma.imag
            T = Gamma[:, :, None] * np.abs(G) ** 2 * Gamma[:, None, :]
            each = np.sum(T * (filling[:, :, None] - filling[:, None, :]), axis=2)
            rows.append(np.einsum("wm,km,ma->wka", each, weights, self.of_lead))
        return np.concatenate(rows) / (2 * np.pi)

    def edges(self, V: Array) -> Array:
        """Ends of the first panels: Fermi edges and band edges."""
        points = []
        for number, lead in enumerate(self.leads):
            for sign in sorted(set(self.contacts.charge)):
                for split in {0.0, lead.h, -lead.h}:
                    center = sign * V[number] + split
                    points += [center + sign * lead.mu + x * lead.T for x in EDGES]
                    if lead.kind == "chain":
                        points += [center - 2 * lead.hopping, center + 2 * lead.hopping]
        return np.unique(np.round(points, 14))


def _chain(z: Array, lead: Reservoir) -> Array:
    """Retarded self-energy of a half-infinite chain at real z."""
    J = lead.hopping
    inside = np.abs(z) < 2 * J
    root = np.sqrt(np.abs(4 * J**2 - z**2))
    g = np.where(inside, z - 1j * root, z - np.sign(z) * root) / (2 * J**2)
    return lead.contact**2 * g


def nested(order: int) -> tuple[Array, Array, Array]:
    """Nodes in [-1, 1], (order + 1,), Clenshaw-Curtis weights, those of every second node."""
    nodes = np.cos(np.pi * np.arange(order + 1) / order)
    return nodes, _weights(order), _weights(order // 2)


def _weights(order: int) -> Array:
    """Weights of the rule on cos(pi k/order) that is exact for polynomials of that order."""
    k = np.arange(order + 1)
    powers = np.cos(np.pi * np.outer(k, k) / order)  # T_j at the nodes
    integrals = np.where(k % 2 == 0, 2.0 / (1.0 - k.astype(float) ** 2 + 1e-300), 0.0)
    return np.linalg.solve(powers, integrals)


def integrate(
    function: Callable[[Array], Array], edges: Array, error: float
) -> tuple[Array, float, bool]:
    """(integral, its error, whether the target was reached) of (n,) -> (n, ...) over the edges.

    Panels are halved where a rule and that on every second of its nodes differ.
    """
    spans = np.stack([edges[:-1], edges[1:]], 1)
    total, largest = None, 0.0
    count = 0
    while len(spans):
        count += len(spans)
        fine, coarse = _rules(function, spans)
        miss = np.abs(fine - coarse).reshape(len(spans), -1).max(1)
        width = spans[:, 1] - spans[:, 0]
        good = miss <= np.maximum(error * width / (edges[-1] - edges[0]), 1e-15)
        if count > MOST_PANELS:
            good[:] = True
        part = fine[good].sum(0)
        total = part if total is None else total + part
        largest += float(miss[good].sum())
        rest = spans[~good]
        middle = rest.mean(1)
        spans = np.concatenate(
            [np.stack([rest[:, 0], middle], 1), np.stack([middle, rest[:, 1]], 1)]
        )
    return np.asarray(total), largest, count <= MOST_PANELS


def _rules(function: Callable, spans: Array) -> tuple[Array, Array]:
    """Integral over each span by the rule, and by that on every second node, (spans, ...)."""
    nodes, weights, half_weights = nested(ORDER)
    half = 0.5 * (spans[:, 1] - spans[:, 0])
    w = spans.mean(1)[:, None] + half[:, None] * nodes
    values = function(w.ravel()).reshape(len(spans), len(nodes), -1)
    return (
        np.einsum("snk,n,s->sk", values, weights, half),
        np.einsum("snk,n,s->sk", values[:, ::2], half_weights, half),
    )
