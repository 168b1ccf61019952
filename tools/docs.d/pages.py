"""The sources of the site: READMEs as they stand, and pages made from them and from the package.

A page has the place that its README has in the tree, so that links between them hold.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import hpcneq
from hpcneq.config import description_text

ROOT = Path(__file__).resolve().parents[2]
README_FOLDERS = ("hpcneq", "jobs", "tests", "tools", "inputs/tutorials")
PUBLIC = (  # modules whose public names other people's code may use
    "hpcneq",
    "hpcneq.results",
    "hpcneq.comparison",
    "hpcneq.tasks",
    "hpcneq.lattice",
    "hpcneq.errors",
)
TABLES = re.compile(r"<!-- hpcneq describe ([\w-]+) --markdown -->.*?<!-- end -->", re.DOTALL)
VALIDATION = re.compile(r"^## Validation\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"gallery/([\w.-]+\.png)")
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")


def systems() -> list[str]:
    """Names of the systems, in the order of `hpcneq describe`."""
    return [entry["name"] for entry in hpcneq.describe()["systems"]]


def write(source: Path) -> None:
    """All pages and what they show, into a new folder."""
    source.mkdir(parents=True)
    for folder in ("", *README_FOLDERS, *(f"inputs/{name}" for name in systems())):
        readme = ROOT / folder / "README.md"
        name = "index.md" if not folder else "README.md"
        _put(source / folder / name, _page(readme))
        _copy_linked(readme, source)
    for name in systems():
        gallery = ROOT / "inputs" / name / "gallery"
        shutil.copytree(gallery, source / "inputs" / name / "gallery", dirs_exist_ok=True)
        tables = description_text.as_markdown(hpcneq.describe(name))
        _put(source / "reference" / f"{name}.md", f"# Keys and quantities of {name}\n\n{tables}\n")
    for notebook in sorted((ROOT / "inputs" / "tutorials").glob("*.ipynb")):
        _put(source / "inputs" / "tutorials" / f"{notebook.stem}.md", as_page(notebook, source))
    _put(source / "gallery.md", _gallery())
    _put(source / "validation.md", _validation())
    _put(source / "api.md", _api())
    with (source / "index.md").open("a", encoding="utf-8") as file:
        file.write(_contents())


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# ---- READMEs --------------------------------------------------------------------------------


def _page(readme: Path) -> str:
    """A README for the site: tables of keys stand on pages of their own, diagrams are text."""
    text = readme.read_text(encoding="utf-8")
    text = TABLES.sub(lambda m: f"All of them: [](../../reference/{m[1]}.md).", text)
    text = text.replace("```mermaid", "```text")
    return LINK.sub(lambda match: match[1] + _target(match[2], readme) + match[3], text)


def _target(target: str, readme: Path) -> str:
    """A link of a README in the site: a folder's page is its README, a notebook's is made."""
    if "://" in target:
        return target
    there = readme.parent / target
    if there.is_dir():
        return f"{target.rstrip('/')}/README.md"
    if there == ROOT / "README.md":
        return target.replace("README.md", "index.md")
    return target.replace(".ipynb", ".md")


def _copy_linked(readme: Path, source: Path) -> None:
    """Files that a README links to and that are no pages: inputs, scripts, the license."""
    for _, target, _ in LINK.findall(readme.read_text(encoding="utf-8")):
        there = (readme.parent / target).resolve()
        if "://" in target or not there.is_file() or there.suffix in (".md", ".ipynb"):
            continue
        place = source / there.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(there, place)


# ---- notebooks ------------------------------------------------------------------------------


def as_page(notebook: Path, source: Path) -> str:
    """A notebook in Markdown with its outputs; its pictures are written beside the page."""
    parts = []
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for number, cell in enumerate(cells):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        for place, output in enumerate(cell["outputs"]):
            stem = f"{notebook.stem}-{number}-{place}"
            parts += _output(output, source / "inputs" / "tutorials" / f"{stem}.png")
    return "\n\n".join(parts) + "\n"


def _output(output: dict, picture: Path) -> list[str]:
    """What a cell printed or drew."""
    if output["output_type"] == "stream":
        return [f"```text\n{''.join(output['text']).rstrip()}\n```"]
    if "image/png" in output.get("data", {}):
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(base64.b64decode("".join(output["data"]["image/png"])))
        return [f"![the figure of the cell above]({picture.name})"]
    return []


# ---- pages made from several ----------------------------------------------------------------


def _gallery() -> str:
    """Every picture of every system, with a link to its page."""
    parts = ["# Gallery"]
    for name in systems():
        readme = (ROOT / "inputs" / name / "README.md").read_text(encoding="utf-8")
        parts.append(f"## {name}\n\n[Model, inputs and keys](inputs/{name}/README.md)")
        for picture in dict.fromkeys(PICTURE.findall(readme)):
            where = f"inputs/{name}/gallery/{picture}"
            parts.append(f"`{picture.removesuffix('.png')}`\n\n![{picture}]({where})")
    return "\n\n".join(parts) + "\n"


def _validation() -> str:
    """The validation tables of all systems."""
    parts = ["# Validation"]
    for name in systems():
        readme = (ROOT / "inputs" / name / "README.md").read_text(encoding="utf-8")
        found = VALIDATION.search(readme)
        text = re.sub(r"<!--.*?-->", "", found[1]).strip()
        text = LINK.sub(lambda m, name=name: f"{m[1]}inputs/{name}/{m[2]}{m[3]}", text)
        parts.append(f"## {name}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _api() -> str:
    """Public functions and classes with their signatures and docstrings."""
    parts = ["# Python"]
    for name in PUBLIC:
        module = importlib.import_module(name)
        parts.append(f"## {name}\n\n{_prose(module)}")
        for word, thing in _public(module):
            parts += _entry(word, thing)
    return "\n\n".join(parts) + "\n"


def _public(module: ModuleType) -> list[tuple[str, object]]:
    """Name and value of the functions and classes that a module offers."""
    own = [
        name
        for name, thing in vars(module).items()
        if name[0] != "_" and getattr(thing, "__module__", "") == module.__name__
    ]
    things = {
        name: getattr(module, name) for name in sorted({*module.__dict__.get("__all__", own)})
    }
    return [(n, x) for n, x in things.items() if inspect.isclass(x) or inspect.isfunction(x)]


def _entry(name: str, thing: object, level: str = "###") -> list[str]:
    """A function, or a class with its public methods."""
    parts = [f"{level} {name}", f"```python\n{name}{_signature(thing)}\n```", _prose(thing)]
    if inspect.isclass(thing):
        for word, method in vars(thing).items():
            if word[0] != "_" and inspect.isfunction(method) and method.__doc__:
                parts += _entry(f"{name}.{word}", method, "####")
    return parts


def _signature(thing: object) -> str:
    try:
        return str(inspect.signature(thing)).replace("'", "")
    except (TypeError, ValueError):
        return ""


def _prose(thing: object) -> str:
    """A docstring as Markdown: indented blocks are code, dollars and brackets are themselves."""
    text = inspect.getdoc(thing) or ""
    text = text.replace("``", "`").replace("::\n", ":\n")
    return re.sub(r"([$<\[\]])(?![^\n`]*`[^\n`]*$)", r"\\\1", text) if "    " not in text else text


def _contents() -> str:
    """The tree of pages, which the theme shows beside each."""
    notebooks = sorted(path.stem for path in (ROOT / "inputs" / "tutorials").glob("*.ipynb"))
    groups = {
        "Tutorials": ["inputs/tutorials/README", *(f"inputs/tutorials/{k}" for k in notebooks)],
        "Systems": [f"inputs/{name}/README" for name in systems()],
        "Reference": ["gallery", "validation", *(f"reference/{k}" for k in systems()), "api"],
        "Inside": ["hpcneq/README", "jobs/README", "tests/README", "tools/README"],
    }
    trees = [
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```"
        for caption, names in groups.items()
    ]
    return "\n\n" + "\n\n".join(trees) + "\n"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
