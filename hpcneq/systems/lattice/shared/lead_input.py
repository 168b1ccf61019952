"""The leads of an input, and what changes in time."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

import numpy as np

from ....errors import InputError
from ....maths import drives
from ....maths.drives import Drive
from ....tasks import Given
from ..inputs.limits import LARGEST
from ..physics.model import Model
from ..physics.reservoirs import Fitting, Reservoir
from .model_input import refused

SAME_PLACE = 1e-6  # of the extent: positions that count as the lowest or highest
AXES = ("x", "y", "z")
DAMPING = "damping"  # name of the lead that [numerics] damping adds
DYNES = 1e-3  # of the gap, where none is given
HARMONIC = 1e-9  # how far ratios of potentials may be from whole numbers
MOST_PARTS = 64  # of the smallest difference of potentials that count in a common period
OF_TABLE = 1e-3  # least error of the fit of a table
# window of wide leads over the largest energy of the model: where widths differ, the real part of
# what is left out beyond it shifts currents by 1/REACH^2
REACH = 60.0


def sites_of(model: Model, name: str, table: object) -> np.ndarray:
    """The sites that a lead touches. Raises InputError."""
    where, given = f"[leads.{name}] sites", table.sites  # type: ignore[attr-defined]
    if isinstance(given, str):
        if given not in model.groups:
            near = difflib.get_close_matches(given, model.groups, 1)
            meant = f'did you mean "{near[0]}"? ' if near else ""
            known = ", ".join(model.groups) or "none"
            raise InputError(f'{where} = "{given}": unknown group; {meant}groups: {known}')
        chosen = model.groups[given]
    elif isinstance(given, dict):
        chosen = _at_edge(model, where, given)
    else:
        chosen = np.unique(np.array(given, int))
        if len(chosen) < len(given):
            raise InputError(f"{where}: a site is listed twice")
        if len(chosen) and (chosen[0] < 0 or chosen[-1] >= model.sites):
            raise InputError(f"{where}: must be 0 to {model.sites - 1}, got {chosen[-1]}")
    return _of_orbitals(model, where, chosen, table.orbitals)  # type: ignore[attr-defined]


def _of_orbitals(model: Model, where: str, chosen: np.ndarray, orbitals: list[str]) -> np.ndarray:
    for orbital in orbitals:
        if orbital not in model.orbital:
            known = ", ".join(dict.fromkeys(model.orbital))
            raise InputError(f'{where}: unknown orbital "{orbital}"; orbitals: {known}')
    if orbitals:
        chosen = np.array([i for i in chosen if model.orbital[i] in orbitals], int)
    if not len(chosen):
        raise InputError(f"{where}: the lead touches no site")
    return chosen


def _at_edge(model: Model, where: str, given: dict[str, str]) -> np.ndarray:
    """Sites at the lowest or highest position or cell, in all directions given."""
    inside = np.ones(model.sites, bool)
    if not given:
        raise InputError(f'{where}: must be a group, a list, {{x = "min"}} or {{a1 = "min"}}')
    for axis, end in given.items():
        values = _coordinate(model, where, axis)
        if end not in ("min", "max"):
            raise InputError(f'{where}.{axis} = "{end}": must be "min" or "max"')
        edge = values.min() if end == "min" else values.max()
        inside &= np.abs(values - edge) <= SAME_PLACE * max(1.0, float(np.ptp(values)))
    return np.nonzero(inside)[0]


def _coordinate(model: Model, where: str, axis: str) -> np.ndarray:
    """Position along x, y, z, or index of the cell along a1, a2, a3, of every site."""
    names = [*AXES[: model.position.shape[1]]]
    cells = [f"a{k + 1}" for k in range(model.cells.shape[1])]
    if axis in names:
        return model.position[:, names.index(axis)]
    if axis in cells:
        return model.cells[:, cells.index(axis)].astype(float)
    raise InputError(f'{where}: unknown direction "{axis}"; known: {", ".join(names + cells)}')


def reservoirs_of(given: Given, model: Model) -> list[Reservoir]:
    """The leads in the order of the input, that of [numerics] damping last. Raises InputError."""
    listed = [
        _reservoir(given, model, name, table) for name, table in given.tables["leads"].named.items()
    ]
    if given.numerics.damping:
        if any(lead.name == DAMPING for lead in listed):
            raise InputError(
                f"[leads.{DAMPING}]: is the name of the lead that [numerics] damping adds; give it "
                "another name"
            )
        every = np.arange(model.sites)
        gamma = np.full(model.sites, given.numerics.damping)
        listed.append(Reservoir(DAMPING, "wide", every, gamma=gamma, T=given.numerics.damping_T))
    return listed


def _reservoir(given: Given, model: Model, name: str, table: object) -> Reservoir:
    """One lead."""
    values = vars(table)
    sites = sites_of(model, name, table)
    if values["kind"] == "bcs" and model.spin == "none":
        raise InputError(f"[leads.{name}] kind: a bcs lead needs spin; the model is spinless")
    if values["kind"] == "bcs" and values["spin"] != "both":
        raise InputError(f"[leads.{name}] spin: a bcs lead couples to both spins")
    if model.spin == "none" and (values["spin"] != "both" or values["h"]):
        raise InputError(f"[leads.{name}] spin, h: the model is spinless")
    if values["kind"] == "bcs" and values["h"]:
        raise InputError(f"[leads.{name}] h: a bcs lead has no spin splitting here")
    delta = values["delta"] or 1.0
    phase = drive_of(given, f"leads.{name}", "phase", values["phase"])
    if phase.kind in ("step", "pulse"):
        raise InputError(
            f"[leads.{name}] phase: a jump of the phase is an infinite voltage; use a ramp"
        )
    lead = Reservoir(
        name,
        values["kind"],
        sites,
        values["spin"],
        _gamma(name, values["gamma"], len(sites)),
        values["hopping"] or 1.0,
        values["contact"] or 0.0,
        delta,
        phase.start + values["turn"] * given.parameters.phase,
        values["dynes"] or DYNES * delta,
        _table(given, name, values["file"], len(sites)),
        values["T"],
        values["mu"],
        values["h"],
    )
    return lead


def _gamma(name: str, gamma: float | list[float] | None, count: int) -> np.ndarray:
    if gamma is None:
        return np.zeros(count)
    array = np.asarray(gamma, float)
    if array.shape not in ((), (count,)):
        raise InputError(f"[leads.{name}] gamma: must be a number or {count} numbers")
    return np.broadcast_to(array, (count,)).copy()


def _table(
    given: Given, name: str, file: str | None, sites: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """(w (k,), Gamma (k, m, m)) of a lead's file. Raises InputError."""
    if file is None:
        return None
    columns = refused(f"leads.{name}", drives.columns_of, file, given.folder, "file")
    w, rest = columns[:, 0], columns[:, 1:]
    count = rest.shape[1]
    where = f'[leads.{name}] file = "{file}"'
    if len(w) < 4 or np.any(np.diff(w) <= 0) or not np.all(np.isfinite(columns)):
        raise InputError(f"{where}: needs at least 4 finite rows with energies that increase")
    if count == 1:
        return w, rest[:, :, None] * np.eye(sites)
    if count == sites**2:
        Gamma = rest.reshape(len(w), sites, sites).astype(complex)
    elif count == 2 * sites**2:
        Gamma = (rest[:, ::2] + 1j * rest[:, 1::2]).reshape(len(w), sites, sites)
    else:
        raise InputError(
            f"{where}: needs 1, {sites**2} or {2 * sites**2} columns after the energy for "
            f"{sites} sites, got {count}"
        )
    if np.abs(Gamma - Gamma.conj().swapaxes(1, 2)).max() > 1e-10 * np.abs(Gamma).max():
        raise InputError(f"{where}: Gamma is not Hermitian")
    if np.linalg.eigvalsh(Gamma).min() < -1e-8 * np.abs(Gamma).max():
        raise InputError(f"{where}: Gamma has a negative eigenvalue")
    return w, Gamma


