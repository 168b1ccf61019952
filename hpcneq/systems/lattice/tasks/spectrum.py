"""Task ``spectrum`` of the lattice: local and momentum-resolved density of states."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....maths.pole_leads import LeadPoles
from ....parallel import Communicator, Layout, all_rows
from ....tasks import Given, Outcome, Output
from ..physics import observables
from ..physics.lead_poles import Branches
from ..physics.spectra import Spectra, integral
from ..shared.chosen_state import largest_state, pairing_miss, words_of_lost
from ..shared.setup import LOOSE, Setup, begin, lead_facts, model_facts, write_model
from ..shared.state_records import record_of
from ..shared.states import Found, Stationary, stationary_before


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Density of states of every site and its occupied part, in a stationary state.

    **Collective.**
    """
    setup = begin(given, comm, output.recall)
    fits = setup.fits()
    leads = setup.leads(fits)
    stationary = stationary_before(setup, leads, setup.drives)
    state = largest_state(stationary)
    numerics = given.numerics
    energies = np.linspace(numerics.energy_min, numerics.energy_max, numerics.points)
    layout = Layout.over(len(energies), comm)
    own = energies[layout.start : layout.stop]
    log(f"spectrum: {len(energies)} energies of {setup.form.size} levels")
    local = _spectra(setup, stationary, state, setup.branches(fits), own)
    coarse = _spectra(setup, stationary, state, setup.branches(setup.fits(LOOSE)), own)
    error = np.abs(coarse[0] - local[0]).max((1, 2), initial=0.0) + 1e-12
    out = output()
    write_model(setup, out)
    out.axis("energy", energies)
    out.fixed("ldos", local[0][:, 0], layout=layout)
    out.fixed("occupied", local[0][:, 1], layout=layout)
    out.fixed("ldos_error", error, layout=layout)
    if given.parameters.k:
        waves = np.array(given.parameters.k, float)
        out.axis("wave", np.arange(len(waves)))
        out.fixed("k", waves)
        out.fixed("spectral", local[1].T, layout=layout, split="energy")
    H = stationary.values(state.c, state.mu)
    out.fixed("delta", observables.site_pairing(stationary.field, H))
    mean = all_rows(comm, local[0][:, 0].mean(1))
    summary = {**model_facts(setup), **lead_facts(setup, fits)}
    summary |= {
        "delta_max": observables.largest_pairing(stationary.field, H),
        "residual": state.residual,
        "weight": integral(energies, mean),
        "growth_A": stationary.growth(state.c, state.mu),
    }
    record = record_of(stationary, state, "")
    summary |= {name: record[name] for name in ("continuity", "redundancy", "pair_source")}
    errors = {"delta_max": state.residual + 1e-12 + _pairing_miss(stationary, state)}
    return Outcome("complete", summary, errors, words_of_lost(state.lost))


def _pairing_miss(own: Stationary, state: Found) -> float:
    """What looser fits change of the largest pairing; 0 where it is given."""
    if not own.setup.interacting:
        return 0.0
    leads = own.setup.leads(own.setup.fits(LOOSE))
    loose = Stationary(own.setup, leads, own.V, own.A, own.scale, own.T)
    return pairing_miss(loose, state.c, state.mu)


def _spectra(
    setup: Setup, stationary: Stationary, state: Found, branches: Branches, energies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """((energies, 2, n): density of states and occupied part, (energies, waves))."""
    H = stationary.field.dense(stationary.values(state.c, state.mu))
    V = stationary.V - state.mu
    leads = LeadPoles(setup.form.size, branches)
    A = np.asarray(leads.matrix(H, V, np.zeros(leads.count)))
    spectra = Spectra(setup.form, branches, A, V)
    waves = np.array(setup.given.parameters.k, float).reshape(-1, setup.model.position.shape[1])
    shape = (len(energies), 2, setup.model.sites)
    local = np.array([spectra.local(w - state.mu) for w in energies]).reshape(shape)
    position = setup.model.position
    resolved = np.array([spectra.at_waves(w - state.mu, waves, position) for w in energies])
    return local, resolved.reshape(len(energies), len(waves))
