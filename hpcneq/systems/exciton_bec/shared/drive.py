"""What drives the condensate, as an input gives it."""

from __future__ import annotations

from ....tasks import Given
from ..physics.gap_equations import Drive


def drive_of(given: Given, **values: float) -> Drive:
    """The Drive of a checked input.

    values : replace inv_kfas, gamma_b, ratio, T_b or p_c of the input.
    """
    parameters, numerics = given.parameters, given.numerics
    own = {
        "inv_kfas": parameters.inv_kfas,
        "gamma_b": parameters.gamma_b,
        "ratio": parameters.decay,
        "T_b": parameters.T_b,
        "p_c": numerics.p_c,
    }
    own |= {key: float(value) for key, value in values.items()}
    return Drive(
        inv=own["inv_kfas"],
        ratio=own["ratio"],
        gb=own["gamma_b"],
        p_c=own["p_c"],
        number=numerics.number,
        T=own["T_b"],
    )


def input_summary(drive: Drive) -> dict:
    """What every summary repeats of the input."""
    return {
        "inv_kfas": drive.inv,
        "gamma_b": drive.gb,
        "gamma_v": drive.gv,
        "T_b": drive.T,
        "p_c": drive.p_c,
        "number": drive.number,
    }
