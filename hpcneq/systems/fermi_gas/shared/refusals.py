"""What each task refuses of an input that its tables allow: what needs no solution to be known."""

from __future__ import annotations

import itertools

import numpy as np

from ....errors import InputError
from ....solvers.output_times import refuse_uncountable
from ....tasks import Given
from ....tasks.supercell_tables import cell_of, refuse_flat, refuse_kinds, refuse_late_kick

SLOW = ("gamma", "T", "inv_kfas")  # what may be swept beside dmu
COARSEST = 0.25  # of [numerics] fine, where modes are counted
RESOLVED = 1.39  # largest dt times the fastest rate: twice the step is stable (limit 2.78)


def steady(given: Given) -> None:
    """States of unequal couplings have no cutoff."""
    if given.parameters.unequal and given.numerics.gap_cutoff is not None:
        raise InputError(
            "[numerics] gap_cutoff: is for equal couplings; leave out gamma_left and gamma_right"
        )


def branches(given: Given) -> None:
    """dmu must be swept, alone or after one other key, and ascend."""
    keys = list(given.sweep)
    if "dmu" not in keys or (len(keys) == 2 and keys[1] != "dmu"):
        raise InputError(
            f"[sweep]: {given.task} needs dmu, alone or after one of {', '.join(SLOW)}, "
            f"got {', '.join(keys) or 'none'}"
        )
    _ascending(given, "dmu")


def phase_diagram(given: Given) -> None:
    """Two keys must be swept, and ascend; dmu is the second."""
    keys = list(given.sweep)
    if len(keys) != 2 or keys[0] == "dmu":
        raise InputError(
            f"[sweep]: a phase diagram needs one of {', '.join(SLOW)} and then dmu, "
            f"or two of them, got {', '.join(keys) or 'none'}"
        )
    for key in keys:
        _ascending(given, key)


def _ascending(given: Given, key: str) -> None:
    """InputError unless the values of a swept key ascend."""
    if np.any(np.diff(given.sweep[key]) <= 0):
        raise InputError(f"[sweep] {key}: must ascend")


def current(given: Given) -> None:
    """The current needs wave numbers Q >= 0."""
    if "Q" not in given.sweep or np.any(given.sweep["Q"] < 0):
        raise InputError("[sweep] Q: missing or negative; the current needs wave numbers Q >= 0")


def stability(given: Given) -> None:
    """Stability needs a coupling to the reservoirs, and a grid on which modes can be counted."""
    if not np.min(given.sweep.get("gamma", given.parameters.gamma)) > 0:
        table = "sweep" if "gamma" in given.sweep else "parameters"
        raise InputError(
            f"[{table}] gamma = 0: stability needs gamma > 0: every rate falls to 0 with gamma, "
            "and at 0 the modes lie where M has no analytic form; "
            "the signs are those of any small gamma"
        )
    if given.numerics.fine < COARSEST:
        raise InputError(
            f"[numerics] fine = {given.numerics.fine:g}: task stability needs >= {COARSEST:g}: "
            "its search for modes begins on a grid four times coarser still"
        )


def evolve(given: Given) -> None:
    """Each model takes its own part of the input; some reservoirs leave no response."""
    if given.numerics.supercell is not None:
        _cell(given)
    elif given.initial.start == "pattern":
        raise InputError('[initial] start = "pattern": needs [numerics] supercell')
    elif given.numerics.model == "linear":
        _linear(given)
    else:
        _full(given)
    gammas, temperatures = (
        given.sweep.get(key, [value])
        for key, value in (("gamma", given.parameters.gamma), ("T", given.parameters.T))
    )
    if any(gamma == 0 and T == 0 for gamma, T in itertools.product(gammas, temperatures)):
        raise InputError(
            "[parameters] gamma = 0, T = 0: stability and evolution need one of them > 0"
        )
    if given.numerics.dt is not None:  # else the step is known once the state is
        refuse_uncountable(given.run.t_max, given.numerics.dt, given.run.output_every)
        if given.numerics.supercell is None and given.numerics.model != "memory":
            _step(given.numerics.dt, given.numerics.p_c)


