"""Links of a built site: does every page, file and place that a page names exist?"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, and the places in it that may be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collect ids, names, href and src."""
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.places.add(value)
            if name in ("href", "src") and value:
                self.targets.append(value)


def broken(html: Path) -> list[str]:
    """One line for each link within the site that leads nowhere."""
    found = {
        path.resolve(): Page(path.read_text(encoding="utf-8")) for path in html.rglob("*.html")
    }
    lines = []
    for path, page in sorted(found.items()):
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            where = f"{path.relative_to(html.resolve())}: {target}"
            if not there.exists():
                lines.append(f"{where} leads to no file")
            elif parts.fragment and there in found:
                if unquote(parts.fragment) not in found[there].places:
                    lines.append(f"{where} leads to no place in its page")
    return lines
