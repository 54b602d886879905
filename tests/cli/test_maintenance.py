"""The commands that change an index and care for it, from its building to its restoring."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from searchkit.cli.commands import doctor
from tests.cli.conftest import ARTICLES, Run


@pytest.fixture
def news(run: Run) -> Path:
    """Build an index of a place of its own, which tests change."""
    write(*ARTICLES)
    assert run("build", "wire.jsonl", "--index", "news", "--quiet").code == 0
    return Path("indexes/news")


def write(*articles: dict[str, object]) -> None:
    Path("wire.jsonl").write_text("".join(json.dumps(one) + "\n" for one in articles), encoding="utf-8")


def test_update_adds_changes_counts_and_prunes(run: Run, news: Path) -> None:
    write(ARTICLES[0], ARTICLES[1] | {"title": "Warsaw buys"}, ARTICLES[2], {"_id": "wire-5", "text": "New trams."})
    done = run("update", "--json").json()
    assert [done[name] for name in ("new", "changed", "unchanged", "vanished", "deleted")] == [1, 1, 2, 1, 0]
    assert "What has vanished (1 article) stays in the index; --prune deletes it." in run("update").err
    told = run("update", "--prune").err
    assert "Removing 1 of 5 articles: they have vanished from their places." in told
    assert "1 deleted" in told
    assert run("show", "wire-4").code == 1
    assert run("update", "--prune", "--quiet").err == f"Using {news}, the only index here.\n"


def test_pruning_most_of_an_index_needs_a_yes(run: Run, news: Path) -> None:
    write(ARTICLES[0])
    ran = run("update", "--prune", "--index", news)
    assert ran.code == 2
    assert "3 of 4 articles have vanished" in ran.err
    assert run("update", "--prune", "--yes", "--index", news).code == 0
    assert run("info", "--index", news, "--json").json()["articles"] == 1
    assert run("update", "--yes", "--index", news).code == 2


def test_delete_takes_articles_out_and_names_ids_that_are_not_there(run: Run, news: Path) -> None:
    ran = run("delete", "wire-1", "wire-9", "--index", news)
    assert ran.code == 0
    assert "wire-9: no article has this id" in ran.err
    assert "wire.jsonl" in ran.err, "where it would come from again"
    assert run("search", "missiles", "--mode", "keyword", "--index", news).code == 1
    assert run("delete", "wire-1", "--index", news).code == 1
    assert run("delete", "--index", news).code == 2


def test_an_index_is_compacted_collected_and_brought_back(run: Run, news: Path) -> None:
    run("delete", "wire-1", "--index", news)
    about = run("info", "--index", news).out
    assert "history  2: 3 articles" in about
    assert "1: 4 articles" in about
    back = run("rollback", "--index", news)
    assert "generation 3, brings back generation 1: 4 articles" in back.err
    assert run("rollback", "2", "--index", news, "--json").json()["restored"] == 2
    assert run("rollback", "9", "--index", news).code == 2
    assert run("compact", "--index", news).code == 0
    told = run("gc", "--keep", "1", "--index", news).err
    assert "4 generations removed" in told
    assert [one["number"] for one in run("info", "--index", news, "--json").json()["history"]] == [5]
    assert run("gc", "--keep", "0", "--index", news).code == 2
    assert run("gc", "--index", news, "--json").json() == {"removed": [], "held": [], "bytes": 0}


def test_verify_names_the_damaged_file_and_the_command_that_mends_it(run: Run, news: Path) -> None:
    assert "whole" in run("verify", "--index", news).err
    assert run("verify", "--deep", "--index", news, "--json").json()["faults"] == []
    path = news / "segments" / "000001" / "postings.bin"
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    ran = run("verify", "--deep", "--index", news)
    assert ran.code == 5
    assert f"{path} was altered" in ran.err
    assert f"Run 'searchkit rebuild --index {news}' to mend it." in ran.err
    assert run("rebuild", "--index", news).code == 0
    assert run("verify", "--deep", "--index", news).code == 0


def test_a_backup_is_made_and_restored(run: Run, news: Path) -> None:
    assert "a copy of indexes/news: 4 articles" in run("backup", "copies/news", "--index", news).err
    assert run("backup", "copies/news", "--index", news).code == 2
    run("delete", "wire-1", "--index", news)
    assert "generation 3, restored from copies/news" in run("restore", "copies/news", "--index", news).err
    assert run("show", "wire-1", "--index", news).code == 0
    assert run("restore", "copies/news", "--index", "other", "--json").json()["generation"] == 1
    assert run("restore", "copies/none", "--index", "third").code == 3


def test_doctor_finds_this_installation_fit(run: Run, news: Path) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert "BAD" not in ran.out
    assert "all-MiniLM-L6-v2, 384 dimensions" in ran.out
    assert {check["name"] for check in run("doctor", "--json").json()} >= {"python", "sqlite", "locks", str(news)}


DOCTOR = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None
from searchkit.cli import main
sys.exit(main(["doctor", "--json"]))
"""


