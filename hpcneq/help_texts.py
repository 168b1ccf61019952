"""What ``hpcneq --help`` and ``hpcneq COMMAND --help`` say."""

from __future__ import annotations

ABOUT = """\
Non-equilibrium fermionic condensates: steady states, their stability, phase diagrams and dynamics.

Put mpiexec in front of any command that computes:  mpiexec -n 8 hpcneq run input.toml
"""
EXIT_CODES = """\
exit codes: 0 done, 2 bad input, 3 not converged (what was found is saved and marked),
75 stopped early with a checkpoint (continue with: hpcneq resume OUT.h5); see hpcneq help errors"""
TRUST = "execute the Python model that the checkpoint keeps"
VERSION = "print the version, and those of the libraries beneath"
COMPLETION = "print what makes a shell complete these words (needs shtab)"

COMMANDS = {
    "run": "compute an input file",
    "resume": "continue from a checkpoint",
    "show": "print headline results",
    "plot": "draw the figure of a result",
    "check": "validate an input, estimate its cost",
    "describe": "list systems, tasks, keys and results",
    "new": "write an input to begin with",
    "compare": "say whether two results agree within their errors",
    "watch": "say how far a run is that goes on",
    "pack": "put all that makes a result into one archive",
    "unpack": "unpack such an archive",
    "help": "explain a command, or the exit codes",
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
Draw the figure that belongs to the task of a result file. Several results of one task become
curves in one figure, told apart by what differs in their inputs; two also get their difference.
An ending .gif or .mp4 makes a movie of an evolution.

example: hpcneq plot quench.h5 -o quench.pdf --size paper
         hpcneq plot quench.h5 --data delta density
         hpcneq plot cold.h5 warm.h5 -o both.png
         hpcneq plot --live quench.h5
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
    "compare": """\
Compare two results of one task, each number and data set within the sum of both errors. Exit code 0
if they agree, 1 if they differ; which differ, where, and by how much is printed. With the
manifest.json of an unpacked archive instead of B: are all data sets the same to the bit?

example: hpcneq compare coarse.h5 fine.h5
""",
    "watch": """\
Say how far a run is: status, progress, time left, last numbers. Reads OUT.h5.lock alone, so it
works from another machine and disturbs nothing. On a terminal it goes on until the run ends.

example: hpcneq watch quench.h5
""",
    "pack": """\
Put into one archive what a result was computed from: the input, the files that it names, versions,
seed, commands, and checksums of all of these and of every data set of the result.

example: hpcneq pack quench.h5
then, on another machine: hpcneq unpack quench.tar.gz && hpcneq run quench/input.toml
""",
    "unpack": """\
Unpack an archive of hpcneq pack into a new folder. Every name, kind and checksum in it is checked
before a file is written, none is overwritten, and nothing of it is run.

example: hpcneq unpack quench.tar.gz -o received
""",
    "help": """\
Explain a command, or with "errors" how commands end and what can be done then.

example: hpcneq help errors
""",
}
TOPICS = {
    "errors": """\
NAME
    errors - how hpcneq ends, and what can be done then

EXIT CODES
    0    done; compare: the results agree
    1    failed: a fault of the machine or of the program (a full disk, a missing library);
         compare: the results differ; watch: the run was killed
    2    bad input: a key, a file or an option is wrong; nothing was computed
    3    not converged: what was found is saved, and marked not-converged
    75   stopped early, by a signal or [run] wall_limit, with a checkpoint
    130  interrupted at the keyboard

MESSAGES
    Whatever the exit code, an expected end is one line on standard error, from one rank:

        hpcneq: <where>: <what is wrong, what was given>; <what is allowed, or can be done>

    A traceback is a bug of hpcneq.

WHAT TO DO
    2    change what the line names; hpcneq describe SYSTEM TASK KEY explains a key, and
         hpcneq check INPUT.toml says what run would say
    3    hpcneq show OUT.h5 lists the warnings: smaller steps, another start, a wider grid
    75   hpcneq resume OUT.h5 goes on, to the same bits as without the stop; batch systems can
         requeue on this code
    killed, machine lost
         hpcneq resume OUT.h5 goes on from the last checkpoint

SEE ALSO
    hpcneq watch OUT.h5, hpcneq show OUT.h5, hpcneq COMMAND --help
"""
}
