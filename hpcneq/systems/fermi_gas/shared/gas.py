"""The gas of an input, and the response of one of its states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .. import inputs
from ..physics.gap_and_current import Gas
from ..physics.occupation import Baths
from ..physics.response import Response


def gas_of(parameters: inputs.Parameters, numerics: inputs.Numerics) -> Gas:
    """The Gas of these parameters, equal couplings."""
    baths = Baths(parameters.gamma, parameters.T, parameters.dmu)
    return Gas(baths, parameters.inv_kfas, numerics.dp, cut=numerics.gap_cutoff)


def gas_at(
    parameters: inputs.Parameters, numerics: inputs.Numerics, values: Mapping[str, float]
) -> Gas:
    """The same with some parameters replaced, such as those of a point of a sweep."""
    return gas_of(replace(parameters, **values), numerics)


def response_of(
    parameters: inputs.WaveParameters | inputs.StabilityParameters,
    numerics: inputs.WaveNumerics,
    D: float,
    Q: float,
) -> Response:
    """The Response of the state (D, Q) to the wave of an input."""
    p, n = parameters, numerics
    baths = gas_of(p, n).baths
    q, angle = p.q or 0.0, p.angle or 0.0
    return Response(baths, D, Q, q, angle, n.variant, n.dp, n.fine, n.angles)


def with_wave(response: Response, q: float, angle: float) -> Response:
    """The same response to another wave."""
    r = response
    return Response(r.baths, r.D, r.Q, q, angle, r.variant, r.dp, r.fine, r.angles)
