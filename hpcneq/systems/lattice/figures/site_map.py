"""A map of the lattice: sites to scale, links, leads, pairing as colour and phase, currents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....errors import InputError
from ....figures import style

if TYPE_CHECKING:
    from ....figures.result import Result

RING = 5.0  # points: distance of the rings of leads that touch one site
FEW = 400  # sites up to which links and phases are drawn one by one
ARROWS = 300  # most arrows
EDGE = {True: 0.4, False: 0.0}  # width of the sites' edges, by whether they are few
ALIKE = 1e-9  # relative difference of values that count as one
FAINT = 0.02  # of the largest current: arrows below it are left out


def plane(result: Result) -> np.ndarray:
    """(n, 2) of the positions: the two directions of largest extent.

    Raises InputError if a position is not finite.
    """
    position = np.asarray(result.position)
    if not np.all(np.isfinite(position)):
        raise InputError(f"{result.path}: no map of the sites: their positions are not all finite")
    if position.shape[1] == 1:
        return np.column_stack([position[:, 0], np.zeros(len(position))])
    wide = np.sort(np.argsort(-np.ptp(position, axis=0), kind="stable")[:2])
    return position[:, wide]


def spacing(points: np.ndarray) -> float:
    """Distance of the nearest neighbours."""
    if len(points) < 2:
        return 1.0
    gaps = np.linalg.norm(points[1 : FEW + 1] - points[0], axis=1)
    return float(gaps[gaps > 0].min(initial=1e9)) if np.any(gaps > 0) else 1.0


def sites(
    axes: Any, result: Result, values: np.ndarray | None = None, label: str = "", **look: object
) -> None:
    """Sites coloured by values (n,), links, leads by their colours.

    Sites are grey where there are no values; values that are all alike stand in the title. Values
    of sites on a line are a curve over the position.
    """
    points = plane(result)
    if values is not None and on_line(points):
        _curve(axes, result, points[:, 0], np.asarray(values), label)
        return
    unit = spacing(points)
    links(axes, result, points)
    size = marker_size(axes, points, unit)
    leads(axes, result, points, size)
    image = axes.scatter(
        points[:, 0],
        points[:, 1],
        s=size,
        c="0.75" if values is None else values,
        zorder=3,
        edgecolors="0.2",
        linewidths=EDGE[len(points) < FEW],
        **look,
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    axes.set(xlabel="position", ylabel="" if np.ptp(points[:, 1]) == 0 else "position")
    if np.ptp(points[:, 1]) == 0:
        axes.set_yticks([])
    if values is None:
        return
    if not varies(values):
        words = f"{label}: {float(values[0]):.5g} everywhere"
        axes.set_title(words, fontsize=9, loc="right")  # leads are named at the left
        return
    axes.figure.colorbar(image, ax=axes, label=label, pad=0.02, aspect=25)


def on_line(points: np.ndarray) -> bool:
    """Whether there are several sites, all on a line along x."""
    return len(points) > 1 and float(np.ptp(points[:, 1])) == 0


def varies(values: np.ndarray) -> bool:
    """Whether values of the sites differ."""
    return float(np.ptp(values)) > ALIKE * float(np.abs(values).max(initial=0.0))


def _curve(axes: Any, result: Result, x: np.ndarray, values: np.ndarray, label: str) -> None:
    """Values over the position, with the rings of leads on them."""
    order = np.argsort(x, kind="stable")
    axes.plot(x[order], values[order], ".-", color="0.3", ms=6, lw=1.2, zorder=3)
    leads(axes, result, np.column_stack([x, values]), 36.0)
    axes.set(xlabel="position", ylabel=label)
    if not varies(values):
        middle = float(values[0])
        axes.set_ylim(middle - 0.1 * abs(middle) - 1e-3, middle + 0.1 * abs(middle) + 1e-3)


def marker_size(axes: Any, points: np.ndarray, unit: float) -> float:
    """Area of a site's marker, in points squared, that leaves room between neighbours."""
    box = axes.get_position()
    figure = axes.figure.get_figure() or axes.figure
    width = 72 * figure.bbox_inches.width * box.width
    extent = max(float(np.ptp(points[:, 0])) * 1.15, unit)
    return float(np.clip((0.5 * width * unit / extent) ** 2, 4, 260))


def links(axes: Any, result: Result, points: np.ndarray) -> None:
    """Lines between joined sites, those around a ring left out."""
    if len(points) > 4 * FEW or "links" not in result:
        return
    from matplotlib.collections import LineCollection

    pairs = points[np.asarray(result.links, int)].reshape(-1, 2, 2)
    length = np.linalg.norm(pairs[:, 0] - pairs[:, 1], axis=1)
    if not len(length):
        return
    near = length <= 0.5 * max(float(np.ptp(points)), 2 * length.min())
    axes.add_collection(LineCollection(pairs[near], colors="0.8", linewidths=0.8, zorder=1))


