"""Compiled loops over columns of R of which only some rows are kept.

Column q is ``values[first[q] : first[q + 1]]``: the rows ``rows[row_first[s] : row_first[s + 1]]``,
ascending, of its site s; what is not kept counts as zero. H is CSR: ``pointers, indices, data``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...maths.arrays import ComplexArray, IntArray
from ...maths.compiled import lazily


def _from_left(pointers, indices, data, mine, extra, u, x, out):
    """out = -i A u + extra u of one column of the rows ``mine``."""
    for k in range(len(mine)):
        x[mine[k]] = u[k]
    for k in range(len(mine)):
        total = extra * u[k]
        for p in range(pointers[mine[k]], pointers[mine[k] + 1]):
            total += -1j * data[p] * x[indices[p]]
        out[k] = total
    for k in range(len(mine)):
        x[mine[k]] = 0


def _from_right(columns, values, site, first, place, rows, row_first, mine, u, x, out):
    """out += i u A^+ of one column, from the columns that a row of A, (columns, values), has."""
    for p in range(len(columns)):
        other = place[columns[p]]
        factor = 1j * np.conj(values[p])
        start, s = first[other], row_first[site[other]]
        for k in range(row_first[site[other] + 1] - s):
            x[rows[s + k]] += factor * u[start + k]
    for k in range(len(mine)):
        out[k] += x[mine[k]]
    for p in range(len(columns)):
        s = site[place[columns[p]]]
        for k in range(row_first[s], row_first[s + 1]):
            x[rows[k]] = 0


@lazily(calls=(_from_left, _from_right))
def derivative(
    pointers: IntArray,
    indices: IntArray,
    data: ComplexArray,
    component: IntArray,
    site: IntArray,
    first: IntArray,
    modes: IntArray,
    place: IntArray,
    rows: IntArray,
    row_first: IntArray,
    extra: ComplexArray,
    u: ComplexArray,
    x: ComplexArray,
    out: ComplexArray,
) -> None:
    """out = -i A u for all own columns; on columns of components also + i u A^+ and + i the modes.

    component (own,), -1 for a mode, whose column stands behind its component's with ``modes`` of
    it. site, first (own + halo,). place : (components,) where u has a component's column. extra :
    (own,) times u. x : (components,) zeros.
    """
    for q in range(len(component)):
        low, high = first[q], first[q + 1]
        mine = rows[row_first[site[q]] : row_first[site[q] + 1]]
        own = out[low:high]
        _from_left(pointers, indices, data, mine, extra[q], u[low:high], x, own)
        j = component[q]
        if j < 0:
            continue
        for m in range(1, modes[q] + 1):
            for k in range(high - low):
                own[k] += 1j * u[low + m * (high - low) + k]
        part = slice(pointers[j], pointers[j + 1])
        columns, values = indices[part], data[part]
        _from_right(columns, values, site, first, place, rows, row_first, mine, u, x, own)


@lazily
def derivative_of_whole(
    pointers: IntArray,
    indices: IntArray,
    data: ComplexArray,
    component: IntArray,
    site: IntArray,
    first: IntArray,
    modes: IntArray,
    place: IntArray,
    rows: IntArray,
    row_first: IntArray,
    extra: ComplexArray,
    u: ComplexArray,
    x: ComplexArray,
    out: ComplexArray,
) -> None:
    """The same where every column has all rows."""
    n = len(x)
    for q in range(len(component)):
        low = first[q]
        for i in range(n):
            total = extra[q] * u[low + i]
            for p in range(pointers[i], pointers[i + 1]):
                total += -1j * data[p] * u[low + indices[p]]
            out[low + i] = total
        j = component[q]
        if j < 0:
            continue
        for m in range(modes[q]):
            for k in range(n):
                out[low + k] += 1j * u[low + (m + 1) * n + k]
        for p in range(pointers[j], pointers[j + 1]):
            start, factor = first[place[indices[p]]], 1j * np.conj(data[p])
            for k in range(n):
                out[low + k] += factor * u[start + k]


@lazily
def mix(
    out: ComplexArray,
    keep: ComplexArray,
    x: ComplexArray,
    factor: ComplexArray,
    first: IntArray,
    own: int,
) -> None:
    """out = keep out + factor x, with one keep and factor (own,) for each of the own columns."""
    for q in range(own):
        a, b = keep[q], factor[q]
        for k in range(first[q], first[q + 1]):
            out[k] = a * out[k] + b * x[k]


@lazily
def places(
    rows: IntArray,
    row_first: IntArray,
    site: IntArray,
    first: IntArray,
    column: IntArray,
    row: IntArray,
    out: IntArray,
) -> None:
    """out = where entries (row, column) stand, -1 where they are not kept; column < 0: nowhere."""
    for e in range(len(row)):
        out[e] = -1
        if column[e] < 0:
            continue
        low, high = row_first[site[column[e]]], row_first[site[column[e]] + 1]
        begin = low
        while low < high:
            middle = (low + high) // 2
            if rows[middle] < row[e]:
                low = middle + 1
            else:
                high = middle
        if low < row_first[site[column[e]] + 1] and rows[low] == row[e]:
            out[e] = first[column[e]] + low - begin


@lazily
def applied(
    component: IntArray,
    site: IntArray,
    first: IntArray,
    rows: IntArray,
    row_first: IntArray,
    u: ComplexArray,
    v: ComplexArray,
    out: ComplexArray,
) -> None:
    """out += (Y + Y^+) v of the own columns of components; v, out (components,)."""
    for q in range(len(component)):
        j = component[q]
        if j < 0:
            continue
        r, total = row_first[site[q]], 0j
        for k in range(row_first[site[q] + 1] - r):
            entry = u[first[q] + k]
            out[rows[r + k]] += entry * v[j]
            total += np.conj(entry) * v[rows[r + k]]
        out[j] += total


def kept_rows(site: IntArray, near: Sequence[IntArray] | None) -> tuple[IntArray, IntArray, bool]:
    """(rows, row_first, whole): the components on the sites ``near`` each site, ascending.

    site : (components,) of each component. None: all components, one list for every site.
    """
    everything = np.arange(len(site), dtype=np.int32)
    sites = int(site.max()) + 1
    if near is None:
        return everything, np.array([0, len(site)]), True
    order = np.argsort(site, kind="stable")
    bounds = np.searchsorted(site[order], np.arange(sites + 1))
    each = np.diff(bounds)
    if np.ptp(each) == 0:  # all at once: there are many
        table = order.reshape(sites, -1)
        lists = [np.sort(table[around].ravel()) for around in near]
    else:
        lists = [
            np.sort(np.concatenate([order[bounds[t] : bounds[t + 1]] for t in around]))
            for around in near
        ]
    first = np.concatenate([[0], np.cumsum([len(part) for part in lists])])
    return np.concatenate(lists).astype(np.int32), first, False


def entry_sums(values: ComplexArray, place: IntArray) -> ComplexArray:
    """values[place], 0 where place is -1, in double precision."""
    return np.where(place >= 0, values[np.maximum(place, 0)], 0).astype(complex)
