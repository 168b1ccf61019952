"""Numbers and small arrays as JSON that gives back every bit."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np


def dumps(value: object) -> str:
    """JSON text that gives back every float bit for bit and numpy arrays as they were."""
    return json.dumps(value, default=_encode)


def _encode(value):
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if isinstance(value, (np.generic, complex)):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        raw = np.ascontiguousarray(value)
        return {
            "__array__": [
                raw.dtype.str,
                list(value.shape),
                base64.b64encode(raw.tobytes()).decode(),
            ]
        }
    if isinstance(value, (int, float, str)):
        return value
    raise TypeError(f"a checkpoint cannot keep a {type(value).__name__}")


def loads(text: str) -> Any:
    """The value `dumps` was given; tuples come back as lists."""
    return json.loads(text, object_hook=_decode)


def _decode(table):
    if set(table) != {"__array__"}:
        return table
    dtype, shape, raw = table["__array__"]
    array = np.frombuffer(base64.b64decode(raw), dtype).reshape(shape)
    return array[()] if array.ndim == 0 else array.copy()
