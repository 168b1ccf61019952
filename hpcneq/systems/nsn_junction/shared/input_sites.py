"""The lattice sites of an input with symmetry = "full", and arrays over sites in HDF5 files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ....errors import InputError
from ....maths.drives import Drive
from ....parallel import Communicator, on_root
from ....tasks import Given
from ..physics.site_lattice import Sites, disorder
from .biased_leads import sites_table_of, vector_potential_of

PAIRING_STREAM = 2**32  # added to the seed of the disorder for that of the attraction


def build_sites(given: Given, comm: Communicator, recall: Callable) -> Sites:
    """The `Sites` of an input. **Collective.**

    recall : gives the vector potential that the run was begun with, where it is continued.
    """
    A_x, A_y = (
        Drive.of(recall(f"A_{axis}", _vector_potential, given, comm, axis)) for axis in ("x", "y")
    )
    vector = (A_x.resolved(given.numerics.dt), A_y.resolved(given.numerics.dt))
    return sites_of(given, vector, on_root(comm, site_fields, given))


def _vector_potential(given: Given, comm, axis: str) -> dict:
    """The fields of A_x(t) or A_y(t). **Collective.**"""
    return dataclasses.asdict(on_root(comm, vector_potential_of, given, axis))


def sites_of(given: Given, vector: tuple[Drive, Drive], fields: Mapping) -> Sites:
    """The `Sites` of an input with what has been read from its files: A(t), `site_fields`."""
    numerics, table = given.numerics, sites_table_of(given)
    count = numerics.Lx * numerics.Ly
    potential = fields.get("potential", np.zeros(count))
    pairing = fields.get("pairing", np.full(count, given.parameters.U))
    return Sites(
        numerics.Lx,
        numerics.Ly,
        potential + disorder(count, table.disorder, table.seed),
        pairing + disorder(count, table.pairing_disorder, table.seed + PAIRING_STREAM),
        table.boundary_x == "open",
        table.boundary_y == "open",
        vector,
    )


def is_nominal(given: Given) -> bool:
    """`Sites.nominal` of the input's U, before sites are built."""
    numerics, table = given.numerics, sites_table_of(given)
    if "open" in (table.boundary_x, table.boundary_y):
        return False
    if numerics.Lx * numerics.Ly > 1 and (table.disorder or table.pairing_disorder):
        return False
    plain = {"potential": 0.0, "pairing": given.parameters.U}
    return all(np.all(values == plain[name]) for name, values in site_fields(given).items())


def site_fields(given: Given) -> dict[str, np.ndarray]:
    """The site fields {"potential", "pairing"} of [sites] file, (N,) each; empty without a file.

    Raises InputError if the file cannot be read or has none.
    """
    name = sites_table_of(given).file
    if not name:
        return {}
    arrays = _read_arrays(given, "sites", name, ("potential", "pairing"), float)
    if not arrays:
        raise InputError(f'[sites] file = "{name}": holds neither "potential" nor "pairing"')
    return {key: value.ravel() for key, value in arrays.items()}


def pattern_in_file(given: Given) -> np.ndarray:
    """The order parameter of the result that [initial] file names, (N,); of an evolution the last.

    Raises InputError if the file cannot be read or has none of this lattice: it is the solution of
    another run, which may not have been computed when an input is checked.
    """
    name = given.initial.file
    arrays = _read_arrays(given, "initial", name, ("delta",), complex)
    if not arrays:
        raise InputError(f'[initial] file = "{name}": holds no order parameter "delta"')
    return arrays["delta"].ravel()


def _read_arrays(
    given: Given, table: str, name: str, keys: Sequence[str], kind: type
) -> dict[str, np.ndarray]:
    """{key: (Lx, Ly)} of those ``keys`` that an HDF5 file has; of a series its last row."""
    from ....files.hdf5 import open_file  # h5py, which other inputs do not need

    path = os.path.join(given.folder, name)
    try:
        with open_file(path, "r") as file:
            arrays = {key: _last(file[key], kind) for key in keys if key in file}
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f'[{table}] file = "{name}": cannot read {path} ({reason})') from None
    shape = (given.numerics.Lx, given.numerics.Ly)
    for key, value in arrays.items():
        if value.shape != shape or not np.all(np.isfinite(value)):
            raise InputError(
                f'[{table}] file = "{name}": {key} must be finite numbers of shape {shape}, '
                f"got shape {value.shape}"
            )
    return arrays


def _last(data, kind: type) -> np.ndarray:
    """A data set over (x, y), or the last row of one over (t, x, y)."""
    return np.asarray(data[-1] if data.ndim == 3 else data[()], kind)
