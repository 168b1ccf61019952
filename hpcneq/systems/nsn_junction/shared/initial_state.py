"""The stationary order parameter before t = 0, uniform or with a pattern along x."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ....errors import NotConverged
from ....parallel import Communicator, on_root
from ....solvers import newton
from ....tasks import Given
from ..physics import patterns
from ..physics.junction import Junction, stripe
from ..physics.stripe_states import GapProblem, free_energy
from .turning_start import turning_condensate

UNIFORM_SEED, WAVE_SEED = 0.25, 0.2  # order parameters from which states are sought, over U
SMALLEST_REACH = 2  # wave numbers tried on each side of that of the largest pair susceptibility
CENTRED_ABOVE = 1e-12  # residual above which a pattern is moved onto the lattice's mirror axis
LARGEST_RESIDUAL = 1e-9
SAME_ENERGY = 1e-12


class Start(NamedTuple):
    """The stationary state an evolution begins in.

    delta : (n_delta,), or (N,) over sites, order parameter. summary : what the summary tells of it.
    """

    delta: np.ndarray
    summary: dict
    warnings: list[str]


def with_noise(field: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A mean field with noise (n_delta,) added to its order parameter."""
    return field + np.append(noise, np.zeros(len(field) - len(noise)))


@dataclass(frozen=True)
class Candidate:
    """A state that may be the start.

    energy : free energy, 0 under a bias. wave_number : periods along Lx, 0 of a uniform state.
    """

    energy: float
    wave_number: int
    delta: np.ndarray

    @property
    def name(self) -> str:
        """What the state is called."""
        return "bcs" if self.wave_number == 0 else "fflo"


def start_of(given: Given, comm: Communicator, junction: Junction, log: Callable) -> Start:
    """The stationary start that [initial] asks for. **Collective.**

    Raises NotConverged if there is no such state.
    """
    state, bias = given.initial.state, junction.drive.start
    if state == "normal":
        return _normal(comm, junction, bias, [])
    if not junction.at_rest(bias):
        return _turning(comm, junction, log)
    candidates = list(_candidates(given, comm, junction, log))
    if not candidates:
        if state == "auto":
            return _normal_of_auto(comm, junction, bias)
        raise NotConverged(
            f"initial: no {state} state was found at eV={bias:g}, h={junction.h:g}, "
            f"T={junction.leads[0].T:g} on {junction.lattice.Lx} x {junction.lattice.Ly} sites; "
            "try another state or wave_number"
        )
    best = min(candidates, key=lambda candidate: candidate.energy)
    if state == "auto":
        normal = on_root(comm, free_energy, junction, _no_condensate(comm, junction, bias))
        if best.energy > normal - SAME_ENERGY:
            return _normal_of_auto(comm, junction, bias)
    delta, residual = polish(comm, junction, bias, best.delta, best.wave_number)
    largest = float(np.abs(junction.order(delta)).max())
    periods = f" with {best.wave_number} periods" if best.wave_number else ""
    log(f"initial: {best.name} state{periods}, max|Delta| = {largest:.5f}, residual {residual:.1e}")
    summary = {
        "initial_state": best.name,
        "initial_wave_number": best.wave_number,
        "initial_residual": residual,
        "initial_delta_max": largest,
    }
    return Start(delta, summary, [])


def _turning(comm: Communicator, junction: Junction, log: Callable) -> Start:
    """A uniform condensate whose phase turns, in the frame in which it rests. **Collective.**"""
    root = turning_condensate(comm, junction, junction.drive.start)
    D, m = (float(value) for value in root.x)
    log(f"initial: bcs state, |Delta| = {D:.5f}, mu_pair = {m:.6f}, residual {root.residual:.1e}")
    summary = {
        "initial_state": "bcs",
        "initial_wave_number": 0,
        "initial_residual": root.residual,
        "initial_delta_max": abs(D),
        "mu_pair": m,
    }
    words = (
        f"Delta is told in the frame of the start's chemical potential mu_pair = {m:.6g}: "
        f"beside mu = {junction.mu:g} its phase turns by -2 (mu_pair - mu) t"
    )
    delta = np.full(len(junction.lattice.count), abs(D), complex)
    return Start(delta, summary, [words])


def _no_condensate(comm: Communicator, junction: Junction, bias: float) -> np.ndarray:
    """The mean field of the normal state; its Hartree shifts by SNES. **Collective.**"""
    field = patterns.normal_field(junction, bias)
    if not junction.hartree:
        return field + 0j
    problem = GapProblem(junction, bias)
    root = newton.solve(problem, comm, problem.flat(field))
    if not root.converged or root.residual > LARGEST_RESIDUAL:
        raise NotConverged(
            f"initial: the normal state's densities: SNES stopped with residual {root.residual:.1e}"
            f" ({root.reason}); try [petsc] initial.snes_max_it"
        )
    return problem.complex(root.x)


def _normal(comm: Communicator, junction: Junction, bias: float, warnings: list[str]) -> Start:
    """The normal state as a start. **Collective.**"""
    field = _no_condensate(comm, junction, bias)
    return Start(field, {"initial_state": "normal"}, warnings)