def leads(axes: Any, result: Result, points: np.ndarray, size: float) -> None:
    """A ring of the lead's colour around each site it touches."""
    if "touched" not in result:
        return
    touched = np.asarray(result.touched, bool)
    names = [str(name) for name in np.asarray(result.lead).astype(str)]
    rings = np.zeros(len(points), int)  # around each site, so far
    for number, (name, own) in enumerate(zip(names, touched)):
        if not own.any() or own.all() and len(own) > 2:
            continue
        colour = style.COLOURS[number % len(style.COLOURS)]
        axes.scatter(
            points[own, 0],
            points[own, 1],
            s=(1.5 * size**0.5 + RING * rings[own].max()) ** 2,
            facecolors="none",
            edgecolors=colour,
            linewidths=1.6,
            zorder=2,
            clip_on=False,
        )
        rings[own] += 1
        axes.plot([], [], "o", ms=8, mfc="none", mec=colour, mew=1.6, label=name)
    if touched.any():
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.05, 1), borderaxespad=0, ncols=4, fontsize=9
        )


def phases(axes: Any, result: Result, pairing: np.ndarray) -> None:
    """Short lines at the sites that point along the phase of the pairing.

    Of sites on a line the phase is a curve with an axis of its own, if it changes.
    """
    points, size = plane(result), np.abs(pairing)
    if len(points) > FEW or size.max(initial=0.0) < 1e-9:
        return
    turned = pairing * np.exp(-1j * np.angle(pairing[np.argmax(size)]))
    if on_line(points):
        _phase_curve(axes, points[:, 0], np.angle(turned))
        return
    length = 0.45 * spacing(points) * size / size.max()
    step = length * np.exp(1j * np.angle(turned))
    axes.quiver(
        points[:, 0],
        points[:, 1],
        step.real,
        step.imag,
        angles="xy",
        scale_units="xy",
        scale=1,
        color="white",
        width=0.006,
        zorder=4,
        pivot="middle",
    )


def _phase_curve(axes: Any, x: np.ndarray, angle: np.ndarray) -> None:
    """The phase over the position, in radians."""
    if float(np.ptp(angle)) < 1e-6:
        return
    order = np.argsort(x, kind="stable")
    other = axes.twinx()
    other.spines["right"].set_visible(True)
    other.plot(x[order], np.unwrap(angle[order]), "--", color=style.COLOURS[3], lw=1.2)
    other.set_ylabel("phase of the pairing (dashed)", color=style.COLOURS[3])


def arrows(axes: Any, result: Result, flows: np.ndarray) -> None:
    """Currents through links as arrows in their middle, length by size; none of a line."""
    points, pairs = plane(result), np.asarray(result.links, int)
    largest = np.abs(flows).max(initial=0.0)
    if largest < 1e-12 or on_line(points):
        return
    start, end = points[pairs[:, 0]], points[pairs[:, 1]]
    vector = (end - start) * np.sign(flows)[:, None]
    length = np.linalg.norm(vector, axis=1)
    near = (length <= 0.5 * max(float(np.ptp(points)), 2 * length.min())) & (
        np.abs(flows) > FAINT * largest
    )
    chosen = np.nonzero(near)[0]
    chosen = chosen[np.argsort(-np.abs(flows[chosen]))][:ARROWS]
    middle, vector = 0.5 * (start + end)[chosen], vector[chosen]
    scale = 0.8 * (np.abs(flows[chosen]) / largest)[:, None]
    axes.quiver(
        middle[:, 0],
        middle[:, 1],
        *(scale * vector).T,
        angles="xy",
        scale_units="xy",
        scale=1,
        color="#1b7837",
        width=0.006,
        zorder=5,
        pivot="middle",
    )


def on_sites(result: Result, site: np.ndarray, bond: np.ndarray | None) -> np.ndarray:
    """Pairing of every site (n,): its own, else the mean modulus of that on its bonds."""
    if np.abs(site).max(initial=0.0) > 1e-12 or bond is None or not bond.size:
        return site
    pairs = np.asarray(result.bonds, int)
    total = np.zeros(len(site))
    count = np.zeros(len(site))
    for k in (0, 1):
        np.add.at(total, pairs[:, k], np.abs(bond))
        np.add.at(count, pairs[:, k], 1)
    return (total / np.maximum(count, 1)).astype(complex)
