"""What a task says it may write; a result file refuses everything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np


class Declaration(Protocol):
    """What is used of a declared quantity, see `hpcneq.tasks.Quantity`."""

    @property
    def units(self) -> object:
        """Units as text."""

    @property
    def long_name(self) -> str:
        """What it is, in words."""

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of its coordinates, slowest first."""

    @property
    def dtype(self) -> type:
        """float, int, bool, complex or str."""

    @property
    def kind(self) -> str:
        """data, summary or both."""


class Declarations:
    """The quantities a result file at ``path`` may hold, by name."""

    def __init__(self, path: str | Path, quantities: Mapping[str, Declaration]) -> None:
        self.path, self.quantities = path, quantities

    def axes(self, name: str, axes: Sequence[str] | None) -> Sequence[str]:
        """The axes of a data set: as given, else as declared."""
        if axes is not None:
            return axes
        return self._declaration(name).axes

    def dtype(self, name: str) -> type:
        """The declared dtype of a data set."""
        return self._declaration(name).dtype

    def data_set(self, name: str, dtype: np.dtype) -> Declaration:
        """The declaration of a data set; ValueError if there is none, or if of another dtype."""
        quantity = self._declaration(name)
        declared = np.dtype(quantity.dtype).kind
        real = dtype.kind == "f" and declared == "c"  # a quantity that is complex in some runs only
        if dtype.kind not in ("S", declared) and not real:
            raise ValueError(
                f"{self.path}: {name} is {dtype}, its declaration says {quantity.dtype}"
            )
        return quantity

    def refuse_undeclared(self, names: Iterable[str]) -> None:
        """ValueError for the name of a summary number or error that is not declared."""
        for name in names:
            if name not in self.quantities or self.quantities[name].kind == "data":
                raise ValueError(f"{self.path}: the task declares no summary number {name}")

    def _declaration(self, name: str) -> Declaration:
        """The declaration of a data set; ValueError if there is none."""
        quantity = self.quantities.get(name)
        if quantity is None or quantity.kind == "summary":
            raise ValueError(f"{self.path}: the task declares no data set {name}")
        return quantity
