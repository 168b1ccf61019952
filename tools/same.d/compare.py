"""Run the cases beside this file with two versions of the code; compare all they store bit for bit.

A case is an input ``<system>/<case>.toml``. Comment lines tell what it needs:

    # after: <case>      result of another case of the same system that it reads, as <case>.h5
    # copy: <file>       a file beside the case that it reads

Every case is run as a user would run it (``python -m hpcneq run``), and its result is read with
h5py alone, so that it does not matter how the package is laid out inside. Results of the commit
are kept in the cache folder, for as long as the case, the number of ranks and the machine with its
libraries stay the same.

Every case gives the same bits whenever it is run again, on one rank and on two; what does not is
named in ``LEFT_OUT``.

exit codes: 0 all the same, 1 something differs, 2 this script was called wrongly or cannot run
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HOME = Path(__file__).resolve().parent
LONGEST = 600  # seconds after which a run is ended
DOCUMENTED = (0, 2, 3, 75)  # exit codes of hpcneq: done, bad input, not converged, stopped
CACHE_VERSION = "2"  # to be raised where results in the cache become useless
LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "mpi4py", "h5py")

# Names that are left out of the comparison, with the reason why they change from run to run.
LEFT_OUT = {
    "seconds": "wall time of the evolution",
    "gflops": "operations over that wall time",
    "peak_bytes": "largest memory of the processes, as the operating system counts it",
    "state_bytes": "memory of the state, a matter of how the code stores it",
    "wall_seconds": "wall time of the run",
    "started": "date and time",
    "host": "name of the machine",
    "cpu": "name of the processor",
    "commit": "git commit of the code",
    "hpcneq_version": "version of the code",
    "provenance": "list of the attributes that tell where the result comes from",
    "input": "the input itself, which the case gives",
    "format_version": "counts changes of the file's layout",
}
LEFT_OUT_ENDING = "_version"  # python_version, numpy_version, ...
TEXTS = ("summary", "errors", "warnings")  # JSON texts: root attributes, or data sets if long
ENVIRONMENT = dict(os.environ)  # of the runs; this process itself must not start MPI


class Unusable(Exception):
    """The script cannot do what it was asked for."""


# ---- cases -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One input. `name` is "<system>/<case>"."""

    name: str
    text: str
    after: tuple[str, ...]
    copies: tuple[str, ...]

    @property
    def system(self):
        """Folder of the case."""
        return self.name.partition("/")[0]

    @property
    def short(self):
        """Name inside its folder."""
        return self.name.partition("/")[2]


def read_cases():
    """{name: Case} of all cases, sorted by name."""
    cases = {}
    for path in sorted(HOME.glob("*/*.toml")):
        name = f"{path.parent.name}/{path.stem}"
        text = path.read_text(encoding="utf-8")
        after = re.findall(r"^# after: (\S+)$", text, re.MULTILINE)
        copies = re.findall(r"^# copy: (\S+)$", text, re.MULTILINE)
        needed = tuple(f"{path.parent.name}/{short}" for short in after)
        cases[name] = Case(name, text, needed, tuple(copies))
    for case in cases.values():
        for needed in case.after:
            if needed not in cases:
                raise Unusable(f"{case.name}: there is no case {needed} to come after")
    return cases


def chosen_names(cases, patterns):
    """Names of the cases that hold one of the patterns, all without a pattern."""
    names = [n for n in cases if not patterns or any(pattern in n for pattern in patterns)]
    if not names:
        raise Unusable(f"no case has {' or '.join(patterns)} in its name; see tools/same --list")
    return names


def with_needed(cases, names):
    """The names and those of all cases they need, each behind what it needs."""
    ordered = []

    def add(name):
        for needed in cases[name].after:
            add(needed)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return ordered


def chains(cases, names):
    """The names in lists that do not depend on each other; each list is run in its order."""
    found = []
    for name in names:
        linked = [chain for chain in found if set(chain) & set(cases[name].after)]
        for chain in linked:
            found.remove(chain)
        found.append([other for chain in linked for other in chain] + [name])
    return found


def fingerprint(cases, name):
    """A hash of all that a case's result depends on beside the code and the machine."""
    case = cases[name]
    parts = [case.text]
    parts += [(HOME / case.system / file).read_bytes().hex() for file in case.copies]
    parts += [fingerprint(cases, needed) for needed in case.after]
    return hashed(*parts)


