"""The runs of an ensemble: seeds of the noise and time steps."""

from __future__ import annotations

import numpy as np

from ....tasks import Given


def quench_runs(given: Given) -> dict[str, np.ndarray]:
    """{"dt": (steps,), "seed": (seeds,) int64} of an ensemble, dt being the slow key."""
    dt = given.sweep.get("dt", np.array([given.numerics.dt]))
    return {"dt": dt, "seed": given.sweep["seed"].astype(np.int64)}
