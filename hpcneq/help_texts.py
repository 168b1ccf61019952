"""What ``hpcneq --help`` and ``hpcneq COMMAND --help`` say."""

from __future__ import annotations

ABOUT = """\
Non-equilibrium fermionic condensates: steady states, their stability, phase diagrams and dynamics.

Put mpiexec in front of any command that computes:  mpiexec -n 8 hpcneq run input.toml
"""
EXIT_CODES = """\
exit codes: 0 done, 2 bad input, 3 not converged (what was found is saved and marked),
75 stopped early with a checkpoint (continue with: hpcneq resume OUT.h5)"""
TRUST = "execute the Python model that the checkpoint keeps"

COMMANDS = {
    "run": "compute an input file",
    "resume": "continue from a checkpoint",
    "show": "print headline results",
    "plot": "draw the figure of a result",
    "check": "validate an input, estimate its cost",
    "describe": "list systems, tasks, keys and results",
    "new": "write an input to begin with",
}
ABOUTS = {
    "run": """\
Compute what INPUT.toml describes and write a result file. The whole input is checked before
anything is computed; no existing file is overwritten without --force. What follows a lone -- goes
to PETSc.

example: mpiexec -n 4 hpcneq run input.toml --set run.t_max=200 -o quench.h5 -- -evolve_ts_monitor
""",
    "resume": """\
Continue a stopped or killed run from its newest whole checkpoint, on any number of ranks. Output
and limits may change; the physics may not.

example: mpiexec -n 4 hpcneq resume quench.h5 --set run.t_max=400
""",
    "show": """\
Print the headline results of a file with their errors, its status and where it came from.

example: hpcneq show quench.h5 --json
""",
    "plot": """\
Draw the figure that belongs to the task of a result file.

example: hpcneq plot quench.h5 -o quench.pdf
""",
    "check": """\
Check an input without computing it: says what run would say, and prints the problem's size, memory
and estimated time on this machine.

example: hpcneq check input.toml --ranks 64
""",
    "describe": """\
List the systems and their tasks; with names, what a task reads and writes: each key with unit,
default and limits, each result with units, axes and error.

example: hpcneq describe fermi-gas steady T
""",
    "new": """\
Write an input of a task: a small example, with every other key as a comment that tells its
default, unit and limits.

example: hpcneq new fermi-gas steady -o mine.toml
""",
}