UNREAD = [
    {"web pages": ("lxml.html.clean", "pip install --force-reinstall --no-deps lxml")},
    {
        "Markdown": ("markdown_it", "pip install --force-reinstall --no-deps markdown-it-py"),
        "Zstandard": ("zstandard", "pip install --force-reinstall --no-deps zstandard"),
        "another encoding": ("charset_normalizer", "pip install --force-reinstall --no-deps charset-normalizer"),
        "JSON": ("dateparser.date", "pip install --force-reinstall --no-deps dateparser"),
    },
]
"""The module that a format needs, and the remedy without. Pages need what encodings need, so they stand apart."""


def checks_without(missing: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """Run doctor as a program in whose Python some modules are missing; return its checks."""
    arguments = [sys.executable, "-c", DOCTOR, *missing]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 7
    assert "Traceback" not in done.stderr
    checks: list[dict[str, Any]] = json.loads(done.stdout)
    return checks


@pytest.mark.parametrize("formats", UNREAD, ids=" and ".join)
def test_doctor_reads_every_format_and_names_what_lacks(tmp_path: Path, formats: dict[str, tuple[str, str]]) -> None:
    checks = {check["name"]: check for check in checks_without([module for module, _ in formats.values()], tmp_path)}
    for name, (_, command) in formats.items():
        assert not checks[name]["good"]
        assert command in checks[name]["remedy"]
    assert f"of {len(doctor.FORMATS)} are read" in checks["formats"]["found"]


NEEDED = [
    {
        "rich": "pip install --force-reinstall --no-deps rich",
        "Stemmer": "pip install --force-reinstall --no-deps PyStemmer",
        "whoosh": "pip install --force-reinstall --no-deps Whoosh-Reloaded",
        "babel": "pip install --force-reinstall --no-deps babel",
    },
    {"numpy": "pip install --force-reinstall --no-deps numpy"},
    {
        "onnxruntime": "pip install --force-reinstall --no-deps onnxruntime",
        "faiss": "pip install --force-reinstall --no-deps faiss-cpu",
    },
    {
        "sqlite3": "Install a Python that has its module 'sqlite3'",
        "fcntl": "Install a Python that has its module 'fcntl'",
    },
]
"""The remedy of each module that every command needs; those of one group may be missing at once."""


@pytest.mark.parametrize("remedies", NEEDED, ids="+".join)
def test_doctor_looks_for_what_every_command_needs(tmp_path: Path, remedies: dict[str, str]) -> None:
    checks = checks_without(list(remedies), tmp_path)
    for module, remedy in remedies.items():
        (check,) = [check for check in checks if check["name"].split(".")[0] == module]
        assert not check["good"]
        assert remedy.casefold() in check["remedy"].casefold()
    assert {"python", "packages", "locks", "vector cache"} <= {check["name"] for check in checks}


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        ("typer", "doctor"),
        ("typer", "search"),
        ("rich", "build"),
        ("numpy", "build"),
        ("sqlite3", "build"),
        ("fcntl", "build"),
        ("Stemmer", "build"),
        ("onnxruntime", "build"),
        ("tokenizers", "build"),
    ],
)
def test_a_command_without_a_module_says_what_installs_it(tmp_path: Path, missing: str, command: str) -> None:
    (tmp_path / "a.txt").write_text("The otters were swimming in the cold river before the winter came.")
    rest = {"build": ["a.txt", "--index", "wet"], "search": ["otter", "--index", "wet"]}.get(command, [])
    code = DOCTOR.replace('["doctor", "--json"]', repr([command, *rest]))
    arguments = [sys.executable, "-c", code, missing]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 7
    assert "Traceback" not in done.stderr
    assert "installation isn't whole" in done.stderr
    assert missing.casefold() in done.stderr.casefold().partition("install")[2]
    assert "Delete" not in done.stderr


