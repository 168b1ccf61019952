"""Types of arrays in signatures, by what they hold; shapes stand in the docstrings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ArrayLike", "BoolArray", "ComplexArray", "FloatArray", "IntArray", "NumberArray"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
NumberArray = FloatArray | ComplexArray  # real or complex, double precision
