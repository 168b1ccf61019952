"""What a task says it may write; a result file refuses everything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike


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
    """The quantities a result file at ``path`` may hold, by name; without any, it may hold all."""

    def __init__(self, path: str | Path, quantities: Mapping[str, Declaration]):
        self.path, self.quantities = path, quantities

    def axes(self, name: str, axes: Sequence[str] | None) -> Sequence[str]:
        """The axes of a data set: as given, else as declared."""
        if axes is not None:
            return axes
        return self.quantities[name].axes

    def dtype(self, name: str, dtype: DTypeLike) -> DTypeLike:
        """The dtype of a series: as given, else as declared, else float."""
        if dtype is None and name in self.quantities:
            dtype = self.quantities[name].dtype
        if dtype is None:
            dtype = float
        return dtype

    def words(
        self, name: str, dtype: np.dtype, units: str | None, long_name: str | None
    ) -> tuple[object, str | None]:
        """(units, long_name) of a data set; ValueError if no such one is declared."""
        if not self.quantities:
            return units, long_name
        quantity = self.quantities.get(name)
        if quantity is None or quantity.kind == "summary":
            raise ValueError(f"{self.path}: the task declares no data set {name}")
        declared = np.dtype(quantity.dtype).kind
        real = dtype.kind == "f" and declared == "c"  # a quantity that is complex in some runs only
        if dtype.kind not in ("S", declared) and not real:
            raise ValueError(
                f"{self.path}: {name} is {dtype}, its declaration says {quantity.dtype}"
            )
        return units or quantity.units, long_name or quantity.long_name

    def refuse_undeclared(self, names: Iterable[str]) -> None:
        """ValueError for the name of a summary number or error that is not declared."""
        if not self.quantities:
            return
        for name in names:
            if name not in self.quantities or self.quantities[name].kind == "data":
                raise ValueError(f"{self.path}: the task declares no summary number {name}")
