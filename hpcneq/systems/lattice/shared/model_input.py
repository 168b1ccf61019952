"""The model of an input: from its cell, its Python function or its Wannier90 file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from ....errors import InputError
from ....maths import drives
from ....tasks import Given
from ..physics import cell, wannier
from ..physics.cell import Crystal
from ..physics.model import Model, Triplets, singlet
from ..physics.random_fields import disordered
from . import python_model

Value = TypeVar("Value")


def refused(table: str, function: Callable[..., Value], *args: object) -> Value:
    """``function(*args)``, its ValueError as InputError of a table."""
    try:
        return function(*args)
    except ValueError as error:
        raise InputError(f"[{table}] {error}") from None


def runs_code(given: Given) -> str | None:
    """The Python function that an input names, None for other inputs."""
    python: str | None = given.tables["model"].python
    return python


def source_of(given: Given) -> str:
    """The source of the model's Python file, "" for other inputs. Raises InputError."""
    table = given.tables["model"]
    if table.python is None:
        return ""
    return python_model.source_of(table.python, given.folder)[0]


def model_of(given: Given, source: str | None = None) -> tuple[Model, list[int]]:
    """(the model, number of the [interaction] bond that each of its bonds belongs to).

    source : of its Python file, where it is at hand; else it is read. Raises InputError.
    """
    table, interaction = given.tables["model"], given.tables["interaction"]
    model, crystal = _base(given, source)
    model = refused("model", _with_energies, model, table.onsite)
    numbers: list[int] = []
    if interaction.bond:
        if crystal is None:
            raise InputError("[interaction] bond: a Python model has bonds of its own")
        bonds, numbers = refused("interaction", cell.bond_pairs, crystal, interaction.bond)
        model = refused("interaction", lambda: model.replaced(bonds=bonds))
    model = _with_attraction(model, interaction.U)
    terms = given.tables["pairing"].terms
    if terms:
        if crystal is None:
            raise InputError("[[pairing]]: a Python model has a pairing of its own")
        model = refused("pairing", _with_pairing, model, crystal, terms)
    disorder = given.tables["disorder"]
    if disorder.onsite or disorder.hop:
        model = disordered(model, disorder.onsite, disorder.hop, disorder.seed)
    return model, numbers or [0] * len(model.bonds)


def _base(given: Given, source: str | None) -> tuple[Model, Crystal | None]:
    """The model without energies of sites and interaction."""
    table = given.tables["model"]
    if table.cell is not None:
        crystal = refused("model", _crystal, table.cell)
        return refused(
            "model", cell.model_of_crystal, crystal, table.spin, table.hop, 0.0, ()
        ), crystal
    if table.wannier90 is not None:
        content = refused("model", wannier.read, table.wannier90, given.folder)
        return refused(
            "model",
            wannier.cut_out,
            content,
            table.spin,
            table.size,
            table.periodic,
            table.cutoff,
            table.centers,
            table.vectors,
        )
    if source is None:
        source = source_of(given)
    function = table.python.rpartition(":")[2]
    model = python_model.build(table.python, table.arguments, given.folder, source, function)
    if model.spin != table.spin:
        raise InputError(
            f'[model] spin = "{table.spin}": the model of {table.python} has spin = "{model.spin}"'
        )
    return model, None


def _crystal(table: object) -> Crystal:
    orbitals = table.orbitals  # type: ignore[attr-defined]
    return cell.crystal(
        table.vectors,  # type: ignore[attr-defined]
        [orbital.name for orbital in orbitals],
        [orbital.at for orbital in orbitals],
        table.size,  # type: ignore[attr-defined]
        table.periodic,  # type: ignore[attr-defined]
    )


def _with_energies(model: Model, terms: list) -> Model:
    """The model with [model] onsite."""
    if not terms:
        return model
    up, down = cell.site_energies(model.orbital, terms, model.sites, model.spin)
    if down is None and model.hopping_down is None:
        return model.replaced(hopping=model.hopping.plus(up))
    lower = model.hopping_down or model.hopping
    return model.replaced(hopping=model.hopping.plus(up), hopping_down=lower.plus(down or up))


def _with_attraction(model: Model, U: object) -> Model:
    """The model with [interaction] U; 0 leaves that of a Python model, a drive is a factor of 1."""
    if U == 0:
        return model
    if drives.is_drive(U):
        U = 1.0
    values = refused("interaction", cell.attraction, U, model.orbital)
    return refused("interaction", lambda: model.replaced(U=values))


def _with_pairing(model: Model, crystal: Crystal, terms: list) -> Model:
    """The model with the prescribed pairing of [[pairing]]."""
    rows, columns = [], []
    values = []
    sign = -1.0 if model.spin == "none" else 1.0
    for number, term in enumerate(terms):
        where = f"{number}"
        start, end, shift = crystal.ends(term, where)
        value = cell.amplitude(term.value, f"{where} value")
        i, j = crystal.pairs(start, end, shift)
        rows += [j]
        columns += [i]
        values += [np.full(len(i), value)]
        if start != end or any(shift):
            rows += [i]
            columns += [j]
            values += [np.full(len(i), sign * value)]
    D = Triplets.summed(model.sites, *map(np.concatenate, (rows, columns, values)))
    if model.spin == "full":
        D = singlet(D)
    return model.replaced(pairing=D)
