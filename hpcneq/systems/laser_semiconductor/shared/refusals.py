"""What an input must not ask for, although each of its keys is right: one function a task."""

from __future__ import annotations

import math

from ....errors import InputError
from ....solvers.output_times import refuse_uncountable
from ....tasks import Given
from ..inputs import SWEPT
from ..physics.material import undetermined
from .model import largest_energy, material_at
from .remarks import UNDETERMINED

# Step times largest energy. The runs for the errors take twice the step, which then still damps
# what it does not resolve: Runge and Kutta's fourth order is stable up to 2.83, of decay to 2.78.
RESOLVED = 1.39


def steady(given: Given) -> None:
    """InputError for what task steady cannot take: too many swept keys, or a grid out of range."""
    _swept_keys(given, (0, 1))
    if not given.sweep and undetermined(material_at(given.parameters)):
        raise InputError(f"[parameters]: {UNDETERMINED}")
    _points(given, 4, 4000)


def growth(given: Given) -> None:
    """InputError for what task growth cannot take, as in `steady`."""
    steady(given)


def parameter_map(given: Given) -> None:
    """InputError for what task map cannot take: not two swept keys, or a grid out of range."""
    _swept_keys(given, (2,))
    _points(given, 4, 4000)


def keldysh(given: Given) -> None:
    """InputError for what the Keldysh functional does not describe."""
    p = given.parameters
    if p.model != "two-band" or p.T > 0 or math.isinf(p.k_max):
        raise InputError(
            "[parameters]: the functional is that of the two-band model at T = 0 with a finite "
            "k_max"
        )
    if p.delta == 0:
        raise InputError(
            "[parameters] delta = 0: must be > 0, the functional is compared with the gap equation "
            "by their ratio"
        )
    m = material_at(p)
    if m.Omega == 0 or m.Gamma1 == m.Gamma2:
        raise InputError(
            "[parameters]: without a laser (Omega = 0) and between equal reservoirs (gamma1 = 0.5) "
            "both sides of the comparison are 0"
        )
    _points(given, 2, 1000)


def evolve(given: Given) -> None:
    """InputError for a model without an order parameter, or a step that resolves too little."""
    p, n = given.parameters, given.numerics
    if p.model == "three-band":
        raise InputError(
            '[parameters] model = "three-band": its populations do not know the pairing (A11), '
            "so that it would grow for ever; take task growth or steady"
        )
    if math.isinf(p.k_max):
        raise InputError("[parameters] k_max = inf: must be finite in task evolve")
    if n.points < 3:
        raise InputError(
            f"[numerics] points = {n.points}: must be >= 3 in task evolve, both ends of the grid "
            "and the resonance"
        )
    top = largest_energy(material_at(p), n.drive == "full")
    if n.dt * top > RESOLVED:
        raise InputError(
            f"[numerics] dt = {n.dt:g}: must be <= {RESOLVED / top:.3g}, so that it resolves "
            f"energies up to {top:.3g}"
        )
    refuse_uncountable(given.run.t_max, n.dt, given.run.output_every)


def _swept_keys(given, counts):
    """InputError unless the number of swept keys is one of ``counts`` and their values are used."""
    if len(given.sweep) not in counts:
        raise InputError(
            f"[sweep]: {given.task} takes {' or '.join(map(str, counts))} of {', '.join(SWEPT)}, "
            f"got {', '.join(given.sweep) or 'none'}"
        )
    if {"gamma1", "gamma2"} <= set(given.sweep):
        raise InputError("[sweep] gamma1, gamma2: they are shares of Gamma, sweep one of them")
    for name in ("kappa_plus", "v_minus"):
        if 0 in given.sweep.get(name, ()):
            raise InputError(f"[sweep] {name}: must not be 0")


def _points(given, least, most):
    """InputError if the grid has fewer or more momenta than the task can use."""
    points = given.numerics.points
    if points < least:
        raise InputError(
            f"[numerics] points = {points}: must be >= {least} in task {given.task}, whose errors "
            "come from a finer grid"
        )
    if points > most:
        raise InputError(
            f"[numerics] points = {points}: must be <= {most} in task {given.task}, whose matrices "
            "over all momenta fit no memory beyond"
        )
