"""Task ``pattern``: stationary states of the condensate that are not uniform, by SNES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers.supercell.medium import harmonic_numbers
from ....tasks import Given, Outcome, Output, patterns, run_sweep
from ....tasks.recorder import Entries
from ....tasks.sweep import Sweep, Written
from ..physics.gap_equations import Condensate, Drive
from ..shared.branching import branching, family_of, onset_of, start_of
from ..shared.condensate import WIDE, condensate_at
from ..shared.drive import drive_of, input_summary
from ..shared.stripes import Found, Stripes, chosen_of, numbers_of, periods_of, response_of

NUMBERS = ("delta_max", "delta_min", "frequency", "velocity", "relative_density", "last_harmonic")
LISTED = ("delta_max", "delta_min", "frequency", "velocity", "relative_density")
DRIVES = {"ratio": "ratio", "inv_kfas": "inv"}
ALONE = '[initial] branch = "weak": one pattern alone was found, which is the strong one too'
FOLLOWED = "a pattern is followed from point to point; where it ends, another may take its place"


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Stripes, and how stable they are in their cell; or one along a [sweep]. **Collective.**"""
    if given.sweep:
        return run_branch(given, comm, log, output)
    if given.initial.amplitude is not None:
        found = branch_point(given, drive_of(given), given.initial.amplitude, None, comm)
    else:
        state = on_root(comm, condensate_at, drive_of(given))
        found = chosen_of(given, state, None, comm)
    stripes, told = found.stripes, tell(given, found, comm)
    log(f"pattern: {len(found.states)} found, residual {stripes.solution.residual:.1e}")
    c = stripes.harmonics
    summary = {
        **told.numbers,
        **patterns.told(given, stripes.problem.medium(0.0), c, found.states),
        "last_harmonic": float(abs(c[-1])),
        "potential": None,
        "residual": stripes.solution.residual,
        "snes_reason": stripes.solution.reason,
        **told.verdict,
        **of_input(stripes.state),
        "onset_ratio": found.onset,
    }
    patterns.write(output(), stripes.problem.in_frame(stripes.x), c, comm)
    words = [WIDE, *told.words]
    if given.initial.branch == "weak" and len(found.states) == 1:
        words.append(ALONE)
    return Outcome("complete", summary, told.errors, words)


def branch_point(
    given: Given, drive: Drive, amplitude: float, before: Sequence[float] | None, comm: Communicator
) -> Found:
    """The pattern of this amplitude on the branch that leaves the uniform state. **Collective.**

    before : unknowns of a pattern next to it and the ratio of the onset, else it is begun there.
    """
    family, onset = family_of(given, drive), None
    if before is None:
        begin = onset_of(given, drive, comm)
        onset, x = begin.ratio, start_of(begin, given, family, amplitude)
    else:
        x, onset = np.array(before[:-1]), float(before[-1])
    solution = patterns.solved(given, branching(given, family, x[-1], amplitude), x, comm)
    if not solution.converged:
        raise NotConverged(
            f"pattern: none of amplitude {amplitude:g} found from ratio = {x[-1]:.6g} "
            f"({solution.reason}); try a smaller [initial] amplitude, or smaller steps"
        )
    state, problem = family(float(solution.x[-1]))
    stripes = Stripes(state, problem, solution.x[:-1], solution)
    return Found(stripes, [stripes.harmonics], solution.x, onset)


@dataclass(frozen=True)
class Told:
    """Numbers of a pattern, their errors, its stability, and what a reader has to know."""

    numbers: dict[str, float]
    errors: dict[str, float]
    verdict: Entries
    words: list[str]


def tell(given: Given, found: Found, comm: Communicator) -> Told:
    """What is told of a pattern. **Collective.**"""
    numbers = numbers_of(found.stripes, comm)
    fixed = found.onset is None
    if not fixed:
        numbers["ratio"] = found.stripes.state.ratio
    verdict = patterns.stability(given, lambda: response_of(found.stripes), comm)
    words = patterns.words_of(given, verdict)

    def again(other: Given) -> dict[str, float] | None:
        try:
            if fixed:
                root = chosen_of(other, found.stripes.state, [found.x], comm)
            else:
                amplitude = found.amplitude(periods_of(given))
                root = branch_point(
                    other, found.stripes.state.drive, amplitude, [*found.x, 0.0], comm
                )
        except NotConverged:
            return None
        more = {} if fixed else {"ratio": root.stripes.state.ratio}
        return numbers_of(root.stripes, comm) | more

    errors, lost = patterns.errors_of(given, numbers, again)
    return Told(numbers, errors, verdict, [*words, *lost])


