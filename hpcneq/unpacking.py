"""An archive of ``hpcneq pack`` that somebody else sent: vetted, then unpacked into a new folder.

Nothing in it is believed: names, kinds and sizes are checked before its content is, every checksum
before a file is written; no file is overwritten, no link followed, nothing of it is run.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import os
import re
import shlex
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from .archives import ENDING, FORMAT, FORMAT_VERSION, INPUT, MANIFEST, harmless
from .config.words import one_line, refuse_name, shown, without_ending
from .errors import HpcneqError, InputError, of_writing
from .files import names, provenance

MOST_FILES = 1000
MOST_BYTES = 1 << 34  # of all files
MOST_TEXT = 1 << 24  # of the manifest
MOST_HEADERS = 1 << 16  # of all that stands between two files
PIECE = 1 << 20
MOST_LISTED = 20  # names
COMMAND = re.compile(r"(mpiexec -n [1-9]\d{0,6} )?hpcneq run input\.toml( -- -.*)?")
HASH = re.compile(r"[0-9a-f]{64}")
FAULTS = (  # of an archive; RecursionError: lists in lists in a manifest
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    RecursionError,
)
PACKAGE = ("python", "numpy", "scipy", "numba", "mpi", "hdf5", "petsc")  # that decide on bits


def unpack(path: str | Path, output: str | Path | None = None) -> str:
    """Unpack an archive into a new folder; returns what can be done with it.

    Raises InputError, with nothing written, for an archive that is damaged or could do harm, or if
    there is something of the folder's name already.
    """
    name = without_ending(Path(path).name, ENDING)
    target = Path(output or (name if name != Path(path).name else f"{name}.unpacked"))
    refuse_name(target)
    if os.path.lexists(target):
        raise InputError(f"{target}: exists already; give another folder with -o")
    parent = target.absolute().parent
    if not parent.is_dir():
        raise InputError(f"{target}: there is no folder {parent}")
    fresh = None
    try:
        manifest = _vetted(path)
        _refuse_room(path, parent, manifest)
        fresh = tempfile.mkdtemp(prefix=".hpcneq-", dir=parent)
        _write(path, Path(fresh), manifest["files"])
        os.chmod(fresh, 0o755)
        os.rename(fresh, target)
    except OSError as error:
        raise of_writing(error)(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
    return _words(target, manifest)


class _Bounded:
    """A stream of which no more is read at once than a piece of a file, or all headers, may have.

    left : bytes that may still be read.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell = stream.seek, stream.tell
        self.left: float = MOST_HEADERS

    def read(self, count: int = -1) -> bytes:
        """The next bytes. Raises ValueError if they are too many."""
        self.left -= count
        if not 0 <= count <= MOST_TEXT or self.left < 0:
            raise ValueError("a header is too long")
        return self._stream.read(count)


