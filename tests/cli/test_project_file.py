"""After 'searchkit init', is every command to be typed alone, and what is typed before what the file says?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from searchkit.cli.commands import doctor
from searchkit.cli.project_defaults import without_config
from searchkit.errors import ConfigError
from searchkit.server import launch, mcp_server
from searchkit.server.server_settings import ServerSettings
from tests.cli.conftest import Run

ARTICLES = [
    {"id": "a", "title": "Lamp", "text": "A brass lamp.", "price": "12", "summary": "Radar watch"},
    {"id": "b", "title": "Port", "text": "Ferries leave.", "price": "cheap"},
]
FIELDS = '\n[fields]\nprice = "number"\nsummary = "text"\n'


@pytest.fixture
def project(tmp_path: Path, run: Run) -> Path:
    """Make a folder of articles with the file that 'init' writes, fields declared in it."""
    (tmp_path / "articles").mkdir()
    lines = "".join(json.dumps(article) + "\n" for article in ARTICLES)
    (tmp_path / "articles" / "all.jsonl").write_text(lines, encoding="utf-8")
    assert run("init").code == 0
    path = tmp_path / "searchkit.toml"
    path.write_text(path.read_text(encoding="utf-8") + FIELDS, encoding="utf-8")
    return tmp_path


@contextmanager
def declared(project: Path, fields: str) -> Iterator[None]:
    path = project / "searchkit.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace(FIELDS, fields), encoding="utf-8")
    yield
    path.write_text(before, encoding="utf-8")


def test_commands_need_no_options(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    built = run("build")
    assert built.code == 0
    assert "b: the field 'price' is 'cheap', which is no number" in built.err
    below = project / "articles" / "deep"
    below.mkdir()
    monkeypatch.chdir(below)
    answer = run("search", "summary:radar", "--mode", "keyword", "--json")
    assert [each["article"]["id"] for each in answer.json()["results"]] == ["a"]
    assert answer.json()["results"][0]["article"]["fields"]["price"] == 12
    info = run("info")
    assert "price: number, counted, sorted by" in info.out
    assert "summary: text, searched" in info.out
    assert f"Taken from {project / 'searchkit.toml'} (places, index, fields)." in info.err
    assert run("info", "--json").json()["config_file"].startswith(str(project))
    assert run("list", project / "indexes").code == 0
    (project / "articles" / "new.txt").write_text("A new thing.\n\nIt came today.")
    assert "1 new" in run("update").err
    (project / "articles" / "newer.txt").write_text("A newer thing.\n\nIt came today.")
    assert "1 new" in run("watch", "--once").err
    assert run("show", "newer").code == 0
    assert run("rebuild", "--quiet").code == 0
    assert run("verify").code == 0


def test_other_fields_in_the_file_ask_for_a_rebuild_which_applies_them(project: Path, run: Run) -> None:
    assert run("build", "--quiet").code == 0
    with declared(project, '\n[fields]\nprice = "keyword"\n'):
        for command in ("update", "watch"):
            refused = run(command, *(["--once"] if command == "watch" else []))
            assert refused.code == 2
            assert "'price', 'summary' are declared otherwise" in refused.err
            assert "searchkit rebuild" in refused.err
        assert run("rebuild", "--quiet").code == 0
        assert run("info", "--json").json()["config"]["fields"]["price"] == {"type": "keyword", "stored": True}


def test_serve_and_mcp_take_indexes_and_server_from_the_file(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("build", "--quiet").code == 0
    path = project / "searchkit.toml"
    path.write_text(path.read_text(encoding="utf-8") + '[server]\nport = 9123\nallow_hosts = ["search.example"]\n')
    served: list[ServerSettings] = []
    monkeypatch.setattr(launch, "run", lambda settings, say: served.append(settings))
    assert run("serve").code == 0
    assert run("serve", "--port", "9124").code == 0
    name = project.name
    assert [(settings.port, settings.hosts, list(settings.indexes)) for settings in served] == [
        (9123, ("search.example",), [f"{name}"]),
        (9124, ("search.example",), [f"{name}"]),
    ]
    opened: list[Any] = []
    monkeypatch.setattr(mcp_server, "run_stdio", opened.append)
    assert run("mcp").code == 0
    assert [path.resolve() for path in opened[0].values()] == [project / "indexes" / name]


def test_what_is_typed_goes_before_the_file(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    other = project / "other"
    assert run("build", "articles", "--index", other, "--quiet").code == 0
    assert "fields" not in run("info", "--index", other, "--json").json()["config"]  # another index isn't the file's
    assert run("info", "--index", other, "--json").json()["config_file"] == ""
    assert run("build", "--quiet").code == 0
    monkeypatch.setenv("SEARCHKIT_INDEX", str(other))
    assert run("info", "--json").json()["path"] == str(other)


def test_config_names_another_file_and_a_broken_one_stops_all_but_what_mends_it(project: Path, run: Run) -> None:
    (project / "own.toml").write_text('places = ["articles/all.jsonl"]\nindex = "own"\n')
    assert run("--config", "own.toml", "build", "--quiet").code == 0
    assert run("info", "--config=own.toml", "--json").json()["path"].endswith("own")
    assert run("info", "--config", "absent.toml").code == 2
    (project / "searchkit.toml").write_text("indx = 3\n")
    broken = run("search", "radar")
    assert broken.code == 2
    assert "searchkit.toml, line 1: 'indx' isn't known." in broken.err
    assert "Did you mean 'index'?" in broken.err
    (check,) = doctor._project()
    assert (check.good, "line 1: 'indx' isn't known." in check.found) == (False, True)
    assert run("search", "--help").code == 0
    assert run("init", "--force").code == 0
    assert run("info").code == 3  # nothing was built there


def test_feeds_among_the_places_are_for_watch_alone(project: Path, run: Run) -> None:
    path = project / "searchkit.toml"
    text = path.read_text(encoding="utf-8").replace('["articles"]', '["articles", "https://feeds.example/a.xml"]')
    path.write_text(text, encoding="utf-8")
    assert run("build", "--quiet").code == 0
    assert run("info", "--json").json()["places"] == [str(project / "articles")]


def test_a_file_without_an_index_is_of_any(tmp_path: Path, run: Run) -> None:
    (tmp_path / "one.txt").write_text("A radar.\n\nIt watches the port.")
    (tmp_path / "searchkit.toml").write_text('places = ["one.txt"]\n[fields]\nprice = "number"\n')
    assert run("build", "--index", "indexes/mine", "--quiet").code == 0
    assert "fields" in run("info", "--json").json()["config"]


def test_init_overwrites_nothing_and_names_what_is_there(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "my news!"
    folder.mkdir()
    assert run("init", folder).code == 0
    text = (folder / "searchkit.toml").read_text(encoding="utf-8")
    assert 'places = ["."]' in text
    assert 'index = "indexes/my-news"' in text
    (folder / "searchkit.toml").write_text("# mine\n")
    refused = run("init", folder)
    assert refused.code == 2
    assert "is there already" in refused.err
    assert "--force" in refused.err
    assert (folder / "searchkit.toml").read_text(encoding="utf-8") == "# mine\n"
    assert run("init", folder, "--force", "--quiet").code == 0
    assert run("init", tmp_path / "absent").code == 2


def test_an_index_below_its_places_is_no_article(tmp_path: Path, run: Run) -> None:
    (tmp_path / "one.txt").write_text("A radar.\n\nIt watches the port.")
    assert run("init").code == 0
    first = run("build")
    assert first.code == 0
    assert "1 new" in first.err
    assert "problem" not in first.err
    assert "1 unchanged" in run("update").err


def test_the_option_is_taken_out_wherever_it_stands_but_behind_two_dashes() -> None:
    assert without_config(["search", "--config", "a", "x"]) == (["search", "x"], "a")
    assert without_config(["--config=a", "search"]) == (["search"], "a")
    assert without_config(["search", "--", "--config", "a"]) == (["search", "--", "--config", "a"], None)
    for words in (["search", "--config"], ["search", "--config="]):
        with pytest.raises(ConfigError, match="names no file"):
            without_config(words)


def test_an_index_may_be_on_a_cluster(project: Path, run: Run) -> None:
    pytest.importorskip("opensearchpy")
    address = "opensearch://127.0.0.1:1/news"
    typed = run("search", "radar", "--index", address)
    assert (typed.code, "127.0.0.1:1 can't be reached" in typed.err) == (9, True)
    path = project / "searchkit.toml"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("index = ")]
    path.write_text("\n".join([f"index = {json.dumps(address)}", *lines]), encoding="utf-8")
    for command in (("search", "radar"), ("info",)):
        done = run(*command)
        assert (done.code, "127.0.0.1:1 can't be reached" in done.err) == (9, True), done.err
    assert "Declared fields don't work over OpenSearch yet." in run("build").err
    assert not (project / "opensearch:").exists()


def test_a_file_of_several_indexes_is_asked_which_one_is_to_be_changed(project: Path, run: Run) -> None:
    path = project / "searchkit.toml"
    path.write_text('places = ["articles"]\nindex = ["indexes/a", "indexes/b"]\n')
    for command in ("build", "update"):
        refused = run(command)
        assert refused.code == 2
        assert f"names 2 indexes, and '{command}' works on one." in refused.err
        assert "Name it: --index ./indexes/a" in refused.err
    assert run("build", "--index", "a", "--quiet").code == 0
    assert run("build", "--index", "b", "--quiet").code == 0
    assert run("search", "lamp", "--mode", "keyword").code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"index = 5\n", """line 1: 'index' can't be 5. Give a text, index = "indexes/news", or a list:"""),
        (
            b"\x93\x00\xff",
            "searchkit.toml can't be read: it is no text in UTF-8. Make it anew: 'searchkit init --force'.",
        ),
    ],
)
def test_what_a_file_can_not_hold_is_told_in_words(tmp_path: Path, run: Run, content: bytes, message: str) -> None:
    (tmp_path / "searchkit.toml").write_bytes(content)
    refused = run("info")
    assert refused.code == 2
    assert message in " ".join(refused.err.split())


def test_messages_name_no_index_where_the_file_does(project: Path, run: Run) -> None:
    built = run("build")
    assert 'Ask it:  searchkit search "…"\n' in built.err
    again = run("build")
    assert "Run 'searchkit rebuild' to make its next generation" in again.err
    with declared(project, '\n[fields]\nprice = "keyword"\n'):
        assert "Run 'searchkit rebuild' with the new fields" in run("update").err
    other = run("build", "articles", "--index", "other")
    assert 'searchkit search "…" --index indexes/other' in other.err
    assert "Run 'searchkit rebuild --index indexes/other'" in run("build", "articles", "--index", "other").err
    refused = run("build", "--index", "third")
    assert f"{project / 'searchkit.toml'} holds for another index. Name files or folders" in " ".join(
        refused.err.split()
    )


def test_init_writes_the_letters_of_a_folder_as_they_are(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "ünïcode"
    folder.mkdir()
    assert run("init", folder).code == 0
    assert 'index = "indexes/ünïcode"' in (folder / "searchkit.toml").read_text(encoding="utf-8")
