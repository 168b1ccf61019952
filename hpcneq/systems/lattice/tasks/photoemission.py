"""Task ``photoemission`` of the lattice: A(k, w, t) as a pulse of light sees it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output
from ..physics.probes import plane_waves
from ..shared.probe_input import waves_of
from ..shared.setup import begin
from ..shared.two_times import facts, misses, probe_of, with_errors, words_of, write_probe


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The spectrum of the electrons at the middle of each probe, after what changes at t = 0.

    **Collective.**
    """
    setup = begin(given, comm, output.recall)
    waves = waves_of(given, setup.model)
    vectors = plane_waves(setup.form, setup.model.position, waves)
    probe = probe_of(given, vectors)
    fine, coarse, start = with_errors(setup, probe, comm, output.recall, log)
    out = output()
    write_probe(setup, out, probe, fine)
    out.axis("k", np.arange(len(waves)))
    out.fixed("wave_vector", waves)
    out.fixed("intensity", fine["filled"].swapaxes(1, 2))
    error = misses(fine, coarse, "filled")
    out.fixed("intensity_error", error)
    out.fixed("occupation", fine["occupation"])
    summary = facts(setup, start)
    summary |= {
        "intensity_max": float(fine["filled"].max()),
        "intensity_min": float(fine["filled"].min()),
    }
    errors = {}
    if coarse:
        errors = dict.fromkeys(("intensity_max", "intensity_min"), float(error.max()))
        errors["delta_max"] = start["delta_max_error"]
    return Outcome("complete", summary, errors, words_of(given, start))
