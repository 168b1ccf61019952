"""Task ``tunnelling`` of the lattice: dI/dV under a weak tip, as a function of time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output
from ..physics.probes import sites
from ..shared.setup import begin
from ..shared.two_times import facts, misses, probe_of, with_errors, words_of, write_probe


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The local density of states that a tip sees during each probe. **Collective.**"""
    setup = begin(given, comm, output.recall)
    table = given.tables["probe"]
    chosen = np.array(table.sites or np.arange(setup.model.sites), int)
    probe = probe_of(given, sites(setup.form, chosen), table.tip_T)
    fine, coarse, start = with_errors(setup, probe, comm, output.recall, log)
    out = output()
    write_probe(setup, out, probe, fine)
    out.axis("point", np.arange(len(chosen)))
    out.fixed("probed", chosen)
    per_energy = 1 / (2 * np.pi)
    out.fixed("didv", per_energy * fine["single"].swapaxes(1, 2))
    out.fixed("occupied", per_energy * fine["filled"].swapaxes(1, 2))
    error = per_energy * np.maximum(misses(fine, coarse, "single"), misses(fine, coarse, "filled"))
    out.fixed("didv_error", error)
    out.fixed("occupation", fine["occupation"])
    summary = facts(setup, start) | {"didv_max": float(per_energy * fine["single"].max())}
    errors = {}
    if coarse:
        errors = {"delta_max": start["delta_max_error"], "didv_max": float(error.max())}
    return Outcome("complete", summary, errors, words_of(given, start))
