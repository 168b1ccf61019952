"""The pictures of the READMEs in inputs/.

Each `gallery/NAME.png` that one shows is computed from NAME.toml beside it.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from PIL import Image

import hpcneq

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "gallery"
WIDTH, LARGEST = 760, 60_000  # pixels, bytes
COLOURS = (256, 128, 64, 48, 32, 24, 16)
COMBINED = {  # pictures of several results: the first with the others in it
    "nsn-junction/fig4a": (
        "fig3b3",
        "fig4b-quick",
        "fig4c1-quick",
        "quick-quench",
        "fig4c3-quick",
        "fig4c4-quick",
    ),
}


def pictures():
    """(input, picture) of every picture that a README under inputs/ shows, in its order."""
    found = {}
    for readme in sorted((ROOT / "inputs").glob("*/README.md")):
        for name in re.findall(r"gallery/([\w.-]+)\.png", readme.read_text(encoding="utf-8")):
            if f"{readme.parent.name}/{name}" not in COMBINED:
                found[readme.parent / f"{name}.toml"] = readme.parent / "gallery" / f"{name}.png"
    return list(found.items())


def fresh(source, picture):
    """Whether a picture is newer than its input."""
    return picture.exists() and picture.stat().st_mtime >= source.stat().st_mtime


def has_error_runs(source):
    """Whether the task repeats its run to tell errors, which a picture does not show."""
    given = tomllib.loads(source.read_text(encoding="utf-8"))
    keys = hpcneq.describe(given["system"], given["task"])["keys"]
    return any(entry["key"] == "error_estimate" for entry in keys)


def compute(source, ranks):
    """Run an input, or continue it where it was stopped; the result file, None if it failed."""
    result = RESULTS / f"{source.parent.name}-{source.stem}.h5"
    program = [sys.executable, "-m", "hpcneq", "run", str(source), "-o", str(result), "--resume"]
    if has_error_runs(source):
        program += ["--set", "numerics.error_estimate=false"]
    if ranks > 1:
        program = ["mpiexec", "-n", str(ranks), *program]
    code = subprocess.run(program, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
    return result if code in (0, 3) else None


def draw(results, picture):
    """Draw a result, or several, and shrink the picture until it is small enough."""
    large = RESULTS / f"{picture.parents[1].name}-{picture.name}"
    names = [str(result) for result in results]
    program = [sys.executable, "-m", "hpcneq", "plot", *names, "-o", str(large), "--force"]
    if subprocess.run(program, cwd=ROOT, stdin=subprocess.DEVNULL).returncode:
        return False
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(small(Image.open(large).convert("RGB")))
    return True


def small(image):
    """PNG bytes of an image, at most `WIDTH` pixels wide and `LARGEST` bytes long."""
    width = min(WIDTH, image.width)
    image = image.resize((width, round(image.height * width / image.width)), Image.LANCZOS)
    for colours in COLOURS:
        buffer = io.BytesIO()
        image.quantize(colours, method=Image.MAXCOVERAGE, kmeans=3, dither=Image.NONE).save(
            buffer, "PNG", optimize=True
        )  # thin lines keep their colours
        if len(buffer.getvalue()) <= LARGEST:
            return buffer.getvalue()
    return small(image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.LANCZOS))


def main():
    """Make what is missing; the exit code is 1 if a picture could not be made."""
    parser = argparse.ArgumentParser(prog="tools/gallery", description=__doc__)
    parser.add_argument("-n", "--ranks", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="only say which pictures are missing")
    parser.add_argument(
        "--redraw", action="store_true", help="draw anew from results that are there"
    )
    parser.add_argument("names", nargs="*", help="names of inputs, without .toml")
    options = parser.parse_args()
    known = {source.stem for source, _ in pictures()} | {name.split("/")[1] for name in COMBINED}
    if unknown := set(options.names) - known:
        parser.error(
            f"no picture is called {', '.join(sorted(unknown))}; known: tools/gallery --list"
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    wanted = [
        pair
        for pair in pictures()
        if (pair[0].stem in options.names or not options.names)
        and (options.redraw or options.names or not fresh(*pair))
    ]
    failed = 0
    for number, (source, picture) in enumerate(wanted, 1):
        name = source.relative_to(ROOT)
        print(f"gallery: {number} of {len(wanted)}: {name}", flush=True)
        if options.list:
            continue
        begun = time.monotonic()
        result = RESULTS / f"{source.parent.name}-{source.stem}.h5"
        if not (options.redraw and result.exists()):
            result = compute(source, options.ranks)
        if result is None or not draw([result], picture):
            print(f"gallery: {name} failed", flush=True)
            failed += 1
            continue
        print(
            f"gallery: {picture.relative_to(ROOT)} ({time.monotonic() - begun:.0f} s)", flush=True
        )
    return int(failed > 0 or not combined(options))


def combined(options):
    """Draw the pictures of several results whose results are all there; whether that went well."""
    went_well = True
    for name, parts in COMBINED.items():
        system, stem = name.split("/")
        results = [RESULTS / f"{system}-{part}.h5" for part in parts]
        wanted = not options.list and (stem in options.names or not options.names)
        if wanted and all(result.exists() for result in results):
            picture = ROOT / "inputs" / system / "gallery" / f"{stem}.png"
            went_well = draw(results, picture) and went_well
    return went_well


if __name__ == "__main__":
    sys.exit(main())
