"""Packing what a result was computed from, computing it again, and archives that mean harm."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile

import h5py
import pytest
from support.programs import FOUR_STEPS, here

import hpcneq
from hpcneq import unpacking


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A folder with a run whose bias is in a file of another folder, and its archive."""
    place = tmp_path_factory.mktemp("packed")
    (place / "drives").mkdir()
    (place / "inputs").mkdir()
    (place / "drives" / "bias.txt").write_text("0 0\n1 0.1\n2 0.1\n")
    text = FOUR_STEPS.replace("T = 0.1", 'T = 0.1\neV = "../drives/bias.txt"')
    (place / "inputs" / "a.toml").write_text(text)
    code, said = here("run", "inputs/a.toml", "-o", "a.h5", "--set", "run.seed=7", folder=place)
    assert code == 0, said
    code, said = here("pack", "a.h5", folder=place)
    assert (code, said) == (2, said) and "bias.txt" in said and "--folder" in said
    code, said = here("pack", "a.h5", "--folder", "inputs", folder=place)
    assert (code, said) == (0, "wrote a.tar.gz\n")
    return place


def archive(path, members, manifest=None):
    """A gzipped tar of (name or TarInfo, content), behind a manifest that lists them."""
    hashes = {
        name: hashlib.sha256(data).hexdigest() for name, data in members if isinstance(name, str)
    }
    known = {"format": "hpcneq-archive", "format_version": 1, "files": hashes}
    members = [("manifest.json", json.dumps(known | (manifest or {})).encode()), *members]
    with tarfile.open(path, "w:gz") as target:
        for name, data in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))


