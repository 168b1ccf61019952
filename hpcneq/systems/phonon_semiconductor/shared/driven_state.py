"""The driven state without pairs, by TS from the filled lower band and then SNES."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....errors import NotConverged
from ....solvers import newton
from ..inputs import Parameters
from ..physics import collisions
from ..physics.collisions import Semiconductor
from ..physics.stationary import Stationary
from .batches import FIELDS, evolved

START = 10.0  # slowest times of the driven state that TS goes before SNES takes over
PROBE = 1000.0  # time after which the filling of the upper band is looked at
ENOUGH = 1 / 8  # electrons in the upper band a momentum without which there is no driven state
TOO_WEAK = (
    "steady: no driven state by t = {time:.3g}: the laser is too weak to fill the upper band by "
    "then; take a larger Omega"
)
STEP = 0.8  # of that evolution
ROUNDS, CLOSE, CAUTION = 200, 1e-13, 10.0
RICHARDSON = {"snes_type": "nrichardson", "snes_linesearch_type": "basic", "snes_max_it": 1}
# what populations may leave [0, 1] by: the printed recombination does not keep them there
PHYSICAL = 1e-6


def slowest_rate(p: Parameters) -> float:
    """The slowest rate of the populations, at least 1e-4."""
    rates = [rate for rate in (p.Gamma_ph, p.Gamma_rr) if rate > 0]
    return max(min(rates, default=0.0), 1e-4)


def polished(problem: Stationary, x: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(root, largest rate of change left, last correction) by SNES. NotConverged if lost.

    Each round is one step x - (J - shift)^-1 F with the shift in proportion to F: Newton's in the
    end, but where states fill up roots are double, and where filled and empty ones alone meet a
    whole family of them, so that J is singular there.
    """
    for _ in range(ROUNDS):
        left = float(np.abs(problem.residual(x)).max())
        inverse = np.linalg.inv(problem.jacobian(x) - CAUTION * left * np.diag(problem.moving))

        def scaled_residual(y, inverse=inverse):
            return inverse @ problem.residual(y)

        root = newton.solve_equations(scaled_residual, x, RICHARDSON, prefix="steady_")
        moved, x = float(np.abs(root.x - x).max()), root.x
        left = float(np.abs(problem.residual(x)).max())
        if left < CLOSE and moved < 1e-6:
            return x, left, moved
        if not left < 1e3:
            break
    raise NotConverged(
        f"steady: SNES stopped with residual {left:.1e} after a step of {moved:.1e}; "
        "try a larger [numerics] t_start"
    )


def driven_state(
    model: Semiconductor, rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """(n11, n22, n21, residual) of the state without pairs; arrays (n,).

    rate : the slowest one, which tells how long TS goes from the filled lower band before SNES.
    Where SNES is lost, or goes where populations leave [0, 1], TS goes on, twice as long each time.
    Raises NotConverged after the third.
    """
    still = replace(model, V=0.0)
    start = collisions.start(len(model.bands.k), 0.0)
    fields = {name: values[None].astype(complex) for name, values in zip(FIELDS, start)}
    problem = Stationary(still, False)
    probe = max(PROBE, 1 / rate)
    if probe < START / rate:
        _refuse_weak_laser(still, evolved(still, fields, probe, STEP)[0], probe, rate)
    for stretch in (1, 2, 4):
        fields, _ = evolved(still, fields, stretch * START / rate, STEP)
        if stretch == 1:
            _refuse_weak_laser(still, fields, START / rate, rate)
        n11, n22, n21 = fields["n11"][0].real, fields["n22"][0].real, fields["n21"][0]
        try:
            x, left, _ = polished(problem, problem.pack(n11, n22, n21))
        except NotConverged:
            continue
        n11, n22, n21, _, _ = problem.unpack(x)
        if min(n11.min(), n22.min()) > -PHYSICAL and max(n11.max(), n22.max()) < 1 + PHYSICAL:
            return n11, n22, n21, left
    raise NotConverged(TOO_WEAK.format(time=7 * START / rate))


def _refuse_weak_laser(model, fields, time, rate):
    """NotConverged where the laser cannot fill the upper band by the end of the evolutions.

    Cold phonons bring one electron for two momenta into it in the end; it fills ever more slowly,
    so that its filling after ``time`` tells the most that can come.
    """
    momenta = len(model.bands.k)
    cold = model.M1.any() and not (model.M1 * model.M1.T).any()
    filled = float(fields["n22"].real.sum())
    if not cold or filled == 0:
        return
    n11, n22, n21, s = (fields[name][0] for name in FIELDS)
    now = model.rhs(0.0, n11.real, n22.real, n21, s)[1].sum()
    if max(filled / time, float(now)) * 7 * START / rate < momenta * ENOUGH:
        raise NotConverged(TOO_WEAK.format(time=7 * START / rate))
