"""Steady states between leads that do not mirror each other: condensates whose phase rotates.

Besides them the normal state's fastest growing pair mode, which need not lie at zero frequency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ....parallel import Communicator, on_root
from ....solvers.newton import Solution
from ....tasks import Given, Outcome, Output
from ..physics import pair_susceptibility, rotating_condensate, turning_states
from ..physics.operating_point import Point
from ..physics.uniform_states import Finite, Grid, Infinite, infinite
from ..quantities import NORMAL_STABILITY
from .operating_point import HARTREE
from .polished_roots import grid_of, polished, with_error
from .turning_onsets import strongest_wave

CARRIED = ("density", "magnetization", "current_left", "current_right")
COVERED = "normal state: pairs of the momenta along x that were looked at; condensates: none"
SAME = 1e-6  # two solutions closer than this are one


@dataclass
class RotatingStates:
    """The condensates found, by order parameter, and where they were sought.

    states : unknowns (D, mu_pair). errors : (2,) arrays. lost : seeds that SNES left unsolved.
    D, mu : the values scanned.
    """

    D: np.ndarray
    mu: np.ndarray
    states: list[Solution] = field(default_factory=list)
    errors: list[np.ndarray] = field(default_factory=list)
    lost: int = 0

    def column(self, index: int) -> list[float]:
        """Unknown number ``index`` of every state."""
        return [float(state.x[index]) for state in self.states]

    def error_column(self, index: int) -> list[float]:
        """The errors of that unknown."""
        return [float(error[index]) for error in self.errors]


def run(given: Given, comm: Communicator, log: Callable, output: Output, point: Point) -> Outcome:
    """The task ``steady`` for such leads. **Collective.**"""
    grid = grid_of(given)
    coarse = infinite(1e-3, 256) if isinstance(grid, Infinite) else grid
    condensates = find(comm, point, grid, coarse)
    Q, z, error, grows = fastest_pair_mode(comm, point, grid, coarse)
    normal = NORMAL_STABILITY[not grows]
    table, table_error = on_root(comm, _carried_and_error, condensates, point, grid)
    _write(output(), condensates, table)
    log(f"steady: {len(condensates.states)} rotating condensates; normal state {normal}")
    names = CARRIED[:3]
    summary = _summary(condensates) | dict(zip(names, table[:-1].T[:3].tolist()))
    summary |= {
        "current_normal": float(table[-1, 2]),
        "normal": normal,
        "covers": COVERED,
        "normal_growth": float(z.imag),
        "normal_frequency": float(z.real),
        "normal_Q": Q,
    }
    errors = dict(zip(names, table_error[:-1].T[:3].tolist()))
    errors |= {
        "current_normal": float(table_error[-1, 2]),
        "roots": condensates.error_column(0),
        "mu_pair": condensates.error_column(1),
        "normal_growth": error,
        "normal_frequency": error,
    }
    status = "not-converged" if condensates.lost else "complete"
    return Outcome(status, summary, errors, _warnings(condensates))


def find(comm: Communicator, point: Point, grid: Grid, coarse: Grid) -> RotatingStates:
    """Every condensate that a scan on ``coarse`` hints at, polished by SNES. **Collective.**"""
    D, mu, seeds = on_root(comm, rotating_condensate.scan, point, coarse)
    condensates = RotatingStates(D, mu)
    states, errors = [], []
    for seed in seeds:
        solution, error = polished(lambda g: rotating_condensate.equations(point, g), seed, grid)
        if not solution.converged:
            condensates.lost += solution.residual > 1e-9 and abs(solution.x[0]) > 1e-3
        elif solution.x[0] > 1e-4 and all(np.abs(solution.x - s.x).max() > SAME for s in states):
            states.append(solution)
            errors.append(error)
    order = np.argsort([state.x[0] for state in states]).astype(int)
    condensates.states = [states[k] for k in order]
    condensates.errors = [errors[k] for k in order]
    return condensates


def fastest_pair_mode(
    comm: Communicator, point: Point, grid: Grid, coarse: Grid
) -> tuple[float, complex, float, bool]:
    """(Q, z, error, whether any grows) of the normal state's fastest pair mode. **Collective.**

    Over a finite lattice's momenta, or 13 of the infinite one; z is nan where none was found.
    """
    Q, rough, grows = on_root(comm, _fastest, point, coarse)
    z = rough
    if isinstance(grid, Infinite):
        z = on_root(comm, _on_finer_grid, Q, rough, point)
    return Q, z, abs(z - rough) + 1e-9, grows


def _on_finer_grid(Q: float, rough: complex, point: Point) -> complex:
    """The mode on more momenta of the infinite lattice."""
    fine = infinite(1e-6)
    z = complex(pair_susceptibility.normal_growth(Q, point, fine))
    if rough.imag > 0 and not z.imag > 0:
        return pair_susceptibility.growth_from_rest(Q, rough.real, point, fine)
    return z


def _fastest(point: Point, grid: Grid) -> tuple[float, complex, bool]:
    """(Q, z, whether any grows) on one grid: by the modes found, and where none grows by count."""
    Q = np.linspace(0.0, 1.2, 13)
    if isinstance(grid, Finite):
        Q = 2 * np.pi * np.arange(grid.Lx // 2 + 1) / grid.Lx
    z = [pair_susceptibility.normal_growth(float(q), point, grid) for q in Q]
    k = int(np.argmax(np.nan_to_num([mode.imag for mode in z], nan=-np.inf)))
    if z[k].imag > 0:
        return float(Q[k]), complex(z[k]), True
    excess, m, wave = strongest_wave(point, grid, Q)
    if excess <= 0:
        return float(Q[k]), complex(z[k]), False
    mode = pair_susceptibility.growth_from_rest(wave, 2 * (m - point.mu), point, grid)
    return wave, mode, True


def _carried_and_error(
    condensates: RotatingStates, point: Point, grid: Grid
) -> tuple[np.ndarray, np.ndarray]:
    """(`_carried`, its errors): what a finer grid changes, and what the states' own errors do."""
    roots = np.array([state.x[:2] for state in condensates.states]).reshape(-1, 2)
    shifts = np.array([error[:2] for error in condensates.errors]).reshape(-1, 2)
    table, errors = with_error(lambda g: _carried(roots, point, g), grid)
    return table, errors + np.abs(_carried(roots + shifts, point, grid) - table)


