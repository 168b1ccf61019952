"""Where modes are sought: states along a swept parameter, and what moves around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ....errors import NotConverged
from ....maths.lead_fits import Fit
from ....parallel import Communicator, solo
from ....solvers.modes import Samples, secant, spectrum, whole
from ..physics import observables
from ..physics.susceptibility import Susceptibility
from .deviations import deviations_of, state_near, susceptibility_of
from .krylov_modes import Jacobian, method_of
from .setup import LOOSE, LatticeLeads, Setup, setup_of
from .state_records import record_of
from .states import Found, Stationary, stationary_before
from .variations import FITTED, warmer

Record = dict[str, Any]
SHARE = 2.0  # of what fits looser by ten change: their errors may differ by less than ten
FINENESS = (3.0, 12.0)  # of samples around the box: chi has poles, of any order, below it
FAINT = 1e-5  # pair amplitudes that Newton's method leaves of none
RAISED = 3  # times that the line above which modes are counted is raised by half
NEUTRAL = 1e-5  # |z| of modes that may be the phase's
OVERLAP = 0.99  # with i D: the mode that turns the phase
MONITORS = ("continuity", "pair_source", "redundancy")


@dataclass(frozen=True)
class Place:
    """A value of the swept parameter: the equations, and those with looser fits."""

    value: float
    stationary: Stationary
    coarse: Stationary


class Search:
    """Where modes are sought: leads as they are fitted, and with looser fits for the errors.

    key : the swept parameter. values : (n,) of it. Leads are fitted once, for the largest energies
    of all values or the lowest temperature.
    """

    def __init__(self, setup: Setup, key: str, values: np.ndarray) -> None:
        self.setup, self.key = setup, key
        self.numerics = setup.given.numerics
        widest = setup
        if key in FITTED:
            widest = self.varied(float(values.min()))
        elif key != "eV":
            every = [self.varied(float(value)) for value in values]
            widest = max(every, key=lambda one: one.largest_energy())
        self.widest = widest
        self.fits, self.loose_fits = widest.fits(), widest.fits(LOOSE)
        self.leads, self.loose = setup.leads(self.fits), setup.leads(self.loose_fits)
        self.method = method_of(self.numerics.method, 2 * setup.field.fields, self.leads.core)
        self.at = lru_cache(maxsize=8)(self._at)

    @property
    def note(self) -> str:
        """What the method does not tell."""
        if self.method == "det":
            return ""
        return "modes: found by Krylov's method, not counted; others may decay as slowly"

    def varied(self, value: float) -> Setup:
        """The setup at a value; along the bias there is one."""
        if self.key == "eV":
            return self.setup
        given = self.setup.given
        parameters = replace(given.parameters, **{self.key: value})
        return setup_of(replace(given, parameters=parameters), self.setup.source)

    def _leads(self, setup: Setup) -> tuple[LatticeLeads, LatticeLeads]:
        if setup is self.setup:
            return self.leads, self.loose
        fits, loose = self.fits, self.loose_fits
        if self.key in FITTED:
            fits, loose = self._warmed(setup, fits, 1.0), self._warmed(setup, loose, LOOSE)
        return setup.leads(fits), setup.leads(loose)

    def _warmed(self, setup: Setup, cold: list[Fit], loose: float) -> list[Fit]:
        """Fits at another temperature: poles of wide leads scaled, which is smooth; others anew."""
        own = cold
        if any(lead.kind != "wide" for lead in setup.reservoirs):
            own = setup.fits(loose)
        return [
            warmer(fit, lead.T / before.T, lead.mu) if lead.kind == "wide" else other
            for lead, before, fit, other in zip(setup.reservoirs, self.widest.reservoirs, cold, own)
        ]

    def _at(self, value: float) -> Place:
        setup = self.varied(value)
        eV = value if self.key == "eV" else setup.given.parameters.eV
        drives = setup.drives.at_bias(eV)
        fine, coarse = (stationary_before(setup, leads, drives) for leads in self._leads(setup))
        return Place(value, fine, coarse)

    def point(self, value: float, previous: Record | None, ranks: Communicator) -> Record:
        """The record of a value. **Collective.**"""
        place = self.at(value)
        before = previous if previous and "c" in previous else {"c": None, "mu_c": 0.0}
        state = state_near(place.stationary, before["c"], before["mu_c"])
        pairs = np.abs(state.c[place.stationary.pairs]).max(initial=0.0)
        if pairs < FAINT and not self.setup.pinned:  # a normal state, to rounding
            state = place.stationary.normal(state.c)
        return self.record(place, state, ranks)

    def record(self, place: Place, state: Found, ranks: Communicator) -> Record:
        """What is told of a state and its modes. **Collective.**"""
        stationary = place.stationary
        found = record_of(stationary, state, "")
        keep = ("c", "mu_c", "residual", "delta_max", *MONITORS)
        record = {name: found[name] for name in keep} | {"value": place.value}
        record["growth_A"] = stationary.growth(state.c, state.mu)
        record["lost"] = list(state.lost)
        rough = record_of(place.coarse, state_near(place.coarse, state.c, state.mu), "")
        miss = abs(rough["delta_max"] - found["delta_max"])
        record["delta_max_error"] = miss + state.residual + 1e-12
        record["lowest"] = float(2 * record["growth_A"] * self.numerics.depth)
        if self.method == "krylov":
            return record | self._krylov(place, state, record, ranks)
        for _ in range(RAISED):
            try:
                return record | self._counted(place, state, record, ranks)
            except NotConverged:  # poles of chi, nearer to the line than its errors allow
                record["lowest"] *= 0.5
        try:
            return record | self._counted(place, state, record, ranks)
        except NotConverged as error:
            words = str(error).replace(
                "use a finer grid or a higher floor", "use a smaller [numerics] fit_error or depth"
            )
            raise NotConverged(words) from None

    def _counted(self, place: Place, state: Found, record: Record, ranks: Communicator) -> Record:
        """Every mode above a line, by the winding of det(1 - chi M). **Collective.**"""
        stationary = place.stationary
        response = susceptibility_of(stationary, state, place.coarse.leads)
        if not len(response.basis.T):
            return columns_of(stationary, state, [])
        box = whole(response, record["lowest"])
        modes = spectrum(response, 0.0, ranks, box=box, fineness=FINENESS).modes
        rough = Samples(response.loose or response, 0.0, ranks)
        rows = []
        for mode in modes:
            other = secant(rough, mode.z)
            error = mode.error if other is None else SHARE * abs(other - mode.z) + 1e-12
            own = deviation_of(stationary, response, mode.vectors.sum(axis=0))
            rows.append((mode.z, error, mode.multiplicity, own))
        columns = columns_of(stationary, state, rows)
        condensed = np.any(np.abs(state.c[stationary.pairs]) > 0)
        if condensed and not stationary.setup.pinned and not np.any(columns["phase_mode"]):
            raise NotConverged(
                f"modes: {self.key} = {place.value:g}: the mode that turns the phase is missing "
                "among those counted; use a smaller [numerics] depth"
            )
        return columns

    def _krylov(self, place: Place, state: Found, record: Record, ranks: Communicator) -> Record:
        """The fastest growing modes and those next to some frequencies; each rank the same."""
        stationary, coarse = place.stationary, place.coarse
        if not stationary.field.fields:
            return columns_of(stationary, state, [])
        energy = max(0.3 * record["delta_max"], 0.1)
        jacobian = Jacobian(deviations_of(stationary, state))
        modes = jacobian.modes(
            energy, self.numerics.count, self.numerics.frequencies, record["lowest"]
        )
        rough = Jacobian(deviations_of(coarse, state_near(coarse, state.c, state.mu)))
        rows = [
            (1j * mode.z, mode.error + SHARE * abs(rough.near(mode.z).z - mode.z), 1, mode.fields)
            for mode in modes
        ]
        return columns_of(stationary, state, rows)

    def nearest(self, place: Place, state: Found, z: complex) -> tuple[complex, np.ndarray]:
        """(root next to z, its deviations (2 fields,)), not the phase's. Raises NotConverged."""
        stationary = place.stationary
        turn = turn_of(stationary, state)
        if self.method == "krylov":
            jacobian = Jacobian(deviations_of(stationary, state))
            count = 1 if turn is None else 2
            modes = jacobian.nearest(-1j * z, count)
            if turn is not None:
                modes = sorted(modes, key=lambda mode: overlap_of(turn, mode.fields))
            return 1j * modes[0].z, without(turn, modes[0].fields)
        response = susceptibility_of(stationary, state)
        samples = Samples(response, 0.0, solo())
        root = secant(samples if turn is None else WithoutPhase(samples), z)
        if root is None:
            raise NotConverged(f"modes: {self.key} = {place.value:g}: a mode is lost")
        vectors = np.linalg.svd(response.matrix(response.answer(root)))[2][-2:].conj()
        rows = [deviation_of(stationary, response, vector) for vector in vectors[::-1]]
        half = stationary.field.fields
        if np.abs(state.c[stationary.pairs]).max(initial=0.0) == 0:
            return root, max(rows, key=lambda own: np.linalg.norm(own[:half]))
        if turn is None or abs(root) > NEUTRAL:
            return root, rows[0]
        # there the null space holds the phase's mode too, and any sums of both
        rows = [without(turn, row / np.linalg.norm(row)) for row in rows]
        return root, max(rows, key=lambda own: float(np.linalg.norm(own)))