# ---- along a sweep -------------------------------------------------------------------------------


def run_branch(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """One pattern along a key, from each point to the next. **Collective.**"""

    def point(at, previous, group=comm):  # all ranks, or the only one
        before = (previous or {}).get("x")
        try:
            found = point_of(given, at, before, group)
        except NotConverged as lost:
            where = ", ".join(f"{key} = {value:g}" for key, value in at.items())
            raise NotConverged(f"{where}: {lost}") from lost
        return record_of(at_point(given, at)[0], found, group)

    options = {"chain": None, "group": comm.size}
    sweep = run_sweep(given.sweep, point, comm, log, output, "pattern", everywhere=False, **options)
    h = given.numerics.supercell.harmonics
    return sweep.report(output, lambda out: report_branch(sweep, h, out))


def point_of(given: Given, at: dict, before: Sequence[float] | None, comm: Communicator) -> Found:
    """The pattern at a point of a sweep, from the one before it. **Collective.**"""
    here, drive = at_point(given, at)
    amplitude = at.get("amplitude", given.initial.amplitude)
    if amplitude is not None:
        return branch_point(here, drive, float(amplitude), before, comm)
    state = on_root(comm, condensate_at, drive)
    guesses = None if before is None else [np.array(before)]
    return chosen_of(here, state, guesses, comm)


def record_of(given: Given, found: Found, comm: Communicator) -> dict:
    """What the journal keeps of a point. **Collective.**"""
    told, c = tell(given, found, comm), found.stripes.harmonics
    errors = {f"{name}_error": error for name, error in told.errors.items()}
    x = found.x
    if found.onset is not None:
        x = np.append(x, found.onset)
    return {
        "x": x,
        "harmonics": c,
        "last_harmonic": float(abs(c[-1])),
        "pairs": patterns.as_pairs(c),
        "residual": found.stripes.solution.residual,
        "delta": found.stripes.state.delta,
        "onset_ratio": found.onset,
        **told.numbers,
        **told.verdict,
        **errors,
    }


def report_branch(sweep: Sweep, h: int, out: Written) -> Outcome:
    """The pattern along the sweep written, h harmonics, and its lists told."""
    names = [*NUMBERS, "delta", "growth_rate"]
    branch = "amplitude" in sweep.axes
    if branch:
        names.append("ratio")
    sweep.write(out, names)
    out.axis("harmonic", harmonic_numbers(h))
    missing = np.full(2 * h + 1, np.nan, complex)
    rows = np.array([(r or {}).get("harmonics", missing) for r in sweep.records])
    out.fixed("harmonics", rows, (next(iter(sweep.axes)), "harmonic"))
    told = [*LISTED, "ratio"] if branch else LISTED
    summary: dict[str, object] = {
        name: listed(sweep, name) for name in (*told, "last_harmonic", "stability", "delta")
    }
    residuals = [x for x in sweep.values("residual", None) if x is not None]
    onsets = [x for x in sweep.values("onset_ratio", None) if x is not None]
    summary |= {"residual": max(residuals, default=None)}
    summary |= {"harmonics": listed(sweep, "pairs"), "potential": None}
    summary |= {"onset_ratio": next(iter(onsets), None)}
    errors = {name: listed(sweep, f"{name}_error") for name in told}
    return sweep.outcome(summary, errors, [WIDE, FOLLOWED])


def at_point(given: Given, at: dict[str, float]) -> tuple[Given, Drive]:
    """(the input, the drive) of a point of a sweep."""
    drive = drive_of(given)
    if "wave_number" in at:
        return replace(given, numerics=replace(given.numerics, **at)), drive
    moved = {DRIVES[key]: value for key, value in at.items() if key in DRIVES}
    return given, replace(drive, **moved)


def listed(sweep: Sweep, name: str) -> list:
    """A number at every point, None where there is no pattern."""
    return sweep.values(name, None)


def of_input(state: Condensate) -> dict[str, object]:
    """What the summary repeats of the uniform condensate."""
    return {
        "delta": state.delta,
        "mu": state.mu,
        "mu_b": state.mu_b,
        "ratio": state.ratio,
        **input_summary(state.drive),
    }
