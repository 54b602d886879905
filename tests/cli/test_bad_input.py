"""Each gives its documented exit code and one helpful message, never a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from searchkit.cli import runner as running
from tests.cli.conftest import Run

SYNTAX = (
    *('"', '"air defence', "(", ")", "((missiles)", "AND", "OR", "NOT", "AND AND", "missiles AND", "OR missiles"),
    *(
        "NOT NOT missiles",
        "title:",
        ":missiles",
        "title::missiles",
        "nofield:missiles",
        "title:(",
        "*",
        "?",
        "**",
        "*a",
    ),
    *("missiles~", "missiles~9", "~", "~2", "missiles^", "missiles^x", "^2", "[", "]", "[a TO", "[TO b]", "{a TO b}"),
    *("date:[", "date:[2025 TO", "date:[x TO y]", "published:[2025-13-45 TO]", "+", "-", "+-", "&&", "||", "!", "\\"),
    *("missiles\\", "'", "''", "a'b", "<>", "<a TO b>", "title:[a TO b", '"a b"~x', '"a b"~', "@", "#", "%", "&"),
)


def helpful(err: str) -> None:
    """Hold that there is one message: what happened, and in the next line what to do."""
    messages = [line for line in err.splitlines() if line.startswith("searchkit: ")]
    assert len(messages) == 1, err
    assert "Traceback" not in err
    assert "internal error" not in err
    assert err.splitlines()[-1].startswith("  ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("serch", "x"), 2),
        (("search",), 2),
        (("search", "x", "--frmat", "json"), 2),
        (("search", "x", "--format", "xml"), 2),
        (("search", "x", "--mode", "magic"), 2),
        (("search", "x", "-k", "0"), 2),
        (("search", "x", "-k", "-5"), 2),
        (("search", "x", "-k", "many"), 2),
        (("search", "x", "--json", "--format", "csv"), 2),
        (("search", "x", "--explain", "--format", "md"), 2),
        (("search", "x", "--where", "desk"), 2),
        (("search", "-x"), 2),
        (("search", "x", "--index", "nowhere"), 3),
        (("search", "x"), 3),
        (("info", "--index", "nowhere"), 3),
        (("show", "x", "--index", "nowhere"), 3),
        (("show",), 2),
        (("add", "x", "--index", "nowhere"), 3),
        (("rebuild", "--index", "nowhere"), 3),
        (("list",), 1),
        (("list", "nowhere"), 2),
        (("build",), 2),
        (("build", "x"), 2),
        (("build", "--index", "new"), 2),
        (("build", "nothing-here", "--index", "new"), 8),
        (("build", "empty", "--index", "new"), 8),
        (("build", "images", "--index", "new"), 8),
        (("build", "images/*.txt", "--index", "new"), 8),
        (("build", "images", "--index", "new", "--field", "title"), 2),
        (("build", "images", "--index", "new", "--chunk-tokens", "3"), 2),
        (("build", "images", "--index", "new", "--encoder", "no/such-model"), 7),
        (("build", "images", "--index", "./images"), 2),
    ],
)
def test_wrong_usage_is_told(run: Run, arguments: tuple[str, ...], code: int) -> None:
    Path("empty").mkdir()
    Path("images").mkdir()
    Path("images/a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    Path("images/b.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4)
    ran = run(*arguments)
    assert ran.code == code
    if arguments:
        helpful(ran.err)
        assert ran.out == ""
    assert not Path("new").exists()
    assert not Path("indexes/new").exists()


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
@pytest.mark.parametrize(
    "query",
    [
        "the of and",
        "?!…,;:.",
        "🚀🛰️ 👩‍👩‍👧‍👦",
        "الدفاع الجوي في فنزويلا",
        "הגנה אווירית",
        "null \x00 byte",
        "\ud83d",
        "e\u0301" * 50,
        "word " * 10_000,
        "a" * 20_000,
        *SYNTAX,
    ],
    ids=lambda query: ascii(query)[:24],
)
def test_any_query_is_answered_or_its_fault_told(run: Run, built: Path, query: str, mode: str) -> None:
    ran = run("search", "--index", built, "--mode", mode, "--json", "--", query)
    assert ran.code in {0, 1, 2}
    if ran.code == 2:
        helpful(ran.err)
    else:
        assert (len(ran.json()["results"]) > 0) == (ran.code == 0)
        assert ran.err == ""


@pytest.mark.parametrize("query", ["", "   ", "\t\n"])
def test_an_empty_query_is_wrong_usage(run: Run, built: Path, query: str) -> None:
    ran = run("search", query, "--index", built)
    assert ran.code == 2
    helpful(ran.err)


@pytest.mark.parametrize(
    "options", [("--since", "the day before never"), ("--until", "2025-99"), ("--facet", "nosuchfield")]
)
def test_a_filter_that_can_not_be_understood_is_told(run: Run, built: Path, options: tuple[str, ...]) -> None:
    ran = run("search", "missiles", "--index", built, *options)
    assert ran.code == 2
    helpful(ran.err)


def test_the_nearest_index_is_named(run: Run, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built.parent.parent)
    assert "Did you mean --index indexes/wire?" in run("info", "--index", "wires").err
    shutil.copytree("indexes/wire", "indexes/other")
    try:
        ran = run("info")
        assert ran.code == 2
        assert "indexes/other, indexes/wire" in ran.err
    finally:
        shutil.rmtree("indexes/other")


def test_an_index_is_never_built_over(run: Run, built: Path, corpus: Path) -> None:
    ran = run("build", corpus, "--index", built)
    assert ran.code == 2
    assert f"rebuild --index {built}" in ran.err
    helpful(ran.err)


def files(index: Path) -> list[str]:
    return sorted(str(path.relative_to(index)) for path in index.rglob("*") if path.is_file() and path.name != "LOCK")


@pytest.mark.parametrize("harm", ["removed", "emptied", "cut"])
def test_a_damaged_file_is_named_with_the_remedy(run: Run, built: Path, harm: str) -> None:
    for name in files(built):
        copy = Path("copy")
        shutil.copytree(built, copy)
        target = copy / name
        if harm == "removed":
            target.unlink()
        else:
            target.write_bytes(target.read_bytes()[: 0 if harm == "emptied" else target.stat().st_size // 2])
        ran = run("search", "missiles", "--index", "./copy")
        # Half of "000001" is still a number: of a generation that isn't there.
        assert ran.code == 5, f"{name} {harm}: {ran.err}"
        helpful(ran.err)
        assert "rebuild" in ran.err or "searchkit" in ran.err.splitlines()[-1]
        assert run("list", ".").code == 0, "one damaged index doesn't hide the others"
        shutil.rmtree(copy)


def test_strict_stops_at_the_first_article_that_can_not_be_read(run: Run) -> None:
    Path("half.jsonl").write_text('{"_id": "1", "text": "Trams."}\n{broken\n')
    ran = run("build", "half.jsonl", "--index", "half", "--strict")
    assert ran.code == 8
    assert "half.jsonl, line 2" in ran.err
    assert not Path("indexes/half").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_place_is_told(run: Run, corpus: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        ran = run("build", corpus, "--index", "sub/new")
    finally:
        tmp_path.chmod(0o700)
    assert ran.code == 5
    helpful(ran.err)


def test_a_place_where_nothing_can_be_written_is_told(run: Run, corpus: Path) -> None:
    ran = run("build", corpus, "--index", "/proc/searchkit/new")
    assert ran.code == 5
    helpful(ran.err)


def test_a_fault_of_our_own_is_one_line_and_a_traceback_only_on_demand(
    run: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a gear\nis missing")

    monkeypatch.setattr("searchkit.search.searcher.open_index", broken)
    ran = run("search", "missiles", "--index", built)
    assert ran.code == running.INTERNAL == 70
    assert "internal error: RuntimeError: a gear is missing" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("SEARCHKIT_DEBUG", "1")
    assert "Traceback" in run("search", "missiles", "--index", built).err


def test_ctrl_c_tells_the_state_of_the_index(
    run: Run, built: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("searchkit.index.build.rebuild", stopped)
    monkeypatch.setattr("searchkit.index.build.build", stopped)
    monkeypatch.setattr("searchkit.search.searcher.open_index", stopped)
    ran = run("rebuild", "--index", built)
    assert (ran.code, len(ran.err.splitlines())) == (130, 1)
    assert f"{built} stays at generation 1" in ran.err
    ran = run("build", corpus, "--index", "new")
    assert (ran.code, len(ran.err.splitlines())) == (130, 1)
    assert "no index was made" in ran.err
    assert run("search", "x", "--index", built).code == 130


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press ctrl-C, again where Python lost it: what is raised within a finalizer or a callback is ignored."""
    try:
        for _ in range(8):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=20)
        pytest.fail("it goes on, however often it is interrupted")
    finally:
        process.kill()


