"""Logarithms of many complex numbers in compiled loops."""

import numpy as np
import pytest

from hpcneq.maths.compiled import lazily
from hpcneq.maths.polar import polar


@lazily(calls=(polar,), wide=True)
def compiled(real, imag, size, turn):
    """`polar`, compiled."""
    polar(real, imag, size, turn)


@pytest.mark.parametrize("sign", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_logarithms_are_numpys(sign):
    """Size and angle in every quadrant and on its edges, over forty decades: 5e-16 of numpy's.

    Fails with three terms of the series left out, and with the exponent cut at 1, not sqrt(1/2).
    """
    rng = np.random.Generator(np.random.Philox(5))
    z = np.exp(rng.uniform(-46, 46, 4000)) * np.exp(1j * rng.uniform(0, 0.5 * np.pi, 4000))
    z = np.concatenate([z, [1, 1j, 1 + 1j, 1 + 1e-17j, 1e-17 + 1j, 1 + 1e-9, 1 - 1e-9, 0.70710678]])
    z = sign[0] * np.abs(z.real) + 1j * sign[1] * np.maximum(np.abs(z.imag), 1e-30)
    size, turn = np.empty(len(z)), np.empty(len(z))
    compiled(np.ascontiguousarray(z.real), np.ascontiguousarray(z.imag), size, turn)
    assert np.abs(turn - np.angle(z)).max() < 5e-16
    assert np.all(np.abs(size - np.log(np.abs(z))) < 4e-16 * (1 + np.abs(size)))