class WithoutPhase:
    """det/z: a condensate's mode that turns its phase is not among the roots. For `secant`."""

    def __init__(self, samples: Samples) -> None:
        self.samples, self.low = samples, samples.low

    def det(self, z: complex) -> complex:
        """det M(z) / z."""
        return self.samples.det(z) / z


def turn_of(stationary: Stationary, state: Found) -> np.ndarray | None:
    """The deviation (2 fields,) that turns the phase; None without pairs, or if it is held."""
    pairs = np.where(stationary.field.pairs, state.c, 0)
    if stationary.setup.pinned or not np.any(pairs):
        return None
    return np.concatenate([1j * pairs, -1j * pairs.conj()])


def overlap_of(turn: np.ndarray, own: np.ndarray) -> float:
    """Cosine between two deviations."""
    return float(abs(np.vdot(turn, own)) / max(np.linalg.norm(turn) * np.linalg.norm(own), 1e-300))


def without(turn: np.ndarray | None, own: np.ndarray) -> np.ndarray:
    """A deviation without its part along another."""
    if turn is None:
        return own
    return np.asarray(own - turn * np.vdot(turn, own) / np.vdot(turn, turn).real)


def deviation_of(
    stationary: Stationary, response: Susceptibility, vector: np.ndarray
) -> np.ndarray:
    """Deviations of the mean field's entries, then at the conjugate places, (2 fields,)."""
    field = stationary.field
    size = field.form.size
    order = response.places[0] * size + response.places[1]
    wanted = np.append(field.rows * size + field.columns, field.columns * size + field.rows)
    return response.pairing_of(vector)[np.searchsorted(order, wanted)]


