"""Models from Wannier90: the files x_hr.dat and x_tb.dat.

Both list H_mn(R) = <m 0|H|n R> and the degeneracy of each R, by which it is to be divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .cell import Crystal, crystal
from .model import Model, Triplets

LARGEST_FILE = 2**30  # bytes
HERMITIAN = 1e-5  # files have six to ten digits after the point


@dataclass(frozen=True)
class Wannier:
    """The content of a file.

    R : (k, 3) cells. H : (k, m, m), divided by the degeneracies. vectors : (3, 3), centers :
    (m, 3), of x_tb.dat only.
    """

    R: np.ndarray
    H: np.ndarray
    vectors: np.ndarray | None = None
    centers: np.ndarray | None = None

    @property
    def orbitals(self) -> int:
        """Wannier functions of a cell."""
        return self.H.shape[1]


def read(name: str, folder: str | Path) -> Wannier:
    """The content of x_hr.dat or x_tb.dat. Raises ValueError in one line."""
    path = Path(folder, name)
    try:
        if not path.is_file():
            raise ValueError(f'wannier90 = "{name}": no such file ({path})')
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f'wannier90 = "{name}": larger than {LARGEST_FILE >> 20} MiB')
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise ValueError(f'wannier90 = "{name}": cannot be read ({error.strerror})') from None
    try:
        content = _parsed(lines)
    except (ValueError, IndexError, StopIteration) as error:
        reason = str(error).splitlines()[:1] or ["it ends too early"]
        raise ValueError(
            f'wannier90 = "{name}": is neither x_hr.dat nor x_tb.dat ({reason[0]})'
        ) from None
    _refuse_not_hermitian(content, name)
    return content


def _parsed(lines: Sequence[str]) -> Wannier:
    numbers = [line.split() for line in lines[1:]]
    rows = iter(numbers)
    first = next(rows)
    vectors = None
    if len(first) == 3:  # x_tb.dat has the lattice vectors here
        vectors = np.array([first, next(rows), next(rows)], float)
        first = next(rows)
    m, count = int(first[0]), int(next(rows)[0])
    if not 0 < m < 10**5 or not 0 < count < 10**7:
        raise ValueError(f"{m} orbitals and {count} cells")
    degeneracies: list[int] = []
    while len(degeneracies) < count:
        degeneracies += map(int, next(rows))
    weights = np.array(degeneracies, float)
    if len(weights) != count or np.any(weights <= 0):
        raise ValueError(f"{len(weights)} degeneracies of {count} cells")
    if vectors is None:
        R, H = _hr(rows, m, count)
        return Wannier(R, H / weights[:, None, None])
    R, H = _tb(rows, m, count, 1)
    _, r = _tb(rows, m, count, 3)
    home = int(np.nonzero(np.all(R == 0, axis=1))[0][0])
    return Wannier(
        R,
        H[..., 0] / weights[:, None, None],
        vectors,
        np.array([r[home, n, n].real for n in range(m)]),
    )


def _hr(rows: Iterator[list[str]], m: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(R, H) of x_hr.dat: lines R1 R2 R3 m n Re Im."""
    table = np.array([next(rows) for _ in range(count * m * m)], float)
    if table.shape[1] != 7:
        raise ValueError(f"{table.shape[1]} columns instead of 7")
    cells = table[:: m * m, :3].astype(int)
    H = np.zeros((count, m, m), complex)
    k = np.repeat(np.arange(count), m * m)
    i, j = table[:, 3].astype(int) - 1, table[:, 4].astype(int) - 1
    H[k, i, j] = table[:, 5] + 1j * table[:, 6]
    return cells, H


