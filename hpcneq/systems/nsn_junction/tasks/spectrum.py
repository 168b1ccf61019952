"""Task ``spectrum`` of the nsn-junction: density of states, momentum distributions, Fermi edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....parallel import Communicator, Layout, all_arrays, on_root
from ....tasks import Given, Outcome, Output
from ..physics import hartree, pair_susceptibility, spectra, stripe_states, uniform_states
from ..physics.junction import Junction
from ..physics.operating_point import Point
from ..shared.initial_state import start_of
from ..shared.input_junction import build_junction
from ..shared.previous_run import ended_run, refuse_other

if TYPE_CHECKING:
    from ....files.writer import ResultFile

POINTS, REACH = 601, 5.0  # default frequencies: so many up to this


@dataclass
class StationaryState:
    """What is looked at: the junction, its mean field, the bias, -i G^< of every block."""

    junction: Junction
    field: np.ndarray
    eV: float
    levels: list[tuple]  # (block, e (2n,), V (2n, 2n))
    greens: list[np.ndarray]


def run(given: Given, comm: Communicator, log: Callable, output: Output) -> Outcome:
    """Kawamura & Ohashi 2025, Fig. 6 and Eqs. (41)-(45): blocks of k_y over ranks. **Collective.**

    Of a run's last state the levels are those of its H at that time, and the momentum distribution
    that of its G^<.
    """
    if given.initial.state == "file":
        state, summary, warnings = last_state(given, comm, output)
    else:
        state, summary, warnings = stationary_state(given, comm, log)
    w = given.sweep.get("w", np.linspace(-REACH, REACH, POINTS))
    out = output()
    summary |= write_spectrum(out, state, w)
    if state.junction.balanced:
        summary |= write_pairs(out, comm, state.junction, state.eV)
    errors = {key: state.junction.poles[0].error for key in ("density", "magnetization")}
    return Outcome("complete", summary, errors, warnings)


def stationary_state(
    given: Given, comm: Communicator, log: Callable
) -> tuple[StationaryState, dict, list[str]]:
    """(state, summary, warnings) of the stationary state that [initial] names. **Collective.**"""
    junction = build_junction(given, comm)
    start = start_of(given, comm, junction, log)
    eV = given.parameters.eV
    levels = diagonalise(junction, start.delta, eV, comm)
    greens = [-1j * (level.V @ level.green() @ level.V.conj().T) for level in levels]
    blocks = [(level.block, level.e, level.V) for level in levels]
    state = StationaryState(junction, start.delta, eV, blocks, greens)
    return state, dict(start.summary), list(start.warnings)


def last_state(
    given: Given, comm: Communicator, output: Output
) -> tuple[StationaryState, dict, list[str]]:
    """(state, summary, warnings) of the run that [initial] file names. **Collective.**"""
    before = ended_run(given, comm, output)
    asked = build_junction(given, comm, poles=before.poles)
    refuse_other(before, asked, f"[initial] file = {given.initial.file!r}")
    junction = before.junction
    field = before.state.mean_field(before.state.green)
    eV = junction.drive(before.t, -1)
    warnings = []
    if not junction.balanced or np.ptp(np.abs(before.eV[-2:])) > 0:
        warnings.append(
            "the occupied part is that of leads which have been at this bias for long; "
            "the levels are those of H at this instant"
        )
    levels = diagonalise(junction, field, eV, comm)
    of_block = all_arrays(comm, dict(before.state.green))
    greens = [-1j * of_block[b] for b in sorted(of_block)]
    blocks = [(level.block, level.e, level.V) for level in levels]
    state = StationaryState(junction, field, eV, blocks, greens)
    return state, {"initial_state": "file", "initial_time": before.t}, warnings


def diagonalise(
    junction: Junction, field: np.ndarray, eV: float, comm: Communicator
) -> list[stripe_states.Levels]:
    """The levels of all blocks in a mean field, on every rank, each by one. **Collective.**"""
    blocks = junction.lattice.blocks
    layout = Layout.over(len(blocks), comm)
    parts = junction.parts(field)
    mine = {b: stripe_states.diagonal(blocks[b], *parts) for b in range(layout.start, layout.stop)}
    solved = all_arrays(comm, mine)
    return [
        stripe_states.Levels(junction, block, field, eV, solved[b])
        for b, block in enumerate(blocks)
    ]


def write_spectrum(out: ResultFile, state: StationaryState, w: np.ndarray) -> dict:
    """Data sets over frequencies, sites and momenta; the summary. **Collective.**"""
    junction, lattice = state.junction, state.junction.lattice
    up, down = spectra.density_of_states(junction, state.levels, w)
    filling = spectra.distribution(junction, state.eV, w)
    n_up, n_down = spectra.momentum_distribution(lattice, state.greens)
    out.axis("w", w)
    out.axis("x", np.arange(lattice.Lx))
    out.axis("kx", spectra.momenta(lattice.Lx))
    out.axis("ky", 2 * np.pi * np.arange(lattice.Ly // 2 + 1) / lattice.Ly)
    out.fixed("A_up", up)
    out.fixed("A_down", down)
    out.fixed("occupied_up", up * filling[:, None])
    out.fixed("occupied_down", down * filling[:, None])
    out.fixed("distribution", filling)
    out.fixed("n_up", n_up)
    out.fixed("n_down", n_down)
    delta, shifts = junction.parts(state.field)
    out.fixed("delta", np.asarray(delta, complex)[lattice.expand])
    edges = spectra.edges(junction, state.eV, shifts)
    share = spectra.row_weights(lattice.Ly)
    density = [float(n.mean(0) @ share) for n in (n_up, n_down)]
    return {
        "eV": float(state.eV),
        "delta_max": float(np.abs(delta).max()),
        "density": sum(density),
        "magnetization": density[0] - density[1],
        "edges_up": edges["up"],
        "edges_down": edges["down"],
    }


def write_pairs(out: ResultFile, comm: Communicator, junction: Junction, eV: float) -> dict:
    """C(Q) of the pairs between the Fermi surfaces; the summary. Mirrored leads. **Collective.**"""
    (Q, inner, outer), summary = on_root(comm, pairs, junction, eV)
    out.axis("Q", Q)
    out.fixed("C_inner", inner)
    out.fixed("C_outer", outer)
    return summary


def pairs(junction: Junction, eV: float) -> tuple[tuple, dict]:
    """Which pair of the four Fermi surfaces makes C(Q) largest: (Q, C_inner, C_outer), summary.

    C = [C_eq(|h - eV/2|) + C_eq(h + eV/2)]/2 between mirrored leads; with Hartree shifts mu and h
    are those that the normal state's levels see.
    """
    lead, v = junction.leads[0], 0.5 * abs(eV)
    grid = uniform_states.infinite(error=1e-4)
    point = Point(junction.U, junction.mu, lead.gamma, junction.h, lead.T, abs(eV))
    if junction.hartree:
        point = hartree.dressed(0.0, point.at(hartree=True), grid)
    Q = np.linspace(0, np.pi, 121)
    inner, outer = (
        0.5 * uniform_states.pair_sum(Q, point.at(eV=0.0, h=abs(h)), grid)
        for h in (abs(point.h) - v, abs(point.h) + v)
    )
    best, C = pair_susceptibility.strongest_pairing(point, grid)
    share = [float(np.interp(best, Q, part)) for part in (inner, outer)]
    dominant = "up-,down+" if share[0] >= share[1] else "up+,down-"
    summary = {
        "Q_max": best,
        "U_C_max": junction.U * C,
        "dominant_pair": dominant,
        "dominant_share": max(share) / sum(share),
    }
    return (Q, inner, outer), summary