def hashed(*parts):
    """Sixteen hexadecimal digits for some texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


# ---- the two versions of the code --------------------------------------------------------------


@dataclass(frozen=True)
class Tree:
    """One version of the code. `results` is where its runs are kept, `keep` whether for later."""

    label: str
    path: Path
    results: Path
    numba: Path
    keep: bool

    def environment(self):
        """The environment under which its code runs."""
        unwanted = ("OMPI_COMM", "OMPI_UNIVERSE", "PMIX_", "PMI_", "HPCNEQ_")
        clean = {k: v for k, v in ENVIRONMENT.items() if not k.startswith(unwanted)}
        clean |= {"PYTHONPATH": str(self.path), "NUMBA_CACHE_DIR": str(self.numba)}
        return clean


def git(folder, *words):
    """What a git command prints; Unusable if it fails."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"git {' '.join(words)}: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout.strip()


def machine():
    """A hash of the processor and the libraries, whose change changes the last bits of results."""
    text = ""
    with contextlib.suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    lines = re.findall(r"^(?:model name|flags|Features)\s*:.*$", text, re.MULTILINE)
    versions = []
    for library in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append(f"{library} {metadata.version(library)}")
    return hashed(platform.node(), sys.version, CACHE_VERSION, *sorted(set(lines)), *versions)


