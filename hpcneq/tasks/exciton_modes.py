"""Task ``modes`` of the exciton-bec system: roots of det M(q, w) = 0."""
from __future__ import annotations

import numpy as np

from ..config import Task
from ..errors import NotConverged
from ..parallel import on_root, solo
from ..solvers.contours import Box
from ..solvers.modes import spectrum
from ..systems.exciton_bec import collective, inputs
from .evolution import Outcome
from .exciton_steady import WIDE, condensate, given, refuse_unused

TASKS = {
    "modes": Task(tables={"parameters": inputs.ModesParameters, "numerics": inputs.ModesNumerics}, sweep=("q",), petsc=("steady",),
                  doc="modes of the condensate over q: complex frequencies, growth rates, the gapless mode's velocity and damping"),
}
FINENESS = (0.1, 0.5)      # between the thresholds of pairs M varies far more slowly than its distance from -ig lets expect


def modes(run, comm, log, output):
    """Roots of det M(q, w), Hanai et al. (2018), Eq. (37): counted by winding, located, polished. **Collective.**

    Ranks take momenta where there are enough of them, else they share the sums.
    """
    refuse_unused(run)
    state, found = condensate(run, comm)
    q = np.unique(run.sweep.get("q", np.atleast_1d(np.asarray(run.parameters.q, float))))
    n = run.numerics
    spectra = search(state, q, -n.floor * state.g, run.parameters.part, n.panels, comm, log)
    warnings = [f"q = {k:.6g}: {text}" for k, text in zip(q, spectra) if isinstance(text, str)]
    write(output(), state, q, spectra)
    summary, errors = headline(q, spectra)
    c2, damping = on_root(comm, collective.gapless, state)
    summary |= {"c2": c2, "damping": damping, "crossover_q": 0.5 * abs(damping) / np.sqrt(c2) if c2 > 0 else None, "floor": -n.floor * state.g,
                "part": run.parameters.part, "ratio": state.ratio, "delta": state.delta, **given(state.drive), "residual": found.residual}
    return Outcome("not-converged" if warnings else "complete", summary, errors, [WIDE, *warnings])


def search(state, q, floor, part, fine, comm, log):
    """For each q its Spectrum, or the reason why there is none (str), on every rank. **Collective.**"""
    if len(q) < comm.size:
        return [one(state, k, floor, part, fine, comm) for k in q]
    mine = []
    for i in range(comm.rank, len(q), comm.size):
        mine.append((i, one(state, q[i], floor, part, fine, solo())))
        log(f"modes: {len(mine)} of {len(range(0, len(q), comm.size))} momenta of rank 0 done")
    found = dict(pair for piece in comm.allgather(mine) for pair in piece)
    return [found[i] for i in range(len(q))]


def one(state, q, floor, part, fine, comm):
    """The Spectrum at one q, or why there is none. **Collective.**"""
    x, y = collective.reach(state, q)
    try:
        return spectrum(collective.Collective(state, part, fine), float(q), comm, box=Box(-1.013 * x, 1.017 * x, floor, 1.011 * y), fineness=FINENESS)
    except NotConverged as error:
        return str(error)


def listed(spectra):
    """For each q its modes, fastest growing first, of a mirrored pair that with Re w > 0 first; None where the search failed."""
    return [None if isinstance(s, str) else sorted(s.modes, key=lambda m: (-round(m.z.imag, 10), -m.z.real)) for s in spectra]


def headline(q, spectra):
    """(summary, errors) : roots of every q, the largest growth rate and where."""
    rows = listed(spectra)
    good = [(k, row) for k, row in zip(q, rows) if row]
    best = max(good, key=lambda pair: pair[1][0].z.imag, default=None)
    summary = {"q": q.tolist(), "roots": [None if row is None else [[m.z.real, m.z.imag] for m in row] for row in rows],
               "max_growth": best[1][0].z.imag if best else None, "q_max": float(best[0]) if best else None,
               "frequency": abs(best[1][0].z.real) if best else None,
               "growing": [None if isinstance(s, str) else s.growing for s in spectra],
               "verdict": "unstable" if any(not isinstance(s, str) and s.growing for s in spectra) else "stable" if all(
                   not isinstance(s, str) for s in spectra) else "unknown"}
    errors = {"max_growth": best[1][0].error, "frequency": best[1][0].error} if best else {}
    return summary, errors


def write(out, state, q, spectra):
    """Axes q and mode; frequencies, growth rates, errors, the threshold of pairs. **Collective.**"""
    rows = listed(spectra)
    most = max([1, *(len(row) for row in rows if row)])
    rate, frequency, error = (np.full((len(q), most), np.nan) for _ in range(3))
    vector = np.full((len(q), most, 2), np.nan, complex)
    for i, row in enumerate(rows):
        for j, mode in enumerate(row or ()):
            rate[i, j], frequency[i, j], error[i, j], vector[i, j] = mode.z.imag, mode.z.real, mode.error, mode.vectors[0]
    out.axis("q", q, "kF", "momentum")
    out.axis("mode", np.arange(most), "1", "modes of one q, fastest growing first")
    out.axis("component", np.array(["amplitude", "phase"]), "1", "component of the null vector")
    for name, values, text in (("growth_rate", rate, "Im w of the mode e^{-iwt}"), ("frequency", frequency, "Re w of the mode"),
                               ("mode_error", error, "bound on the error of w")):
        out.fixed(name, values, ("q", "mode"), "eF", text)
    out.fixed("vector", vector, ("q", "mode", "component"), "1", "null vector of M, of length 1")
    out.fixed("threshold", np.array([collective.threshold(state, k) for k in q]), ("q",), "eF", "least energy of a broken pair")
    out.fixed("samples", np.array([0 if isinstance(s, str) else s.samples for s in spectra], np.int64), ("q",), "1", "evaluations of M")


