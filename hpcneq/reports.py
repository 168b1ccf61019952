"""The commands that only print: each gets its options and gives (exit code, text)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from . import __version__
from .errors import InputError

Answer = tuple[int, str | None]


def version() -> str:
    """The version of hpcneq, and of what it stands on here."""
    from .files import provenance

    lines = [f"hpcneq {__version__}", *provenance.stack()]
    return "\n".join(lines)


def _show(options: Any) -> Answer:
    from . import results

    return 0, results.show(options.result, options.json, options.verify)


def _plot(options: Any) -> Answer:
    if len(options.results) > 1 or options.data or options.size or options.live:
        from . import plotting

        return 0, plotting.plot(options)
    from . import results

    return 0, f"wrote {results.plot(options.results[0], options.figure, options.force)}"


def _check(options: Any) -> Answer:
    from .config.check import check_input
    from .systems import Catalogue

    changes, with_cost = tuple(options.set), not options.no_cost
    return 0, check_input(options.input, Catalogue(), changes, options.ranks, with_cost)


def _describe(options: Any) -> Answer:
    from .config import description, description_text, json_schema
    from .systems import Catalogue

    if options.schema:
        if options.system is not None:
            raise InputError("describe --schema: is of all inputs; leave the names out")
        return 0, json.dumps(json_schema.json_schema(Catalogue()), indent=1)
    names = (options.system, options.task, options.key)
    answer = description.description_of(Catalogue(), *names)
    if options.json:
        return 0, json.dumps(answer, allow_nan=False)
    if options.markdown:
        return 0, description_text.as_markdown(answer)
    return 0, description_text.as_text(answer)


def _new(options: Any) -> Answer:
    from .config.template import write_template
    from .systems import Catalogue

    written = write_template(Catalogue(), options.system, options.task, options.output)
    return 0, f"wrote {written}"


def _compare(options: Any) -> Answer:
    from .results import Result

    if options.second.endswith(".json"):
        from . import archives

        different = archives.differing(Result(options.first), options.second)
        words = f"differ from those of {options.second}: {', '.join(different)}"
        if not different:
            words = f"are to the bit those of {options.second}"
        return int(bool(different)), f"{options.first}: its data sets {words}"
    compared = Result(options.first).compare(Result(options.second), options.rtol)
    if options.json:
        return int(not compared), json.dumps(compared.as_json_object(), allow_nan=False)
    return int(not compared), compared.text()


def _watch(options: Any) -> Answer:
    from . import watching

    return watching.watch(options.result, options.every)


def _pack(options: Any) -> Answer:
    from . import archives

    target = archives.pack(options.result, options.output, options.folder, options.force)
    return 0, f"wrote {target}"


def _unpack(options: Any) -> Answer:
    from . import unpacking

    return 0, unpacking.unpack(options.archive, options.output)


ANSWERS: dict[str, Callable[[Any], Answer]] = {
    "show": _show,
    "plot": _plot,
    "check": _check,
    "describe": _describe,
    "new": _new,
    "compare": _compare,
    "watch": _watch,
    "pack": _pack,
    "unpack": _unpack,
}
