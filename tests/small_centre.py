"""A small sound centre in files, for tests that edit it: a greeting, a menu, two ways out of it."""

from __future__ import annotations

from pathlib import Path

NUMBER = "80000"
FILES = {
    "centre.yaml": f'name: small\nlanguages: [en]\nnumbers: {{"{NUMBER}": main}}\n',
    "prompts/en.yaml": 'welcome: "Welcome."\nmenu: "Press 1."\ngoodbye: "Goodbye."\n',
    "main.yaml": """\
flow: main
start: greeting
nodes:
  greeting: {play: [welcome], next: ask}
  ask:
    menu: {prompt: menu, keys: {1: bye}}
    failed: end
  bye: {play: [goodbye], next: end}
  end: {hangup: {}}
""",
}


def write_small_centre(folder: Path) -> Path:
    """Its folder."""
    for name, text in FILES.items():
        path = folder / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "small"
