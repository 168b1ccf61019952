"""The systems: one folder each, found by name; those of others by their entry points.

Adding a system edits no existing code: a folder here whose ``__init__`` declares ``SYSTEM``, or a
package of your own with an entry point of the group ``hpcneq.systems`` that names such an object.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module, metadata

from ..errors import InputError
from ..tasks.task import System

GROUP = "hpcneq.systems"


def built_in() -> dict[str, str]:
    """Name of each system of this package -> its folder; imports none."""
    folders = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    return {folder.replace("_", "-"): folder for folder in sorted(folders)}


def plug_ins() -> dict[str, list[metadata.EntryPoint]]:
    """Name of each system of other packages -> who offers it; imports none.

    A built-in name wins. A name that two packages offer is refused when it is asked for.
    """
    offers: dict[str, list[metadata.EntryPoint]] = {}
    for point in metadata.entry_points(group=GROUP):
        if point.name not in built_in():
            offers.setdefault(point.name, []).append(point)
    return offers


def names() -> list[str]:
    """Names of all systems; imports none."""
    return [*built_in(), *plug_ins()]


def get(name: str) -> System:
    """The system of that name, imported.

    Raises InputError if there is none, if two packages offer it, or if it cannot be imported.
    """
    folders = built_in()
    if name in folders:
        system: object = import_module(f".{folders[name]}", __package__).SYSTEM
    else:
        system = _plug_in(name)
    if not isinstance(system, System) or system.name != name:
        raise InputError(f'system "{name}": what its package declares is no System of that name')
    return system


def _plug_in(name: str) -> object:
    """What the one package that offers the system declares."""
    offers = plug_ins().get(name, [])
    if not offers:
        raise InputError(f'system "{name}": unknown; known: {", ".join(names())}')
    if len(offers) > 1:
        packages = " and by ".join(point.value for point in offers)
        raise InputError(f'system "{name}": offered by {packages}; keep one')
    try:
        return offers[0].load()
    except (Exception, SystemExit) as error:  # what another package raises is not ours to know
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f'system "{name}": {offers[0].value} cannot be imported ({words})'
        ) from error


class Catalogue(Mapping[str, System]):
    """All systems by name; each is imported when it is asked for."""

    def __getitem__(self, name: str) -> System:
        if name not in self:
            raise KeyError(name)
        return get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(names())

    def __len__(self) -> int:
        return len(names())

    def __contains__(self, name: object) -> bool:
        return name in built_in() or name in plug_ins()