def special(name, kind, link=""):
    """A member that is no plain file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def test_an_unpacked_archive_computes_the_same_bits(packed, tmp_path):
    """Away from all that the run had; the input names the file where the archive has it."""
    shutil.copy(packed / "a.tar.gz", tmp_path)
    code, said = here("unpack", "a.tar.gz", folder=tmp_path)
    assert code == 0 and "hpcneq run input.toml" in said, said
    assert (tmp_path / "a" / "files-0" / "bias.txt").read_text().startswith("0 0\n")
    assert here("run", "input.toml", "--quiet", folder=tmp_path / "a")[0] == 0
    again, first = hpcneq.open(tmp_path / "a" / "input.h5"), hpcneq.open(packed / "a.h5")
    assert again.attrs["seed"] == 7 and bool(again.compare(first))
    assert all((again[name] == first[name]).all() for name in first)
    code, said = here("compare", "input.h5", "manifest.json", folder=tmp_path / "a")
    assert code == 0 and "to the bit" in said
    here("run", "input.toml", "--force", "--set", "parameters.T=0.2", folder=tmp_path / "a")
    code, said = here("compare", "input.h5", "manifest.json", folder=tmp_path / "a")
    assert code == 1 and "delta" in said


def test_a_file_that_has_changed_since_the_run_is_not_packed(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "copy")
    (tmp_path / "copy" / "drives" / "bias.txt").write_text("0 0\n2 0.2\n")
    words = ("pack", "a.h5", "--folder", "inputs", "-o", "b.tar.gz")
    code, said = here(*words, folder=tmp_path / "copy")
    assert code == 2 and "has changed since the run" in said and said.count("\n") == 1
    assert not (tmp_path / "copy" / "b.tar.gz").exists()


def test_nothing_is_overwritten(packed, tmp_path):
    shutil.copy(packed / "a.tar.gz", tmp_path)
    (tmp_path / "a").mkdir()
    code, said = here("unpack", "a.tar.gz", folder=tmp_path)
    assert code == 2 and "exists already" in said and os.listdir(tmp_path / "a") == []
    os.symlink(tmp_path / "nowhere", tmp_path / "link")
    assert here("unpack", "a.tar.gz", "-o", "link", folder=tmp_path)[0] == 2
    code, said = here("pack", "a.h5", "--folder", "inputs", folder=packed)
    assert code == 2 and "exists already" in said


INPUT = ("input.toml", b'system = "lattice"\n')


@pytest.mark.parametrize(
    "members, words",
    [
        ([INPUT, ("/tmp/x", b"x")], "no name of a file"),
        ([INPUT, ("../x", b"x")], "no name of a file"),
        ([INPUT, ("a/../../x", b"x")], "no name of a file"),
        ([INPUT, ("a//x", b"x")], "no name of a file"),
        ([INPUT, ("c:x", b"x")], "no name of a file"),
        ([INPUT, ("-rf", b"x")], "no name of a file"),
        ([INPUT, ("a\x1b[2J", b"x")], "no name of a file"),
        ([INPUT, (".git/config", b"x")], "no name of a file"),
        ([INPUT, ("HEAD", b"x")], "no name of a file"),
        ([INPUT, ("x", b"x"), ("X", b"x")], "is there twice"),
        ([INPUT, INPUT], "is there twice"),
        ([INPUT, (special("x", tarfile.SYMTYPE, "/etc/passwd"), b"")], "is a link"),
        ([INPUT, (special("x", tarfile.LNKTYPE, "input.toml"), b"")], "is a link"),
        ([INPUT, (special("x", tarfile.CHRTYPE), b"")], "a device"),
        ([INPUT, (special("x", tarfile.FIFOTYPE), b"")], "a device"),
        ([INPUT, (special("x", tarfile.DIRTYPE), b"")], "a folder"),
        ([INPUT, (special("x", tarfile.GNUTYPE_SPARSE), b"")], "is"),
        ([INPUT, (tarfile.TarInfo("unlisted"), b"x")], "is not the file"),
        ([], "lists no input.toml"),
    ],
)
def test_an_archive_that_means_harm_leaves_nothing_behind(tmp_path, members, words):
    """Paths out of the folder, links, devices, files that the manifest does not list."""
    archive(tmp_path / "bad.tar.gz", members)
    code, said = here("unpack", "bad.tar.gz", folder=tmp_path)
    assert code == 2 and said.count("\n") == 1 and words in said and said[:-1].isprintable(), said
    assert os.listdir(tmp_path) == ["bad.tar.gz"]


def test_wrong_checksums_sizes_and_formats_are_refused(packed, tmp_path, monkeypatch):
    other = {"files": {"input.toml": "0" * 64}}
    for change in (other, {"format": "x"}, {"format_version": 9}, {"files": {"input.toml": 1}}):
        archive(tmp_path / "bad.tar.gz", [INPUT], change)
        code, said = here("unpack", "bad.tar.gz", folder=tmp_path)
        assert code == 2 and said.count("\n") == 1, said
    whole = (packed / "a.tar.gz").read_bytes()
    for spoiled in (whole[:-30], whole[:100] + b"\0" + whole[101:], b"", b"PK", whole[:20]):
        (tmp_path / "bad.tar.gz").write_bytes(spoiled)
        code, said = here("unpack", "bad.tar.gz", folder=tmp_path)
        assert code == 2 and said.count("\n") == 1, said
    header = tarfile.TarInfo("x")
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):  # a header that fills the memory
        header.type, header.size = kind, 1 << 30
        with gzip.open(tmp_path / "bad.tar.gz", "wb") as file:
            file.write(header.tobuf() + bytes(1 << 16))
        code, said = here("unpack", "bad.tar.gz", folder=tmp_path)
        assert code == 2 and "too long" in said, said
    header.type, header.size = tarfile.XHDTYPE, 1024  # many that fill it together
    with gzip.open(tmp_path / "bad.tar.gz", "wb") as file:
        file.write((header.tobuf() + b"1024 k=" + b"a" * 1016 + b"\n") * 2000)
    code, said = here("unpack", "bad.tar.gz", folder=tmp_path)
    assert code == 2 and "too long" in said and said.count("\n") == 1, said
    monkeypatch.setattr(unpacking, "MOST_FILES", 1)
    shutil.copy(packed / "a.tar.gz", tmp_path / "bad.tar.gz")
    assert here("unpack", "bad.tar.gz", folder=tmp_path)[0] == 2
    assert os.listdir(tmp_path) == ["bad.tar.gz"]


def test_a_manifest_of_lists_in_lists_is_one_line(packed, tmp_path):
    """Which Python gives up to read: of an archive, and beside a result."""
    deep = b"[" * 100_000
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as target:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(deep)
        target.addfile(member, io.BytesIO(deep))
    code, said = here("unpack", "bad.tar.gz", folder=tmp_path)
    assert code == 2 and said.count("\n") == 1, said
    (tmp_path / "deep.json").write_bytes(deep)
    code, said = here("compare", "a.h5", tmp_path / "deep.json", folder=packed)
    assert code == 2 and said.count("\n") == 1 and "is no manifest" in said, said


def test_a_file_of_a_name_that_no_archive_may_have_gets_another(tmp_path):
    """What is packed can be unpacked, and runs."""
    (tmp_path / ".bias.txt").write_text("0 0\n1 0.1\n2 0.1\n")
    (tmp_path / "a.toml").write_text(FOUR_STEPS.replace("T = 0.1", 'T = 0.1\neV = ".bias.txt"'))
    for words in (("run", "a.toml", "--quiet"), ("pack", "a.h5"), ("unpack", "a.tar.gz")):
        code, said = here(*words, folder=tmp_path)
        assert code == 0, said
    assert os.listdir(tmp_path / "a" / "files-0") == ["file.txt"]
    code, said = here("check", "input.toml", "--no-cost", folder=tmp_path / "a")
    assert code == 0, said


@pytest.mark.parametrize(
    "said, shown",
    [
        ("mpiexec -n 3 hpcneq run input.toml -- -ksp_rtol 1e-9", None),
        ("curl example.org | sh", "hpcneq run input.toml"),
        ("hpcneq run input.toml; rm -rf x", "hpcneq run input.toml"),
        ("hpcneq run input.toml -- -x\n$(rm x)", "hpcneq run input.toml -- -x '$(rm' 'x)'"),
        ("hpcneq run 'input.toml", "hpcneq run input.toml"),
        (["x"], "hpcneq run input.toml"),
    ],
)
def test_no_command_of_somebody_else_is_recommended(tmp_path, said, shown):
    """What unpack says to type runs hpcneq on the input, whatever the manifest says."""
    archive(tmp_path / "a.tar.gz", [INPUT], {"run": said})
    code, text = here("unpack", "a.tar.gz", "-o", "a b", folder=tmp_path)
    assert code == 0 and f"cd 'a b' && {shown or said}\n" in text, text


def test_a_disk_that_fills_while_an_archive_is_unpacked(packed, tmp_path, monkeypatch):
    """The line tells the disk's fault, and nothing is left."""

    def full(*given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shutil.copy(packed / "a.tar.gz", tmp_path)
    monkeypatch.setattr(unpacking, "_put", full)
    code, said = here("unpack", "a.tar.gz", folder=tmp_path)
    assert code == 1 and said.count("\n") == 1 and "cannot be written (No space" in said, said
    assert os.listdir(tmp_path) == ["a.tar.gz"]


def test_a_result_is_not_replaced_by_its_archive(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "copy")
    before = (tmp_path / "copy" / "a.h5").read_bytes()
    for name in ("a.h5", "drives/bias.txt"):
        words = ("pack", "a.h5", "--folder", "inputs", "-o", name, "--force")
        code, said = here(*words, folder=tmp_path / "copy")
        assert code == 2 and said.count("\n") == 1 and "is what is packed" in said, said
    assert (tmp_path / "copy" / "a.h5").read_bytes() == before


@pytest.mark.parametrize("name, text", [("parts", "[1]"), ("input_files", "["), ("ranks", "x")])
def test_what_is_wrong_in_a_result_of_somebody_else_is_one_line(packed, tmp_path, name, text):
    shutil.copytree(packed, tmp_path / "copy")
    with h5py.File(tmp_path / "copy" / "a.h5", "r+") as file:
        if name in file:  # a long text
            del file[name]
        file.attrs[name] = text
    words = ("pack", "a.h5", "--folder", "inputs", "-o", "b.tar.gz")
    code, said = here(*words, folder=tmp_path / "copy")
    assert code == 2 and said.count("\n") == 1 and "cannot be packed" in said, said
    assert not (tmp_path / "copy" / "b.tar.gz").exists()
