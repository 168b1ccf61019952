"""Results that are there: opened, shown, drawn by the task that wrote them, without MPI."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import warnings
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from . import systems
from .comparison import RTOL, Comparison, compare, is_error
from .config import schema
from .config.words import nearest, refuse_name, shown, without_ending
from .errors import HpcneqError, InputError, of_writing
from .files import lock, reader, report, vetting
from .files.names import follow
from .tasks.task import Quantity, declared, resolve

if TYPE_CHECKING:
    import xarray

    from .figures.draw import Figure, SubFigure


MOVIES = (".gif", ".mp4")  # endings


class Result(reader.Result):
    """A result file that can also draw itself."""

    def compare(self, other: Result, rtol: float = RTOL) -> Comparison:
        """Whether this result and another of the same task agree within their errors.

        rtol : of what has no error of its own, as a part of its largest value. The answer is true
        if they agree; its `differences` list what does not, its `inputs` what differs in the
        inputs. Raises InputError for a result of another task.
        """
        return compare(self, other, _quantities(self), rtol)

    def plot(
        self,
        path: str | Path | None = None,
        *,
        canvas: Figure | SubFigure | None = None,
        data: Sequence[str] = (),
        size: str | None = None,
    ) -> Figure:
        """Draw the figure of this result's task; into ``path`` if given.

        canvas : a matplotlib Figure or SubFigure to draw into; a new one by default. data : names
        of data sets to draw instead. size : "talk", "paper" or "poster". Returns the matplotlib
        figure. Raises InputError if the task has no figure, or the result lacks what it shows.
        """
        from .figures import draw, panels

        figure_of: Callable[..., object]
        if data:
            self.refuse_unknown(data)
            figure_of = partial(panels.draw_data, names=list(data))
        else:
            task = systems.get(self.system).tasks.get(self.task)
            if task is None or task.figure is None:
                raise InputError(f"{self.path}: there is no figure for {self.system} {self.task}")
            figure_of = resolve(task.figure)
        try:
            return draw.draw(self, figure_of, path, canvas, size, self.caption())
        except InputError as error:
            owner = report.owner_of(self.path)
            if owner is None or not str(error).startswith(f"{self.path}:"):
                raise
            words = f"what it has does not make the figure yet; it {lock.going_on(owner)}"
            raise InputError(f"{self.path}: {words}") from error

    def caption(self, hide: Collection[str] = ()) -> str:
        """The parameters in a line, as under the figure, without the keys in ``hide``."""
        from .figures import captions

        task = systems.get(self.system).tasks.get(self.task)
        tables = {} if task is None else task.tables
        if task is not None and task.idle is not None:
            idle = cast("list[str]", resolve(task.idle)(self.resolved))
            hide = [*hide, *idle]
        units: dict[str, str] = {}
        for name in captions.TABLES:
            if name in tables:
                units |= {row.key: row.unit for row in schema.describe(tables[name])}
        return captions.words(f"{self.system} {self.task}", self.resolved, units, hide)

    def movie(self, path: str | Path, *, data: Sequence[str] = (), size: str | None = None) -> None:
        """Write a movie of an evolution into ``path``, which ends in .gif or .mp4.

        data : names of the data sets to show; by default those that the task declares first.
        Raises InputError if nothing of the result goes on in time, or the movie cannot be written.
        """
        from .figures import movie

        self.refuse_unknown(data)
        movie.film(self, path, list(data) or self.drawn(), size, bool(data), self.caption())

    def to_xarray(self) -> xarray.Dataset:
        """An xarray Dataset: data sets with units, long names and coordinates, and the summary.

        Numbers of the summary are variables without axes, ``NAME_error`` their errors. Raises
        InputError, in one line, where xarray is not installed.
        """
        from .datasets import to_dataset

        return to_dataset(self, _quantities(self))

    def _repr_html_(self) -> str:
        from .datasets import as_html

        with tempfile.TemporaryDirectory(prefix="hpcneq-") as folder:
            path = Path(folder, "figure.png")
            picture = None
            with contextlib.suppress(InputError):  # it has none
                self.plot(path)
                picture = path.read_bytes()
        return as_html(self, _quantities(self), picture)

    def drawn(self) -> list[str]:
        """Names of the data sets that hold physics, as they are declared; inputs stand last."""
        known = _quantities(self)
        coordinates = {axis for name in self for axis in self[name].axes}
        apart = {str(quantity.error) for quantity in known.values()} | coordinates
        names = [name for name in known if name in self and name not in apart]
        names = [name for name in names if not is_error(name, known[name].error)]
        return sorted(names, key=lambda name: known[name].error == "an input")

    def refuse_unknown(self, names: Sequence[str]) -> None:
        """InputError for a name of no data set, with the nearest one."""
        for name in names:
            if name not in self:
                meant, listed = nearest(name, self.keys()), ", ".join(self.keys())
                raise InputError(
                    f"{self.path}: has no data set {shown(name)}; {meant}it holds {listed}"
                )


def number_labels(result: reader.Result, names: Sequence[str]) -> dict[str, str]:
    """Name -> "name (units)" of numbers of the summary."""
    known = _quantities(result)
    units = {name: str(known[name].units) for name in names if name in known}
    return {
        name: f"{name} ({units[name]})" if units.get(name, "1") != "1" else name for name in names
    }


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
    target = target_of(path, figure, force)
    refuse_old(path)
    result = Result(path)
    with contextlib.ExitStack() as damaged:
        if not vetting.whole(path):  # else whatever goes wrong is a fault of the figure
            damaged.enter_context(vetting.one_line(path, "what it holds makes no figure"))
            damaged.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore", RuntimeWarning)
        aside(target, result.movie if target.suffix.lower() in MOVIES else result.plot)
    return target


def target_of(path: str | Path, figure: str | Path | None, force: bool) -> Path:
    """The file that the figure of a result goes into, with an ending; InputError if it cannot."""
    target = Path(figure or f"{without_ending(str(path), '.h5')}.png")
    if not target.suffix:
        target = Path(f"{target}.png")
    refuse_name(target)
    if not force:
        refuse_existing(target)
    if not target.resolve().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.resolve().parent}")
    return target


def nothing_yet(result: reader.Result) -> bool:
    """Whether a result was stopped before anything of it was written: it can start again."""
    return result.status == "stopped" and not any(result[name].size for name in result.keys())


def aside(target: Path, make: Callable[[Path], object]) -> None:
    """Draw into a file of another name, which then takes the place of what ``target`` names.

    make : draws into the file that it is given.
    """
    final = follow(target)
    fresh = final.with_name(f".{final.stem}.{secrets.token_hex(6)}{final.suffix}")
    try:
        make(fresh)
        os.replace(fresh, final)
    except HpcneqError as error:
        raise type(error)(str(error).replace(str(fresh), str(target))) from None
    except OSError as error:
        raise of_writing(error)(f"{target}: cannot write the figure ({error.strerror})") from None
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