def _step(dt: float, p_c: float) -> None:
    """A step that cannot be stable, whatever the state: pairs at p_c turn with 2 (p_c^2 - 1)."""
    if dt * 2 * (p_c**2 - 1) > RESOLVED:
        raise InputError(
            f"[numerics] dt = {dt:g}: must be <= {RESOLVED / (2 * (p_c**2 - 1)):.3g}, "
            "so that twice the step is stable; a smaller p_c allows a larger one"
        )


def pattern(given: Given) -> None:
    """A cell that fits its wave, one key of a sweep, and levels with a width."""
    refuse_flat(given.numerics.supercell)
    if len(given.sweep) > 1:
        raise InputError(f"[sweep] {', '.join(given.sweep)}: a pattern is followed along one key")
    for wave_number in given.sweep.get("wave_number", [given.numerics.wave_number]):
        cell_of(float(wave_number), given.numerics.supercell)
    if given.parameters.gamma == 0:
        raise InputError("[parameters] gamma = 0: patterns need levels with a width, gamma > 0")


def _cell(given: Given) -> None:
    """A supercell starts from a branch or the normal gas, at one dmu, and is kicked by a pulse."""
    p, start = given.parameters, given.initial
    cell = given.numerics.supercell
    if p.q or given.sweep or p.free_Q or p.dmu_end is not None or start.field or start.kick_Q:
        raise InputError(
            "[numerics] supercell: takes q = 0, no [sweep], no dmu_end, free_Q, field and kick_Q"
        )
    if cell.pairs and p.branch.startswith("NFF") and start.start == "branch":
        raise InputError(
            f'[parameters] branch = "{p.branch}": [numerics] supercell.pairs is for small waves on '
            "a uniform state; leave out pairs"
        )
    if start.start == "pattern" and (cell.pairs or cell.across is not None):
        raise InputError(
            '[initial] start = "pattern": takes no [numerics] supercell.pairs, nor across'
        )
    if start.uniform_share and start.start != "pattern":
        raise InputError('[initial] uniform_share: needs start = "pattern"')
    if p.gamma == 0 or given.numerics.gap_cutoff is not None:
        raise InputError("[numerics] supercell: takes gamma > 0 and no gap_cutoff")
    if p.branch.startswith("NFF") and start.start == "branch" and cell.even:
        raise InputError(
            f'[parameters] branch = "{p.branch}": a travelling wave is not even in x; '
            "give [numerics] supercell.even = false"
        )
    if given.numerics.wave_number is not None:
        cell_of(given.numerics.wave_number, cell)
    refuse_kinds(cell)
    refuse_late_kick(given)


def _linear(given: Given) -> None:
    """The linearised equation follows a small wave on a branch."""
    p, start = given.parameters, given.initial
    in_full = start.start != "branch" or start.field or start.kick_Q or p.free_Q
    if in_full or p.dmu_end is not None:
        raise InputError(
            '[numerics] model = "linear": start = "normal", field, dmu_end and free_Q '
            'need model = "kinetic" or "memory"'
        )
    if start.kick == 0:
        raise InputError('[initial] kick = 0: model = "linear" needs a disturbance')
    if given.numerics.variant == "D":
        raise InputError(
            '[numerics] variant = "D": memory has no linearised evolution here; '
            'use model = "memory" with a small kick, or task stability'
        )
    if len(given.sweep) > 1:
        raise InputError(f"[sweep] {', '.join(given.sweep)}: one key at most")


def _full(given: Given) -> None:
    """The full equations follow one condensate of one wave number."""
    p, model = given.parameters, given.numerics.model
    if given.numerics.gap_cutoff is not None:
        raise InputError(f'[numerics] model = "{model}": takes no gap_cutoff')
    if p.q or given.sweep:
        raise InputError(f'[numerics] model = "{model}": takes q = 0 and no [sweep]')
    if given.initial.kick_Q and not p.free_Q:
        raise InputError("[initial] kick_Q: needs [parameters] free_Q = true")
    if model == "memory" and not p.gamma > 0:
        raise InputError(
            '[parameters] gamma = 0: model = "memory" needs gamma > 0; use model = "kinetic"'
        )
