"""Does a message's remedy work, in the state in which it is given?"""

from __future__ import annotations

import ast
import errno
import io
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

import searchkit
from searchkit.cli.app import COMMANDS, command_line
from searchkit.cli.output.console import Screen, bars, tell
from searchkit.encoders.embedding_cache import SWITCH
from searchkit.errors import FormatTooOld, IndexNotFound, StorageError
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import OLDEST_FORMAT
from searchkit.index.paths import IndexPaths
from tests.cli.conftest import ARTICLES, Run
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

ROOT = Path(searchkit.__file__).parent
SHOWN = re.compile(r"'(searchkit [^']*)'|\"(searchkit [^\"]*)\"")


def shown_commands() -> list[str]:
    """Return every command that a text in the sources tells a user to type; what is filled in stands as X."""
    commands = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
                text = "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            commands += [one or other for one, other in SHOWN.findall(text)]
    return sorted(set(commands))


def test_every_command_that_a_message_names_exists_with_its_options() -> None:
    commands = get_command(command_line()).commands  # type: ignore[attr-defined]
    known = {name for name, *_ in COMMANDS}
    shown = shown_commands()
    assert len(shown) > 20
    for command in shown:
        name, *rest = command.split()[1:]
        if name.startswith("-"):
            assert name in {"--help", "--version"}, command
            continue
        if name == "X":
            continue
        assert name in known, command
        options = {spelling for one in commands[name].params for spelling in one.opts + one.secondary_opts}
        for option in (part.partition("=")[0].rstrip(".,;:") for part in rest if part.startswith("-")):
            assert option in options | {"--help"}, command


def hinted(text: str) -> list[str]:
    """Return the command that a hint names, without the program's name."""
    command = re.search(r"'(searchkit .*?)'(?= |$|\.)", " ".join(text.split()))
    assert command is not None, text
    return shlex.split(command[1])[1:]


@pytest.mark.parametrize("folder", ["news", "my news"])
def test_an_index_of_a_format_too_old_is_made_anew_by_the_command_that_is_named(run: Run, folder: str) -> None:
    Path("wire.jsonl").write_text("".join(json.dumps(one) + "\n" for one in ARTICLES), encoding="utf-8")
    index = f"indexes/{folder}"
    assert run("build", "wire.jsonl", "--index", index, "--quiet").code == 0
    manifest = IndexPaths(Path(index)).manifest(1)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": OLDEST_FORMAT - 1}))
    ran = run("search", "missiles", "--index", index)
    assert ran.code == FormatTooOld.exit_code
    assert run(*hinted(ran.err)).code == 0
    assert run("search", "missiles", "--index", index).code == 0


class Wrong(WordEncoder):
    """Says that it is the encoder of words, and gives the opposite vectors."""

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        return -super().encode_chunks(texts, progress)


def test_vectors_that_were_made_wrong_are_made_anew_also_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(SWITCH, "100MB")
    articles, encoder = [article(number) for number in range(9)], WordEncoder()
    searchkit.build(tmp_path / "index", articles, encoder=Wrong())
    faults = searchkit.verify(tmp_path / "index", deep=True, encoder=encoder).faults
    assert [fault.remedy for fault in faults] == [f"searchkit rebuild --index {tmp_path / 'index'} --encode-anew"]
    searchkit.rebuild(tmp_path / "index", encoder=encoder)
    assert searchkit.verify(tmp_path / "index", deep=True, encoder=encoder).faults
    assert searchkit.rebuild(tmp_path / "index", encoder=encoder, reuse=False).vectors_reused == 0
    assert not searchkit.verify(tmp_path / "index", deep=True, encoder=encoder).faults
    assert searchkit.build(tmp_path / "other", articles, encoder=encoder).vectors_encoded == 0
    assert not searchkit.verify(tmp_path / "other", deep=True, encoder=encoder).faults


UNWRITABLE = (errno.EFBIG, errno.ENOSPC, errno.EDQUOT, errno.EROFS)
HERONS = ("a.jsonl", "a.json", "a.csv", "a.txt", "a.md", "a.html")


@pytest.mark.parametrize("name", HERONS)
@pytest.mark.parametrize("number", UNWRITABLE, ids=errno.errorcode.get)
def test_a_file_that_cannot_be_written_while_articles_are_read_is_no_unreadable_article(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, name: str
) -> None:
    text = "The heron waits in the reeds until a fish comes near."
    contents = {
        "a.jsonl": json.dumps({"text": text}),
        "a.json": json.dumps([{"text": text}]),
        "a.csv": f"title,text\nHeron,{text}\n",
        "a.html": f"<html><body><p>{text}</p></body></html>",
    }
    Path("first.txt").write_text("The otter swims.")
    assert run("build", "first.txt", "--index", "wet", "--quiet").code == 0
    Path(name).write_text(contents.get(name, text))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("searchkit.ingest.rows.make_article", refuse)
    for command in (("add", name), ("build", name, "--index", "other"), ("update", name)):
        ran = run(*command, *(() if "--index" in command else ("--index", "wet")))
        assert ran.code == StorageError.exit_code
        assert os.strerror(number) in ran.err
        assert "TMPDIR" in ran.err


