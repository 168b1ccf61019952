"""What a result was computed from, in one archive: packed here, vetted and unpacked elsewhere.

An archive is a gzipped tar of plain files: first ``manifest.json``, then ``input.toml`` and the
files that the input names. The manifest says what wrote the result, how to run it again, the
SHA-256 of every file in the archive and of every data set of the result.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shlex
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from .config.load import Run, loads
from .config.source import parse
from .config.toml_text import render
from .config.words import one_line, refuse_name, without_ending
from .errors import InputError, of_writing
from .files import digest, names, vetting
from .files.reader import Result
from .results import refuse_existing
from .systems import Catalogue

FORMAT, FORMAT_VERSION = "hpcneq-archive", 1
MANIFEST, INPUT = "manifest.json", "input.toml"
ENDING = ".tar.gz"
OBEYED = ("head", "matplotlibrc")  # by git and matplotlib, in the folder where they start


def pack(
    path: str | Path,
    output: str | Path | None = None,
    folder: str | Path | None = None,
    force: bool = False,
) -> Path:
    """Write the archive of a result; returns its name.

    folder : where the files that its input names stand; by default they are looked for beside the
    result, here, and beside the input that its command named. Raises InputError if one is not
    there or has changed since the run, or if the archive exists.
    """
    result = Result(path)
    target = Path(output or f"{without_ending(Path(path).name, '.h5')}{ENDING}")
    refuse_name(target)
    if not force:
        refuse_existing(target)
    if not result.input:
        raise InputError(f"{path}: keeps no input")
    with vetting.using([path], "what it holds cannot be packed"):
        folders = [Path(folder)] if folder is not None else _likely_folders(result)
        text, named = _named_files(result, folders)
        _refuse_itself(target, [Path(path), *named.values()])
        files = {INPUT: text.encode(), **{name: _bytes(file) for name, file in named.items()}}
        manifest = _manifest(result, files)
    content = {MANIFEST: json.dumps(manifest, indent=1).encode() + b"\n", **files}
    try:
        names.replace(names.follow(target), _archive(content))
    except OSError as error:
        raise of_writing(error)(f"{target}: cannot be written ({error.strerror})") from None
    return target


def _refuse_itself(target: Path, packed: Iterable[Path]) -> None:
    """InputError if the archive would take the place of what is packed."""
    if target.exists() and any(target.samefile(file) for file in packed):
        raise InputError(f"{target}: is what is packed; give another name with -o")


def differing(result: Result, manifest: str | Path) -> list[str]:
    """Names of the data sets that are not, bit for bit, those of a packed result.

    manifest : the file of that name in the unpacked archive. Raises InputError if it is none.
    """
    try:
        known = json.loads(Path(manifest).read_bytes())["data"]
        hashes = {str(name): str(value) for name, value in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{manifest}: is no manifest of an archive of hpcneq pack") from None
    mine = dict(_hashes(result))
    return [name for name in {**hashes, **mine} if hashes.get(name) != mine.get(name)]


def harmless(name: str) -> bool:
    """Whether a file of an archive may have this name: inside the folder, and nothing obeys it.

    A folder with a ``.git``, or the files of one, runs what it says once somebody enters it.
    """
    parts = name.split("/")
    plain = all(part and part[0] not in "-~." for part in parts)
    obeyed = any(part.casefold() in OBEYED for part in parts)
    odd = "\\" in name or ":" in name or not name.isprintable() or len(name) > 400
    return plain and not obeyed and not odd


def _likely_folders(result: Result) -> list[Path]:
    """Where the input of a result may have stood."""
    folders = [Path(result.path).absolute().parent, Path.cwd()]
    for part in result.parts:
        try:
            words = shlex.split(str(part.get("command", "")))
        except ValueError:
            continue
        folders += [Path(word).absolute().parent for word in words if word.endswith(".toml")]
    return list(dict.fromkeys(folders))


def _named_files(result: Result, folders: list[Path]) -> tuple[str, dict[str, Path]]:
    """(the input, {name in the archive: file}); the input names files as the archive does."""
    checked = _checked(result)
    known = json.loads(result.attrs.get("input_files", "{}"))
    moved: dict[str, str] = {}
    files: dict[str, Path] = {}
    for _, value in digest.file_names(digest.tables_of(checked)):
        file = _file_of(result, value, folders, known.get(value))
        if file is None:
            continue
        word = value if value.endswith(file.name) else value.rpartition(":")[0]
        inside = PurePosixPath(word)
        taken = {INPUT, MANIFEST, *(name.casefold() for name in files if name != word)}
        if not harmless(str(inside)) or {str(inside).casefold(), inside.parts[0]} & taken:
            name = file.name if harmless(file.name) else f"file{file.suffix}"
            inside = PurePosixPath(f"files-{len(moved)}", name)
            moved[value] = f"{inside}{value[len(word) :]}"
        files[str(inside)] = file
    if not moved:
        return result.input, files
    return render(_renamed(parse(result.input, result.path), moved)), files


def _checked(result: Result) -> Run:
    """The input of a result, checked without the files that it names."""
    return loads(result.input, Catalogue(), name=f"{result.path}: its input", begun=True)


def _file_of(result: Result, value: str, folders: list[Path], known: str | None) -> Path | None:
    """The file that a value of the input names; None if it names none."""
    changed = None
    for folder in folders:
        file = digest.named_file(folder, value)
        if file is not None:
            if known in (None, digest.sha256(file)):
                return file
            changed = file
    if changed is not None:
        raise InputError(f"{changed}: has changed since the run of {result.path} read it")
    if known is not None:
        places = ", ".join(map(str, folders))
        words = f"the file that its input names is not in {places}; give --folder FOLDER"
        raise InputError(f"{result.path}: {one_line(value)}: {words}")
    return None


def _renamed(value: Any, moved: Mapping[str, str]) -> Any:
    """A tree with other names of files."""
    if isinstance(value, dict):
        return {key: _renamed(item, moved) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, moved) for item in value]
    return moved.get(value, value) if isinstance(value, str) else value


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None


def _manifest(result: Result, files: Mapping[str, bytes]) -> dict[str, object]:
    """What the archive says of its result."""
    attrs = result.attrs
    versions = {name: attrs[name] for name in attrs if name.endswith("_version")}
    versions.pop("format_version", None)
    parts = [{k: part.get(k) for k in ("command", "ranks", "status")} for part in result.parts]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "result": Path(result.path).name,
        "system": result.system,
        "task": result.task,
        "status": result.status,
        "seed": attrs.get("seed", 0),
        "ranks": attrs.get("ranks", 1),
        "run": _command(result),
        "parts": parts,
        "versions": versions,
        "commit": attrs.get("commit", "unknown"),
        "cpu": attrs.get("cpu", "unknown"),
        "summary": result.summary,
        "errors": result.errors,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "data": dict(_hashes(result)),
    }


def _command(result: Result) -> str:
    """What computes the result again, in the folder of the unpacked archive."""
    ranks = int(result.attrs.get("ranks", 1))
    words = ["mpiexec", "-n", str(ranks)] if ranks > 1 else []
    words += ["hpcneq", "run", INPUT]
    options: dict[str, str | None] = {}
    for part in result.parts:
        options |= {str(name): value for name, value in part.get("options", [])}
    if options:
        words.append("--")
    for name, value in options.items():
        words += [f"-{name}", *([] if value is None else [str(value)])]
    return shlex.join(words)


def _hashes(result: Result) -> Iterator[tuple[str, str]]:
    """(data set, SHA-256 of its values, kind and shape)."""
    for name in sorted(result):
        values = np.ascontiguousarray(result[name])
        if values.dtype.kind == "U":
            values = np.char.encode(values, "utf-8")
        kind = f"{values.dtype.newbyteorder('<').str} {values.shape}".encode()
        data = values.astype(values.dtype.newbyteorder("<")).tobytes()
        yield name, hashlib.sha256(kind + data).hexdigest()


def _archive(content: Mapping[str, bytes]) -> bytes:
    """A gzipped tar, the same bytes for the same content."""
    raw = io.BytesIO()
    with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, data in content.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(data), 0o644
                archive.addfile(member, io.BytesIO(data))
    return raw.getvalue()
