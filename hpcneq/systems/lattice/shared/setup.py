"""What all tasks make of an input: model, Nambu form, mean field, leads, drives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....errors import InputError
from ....files.writer import ResultFile
from ....maths.lead_fits import Fit
from ....maths.pole_leads import LeadPoles
from ....parallel import Communicator, on_root
from ....tasks import Given
from ....tasks.sweep import Written
from ..physics.lead_poles import Branches, branches, fit_of
from ..physics.mean_field import MeanField
from ..physics.model import Model
from ..physics.nambu import BondCurrents, Form, bond_currents
from ..physics.reservoirs import Fitting, Reservoir
from ..physics.translations import Ring
from . import lead_input, model_input, variations
from .lead_input import Drives
from .python_model import digest
from .rings import field_of, ring_of

LOOSE = 10.0  # the fits whose difference tells the errors are worse by this


class LatticeLeads(LeadPoles):
    """All leads as poles; ``cell``: those of one cell of a model that repeats."""

    def __init__(self, size: int, leads: Branches, cell: LeadPoles | None) -> None:
        super().__init__(size, leads)
        self.cell = cell


@dataclass
class Setup:
    """One input, made of.

    bond_numbers : of the [interaction] bond of each of the model's bonds. source : of its Python
    file. fits : of the leads.
    """

    given: Given
    model: Model
    bond_numbers: list[int]
    source: str
    reservoirs: list[Reservoir]
    drives: Drives

    @cached_property
    def form(self) -> Form:
        """The Nambu form."""
        return Form(self.model.spin, self.model.sites)

    @cached_property
    def field(self) -> MeanField:
        """The mean field."""
        return field_of(self.given, self.model)

    @cached_property
    def bonds(self) -> BondCurrents:
        """How currents of bonds are read off."""
        return bond_currents(self.model)

    @property
    def names(self) -> list[str]:
        """Names of the leads."""
        return [lead.name for lead in self.reservoirs]

    @property
    def interacting(self) -> bool:
        """Whether H depends on the state."""
        return self.field.fields > 0

    @property
    def pinned(self) -> bool:
        """Whether a lead or a prescribed pairing fixes the phase of the condensate."""
        prescribed = self.model.pairing is not None
        return prescribed or any(lead.superconducting for lead in self.reservoirs)

    def largest_energy(self) -> float:
        """A bound on all energies: levels, biases, widths, pairing."""
        values = np.abs(self.field.values(np.zeros(self.field.fields)))
        rows = np.bincount(self.field.H_rows, values, self.form.size)
        V = np.array([bond[2] for bond in self.model.bonds])
        U = np.abs(self.model.U).max(initial=0.0) * max(1.0, self.drives.U.extremes(None))
        bias = self.drives.eV.extremes(None) * np.abs(self.drives.bias).max(initial=0.0)
        own = max([drive.extremes(None) for drive in self.drives.own], default=0.0)
        mu = max([abs(lead.mu) for lead in self.reservoirs], default=0.0)
        wide = max([lead.widest() for lead in self.reservoirs], default=0.0)
        return float(rows.max() + U + np.abs(V).max(initial=0.0) + bias + own + mu + wide)

    def fits(self, loose: float = 1.0) -> list[Fit]:
        """The fits of all leads; ``loose``: with a target as many times larger."""
        fitting = lead_input.fitting_of(self.given, self.largest_energy(), loose)
        alike: dict[tuple, Fit] = {}
        for lead in self.reservoirs:
            if lead.alike not in alike:
                alike[lead.alike] = _fit(lead, fitting)
        return [alike[lead.alike] for lead in self.reservoirs]

    def branches(self, fits: list[Fit]) -> Branches:
        """The branches of all leads."""
        return branches(self.form, self.reservoirs, fits)

    def leads(self, fits: list[Fit]) -> LatticeLeads:
        """All leads as poles."""
        cell = None
        if self.ring is not None:
            form = Form(self.model.spin, len(self.ring.base))
            small = self.ring.cell_leads(self.reservoirs)
            cell = LeadPoles(form.size, branches(form, small, fits))
        return LatticeLeads(self.form.size, self.branches(fits), cell)

    @cached_property
    def ring(self) -> Ring | None:
        """Along which only repeating states are sought. Raises InputError."""
        return ring_of(self.given, self.field, self.reservoirs)


def _fit(lead: Reservoir, fitting: Fitting) -> Fit:
    """The fit of a lead. Raises InputError, in the words of this system's keys."""
    try:
        return fit_of(lead, fitting)
    except InputError as error:
        words = str(error).replace("pole_error", "fit_error").replace("pole_window", "window")
        raise InputError(f"{words}; lead {lead.name}") from None


