"""Static tasks of the nsn-junction: onsets and folds along eV, h or T, and the Clogston limit."""

from __future__ import annotations

import dataclasses

import numpy as np

from ....errors import InputError
from ....parallel import on_root
from ....solvers import farm as maps
from ....solvers import newton
from ....tasks import Outcome
from ..physics import critical_lines as lines
from ..physics import fflo_state as modulated
from ..physics import gap_equations as conditions
from ..physics import onsets
from ..physics import uniform_states as static
from .steady import FLOOR, grid_of, point_of, polished, refuse_unused

UNITS = {"eV": "t_par", "h": "t_par", "T": "t_par", "gamma": "t_par", "U": "t_par"}
SLACK = 1e-10  # of Q and of D at a fold, where derivatives vanish
WORDS = {
    "eV": "bias",
    "h": "Zeeman field",
    "T": "temperature of the leads",
    "gamma": "coupling to each lead",
    "U": "attraction",
}


# ---- polished lists -------------------------------------------------------------------------------------------------


class Found:
    """Roots of one kind with errors, SNES reasons and residuals."""

    def __init__(self):
        (
            self.values,
            self.partners,
            self.errors,
            self.partner_errors,
            self.reasons,
            self.residuals,
        ) = [], [], [], [], [], []
        self.lost = []

    def add(self, solution, errors, partner=None):
        """Keep a polished root; one that SNES left unsolved is kept and remembered as such."""
        self.values.append(abs(float(solution.x[0])))
        self.errors.append(float(errors[0]))
        self.partners.append(abs(float(solution.x[1])) if len(solution.x) > 1 else partner)
        self.partner_errors.append(float(errors[1]) + SLACK if len(solution.x) > 1 else FLOOR)
        self.reasons.append(solution.reason)
        self.residuals.append(solution.residual)
        if not solution.converged and solution.residual > 1e-10:
            self.lost.append(solution)

    def record(self):
        """What a map keeps of it."""
        return {
            "values": self.values,
            "partners": self.partners,
            "errors": self.errors,
            "partner_errors": self.partner_errors,
            "reasons": self.reasons,
            "residuals": self.residuals,
            "lost": len(self.lost),
        }


def bcs(point, grid, along, values):
    """Onsets of uniform pairing."""
    found = Found()
    for x in onsets.bcs_onsets(point, grid, values, along):
        found.add(*polished(lambda g: conditions.onset(point, g, along), [x], grid))
    return found


def fflo(point, grid, along, values):
    """Onsets of pairing at Q > 0, partners Q; and all values at which max_Q C(Q) = 1/U, Q = 0 included."""
    found, every = Found(), []
    for x, Q in zip(*onsets.fflo_onsets(point, grid, values, along)):
        if Q < 1e-4:
            every.append(x)
            continue
        kept = conditions.allowed(grid, Q)
        found.add(
            *polished(
                lambda g: conditions.onset(point, g, along, kept),
                [x, Q] if kept == "free" else [x],
                grid,
            ),
            Q,
        )
        every.append(found.values[-1])
    return found, sorted(every)


def folds(point, grid, along, seeds):
    """Folds polished from (value, D) seeds; those that lead elsewhere are dropped."""
    found = Found()
    for x, D in seeds:
        solution, errors = polished(lambda g: conditions.fold(point, g, along), [x, D], grid)
        if abs(abs(solution.x[0]) - x) < 0.02 and abs(solution.x[1]) > 1e-3:
            found.add(solution, errors)
    return found


def critical_field(point, grid):
    """The Clogston limit at rest, with its D; empty if the transition is continuous."""
    found = Found()
    seed = lines.critical_field(point, grid)
    if seed is not None:
        found.add(*polished(lambda g: conditions.clogston(point, g), seed, grid))
    return found


def fflo_line(point, limit):
    """The field at rest at which an FFLO pattern's own free energy passes the uniform state's, partner the period, polished by SNES.

    Walls repel: the longer the period the lower the field, exponentially fast, down to that of one wall. Empty if there is none.
    """
    found, sites = Found(), modulated.sites_for(point)
    seeds, start = [], 0.965 * limit
    for P in modulated.PERIODS:
        pattern = modulated.Pattern(point, P, sites)
        seed = pattern.crossing(start)
        if seed is None:
            return found
        seeds.append((seed, pattern))
    (h, a, D), pattern = min(seeds[1:], key=lambda s: s[0][0])
    if h >= limit:  # the normal state is lower than both
        return found
    solution = newton.solve_equations(pattern.balance(), np.array([*a, h, D]), prefix="steady_")
    coarse = modulated.Pattern(point, pattern.P, int(0.7 * sites)).crossing(h)
    error = abs(seeds[0][0][0] - h) + (abs(coarse[0] - h) if coarse else 1e-3)
    found.add(dataclasses.replace(solution, x=solution.x[-2:-1]), [error], float(pattern.P))
    return found