def kernels(path):
    """A hash of all files with compiled functions.

    Numba keeps a compiled function until its own file changes, also if a constant or a function it
    takes from another file does; a fresh cache folder for every state of those files is safe.
    """
    parts = []
    for file in sorted(path.glob("hpcneq/**/*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if "numba" in text or "lazily" in text:
            parts += [str(file.relative_to(path)), text]
    return hashed(str(path), *parts)


def tree_of_commit(root, cache, word):
    """The `Tree` of a commit, checked out in the cache folder."""
    commit = git(root, "rev-parse", "--verify", "--end-of-options", f"{word}^{{commit}}")
    folder = cache / commit[:12]
    path = folder / "tree"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        if not (path / ".git").exists():
            git(root, "worktree", "prune")
            git(root, "worktree", "add", "--detach", str(path), commit)
        if git(path, "rev-parse", "HEAD") != commit or git(path, "status", "--porcelain", "-uno"):
            raise Unusable(f"{path}: is not {commit[:12]} any more; remove it and call again")
    numba = cache / "numba" / kernels(path)
    return Tree(commit[:7], path, folder / f"results-{machine()}", numba, True)


def tree_here(root, cache):
    """The `Tree` of the working tree."""
    results = cache / "here" / hashed(str(root))
    return Tree("this tree", root, results, cache / "numba" / kernels(root), False)


def check_tree(tree):
    """Unusable unless Python takes the package from the tree."""
    code = "import hpcneq; print(hpcneq.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=tree.environment(),
        cwd="/",
        capture_output=True,
        text=True,
    )
    found = done.stdout.strip()
    if done.returncode or not Path(found).is_relative_to(tree.path):
        lines = done.stderr.strip().splitlines()
        raise Unusable(f"{tree.path}: cannot import hpcneq from it: {found or lines[-1:]}")


@contextlib.contextmanager
def locked(path, wait=True):
    """Hold a lock file; Unusable if another process has it and there is no waiting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Unusable(f"another tools/same runs for this tree ({path})") from None
        yield


# ---- running -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What one run of a case left: its result file, exit code (None: no end), last words."""

    path: Path
    code: int | None
    said: str
    seconds: float
    cached: bool = False


def folder_of(tree, cases, name, ranks):
    """Where a case is run: another for every state of the case, as other calls may run too."""
    case = cases[name]
    group = tree.results / f"{ranks}-ranks" / case.system
    return group / f"{case.short}-{fingerprint(cases, name)}"


def outcome_of(tree, cases, name, ranks):
    """The `Outcome` of a case, from the cache if it is there."""
    case, folder = cases[name], folder_of(tree, cases, name, ranks)
    with locked(folder.with_name(f".{folder.name}.lock")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            kept = json.loads((folder / "outcome.json").read_text())
            if tree.keep:
                path = folder / f"{case.short}.h5"
                return Outcome(path, kept["code"], kept["said"], kept["seconds"], True)
        for old in folder.parent.glob(f"{case.short}-{'?' * 16}"):
            if old == folder or not tree.keep:
                shutil.rmtree(old)
        prepare(cases, name, folder, [folder_of(tree, cases, n, ranks) for n in case.after])
        return run_case(tree, case, ranks, folder)


def prepare(cases, name, folder, needed):
    """Put a case into its folder, with the files and the results of ``needed`` folders it reads."""
    case = cases[name]
    folder.mkdir(parents=True)
    (folder / f"{case.short}.toml").write_text(case.text, encoding="utf-8")
    for file in case.copies:
        shutil.copy(HOME / case.system / file, folder)
    for other in needed:
        for file in other.glob("*.h5*"):
            shutil.copy(file, folder)


def run_case(tree, case, ranks, folder):
    """Run a case in its folder and write there what came out."""
    words = [sys.executable, "-m", "hpcneq", "run", f"{case.short}.toml", "-o", f"{case.short}.h5"]
    if ranks > 1:
        words = ["mpiexec", "-n", str(ranks), *words]
    begun = time.monotonic()
    code, said = ended(words, folder, tree.environment())
    seconds = time.monotonic() - begun
    (folder / "said.txt").write_text(said)
    kept = {"code": code, "said": last_words(said), "seconds": seconds}
    if code in DOCUMENTED:  # what was killed or hung may end another time
        fresh = folder / "outcome.new"
        fresh.write_text(json.dumps(kept))
        fresh.replace(folder / "outcome.json")
    return Outcome(folder / f"{case.short}.h5", code, kept["said"], seconds)


def last_words(said):
    """The line of an output that tells best why the program ended."""
    lines = said.strip().splitlines() or ["(said nothing)"]
    telling = [line for line in lines if re.match(r"hpcneq: |\w+Error\b", line)]
    return (telling or lines)[-1]


def ended(words, folder, environment):
    """(exit code, output) of a program; the code is None if it had to be ended."""
    with subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
        start_new_session=True,
    ) as child:
        try:
            said = child.communicate(timeout=LONGEST)[0]
            return child.returncode, said
        except BaseException as error:
            os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return None, f"did not end within {LONGEST} s"


# ---- comparing ---------------------------------------------------------------------------------


class Findings:
    """Differences between two results, and notes: what may differ."""

    def __init__(self, allow_new=False):
        self.differences, self.notes, self.allow_new = [], [], allow_new

    def differ(self, text):
        """Note a difference."""
        self.differences.append(text)

    def note(self, text):
        """Note something that may differ."""
        self.notes.append(text)

    def missing(self, kind, key):
        """Note what only the commit has."""
        self.differ(f"{kind} {key}: missing")

    def new(self, kind, key):
        """Note what only this tree has."""
        (self.note if self.allow_new else self.differ)(f"{kind} {key}: new")


def left_out(name):
    """Whether a name is left out of the comparison."""
    return name in LEFT_OUT or name.endswith(LEFT_OUT_ENDING)


def compare(old, new, allow_new):
    """The `Findings` about two `Outcome`s of a case."""
    found = Findings(allow_new)
    if None in (old.code, new.code) or old.code != new.code:
        found.differ(f"exit code: {old.code} ({old.said}), now {new.code} ({new.said})")
        return found
    if not old.path.exists() and not new.path.exists():
        found.differ(f"no result on either side, exit code {old.code}: {old.said}")
        return found
    try:
        contents = [contents_of(outcome.path) for outcome in (old, new)]
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        found.differ(f"a result file cannot be read: {' '.join(str(error).split())}")
        return found
    compare_contents(found, *contents)
    return found


def contents_of(path):
    """What a result file holds: {"texts", "attributes", "data"}."""
    import h5py

    with h5py.File(path, "r", locking=False) as file:
        attributes = {name: value_of(value) for name, value in file.attrs.items()}
        texts = {}
        for name in TEXTS:
            stored = value_of(file[name][()]) if name in file else attributes.pop(name, None)
            texts[name] = json.loads(stored) if stored else None
        data = {}
        file.visititems(lambda name, item: data.__setitem__(name, described(item)))
    for name in TEXTS:
        data.pop(name, None)
    return {"texts": texts, "attributes": attributes, "data": data}


def value_of(value):
    """An attribute or scalar as Python has it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value


def described(item):
    """All about one data set that is compared; a group has its kind alone."""
    if not hasattr(item, "dtype"):
        return {"kind": "group"}
    scales = [[scale.name.lstrip("/") for scale in dimension.values()] for dimension in item.dims]
    rows = item.attrs.get("rows")
    return {
        "kind": "data set",
        "dtype": str(item.dtype),
        "shape": item.shape,
        "axes": [dimension.label for dimension in item.dims],
        "scales": scales,
        "is a scale": "CLASS" in item.attrs,
        "units": value_of(item.attrs.get("units", "")),
        "rows": None if rows is None else int(rows),
        "long_name": value_of(item.attrs.get("long_name", "")),
        "values": item[()],
    }


def compare_contents(found, old, new):
    """Compare two files' contents."""
    for name in sorted(old["data"].keys() | new["data"].keys()):
        if left_out(name):
            continue
        if name not in new["data"]:
            found.missing("data set", name)
        elif name not in old["data"]:
            found.new("data set", name)
        else:
            compare_data(found, name, old["data"][name], new["data"][name])
    for name in TEXTS:
        compare_json(found, name, old["texts"][name], new["texts"][name])
    compare_attributes(found, old["attributes"], new["attributes"])


def compare_data(found, name, old, new):
    """Compare two data sets."""
    for key in old.keys() | new.keys():
        if key in ("values", "long_name") or old.get(key) == new.get(key):
            continue
        found.differ(f"data set {name}: {key} {old.get(key)}, now {new.get(key)}")
    if old.get("long_name") != new.get("long_name"):
        found.note(f"data set {name}: long_name {old['long_name']!r}, now {new['long_name']!r}")
    if "values" not in old or "values" not in new:
        return
    if old["dtype"] == new["dtype"] and old["shape"] == new["shape"]:
        compare_values(found, name, old["values"], new["values"])


def compare_values(found, name, old, new):
    """Compare two arrays of the same shape and type, bit for bit."""
    import numpy as np

    old, new = np.asarray(old), np.asarray(new)
    if old.dtype.kind != "O" and old.tobytes() == new.tobytes():
        return
    if old.dtype.kind == "O" and old.tolist() == new.tolist():
        return
    if old.dtype.kind not in "iufc":
        first = next((a, b) for a, b in zip(old.ravel().tolist(), new.ravel().tolist()) if a != b)
        found.differ(f"data set {name}: {first[0]!r}, now {first[1]!r}")
        return
    bits = [np.frombuffer(x.tobytes(), np.uint8).reshape(x.size, x.itemsize) for x in (old, new)]
    other = (bits[0] != bits[1]).any(axis=1)
    with np.errstate(all="ignore"):
        change = np.abs(new.ravel()[other].astype(complex) - old.ravel()[other].astype(complex))
        finite = change[np.isfinite(change)]
    largest = f"by up to {finite.max():.3g}" if finite.size else "in nan or inf"
    found.differ(f"data set {name}: {other.sum()} of {old.size} values differ {largest}")


def compare_json(found, path, old, new):
    """Compare two JSON values; floats are the same if their shortest texts are."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if left_out(key):
                continue
            if key not in new:
                found.missing(path, key)
            elif key not in old:
                found.new(path, key)
            else:
                compare_json(found, f"{path}.{key}", old[key], new[key])
    elif json.dumps(old) != json.dumps(new):
        found.differ(f"{path}: {shortened(old)}, now {shortened(new)}")


def compare_attributes(found, old, new):
    """Compare the root attributes; new ones are noted only."""
    for name in sorted(old.keys() | new.keys()):
        if left_out(name):
            continue
        if name not in new:
            found.missing("attribute", name)
        elif name not in old:
            found.note(f"attribute {name}: new")
        elif repr(old[name]) != repr(new[name]):
            found.differ(f"attribute {name}: {shortened(old[name])}, now {shortened(new[name])}")


def shortened(value):
    """A value as text of limited length."""
    text = json.dumps(value, default=repr)
    return text if len(text) < 120 else f"{text[:117]}..."


# ---- all together ------------------------------------------------------------------------------


class Progress:
    """One line a case on standard error, with the time that is left; differences on output."""

    def __init__(self, total, verbose):
        self.total, self.verbose, self.done, self.failed = total, verbose, 0, []
        self.begun, self.lock = time.monotonic(), threading.Lock()

    def tell(self, name, ranks, outcomes, found):
        """Tell how a case went."""
        with self.lock:
            self.done += 1
            elapsed = time.monotonic() - self.begun
            left = int(elapsed / self.done * (self.total - self.done))
            took = "  ".join("(kept)" if o.cached else f"{o.seconds:5.1f} s" for o in outcomes)
            verdict = "DIFFERS" if found.differences else "same   "
            what = f"{name}, {ranks} rank{'s' if ranks > 1 else ''}"
            print(
                f"[{self.done:3d}/{self.total}] {verdict} {what:58s} {took}"
                f"   {left // 60}:{left % 60:02d} left",
                file=sys.stderr,
                flush=True,
            )
            for text in found.differences:
                print(f"different: {what}: {text}", flush=True)
            if self.verbose:
                for text in found.notes:
                    print(f"note: {what}: {text}", flush=True)
            if found.differences:
                self.failed.append(what)


def compare_chain(trees, cases, chain, ranks, options, progress):
    """Run and compare some cases one after the other."""
    for name in chain:
        outcomes = [outcome_of(tree, cases, name, ranks) for tree in trees]
        progress.tell(name, ranks, outcomes, compare(*outcomes, options.allow_new))


def compare_all(trees, cases, names, options):
    """Run and compare all; the `Progress` tells how it went."""
    lists = chains(cases, names)
    progress = Progress(len(names) * len(options.ranks), options.verbose)
    for ranks in options.ranks:
        workers = max(1, options.jobs // ranks)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            waiting = [
                pool.submit(compare_chain, trees, cases, chain, ranks, options, progress)
                for chain in lists
            ]
            try:
                for future in waiting:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return progress


def ranks_of(text):
    """Numbers of ranks from "1,2"."""
    numbers = [int(word) for word in text.split(",")]
    if not numbers or min(numbers) < 1:
        raise ValueError(text)
    return numbers


def parse(words):
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="tools/same",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare the results of this working tree with those of a commit, bit for bit.",
        epilog="left out of the comparison:\n"
        + "".join(f"  {name:16} {why}\n" for name, why in LEFT_OUT.items())
        + f"  *{LEFT_OUT_ENDING:15} versions of Python and the libraries\n"
        + "noted with --verbose only: long_name, new root attributes",
    )
    parser.add_argument("commit", nargs="?", help="what to compare with")
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a case's name")
    parser.add_argument("--ranks", type=ranks_of, default=[1, 2], metavar="1,2")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="cores used at a time")
    parser.add_argument(
        "--allow-new", action="store_true", help="new data sets, summary and error keys are notes"
    )
    parser.add_argument("--verbose", action="store_true", help="print notes")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--root", type=Path, default=HOME.parents[1], help=argparse.SUPPRESS)
    return parser.parse_intermixed_args(words)


def main(words):
    """Do what the command line says; returns the exit code."""
    options = parse(words)
    cases = read_cases()
    if options.list:
        names = chosen_names(cases, [*filter(None, [options.commit]), *options.names])
        print("\n".join(names))
        return 0
    if options.commit is None:
        raise Unusable("which commit? usage: tools/same COMMIT [NAME...], see tools/same --help")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache, root = Path(base) / "hpcneq-same", options.root.resolve()
    names = with_needed(cases, chosen_names(cases, options.names))
    here = tree_here(root, cache)
    with locked(here.results / "lock", wait=False):
        trees = (tree_of_commit(root, cache, options.commit), here)
        for tree in trees:
            check_tree(tree)
        progress = compare_all(trees, cases, names, options)
    took = time.monotonic() - progress.begun
    count = f"{progress.total} runs of {len(names)} cases in {took:.0f} s"
    if progress.failed:
        print(
            f"tools/same: {count}: {len(progress.failed)} DIFFER from {trees[0].label}; "
            f"results in {trees[0].results} and {here.results}",
            file=sys.stderr,
        )
        return 1
    print(f"tools/same: {count}: every bit the same as {trees[0].label}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
    os.environ.pop("H5PY_ALWAYS_USE_MPI", None)
    try:
        sys.exit(main(sys.argv[1:]))
    except Unusable as problem:
        print(f"tools/same: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
