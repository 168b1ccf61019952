"""Task ``modes`` of the nsn-junction: growth rates and frequencies of a uniform state's modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....parallel import Communicator, on_root, solo
from ....solvers.modes import Spectrum, spectrum
from ....tasks import Given, Outcome, Output, run_sweep
from ....tasks.sweep import Sweep
from ..physics.response import UniformResponse
from ..physics.uniform_states import Finite, Grid
from ..shared.operating_point import point_of
from ..shared.uniform_response import response_of, wave_numbers

COLUMNS = {"growth_rate": float, "frequency": float, "mode_error": float, "multiplicity": int}


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Roots of det M(q, z) for each q, from the linearised equations of motion. **Collective.**

    Kawamura & Ohashi 2025 linearised with the leads' memory, with Hartree shifts also of the
    levels. Ranks take wave numbers where there
    are enough of them, else they share the momentum sums.
    """
    response = on_root(comm, response_of, given)
    q, asked, moved = wave_numbers(given, response.grid)
    for words in moved:
        log(f"modes: {words}")
    log(f"modes: D = {response.D:.8f}, {len(q)} wave number{'s' if len(q) > 1 else ''}")
    floor = -given.numerics.floor * response.analytic_below

    def point(at: dict, previous: dict | None, ranks=None) -> dict:
        return mode_record(spectrum(response, at["q"], ranks or solo(), floor=floor), response)

    group = comm.size if len(q) < comm.size else 1
    sweep = run_sweep({"q": q}, point, comm, log, output, "modes", group=group, everywhere=False)
    waves = (asked, moved)
    return sweep.report(output, lambda out: _report(given, response, floor, waves, sweep, out))


def _report(given: Given, response, floor: float, waves: tuple, sweep: Sweep, out) -> Outcome:
    """The modes written, the fastest of them told; waves : what was asked for, what was moved."""
    asked, moved = waves
    q, records = sweep.axes["q"], sweep.records
    failures = [f"q = {k:.6g}: {r['why']}" for k, r in zip(q, records) if "why" in r]
    _write(out, q, asked, records, response.channels)
    summary, errors = headline(response.D, q, records, floor)
    summary["covers"], partly = coverage(q, response.grid)
    if given.initial.state == "bcs" and not point_of(given).mirrored:
        summary["mu_pair"] = response.point.mu
    warnings = [*moved, *failures]
    if partly and summary["verdict"] == "stable":
        warnings.append(f"verdict: stable to {summary['covers']} only; others may grow")
    if summary["growth_rate"] is None and not failures:
        words = f"wave number{'s' if len(q) > 1 else ''}"
        warnings.append(f"no mode decays slower than {-floor:.4g} at the {words} asked for")
    return Outcome("not-converged" if failures else "complete", summary, errors, warnings)


def coverage(q: np.ndarray, grid: Grid) -> tuple[str, bool]:
    """(the wave numbers that a verdict is about, whether there are others along x)."""
    several = "s" if len(q) > 1 else ""
    if not isinstance(grid, Finite):
        return f"{len(q)} wave number{several} along x of the infinite lattice", True
    own = len({round(abs(k) * grid.Lx / (2 * np.pi)) for k in q})
    every = grid.Lx // 2 + 1
    return f"{own} of the {every} wave numbers along x of this lattice", own < every


def mode_record(found: Spectrum, response: UniformResponse) -> dict:
    """What a sweep keeps of one wave number: columns over its modes, fastest growing first.

    vector (modes, channels) complex: the first null vector of each.
    """
    modes, size = found.modes, len(response.channels)
    return {
        "growth_rate": np.array([mode.z.imag for mode in modes]),
        "frequency": np.array([mode.z.real for mode in modes]),
        "mode_error": np.array([mode.error for mode in modes]),
        "multiplicity": np.array([mode.multiplicity for mode in modes], np.int64),
        "vector": np.array([mode.vectors[0] for mode in modes], complex).reshape(-1, size),
        "growing": int(found.growing),
        "samples": int(found.samples),
    }


def _write(
    out, q: np.ndarray, asked: np.ndarray, records: Sequence[dict], channels: Sequence[str]
) -> None:
    """Axes q and mode; columns over both (nan, 0 beyond the last mode of one q)."""
    solved = [(i, record) for i, record in enumerate(records) if "why" not in record]
    most = max([1, *(len(record["growth_rate"]) for _, record in solved)])
    out.axis("q", q)
    out.fixed("q_asked", asked)
    out.axis("mode", np.arange(most))
    out.axis("component", np.array(channels))
    for name, dtype in COLUMNS.items():
        table = np.full((len(q), most), 0 if dtype is int else np.nan, dtype)
        for i, record in solved:
            table[i, : len(record[name])] = record[name]
        out.fixed(name, table)
    vector = np.full((len(q), most, len(channels)), np.nan, complex)
    growing, samples = np.full(len(q), -1), np.zeros(len(q), int)
    for i, record in solved:
        vector[i, : len(record["vector"])] = record["vector"]
        growing[i], samples[i] = record["growing"], record["samples"]
    out.fixed("vector", vector)
    out.fixed("growing", growing)
    out.fixed("samples", samples)


def headline(D: float, q: np.ndarray, records: Sequence[dict], floor: float) -> tuple[dict, dict]:
    """(summary, errors): the fastest growing mode over all q, and what state it belongs to."""
    solved = [(float(k), record) for k, record in zip(q, records) if "why" not in record]
    growing = [record["growing"] for _, record in solved]
    if any(growing):
        verdict = "unstable"
    else:
        verdict = "stable" if len(solved) == len(q) else "unknown"
    summary = {
        "delta": D,
        "growth_rate": None,
        "frequency": None,
        "q_max": None,
        "growing_modes": max(growing, default=None),
        "floor": floor,
        "verdict": verdict,
        "samples": sum(record["samples"] for _, record in solved),
    }
    with_modes = [(k, record) for k, record in solved if len(record["growth_rate"])]
    if not with_modes:
        return summary, {}
    k, fastest = max(with_modes, key=lambda pair: pair[1]["growth_rate"][0])
    summary |= {
        "growth_rate": float(fastest["growth_rate"][0]),
        "frequency": abs(float(fastest["frequency"][0])),
        "q_max": k,
    }
    error = float(fastest["mode_error"][0])
    return summary, {"growth_rate": error, "frequency": error}
