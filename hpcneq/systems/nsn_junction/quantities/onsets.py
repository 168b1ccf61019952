"""Quantities of the tasks ``onset`` and ``phase-diagram``."""

from __future__ import annotations

from ....tasks import ERRORS, Quantity, missing_where
from .shared import (
    CODE,
    COORDINATE,
    COUNTED,
    COVERS,
    FOLDS_COMPLETE,
    RESIDUAL,
    SCANNED,
    SNES_REASONS,
)


def _roots(kind: str, name: str, words: str) -> tuple[Quantity, ...]:
    """The data sets of one kind of roots; over the swept key as well where there is one."""
    axis = f"n_{kind}"
    return (
        Quantity(axis, "1", f"number of the {words}, ascending", dtype=int, error=COORDINATE),
        Quantity(name, "t_par", words, (axis,), error=f"{name}_error"),
        Quantity(
            f"{name}_residual", "1", "largest residual where SNES stopped", (axis,), error=RESIDUAL
        ),
        Quantity(f"{name}_error", "t_par", "error estimate", (axis,), error="an error itself"),
    )


LINE_ENDS = (
    FOLDS_COMPLETE,
    Quantity(
        "momenta",
        "1",
        "directions of the FFLO momenta Q that were searched",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
    *(
        Quantity(name, "t_par", f"[value, swept key{last}] {words}", kind="summary", error=ERRORS)
        for name, last, words in (
            ("tricritical", "", "where a line of folds ends on that of the uniform onsets"),
            ("lifshitz", "", "where the wave number of an FFLO onset vanishes"),
            ("fold_ends", ", delta", "where a line of folds turns back or two of them meet"),
            ("bcs_ends", "", "where a line of uniform onsets turns back"),
            ("fflo_ends", ", Q", "where a line of FFLO onsets turns back"),
        )
    ),
)
ONSET = (
    SCANNED,
    SNES_REASONS,
    *_roots("bcs", "bcs_onset", "onset of uniform pairing"),
    *_roots("fflo", "fflo_onset", "onset of FFLO pairing"),
    *_roots("folds", "fold", "fold of a uniform branch"),
    *_roots("limit", "clogston", "Clogston limit"),
    *_roots("wall", "fflo_bcs", "field where FFLO and BCS have the same free energy"),
    Quantity(
        "fflo_Q_at_onset",
        "1/lattice constant",
        "Q at the onset of FFLO pairing",
        ("n_fflo",),
        error="that of fflo_Q",
    ),
    Quantity(
        "fold_delta",
        "t_par",
        "D at the fold of a uniform branch",
        ("n_folds",),
        error="that of folds_delta",
    ),
    Quantity(
        "clogston_delta", "t_par", "D at the Clogston limit", ("n_limit",), error="solved with h_cc"
    ),
    Quantity(
        "along",
        "1",
        "in which of eV, h, T onsets were sought",
        dtype=str,
        kind="summary",
        error=CODE,
    ),
    Quantity("bcs_onsets", "t_par", "onsets of uniform pairing", kind="summary", error=ERRORS),
    Quantity("fflo_onsets", "t_par", "onsets of FFLO pairing", kind="summary", error=ERRORS),
    Quantity("fflo_Q", "1/lattice constant", "their wave numbers", kind="summary", error=ERRORS),
    Quantity("folds", "t_par", "folds of uniform branches", kind="summary", error=ERRORS),
    Quantity("folds_delta", "t_par", "order parameter there", kind="summary", error=ERRORS),
    Quantity(
        "h_bcs",
        "t_par",
        "field at rest where the normal state becomes unstable to uniform pairs",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "h_fflo",
        "t_par",
        "field at rest where it becomes unstable to FFLO pairs",
        kind="summary",
        error=ERRORS,
    ),
    Quantity("h_cc", "t_par", "Chandrasekhar-Clogston field", kind="summary", error=ERRORS),
    Quantity(
        "h_fflo_bcs",
        "t_par",
        "field at rest where the FFLO state's own free energy equals the uniform state's",
        kind="summary",
        error=ERRORS,
    ),
    Quantity(
        "T_bcs", "t_par", "transition temperature of uniform pairing", kind="summary", error=ERRORS
    ),
    Quantity(
        "T_fflo", "t_par", "transition temperature of FFLO pairing", kind="summary", error=ERRORS
    ),
    *(
        Quantity(
            f"{kind}_mu",
            "t_par",
            f"mu_pair of each {words}, between leads that do not mirror each other",
            kind="summary",
            error=ERRORS,
        )
        for kind, words in (
            ("bcs", "onset of uniform pairing"),
            ("fflo", "onset of FFLO pairing"),
            ("folds", "fold"),
        )
    ),
    *LINE_ENDS,
    Quantity("residual", "1", "largest residual of all roots", kind="summary", error=RESIDUAL),
)


def _boundary(name: str, words: str) -> tuple[Quantity, ...]:
    """A boundary, and the numbers of its points along a line."""
    axis = f"{name}_number"
    return (
        Quantity(axis, "1", f"number of the {name} along the line", dtype=int, error=COORDINATE),
        Quantity(name, "t_par", words, (axis,), error="boundary_error"),
    )


PHASE_DIAGRAM = (
    COVERS,
    Quantity(
        "region",
        "1",
        "0: normal; 1: bcs; 2: fflo; 3: bistable-with-fflo; 4: bistable-with-normal",
        dtype=int,
        error=CODE,
    ),
    *_boundary("bcs_onset", "second key at the onset of the uniform state, C(0) = 1/U"),
    *_boundary(
        "fflo_onset", "second key at the onset of the FFLO state, largest C(Q) = 1/U at Q > 0"
    ),
    *_boundary("fold", "second key at the fold of the uniform branches"),
    *_boundary(
        "h_cc",
        "Chandrasekhar-Clogston field, where uniform and normal state have the same free energy",
    ),
    Quantity(
        "fflo_Q",
        "1/lattice constant",
        "wave number of the FFLO onset",
        ("fflo_onset_number",),
        error="solved with the onset",
    ),
    Quantity(
        "fold_delta",
        "t_par",
        "order parameter at the fold",
        ("fold_number",),
        error="solved with the fold",
    ),
    Quantity(
        "boundary_error",
        "t_par",
        "largest error of the boundaries of the middle line, from looser momentum sums",
        kind="summary",
        error="an error itself",
    ),
    Quantity(
        "regions", "1", "names of the regions that occur", dtype=str, kind="summary", error=CODE
    ),
    Quantity("shares", "1", "their shares of the points", kind="summary", error=ERRORS),
    Quantity("lines", "1", "number of lines", dtype=int, kind="summary", error=COUNTED),
    Quantity("points", "1", "number of points", dtype=int, kind="summary", error=COUNTED),
    *LINE_ENDS,
    Quantity("residual", "1", "largest residual of the boundaries", kind="summary", error=RESIDUAL),
)

# ---- why there may be no number -----------------------------------------------------------------

ONSET = missing_where(
    ONSET,
    "there is no such onset where it was sought",
    "h_bcs h_fflo h_fflo_bcs T_bcs T_fflo fflo_Q",
)
ONSET = missing_where(
    ONSET, "no first-order line of uniform states exists there, or no transition", "h_cc"
)
ONSET = missing_where(
    ONSET,
    "this line has fewer of them",
    "bcs_onset bcs_onset_residual bcs_onset_error fflo_onset fflo_onset_residual "
    "fflo_onset_error fold fold_residual fold_error clogston clogston_residual "
    "clogston_error fflo_bcs fflo_bcs_residual fflo_bcs_error fflo_Q_at_onset fold_delta "
    "clogston_delta",
)
PHASE_DIAGRAM = missing_where(
    PHASE_DIAGRAM, "this line has fewer of them", "bcs_onset fflo_onset fold h_cc fflo_Q fold_delta"
)