def test_ctrl_c_in_the_middle_of_a_build_leaves_nothing_behind(tmp_path: Path) -> None:
    lines = (f'{{"_id": "{n}", "text": "{f"Report {n} on trams and bridges. " * 40}"}}\n' for n in range(5000))
    (tmp_path / "many.jsonl").write_text("".join(lines))
    process = subprocess.Popen(
        [sys.executable, "-m", "searchkit", "build", "many.jsonl", "--index", "new"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one that a shell has in the background ignores it
    )
    index = tmp_path / "indexes" / "new"
    while process.poll() is None and not list(index.glob("segments/*")):
        time.sleep(0.02)
    out, err = interrupted(process)
    # Python ends itself by the signal where it met a string being executed (an import); to a shell it is the same 130.
    assert process.returncode in {130, -signal.SIGINT}, err
    assert "no index was made" in err
    assert out == ""
    assert not index.exists()


def test_a_reader_that_stops_reading_is_no_fault(built: Path) -> None:
    command = f"{sys.executable} -m searchkit search missiles --index {built} -k 1000 --format csv | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("rank,score")


@pytest.mark.parametrize(("closed", "code"), [(">&-", 5), ("2>&-", 0), ("<&-", 0)])
def test_a_stream_that_is_closed_is_told_or_does_without(built: Path, closed: str, code: int) -> None:
    command = f"{sys.executable} -m searchkit search missiles --mode keyword --index {built} {closed}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert ("Standard output is closed." in done.stderr) == (code == 5)


def test_a_folder_of_another_kind_hides_no_index_of_its_name(
    run: Run, tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(built, tmp_path / "indexes" / "mine")
    for name in ("mine", "mine/articles"):
        (tmp_path / name).mkdir()
        assert run("search", "missiles", "--index", "mine", "--mode", "keyword").code == 0


def test_a_name_that_no_path_can_have_is_wrong_usage(run: Run) -> None:
    refused = run("info", "--index", "a" * 300)
    assert refused.code == 2
    assert "can't be called" in refused.err
