"""Task ``phase-diagram`` of the exciton-bec system: the end of the condensate, what bounds its stable region, and how fast it decays beyond."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....errors import InputError
from ....solvers import farm as maps
from ....tasks import Outcome
from ..physics import boundaries as onsets
from ..physics import growth, softening
from ..physics import steady_states as states
from .boundary import polished
from .steady import WIDE, drive_of, end_error, refuse_unused

REGIONS = ("normal", "condensate, alpha11 and beta22 > 0", "condensate, alpha11 or beta22 < 0")
SIGNS = (
    "regions by the signs of the long-wave coefficients: alpha11 = 0 is the boundary A on the BEC side; on the BCS side "
    "instabilities at finite q start slightly above alpha11 = 0 and beta22 = 0"
)
CHUNK = 5  # interactions that follow one another, each started from the last
LINES = {
    "ratio_c": "the condensate ends",
    "alpha11": "alpha11 = 0 (boundary A on the BEC side)",
    "beta22": "beta22 = 0",
}
MODES = {
    "B": "a standing pattern begins to grow",
    "C": "an oscillating pattern begins to grow",
    "C_end": "oscillating patterns cease to grow",
    "soft_from": "long static waves begin to grow",
    "restored": "long static waves cease to grow; nan: they grow up to ratio_c, or nowhere",
}
PLACES = {
    "q_B": ("kF", "momentum of the pattern at B"),
    "q_C": ("kF", "momentum at C"),
    "omega_C": ("eF", "frequency at C"),
}


def phase_diagram(run, comm, log, output):
    """Figs. 5 and 8(c): where the condensate ends, where alpha11 and beta22 turn negative, boundaries A, B, C, for each inv_kfas. **Collective.**

    Interactions are handed out in chunks; within one, B and C are followed from one interaction to the next.
    """
    refuse_unused(run)
    if set(run.sweep) != {"inv_kfas", "ratio"}:
        raise InputError("[sweep]: a phase diagram needs inv_kfas and ratio")
    inv, ratios = run.sweep["inv_kfas"], run.sweep["ratio"]
    modes = run.numerics.boundaries == "modes"
    if run.numerics.growth and not modes:
        raise InputError('[numerics] growth = true: needs boundaries = "modes"')

    def solve(i, j, warm):
        at = CHUNK * i + j
        return (
            {}
            if at >= len(inv)
            else _interaction(run, drive_of(run, inv_kfas=inv[at], ratio=0.0), ratios, warm)
        )

    out = output()
    records, stopped = maps.farm(
        (-(-len(inv) // CHUNK), CHUNK), solve, comm, log, output.points(), "phase-diagram"
    )
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    rows = [record for row in records for record in row][: len(inv)]
    lines = {
        name: _line(rows, name)
        for name in (*LINES, *(MODES if modes else ()), *(PLACES if modes else ()))
    }
    write(out, run, inv, ratios, lines, rows)
    return headline(run, inv, ratios, lines, rows)


def _line(rows, name):
    """(n,) : what each record says of ``name``, nan where nothing."""
    return np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)


def _interaction(run, drive, ratios, warm):
    """The record of one interaction: zeros of the coefficients, B and C with their far sides, all with their errors, growth rates."""
    found = softening.zeros(drive)
    found["ratio_c_error"] = end_error(states.critical(drive))
    for name, kind in (("alpha11", "A"), ("beta22", "current")):
        if found[name] is not None:
            found |= _polished(found, name, kind, onsets.at(drive, found[name]))
    if run.numerics.boundaries == "modes" and found["alpha11"]:
        for name, point in zip(
            ("soft_from", "restored"), onsets.long_waves(drive, found["ratio_c"], found["alpha11"])
        ):
            found |= _polished(found, name, "long", point)
        for kind in ("B", "C"):
            near = (
                warm and warm.get(kind) and (warm[kind], warm[f"q_{kind}"], warm[f"omega_{kind}"])
            )
            if kind == "C" and not near and drive.inv >= run.numerics.switch:
                continue
            point = onsets.onset(
                drive,
                kind,
                found["alpha11"],
                near and _ahead(near, found["alpha11"] / warm["alpha11"]),
            )
            found |= _polished(found, kind, kind, point)
            if kind == "C" and point is not None:
                found |= _polished(
                    found, "C_end", "C", onsets.far_side(drive, point, found["ratio_c"])
                )
    if run.numerics.growth:
        found |= _growth(drive, ratios[ratios < found["ratio_c"]])
    return found


def _polished(record, name, kind, seed):
    """What ``record`` gains: the boundary ``name`` solved from ``seed``, its errors, for B and C momentum and frequency, and ``why`` where it failed."""
    if seed is None:
        return {}
    point, errors, _, why = polished(seed, kind)
    if point is None:
        return {}
    found = {name: point.ratio, f"{name}_error": errors["ratio"]}
    if name in ("B", "C"):
        for place, value in (("q", point.q), ("omega", point.omega)):
            found |= {f"{place}_{name}": value, f"{place}_{name}_error": errors[place]}
    return found | ({"why": "; ".join(x for x in (record.get("why"), why) if x)} if why else {})


def _ahead(near, factor):
    """(ratio, q, omega) expected where the ratio of alpha11 = 0 has moved by ``factor``."""
    return near[0] * factor, near[1], near[2]


def _growth(drive, ratios):
    """{rate, q_fastest, frequency} (n,) each: the fastest mode at ascending ``ratios``; 0 where none grows.

    The first and every third look at all momenta, the others only around the last one's.
    """
    found, state, near = {"rate": [], "q_fastest": [], "frequency": []}, None, None
    for k, ratio in enumerate(ratios):
        if ratio == 0:
            mode = None
        else:
            state = states.solve(replace(drive, ratio=float(ratio)), state)
            q = None if near is None or k % 3 == 0 else near.q * growth.STEP ** np.arange(-2.0, 3.0)
            mode = growth.fastest(state, q)
            if near is not None and q is not None and (mode is None or mode.w.imag < near.w.imag):
                mode = growth.fastest(state)
        near = mode if mode is not None and mode.w.imag > 0 else None
        for name, value in (
            ("rate", near.w.imag if near else 0.0),
            ("q_fastest", near.q if near else np.nan),
            ("frequency", near.w.real if near else np.nan),
        ):
            found[name].append(float(value))
    return found


def write(out, run, inv, ratios, lines, rows):
    """Axes inv_kfas and ratio; the boundaries, regions, and growth rates. **Collective.**"""
    modes = run.numerics.boundaries == "modes"
    out.axis("inv_kfas", inv, "1", "1/(kF a_s)")
    out.axis("ratio", ratios, "1", "gamma_v/gamma_b")
    for name, text in (LINES | MODES if modes else LINES).items():
        out.fixed(name, lines[name], ("inv_kfas",), "1", f"ratio at which {text}; nan: nowhere")
    if modes:
        for name, (units, text) in PLACES.items():
            out.fixed(name, lines[name], ("inv_kfas",), units, text)
        out.fixed(
            "unstable",
            unstable(inv, lines),
            ("inv_kfas",),
            "1",
            "ratio above which the condensate is unstable; nan: nowhere",
        )
    regions = REGIONS[:1] + ("stable condensate", "unstable condensate") if modes else REGIONS
    out.fixed(
        "region",
        region(inv, ratios, lines, modes),
        ("inv_kfas", "ratio"),
        "1",
        "; ".join(f"{k}: {name}" for k, name in enumerate(regions)),
    )
    if run.numerics.growth:
        for name, units, text in (
            ("rate", "eF", "largest growth rate Im w over all momenta; 0: none grows"),
            ("q_fastest", "kF", "its momentum"),
            ("frequency", "eF", "its Re w"),
        ):
            table = np.full((len(inv), len(ratios)), np.nan)
            for row, record in zip(table, rows):
                values = record.get(name, [])
                row[: len(values)] = values
            out.fixed(name, table, ("inv_kfas", "ratio"), units, text)


def headline(run, inv, ratios, lines, rows):
    """The Outcome: every line, the shares of the regions, where C and B change places."""
    modes = run.numerics.boundaries == "modes"
    code = region(inv, ratios, lines, modes)
    lost = [row["why"] for row in rows if "why" in row]
    summary = {
        "inv_kfas": inv.tolist(),
        **{name: [None if np.isnan(x) else float(x) for x in line] for name, line in lines.items()},
        "shares": [float(x) for x in np.bincount(code.ravel(), minlength=3) / code.size],
        "p_c": run.numerics.p_c,
        "number": run.numerics.number,
        "gamma_b": run.parameters.gamma_b,
        "T_b": run.parameters.T_b,
    }
    errors = {
        name: [None if np.isnan(x) else float(x) for x in _line(rows, f"{name}_error")]
        for name in lines
    }
    if modes:
        gap = lines["C"] - lines["B"]
        turn = np.flatnonzero((gap[:-1] < 0) & (gap[1:] >= 0))
        if len(turn):
            i = turn[0]
            summary["switch_inv"] = float(
                inv[i] - gap[i] * (inv[i + 1] - inv[i]) / (gap[i + 1] - gap[i])
            )
    if run.numerics.growth:
        rate = [max(row.get("rate", [0.0]), default=0.0) for row in rows]
        summary |= {"max_growth": float(max(rate)), "inv_max": float(inv[int(np.argmax(rate))])}
    return Outcome(
        "not-converged" if lost else "complete",
        summary,
        errors,
        [WIDE, *([] if modes else [SIGNS]), *lost],
    )


def unstable(inv, lines):
    """(n,) : the lowest boundary: B and C where they exist, A where there is neither but long waves grow."""
    patterns = np.fmin(lines["B"], lines["C"])
    return np.where(np.isnan(patterns) & ~np.isnan(lines["soft_from"]), lines["alpha11"], patterns)


def region(inv, ratios, lines, modes):
    """(n, m) int : 0 normal, 1 condensate, 2 unstable condensate, or where not ``modes`` with alpha11 or beta22 < 0."""
    if not modes:
        first = np.fmin(lines["alpha11"], lines["beta22"])
        return np.where(
            ratios >= lines["ratio_c"][:, None], 0, np.where(ratios > first[:, None], 2, 1)
        )
    code = np.where(ratios >= lines["ratio_c"][:, None], 0, 1)
    for i, windows in enumerate(unstable_windows(inv, lines)):
        for low, high in windows:
            code[i, (code[i] == 1) & (ratios > low) & (ratios < high)] = 2
    return code


def unstable_windows(inv, lines):
    """For each interaction the intervals (low, high) of ratio in which some mode grows.

    The pattern's, from the first of B and C on, and the long static waves', up to ``restored``; they are one where they overlap.
    """
    found = []
    first = unstable(inv, lines)
    for i in range(len(inv)):
        end, C_end, soft, restored = (
            lines[name][i] for name in ("ratio_c", "C_end", "soft_from", "restored")
        )
        last = end if np.isnan(restored) else restored
        if np.isnan(first[i]):
            found.append([])
        elif np.isnan(soft):
            found.append([(first[i], end if np.isnan(C_end) else C_end)])
        elif C_end < soft and np.isnan(lines["B"][i]):
            found.append([(first[i], C_end), (soft, last)])
        else:
            found.append([(first[i], max(last, C_end) if C_end > last else last)])
    return found
