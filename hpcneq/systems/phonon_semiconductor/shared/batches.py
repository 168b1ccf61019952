"""Evolutions of many runs at once on one rank, which share what a time step costs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .... import petsc
from ....parallel import solo
from ....solvers.evolution import Evolution
from ....solvers.mean_field import FieldState
from ....tasks import Given
from ..inputs import Parameters
from ..physics.collisions import Semiconductor

STEP = {"ts_rk_type": "4", "ts_adapt_type": "none"}
TOGETHER = 20  # runs in one batch
FIELDS = ("n11", "n22", "n21", "s")


class Batch:
    """Protocol MeanField of many runs at once on one rank: one item, whose fields are (runs, n).

    start_fields : {name: (runs, n)}.
    """

    def __init__(self, model: Semiconductor, start_fields: Mapping[str, np.ndarray]):
        """model : with V and Omega (runs, 1), or numbers."""
        self.model, self.start_fields, self.items = model, start_fields, 1
        self.fields = {name: values.shape for name, values in start_fields.items()}

    def start(self, part: range) -> dict[str, np.ndarray]:
        """The given fields."""
        return {name: values[None] for name, values in self.start_fields.items()}

    def breakpoints(self, t_max: float) -> list[float]:
        """None."""
        return []

    def partials(self, t: float, local: Mapping[str, np.ndarray], part: range) -> np.ndarray:
        """int s dk/2pi, (1, runs)."""
        return local["s"] @ self.model.bands.weight

    def close(self, sums: np.ndarray) -> np.ndarray:
        """Delta (runs,)."""
        return np.conj(np.asarray(self.model.V).reshape(-1) * sums)

    def rhs(
        self,
        t: float,
        side: int,
        local: Mapping[str, np.ndarray],
        c: np.ndarray,
        out: Mapping[str, np.ndarray],
        part: range,
    ) -> None:
        """All rates, into ``out``."""
        rates = self.model.rhs(t, local["n11"].real, local["n22"].real, local["n21"], local["s"], c)
        for name, rate in zip(FIELDS, rates):
            out[name][:] = rate

    @property
    def autonomous(self) -> bool:
        """Whether the laser's coupling is constant, as in the rotating-wave approximation."""
        return self.model.frequency is None

    def repeat(self, fields: Mapping[str, np.ndarray], step: float, count: int) -> None:
        """``count`` fourth-order Runge-Kutta steps of all runs, in place."""
        now = [fields[name][0].real.copy() for name in FIELDS[:2]]
        now += [fields[name][0].copy() for name in FIELDS[2:]]
        self.model.repeat(*now, step, count)
        for name, values in zip(FIELDS, now):
            fields[name][0] = values


def evolved(
    model: Semiconductor,
    fields: Mapping[str, np.ndarray],
    t_max: float,
    dt: float,
    rows: int = 1,
    options: Mapping | None = None,
) -> tuple[dict[str, np.ndarray], list[tuple[float, np.ndarray]]]:
    """({name: (runs, n)} at t_max, [(t, Delta (runs,))]) from ``fields`` {name: (runs, n)}.

    By TS on this rank alone. rows : about how many equidistant times Delta is looked at.
    options : of PETSc, {"evolve_ts_type": "rk"}.
    """
    seen = []
    with petsc.Options(options or {}) as given:
        state = FieldState(Batch(model, fields), solo())
        evolution = Evolution(state, t_max, dt, given, defaults=STEP)
        try:
            evolution.run(lambda row: seen.append((row.t, np.array(row.c))), every=t_max / rows)
            last = {name: values[0].copy() for name, values in state.view(state.flat).items()}
        finally:
            evolution.destroy()
    return last, seen


def batches(
    given: Given,
) -> list[tuple[Parameters, tuple[tuple[int, ...], ...], np.ndarray, np.ndarray]]:
    """[(parameters, indices of the map, V (runs,), Omega (runs,))] of all points of a map.

    Points of a batch differ in V and Omega alone, `TOGETHER` of them at most.
    """
    keys, axes = list(given.sweep), list(given.sweep.values())
    p = given.parameters
    alike: dict[tuple, list] = {}
    for index in itertools.product(*(range(len(axis)) for axis in axes)):
        values = {key: float(axis[i]) for key, axis, i in zip(keys, axes, index)}
        V, Omega = values.pop("V", p.V), values.pop("Omega", p.Omega)
        alike.setdefault(tuple(sorted(values.items())), []).append((index, V, Omega))
    jobs = []
    for values, points in alike.items():
        own = dict(values)
        if "v" in own:
            own["m"] = None
        for begin in range(0, len(points), TOGETHER):
            indices, V, Omega = zip(*points[begin : begin + TOGETHER])
            jobs.append((replace(p, **own), indices, np.array(V), np.array(Omega)))
    return jobs