def columns_of(
    stationary: Stationary, state: Found, rows: Sequence[tuple[complex, float, int, np.ndarray]]
) -> Record:
    """Columns over the modes (z, error, multiplicity, deviations), growth descending."""
    field = stationary.field
    half = field.fields
    turn = turn_of(stationary, state)
    straight, conjugate = (
        stationary.scale * one + other for one, other in zip(field.maps[0][:2], field.maps[1][:2])
    )
    phase, delta = [], []
    for z, error, _, own in rows:
        neutral = turn is not None and abs(z) < max(3 * error, NEUTRAL)
        phase.append(neutral and overlap_of(turn, own) > OVERLAP)
        H = straight @ own[:half] + conjugate @ own[half:]
        H = H / max(np.abs(H).max(), 1e-300)
        sides = H, field.transposed(H).conj()
        delta.append([observables.site_pairing(field, values) for values in sides])
    return {
        "growth_rate": np.array([row[0].imag for row in rows]),
        "frequency": np.array([row[0].real for row in rows]),
        "mode_error": np.array([row[1] for row in rows]),
        "multiplicity": np.array([row[2] for row in rows], np.int64),
        "phase_mode": np.array(phase, bool),
        "delta_mode": np.array(delta, complex).reshape(len(rows), 2, field.form.sites),
    }
