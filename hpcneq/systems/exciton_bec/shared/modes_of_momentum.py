"""The modes of one momentum: counted where that is certain, and what lies below, polished."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root, solo
from ....solvers.contours import Box
from ....solvers.modes import Spectrum, spectrum
from ..physics import collective_modes, growth, response
from ..physics.gap_equations import Condensate

FINENESS = (0.1, 0.5)  # between the thresholds of pairs M varies slower than its distance from -ig
LINES = (0.5, 0.85)  # of g: where an approximant is sampled for the modes below the floor
LADDER = (0.9, 0.5)  # of g: where roots are counted if they cannot be down to the floor


def modes_at(state: Condensate, q: float, part: str, numerics: Any, comm: Communicator) -> dict:
    """Modes of one momentum, fastest first. **Collective.**

    z (n,) : their frequencies; error (n,); vector (n, 2) : null vectors; counted : how many are at
    Im w above ``floor``, with mirrored ones, -1 where not counted or where M's error blurs the
    count: then ``why`` tells; growing : how many grow; samples : evaluations of M; dispersion.
    """
    counted, why, floor = _counted(state, q, part, numerics, comm)
    deep = []
    if numerics.floor >= 0 and (counted is None or floor > -numerics.deep * state.g):
        fine = min(numerics.panels, growth.FINE)
        deep = on_root(comm, growth.roots, state, q, fine, part, LINES, numerics.deep)
    rows = []
    if counted is not None:
        rows = [(_on_axis(mode, state.g), mode.error, mode.vectors[0]) for mode in counted.modes]
        deep = [w for w in deep if w.imag < floor]
    rows += [
        on_root(comm, _polished, state, q, z, part)
        for w in deep
        for z in ([w, -np.conj(w)] if w.real else [w])
    ]
    rows.sort(key=lambda row: (-round(row[0].imag, 10), -row[0].real))
    record = {
        "z": np.array([z for z, _, _ in rows], complex),
        "error": np.array([error for _, error, _ in rows], float),
        "vector": np.array([vector for _, _, vector in rows], complex).reshape(-1, 2),
        "floor": floor,
        "dispersion": on_root(comm, growth.dispersion, state, q, part),
    }
    return record | _count(record["z"], counted, why)


def empty_record() -> dict:
    """The record of a momentum at which nothing was found, as `modes_at` gives it."""
    return {
        "z": np.zeros(0, complex),
        "error": np.zeros(0),
        "vector": np.zeros((0, 2), complex),
        "floor": 0.0,
        "dispersion": np.nan,
        "counted": -1,
        "growing": 0,
        "samples": 0,
    }


def _count(z, counted, why):
    """{counted, growing, samples}, and ``why`` where a count failed."""
    if counted is not None:
        return {"counted": counted.count, "growing": counted.growing, "samples": counted.samples}
    count = {"counted": -1, "growing": int(np.count_nonzero(z.imag > 1e-9)), "samples": 0}
    if why:
        count["why"] = why
    return count


def _counted(state, q, part, numerics, comm):
    """(Spectrum at one q or None, why there is none, its floor), as deep as counting is certain.

    **Collective.**
    """
    if not numerics.count:
        return None, "", -numerics.floor * state.g
    for share in (numerics.floor, *(x for x in LADDER if x < numerics.floor)):
        try:
            counted = counted_modes(state, q, -share * state.g, part, numerics.panels, comm)
            return counted, "", counted.box.bottom
        except NotConverged as error:
            why = str(error)
    return None, why, -share * state.g


def counted_modes(
    state: Condensate, q: float, floor: float, part: str, fine: float, comm: Communicator
) -> Spectrum:
    """The modes at Im w above ``floor``, counted by winding. **Collective.**

    Raises NotConverged where the count is not certain.
    """
    x, y = collective_modes.reach(state, q)
    return spectrum(
        collective_modes.Collective(state, part, fine),
        float(q),
        comm,
        box=Box(-1.013 * x, 1.013 * x, floor, 1.011 * y),
        fineness=FINENESS,
    )


def zeros_at_rest(state: Condensate) -> float:
    """How many zeros det M(0, w) has at Im w > -(levels' width)/2, by winding; nan: not certain.

    w = 0 is one of them by symmetry.
    """
    for fine in (1.0, 2.0, 3.0):
        try:
            return float(counted_modes(state, 0.0, -0.5 * state.g, "full", fine, solo()).count)
        except NotConverged:
            continue
    return np.nan


def _on_axis(mode, g):
    """The root, on the imaginary axis where it is one, to its error: M(q, -w*) = M(q, w)*."""
    if mode.multiplicity == 1 and abs(mode.z.real) < min(1e-6 * g, mode.error):
        return 1j * mode.z.imag
    return mode.z


def _polished(state, q, w, part):
    """(w, error, null vector) of a root of the approximant; error: its change on finer panels."""
    sharp = growth.root(state, q, w, 1.4 * growth.FINE, part=part) or w
    M = response.matrices(state, q, [sharp], part, growth.FINE)[0]
    error = float(2 * abs(sharp - w) + 1e-7 * state.g)
    return complex(sharp), error, np.linalg.svd(M)[2][-1].conj()
