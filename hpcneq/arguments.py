"""The words that each command takes, as data: `hpcneq.cli` makes a parser of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from .help_texts import TRUST

SIZES = ("talk", "paper", "poster")  # of figures
SHELLS = ("bash", "zsh", "tcsh")  # that complete words


class Argument(NamedTuple):
    """One word of a command: what `argparse.ArgumentParser.add_argument` gets.

    kind : "count", an integer > 0, or "seconds"; a text otherwise. more : the other keywords.
    alone : whether it excludes the others of its command that do.
    """

    names: tuple[str, ...]
    help: str | None = None
    metavar: str | None = None
    kind: str | None = None
    more: dict[str, Any] = {"default": None}
    alone: bool = False

    @property
    def is_file(self) -> bool:
        """Whether it is the name of a file, which a shell can complete."""
        return self.metavar is not None and "." in self.metavar and self.names != ("--set",)


def _flag(name: str, words: str, alone: bool = False) -> Argument:
    return Argument((name,), words, more={"action": "store_true"}, alone=alone)


INPUT = Argument(("input",), metavar="INPUT.toml")
RESULT = Argument(("result",), metavar="OUT.h5")
SET = Argument(
    ("--set",),
    "change the input, e.g. --set parameters.T=0.01 (repeatable)",
    "table.key=value",
    more={"action": "append", "default": []},
)
QUIET = _flag("--quiet", "no progress lines")
JSON = _flag("--json", "one JSON object, for programs")

ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    "run": (
        INPUT,
        SET,
        Argument(
            ("-o", "--output"), "result file (default: the input's name, .h5, here)", "OUT.h5"
        ),
        _flag("--resume", "continue if there is a checkpoint, start otherwise"),
        _flag("--force", "overwrite an existing result file"),
        QUIET,
    ),
    "resume": (RESULT, SET, _flag("--trust-model", TRUST), QUIET),
    "show": (RESULT, JSON, _flag("--verify", "only say whether the file is as its run left it")),
    "plot": (
        Argument(("results",), metavar="OUT.h5", more={"nargs": "+"}),
        Argument(
            ("-o", "--figure"),
            "figure file; its ending sets the format",
            "FIG.png|.pdf|.svg|.gif|.mp4",
        ),
        Argument(("--data",), "draw these data sets", "NAME", more={"nargs": "+", "default": []}),
        Argument(("--size",), "sizes of letters and lines", more={"choices": SIZES}),
        _flag("--live", "draw anew whenever the running result changes"),
        Argument(("--every",), "time between two --live figures", "SECONDS", "seconds"),
        _flag("--force", "overwrite an existing figure"),
    ),
    "check": (
        INPUT,
        SET,
        Argument(("--ranks",), "estimate for N ranks (default: 1)", "N", "count", {"default": 1}),
        _flag("--no-cost", "only say whether it is valid"),
    ),
    "describe": (
        *(
            Argument((name,), metavar=name.upper(), more={"nargs": "?"})
            for name in ("system", "task", "key")
        ),
        _flag("--json", "one JSON object, for programs", alone=True),
        _flag("--markdown", "tables, for documents", alone=True),
        _flag("--schema", "the JSON Schema of all inputs, for editors", alone=True),
    ),
    "new": (
        Argument(("system",), metavar="SYSTEM"),
        Argument(("task",), metavar="TASK"),
        Argument(("-o", "--output"), "input file (default: SYSTEM-TASK.toml, here)", "mine.toml"),
    ),
    "compare": (
        Argument(("first",), metavar="A.h5"),
        Argument(("second",), metavar="B.h5"),
        Argument(
            ("--rtol",),
            "tolerance of numbers without an error, over the largest value (default: 1e-6)",
            "R",
            "part",
            {"default": 1e-6},
        ),
        JSON,
    ),
    "watch": (
        RESULT,
        Argument(("--every",), "look again and again after this time", "SECONDS", "seconds"),
    ),
    "pack": (
        RESULT,
        Argument(("-o", "--output"), "archive (default: OUT.tar.gz, here)", "OUT.tar.gz"),
        Argument(("--folder",), "folder of the files that the input names", "FOLDER"),
        _flag("--force", "overwrite an existing archive"),
    ),
    "unpack": (
        Argument(("archive",), metavar="OUT.tar.gz"),
        Argument(("-o", "--output"), "new folder (default: OUT, here)", "FOLDER"),
    ),
    "help": (Argument(("topic",), "a command, or errors", "TOPIC", more={"nargs": "?"}),),
}