def _normal_of_auto(comm, junction: Junction, bias: float) -> Start:
    """The normal state as the answer of "auto"; a warning if pairing would grow from it."""
    waves = range(junction.lattice.Lx // 2 + 1)
    strength = on_root(comm, patterns.pair_susceptibilities, junction, bias, waves)
    n = int(np.argmax(strength))
    warnings = []
    if strength[n] > 1:
        warnings.append(
            f"initial: the normal state is unstable (U C = {strength[n]:.4f} at n = {n}) but no "
            "condensed state of lower free energy was found; give [initial] state and wave_number"
        )
    return _normal(comm, junction, bias, warnings)


def _candidates(given: Given, comm, junction: Junction, log) -> Iterator[Candidate]:
    """Every converged real, even candidate, sought on the mirror lattice. **Collective.**"""
    numerics, state, bias = given.numerics, given.initial.state, junction.drive.start
    mirror = dataclasses.replace(
        junction, lattice=stripe(numerics.Lx, numerics.Ly, junction.mu, parity=True)
    )
    problem = GapProblem(mirror, bias, real=True)
    found_by_name = state != "auto" or given.initial.wave_number is not None
    known = set()
    for wanted in _wave_numbers(given, mirror, bias):
        seed = patterns.normal_field(mirror, bias)
        seed[: len(mirror.lattice.count)] = _seed(mirror, wanted)
        relaxed = newton.relax(problem, comm, problem.flat(seed))
        root = newton.solve(problem, comm, relaxed.x)
        found = mirror.order(root.x)[mirror.lattice.expand]
        pattern = patterns.describe_stripes(found + 0j)
        n = pattern["wave_number"]
        if not root.converged or pattern["state"] == "normal" or n in known:
            continue
        if n != wanted and found_by_name:
            continue
        known.add(n)
        energy = on_root(comm, free_energy, mirror, root.x + 0j) if bias == 0 else 0.0
        candidate = Candidate(energy, n, _on_lattice_of(junction, mirror, root.x) + 0j)
        _report(log, candidate, pattern["delta_max"], bias)
        yield candidate


def _seed(mirror: Junction, n: int) -> np.ndarray:
    """A uniform or a cosine order parameter from which a state of n periods is sought."""
    if n == 0:
        return np.full(len(mirror.lattice.count), UNIFORM_SEED * mirror.U)
    return patterns.cosine(mirror.lattice, n, WAVE_SEED * mirror.U)


def _on_lattice_of(junction: Junction, mirror: Junction, x: np.ndarray) -> np.ndarray:
    """An even pattern of the mirror lattice on the junction's own."""
    if len(junction.lattice.expand) == len(junction.lattice.count):
        return x.reshape(-1, len(mirror.lattice.count))[:, mirror.lattice.expand].ravel()
    return x


def _report(log, candidate: Candidate, largest: float, bias: float) -> None:
    """A line about a candidate."""
    name = "bcs" if candidate.wave_number == 0 else f"fflo n={candidate.wave_number}"
    energy = f", free energy {candidate.energy:.8f}" if bias == 0 else ""
    log(f"initial: {name}: max|Delta| = {largest:.5f}{energy}")


def _wave_numbers(given: Given, mirror: Junction, bias: float) -> list[int]:
    """Wave numbers worth trying: the given one, or those around the largest pair susceptibility.

    0, the uniform state, is tried first.
    """
    state, wave_number = given.initial.state, given.initial.wave_number
    waves = [0] if state in ("auto", "bcs") else []
    if state == "bcs":
        return waves
    if wave_number is not None:
        return [*waves, wave_number]
    top = given.numerics.Lx // 2
    strength = patterns.pair_susceptibilities(mirror, bias, range(1, top + 1))
    if not strength:
        return waves
    peak = 1 + int(np.argmax(strength))
    reach = max(SMALLEST_REACH, top // 10)
    return [*waves, *(n for n in range(1, top + 1) if abs(n - peak) <= reach)]


def polish(
    comm: Communicator, junction: Junction, bias: float, delta: np.ndarray, n: int
) -> tuple[np.ndarray, float]:
    """Newton on the junction's own lattice with phase and translation fixed. **Collective.**

    Returns the order parameter and its largest residual. A pattern found off the lattice's mirror
    axis keeps a pinning force, seen as a multiplier; it is then centred and solved again. Raises
    NotConverged.
    """
    problem = GapProblem(junction, bias)
    root = newton.solve(problem, comm, problem.flat(delta))
    plain = not junction.hartree and len(delta) == junction.lattice.Lx
    if root.residual > CENTRED_ABOVE and n and plain:
        moved = patterns.centre(problem.complex(root.x), n)
        root = newton.solve(problem, comm, problem.flat(moved))
    if not root.converged or root.residual > LARGEST_RESIDUAL:
        raise NotConverged(
            f"initial: SNES stopped with residual {root.residual:.1e} ({root.reason}); "
            "try [petsc] initial.snes_max_it, another wave_number, or a smaller Lx"
        )
    return problem.complex(root.x), root.residual
