"""Is a project file read as it says, its paths from where it lies, and what it can't hold refused with the line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit import FieldConfig
from searchkit.errors import ConfigError
from searchkit.project_file import FILE_NAME, TEMPLATE, nearest_file, read_project

WHOLE = """
places = ["articles", "/srv/more/*.jsonl", "https://example.org/feed.xml", "-"]
index = ["indexes/news", "port"]

[read]
title = "head.main"

[fields]
price = "number"
summary = { type = "text", stored = false }

[encoder]
name = "./models/own"
chunk_tokens = 128

[server]
port = 9000
tokens = "tokens.toml"
allow_hosts = ["search.example"]
timeout = 5
"""


def written(folder: Path, text: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_is_read_and_paths_count_from_the_file(tmp_path: Path) -> None:
    project = read_project(written(tmp_path, WHOLE))
    assert project.places == (str(tmp_path / "articles"), "/srv/more/*.jsonl", "https://example.org/feed.xml", "-")
    assert project.index == (tmp_path / "indexes" / "news", tmp_path / "port")
    assert project.read == {"title": "head.main"}
    assert project.fields == {"price": FieldConfig(type="number"), "summary": FieldConfig(type="text", stored=False)}
    assert (project.encoder.name, project.encoder.chunk_tokens) == (str(tmp_path / "models" / "own"), 128)
    assert (project.server.port, project.server.tokens) == (9000, str(tmp_path / "tokens.toml"))
    assert (project.server.allow_hosts, project.server.timeout) == (("search.example",), 5)
    assert project.named == ("places", "index", "read", "fields", "encoder", "server")


def test_a_file_that_says_nothing_leaves_everything_open(tmp_path: Path) -> None:
    project = read_project(written(tmp_path, "# nothing\n"))
    assert project.named == ()
    assert project.fields is None
    assert read_project(written(tmp_path, "[fields]\n")).fields == {}


def test_the_template_is_a_file_that_can_be_read_also_without_its_comment_signs(tmp_path: Path) -> None:
    text = TEMPLATE.format(place='"."', index='"indexes/news"')
    assert read_project(written(tmp_path, text)).named == ("places", "index")
    settings = [
        line.removeprefix("# ") if "=" in line or line.startswith("# [") else line for line in text.splitlines()
    ]
    project = read_project(written(tmp_path, "\n".join(settings)))
    assert project.named == ("places", "index", "read", "fields", "encoder", "server")


def test_the_nearest_file_upwards_holds(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    outer = written(tmp_path, "")
    assert nearest_file(below) == outer
    inner = written(tmp_path / "a", "")
    assert nearest_file(below) == inner


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\nplace = ['a']", 2, "'place' isn't known. Did you mean 'places'?"),
        ("places = 'a'", 1, "'places' can't be 'a'. Give a list of texts"),
        ("places = ['']", 1, "'places' has an empty text."),
        ("places = [1]", 1, "'places' can't be [1]."),
        ("index = 7", 1, "'index' can't be 7."),
        ("[server]\nhost = 'a'\n\nport = 'b'", 4, "[server] 'port' can't be 'b'. It takes a value of type int."),
        ("[server]\nworkers = true", 2, "[server] 'workers' can't be True."),
        ("[server]\nprot = 1", 2, "[server] 'prot' isn't known. Did you mean 'port'?"),
        ("[encoder]\nchunk_tokens = 3", 2, "chunk_tokens is 3. Give 16 or more"),
        ("[fields]\nname = 'keyword'\nprice = 'numbr'", 3, "The field 'price': A field can't be of type 'numbr'."),
        ("[fields]\n[fields.price]\ntype = 'number'\nfacets = 1", 2, "has no setting 'facets'. Did you mean 'facet'?"),
        ("[fields]\ntitle = 'text'", 2, "The field 'title' can't be declared"),
        ("fields = 3", 1, "'fields' is no table."),
        ("read = 3", 1, "'read' is no table."),
        ("server = 3", 1, "'server' is no table."),
        ("[read]\ntitle = 3", 2, "[read] 'title' can't be 3."),
        ("[surver]\nport = 3", 1, "'surver' isn't known. Did you mean 'server'?"),
        ("a = 1\nb = = 2", 2, "can't be read: Invalid value"),
    ],
)
def test_what_can_not_be_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        read_project(path)
    assert str(raised.value).startswith(f"{path}, line {line}")
    assert message in str(raised.value)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        read_project(tmp_path / FILE_NAME)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="can't be read"):
        read_project(tmp_path / FILE_NAME)
    (tmp_path / FILE_NAME).write_bytes(b"#" * (1 << 20) + b"#")
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        read_project(tmp_path / FILE_NAME)
    (tmp_path / FILE_NAME).write_text("a = " + "[" * 5000)
    with pytest.raises(ConfigError, match="can't be read"):
        read_project(tmp_path / FILE_NAME)
