"""Task ``conductivity`` of the lattice: sigma(w) with the mean field's response."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep, Written
from ..physics.conductivity import current_along
from ..physics.spectra import integral
from ..shared import stability
from ..shared.chosen_state import words_of_lost
from ..shared.deviations import deviations_of, state_near
from ..shared.krylov_modes import Jacobian
from ..shared.lead_input import AXES
from ..shared.setup import LOOSE, LatticeLeads, Setup, begin, lead_facts, model_facts, write_model
from ..shared.state_records import record_of
from ..shared.states import Found, Stationary, stationary_before

Record = dict[str, Any]
STATIC = 1e-6  # K(0) from z = i times this and less: of the energies' scale,
DAMPED = 0.02  # and at most of the slowest decay
MARGINAL = 1e-7  # growth rates below it count as none
SHARE = 1.0  # of what fits looser by ten change: their errors may differ by less than ten
MONITORS = ("delta_max", "mu_c", "residual", "continuity", "pair_source", "redundancy")


@dataclass
class Response:
    """K(z) of a state."""

    stationary: Stationary
    state: Found

    def __post_init__(self) -> None:
        setup, state = self.stationary.setup, self.state
        axis = AXES.index(setup.given.parameters.direction)
        A = self.stationary.A
        self.current = current_along(setup.field, A, axis, state.rho)
        self.deviations = deviations_of(self.stationary, state)
        self.jacobian = Jacobian(self.deviations)
        self.source = self.current.answer(self.deviations)

    def K(self, z: complex) -> complex:
        """With the mean field's response. Raises NotConverged."""
        moved = self.jacobian.solve(-1j * z, self.source)
        return -self.current.diamagnetic - self.current.mean(self.deviations, moved)

    def bubble(self, z: complex) -> complex:
        """With the mean field held."""
        moved = self.deviations.free(-1j * z, self.source)
        return -self.current.diamagnetic - self.current.mean(self.deviations, moved)

    def superfluid(self) -> tuple[float, float]:
        """-K(0), extrapolated from three values, and what the third moves."""
        slowest = float(np.abs(self.deviations.decay.real).min())
        scale = max(1.0, float(np.abs(self.deviations.a).max()))
        z = 1j * min(STATIC * scale, DAMPED * slowest)
        far, middle, near = (-self.K(z / share).real for share in (1, 2, 4))
        line = 2 * near - middle
        parabola = (8 * near - 6 * middle + far) / 3
        return parabola, abs(parabola - line)


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """The current's response to a weak kick of the vector potential. **Collective.**"""
    setup = begin(given, comm, output.recall)
    fits = setup.fits()
    fine = response_of(setup, setup.leads(fits), None)
    coarse = response_of(setup, setup.leads(setup.fits(LOOSE)), fine.state)
    numerics = given.numerics
    energies = np.linspace(numerics.energy_min, numerics.energy_max, numerics.points)
    log(f"conductivity: {len(energies)} frequencies of {fine.deviations.n} levels")

    def point(at: Record, previous: Record | None) -> Record:
        w = at["energy"]
        values = [fine.K(w), fine.bubble(w), coarse.K(w)]
        return {"sigma": -1j * np.array(values) / w}

    axes = {"energy": energies}
    sweep = run_sweep(axes, point, comm, log, output, "conductivity", everywhere=False)
    facts = {**model_facts(setup), **lead_facts(setup, fits)}
    return sweep.report(output, lambda out: _report((fine, coarse), facts, sweep, out))


def _report(
    responses: tuple[Response, Response], facts: Record, sweep: Sweep, out: Written
) -> Outcome:
    """sigma(w) written, its weights told."""
    fine, coarse = responses
    energies = sweep.axes["energy"]
    sigma = np.array(sweep.values("sigma", np.full(3, np.nan, complex)))
    error = SHARE * np.abs(sigma[:, 2] - sigma[:, 0]) + 1e-12
    write_model(fine.stationary.setup, out)
    out.axis("energy", energies)
    out.fixed("sigma", sigma[:, 0])
    out.fixed("sigma_bubble", sigma[:, 1])
    out.fixed("sigma_error", error)
    record = record_of(fine.stationary, fine.state, "")
    summary = facts | {name: record[name] for name in MONITORS}
    summary["growth_A"] = fine.stationary.growth(fine.state.c, fine.state.mu)
    weights, errors = weights_of(fine, coarse)
    summary |= weights
    found = integral(energies, sigma[:, 0].real) + energies[0] * sigma[0, 0].real
    half = 0.5 * np.pi
    whole = half * weights["diamagnetic_weight"]
    summary["f_sum"] = float((found + half * weights["superfluid_weight"]) / whole)
    rough = record_of(coarse.stationary, coarse.state, "")
    errors["delta_max"] = SHARE * abs(rough["delta_max"] - record["delta_max"]) + 1e-12
    words = words_of_lost(fine.state.lost) + words_of_growth(fine.stationary, record)
    return sweep.outcome(summary, errors, words)


def words_of_growth(stationary: Stationary, record: Record) -> list[str]:
    """A warning of a state that does not last: what it would answer nobody sees."""
    if stationary.form.size > stability.SMALL:
        return [f"conductivity: stability is not looked at beyond {stability.SMALL} levels"]
    stability.add_stability(stationary, record, MARGINAL)
    if record["stability"] != "unstable":
        return []
    return [
        f"conductivity: the state is unstable, a deviation grows with {record['growth_rate']:.3g}: "
        "sigma is the answer of a state that does not last"
    ]


def response_of(setup: Setup, leads: LatticeLeads, near: Found | None) -> Response:
    """The response of the state of [initial], or of that next to another."""
    stationary = stationary_before(setup, leads, setup.drives.at_bias(setup.given.parameters.eV))
    if near is None:
        return Response(stationary, state_near(stationary, None, 0.0))
    return Response(stationary, state_near(stationary, near.c, near.mu))


def weights_of(fine: Response, coarse: Response) -> tuple[Record, Record]:
    """(weights, errors)."""
    weights, errors = {}, {}
    (static, moved), (rough, _) = (response.superfluid() for response in (fine, coarse))
    weights["superfluid_weight"] = static
    errors["superfluid_weight"] = SHARE * abs(rough - static) + moved + 1e-9
    bent = [response.current.diamagnetic for response in (fine, coarse)]
    weights["diamagnetic_weight"] = bent[0]
    errors["diamagnetic_weight"] = SHARE * abs(bent[1] - bent[0]) + 1e-9
    return weights, errors
