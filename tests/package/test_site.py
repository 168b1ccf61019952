"""The site that tools/docs builds: its pages by day, the whole of it in a browser at night."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Put before all else of each page: tells what goes wrong in it, also what does not load.
LISTEN = b"""<script>
window.wrong = [];
console.error = (...words) => wrong.push("console: " + words.join(" "));
addEventListener("unhandledrejection", event => wrong.push("rejected: " + event.reason));
addEventListener("error", event => wrong.push(event.message ? "error: " + event.message
    : "not loaded: " + (event.target.src || event.target.href)), true);
</script>"""
# Opens each page in a frame, waits until it has settled, and tells what went wrong in it.
WALK = """<!doctype html><title>walk</title><body><script>
const pages = PAGES, found = {};
async function open(name) {
  const frame = document.createElement("iframe");
  frame.width = 1200; frame.height = 900;
  document.body.append(frame);
  const loaded = new Promise(resolve => frame.onload = resolve);
  frame.src = name;
  await loaded;
  const inside = frame.contentDocument, wrong = frame.contentWindow.wrong;
  const pictures = [...inside.images];
  for (const one of pictures) one.loading = "eager";
  await Promise.all(pictures.map(one => one.decode().catch(() => {})));
  await new Promise(resolve => setTimeout(resolve, name.includes("?q=") ? 1500 : 20));
  for (const one of pictures) if (!one.naturalWidth) wrong.push("no picture " + one.src);
  const links = [...inside.querySelectorAll("#search-results a")];
  found[name] = {wrong, title: inside.title, results: links.map(a => a.href)};
  frame.remove();
}
(async () => {
  for (const name of pages) await open(name);
  await fetch("/told", {method: "POST", body: JSON.stringify(found)});
})();
</script>"""


@pytest.fixture(scope="module")
def tools():
    """The modules of tools/docs.d."""
    sys.path.insert(0, str(ROOT / "tools" / "docs.d"))
    try:
        import docs
        import links
        import pages

        yield {"docs": docs, "links": links, "pages": pages}
    finally:
        sys.path.remove(str(ROOT / "tools" / "docs.d"))


def test_pages_hold_readmes_tables_docstrings_notebooks_and_validation(tools, tmp_path):
    """Fails where a system, a notebook, a table or a public function has no page."""
    pages = tools["pages"]
    pages.write(tmp_path / "source")
    text = {
        path.relative_to(tmp_path / "source").as_posix(): path.read_text(encoding="utf-8")
        for path in (tmp_path / "source").rglob("*.md")
    }
    for name in pages.systems():
        assert f"inputs/{name}/README.md" in text
        assert "](../../reference/" in text[f"inputs/{name}/README.md"]
        assert f"## {name}" in text["validation.md"] and f"## {name}" in text["gallery.md"]
    assert "`delta_max`" in text["reference/nsn-junction.md"]
    assert "### run" in text["api.md"] and "#### Result.to_xarray" in text["api.md"]
    notebooks = list((ROOT / "inputs" / "tutorials").glob("*.ipynb"))
    assert len(notebooks) == 12
    for path in notebooks:
        page = text[f"inputs/tutorials/{path.stem}.md"]
        assert "```python" in page and "![the figure" in page
    contents = text["index.md"].split("{toctree}", 1)[1]
    assert [n for n in text if n != "index.md" and n.removesuffix(".md") not in contents] == []


def test_a_link_that_leads_nowhere_is_found(tools, tmp_path):
    """Fails if a missing page, picture or place in a page goes unnoticed."""
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b.html#there">1</a> <a href="#here">2</a> <a href="c.html">3</a>'
        '<img src="d.png"> <a href="https://example.org/none">4</a> <a href="b.html">5</a>'
    )
    (tmp_path / "b.html").write_text("<p>")
    assert tools["links"].broken(tmp_path) == [
        "a.html: b.html#there leads to no place in its page",
        "a.html: c.html leads to no file",
        "a.html: d.png leads to no file",
    ]


@pytest.mark.nightly
def test_what_goes_wrong_in_a_page_is_told(tmp_path):
    """A picture that is missing, a message on the console, a script that fails; in a browser."""
    (tmp_path / "a.html").write_text(
        "<title>a</title><img src='none.png'><script>console.error('bad')</script>"
        "<script>missing()</script>"
    )
    (tmp_path / "b.html").write_text("<title>b</title>")
    told = walked(browser(), tmp_path, ["a.html", "b.html"], tmp_path / "profile")
    assert told["b.html"] == {"wrong": [], "title": "b", "results": []}
    words = " ".join(told["a.html"]["wrong"])
    assert all(one in words for one in ("none.png", "console: bad", "missing is not defined"))


def browser():
    """A Chromium; without one the test is skipped."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium")
    return found


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_every_page_opens_in_a_browser_and_search_finds_delta_max(tools, tmp_path):
    """No error on the console, every picture loads; needs Sphinx, and Chromium for the second
    half."""
    pytest.importorskip("sphinx")
    assert tools["docs"].build(tmp_path) == []
    html = tmp_path / "html"
    names = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    told = walked(browser(), html, [*names, "search.html?q=delta_max"], tmp_path / "profile")
    assert {name: page["wrong"] for name, page in told.items() if page["wrong"]} == {}
    assert set(told) >= set(names) and all(page["title"] for page in told.values())
    found = told["search.html?q=delta_max"]["results"]
    assert any("reference/nsn-junction" in address for address in found), found


def walked(program, html, names, profile):
    """What a browser tells of the pages ``names`` of a site, by name."""
    (html / "walk.html").write_text(WALK.replace("PAGES", json.dumps(names)))
    told, arrived = {}, threading.Event()

    class Server(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def do_GET(self):
            path = Path(self.translate_path(self.path))
            if path.suffix != ".html" or not path.is_file():
                return super().do_GET()
            text = LISTEN * (path.name != "walk.html") + path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self):
            told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            arrived.set()

    handler = functools.partial(Server, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        program = [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        program += [f"--user-data-dir={profile}", "--remote-debugging-port=0"]
        address = f"http://127.0.0.1:{server.server_address[1]}/walk.html"
        with subprocess.Popen([*program, address], stderr=subprocess.DEVNULL) as process:
            try:
                assert arrived.wait(300), "the browser told nothing"
            finally:
                process.terminate()
                server.shutdown()
    return told