def setup_of(given: Given, source: str | None = None) -> Setup:
    """The `Setup` of an input. Raises InputError.

    source : of the model's Python file, where it is at hand.
    """
    if source is None:
        source = model_input.source_of(given)
    model, numbers = model_input.model_of(given, source)
    reservoirs = lead_input.reservoirs_of(given, model)
    model, reservoirs = variations.applied(given.parameters, model, reservoirs)
    drives = lead_input.drives_of(given, model, reservoirs)
    return Setup(given, model, numbers, source, reservoirs, drives)


def begin(given: Given, comm: Communicator, recall: Callable) -> Setup:
    """The `Setup` of a run, from the source that it was begun with. **Collective.**

    Raises InputError if a checkpoint would bring code that is not that of the input's own file.
    """
    source = recall("model_source", on_root, comm, model_input.source_of, given)
    if source and given.begun and not given.trusted:
        if on_root(comm, model_input.source_of, given) != source:
            raise InputError(
                f'[model] python = "{given.tables["model"].python}": the file is not the one the '
                "run was begun with; hpcneq resume --trust-model takes that of the checkpoint"
            )
    return setup_of(given, source)


def model_facts(setup: Setup) -> dict[str, object]:
    """What the summary says of the model."""
    form = setup.form
    facts: dict[str, object] = {"form": form.name, "levels": form.size}
    if setup.source:
        facts["model_hash"] = digest(setup.source)
    if form.spin == "z" and setup.model.bonds:
        facts["left_out"] = 'pairs of equal spins on bonds (spin = "full" has them)'
    return facts


def lead_facts(setup: Setup, fits: list[Fit]) -> dict[str, object]:
    """What the summary says of the leads."""
    names = setup.names
    return {
        "poles": {name: len(fit.poles) for name, fit in zip(names, fits)},
        "fit_error": {name: float(fit.error) for name, fit in zip(names, fits)},
    }


def write_model(setup: Setup, out: ResultFile | Written) -> None:
    """Axes and data sets that every result has."""
    model, links = setup.model, setup.bonds
    out.axis("site", np.arange(model.sites))
    out.axis("axis", np.arange(model.position.shape[1]))
    out.axis("end", np.arange(2))
    out.fixed("position", model.position)
    out.fixed("orbital", np.array(model.orbital))
    if len(links.i):
        out.axis("link", np.arange(len(links.i)))
        out.fixed("links", np.stack([links.i, links.j], 1))
    if model.bonds:
        out.axis("bond", np.arange(len(model.bonds)))
        out.fixed("bonds", np.array([bond[:2] for bond in model.bonds], int))
    if setup.names:
        out.axis("lead", np.array(setup.names))
        touched = np.zeros((len(setup.names), model.sites), bool)
        for row, lead in zip(touched, setup.reservoirs):
            row[lead.sites] = True
        out.fixed("touched", touched)
    if setup.source:
        out.fixed("model_source", np.array(setup.source), ())


def undamped(setup: Setup, growth: float, components: np.ndarray) -> InputError:
    """What is said of states that no lead damps."""
    sites = sorted({int(site) for site in setup.form.site[np.asarray(components, int)]})
    listed = ", ".join(map(str, sites[:12])) + (", ..." if len(sites) > 12 else "")
    return InputError(
        f"[leads]: states on sites {listed} are not damped (max Im of a level {growth:.1e}): their "
        "occupation is history; let a lead reach them, or set [numerics] damping = 1e-3"
    )
