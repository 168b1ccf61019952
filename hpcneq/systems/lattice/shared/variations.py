"""Parameters that change a model and its leads: attraction, widths, temperature, levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ....errors import InputError
from ..physics.model import Model, Triplets
from ..physics.reservoirs import Reservoir

if TYPE_CHECKING:  # loads scipy, which a check of the input need not
    from ....maths.lead_fits import Fit

VARIED = ("U", "V", "gamma", "T", "level", "h")  # keys of [parameters]
FITTED = ("T",)  # keys that change the shape of the leads, not only their strength


def applied(
    parameters: Any, model: Model, reservoirs: Sequence[Reservoir]
) -> tuple[Model, list[Reservoir]]:
    """The model and its leads as [parameters] of this kind change them. Raises InputError."""
    given = vars(parameters)
    if not set(VARIED) <= set(given):  # a task that has them not
        return model, list(reservoirs)
    if given["U"] is not None:
        if not np.any(model.U):
            raise InputError("[parameters] U: no site has an attraction; give [interaction] U")
        model = model.replaced(U=np.where(model.U != 0, given["U"], 0.0))
    if given["V"] is not None:
        if not model.bonds:
            raise InputError("[parameters] V: no bond has an attraction; give [interaction] bond")
        model = model.replaced(bonds=[(i, j, given["V"]) for i, j, _ in model.bonds])
    if given["level"] or given["h"]:
        model = shifted(model, given["level"], given["h"])
    return model, [_changed(lead, given["gamma"], given["T"]) for lead in reservoirs]


def shifted(model: Model, level: float, h: float) -> Model:
    """The model with ``level`` added to all levels, and h to those of spin up, -h of spin down."""
    if h and model.spin == "none":
        raise InputError("[parameters] h: the model is spinless")
    places = np.arange(model.hopping.size)
    if model.spin == "full":
        spins = np.where(places % 2, level - h, level + h)
        return model.replaced(hopping=_raised(model.hopping, spins))
    up = _raised(model.hopping, np.full(len(places), level + h))
    if not h and model.hopping_down is None:
        return model.replaced(hopping=up)
    down = _raised(model.hopping_down or model.hopping, np.full(len(places), level - h))
    return model.replaced(hopping=up, hopping_down=down)


def _raised(hopping: Triplets, energies: np.ndarray) -> Triplets:
    """A matrix with energies (n,) added to its diagonal."""
    places = np.arange(hopping.size)
    return hopping.plus(Triplets.summed(hopping.size, places, places, energies))


def _changed(lead: Reservoir, gamma: float | None, T: float | None) -> Reservoir:
    """A lead with another half width, where it has one, and another temperature."""
    if gamma is not None and lead.kind in ("wide", "bcs"):
        lead = replace(lead, gamma=np.where(lead.gamma != 0, gamma, 0.0))
    if T is not None:
        lead = replace(lead, T=T)
    return lead


def warmer(fit: Fit, ratio: float, mu: float) -> Fit:
    """The fit of a wide lead at a temperature ``ratio`` times as high: f depends on (w - mu)/T."""
    poles = mu + ratio * (fit.poles - mu)
    return replace(fit, poles=poles, filling=ratio * fit.filling)
