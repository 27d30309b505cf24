"""What MkDocs must be told of this repository: its pages are in several folders, and were written for GitHub.

Each page keeps its path from the root, so links between pages hold here as they do there, and MkDocs checks them all.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from pymdownx.slugs import slugify

ROOT = Path(__file__).resolve().parent.parent
_PAGES = ("*.md", "docs/**/*.*", "deploy/*.md", "benchmarks/*.md", "alerts/runbooks/**/*.md", "LICENSE")
_SERVED = ("alerts/campaigns", "alerts/runbooks", "alerts/runbooks/campaigns")
"""Where links of runbooks lead that mean a page of the exporter, which serves them."""
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_ITEM = re.compile(r"(?:\d+\.|-) +")


def on_config(config: Any) -> None:
    """Anchors as GitHub makes them, and the runbooks in the navigation, which are too many to list."""
    config.mdx_configs["toc"] = {"slugify": slugify(case="lower"), "permalink": True}
    reference = next(each["Reference"] for each in config.nav if "Reference" in each)
    for title, folder in (("Runbooks of alerts", "alerts/runbooks"), ("Runbooks of codes", "alerts/runbooks/codes")):
        pages = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.md"))
        reference.append({title: pages})


def on_files(files: Files, config: Any) -> Files:
    """All pages and pictures at their paths from the root, instead of what MkDocs found in docs/."""
    found = sorted({path for pattern in _PAGES for path in ROOT.glob(pattern) if path.is_file()})
    ours = [File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)) for path in found]
    return Files([each for each in files if each.src_dir != config.docs_dir] + ours)


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """A page as MkDocs reads it: lists indented as it wants them, and links to what is no page of the site."""

    def linked(match: re.Match[str]) -> str:
        text, target, _ = match.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), target))
        if re.match(r"[a-z]+:", target) or files.get_file_from_path(path):
            return match[0]
        runbook = page.file.src_uri.startswith("alerts/runbooks/")
        if runbook and path in _SERVED:
            return text
        if not (ROOT / path).exists():
            return match[0]  # dead, which MkDocs will say
        return f"[{text}]({config.repo_url.rstrip('/')}/blob/HEAD/{path})" if config.repo_url else text

    lines = (line if fenced else _LINK.sub(linked, line) for line, fenced in _indented(markdown))
    return "\n".join(lines)


def _indented(markdown: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is code. GitHub needs no empty line before a list, and two spaces within an item."""
    width, fenced, before = 0, False, ""
    for line in markdown.split("\n"):
        inner = bool(width) and line.startswith(" " * width)
        if not fenced and line and not inner:
            item = _ITEM.match(line)
            if item and before and not width:
                yield "", False
            width = len(item[0]) if item else 0
        fence = line.lstrip().startswith("```")
        yield ("    " + line[width:] if inner else line), fenced or fence
        fenced ^= fence
        before = line
