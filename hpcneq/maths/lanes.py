"""Kernels whose source is written out for each lane of a vector, compiled at their first call.

LLVM vectorises few loops over complex matrices by itself: it cannot prove that what a kernel reads
and what it writes are different memory, nor, where an index is a sum of variables, that it is not
negative. Straight-line code that loads all lanes before it stores any needs no such proof and is
ten times faster; it is written by `lanes` from one line of each kernel. A backslash in a template
joins lines before that.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .compiled import lazily


def lanes(source: str, count: int) -> str:
    """Source with every line that mentions the lane ``m`` written out for each lane.

    Scalars named ``x_m`` become one for each, and WIDTH the number of lanes.
    """
    lines = []
    for line in re.sub(r"\bWIDTH\b", str(count), source).splitlines():
        if not re.search(r"\bm\b|_m\b", line):
            lines.append(line)
            continue
        for m in range(count):
            lines.append(re.sub(r"_m\b", f"_{m}", re.sub(r"\bm\b", str(m), line)))
    return "\n".join(lines)


def compiled(source: str, name: str, count: int, module: str, file: str, line: int = 1) -> Callable:
    """The function ``name`` of a source with its lanes written out, compiled at its first call.

    Cached on disk as if it stood in ``module``, whose ``file`` numba looks at: at its ``line``.
    """
    space: dict = {"__name__": module}
    exec(compile("\n" * line + lanes(source, count).lstrip(), file, "exec"), space)
    return lazily(space[name])
