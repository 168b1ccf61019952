"""The leads of an input, and what changes in time: the bias and the vector potential."""

from __future__ import annotations

from ....errors import InputError
from ....maths import drives
from ....maths.drives import Drive
from ....tasks import Given
from ..inputs import LARGEST, Leads, LeadTable, SiteTable
from ..physics.junction import Lead


def leads_of(given: Given) -> tuple[Lead, Lead]:
    """The left and the right lead: what [leads] leaves out is that of [parameters]."""
    table = given.tables.get("leads") or Leads()
    return _lead(given, "left", table.left, +1), _lead(given, "right", table.right, -1)


def _lead(given: Given, name: str, own: LeadTable, sign: int) -> Lead:
    """One lead."""
    values = {
        key: vars(given.parameters)[key] if value is None else value
        for key, value in vars(own).items()
    }
    return Lead(name=name, sign=sign, **values)


def sites_table_of(given: Given) -> SiteTable:
    """The table [sites], or its defaults."""
    return given.tables.get("sites") or SiteTable()


def bias_of(given: Given) -> Drive:
    """eV(t). Raises InputError if it is no drive, or its file cannot be read."""
    try:
        return drives.read(given.parameters.eV, given.folder, "eV", LARGEST)
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None


def vector_potential_of(given: Given, axis: str) -> Drive:
    """A_x(t) or A_y(t). Raises InputError if it is no drive, or its file cannot be read."""
    try:
        name = f"A_{axis}"
        return drives.read(vars(sites_table_of(given))[name], given.folder, name, LARGEST)
    except ValueError as error:
        raise InputError(f"[sites] {error}") from None