def _carried(roots: np.ndarray, point: Point, grid: Grid) -> np.ndarray:
    """Density, magnetization, both currents of every (D, mu_pair), then of the normal state."""
    places = [*roots.tolist(), (0.0, point.mu)]
    states = [turning_states.carried(D, m, point, grid) for D, m in places]
    return np.array([[vars(state)[name] for name in CARRIED] for state in states])


def _write(out, condensates: RotatingStates, table: np.ndarray) -> None:
    """Data sets over the states. **Collective.**"""
    out.axis("state", np.arange(len(condensates.states)))
    out.fixed("delta", np.array(condensates.column(0), float))
    out.fixed("mu_pair", np.array(condensates.column(1), float))
    for name, column in zip(CARRIED, table[:-1].T):
        out.fixed(name, column)


def _summary(condensates: RotatingStates) -> dict:
    """What the summary tells of the condensates."""
    D, mu = condensates.D, condensates.mu
    states = condensates.states
    return {
        "roots": condensates.column(0),
        "mu_pair": condensates.column(1),
        "stability": ["unknown"] * len(states),
        "scanned": [float(D[0]), float(D[-1]), float(D[1] - D[0])],
        "scanned_mu": [float(mu[0]), float(mu[-1]), float(mu[1] - mu[0])],
        "residual": [state.residual for state in states],
        "snes_reason": [state.reason for state in states],
    }


def _warnings(condensates: RotatingStates) -> list[str]:
    """What a reader of the result has to know."""
    D, mu = condensates.D, condensates.mu
    warnings = [
        "these leads do not mirror each other: the phase of a condensate turns at 2 mu_pair; "
        "its stability is a matter of the task modes",
        HARTREE,
    ]
    if not condensates.states:
        warnings.insert(
            0,
            f"no turning condensate for {D[0]:.3g} <= D <= {D[-1]:.6g} and "
            f"{mu[0]:.4g} <= mu_pair <= {mu[-1]:.4g}, scanned on {len(D)} x {len(mu)} points",
        )
    if condensates.lost:
        warnings.append(
            f"steady: SNES left {condensates.lost} candidates unsolved; "
            "try [petsc] steady.snes_max_it"
        )
    return warnings
