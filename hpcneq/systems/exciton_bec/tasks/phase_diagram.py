"""Task ``phase-diagram``: the end of the condensate, bounds of its stable region, growth rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....maths.polylines import middles_to_add
from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import boundaries, gapped_mode, growth, phase_regions, softening, steady_states
from ..physics.state_curve import Curve
from ..shared.condensate import WIDE, end_error
from ..shared.drive import drive_of
from ..shared.marginal_mode import solve_boundary
from ..shared.region_tip import find_tip

CHAIN = 5  # interactions that follow one another, each started from the last
SIGN_LINES = ("ratio_c", "alpha11", "beta22")
MODE_LINES = ("B", "C", "C_end", "soft_from", "restored", "gap", "gap_end", "q_B", "q_C", "omega_C")
FASTEST = ("rate", "q_fastest", "frequency")
DECADES = 3.0  # of the ratio, the height of the diagram
FLAT = 0.004  # of its height: a line that bends by more gets further interactions
LEAST = 0.01  # between two interactions, of the width of the diagram
TIP = ("tip_inv", "tip_ratio", "tip_q", "tip_omega")
SIGNS = (
    "regions by the signs of the long-wave coefficients: alpha11 = 0 is the boundary A on the "
    "BEC side; on the BCS side instabilities at finite q start slightly above alpha11 = 0 "
    "and beta22 = 0"
)


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Hanai et al. (2017), Figs. 5 and 8(c), for each inv_kfas. **Collective.**

    Where the condensate ends, where alpha11 and beta22 turn negative, boundaries A, B and C.
    Within a chain of interactions B and C are followed from one to the next.
    """
    inv, ratios = given.sweep["inv_kfas"], given.sweep["ratio"]
    known: dict = {}

    def point(at, previous):
        if np.isnan(at["inv_kfas"]):
            return {}
        drive = drive_of(given, ratio=0.0, **at)
        if not known:
            return _interaction(given, drive, ratios, previous)
        nearest = min(known, key=lambda x: abs(x - drive.inv))
        return _interaction(given, drive, None, known[nearest])

    def swept(values, everywhere):
        axes = {"inv_kfas": np.asarray(values)}
        return run_sweep(
            axes, point, comm, log, output, "phase-diagram", chain=CHAIN, everywhere=everywhere
        )

    rounds = given.numerics.refine
    sweep = swept(inv, rounds > 0)
    values = _whole_chains(inv)
    for _ in range(rounds):
        if sweep.stopped:
            break
        known = _by_interaction(sweep)
        added = _interactions_to_add(given, known)
        if not added:
            break
        values += _whole_chains(added)
        sweep = swept(values, True)
    first = replace(sweep, axes={"inv_kfas": inv}, records=sweep.records[: len(inv)])
    return first.report(output, lambda out: _report(given, first, _by_interaction(sweep), out))


def _whole_chains(values):
    """Interactions, with nan behind them: no chain, which the journal knows by its place, grows."""
    return [*values, *[np.nan] * (-len(values) % CHAIN)]


def _by_interaction(sweep):
    """{interaction: record} of a sweep."""
    pairs = zip(sweep.axes["inv_kfas"].tolist(), sweep.records)
    return {inv: record for inv, record in pairs if not np.isnan(inv)}


def _report(given, sweep, every, out):
    """The lines and regions written, and told.

    every : {interaction: record}, those that were added among them.
    """
    lines = {name: sweep.table(name) for name in _lines(given)}
    regions = _regions(given, lines)
    _write(out, given, sweep, lines, regions)
    tip = None
    if given.numerics.refine:
        tip = _write_fine_lines(out, given, every)
    return _outcome(given, sweep, lines, regions, tip)


# ---- interactions that are added ------------------------------------------------------------


def _fine_lines(given, records):
    """(interactions (n,), {name: line (n,)}) of {interaction: record}, those lost left out."""
    inv = [x for x in sorted(records) if records[x] and "why" not in records[x]]
    return np.array(inv), {
        name: np.array([_number(records[x].get(name)) for x in inv]) for name in _lines(given)
    }


def _number(value):
    """nan for None."""
    return np.nan if value is None else float(value)


def _interactions_to_add(given, records):
    """Interactions next to those where a line of the diagram bends, begins or ends."""
    inv, lines = _fine_lines(given, records)
    if len(inv) < 2:
        return []
    heights = []
    for name, line in lines.items():
        if name.startswith(("q_", "omega_")):
            heights.append(line / np.nanmax(line, initial=1e-300))
        else:
            heights.append(np.log10(line) / DECADES)
    return middles_to_add(inv, heights, FLAT, LEAST * (inv[-1] - inv[0]))