def bcs_levels(reservoirs: list[Reservoir], drives: Drives) -> list[float]:
    """Potentials of the superconducting leads before t = 0, when sines have not begun."""
    V = drives.shifts(-1.0)
    return [float(v) for v, lead in zip(V, reservoirs) if lead.superconducting]


def common_period(levels: list[float]) -> float | None:
    """That of superconductors at these potentials, pi over what divides all their differences.

    None if all are equal. Raises InputError for three and more whose differences have no common
    measure, or one below 1/64 of the smallest.
    """
    gaps = sorted({round(abs(level - levels[0]), 12) for level in levels} - {0.0})
    if not gaps:
        return None
    for parts in range(1, MOST_PARTS + 1):
        ratios = parts * np.array(gaps) / gaps[0]
        if np.all(np.abs(ratios - np.round(ratios)) <= HARMONIC):
            return float(np.pi * parts / gaps[0])
    shown = ", ".join(f"{level:g}" for level in levels)
    raise InputError(
        f"[leads] bias: bcs leads at {shown} have no common period; choose whole ratios"
    )


# ---- what changes in time -----------------------------------------------------------------------


def drive_of(given: Given, table: str, key: str, value: object) -> Drive:
    """A drive of the input. Raises InputError."""
    return refused(table, drives.read, value, given.folder, key, LARGEST)


