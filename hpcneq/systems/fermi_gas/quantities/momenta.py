"""Quantities of the tasks ``pair-amplitude``, ``momentum`` and ``current``."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity
from .shared import BRANCH, CHOSEN, STATE, summary_number

CLOSED_FORM = "a closed form of Delta and Q, whose errors are stated"
PLANE = ("p_x", "p_z")
PAIR_AMPLITUDE = (
    *STATE,
    Quantity("p_x", "pF", "momentum across Q", error=CHOSEN),
    Quantity(
        "p_z",
        "pF",
        "momentum along Q, half the difference of two partners'",
        error=CHOSEN,
    ),
    Quantity("P", "1", "pair amplitude P(p_x, p_z)", PLANE, error=CLOSED_FORM),
    *(
        Quantity(
            name,
            "1",
            f"Fulde-Ferrell pair amplitude in a field of {sign}dmu: P is the mean of both",
            PLANE,
            error=CLOSED_FORM,
        )
        for name, sign in (("pair_plus", "+"), ("pair_minus", "-"))
    ),
    summary_number("largest", "1", "largest pair amplitude"),
    summary_number("hole", "pF", "momenta between which no pairs are"),
)
DIRECTIONS = {"n_z": "along Q", "n_x": "across Q"}
RESERVOIRS = {"L": "L (mu + dmu)", "R": "R (mu - dmu)"}
MOMENTUM = (
    *STATE,
    Quantity("p", "pF", "momentum of an atom", error=CHOSEN),
    *(
        Quantity(name, "1", f"occupation {text}", ("p",), error=CLOSED_FORM)
        for name, text in DIRECTIONS.items()
    ),
    *(
        Quantity(
            f"{name}_{side}",
            "1",
            f"occupation {text} with reservoir {reservoir} alone: n is the mean of both",
            ("p",),
            error=CLOSED_FORM,
        )
        for name, text in DIRECTIONS.items()
        for side, reservoir in RESERVOIRS.items()
    ),
    Quantity("n_normal", "1", "occupation of the normal gas", ("p",), error=CLOSED_FORM),
    summary_number("edges", "pF", "momenta at which the occupation across Q falls fastest"),
    summary_number("expected_edges", "pF", "edges of the two reservoirs without pairs and width"),
)
CURRENT = (
    BRANCH,
    summary_number("delta", "mu", "order parameter of the state"),
    Quantity(
        "Q",
        "pF",
        "wave number of the condensate; in the summary that of the state",
        kind="both",
        error=ERRORS,
    ),
    Quantity(
        "J",
        "1",
        "net current at this Q and order parameter, less that of the normal gas",
        ("Q",),
        error="J_max",
    ),
    Quantity(
        "gap",
        "1",
        "what the gap equation lacks there",
        ("Q",),
        error="of the order of that of J_max",
    ),
    summary_number("zeros", "pF", "wave numbers Q > 0 without a net current"),
    summary_number("slope", "1", "dJ/dQ at Q = 0"),
    summary_number("J_max", "1", "current of the largest size"),
    summary_number("Q_max", "pF", "where it flows"),
    summary_number("fixed_delta", "mu", "order parameter held fixed"),
)
