"""What a figure reads of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Result(Protocol):
    """A result as a figure gets it: its data sets by name, numbers and parameters.

    ``result.name`` is the data set ``name``, an array that knows its units.
    """

    status: str
    path: str
    task: str
    summary: dict[str, Any]
    errors: dict[str, Any]
    warnings: list[str]

    @property
    def parameters(self) -> dict[str, Any]:
        """The table [parameters], defaults included."""

    @property
    def numerics(self) -> dict[str, Any]:
        """The table [numerics], defaults included."""

    @property
    def sweep(self) -> dict[str, Any]:
        """Swept key -> values; empty without a sweep."""

    def table(self, name: str) -> Mapping[str, Any]:
        """A table of the input with its defaults."""

    def number(self, name: str) -> float:
        """The number ``name`` of the summary; nan where it has none."""

    def keys(self) -> list[str]:
        """Names of the data sets."""

    def __contains__(self, name: object) -> bool: ...

    def __getitem__(self, name: str) -> Any: ...

    def __getattr__(self, name: str) -> Any: ...