def _write_fine_lines(out, given, records):
    """The lines at all interactions; the `Tip` where oscillating growth ends, None if none."""
    inv, lines = _fine_lines(given, records)
    tip = None
    if given.numerics.boundaries == "modes":
        tip = find_tip(drive_of(given, ratio=0.0), inv, lines)
    if tip is not None:
        place = int(np.searchsorted(inv, tip.inv))
        ends = {"C": tip.ratio, "C_end": tip.ratio, "q_C": tip.q, "omega_C": tip.omega}
        beside = {**records[inv[place]], "C": None}
        drive = drive_of(given, ratio=0.0, inv_kfas=tip.inv)
        at_rest = replace(given, numerics=replace(given.numerics, switch=-np.inf))  # C is known
        record = {**_interaction(at_rest, drive, None, beside)} | ends
        inv = np.insert(inv, place, tip.inv)
        lines = {
            name: np.insert(line, place, _number(record.get(name))) for name, line in lines.items()
        }
    out.axis("inv_line", inv)
    for name, line in lines.items():
        out.fixed(f"{name}_line", line)
    if given.numerics.boundaries == "modes":
        out.fixed("unstable_line", phase_regions.unstable(lines))
    if tip is not None:
        out.axis("arc_ratio", tip.arc[:, 1])
        for name, column in (("inv", 0), ("q", 2), ("omega", 3)):
            out.fixed(f"arc_{name}", tip.arc[:, column])
    return tip


# ---- lines and regions ----------------------------------------------------------------------


def _lines(given):
    """The lines of the diagram that are sought."""
    if given.numerics.boundaries == "modes":
        return SIGN_LINES + MODE_LINES
    return SIGN_LINES


def _regions(given, lines):
    """(n, m) codes of the regions."""
    ratios = given.sweep["ratio"]
    if given.numerics.boundaries == "modes":
        return phase_regions.by_modes(ratios, lines)
    return phase_regions.by_signs(ratios, lines)


# ---- one interaction ------------------------------------------------------------------------


def _interaction(given, drive, ratios, previous):
    """The record of one interaction: its lines with their errors.

    ratios : (n,) where growth rates are wanted as well; None: nowhere. previous : the record of an
    interaction beside it, or None.
    """
    curve = Curve(drive)
    record = softening.zeros(drive, curve)
    record["ratio_c_error"] = end_error(steady_states.critical(drive))
    for name, kind in (("alpha11", "A"), ("beta22", "current")):
        if record[name] is not None:
            record |= _solved(record, name, kind, boundaries.at(drive, record[name], curve))
    if given.numerics.boundaries == "modes":
        for name, ratio in zip(("gap", "gap_end"), gapped_mode.window(drive, curve)):
            if ratio is not None:
                record |= _solved(record, name, "gap", boundaries.at(drive, ratio, curve))
        if record["alpha11"]:
            record = _with_modes(record, curve, given.numerics.switch, previous)
    if given.numerics.growth and ratios is not None:
        record |= _fastest_modes(drive, ratios[ratios < record["ratio_c"]])
    return record


def _with_modes(record, curve, switch, previous):
    """The record with B and C, their far sides, and where long static waves grow."""
    drive = curve.drive
    long_waves = boundaries.long_waves(drive, record["ratio_c"], record["alpha11"], curve)
    for name, seed in zip(("soft_from", "restored"), long_waves):
        record |= _solved(record, name, "long", seed)
    for kind in ("B", "C"):
        near = _expected(kind, record["alpha11"], previous)
        if kind == "C" and not near and drive.inv >= switch:
            continue
        seed = boundaries.onset(drive, kind, record["alpha11"], near)
        record |= _solved(record, kind, kind, seed)
        if kind == "C" and seed is not None:
            end = boundaries.far_side(drive, seed, record["ratio_c"])
            record |= _solved(record, "C_end", "C", end)
    return record


def _expected(kind, soft, previous):
    """(ratio, q, omega) of B or C expected from the interaction before; None if it had none.

    soft : the ratio where alpha11 = 0, with which the boundaries move.
    """
    if not previous or not previous.get(kind):
        return None
    ratio = previous[kind] * (soft / previous["alpha11"])
    return ratio, previous[f"q_{kind}"], previous[f"omega_{kind}"]


