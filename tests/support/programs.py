"""What the tests of long runs share: small inputs, runs in a process of their own, and the
comparison of two results.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

import hpcneq
from hpcneq.files.writer import Result

HOME = Path(hpcneq.__file__).parents[1]
TIMING = {
    "resolved",  # limits of the run may differ
    "seconds",
    "gflops",
    "peak_bytes",
    "state_bytes",
    "wall_seconds",
    "started",
    "host",
    "ranks",
    "input",
    "summary",
    "commit",
}

# A pulse of the bias: three segments, a history in each, and a last step cut to fit; under 20 kB of
# modes.
INPUT = """\
system = "nsn-junction"
task = "evolve"

[parameters]
h = 0.3
T = 0.05
gamma = 0.05
eV = {from = 0.0, to = 0.6, kind = "pulse", at = 1.1, duration = 3.3}

[numerics]
Lx = 9
Ly = 3
dt = 0.25
pole_error = 1e-5

[initial]
state = "bcs"

[run]
t_max = 10.1
output_every = 0.5
"""

# Points of a map, a few hundredths of a second each.
MAP = """\
system = "nsn-junction"
task = "phase-diagram"
[parameters]
h = 0.58
[numerics]
lattice = "finite"
Lx = 8
Ly = 6
[sweep]
T = [0.1, 0.12, 0.14, 0.16, 0.18, 0.2]
eV = {from = 0.0, to = 1.6, points = 5}
"""

# An hpcneq that waits behind its first steps or points as long as a file is there: until it is told
# to stop or its time is over.
# So a signal or a limit cannot come too late, however fast the machine is, and no test need know
# how long a run takes.
HELD = """\
#!{python}
import os, sys, time
from hpcneq.stopping import Stopping
calls = [0]
def held(self):
    over = self.limit is not None and time.monotonic() - self.begun > self.limit
    return calls[0] > 2 and self.asked is None and not over and os.path.exists({hold!r})
def holding(method):
    def call(self, *args):
        calls[0] += 1
        while held(self):
            time.sleep(0.02)
        return method(self, *args)
    return call
Stopping.decide, Stopping.wanted = holding(Stopping.decide), holding(Stopping.wanted)
from hpcneq.cli import main
sys.exit(main())
"""


FOUR_STEPS = """\
system = "nsn-junction"
task = "evolve"
[parameters]
h = 0.2
T = 0.1
[numerics]
Lx = 5
Ly = 2
dt = 0.5
pole_error = 1e-4
error_estimate = false
[initial]
state = "normal"
noise = 1e-3
[run]
t_max = 2.0
"""  # an input of the junction that ends at once


def held_program(path, hold):
    """Write the program that waits while the file ``hold`` is there."""
    path.write_text(HELD.format(python=sys.executable, hold=str(hold)))
    path.chmod(0o755)
    return path


def alone(environment=None):
    """An environment for programs that are not part of this process's mpiexec."""
    prefixes = ("OMPI_", "PMIX_", "PRTE_", "PMI_", "HPCNEQ_")
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(prefixes) and name != "MPI_LOCALNRANKS"
    }
    clean.update(
        OMP_NUM_THREADS="1",
        H5PY_ALWAYS_USE_MPI="1",
        OMPI_ALLOW_RUN_AS_ROOT="1",
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
        OMPI_MCA_rmaps_base_oversubscribe="1",
        OMPI_MCA_mpi_yield_when_idle="1",  # ranks that wait leave the core to others
        OMPI_MCA_ess_singleton_isolated="1",  # one rank alone needs no daemon
        PRTE_ALLOW_RUN_AS_ROOT="1",
        PRTE_ALLOW_RUN_AS_ROOT_CONFIRM="1",
        PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe",
        PYTHONPATH=os.pathsep.join(  # an empty entry would be the current folder
            filter(None, [str(HOME), str(HOME / "tests"), os.environ.get("PYTHONPATH", "")])
        ),
    )
    clean.update(environment or {})
    return clean


def command(*words, ranks=1, program=("-m", "hpcneq")):
    """The command line of hpcneq on some ranks."""
    start = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
    return [*start, sys.executable, *program, *map(str, words)]


def hp(*words, ranks=1, folder=None, timeout=240, **environment):
    """Run hpcneq to its end: (exit code, output and errors)."""
    done = subprocess.run(
        command(*words, ranks=ranks),
        cwd=folder,
        env=alone(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    return done.returncode, done.stdout


def here(*words, folder):
    """Run hpcneq in this process: (exit code, output and errors).

    Quicker than `hp`, for one rank and no PETSc options.
    """
    from hpcneq.cli import main

    said = io.StringIO()
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        contextlib.chdir(folder),
    ):
        code = main([str(word) for word in words])
    return code, said.getvalue()


def damage(path, how):
    """Spoil a file: "cut" its last third off, "zero" a page in its middle, turn a "bit", or "empty"
    it.
    """
    size = os.path.getsize(path)
    if how in ("cut", "empty"):
        os.truncate(path, 2 * size // 3 if how == "cut" else 0)
        return
    with open(path, "r+b") as file:
        file.seek(size // 2)
        held = file.read(512)
        file.seek(size // 2)
        file.write(bytes(512) if how == "zero" and any(held) else bytes([held[0] ^ 4]) + held[1:])


def assert_same(path, reference, tolerance=None, but=()):
    """Every data set, attribute and headline number equal, bit for bit unless a tolerance is given;
    timing left out.

    but : names that need not be equal.
    """
    one, other = Result(path), Result(reference)
    assert one.keys() == other.keys()
    for name in set(one.keys()) - set(but):
        a, b = one[name], other[name]
        assert (
            a.dtype == b.dtype and a.shape == b.shape and (a.units, a.axes) == (b.units, b.axes)
        ), name
        if tolerance is None:
            assert a.tobytes() == b.tobytes(), f"{name}: differs by {np.abs(a - b).max()}"
        elif a.dtype.kind in "fc":
            assert np.abs(a - b).max(initial=0) <= tolerance, (
                f"{name}: differs by {np.abs(a - b).max()}"
            )
    left_out = (
        TIMING | set(but) | ({"errors"} if tolerance is not None else set())
    )  # the text of what is compared as numbers
    for kind in ("summary", "errors", "attrs"):
        mine, its = (
            {key: value for key, value in getattr(result, kind).items() if key not in left_out}
            for result in (one, other)
        )
        assert mine.keys() == its.keys()
        for key, value in mine.items():
            if tolerance is None or not isinstance(value, (float, complex)):
                assert value == its[key] or value != value, f"{kind} {key}: {value} and {its[key]}"
            else:
                assert abs(value - its[key]) <= tolerance, f"{kind} {key}: {value} and {its[key]}"


def children(pid):
    """The ranks: processes started by mpiexec."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if (
                folder.name.isdigit()
                and int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid
            ):
                found.append(int(folder.name))
        except OSError:
            pass
    return sorted(found)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def kill_all(pid):
    """kill -9 of a job and of its ranks; all their numbers.

    It is held first, so that it cannot start another rank meanwhile.
    """
    kill(pid, signal.SIGSTOP)
    everybody = [pid, *children(pid)]
    for each in everybody:
        kill(each)
    return everybody
