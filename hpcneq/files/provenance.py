"""Where a result comes from: versions, commit, machine."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
import warnings
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

import numpy as np

from .. import petsc
from ..errors import HpcneqError
from ..parallel import Communicator

MOST_COMMAND = 2000  # characters


def gather_provenance(
    comm: Communicator, system: str, task: str, text: str, seed: int
) -> dict[str, object]:
    """The root attributes of a result file, rank 0's on every rank. **Collective.**

    text : the input TOML verbatim. Heavy packages are asked only if the run has already loaded
    them.
    """
    items: dict[str, object] = {}
    if comm.rank == 0:
        items = {
            "hpcneq_version": _installed("hpcneq"),
            "commit": commit(),
            "system": system,
            "task": task,
            "input": text,
            "seed": seed,
            "ranks": comm.size,
            "host": platform.node(),
            "cpu": cpu_model(),
            "started": moment(),
            **versions(),
        }
    return comm.bcast(items, root=0)


def begin_part(ranks: int, options: Sequence[tuple[str, str | None]]) -> dict[str, object]:
    """What a result says of one part of its run: from its start, or a resume, to where it ended.

    ranks : of the part. options : PETSc options from outside the input. ``ended`` and ``status``
    come with its end.
    """
    return {
        "started": moment(),
        "ended": None,
        "status": "running",
        "ranks": ranks,
        "host": platform.node(),
        "cpu": cpu_model(),
        "command": command(),
        "options": [list(option) for option in options],
        "commit": commit(),
        "versions": {"hpcneq_version": _installed("hpcneq"), **versions()},
    }


def end_part(parts: list[dict[str, Any]], status: str, ended: str | None = None) -> None:
    """Note how and when (now) the last part ended, unless that is known."""
    if parts and parts[-1].get("ended") is None:
        parts[-1].update(status=status, ended=ended or moment())


def moment(seconds: float | None = None) -> str:
    """A time, or now, as a result says it: UTC, to the second."""
    when = datetime.now(timezone.utc)
    if seconds is not None:
        when = datetime.fromtimestamp(seconds, timezone.utc)
    return when.isoformat(timespec="seconds")


def command() -> str:
    """The command line of this process."""
    words = sys.orig_argv[1:]
    if words[:2] == ["-m", "hpcneq"]:
        words = words[1:]
    elif words:
        words = [os.path.basename(words[0]), *words[1:]]
    return shlex.join(words)[:MOST_COMMAND]


def versions() -> dict[str, str]:
    """{name_version: text} of Python and the libraries under this run."""
    from mpi4py import MPI

    from .hdf5 import library_versions

    texts = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": _installed("scipy"),
        "numba": _installed("numba"),
        "mpi4py": _installed("mpi4py"),
        "mpi": MPI.Get_library_version().split(",")[0].strip().rstrip("\x00"),
        **library_versions(),
    }
    for package, library in (("petsc4py", "PETSc"), ("slepc4py", "SLEPc")):
        if f"{package}.{library}" in sys.modules:
            texts[package] = _installed(package)
    if "petsc4py.PETSc" in sys.modules:
        texts["petsc"] = ".".join(map(str, sys.modules["petsc4py.PETSc"].Sys.getVersion()))
    return {f"{name}_version": version for name, version in texts.items()}


def stack() -> list[str]:
    """What hpcneq stands on here, a library a line; one that cannot be loaded says why."""
    kinds = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, load in (("petsc", petsc.start), ("mpi", _mpi), ("hdf5", _hdf5)):
            try:
                kinds[name] = load()
            except (ImportError, HpcneqError, OSError) as error:
                kinds[name] = f"missing ({' '.join(str(error).split())})"
    if not isinstance(kinds["petsc"], str):
        numbers = ".".join(map(str, kinds["petsc"].Sys.getVersion()))
        kinds["petsc"] = f"{numbers} (complex), petsc4py {_installed('petsc4py')}"
    python = f"{platform.python_version()} ({sys.executable})"
    packages = {name: _installed(name) for name in ("numpy", "scipy", "numba", "matplotlib")}
    packages = {name: _unless_unknown(text) for name, text in packages.items()}
    named = {"python": python, **packages, **kinds, "commit": commit()}
    return [f"  {name:12s}{text}" for name, text in named.items()]


def _unless_unknown(text):
    """A version, or that there is none."""
    return "missing" if text == "unknown" else text


def _mpi():
    from mpi4py import MPI

    library = MPI.Get_library_version().split(",")[0].strip().rstrip("\x00")
    return f"{library}, mpi4py {_installed('mpi4py')}"


def _hdf5():
    from .hdf5 import library_versions, parallel_hdf5

    kind = "parallel" if parallel_hdf5() else "serial"
    known = library_versions()
    return f"{known['hdf5']} ({kind}), h5py {known['h5py']}"


def commit() -> str:
    """The git commit of this package's folder, "-dirty" if changed since; "unknown" without one."""
    folder = os.path.dirname(os.path.abspath(__file__))
    # An installed copy may lie inside somebody else's checkout: only one that tracks this file
    # counts.
    if _git(folder, "ls-files", "--error-unmatch", os.path.basename(__file__)) is None:
        return "unknown"
    head, changes = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain", "-uno")
    if head is None:
        return "unknown"
    if changes:
        head += "-dirty"
    return head


def cpu_model() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git(folder, *words):
    """Output of a git command in ``folder``, or None where it fails or there is no git."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", folder, *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    return done.stdout.strip()


def _installed(package):
    """A package's version without importing it."""
    loaded = vars(sys.modules.get(package, object)).get("__version__")
    if loaded:
        return loaded
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
