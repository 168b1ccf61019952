"""Results that are there: opened, shown, drawn by the task that wrote them, without MPI."""

from __future__ import annotations

import contextlib
import os
import secrets
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from . import systems
from .comparison import RTOL, Comparison, compare
from .config.words import refuse_name, without_ending
from .errors import InputError
from .files import lock, reader, report, vetting
from .files.names import follow
from .tasks.task import Quantity, declared, resolve

if TYPE_CHECKING:
    from .figures.draw import Figure


class Result(reader.Result):
    """A result file that can also draw itself."""

    def compare(self, other: Result, rtol: float = RTOL) -> Comparison:
        """Whether this result and another of the same task agree within their errors.

        rtol : of what has no error of its own, as a part of its largest value. The answer is true
        if they agree; its `differences` list what does not, its `inputs` what differs in the
        inputs. Raises InputError for a result of another task.
        """
        return compare(self, other, _quantities(self), rtol)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the figure of this result's task; into ``path`` if given.

        Returns the matplotlib figure. Raises InputError if the task has none.
        """
        from .figures import draw

        task = systems.get(self.system).tasks.get(self.task)
        if task is None or task.figure is None:
            raise InputError(f"{self.path}: there is no figure for {self.system} {self.task}")
        try:
            return draw.draw(self, resolve(task.figure), path)
        except InputError as error:
            owner = report.owner_of(self.path)
            if owner is None or not str(error).startswith(f"{self.path}:"):
                raise
            words = f"what it has does not make the figure yet; it {lock.going_on(owner)}"
            raise InputError(f"{self.path}: {words}") from error


def _quantities(result: reader.Result) -> dict[str, Quantity]:
    """What the task that wrote a result declares, by name; empty if it is not known here."""
    try:
        task = systems.get(result.system).tasks.get(result.task)
    except InputError:
        return {}
    return {} if task is None else declared(task)


def show(path: str | Path, as_json: bool = False, verify: bool = False) -> str:
    """Headline results, status and provenance of a result file, or what a checkpoint holds.

    as_json : one JSON object instead of text. verify : only whether the bytes are those that its
    run ended with. Raises InputError if it is neither, or damaged.
    """
    refuse_name(Path(path))
    if verify:
        return report.verify(path, as_json)
    return report.show(path, as_json, _quantities)


def plot(path: str | Path, figure: str | Path | None = None, force: bool = False) -> Path:
    """Draw a result's figure into a file; returns its name: a name without an ending gets .png."""
    refuse_name(Path(path))
    target = Path(figure or f"{without_ending(str(path), '.h5')}.png")
    if not target.suffix:
        target = Path(f"{target}.png")
    refuse_name(target)
    if not force:
        refuse_existing(target)
    if not target.resolve().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.resolve().parent}")
    refuse_old(path)
    result = Result(path)
    with contextlib.ExitStack() as damaged:
        if not vetting.whole(path):  # else whatever goes wrong is a fault of the figure
            damaged.enter_context(vetting.one_line(path, "what it holds makes no figure"))
            damaged.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore", RuntimeWarning)
        _draw_aside(result, target)
    return target


def nothing_yet(result: reader.Result) -> bool:
    """Whether a result was stopped before anything of it was written: it can start again."""
    return result.status == "stopped" and not any(result[name].size for name in result.keys())


def _draw_aside(result: Result, target: Path) -> None:
    """Draw into a file of another name, which then takes the place of what ``target`` names."""
    final = follow(target)
    fresh = final.with_name(f".{final.stem}.{secrets.token_hex(6)}{final.suffix}")
    try:
        result.plot(fresh)
        os.replace(fresh, final)
    except InputError as error:
        raise InputError(str(error).replace(str(fresh), str(target))) from None
    except OSError as error:
        raise InputError(f"{target}: cannot write the figure ({error.strerror})") from None
    finally:
        fresh.unlink(missing_ok=True)


def refuse_old(path: str | Path) -> None:
    """InputError for a result of format 1, which lacks the parameters of its run."""
    if not Path(path).is_file():
        return
    try:
        version = reader.Result(path).format_version
    except InputError:  # damaged: a checkpoint may restore it
        return
    if version < reader.FORMAT_VERSION:
        raise InputError(
            f"{path}: was written by an older hpcneq (format {version}): show and open read it, "
            "to plot or resume it compute it again with: hpcneq run INPUT.toml --force"
        )


def refuse_existing(target: Path) -> None:
    """InputError if a file is there already."""
    if target.exists():
        raise InputError(
            f"{target}: exists already; give another name with -o, or --force to overwrite it"
        )