@pytest.mark.parametrize(
    "error", [OSError(errno.EFBIG, "File too large"), FileNotFoundError(errno.ENOENT, "No usable temporary directory")]
)
def test_languages_that_cannot_be_told_for_want_of_space_lose_no_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    from py3langid.langid import LanguageIdentifier

    from searchkit.ingest import language_detection

    def refuse(*_: object, **__: object) -> None:
        raise error

    language_detection._identifier.cache_clear()
    monkeypatch.setattr(LanguageIdentifier, "from_model_file", refuse)
    text = "Der Reiher wartet im Schilf, bis ein Fisch in die Nähe kommt."
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text}))
    for source in ({"places": [tmp_path / "a.jsonl"]}, {"articles": [{"text": text}]}):
        with pytest.raises(StorageError, match="temporary"):
            searchkit.build(tmp_path / "index", encoder=WordEncoder(), **source)  # type: ignore[arg-type]
        assert not (tmp_path / "index").exists()


def test_what_cannot_be_read_at_all_fails_where_it_is_added_as_where_it_is_built(run: Run) -> None:
    Path("good.txt").write_text("The otter swims.")
    for name, content in (("empty.txt", b""), ("broken.json", b"{"), ("zip.txt.gz", b"no gzip"), ("e.jsonl", b"")):
        Path(name).write_bytes(content)
        assert run("build", name, "--index", "none").code == 8
        if name == "empty.txt":
            assert run("build", "good.txt", "--index", "wet", "--quiet").code == 0
        ran = run("add", name, "--index", "wet")
        assert (ran.code, name in ran.err) == (8, True)
        ran = run("add", name, "good.txt", "--index", "wet")
        assert (ran.code, name in ran.err) == (0, True)
    Path("nothing").mkdir()
    assert run("add", "nothing", "--index", "wet").code == 0
    assert run("info", "--index", "wet", "--json").json()["generation"] == 1


@contextmanager
def another_user() -> Iterator[None]:
    """Be somebody who owns nothing: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["", "CURRENT", "generations", "segments/000001/postings.bin"])
def test_what_may_not_be_read_is_no_damage(tmp_path: Path, name: str) -> None:
    index = tmp_path / "index"
    built(index)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    encoder = WordEncoder()
    with searchkit.open(index, encoder=encoder) as searcher:  # what is imported lazily is there after this
        searcher.search("missiles")
    searchkit.verify(index)
    (index / name).chmod(0)
    try:
        with another_user(), pytest.raises(StorageError, match=r"may not be read: permission denied.*[Aa]sk its owner"):
            searchkit.open(index, encoder=encoder)
        with another_user():
            faults = searchkit.verify(index).faults
            assert faults
            assert all("permission denied" in fault.found and not fault.remedy for fault in faults)
        with another_user(), pytest.raises(StorageError):
            searchkit.rebuild(index, encoder=encoder)
    finally:
        (index / name).chmod(0o755)


def test_a_permission_error_from_anywhere_is_one_message(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/srv/secret")

    monkeypatch.setattr("searchkit.cli.commands.show.known_indexes", refused)
    ran = run("list")
    assert ran.code == StorageError.exit_code
    assert "/srv/secret may not be read or written" in ran.err


def test_an_index_that_is_being_built_is_told_with_its_builder(run: Run, tmp_path: Path) -> None:
    root = Path("indexes/news")
    root.mkdir(parents=True)
    with writer_lock(IndexPaths(root).lock, "build"):
        for arguments in (("--index", "news"), ()):
            ran = run("search", "missiles", *arguments)
            assert ran.code == IndexNotFound.exit_code
            told = " ".join(ran.err.split())
            assert f"yet: it is being made by process {os.getpid()} on " in told
            assert "since" in told
    assert "yet" not in run("search", "missiles", "--index", "news").err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_what_is_said_while_bars_are_drawn_stands_on_a_line_of_its_own() -> None:
    stream = Terminal()
    screen = Screen(err=stream, environment={"TERM": "xterm"})
    long = "Generation 1 can be searched by keyword: " + "/a/very/long/path" * 12
    with bars(screen) as progress:
        assert progress is not None
        progress("encode", 1, 10)
        screen.say(long)
        progress("encode", 2, 10)
        tell(screen, "It is told.")
    screen.say("It is done.")
    written = stream.getvalue()
    before, after = written.split(long)
    assert before.endswith("\x1b[2K"), "the bar is taken away before"
    assert "encode" in after, "and drawn anew below"
    assert written.endswith("It is done.\n")


@pytest.mark.parametrize("at_once", [True, False])
def test_ctrl_c_takes_back_what_is_typed_and_ends_on_an_empty_line(built: Path, at_once: bool) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "searchkit", "search", "-i", "--mode", "keyword", "--index", str(built)]
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        cwd=ROOT.parent,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one that a shell has in the background ignores it
    ) as process:
        os.close(theirs)
        interrupt = partial(process.send_signal, signal.SIGINT)
        read_until(ours, "search> ")
        if not at_once:
            os.write(ours, b"half a li")
            read_until(ours, "half a li")
            interrupt()
            read_until(ours, "search> ", interrupt)
            os.write(ours, b"Igla missiles\n")
            assert "wire-1" in read_until(ours, "search> ")
        interrupt()
        read_until(ours, "Interrupted", interrupt)
        assert process.wait(60) == 130
    os.close(ours)


def read_until(descriptor: int, text: str, again: Callable[[], None] | None = None) -> str:
    """Read from a terminal until it shows a text; do something ``again`` where it stays silent.

    A signal that comes between readline's look for signals and its wait for input is only noticed with the next.
    """
    seen, end = "", time.monotonic() + 120
    while text not in seen:
        assert time.monotonic() < end, f"{text!r} isn't in {seen!r}"
        if select.select([descriptor], [], [], 5)[0]:
            seen += os.read(descriptor, 4096).decode(errors="replace")
        elif again is not None:
            again()
    return seen