@dataclass(frozen=True)
class Drives:
    """All that changes: V_a(t) = bias_a eV(t) + own_a(t), phases of bcs leads, A(t), U(t)."""

    eV: Drive
    bias: tuple[float, ...]
    own: tuple[Drive, ...]
    phase: tuple[Drive, ...]
    offset: tuple[float, ...]
    A: tuple[Drive, ...]
    U: Drive

    def all(self) -> list[Drive]:
        """Every drive."""
        return [self.eV, *self.own, *self.phase, *self.A, self.U]

    def named(self) -> list[tuple[str, Drive, bool]]:
        """(name in the input, drive, whether it is a phase) of all but U."""
        listed = [("[parameters] eV", self.eV, False)]
        listed += [("[leads] V", drive, False) for drive in self.own]
        listed += [("[leads] phase", drive, True) for drive in self.phase]
        return listed + [("[vector_potential] A", drive, True) for drive in self.A]

    def breakpoints(self, t_max: float) -> list[float]:
        """Times in (0, t_max) at which any of them, or its slope, jumps."""
        return sorted({t for drive in self.all() for t in drive.breakpoints(t_max)})

    @property
    def constant(self) -> bool:
        """Whether nothing changes."""
        return all(drive.constant for drive in self.all())

    def shifts(self, t: float, side: int = +1) -> np.ndarray:
        """V_a (leads,), with the slope of a bcs lead's phase."""
        eV = self.eV(t, side)
        values = [b * eV + own(t, side) for b, own in zip(self.bias, self.own)]
        slopes = [phase.slope(t, side) for phase in self.phase]
        return np.array(values) + np.array(self.offset) - 0.5 * np.array(slopes)

    def phases(self, t: float) -> np.ndarray:
        """int_0^t of the shifts, (leads,)."""
        if t <= 0:
            return np.zeros(len(self.bias))
        eV = self.eV.integral(t)
        values = [b * eV + own.integral(t) for b, own in zip(self.bias, self.own)]
        turned = [phase(t, -1) - phase.start for phase in self.phase]
        return np.array(values) + t * np.array(self.offset) - 0.5 * np.array(turned)

    def vector_potential(self, t: float, side: int = +1) -> np.ndarray:
        """A (d,)."""
        return np.array([drive(t, side) for drive in self.A])

    def resolved(self, step: float) -> Drives:
        """The same for an evolution with this time step, see `Drive.resolved`."""

        def each(some: tuple[Drive, ...]) -> tuple[Drive, ...]:
            return tuple(drive.resolved(step) for drive in some)

        return replace(
            self,
            eV=self.eV.resolved(step),
            own=each(self.own),
            phase=each(self.phase),
            A=each(self.A),
            U=self.U.resolved(step),
        )

    def at_frequency(self, frequency: float) -> Drives:
        """The same with all sines at one angular frequency."""

        def of(drive: Drive) -> Drive:
            if drive.kind != "sine":
                return drive
            return replace(drive, frequency=float(frequency))

        own, phase, A = (tuple(map(of, part)) for part in (self.own, self.phase, self.A))
        return replace(self, eV=of(self.eV), own=own, phase=phase, A=A, U=of(self.U))

    def at_bias(self, eV: float) -> Drives:
        """The same at a constant bias."""
        return replace(self, eV=Drive(float(eV)))


def drives_of(given: Given, model: Model, reservoirs: list[Reservoir]) -> Drives:
    """All drives of an input. Raises InputError."""
    tables = given.tables["leads"].named
    named = [tables.get(lead.name) for lead in reservoirs]
    own, phases = [], []
    bias, offset = [], []
    for lead, table in zip(reservoirs, named):
        if table is None:
            own.append(Drive(0.0))
            phases.append(Drive(0.0))
            bias.append(0.0)
            offset.append(0.0)
            continue
        own.append(drive_of(given, f"leads.{lead.name}", "V", table.V))
        phases.append(drive_of(given, f"leads.{lead.name}", "phase", table.phase))
        bias.append(table.bias)
        offset.append(lead.mu if lead.kind == "bcs" else 0.0)
    A = given.tables["vector_potential"].A
    if len(A) > model.position.shape[1]:
        d = model.position.shape[1]
        raise InputError(f"[vector_potential] A: must have at most {d} components, got {len(A)}")
    U, scale = given.tables["interaction"].U, Drive(1.0)
    if drives.is_drive(U):
        scale = drive_of(given, "interaction", "U", U)
    return Drives(
        drive_of(given, "parameters", "eV", given.parameters.eV),
        tuple(bias),
        tuple(own),
        tuple(phases),
        tuple(offset),
        tuple(drive_of(given, "vector_potential", "A", value) for value in A),
        scale,
    )


def fitting_of(given: Given, largest: float, loose: float = 1.0) -> Fitting:
    """How the leads of an input are fitted. largest : of all energies of model and drives.

    loose : factor of the fits' error; other than 1: windows of wide leads are also half as wide,
    tails of bcs leads cut off at half the energy, and floors of chain and file leads 3 times as
    high, so that a difference tells them too.
    """
    numerics = given.numerics
    rougher = 1.0 + float(loose != 1.0)
    higher = 2 * rougher - 1
    return Fitting(
        min(0.1, numerics.fit_error * loose),
        (numerics.window or REACH * largest) / rougher,
        numerics.tail,
        numerics.floor * higher,
        rougher,
        min(0.1, max(numerics.fit_error, OF_TABLE) * loose),
    )
