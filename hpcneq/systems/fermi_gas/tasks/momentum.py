"""Task ``momentum`` of the fermi-gas: the momentum distribution of one state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output
from ..physics import pair_amplitude
from ..physics.occupation import Baths
from ..shared.branch_states import outcome_of, polished_branch
from ..shared.polished_states import ROUNDING

if TYPE_CHECKING:
    from ....files.writer import ResultFile

SIDES = {"L": 1, "R": -1}  # reservoir -> sign of its dmu


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Fig. 1 (pop-up): n_k along and across Q, with its parts by reservoir. **Collective.**

    k is the momentum of an atom in the laboratory.
    """
    gas, state = polished_branch(given, comm)
    D, Q, n, baths = state["delta"], state["Q"], given.numerics, gas.baths
    k = given.sweep.get("p", np.linspace(-n.p_max, n.p_max, n.points))
    write(output(), k, D, Q, baths)
    fine = np.linspace(0.5, 1.5, 20001)
    n_x = pair_amplitude.occupation(fine, 0.0, D, Q, baths.occupation)
    edges = pair_amplitude.steepest(fine, n_x)
    summary = {
        "edges": edges,
        "expected_edges": [float(np.sqrt(1 - baths.dmu)), float(np.sqrt(1 + baths.dmu))],
    }
    spacing = float(fine[1] - fine[0])
    errors = {"edges": [2 * spacing] * len(edges), "expected_edges": [ROUNDING] * 2}
    return outcome_of(state, summary, errors)


def write(out: ResultFile, k: np.ndarray, D: float, Q: float, baths: Baths) -> None:
    """n_k and its parts; n is the mean of both parts. **Collective.**"""
    out.axis("p", k)
    for name, momenta in (("n_z", (0.0, k)), ("n_x", (k, 0.0))):
        out.fixed(name, pair_amplitude.occupation(*momenta, D, Q, baths.occupation))
        for side, sign in SIDES.items():
            one = pair_amplitude.occupation(
                *momenta, D, Q, lambda x, sign=sign: baths.one_sided(x, sign)
            )
            out.fixed(f"{name}_{side}", one)
    out.fixed("n_normal", baths.occupation(k**2 - 1))
