"""What stands on every figure beside its data: letters of panels, a line with the parameters."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SMALL = 8.5  # points
WIDTH = 0.072  # inches of a letter of that size
MOST_LINES = 3
TABLES = ("parameters", "interaction", "leads")  # of a resolved input, which say what is computed
NUMERICS = ("p_c", "Lx", "Ly")  # keys of another table that say so too
USUAL = (0, "both")  # values of leads
SHORT = 24  # letters of a value that has a place in a line


def words(
    what: str, resolved: Mapping[str, Any], units: Mapping[str, str], hide: Collection[str] = ()
) -> str:
    """The parameters of a result as a line: ``what``, then each key with its value, swept ones.

    resolved : the tables of the input with their defaults. units : of keys. hide : keys that are
    left out. Energies of one unit share it.
    """
    swept = [key for key in resolved.get("sweep", {}) if key not in hide]
    by_unit: dict[str, list[str]] = {}
    for table in TABLES:
        for key, value in _flat(resolved.get(table, {})):
            word = _word(value)
            if word and key not in swept and key not in hide:
                by_unit.setdefault(units.get(key, ""), []).append(f"{key} = {word}")
    numerics = resolved.get("numerics", {})
    for key in NUMERICS:
        if key in numerics and numerics.get("lattice") != "infinite" and key not in hide:
            by_unit.setdefault("", []).append(f"{key} = {_word(numerics[key])}")
    by_unit["no unit"] = by_unit.pop("", [])  # at the end
    groups = [", ".join(names) for names in by_unit.values()]
    for k, unit in enumerate(by_unit):
        groups[k] += f" [{unit}]" if unit not in ("no unit", "1") else ""
    groups += [f"{', '.join(swept)} swept"] if swept else []
    return f"{what}: {'; '.join(filter(None, groups))}".removesuffix(": ")


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """(key, value) of a table and of those in it, of which only what is not usual is told."""
    pairs = []
    for key, value in table.items():
        if isinstance(value, Mapping) and "from" not in value:
            pairs += _flat(value, f"{prefix}{key}.")
        elif not (prefix and value in USUAL):
            pairs.append((prefix + key, value))
    return pairs


def _word(value: object) -> str:
    """A value in a few letters; none for what is switched off or too long."""
    if isinstance(value, Mapping) and "from" in value and "to" in value:
        return f"{value['from']:g} to {value['to']:g} ({value.get('kind', 'step')})"
    if value is None or value is False or isinstance(value, (Mapping, list)):
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHORT else ""


def add(canvas: Figure | SubFigure, text: str, size: str | None = None) -> None:
    """Write a caption under a figure. size : a key of `style.SIZES`, as the figure's letters."""
    letters = SMALL * (style.SIZES[size][2] if size else 1.0)
    figure = style.whole(canvas)
    share = canvas.bbox.width / figure.bbox.width
    room = figure.get_size_inches()[0] * share / (WIDTH * letters / SMALL)
    lines = textwrap.wrap(text, max(20, int(room)))
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1].rpartition(',')[0]}, ..."]
    text = "\n".join(lines).replace("$", r"\$")
    canvas.supxlabel(text, fontsize=letters, color="0.35", x=0.01, ha="left")


def letter(canvas: Figure | SubFigure) -> None:
    """Letters (a), (b), ... over the panels, if there are several; titles stand beside them."""
    drawn = panels(canvas)
    if len(drawn) < 2:
        return
    for axes, sign in zip(drawn, LETTERS):
        title = axes.get_title(loc="left")
        letters = "small" if title else axes.title.get_fontsize()
        if not title:
            title = axes.get_title()
            axes.set_title("")
        axes.set_title(f"({sign}) {title}".rstrip(), loc="left", fontsize=letters)


def panels(canvas: Figure | SubFigure) -> list[Axes]:
    """Axes with data of their own: no bars of colours, no legends, no second scale."""
    found: dict[object, Axes] = {}
    for axes in canvas.axes:
        if axes.get_label() == "<colorbar>" or (axes.name != "3d" and not axes.axison):
            continue
        place = axes.get_subplotspec()
        found.setdefault((place.get_gridspec(), place.num1, place.num2), axes)
    return list(found.values())