def test_doctor_tells_what_a_light_installation_lacks_and_is_content(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_missing", list)
    ran = run("doctor")
    assert ran.code == 0
    assert "torch" in ran.out
    assert "other encoders and cross-encoders need it" in ran.out
    assert "pip install sentence-transformers" in ran.out


def test_a_package_that_cannot_be_imported_is_told_once_and_nothing_is_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pages").mkdir()
    for number in range(3):
        Path(f"pages/{number}.html").write_text("<html><body><p>The otter swims.</p></body></html>")
    monkeypatch.setattr("searchkit.ingest.formats.html.parse_page", _broken_page)
    ran = run("build", "pages", "--index", "broken")
    assert ran.code == 7
    assert ran.err.count("lxml.html.clean module is now a separate project") == 1
    assert "searchkit doctor" in ran.err
    assert not Path("indexes/broken").exists()


def _broken_page(source: str) -> None:
    raise ImportError("lxml.html.clean module is now a separate project lxml_html_clean.")


def test_doctor_says_what_to_type_where_something_is_missing(
    run: Run, news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (news / "CURRENT").unlink()
    monkeypatch.setattr(doctor, "OLDEST_SQLITE", (99, 0, 0))
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(
        doctor, "requires", lambda _: ["nowhere-to-be-found>=2", "numpy", "rich>=999", "x; extra == 'dev'"]
    )
    ran = run("doctor")
    assert ran.code == 7
    assert ran.out.count("BAD") == 4
    assert "pip install 'nowhere-to-be-found>=2' 'rich>=999'" in ran.out
    assert "1 of 3 are there" in ran.out
    assert "searchkit rollback --index indexes/news" in " ".join(ran.out.split())


def test_a_copy_needs_a_folder_of_its_own(run: Run, built: Path, tmp_path: Path) -> None:
    nowhere = run("backup", "", "--index", built)
    assert (nowhere.code, nowhere.err.splitlines()[0]) == (2, "searchkit: Where should the copy go?")
    assert "searchkit backup FOLDER" in nowhere.err
    before = sorted(built.rglob("*"))
    inside = run("backup", built / "copies" / "today", "--index", built)
    assert (inside.code, sorted(built.rglob("*"))) == (2, before)
    assert f"lies inside {built}" in inside.err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine", encoding="utf-8")
    other = run("backup", tmp_path / "other", "--index", built)
    assert other.code == 2
    assert "--index" not in other.err
    assert "that isn't there yet" in other.err
    same = run("backup", built, "--index", built)
    assert (same.code, "restore" in same.err) == (2, False)


def test_a_backup_is_not_restored_into_itself(run: Run, built: Path) -> None:
    before = sorted(built.rglob("*"))
    ran = run("restore", built, "--index", built / "restored")
    assert (ran.code, sorted(built.rglob("*"))) == (2, before)
    assert f"lies inside {built}" in ran.err