def lifshitz(points, grid, along, rows, temperatures):
    """[([value, T], their errors)] of the points where the wave number of an FFLO onset vanishes, between two temperatures of a sweep."""
    found = []
    for a, b, T in zip(rows, rows[1:], temperatures):
        ends = [row["fflo"]["values"] for row in (a, b)]
        fewer, more = sorted(ends, key=len)
        if len(fewer) == len(more):
            continue
        for x in more:
            solution, errors = polished(
                lambda g: conditions.lifshitz(points[0], g, along), [x, float(T)], grid
            )
            new = not any(np.abs(solution.x - y).max() < 1e-6 for y, _ in found)
            if (
                solution.converged
                and new
                and abs(solution.x[0] - x) < 0.05
                and abs(solution.x[1] - T) < 2 * np.diff(temperatures).max()
            ):
                found.append((np.abs(solution.x), errors + 100 * SLACK))
    return [([float(v) for v in x], [float(v) for v in e]) for x, e in found]


# ---- onset ----------------------------------------------------------------------------------------------------------


def onset(run, comm, log, output):
    """Kawamura & Ohashi 2025, Eqs. (53), (61), Figs. 5(a), 8: where pairing sets in along that of eV, h, T that is not given. **Collective.**"""
    refuse_unused(run, "steady_")
    along, warnings = _sought(run)
    if len(run.sweep) > 1:
        raise InputError("[sweep]: onset takes one key; phase-diagram makes maps")
    key, axis = next(iter(run.sweep.items()), ("T", np.array([np.nan])))
    grid = grid_of(run)
    points = [point_of(run, **({key: float(x)} if run.sweep else {})) for x in axis]
    for point in points:
        static.require_mirrored(point, "onset")
    rest = along == "h" and (points[0].eV == 0 and key != "eV")

    def solve(i, j, warm):
        return _onsets(points[i], grid, along, run.numerics, rest)

    if run.numerics.fflo_line and not (
        rest and all(point.equilibrium for point in points) and isinstance(grid, static.Infinite)
    ):
        raise InputError(
            "[numerics] fflo_line: only for critical fields at rest (eV = 0, no h) on the infinite lattice"
        )
    out = output()
    records, stopped = maps.farm((len(axis), 1), solve, comm, log, output.points(), "onset")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [row[0] for row in records]
    if run.sweep:
        out.axis(key, axis, UNITS[key], WORDS[key])
        _write_lines(out, key, rows, along)
    else:
        _write_columns(out, rows[0])
    summary, errors = _onset_summary(rows, along, rest, bool(run.sweep))
    if key == "T" and run.sweep and isinstance(grid, static.Infinite) and not points[0].leads:
        found = on_root(comm, lifshitz, points, grid, along, rows, axis)
        summary["lifshitz"], errors["lifshitz"] = [x for x, _ in found], [e for _, e in found]
    lost = sum(part["lost"] for row in rows for part in row.values() if isinstance(part, dict))
    warnings += [
        f"along {along}: scanned from 0 to {rows[0]['scanned'][1]:.4g} in steps of {rows[0]['scanned'][2]:.2g}"
    ]
    if lost:
        warnings.append(
            f"onset: SNES left {lost} roots unsolved; try [petsc] steady.snes_max_it or a larger [numerics] error"
        )
    return Outcome("not-converged" if lost else "complete", summary, errors, warnings)


def _sought(run):
    """(the parameter in which onsets are sought, warnings): the one of eV, h, T that is not given."""
    p = run.parameters
    missing = [key for key in ("eV", "h", "T") if getattr(p, key) is None and key not in run.sweep]
    if missing == ["h", "T"] or missing == ["eV", "T"]:
        raise InputError(
            f"[parameters] {' and '.join(missing)}: onset seeks one of eV, h and T; give the other two (T is the lead's, 0 allowed)"
        )
    if missing == ["eV", "h"]:
        raise InputError(
            "[parameters] eV and h: onset seeks one of eV, h and T; give h for onsets in eV, or eV = 0 for critical fields"
        )
    if len(missing) == 3:
        raise InputError("[parameters] eV, h, T: onset seeks one of them; give the other two")
    if not missing:
        if p.eV == 0 and "eV" not in run.sweep:
            return "eV", ["eV = 0 is given beside h and T: onsets are sought in eV all the same"]
        raise InputError("[parameters] eV, h, T: onset seeks one of them; leave it out")
    return missing[0], []


def _onsets(point, grid, along, numerics, rest):
    """The record of one line."""
    values = lines.scan_values(
        point,
        grid,
        along,
        numerics.scan_step if along != "T" else 0.2 * numerics.scan_step,
        numerics.scan_to,
    )
    uniform, (pattern, every) = bcs(point, grid, along, values), fflo(point, grid, along, values)
    record = {
        "bcs": uniform.record(),
        "fflo": pattern.record(),
        "every": every,
        "scanned": [float(values[0]), float(values[-1]), float(np.diff(values).max())],
    }
    if along != "T":
        record["folds"] = folds(
            point, grid, along, zip(*onsets.folds(point, grid, values, along))
        ).record()
    if rest:
        limit = critical_field(point, grid)
        record["limit"] = limit.record()
        if numerics.fflo_line:
            record["wall"] = (
                fflo_line(point, limit.values[-1]) if limit.values else Found()
            ).record()
    return record