def _tb(rows: Iterator[list[str]], m: int, count: int, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """(R, (k, m, m, parts)) of a section of x_tb.dat: R, then lines m n Re Im ..."""
    R, H = np.zeros((count, 3), int), np.zeros((count, m, m, parts), complex)
    for k in range(count):
        line = next(rows)
        while not line:
            line = next(rows)
        R[k] = [int(word) for word in line]
        table = np.array([next(rows) for _ in range(m * m)], float)
        i, j = table[:, 0].astype(int) - 1, table[:, 1].astype(int) - 1
        H[k, i, j] = table[:, 2::2] + 1j * table[:, 3::2]
    return R, H


def _refuse_not_hermitian(content: Wannier, name: str) -> None:
    """H(R) = H(-R)^+ within the digits of the file."""
    place = {tuple(R): k for k, R in enumerate(content.R)}
    scale = max(1.0, float(np.abs(content.H).max()))
    for k, R in enumerate(content.R):
        back = place.get(tuple(-R))
        if back is None:
            raise ValueError(f'wannier90 = "{name}": has R = {tuple(R)} but not -R')
        difference = np.abs(content.H[k] - content.H[back].conj().T)
        if difference.max() > HERMITIAN * scale:
            m, n = np.unravel_index(np.argmax(difference), difference.shape)
            raise ValueError(
                f'wannier90 = "{name}": H(R) is not H(-R)^+ at R = {tuple(map(int, R))}, '
                f"m = {m + 1}, n = {n + 1}: they differ by {difference.max():.3g}"
            )


def cut_out(
    content: Wannier,
    spin: str,
    size: Sequence[int],
    periodic: Sequence[bool],
    cutoff: float,
    centers: Sequence[Sequence[float]],
    vectors: Sequence[Sequence[float]],
) -> tuple[Model, Crystal]:
    """The `Model` of a piece of the crystal, and that piece.

    spin "full": the orbitals come in pairs up, down. Raises ValueError.
    """
    inner = 2 if spin == "full" else 1
    if content.orbitals % inner:
        raise ValueError(f'wannier90: spin = "full" needs pairs, got {content.orbitals} orbitals')
    if len(size) > 3 or not size:
        raise ValueError(f"size: must be 1 to 3 numbers of cells, got {len(size)}")
    if periodic and len(periodic) != len(size):
        raise ValueError(f"periodic: must have {len(size)} items, got {len(periodic)}")
    rings = [*(periodic or [False] * len(size)), False, False][:3]
    m = content.orbitals // inner
    piece = crystal(
        _vectors(content, vectors),
        [f"w{n + 1}" for n in range(m)],
        _centers(content, centers, m, inner),
        [*size, 1, 1][:3],
        rings,
    )
    model = Model(
        _hopping(content, piece, inner, cutoff),
        piece.position,
        piece.orbital,
        spin,
        cells=piece.cell_of_site,
        periods=piece.periods,
        rings=piece.periodic,
    )
    return model, piece


def _vectors(content: Wannier, given: Sequence[Sequence[float]]) -> list[list[float]]:
    if len(given):
        if len(given) != 3 or any(len(vector) != 3 for vector in given):
            raise ValueError("vectors: must be three vectors of three numbers")
        return [list(vector) for vector in given]
    return np.eye(3).tolist() if content.vectors is None else content.vectors.tolist()


def _centers(
    content: Wannier, given: Sequence[Sequence[float]], m: int, inner: int
) -> list[list[float]]:
    if len(given):
        if len(given) != m or any(len(center) != 3 for center in given):
            raise ValueError(f"centers: must be {m} positions of three numbers")
        return [list(center) for center in given]
    if content.centers is None:
        return [[0.0, 0.0, 0.0]] * m
    return content.centers[::inner].tolist()


def _hopping(content: Wannier, piece: Crystal, inner: int, cutoff: float) -> Triplets:
    """H of the piece: <m, C|H|n, C + R>, made Hermitian to the last digit."""
    parts: list[list[np.ndarray]] = [[], [], []]
    for R, H in zip(content.R, content.H):
        for a, b in zip(*np.nonzero(np.abs(H) > cutoff)):
            start, end = piece.pairs(int(a) // inner, int(b) // inner, R)
            parts[0].append(inner * start + a % inner)
            parts[1].append(inner * end + b % inner)
            parts[2].append(np.full(len(start), H[a, b]))
    empty = [np.zeros(0, int), np.zeros(0, int), np.zeros(0, complex)]
    joined = [np.concatenate([first, *rest]) for first, rest in zip(empty, parts)]
    half = Triplets.summed(inner * piece.sites, *joined).scaled(0.5)
    return half.plus(half.adjoint)
