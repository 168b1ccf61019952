"""Where a result comes from: versions, commit, machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib import import_module, metadata

import numpy as np


def gather_provenance(comm, system, task, text, seed):
    """The root attributes of a result file, rank 0's on every rank. **Collective.**

    text : the input TOML verbatim. Heavy packages are asked only if the run has already loaded them.
    """
    items = None
    if comm.rank == 0:
        items = {
            "hpcneq_version": _hpcneq_version(),
            "commit": commit(),
            "system": system,
            "task": task,
            "input": text,
            "seed": seed,
            "ranks": comm.size,
            "host": platform.node(),
            "cpu": cpu_model(),
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            **versions(),
        }
    return comm.bcast(items, root=0)


def versions():
    """{name_version: text} of Python and the libraries under this run."""
    from mpi4py import MPI

    from .hdf5 import library_versions

    found = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": _installed("scipy"),
        "numba": _installed("numba"),
        "mpi4py": _installed("mpi4py"),
        "mpi": MPI.Get_library_version().split(",")[0].strip().rstrip("\x00"),
        **library_versions(),
    }
    for package in ("petsc4py", "slepc4py"):
        if f"{package}.{'PETSc' if package == 'petsc4py' else 'SLEPc'}" in sys.modules:
            found[package] = sys.modules[package].__version__
    if "petsc4py.PETSc" in sys.modules:
        found["petsc"] = ".".join(map(str, sys.modules["petsc4py.PETSc"].Sys.getVersion()))
    return {f"{name}_version": version for name, version in found.items()}


def commit():
    """The git commit of this package's own folder, "-dirty" if changed since; "unknown" outside a checkout."""
    folder = os.path.dirname(os.path.abspath(__file__))
    # An installed copy may lie inside somebody else's checkout: only one that tracks this file counts.
    if _git(folder, "ls-files", "--error-unmatch", os.path.basename(__file__)) is None:
        return "unknown"
    head, changes = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain", "-uno")
    return "unknown" if head is None else head + ("-dirty" if changes else "")


def cpu_model():
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
    return done.stdout.strip() if done.returncode == 0 else None


def _hpcneq_version():
    """The package's version, also from a checkout that is not installed."""
    return getattr(import_module(__package__.partition(".")[0]), "__version__", None) or _installed(
        "hpcneq"
    )


def _installed(package):
    """A package's version without importing it."""
    loaded = getattr(sys.modules.get(package), "__version__", None)
    if loaded:
        return loaded
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
