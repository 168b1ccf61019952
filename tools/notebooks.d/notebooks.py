"""Notebooks of inputs/tutorials: their code as it stands or with small sizes, executed, kept."""

from __future__ import annotations

import base64
import io
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "inputs" / "tutorials"
COLOURS = 64  # of a kept picture


def paths(words: list[str] | None = None) -> list[Path]:
    """All notebooks, or those with one of the words in their names."""
    found = sorted(FOLDER.glob("*.ipynb"))
    return [path for path in found if not words or any(word in path.name for word in words)]


def code(path: Path, small: bool = False) -> list[str]:
    """The cells of code of a notebook; ``small``: with the small sizes of its first one."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    made = [cell for cell in cells if cell["cell_type"] == "code"]
    return [
        "".join(
            cell["metadata"]["small"] if small and "small" in cell["metadata"] else cell["source"]
        )
        for cell in made
    ]


def printed(path: Path) -> str:
    """What the kept outputs of a notebook print."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [one for cell in cells for one in cell.get("outputs", ())]
    return "".join("".join(one["text"]) for one in outputs if one["output_type"] == "stream")


def executed(path: Path):
    """A notebook with the outputs that Jupyter's kernel gives now."""
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    # or matplotlib 3.6 shows no figure of the cell in which it draws for the first time
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%matplotlib inline"))
    nbclient.NotebookClient(notebook, timeout=900, kernel_name="python3").execute()
    del notebook.cells[0]
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of the clock
        if cell.cell_type == "code":
            cell.execution_count -= 1
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data = {"image/png": _small(output.data["image/png"])}
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def _small(picture: str) -> str:
    """A PNG in base64 with few colours."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        buffer = io.BytesIO()
        image.convert("RGB").quantize(COLOURS, dither=Image.NONE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def main(words: list[str]) -> None:
    """Execute the notebooks and keep what they give."""
    chosen = paths(words)
    if not chosen:
        sys.exit(f"tools/notebooks: no notebook has {' or '.join(words)} in its name")
    import nbformat  # Jupyter's, which a wrong name need not wait for

    for path in chosen:
        begun = time.monotonic()
        notebook = executed(path)
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