@contextmanager
def _members(path: str | Path) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes]]]]:
    """The (member, content) of an archive one after the other; any fault of it as InputError."""
    try:
        with gzip.open(path, "rb") as stream:
            bounded: Any = _Bounded(stream)
            with tarfile.open(fileobj=bounded, mode="r:") as archive:
                yield _opened(archive, bounded)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except FAULTS as error:
        if isinstance(error, InputError):
            raise
        words = one_line(str(error))[:100]
        raise InputError(f"{path}: is damaged, or no archive of hpcneq pack ({words})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _opened(
    archive: tarfile.TarFile, stream: _Bounded
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Each member and its content; at the end what follows is read too, for gzip's checksum."""
    seen: set[str] = set()
    total = 0
    for member in archive:
        archive.members = []  # or it would remember all of them
        _refuse_member(member, seen)
        total += member.size
        if len(seen) > MOST_FILES or total > MOST_BYTES:
            raise ValueError(f"holds more than {MOST_FILES} files or {MOST_BYTES >> 30} GB")
        content = archive.extractfile(member)
        if content is None:
            raise ValueError(f"{shown(member.name)} has no content")
        stream.left = math.inf
        yield member, content
        stream.left = MOST_HEADERS
    left, stream.left = MOST_TEXT, math.inf
    while piece := stream.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise ValueError("goes on behind its end")


def _refuse_member(member: tarfile.TarInfo, seen: set[str]) -> None:
    """ValueError unless it is a plain file with a harmless name of its own."""
    name = member.name
    if not member.isreg() or member.issparse():
        raise ValueError(f"{shown(name)} is a link, a folder, a device or a sparse file")
    if not harmless(name):
        raise ValueError(f"{shown(name)} is no name of a file inside a folder")
    refuse_name(Path(name))
    folded = name.casefold()
    if folded in seen:
        raise ValueError(f"{shown(name)} is there twice")
    seen.add(folded)


def _vetted(path: str | Path) -> dict[str, Any]:
    """The manifest of an archive, all of whose files have the sizes and hashes that it says."""
    with _members(path) as members:
        first, content = next(members, (None, None))
        if first is None or content is None or first.name != MANIFEST or first.size > MOST_TEXT:
            raise ValueError(f"does not begin with {MANIFEST}")
        manifest = _manifest(content.read(MOST_TEXT))
        left = dict(manifest["files"])
        size = 0
        for member, content in members:
            if left.pop(member.name, None) != _hash(content):
                raise ValueError(f"{shown(member.name)} is not the file that its manifest lists")
            size += member.size
        if left:
            raise ValueError(f"lacks {shown(next(iter(left)))}")
    return {**manifest, "bytes": size}


def _manifest(raw: bytes) -> dict[str, Any]:
    """The manifest; ValueError if it is not one that this version can use."""
    manifest = json.loads(raw)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{MANIFEST} is not that of an archive")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ValueError("was written by another hpcneq; update hpcneq to unpack it")
    files = manifest.get("files")
    if not isinstance(files, dict) or INPUT not in files:
        raise ValueError(f"{MANIFEST} lists no {INPUT}")
    if not all(isinstance(text, str) and HASH.fullmatch(text) for text in files.values()):
        raise ValueError(f"{MANIFEST} lists no checksums")
    return manifest


def _hash(content: IO[bytes]) -> str:
    checksum = hashlib.sha256()
    while piece := content.read(PIECE):
        checksum.update(piece)
    return checksum.hexdigest()


def _refuse_room(path: str | Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    if shutil.disk_usage(folder).free < manifest["bytes"] + (1 << 20):
        raise HpcneqError(f"{path}: no room for {manifest['bytes']} bytes in {folder}")


def _write(path: str | Path, folder: Path, files: Mapping[str, str]) -> None:
    """Every file into an empty folder of ours; what has changed since it was vetted is refused."""
    with _members(path) as members:
        for member, content in members:
            place = Path(folder, PurePosixPath(member.name))
            checksum = hashlib.sha256()
            with _on_disk(member.name):
                place.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with open(handle, "wb", buffering=0) as file:
                while piece := content.read(PIECE):
                    with _on_disk(member.name):
                        _put(file, piece)
                    checksum.update(piece)
            if member.name != MANIFEST and files.get(member.name) != checksum.hexdigest():
                raise InputError(f"{path}: changes while it is read")
            with _on_disk(member.name):
                names.sync(place)


def _put(file: io.RawIOBase, piece: bytes) -> None:
    """Write all of a piece."""
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


@contextmanager
def _on_disk(name: str) -> Iterator[None]:
    """A fault of writing a file in a line of its own, or it would look like one of the archive."""
    try:
        yield
    except OSError as error:
        raise of_writing(error)(f"{shown(name)}: cannot be written ({error.strerror})") from None


def _words(target: Path, manifest: Mapping[str, Any]) -> str:
    """What was unpacked, and what can be done with it."""
    listed = ", ".join(sorted(manifest["files"])[:MOST_LISTED])
    if len(manifest["files"]) > MOST_LISTED:
        listed += f" and {len(manifest['files']) - MOST_LISTED} more"
    lines = [
        f"wrote {target}: {listed}",
        f"  {_word(manifest, 'system')} {_word(manifest, 'task')}, {_word(manifest, 'status')}, "
        f"on {_word(manifest, 'ranks')} ranks",
        f"  to compute it again: cd {shlex.quote(str(target))} && {_command(manifest)}",
        f"  to see whether it is the same to the bit: hpcneq compare input.h5 {MANIFEST}",
    ]
    code = [one_line(name) for name in manifest["files"] if name.endswith(".py")]
    if code:
        lines.append(f"  it runs Python code: read {', '.join(code)} first")
    versions = manifest.get("versions")
    if isinstance(versions, dict):
        lines += _other_versions(versions)
    return "\n".join(lines)


def _command(manifest: Mapping[str, Any]) -> str:
    """What computes the result again: what the manifest says, if it is nothing but that."""
    try:
        said = shlex.join(shlex.split(str(manifest.get("run"))))  # quotes all a shell would obey
    except ValueError:
        said = ""
    if COMMAND.fullmatch(said) and said.isprintable() and len(said) < 1000:
        return said
    return f"hpcneq run {INPUT}"


def _word(manifest: Mapping[str, Any], name: str) -> str:
    return one_line(str(manifest.get(name, "?")))[:300]


def _other_versions(theirs: Mapping[str, object]) -> list[str]:
    """A line on the libraries that differ here, on which the last bits depend."""
    provenance.stack()  # loads what versions are asked of
    mine = provenance.versions()
    different = [
        f"{name} {one_line(str(theirs[key]))[:60]} (here {mine.get(key, 'none')})"
        for name in PACKAGE
        if (key := f"{name}_version") in theirs and theirs[key] != mine.get(key)
    ]
    if not different:
        return []
    return [f"  last digits may differ: it was computed with {', '.join(different)}"]
