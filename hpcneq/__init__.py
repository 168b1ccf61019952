"""hpcneq: non-equilibrium fermionic condensates, on a laptop or under mpiexec.

From Python::

    import hpcneq
    result = hpcneq.run("input.toml")      # or a dict; runs in this process
    result = hpcneq.open("out.h5")         # named arrays with units; result.plot()

Importing this package loads nothing heavy: numpy, MPI, PETSc and HDF5 wait until they are used.
"""

from .errors import HpcneqError, InputError, NotConverged, StoppedEarly

__version__ = "0.2.0"
__all__ = ["HpcneqError", "InputError", "NotConverged", "StoppedEarly", "open", "run"]


def open(path):
    """The result file at ``path`` as a ``Result``: named arrays with units, summary, figures. Works without MPI."""
    from . import driver

    return driver.Result(path)


def run(source, **options):
    """Compute a TOML file or a dict in this process; returns what ``hpcneq.driver.run_in_process`` returns. **Collective.**"""
    from . import driver

    return driver.run_in_process(source, **options)
