"""Damaged copies of a file, and what the commands say of each, in a process that may crash."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BATCH = """
import contextlib, io, json, sys
import numpy as np
import hpcneq
from hpcneq.cli import main

def command(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, err.getvalue()

def opened(path):
    with hpcneq.open(path) as result:
        for name in result.keys():
            try:
                np.asarray(result[name])
            except hpcneq.InputError as error:
                return 2, f"hpcneq: {error}\\n"
    return 0, ""

for path in sys.argv[2:]:
    for what in sys.argv[1].split():
        print(json.dumps([path, what, "begun", ""]), flush=True)
        words = {"show": [path], "json": [path, "--json"], "plot": [path, "--force"]}
        try:
            if what == "open":
                code, text = opened(path)
            else:
                code, text = command(what.replace("json", "show"), *words.get(what, [path]))
        except hpcneq.InputError as error:
            code, text = 2, f"hpcneq: {error}\\n"
        print(json.dumps([path, what, code, text]), flush=True)
"""


def mutants(whole: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(what was done, the damaged bytes): bits, zeros, random bytes, an end that is missing."""
    for number in range(count):
        random = np.random.Generator(np.random.Philox(key=[seed, number]))
        data = np.frombuffer(whole, np.uint8).copy()
        kind = ("bits", "bytes", "zeros", "noise", "end")[number % 5]
        # HDF5's own tables lie mostly in the first part of a file: half of the damage is there.
        reach = len(data)
        if random.random() < 0.5:
            reach = min(len(data), 4096)
        at = int(random.integers(reach))
        if kind == "bits":
            for place in random.integers(reach, size=int(random.integers(1, 20))):
                data[place] ^= 1 << int(random.integers(8))
        elif kind == "bytes":
            data[at : at + 8] = random.choice([0, 1, 127, 128, 254, 255], size=len(data[at:][:8]))
        elif kind == "zeros":
            data[at : at + int(random.integers(1, 2048))] = 0
        elif kind == "noise":
            part = data[at : at + int(random.integers(1, 512))]
            part[:] = random.integers(256, size=len(part))
        else:
            data = data[:at]
        yield f"{number}-{kind}", data.tobytes()


def verdicts(paths: list[Path], commands: str, seconds: float) -> list[list]:
    """[path, command, exit code, standard error] of each; a crash leaves "begun" as the code."""
    answers = []
    left = [str(path) for path in paths]
    while left:
        words = [sys.executable, "-c", BATCH, commands, *left]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
        lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("[")]
        ends = [line for line in lines if line[2] != "begun"]
        answers += ends
        if ended.returncode == 0:
            break
        path, command = lines[-1][:2] if lines else (left[0], "start")
        answers.append([path, command, "crashed", ended.stderr[-2000:]])
        left = left[left.index(path) + 1 :]
    return answers


def faults(answers: list[list]) -> list[list]:
    """The answers that are neither a success nor one line."""
    return [
        answer
        for answer in answers
        if answer[2] not in (0, 2) or (answer[2] == 2 and answer[3].count("\n") != 1)
    ]
