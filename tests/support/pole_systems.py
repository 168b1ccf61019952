"""Small systems whose leads are poles: a dot, a chain with a mean field; runs of them."""

import numpy as np

from hpcneq import petsc
from hpcneq.maths.pole_leads import LeadPoles, normal_lead, pair_lead
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.pole_leads.state import PoleState

NONE = (np.zeros(0, int), np.zeros(0, int))
TAU = np.array([[0.0, 1.0], [1.0, 0.0]])


class Prescribed:
    """A constant H (size, size) in the 2n form at constant potentials; no mean field."""

    entries = NONE

    def __init__(self, leads, H, potentials):
        self.leads, self.H, self.potentials = leads, H, np.asarray(potentials, float)
        half = leads.size // 2
        self.weights = np.repeat([1.0, -1.0], half)
        self.observed = (np.arange(leads.size),) * 2

    def breakpoints(self, t_max):
        return []

    def shifts(self, t, side=+1):
        return self.potentials

    def phases(self, t):
        return self.potentials * t

    def close(self, values):
        return np.zeros(0, complex)

    def hamiltonian(self, t, side, c):
        return self.H

    def observables(self, t, side, c, seen):
        current = (seen.flows * self.weights).sum(axis=1)
        return {"n": seen.rho.real, "current": current, "c": c}


class Chain(Prescribed):
    """Sites in a row, hop -1, on-site attraction U, wide leads of full width 1 on both ends."""

    def __init__(self, fit, sites, U, potentials):
        hop = -np.eye(sites, k=1) - np.eye(sites, k=-1)
        ends = [normal_lead(fit, [s], [sites + s], [[1.0]]) for s in (0, sites - 1)]
        super().__init__(LeadPoles(2 * sites, ends), None, potentials)
        self.hop, self.U = hop, U
        self.entries = (np.arange(sites), sites + np.arange(sites))

    def close(self, values):
        return self.U * values

    def hamiltonian(self, t, side, c):
        return np.block([[self.hop, -np.diag(c)], [-np.diag(c.conj()), -self.hop]])


def dot(leads, level=0.0):
    """(LeadPoles, H) of one orbital at ``level``."""
    return LeadPoles(2, leads), np.diag([level, -level]).astype(complex)


def normal(fit, width):
    """A normal lead of full ``width`` on the dot."""
    return normal_lead(fit, [0], [1], [[width]])


def pair(fit, half_width, phase=0.0):
    """A BCS lead of ``half_width`` on the dot."""
    return pair_lead(fit, [0, 1], [1, -1], TAU, 2 * half_width * np.eye(2), phase)


def particles(leads, density, phases=None):
    """dN/dt (leads,) into the system, both spins, in the 2n form."""
    half = leads.size // 2
    phi = np.zeros(leads.count) if phases is None else phases
    return leads.flows(density, phi, np.repeat([1.0, -1.0], half))


def evolved(system, start, comm, t_max, dt, method="etd", every=None, options=None):
    """[(t, observables)] of an evolution."""
    state, rows = PoleState(system, comm, start, method), []
    with petsc.Options(options or {}) as given:
        evolution = Evolution(state, t_max, dt, given)
        try:
            evolution.run(lambda row: rows.append((row.t, state.observe(row))), None, every)
        finally:
            evolution.destroy()
    return rows


class Kept:
    """A keeper of `solvers.checkpointing` in memory: writes at the step ``at``."""

    def __init__(self, at=None, saved=None):
        self.at, self.saved, self.moved, self.count = at, saved, False, 0
        self.meta, self.arrays = None, {}

    def decide(self):
        self.count += 1
        return False, self.count == self.at

    def save(self, numbers, shared, arrays, free):
        if self.count == self.at:
            self.meta = {
                "solver": dict(numbers),
                "shared": {name: np.array(value) for name, value in shared.items()},
            }
            self.arrays = {name: part[0].copy() for name, part in arrays.items()}
        return 0

    def read(self, name, flat, start, size):
        flat[:] = self.arrays[name]


def resumed(system, start, comm, t_max, dt, method, stop):
    """This rank's columns at ``t_max`` of a run, and of one taken up from its step ``stop``."""
    kept, ends = Kept(stop), []
    for keeper, density in ((kept, start), (None, None)):
        state = PoleState(system, comm, density, method)
        with petsc.Options({}) as given:
            evolution = Evolution(state, t_max, dt, given, keeper=keeper or Kept(saved=kept))
            evolution.run(lambda row: None, None, t_max)
            evolution.destroy()
        ends.append(state.flat.copy())
    return ends