def _solved(record, name, kind, seed):
    """What ``record`` gains: the boundary ``name`` solved from ``seed``, with its errors.

    For B and C momentum and frequency as well; ``why`` where it failed, after that of before.
    """
    if seed is None:
        return {}
    solved = solve_boundary(seed, kind)
    if solved.onset is None:
        return {}
    gained = {name: solved.onset.ratio, f"{name}_error": solved.errors["ratio"]}
    if name in ("B", "C"):
        for place, value in (("q", solved.onset.q), ("omega", solved.onset.omega)):
            gained |= {f"{place}_{name}": value, f"{place}_{name}_error": solved.errors[place]}
    if solved.why:
        gained["why"] = "; ".join(x for x in (record.get("why"), solved.why) if x)
    return gained


def _fastest_modes(drive, ratios):
    """{rate, q_fastest, frequency} (n,) each: the fastest mode at ascending ``ratios``.

    The rate is 0 where none grows. The first and every third ratio look at all momenta, the others
    only around the last one's.
    """
    columns = {name: [] for name in FASTEST}
    state = near = None
    for k, ratio in enumerate(ratios):
        mode = None
        if ratio != 0:
            state = steady_states.solve(replace(drive, ratio=float(ratio)), state)
            mode = _fastest(state, None if k % 3 == 0 else near)
        near = mode if mode is not None and mode.w.imag > 0 else None
        values = (0.0, np.nan, np.nan)
        if near is not None:
            values = (near.w.imag, near.q, near.w.real)
        for column, value in zip(columns.values(), values):
            column.append(float(value))
    return columns


def _fastest(state, near):
    """The fastest mode: around ``near`` if it grows faster there than that one, else anywhere."""
    if near is None:
        return growth.fastest(state)
    mode = growth.fastest(state, near.q * growth.STEP ** np.arange(-2.0, 3.0))
    if mode is None or mode.w.imag < near.w.imag:
        return growth.fastest(state)
    return mode


# ---- the result -----------------------------------------------------------------------------


def _write(out, given, sweep, lines, regions):
    """Axes inv_kfas and ratio; the lines, regions, and growth rates."""
    ratios = given.sweep["ratio"]
    sweep.write(out)
    out.axis("ratio", ratios)
    for name, line in lines.items():
        out.fixed(name, line)
    if given.numerics.boundaries == "modes":
        out.fixed("unstable", phase_regions.unstable(lines))
    out.fixed("region", regions)
    if not given.numerics.growth:
        return
    for name in FASTEST:
        table = np.full(regions.shape, np.nan)
        for row, values in zip(table, sweep.values(name, [])):
            row[: len(values)] = values
        out.fixed(name, table)


def _outcome(given, sweep, lines, regions, tip):
    """The Outcome: every line, the shares of the regions, where C and B change places."""
    inv = sweep.axes["inv_kfas"]
    summary = {"inv_kfas": inv.tolist()}
    summary |= {name: _with_none(line) for name, line in lines.items()}
    summary |= {
        "shares": [float(x) for x in np.bincount(regions.ravel(), minlength=3) / regions.size],
        "p_c": given.numerics.p_c,
        "number": given.numerics.number,
        "gamma_b": given.parameters.gamma_b,
        "T_b": given.parameters.T_b,
    }
    warnings = [WIDE]
    if given.numerics.boundaries == "modes":
        summary |= _switch(inv, lines["C"] - lines["B"])
    else:
        warnings.append(SIGNS)
    if given.numerics.growth:
        rate = [max(values, default=0.0) for values in sweep.values("rate", [0.0])]
        summary |= {"max_growth": float(max(rate)), "inv_max": float(inv[int(np.argmax(rate))])}
    errors = {name: _with_none(sweep.table(f"{name}_error")) for name in lines}
    if given.numerics.refine and given.numerics.boundaries == "modes":
        summary |= tip.summary if tip else dict.fromkeys(TIP)
        errors |= {f"tip_{name}": error for name, error in tip.errors.items()} if tip else {}
    return sweep.outcome(summary, errors, warnings)


def _with_none(line):
    """The numbers of a line, None where there is none."""
    return [None if np.isnan(x) else float(x) for x in line]


def _switch(inv, gap):
    """{switch_inv}: the first interaction at which ``gap``, C - B, rises through 0; {} if none."""
    turns = np.flatnonzero((gap[:-1] < 0) & (gap[1:] >= 0))
    if not len(turns):
        return {}
    i = turns[0]
    return {"switch_inv": float(inv[i] - gap[i] * (inv[i + 1] - inv[i]) / (gap[i + 1] - gap[i]))}
