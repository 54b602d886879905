"""What the tests of the command line share: a way to run commands, and an archive that they search."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from searchkit.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left: its exit code and both streams."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read standard output."""
        return json.loads(self.out)


Run = Callable[..., Ran]


ARTICLES: tuple[dict[str, Any], ...] = (
    {
        "_id": "wire-1",
        "title": "Moscow ready to back Caracas",
        "text": "Maduro said that 5,000 Igla-S missiles guard Venezuela.\n\nRussia sent the air defence systems.",
        "source": "Harbor Ledger",
        "published": "2025-11-04",
        "language": "en",
        "url": "https://harbor.example/1",
        "tags": ["arms", "venezuela"],
        "authors": ["Ines Calloway"],
        "desk": "world",
    },
    {
        "_id": "wire-2",
        "title": "Poland buys Patriot batteries",
        "text": "Warsaw will defend its eastern border with new batteries. The air defence order is large.",
        "source": "Harbor Ledger",
        "published": "2025-06-01T10:30:00Z",
        "language": "en",
        "tags": ["arms"],
        "desk": "world",
    },
    {
        "_id": "wire-3",
        "title": "La cosecha de arroz",
        "text": "Los campesinos del delta esperan una mala cosecha de arroz este año.",
        "source": "El Correo",
        "published": "2024-03-02",
        "language": "es",
        "desk": "economy",
    },
    {
        "_id": "wire-4",
        "title": "[bold]Brahms[/] \u001b[31mat Harlow\u001b[0m",
        "text": "The orchestra of Harlow played Brahms before a full house. \u001b]0;stolen title\u0007",
        "source": "Harbor Ledger",
        "published": "2025-01-20",
        "language": "en",
        "desk": "culture",
    },
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder, at 80 columns, without settings from outside."""
    for name in ("SEARCHKIT_INDEX", "NO_COLOR", "FORCE_COLOR", "SEARCHKIT_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Ran(code=code, out=written.out, err=written.err)

    return run_command


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a few articles as JSONL."""
    path = tmp_path_factory.mktemp("corpus") / "wire.jsonl"
    path.write_text("".join(json.dumps(article) + "\n" for article in ARTICLES), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def built(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an index of them with the default encoder, as a user would. Tests only read it."""
    folder = tmp_path_factory.mktemp("built") / "indexes" / "wire"
    assert main(["build", str(corpus), "--index", str(folder), "--quiet"]) == 0
    return folder
