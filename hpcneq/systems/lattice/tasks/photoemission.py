"""Task ``photoemission`` of the lattice: A(k, w, t) as a pulse of light sees it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output
from ..physics.probes import plane_waves
from ..shared.chosen_state import words_of_lost
from ..shared.probe_input import waves_of
from ..shared.setup import Setup, begin, lead_facts, model_facts, write_model
from ..shared.two_times import Probe, Record, misses, with_errors

FACTS = ("delta_max", "mu_c", "residual", "continuity", "redundancy", "pair_source", "growth_A")


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


def probe_of(given: Given, vectors: object, thermal: float = 0.0) -> Probe:
    """The probe of an input."""
    numerics, table = given.numerics, given.tables["probe"]
    energies = np.linspace(numerics.energy_min, numerics.energy_max, numerics.points)
    times = np.array(table.times, float)
    return Probe(vectors, times, energies, table.width, thermal)  # type: ignore[arg-type]


def write_probe(setup: Setup, out: object, probe: Probe, fine: Record) -> None:
    """What both tasks with a probe write. **Collective.**"""
    write_model(setup, out)  # type: ignore[arg-type]
    out.axis("t", probe.times)  # type: ignore[attr-defined]
    out.axis("energy", probe.energies)  # type: ignore[attr-defined]
    out.fixed("delta_max_at", fine["delta_max"])  # type: ignore[attr-defined]


def words_of(given: Given, start: Record) -> list[str]:
    """What a reader has to know of the state before t = 0, and of the errors."""
    words = words_of_lost(start.get("lost", ()))
    if not given.numerics.error_estimate:
        words.append("no error estimates: [numerics] error_estimate = false")
    return words


def facts(setup: Setup, start: Record) -> Record:
    """What the summary says of model, leads and the state before t = 0."""
    summary = {**model_facts(setup), **lead_facts(setup, setup.fits())}
    return summary | {name: start[name] for name in FACTS}
