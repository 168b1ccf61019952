"""Task ``spectrum`` of the nsn-junction: density of states, its occupied part, momentum distributions, Fermi edges."""

from __future__ import annotations

import numpy as np

from ....parallel import Layout, on_root
from ....tasks import Outcome
from ..physics import pair_susceptibility as pairing
from ..physics import spectra as spectral
from ..physics import stripe_states as stationary
from ..physics import uniform_states as static
from ..shared import previous_run as nsn_continued
from ..shared.initial_state import build, start

POINTS, REACH = 601, 5.0  # default frequencies: so many up to this


def spectrum(run, comm, log, output):
    """Kawamura & Ohashi 2025, Fig. 6 and Eqs. (41)-(45): blocks of k_y over ranks. **Collective.**

    Of a run's last state the levels are those of its H at that time, and the momentum distribution that of its G^<.
    """
    before = None
    if run.initial.state == "file":
        before = nsn_continued.ended(run, comm, output)
    junction = build(run, comm, fits=before.fits if before else None)
    if before is None:
        delta, found = start(run, comm, junction, log)
        summary, warnings = dict(found["summary"]), list(found["warnings"])
        eV = run.parameters.eV
    else:
        nsn_continued.refuse_other(before, junction, f"[initial] file = {run.initial.file!r}")
        (delta,) = before.state.mean_field(before.state.green)
        summary, warnings = {"initial_state": "file", "initial_time": before.t}, []
        eV = before.junction.drive(before.t, -1)
        junction = before.junction
        if not junction.balanced or np.ptp(np.abs(before.eV[-2:])) > 0:
            warnings.append(
                "the occupied part is that of leads which have been at this bias for long; the levels are those of H at this instant"
            )
    levels = diagonalise(junction, delta, eV, comm)
    w = run.sweep.get("w", np.linspace(-REACH, REACH, POINTS))
    greens = (
        before_greens(before, comm)
        if before
        else [-1j * (V @ level.green() @ V.conj().T) for level, V in levels]
    )
    summary |= write(
        output(),
        comm,
        junction,
        [(level.block, level.e, V) for level, V in levels],
        greens,
        w,
        eV,
        delta,
    )
    errors = {key: junction.poles[0].error for key in ("density", "magnetization")}
    return Outcome("complete", summary, errors, warnings)


def diagonalise(junction, delta, eV, comm):
    """[(Levels, V)] of all blocks, on every rank, each computed by one. **Collective.**"""
    blocks = junction.lattice.blocks
    layout = Layout.over(len(blocks), comm)
    mine = [
        stationary.Levels(junction, blocks[b], delta, eV) for b in range(layout.start, layout.stop)
    ]
    return [(level, level.V) for part in comm.allgather(mine) for level in part]


def before_greens(before, comm):
    """-i G^< of every block of an ended run, in order. **Collective.**"""
    found = {
        b: -1j * G for part in comm.allgather(dict(before.state.green)) for b, G in part.items()
    }
    return [found[b] for b in sorted(found)]


def write(out, comm, junction, levels, greens, w, eV, delta):
    """Data sets of a spectrum; the summary. **Collective.**"""
    lattice = junction.lattice
    up, down = spectral.density_of_states(junction, levels, w)
    f = spectral.distribution(junction, eV, w)
    n_up, n_down = spectral.momentum_distribution(lattice, greens)
    edges = spectral.edges(junction, eV)
    out.axis("w", w, "t_par", "frequency, from the superconductor's chemical potential")
    out.axis("x", np.arange(lattice.Lx), "lattice constant", "site along x")
    out.axis("kx", spectral.momenta(lattice.Lx), "1/lattice constant", "wave number along x")
    out.axis(
        "ky",
        2 * np.pi * np.arange(lattice.Ly // 2 + 1) / lattice.Ly,
        "1/lattice constant",
        "wave number along y; that of -ky is the same",
    )
    for name, values, axes, units, text in (
        ("A_up", up, ("w", "x"), "1/t_par", "local density of states of up electrons"),
        ("A_down", down, ("w", "x"), "1/t_par", "local density of states of down electrons"),
        ("occupied_up", up * f[:, None], ("w", "x"), "1/t_par", "occupied part of A_up"),
        ("occupied_down", down * f[:, None], ("w", "x"), "1/t_par", "occupied part of A_down"),
        ("distribution", f, ("w",), "1", "occupied share of each frequency, f_neq"),
        ("n_up", n_up, ("kx", "ky"), "1", "momentum distribution of up electrons"),
        ("n_down", n_down, ("kx", "ky"), "1", "momentum distribution of down electrons"),
        ("delta", np.asarray(delta, complex)[lattice.expand], ("x",), "t_par", "order parameter"),
    ):
        out.fixed(name, values, axes, units, text)
    share = (
        np.array([1 if m == 0 or 2 * m == lattice.Ly else 2 for m in range(lattice.Ly // 2 + 1)])
        / lattice.Ly
    )
    density = [float(n.mean(0) @ share) for n in (n_up, n_down)]
    summary = {
        "eV": float(eV),
        "delta_max": float(np.abs(delta).max()),
        "density": sum(density),
        "magnetization": density[0] - density[1],
        "edges_up": edges["up"],
        "edges_down": edges["down"],
    }
    if junction.balanced:
        summary |= on_root(comm, pairs, out, junction, eV)
        Q, inner, outer = summary.pop("curves")
        out.axis("Q", Q, "1/lattice constant", "pair momentum along x")
        out.fixed(
            "C_inner",
            inner,
            ("Q",),
            "1/t_par",
            "share of the pairs between the surfaces xi = h - eV/2 (up) and -h + eV/2 (down) in C(Q)",
        )
        out.fixed(
            "C_outer",
            outer,
            ("Q",),
            "1/t_par",
            "share of the pairs between the surfaces xi = h + eV/2 (up) and -h - eV/2 (down) in C(Q)",
        )
    return summary


def pairs(out, junction, eV):
    """Which pair of the four Fermi surfaces makes C(Q) largest: C = [C_eq(|h - eV/2|) + C_eq(h + eV/2)]/2. Mirrored leads."""
    lead, v = junction.leads[0], 0.5 * abs(eV)
    grid = static.infinite(error=1e-4)
    at = static.Point(junction.U, junction.mu, lead.gamma, junction.h, lead.T, 0.0)
    Q = np.linspace(0, np.pi, 121)
    inner, outer = (
        0.5 * static.pair_sum(Q, at.at(h=abs(h)), grid)
        for h in (abs(junction.h) - v, abs(junction.h) + v)
    )
    best, C = pairing.strongest_pairing(at.at(eV=abs(eV)), grid)
    share = [float(np.interp(best, Q, part)) for part in (inner, outer)]
    return {
        "curves": (Q, inner, outer),
        "Q_max": best,
        "U_C_max": junction.U * C,
        "dominant_pair": "up-,down+" if share[0] >= share[1] else "up+,down-",
        "dominant_share": max(share) / sum(share),
    }
