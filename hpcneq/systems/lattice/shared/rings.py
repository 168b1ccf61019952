"""Rings along which only repeating states are sought, as ``[numerics] uniform`` says."""

from __future__ import annotations

from collections.abc import Sequence

from ....errors import InputError
from ....tasks import Given
from ..physics.mean_field import MeanField
from ..physics.model import Model
from ..physics.reservoirs import Reservoir
from ..physics.translations import Ring, rings_of

LARGE = 200  # levels above which states are sought momentum by momentum


def field_of(given: Given, model: Model) -> MeanField:
    """The mean field of a model."""
    interaction = given.tables["interaction"]
    return MeanField(model, interaction.hartree, interaction.exchange)


def ring_of(given: Given, field: MeanField, reservoirs: Sequence[Reservoir]) -> Ring | None:
    """The ring that model and leads repeat along; None for every site by itself.

    Raises InputError where nothing repeats that must.
    """
    uniform = given.numerics.uniform
    if uniform == "no" or (uniform == "auto" and field.form.size <= LARGE):
        return None
    ring = rings_of(field, reservoirs)
    if ring is None and uniform == "yes":
        raise InputError(
            '[numerics] uniform = "yes": model and leads repeat along no ring of three or more '
            'cells; use "auto"'
        )
    return ring
