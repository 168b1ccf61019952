"""Small runs on many ranks: messages, bytes, files opened, memory of a rank, seconds to the end.

usage: tools/bench ranks [RANKS ...]; Open MPI counts the messages (pml_monitoring), those that make
up its collectives included. More ranks than cores share them: the times say little, the rest is
exact. 64 ranks on two cores take minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVOLVE = """\
system = "nsn-junction"
task = "evolve"
[parameters]
T = 0.1
[numerics]
Lx = 16
Ly = 4
dt = 0.25
pole_error = 1e-3
error_estimate = false
[initial]
state = "bcs"
[run]
t_max = 2.5
"""
MAP = """\
system = "nsn-junction"
task = "tmatrix"
[parameters]
h = 0.3
[sweep]
Q = {from = 0.0, to = 1.0, points = 200}
"""
# A rank of hpcneq that notes what it opens, and what it took.
SPY = """\
import json, os, resource, sys
opened = set()
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])
sys.addaudithook(hook)
from hpcneq import cli
code = cli.main()
rank = os.environ.get("OMPI_COMM_WORLD_RANK", "0")
code_files = sum(".py" in path or ".so" in path or ".nb" in path for path in opened)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with open(f"spy-{rank}.json", "w") as file:
    json.dump({"files": len(opened) - code_files, "code": code_files, "memory": memory}, file)
sys.exit(code)
"""
MONITOR = "pml_monitoring_enable 2 pml_monitoring_enable_output 3 pml_monitoring_filename sent"


def measured(name: str, ranks: int, folder: Path) -> str:
    """One row of the table."""
    options = iter(MONITOR.split())
    words = ["mpiexec", "-n", str(ranks), "--oversubscribe"]
    words += [word for pair in zip(options, options) for word in ("--mca", *pair)]
    begun = time.monotonic()
    subprocess.run(
        [*words, sys.executable, "spy.py", "run", f"{name}.toml", "--force", "--quiet"],
        cwd=folder,
        check=True,
        env={**os.environ, "OMPI_MCA_mpi_yield_when_idle": "1"},
    )
    seconds = time.monotonic() - begun
    spies = [json.loads((folder / f"spy-{rank}.json").read_text()) for rank in range(ranks)]
    messages, size, root = [0] * ranks, 0, 0
    for path in folder.glob("sent*.prof"):
        for line in path.read_text().splitlines():
            fields = line.split()
            if fields and fields[0] in "EI":  # messages of the program, those of MPI itself
                source, target, count = int(fields[1]), int(fields[2]), int(fields[5])
                messages[source] += count
                size += int(fields[3])
                root += count * (target == 0)
        path.unlink()
    memory = [spy["memory"] for spy in spies]
    files = [spy["files"] for spy in spies]
    return (
        f"| {name}, {ranks} ranks | {sum(messages)} | {max(messages)} | {root} | "
        f"{size / 1e6:.2f} MB | {files[0]}, {max(files[1:])} | {spies[-1]['code']} | "
        f"{memory[0]:.0f}, {max(memory[1:]):.0f} MB | {seconds:.0f} s |"
    )


def main() -> None:
    """A row of each run and number of ranks."""
    print("| run | messages | most of a rank | to rank 0 | bytes | files | code | memory | time |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        (folder / "spy.py").write_text(SPY)
        for name, text in (("evolve", EVOLVE), ("map", MAP)):
            (folder / f"{name}.toml").write_text(text)
            for ranks in [int(word) for word in sys.argv[1:]] or [2, 4, 16]:
                print(measured(name, ranks, folder), flush=True)


main()
