"""Maps: efficiency of uneven rows on 2, 3, 4, 8 and 12 ranks, and how late points are journalled.

The points sleep, so that more ranks than cores are no hindrance: what is measured is how well rows
are handed out, not how fast the machine is: the share of all ranks' time that is spent in points,
by their own clocks (on a busy machine sleep ends late). Starts its own mpiexec.
"""

import os
import subprocess
import sys
import time

RANKS = (2, 3, 4, 8, 12)
ROWS, COLUMNS = 320, 1
SHORT, LONG = 0.05, 0.6  # s; every eighth row is long


def seconds(row):
    """What a point of a row takes: long ones first, as where the physics is hard."""
    if row % 8 == 0:
        return LONG
    return SHORT * (1 + row % 3)


class Late:
    """A keeper that notes how long after its end each point came."""

    done: dict = {}

    def __init__(self):
        self.lags = []

    def add(self, name, record):
        """Note the time since the point was finished; clocks are of one machine."""
        self.lags.append(time.time() - record["finished"])

    def clean(self, record):
        """As it is."""
        return record

    def wanted(self, seconds):
        """Nothing asks to stop."""
        return None


def measure():
    """One map on the ranks of this mpiexec."""
    from hpcneq.parallel import world
    from hpcneq.solvers import farm

    comm, keeper = world(), Late()

    def solve(i, j, warm):
        started = time.time()
        time.sleep(seconds(i))
        now = time.time()
        return {"seconds": now - started, "finished": now, "load": bytes(20000)}

    comm.barrier()
    begun, used = time.monotonic(), time.process_time()
    records, _ = farm.farm((ROWS, COLUMNS), solve, comm, keeper=keeper)
    spent = time.monotonic() - begun
    used = comm.allreduce(time.process_time() - used)
    if comm.rank == 0:
        workers = comm.size
        alone = ""
        if workers > 8:
            workers, alone = workers - 1, " of the others (rank 0 hands out)"
        work = sum(record["seconds"] for row in records for record in row)
        print(
            f"{comm.size:3d} ranks: {spent:5.2f} s, "
            f"efficiency {work / workers / spent:.2f}{alone}, "
            f"points journalled after at most {max(keeper.lags):.3f} s, "
            f"processor time of waiting and messages {used:.2f} s",
            flush=True,
        )


def main():
    """All numbers of ranks, or those of the command line."""
    for ranks in map(int, sys.argv[1:] or RANKS):
        words = ["mpiexec", "-n", str(ranks), sys.executable, __file__, "measure"]
        subprocess.run(words, check=True, env=without_mpi())


def without_mpi():
    """The environment without what another mpiexec has set."""
    keep = ("OMPI_MCA_rmaps", "OMPI_MCA_mpi", "OMPI_ALLOW", "PRTE_")
    mpi = ("OMPI_", "PMIX_", "PMI_")
    return {k: v for k, v in os.environ.items() if k.startswith(keep) or not k.startswith(mpi)}


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        measure()
    else:
        main()
