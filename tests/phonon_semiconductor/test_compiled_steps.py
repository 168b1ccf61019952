"""The compiled Runge-Kutta steps of batches against those of PETSc."""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.maths import bands
from hpcneq.systems.phonon_semiconductor.physics.collisions import Semiconductor, transfer
from hpcneq.systems.phonon_semiconductor.shared.batches import FIELDS, evolved

POINTS, RUNS = 21, 3


def model(radiative, collision, n_B=0.0):
    """Two bands with phonons on 21 momenta, three runs of other V and Omega."""
    band = bands.polynomial(bands.uniform(0.3, POINTS), [-0.5, 0, 7.0], [0.5, 0, 24.0])
    matrices = (transfer(POINTS, m, 0.02, n_B) for m in (5, 2))
    V, Omega = np.array([[1.0], [3.0], [5.0]]), np.array([[0.1], [0.2], [0.05]])
    return Semiconductor(band, V, Omega, *matrices, 0.002, radiative, collision)


def start(even):
    """Fields (3, 21) of random numbers, the same at k and -k if ``even``."""
    random = np.random.default_rng(3)
    fields = {}
    for name in FIELDS:
        values = random.random((RUNS, POINTS)) + 0j
        if name in ("n21", "s"):
            values = 0.1 * (values + 1j * random.random((RUNS, POINTS)))
        fields[name] = 0.5 * (values + values[:, ::-1]) if even else values
    return fields


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize(
    "kind", [("printed", "secular"), ("lindblad", "secular", 0.3), ("printed", "redfield")]
)
def test_the_compiled_steps_are_those_of_petsc(kind, even):
    """The kernel gives PETSc's method of order 4 to rounding, at half the momenta where it may.

    Fails if a weight of the half grid is wrong, if the middle counts twice, or a stage's share.
    """
    given = model(*kind)
    ours, seen = evolved(given, start(even), 40.0, 0.4, rows=4)
    petsc, also = evolved(given, start(even), 40.0, 0.4, 4, {"evolve_ts_type": "rk"})
    assert [t for t, _ in seen] == pytest.approx([t for t, _ in also])
    for (_, one), (_, other) in zip(seen, also):
        assert np.allclose(one, other, rtol=0, atol=1e-11)
    for name in FIELDS:
        assert np.allclose(ours[name], petsc[name], rtol=0, atol=1e-11), name
