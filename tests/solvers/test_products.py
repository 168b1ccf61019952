"""Modes of blocks of few levels times U (`auxiliary_modes.products`)."""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.solvers.auxiliary_modes import products


@pytest.mark.parametrize("kind", [complex, np.complex64], ids=["double", "single"])
@pytest.mark.parametrize("count, N", [(3, 8), (200, 50), (224, 56), (57, 57)])
def test_products_of_real_matrices_are_those_of_complex_ones(count, N, kind):
    """In one piece or several, of few levels as real ones and of more as complex ones.

    Fails if the imaginary part of U has the other sign, or if a piece's rows are left out.
    """
    random = np.random.default_rng(1)
    rows = (random.normal(size=(count, N)) + 1j * random.normal(size=(count, N))).astype(kind)
    U = (random.normal(size=(N, N)) + 1j * random.normal(size=(N, N))).astype(kind)
    out = np.zeros((count + 1, N), kind)
    real = np.zeros((2 * N, 2 * N), rows.real.dtype)
    products._as_real(U, real)
    products._times(rows.view(real.dtype), U, real, out, out.view(real.dtype))
    np.testing.assert_allclose(out[:-1], rows @ U, atol=200 * np.finfo(kind).eps)
    assert not out[-1].any()
