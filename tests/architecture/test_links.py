"""Every link between the pages leads somewhere: to a file of the repository, and to a heading that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BANK = ROOT / "flows" / "sample-bank"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", BANK / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(page: Path) -> Iterator[str]:
    """Where the page's relative links lead, code left out."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return (target for target in LINK.findall(text) if "://" not in target)


def anchors(page: Path) -> set[str]:
    """The headings of a page as code hosts name them: lower case, no punctuation, hyphens for spaces."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dangling(page: Path) -> Iterator[str]:
    for target in links(page):
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert list(dangling(page)) == []


def test_the_readme_leads_to_every_page() -> None:
    listed = {(ROOT / target).resolve() for target in links(ROOT / "README.md")}
    assert [page.name for page in sorted(DOCS.glob("*.md")) if page.resolve() not in listed] == []


def test_the_page_of_the_sample_bank_leads_to_every_flow_and_every_file_of_tests() -> None:
    listed = {(BANK / target).resolve() for target in links(BANK / "README.md")}
    others = {"centre.yaml", "agents.yaml", "norms.yaml"}
    files = [*(path for path in BANK.glob("*.yaml") if path.name not in others), *(BANK / "tests").glob("*.yaml")]
    assert [path.name for path in sorted(files) if path.resolve() not in listed] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n\n[a](#one) [b](#two) [c](gone.md) [`d`](gone.md#x) `[e](gone.md)` [f](https://example.com)\n")
    assert list(dangling(page)) == ["#two", "gone.md", "gone.md#x"]
