"""Numbers below the smallest normal one are zero in steps, and there alone."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from hpcneq.maths import subnormals
from hpcneq.maths.compiled import lazily
from hpcneq.maths.subnormals import without_subnormals
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.pole_leads.column_steps import ColumnSteps
from hpcneq.solvers.site_columns.integrator import Columns
from hpcneq.solvers.supercell.stepping import DriftExact

SMALL = np.full(3, 1e-30, np.float32), np.full(3, 1e-12, np.float32)
known = pytest.mark.skipif(
    platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
    reason="control words of x86-64 with glibc",
)


@lazily
def scaled(x, y):
    """x times y, in place."""
    for i in range(len(x)):
        x[i] *= y[i]


def product():
    return float((SMALL[0] * SMALL[1])[0])


@known
def test_kernels_take_them_as_zero_within_and_not_outside():
    inside = without_subnormals(scaled)
    x = SMALL[0].copy()
    inside(x, SMALL[1])
    assert not x.any()
    assert product() == pytest.approx(1e-42, rel=1e-3)
    given = np.full(3, 1e-42, np.float32)  # operands too
    inside(given, np.full(3, 1e12, np.float32))
    assert not given.any()
    given = np.full(3, 1e-42, np.float32)
    scaled(given, np.full(3, 1e12, np.float32))
    assert given.all()


@known
@pytest.mark.parametrize("stepper", [Exponential, Columns, DriftExact, ColumnSteps])
def test_integrators_with_a_single_precision_step_so(monkeypatch, stepper):
    """Their steps run with the control word changed, and give it back."""
    seen = []
    change = subnormals._Control.change
    monkeypatch.setattr(
        subnormals._Control, "change", lambda self, bits: seen.append(bits) or change(self, bits)
    )
    with pytest.raises(AttributeError):
        stepper.advance(None, 0.0, 0.5)
    assert seen[0] == subnormals.ZERO and len(seen) == 2


@known
def test_the_state_of_the_caller_comes_back():
    """After an error, and within a call that has set it already."""
    with pytest.raises(ZeroDivisionError):
        without_subnormals(lambda: 1 // 0)()
    assert product() > 0
    inner = without_subnormals(lambda: (without_subnormals(product)(), product()))()
    assert inner == (0.0, 0.0) and product() > 0


def test_on_other_machines_functions_are_called_as_they_are(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    subnormals._control.cache_clear()
    try:
        assert subnormals._control() is None
        assert without_subnormals(divmod)(7, 2) == (3, 1)
    finally:
        subnormals._control.cache_clear()
