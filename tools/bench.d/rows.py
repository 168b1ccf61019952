"""Rows of output: what 100,000 rows of 17 series take to buffer and to write, as share of a step.

Processor time of rank 0, which other work on the machine does not lengthen.

python tools/bench.d/rows.py [ROWS]; also with -n RANKS
"""

import os
import sys
import tempfile
import time

import numpy as np

from hpcneq.files.writer import ResultFile
from hpcneq.parallel import Layout, on_root, world
from hpcneq.tasks import Quantity

SITES = 50
FLUSHES = 20  # in a run, one every few seconds
STEP = 1e-3  # s: of a small system; larger ones take longer


def main():
    comm, rows = world(), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    names = [f"number_{k}" for k in range(15)]
    quantities = {name: Quantity(name, "1", "a number", ("t",)) for name in names}
    quantities["t"] = Quantity("t", "1", "time")
    quantities["x"] = Quantity("x", "1", "site")
    quantities["delta"] = Quantity("delta", "1", "field", ("t", "x"), complex)
    folder = on_root(comm, tempfile.mkdtemp)
    layout, path = Layout.over(SITES, comm), os.path.join(folder, "rows.h5")
    out = ResultFile.create(comm, path, {"system": "", "task": "", "input": ""}, True, quantities)
    out.axis("x", np.arange(float(SITES)))
    out.growing_axis("t")
    for name in names:
        out.series(name)
    out.series("delta", layout=layout)
    delta, flushing, begun = np.ones(layout.count, complex), 0.0, time.process_time()
    for k in range(rows):
        out.append({"t": 0.1 * k, "delta": delta, **dict.fromkeys(names, 0.5 * k)})
        if (k + 1) % (rows // FLUSHES) == 0:
            before = time.process_time()
            out.flush()
            flushing += time.process_time() - before
    out.finish("complete", {})
    each = (time.process_time() - begun) / rows
    if comm.rank == 0:
        print(
            f"{rows} rows on {comm.size} ranks: {1e6 * each:.1f} us a row "
            f"({1e6 * flushing / rows:.1f} of it in {FLUSHES} flushes), "
            f"{100 * each / STEP:.1f} % of a step of {1e3 * STEP:g} ms; "
            f"{os.path.getsize(path) / 1e6:.0f} MB"
        )
        os.unlink(path)
        os.rmdir(folder)


if __name__ == "__main__":
    main()
