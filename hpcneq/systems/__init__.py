"""The systems: one folder each, found by name; those of others by the entry points ``hpcneq.systems``.

Adding a system edits no existing code: a folder here whose ``__init__`` declares ``SYSTEM``, or a package
of your own with an entry point of the group ``hpcneq.systems`` that names such an object.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module, metadata

from ..errors import InputError
from ..tasks.task import System

GROUP = "hpcneq.systems"


def built_in() -> dict[str, str]:
    """Name of each system of this package -> its folder; imports none."""
    folders = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    return {folder.replace("_", "-"): folder for folder in sorted(folders)}


def plug_ins() -> dict[str, metadata.EntryPoint]:
    """Name of each system of another package -> its entry point; imports none.

    A built-in name wins. Raises InputError if two packages offer one name.
    """
    points = [point for point in metadata.entry_points(group=GROUP) if point.name not in built_in()]
    counts = Counter(point.name for point in points)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        packages = [point.value for point in points if point.name == twice[0]]
        raise InputError(f'system "{twice[0]}": offered by {" and by ".join(packages)}; keep one')
    return {point.name: point for point in points}


def names() -> list[str]:
    """Names of all systems; imports none."""
    return [*built_in(), *plug_ins()]


def get(name: str) -> System:
    """The system of that name, imported. Raises InputError for an unknown or a broken one."""
    folders = built_in()
    if name in folders:
        return import_module(f".{folders[name]}", __package__).SYSTEM
    point = plug_ins().get(name)
    if point is None:
        raise InputError(f'system "{name}": unknown; known: {", ".join(names())}')
    try:
        system = point.load()
    except Exception as error:  # what another package raises is not ours to know
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f'system "{name}": {point.value} cannot be imported ({words})') from error
    if not isinstance(system, System) or system.name != name:
        raise InputError(f'system "{name}": {point.value} is no hpcneq System of that name')
    return system


class Catalogue(Mapping):
    """All systems by name; each is imported when it is asked for."""

    def __getitem__(self, name: str) -> System:
        if name not in names():
            raise KeyError(name)
        return get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())

    def __contains__(self, name: object) -> bool:
        return name in names()
