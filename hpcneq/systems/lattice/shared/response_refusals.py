"""What the tasks that look at responses of a state cannot do. Computes nothing."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....tasks import Given
from . import refusals


def stationary(given: Given) -> None:
    """Refuse what has no stationary state."""
    refusals.steady(given)
    parts = refusals.parts_of(given)
    if parts is None:
        return
    _, reservoirs, drives = parts
    biases = given.sweep.get("eV", [given.parameters.eV])
    for eV in biases:
        if refusals.differ(reservoirs, drives.at_bias(float(eV))):
            raise InputError(
                f"[leads] bias: two bcs leads at different bias (eV = {float(eV):g}): the state is "
                f'periodic, task = "{given.task}" needs a stationary one'
            )


def modes(given: Given) -> None:
    """Refuse what ``modes`` cannot do."""
    if len(given.sweep) > 1:
        names = ", ".join(given.sweep)
        raise InputError(f'[sweep]: task "modes" follows states along one key, got {names}')
    numerics = given.numerics
    if numerics.branches and len(next(iter(given.sweep.values()), [])) < 2:
        raise InputError("[numerics] branches: goes with a [sweep] of two values or more")
    stationary(given)
    if numerics.method == "det" and numerics.frequencies != [0.0]:
        raise InputError('[numerics] frequencies: goes with method = "krylov"')


def conductivity(given: Given) -> None:
    """Refuse what ``conductivity`` cannot do."""
    stationary(given)
    parts = refusals.parts_of(given)
    if parts is None:
        return
    model = parts[0]
    refusals.refuse_direction(given, model)
    refusals.refuse_short_rings(model)


def periodic(given: Given) -> None:
    """Refuse what ``periodic`` cannot do."""
    parts = refusals.checked_parts(given)
    if parts is None:
        return
    _, reservoirs, drives = parts
    bias, *others = drives.named()
    named = [bias, ("[interaction] U", drives.U, False), *others]
    for name, drive, _ in named:
        if drive.kind not in ("constant", "sine"):
            raise InputError(f'{name}: kind "{drive.kind}" does not repeat; use "sine"')
        if drive.kind == "sine" and np.isfinite(drive.duration):
            raise InputError(f"{name}: a sine with a duration does not repeat; leave it out")
        if drive.kind == "sine" and drive.frequency <= 0:
            raise InputError(f"{name}: frequency must be > 0")
    sines = any(drive.kind == "sine" for _, drive, _ in named)
    if not sines and not refusals.differ(reservoirs, drives):
        raise InputError(
            '[parameters] eV: nothing repeats: give a drive of kind "sine", or two bcs leads at '
            "different bias"
        )
