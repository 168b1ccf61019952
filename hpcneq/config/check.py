"""``hpcneq check``: what ``run`` would say of an input, and what it would take."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import NormalState
from ..petsc_options import VARIABLE, of_environment, words_of
from ..tasks import memory
from ..tasks.doubts import doubts_of
from ..tasks.task import Cost, System, resolve
from ..threads import one_thread, own_kernels
from .load import Override, load


def check_input(
    source: str | Path | Mapping[str, object],
    catalogue: Mapping[str, System],
    overrides: Sequence[Override] = (),
    ranks: int = 1,
    cost: bool = True,
) -> str:
    """Lines about a valid input: memory and time on ``ranks`` ranks, from a probe of this machine.

    cost : estimate these; else only say that the input is valid. Raises the InputError of ``run``.
    """
    checked = load(source, catalogue, overrides)
    task = catalogue[checked.system].tasks[checked.task]
    given = of_environment(os.environ.get(VARIABLE), task.petsc)
    if checked.petsc or given:
        from .. import petsc
        from ..solvers.unused_options import refuse_unused

        where = f"{VARIABLE} (from the environment): -"
        petsc.start(words_of(given.items()), dict.fromkeys(given, where))
        refuse_unused(checked.petsc, task.petsc, task.ts_types)
    name = "input" if isinstance(source, Mapping) else source
    lines = [f"{name}: valid {checked.system} {checked.task}"]
    lines += [f"  warning: {words}" for words in doubts_of(checked, task)]
    if cost and task.cost is not None:
        try:
            with one_thread(), own_kernels(), memory.limited(checked):  # as a run will have
                estimate = resolve(task.cost)(checked, ranks)
        except NormalState as answer:
            return "\n".join([*lines, f"  {answer}"])
        lines += _cost_lines(estimate, ranks)
        if isinstance(estimate, Cost):
            memory.refuse_cost(checked, estimate, ranks)
    return "\n".join(lines)


def _cost_lines(cost: object, ranks: int) -> list[str]:
    """A task's cost in words."""
    if not isinstance(cost, Cost):
        raise TypeError(f"a task's cost is {type(cost).__name__}, not Cost")
    from ..parallel import clock

    used, on = max(1, min(ranks, cost.most_ranks)), f"on {_ranks(ranks)}"
    lines = [f"  {note}" for note in cost.notes]
    lines.append(f"  memory: {cost.bytes_per_rank / 2**20:.0f} MB a rank {on}")
    lines.append(f"  time: about {clock(cost.core_seconds / used)} {on}")
    if cost.most_ranks < ranks:
        lines.append(f"  more than {_ranks(cost.most_ranks)} find no work")
    return lines


def _ranks(count: int) -> str:
    return "1 rank" if count == 1 else f"{count} ranks"