def _onset_summary(rows, along, rest, swept):
    """Summary and errors: lists for one line, lists of lists along a sweep; numbers for critical fields at rest."""

    def pick(part, column):
        found = [row[part][column] for row in rows]
        return found if swept else found[0]

    summary = {
        "along": along,
        "bcs_onsets": pick("bcs", "values"),
        "fflo_onsets": pick("fflo", "values"),
        "fflo_Q": pick("fflo", "partners"),
    }
    errors = {
        "bcs_onsets": pick("bcs", "errors"),
        "fflo_onsets": pick("fflo", "errors"),
        "fflo_Q": pick("fflo", "partner_errors"),
    }
    if along != "T":
        summary |= {"folds": pick("folds", "values"), "folds_delta": pick("folds", "partners")}
        errors |= {"folds": pick("folds", "errors"), "folds_delta": pick("folds", "partner_errors")}
    if rest:
        for name, part in (
            ("h_bcs", "bcs"),
            ("h_fflo", "fflo"),
            ("h_cc", "limit"),
            *([("h_fflo_bcs", "wall")] if "wall" in rows[0] else []),
        ):
            summary[name], errors[name] = (
                _last(rows, part, "values", swept),
                _last(rows, part, "errors", swept),
            )
        summary["fflo_Q"], errors["fflo_Q"] = (
            _last(rows, "fflo", "partners", swept),
            _last(rows, "fflo", "partner_errors", swept),
        )
    if along == "T":
        for name, part in (("T_bcs", "bcs"), ("T_fflo", "fflo")):
            summary[name], errors[name] = (
                _last(rows, part, "values", swept),
                _last(rows, part, "errors", swept),
            )
    summary["scanned"] = rows[0]["scanned"]
    summary["residual"] = max(
        [
            r
            for row in rows
            for part in row.values()
            if isinstance(part, dict)
            for r in part["residuals"]
        ],
        default=0.0,
    )
    summary["snes_reasons"] = sorted(
        {
            r
            for row in rows
            for part in row.values()
            if isinstance(part, dict)
            for r in part["reasons"]
        }
    )
    return summary, errors


def _last(rows, part, column, swept):
    """The largest root of a kind on each line, None where there is none."""
    found = [row[part][column][-1] if row[part][column] else None for row in rows]
    return found if swept else found[0]


KINDS = (
    ("bcs", "bcs_onset", None, "onset of uniform pairing"),
    ("fflo", "fflo_onset", "fflo_Q_at_onset", "onset of FFLO pairing"),
    ("folds", "fold", "fold_delta", "fold of a uniform branch"),
    ("limit", "clogston", "clogston_delta", "Clogston limit"),
    ("wall", "fflo_bcs", None, "field where FFLO and BCS have the same free energy"),
)


def _write_columns(out, row):
    """Data sets of one line: each kind with its partner, residual and error."""
    for part, name, partner, text in KINDS:
        if part not in row:
            continue
        data = row[part]
        out.axis(f"n_{part}", np.arange(len(data["values"])), "1", f"{text}, ascending")
        out.fixed(name, np.array(data["values"], float), (f"n_{part}",), "t_par", text)
        if partner:
            out.fixed(
                partner,
                np.array(data["partners"], float),
                (f"n_{part}",),
                "t_par" if "delta" in partner else "1/lattice constant",
                f"Q or D at the {text}",
            )
        out.fixed(
            f"{name}_residual",
            np.array(data["residuals"], float),
            (f"n_{part}",),
            "1",
            "largest residual where SNES stopped",
        )
        out.fixed(
            f"{name}_error",
            np.array(data["errors"], float),
            (f"n_{part}",),
            "t_par",
            "error estimate",
        )


def _write_lines(out, key, rows, along):
    """Data sets over a sweep, padded with nan: (key, n)."""
    for part, name, partner, text in KINDS:
        if part not in rows[0]:
            continue
        most = max(len(row[part]["values"]) for row in rows)
        out.axis(f"n_{part}", np.arange(most), "1", f"{text}, ascending in {along}")
        for label, column, units in (
            (name, "values", "t_par"),
            (partner, "partners", "t_par" if "delta" in (partner or "") else "1/lattice constant"),
            (f"{name}_residual", "residuals", "1"),
            (f"{name}_error", "errors", "t_par"),
        ):
            if label:
                out.fixed(
                    label,
                    _padded([row[part][column] for row in rows], most),
                    (key, f"n_{part}"),
                    units,
                    f"{along} of the {text}"
                    if column == "values"
                    else f"{label.replace('_', ' ')}",
                )


def _padded(lists, most):
    """(rows, most) with nan behind each list."""
    table = np.full((len(lists), most), np.nan)
    for line, values in zip(table, lists):
        line[: len(values)] = [np.nan if v is None else v for v in values]
    return table
