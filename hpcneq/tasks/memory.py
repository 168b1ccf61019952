"""What a run may take of this machine's memory: estimated, and refused, before it is taken."""

from __future__ import annotations

import dataclasses
import math
import os
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError, NormalState
from .task import Cost, Given, Task, resolve

GB = 1e9
SHARE = 0.8  # of the memory of the machine or of the job, where [run] max_memory is not given
POINT_BYTES = 2000  # of a point of a sweep with its record
TEXT_FACTOR = 3  # memory that numbers take while they are read, over the size of the text file
LOADING = 2e9  # bytes of addresses that libraries take as they are loaded
LOCAL_RANKS = ("OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "PMI_LOCAL_SIZE")
GROUPS = Path("/sys/fs/cgroup")


def limit_of(given: Given) -> float:
    """Bytes that a run may take on this machine: [run] max_memory, or a share of what there is."""
    if given.run.max_memory is not None:
        return float(given.run.max_memory) * GB
    return SHARE * min(_machine_bytes(), *_group_bytes(), *_job_bytes())


def refuse(given: Given, bytes_needed: float, what: str) -> None:
    """InputError if ``what`` takes more bytes than the run may."""
    limit = limit_of(given)
    if bytes_needed > limit:
        raise InputError(
            f"memory: {what} takes about {bytes_needed / GB:.3g} GB on this machine, more than "
            f"its limit of {limit / GB:.3g} GB; make it smaller, or raise the limit with "
            f"--set run.max_memory={math.ceil(10 * bytes_needed / GB) / 10:g}"
        )


def refuse_input(given: Given) -> None:
    """InputError if the points of a sweep, or a file that the input names, are too many bytes."""
    points = math.prod(len(values) for values in given.sweep.values())
    words = " x ".join(str(len(values)) for values in given.sweep.values())
    refuse(given, POINT_BYTES * points, f"[sweep] of {words} points")
    tables = {"parameters": given.parameters, "numerics": given.numerics, "initial": given.initial}
    for name, table in (tables | dict(given.tables)).items():
        for key, value in _texts(table):
            path = Path(given.folder, value)
            size = _text_bytes(path)
            refuse(given, TEXT_FACTOR * size, f"[{name}] {key}: the file {path}")


def refuse_cost(given: Given, cost: Cost, ranks: int) -> None:
    """InputError if the ranks on this machine take more than the run may."""
    here = _ranks_here(ranks)
    words = "the run" if here == 1 else f"the run of {here} ranks"
    refuse(given, here * cost.bytes_per_rank, words)


def refuse_run(given: Given, task: Task, ranks: int) -> None:
    """InputError if an evolution's state is too large; nothing is timed, little is computed."""
    if task.cost is None or not task.timed:
        return
    from . import cost

    try:
        with limited(given), cost.sizes_only():
            estimate = resolve(task.cost)(given, ranks)
    except NormalState:
        return  # an answer that the run gives
    except InputError as error:
        if str(error).startswith("memory:"):
            raise
        return  # the run says it itself, or needs a file no longer
    if isinstance(estimate, Cost):
        refuse_cost(given, estimate, ranks)


@contextmanager
def limited(given: Given) -> Iterator[None]:
    """An InputError where an estimate would itself take more memory than the run may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = limit_of(given) + LOADING
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            most += int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        most = math.inf
    bounds = [bound for bound in (soft, hard, most) if bound not in (resource.RLIM_INFINITY,)]
    wanted = min(bounds)
    try:
        if wanted < math.inf:
            resource.setrlimit(resource.RLIMIT_AS, (int(wanted), hard))
        yield
    except MemoryError:
        refuse(given, limit_of(given) * 1.01, "what the estimate needs")
        raise
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _ranks_here(ranks: int) -> int:
    """Ranks on this machine: as the launcher says, else as many as it has cores."""
    for name in LOCAL_RANKS:
        if os.environ.get(name, "").isdigit():
            return min(ranks, int(os.environ[name]))
    return min(ranks, os.cpu_count() or 1)


def _machine_bytes() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _job_bytes() -> list[float]:
    """What Slurm grants on this node."""
    text = os.environ.get("SLURM_MEM_PER_NODE", "")
    return [float(text) * 2**20] if text.isdigit() and int(text) else []


def _group_bytes() -> list[float]:
    """The limits of the control groups of this process, in both versions of their interface."""
    limits = []
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        _, kinds, name = line.split(":", 2)
        root = GROUPS
        file = "memory.max"
        if kinds:
            root = GROUPS / "memory"
            file = "memory.limit_in_bytes"
        if kinds and "memory" not in kinds.split(","):
            continue
        own = root / name.lstrip("/")
        for folder in (own, *own.parents):
            if folder.is_relative_to(root):
                limits += _number(folder / file)
    return limits


def _number(path: Path) -> list[float]:
    try:
        return [float(path.read_text("ascii"))]
    except (OSError, ValueError):  # "max": none
        return []


def _texts(table: object) -> Iterator[tuple[str, str]]:
    """(key, value) of texts that may name files: those that are not a choice of their key."""
    choices: Mapping[str, object] = {}
    items: Mapping[str, object] = {}
    if dataclasses.is_dataclass(table) and not isinstance(table, type):
        choices = {f.name: f.metadata.get("choices") for f in dataclasses.fields(table)}
        items = {name: vars(table)[name] for name in choices}
    elif isinstance(table, Mapping):
        items = table
    for key, value in items.items():
        if isinstance(value, str) and not choices.get(key):
            yield key, value
        elif not isinstance(value, str):
            yield from ((f"{key}.{name}", text) for name, text in _texts(value))


def _text_bytes(path: Path) -> int:
    """The size of a file that is read as a whole: not of HDF5, of which parts are read."""
    try:
        if not path.is_file():
            return 0
        with open(path, "rb") as file:
            if file.read(8) == b"\x89HDF\r\n\x1a\n":
                return 0
        return path.stat().st_size
    except (OSError, ValueError):
        return 0
