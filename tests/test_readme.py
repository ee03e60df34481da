"""The front door says what is there: commands, settings, files and pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.ROOT)
README = (ROOT / "README.md").read_text()
MAP = README.split("## The map")[1].split("```")[1]


def test_the_two_commands_stand_in_the_first_screen() -> None:
    first_screen = README.splitlines()[:15]
    commands = [line.split("#")[0].strip() for line in first_screen if line.startswith("python3 ")]

    assert commands == ["python3 manage.py up", "python3 manage.py test"]


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"python3 manage\.py (\w+)", README)) - {"test"}  # manage.py's own

    assert named <= set(get_commands())


def test_every_picture_and_file_it_links_to_is_there() -> None:
    linked = re.findall(r"\]\((?!https?://)([^)#]+)\)", README)

    assert linked
    assert [path for path in linked if not (ROOT / path).is_file()] == []


def test_every_setting_that_is_read_is_explained() -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r'environment\.\w+\(\s*"([A-Z][A-Z_]+)"', source))

    assert len(read) > 20
    assert sorted(name for name in read if f"`{name}`" not in README) == []


@pytest.mark.parametrize("app", ["config", "maintenance", "notifications"])
def test_the_map_names_every_file(app: str) -> None:
    files = [
        path
        for path in (ROOT / app).rglob("*.py")
        if not {"migrations", "admin", "formats"} & set(path.parts)
        and path.stem not in {"__init__", "apps", "settings"}
    ]

    assert sorted(path.stem for path in files if not re.search(rf"\b{path.stem}\b", MAP)) == []


def test_the_map_names_nothing_that_is_gone() -> None:
    stems = {path.stem for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    folders = {path.name for path in ROOT.glob("*/*/") if path.is_dir()}
    named = {word for line in MAP.splitlines() for word in re.findall(r"^  (\w+)", line)}

    assert named - stems - folders == set()


def test_every_path_that_the_documents_name_is_there() -> None:
    """From the root, or from within an app."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    named = {
        path
        for document in documents
        for path in re.findall(
            r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|md|toml)|(?:[a-z_]+/){2,})`", document.read_text()
        )
    }
    roots = (ROOT, ROOT / "maintenance", ROOT / "notifications")

    assert named
    assert sorted(path for path in named if not any((root / path).exists() for root in roots)) == []
