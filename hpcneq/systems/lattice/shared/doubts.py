"""What a physicist would ask about a valid input of the lattice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....errors import InputError
from ....maths import drives
from ....tasks.task import Given
from ..physics.model import Model
from ..physics.reservoirs import Reservoir
from . import model_input
from .refusals import parts_of


def doubts(given: Given) -> list[str]:
    """Sentences; the model is built, but no code of the user's is run, and nothing computed."""
    return [*_window(given), *_of_levels(given)]


def _window(given: Given) -> Iterator[str]:
    """Leads that are accurate up to less than the bias."""
    numerics = {} if given.numerics is None else vars(given.numerics)
    window = numerics.get("window")
    if window is None or given.parameters is None:
        return
    bias = _bias(given)
    if window < bias:
        yield (
            f"[numerics] window = {window:g}: is below the bias, which reaches {bias:g}: wide "
            "leads are wrong where the current flows; leave it out, or give more"
        )


def _bias(given: Given) -> float:
    """The largest |eV|; 0 where the file that holds it is gone, or the task has none."""
    swept = max((abs(value) for value in given.sweep.get("eV", ())), default=0.0)
    if given.parameters is None:
        return swept
    try:
        return max(
            drives.read(vars(given.parameters).get("eV", 0.0), given.folder).extremes(None), swept
        )
    except ValueError:
        return swept


def _of_levels(given: Given) -> Iterator[str]:
    """A step that does not resolve the levels; leads that resolve each of them."""
    if model_input.runs_code(given):
        return
    try:
        parts = parts_of(given)
    except (InputError, OSError):  # a file that is gone; what else is wrong was refused
        return
    if parts is None:
        return
    model, reservoirs, _ = parts
    yield from _step(given, model)
    if np.any(model.U) or model.bonds:
        yield from _spacing(model, reservoirs)


def _step(given: Given, model: Model) -> Iterator[str]:
    """A step in which the phase of the fastest level turns by more than pi."""
    dt = vars(given.numerics).get("dt")
    if dt is None or given.run is None:
        return
    h = model.hopping
    rows = np.bincount(h.rows, np.abs(h.values), h.size)  # no level is beyond the largest sum
    fastest = float(rows.max(initial=0.0)) + _bias(given)
    if dt * fastest > np.pi:
        yield (
            f"[numerics] dt = {dt:g}: levels and bias reach {fastest:.3g}, whose phase turns by "
            f"more than pi in a step; dt <= {np.pi / fastest:.2g} resolves them"
        )


def _spacing(model: Model, reservoirs: list[Reservoir]) -> Iterator[str]:
    """The highest temperature and the mean width below the mean distance of a condensate's levels.

    A band of standard deviation s is about s sqrt(12) wide.
    """
    h = model.hopping
    mean = h.values[h.rows == h.columns].real.sum() / h.size
    squares = float((np.abs(h.values) ** 2).sum()) / h.size - mean**2
    spacing = np.sqrt(12 * max(squares, 0.0)) / model.sites
    hottest = max((lead.T for lead in reservoirs), default=np.inf)
    width = sum(lead.widest() * len(lead.sites) for lead in reservoirs) / model.sites
    if max(hottest, width) < spacing:
        yield (
            f"[leads] T = {hottest:g}, mean width {width:.2g}: both are below the mean level "
            f"spacing {spacing:.2g} of {model.sites} sites: results are those of this small lattice"
        )
