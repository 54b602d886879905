from __future__ import annotations

import threading
from pathlib import Path

import pytest

import searchkit
from searchkit import BuildReport, add, build, gc, rebuild, verify
from searchkit.errors import ConfigError, EncoderMismatch, IndexCorrupt, MissingExtra, SearchkitError
from searchkit.index.garbage import litter
from searchkit.index.manifest import current_generation, in_force
from searchkit.index.paths import IndexPaths
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

OTHER = WordEncoder(dimension=32, name="other words")
BY_NAME = {"words": WordEncoder(), "other words": OTHER}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    built(tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let encoders be loaded by name, and keep which were."""
    loaded: list[str] = []

    def load(name: str, *, relative: bool = True) -> WordEncoder:
        loaded.append(name)
        if name not in BY_NAME:
            raise MissingExtra(f"'{name}' isn't here.")
        return BY_NAME[name]

    monkeypatch.setattr("searchkit.index.bundled_encoder.load_encoder", load)
    return loaded


def switched(index: Path, encoder: WordEncoder = OTHER, **options: object) -> BuildReport:
    return rebuild(index, encoder=encoder, **options)  # type: ignore[arg-type]


def test_the_old_generation_serves_until_the_new_one_is_whole(index: Path) -> None:
    seen: list[tuple[int, int, int]] = []

    class Slow(WordEncoder):
        def encode_chunks(self, texts, progress=None):  # type: ignore[no-untyped-def]
            with searchkit.open(index, encoder=WordEncoder()) as searcher:
                seen.append((current_generation(IndexPaths(index)), searcher.info().dimension, len(texts)))
                assert searcher.search("rice harvest").results
            return super().encode_chunks(texts, progress)

    switched(index, Slow(dimension=32))
    assert {(generation, dimension) for generation, dimension, _ in seen} == {(1, 64)}
    with searchkit.open(index, encoder=WordEncoder(dimension=32)) as searcher:
        assert (searcher.info().generation, searcher.info().dimension) == (2, 32)
    assert verify(index, deep=True, encoder=WordEncoder(dimension=32)).faults == ()


def test_both_generations_can_be_asked_before_the_switch(index: Path, loads: list[str]) -> None:
    asked: dict[int, int] = {}

    def consider(before: int, after: int) -> bool:
        for number in (before, after):
            with searchkit.open(index, generation=number) as searcher:
                asked[number] = searcher.info().dimension
                assert searcher.search("rice harvest").results
                assert searcher.refresh() is False
        assert current_generation(IndexPaths(index)) == before == 1
        return True

    assert switched(index, consider=consider).generation == 2
    assert asked == {1: 64, 2: 32}
    assert loads == ["words", "other words"]
    assert current_generation(IndexPaths(index)) == 2


def test_a_generation_that_is_refused_leaves_nothing_and_costs_nothing_twice(index: Path) -> None:
    encoded: list[str] = []

    class Counting(WordEncoder):
        def encode_chunks(self, texts, progress=None):  # type: ignore[no-untyped-def]
            encoded.extend(texts)
            return super().encode_chunks(texts, progress)

    encoder = Counting(dimension=32)
    report = switched(index, encoder, consider=lambda before, after: False)
    assert report.generation == current_generation(IndexPaths(index)) == 1
    assert any("Generation 1 stays in force" in note for note in report.notes)
    assert {path.name for path in (index / "generations").iterdir()} == {"000001.json"}
    assert {path.name for path in (index / "segments").iterdir()} == {"000001"}
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        assert searcher.search("rice harvest").results
    assert switched(index, encoder).generation == 2
    assert len(encoded) == len(set(encoded)) == 24
    gc(index, keep=1)
    assert litter(IndexPaths(index)) == []


def test_a_generation_during_whose_comparison_something_breaks_is_not_put_in_force(index: Path) -> None:
    def consider(before: int, after: int) -> bool:
        raise RuntimeError("the comparison broke")

    with pytest.raises(RuntimeError, match="broke"):
        switched(index, consider=consider)
    assert current_generation(IndexPaths(index)) == 1
    assert {path.name for path in (index / "generations").iterdir()} == {"000001.json"}
    assert verify(index).faults == ()


def test_a_damaged_generation_is_mended_without_being_compared(index: Path) -> None:
    path = index / "segments" / "000001" / "postings.bin"
    path.write_bytes(path.read_bytes()[:-4])
    report = switched(index, consider=lambda before, after: pytest.fail("there is nothing to compare with"))
    assert report.generation == current_generation(IndexPaths(index)) == 2


def test_a_searcher_goes_on_with_the_old_encoder_and_takes_the_new_one_when_it_refreshes(
    index: Path, loads: list[str]
) -> None:
    with searchkit.open(index) as searcher:
        before = searcher.search("rice harvest")
        switched(index)
        assert searcher.search("rice harvest").results == before.results
        assert loads == ["words"]
        assert searcher.refresh() is True
        assert searcher.info().dimension == 32
        assert loads == ["words", "other words"]  # before the first search had to wait for it
        assert searcher.search("rice harvest", mode="vector").results
        searchkit.rollback(index)
        assert searcher.refresh() is True
        assert searcher.search("rice harvest").results == before.results
        assert loads == ["words", "other words"]


def test_a_searcher_opened_on_the_old_generation_loads_the_old_encoder_after_the_switch(
    index: Path, loads: list[str]
) -> None:
    with searchkit.open(index) as searcher:
        switched(index)
        gc(index, keep=1)
        assert searcher.search("rice harvest").results
        assert loads == ["words"]


def test_an_encoder_that_does_not_fit_is_refused_and_the_old_generation_kept(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        before = searcher.search("rice harvest")
        switched(index)
        with pytest.raises(EncoderMismatch, match="other words"):
            searcher.refresh()
        assert searcher.search("rice harvest").results == before.results
    with searchkit.open(index, encoder=WordEncoder()) as searcher, pytest.raises(EncoderMismatch):
        searcher.search("rice harvest")


def test_an_encoder_that_is_not_here_leaves_the_old_generation_in_use(index: Path, loads: list[str]) -> None:
    with searchkit.open(index) as searcher:
        before = searcher.search("rice harvest")
        switched(index, WordEncoder(dimension=32, name="words of elsewhere"))
        with pytest.raises(MissingExtra, match="words of elsewhere"):
            searcher.refresh()
        assert searcher.search("rice harvest").results == before.results
    with searchkit.open(index) as searcher:  # by keyword no encoder is asked for
        assert searcher.search("rice harvest", mode="keyword").results
        assert searcher.refresh() is False


def test_a_searcher_goes_over_by_itself_when_its_last_look_is_too_old(index: Path) -> None:
    with (
        searchkit.open(index, encoder=WordEncoder(), refresh_after_s=0) as eager,
        searchkit.open(index, encoder=WordEncoder(), refresh_after_s=3600) as patient,
        searchkit.open(index, encoder=WordEncoder()) as still,
    ):
        add(index, [article(90, text="Penguins of the south.")], encoder=WordEncoder())
        found = {
            searcher: [one.article.id for one in searcher.search("penguins", mode="keyword").results]
            for searcher in (eager, patient, still)
        }
        assert found == {eager: ["a090"], patient: [], still: []}
        assert eager.article("a090") is not None
        assert patient.refresh() is still.refresh() is True
        assert eager.refresh() is False


def test_a_look_where_nothing_changed_reads_one_small_file(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with searchkit.open(index, encoder=WordEncoder(), refresh_after_s=0) as searcher:
        searcher.search("rice", mode="keyword")
        monkeypatch.setattr(
            "searchkit.search.generation_holder.open_generation", lambda path: pytest.fail("opened again")
        )
        looks: list[int] = []

        def looked(paths: IndexPaths) -> object:
            looks.append(paths.current.stat().st_size)
            return in_force(paths)

        monkeypatch.setattr("searchkit.search.generation_holder.in_force", looked)
        searcher.search("rice", mode="keyword")
        assert len(looks) == 1
        assert looks[0] < 100


def test_a_look_by_one_search_holds_up_no_other(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from searchkit.search import generation_holder

    opening, go_on = threading.Event(), threading.Event()
    real = generation_holder.open_generation

    def slow(path: Path):  # type: ignore[no-untyped-def]
        opening.set()
        assert go_on.wait(30)
        return real(path)

    with searchkit.open(index, encoder=WordEncoder(), refresh_after_s=0) as searcher:
        add(index, [article(90, text="Penguins of the south.")], encoder=WordEncoder())
        monkeypatch.setattr(generation_holder, "open_generation", slow)
        answers: list[int] = []
        refreshing = threading.Thread(
            target=lambda: answers.append(len(searcher.search("penguins", mode="keyword").results))
        )
        refreshing.start()
        assert opening.wait(30)
        assert searcher.search("penguins", mode="keyword").results == ()  # in the generation before, at once
        go_on.set()
        refreshing.join(30)
        assert answers == [1]


@pytest.mark.parametrize("damage", ["manifest", "segment", "CURRENT", "encoder"])
def test_a_newer_generation_that_can_not_be_searched_leaves_the_old_one_with_a_note(index: Path, damage: str) -> None:
    with searchkit.open(index, encoder=WordEncoder(), refresh_after_s=0) as searcher:
        before = searcher.search("rice harvest")
        assert before.notes == ()
        paths = IndexPaths(index)
        if damage == "encoder":
            switched(index)
        else:
            add(index, [article(90)], encoder=WordEncoder())
            path = {"manifest": paths.manifest(2), "segment": index / "segments" / "000002" / "postings.bin"}.get(
                damage, paths.current
            )
            path.write_bytes(path.read_bytes()[:-8])
        answer = searcher.search("rice harvest")
        assert answer.results == before.results
        assert any("an earlier one answers" in note for note in answer.notes)
        with pytest.raises(SearchkitError):
            searcher.refresh()
        searchkit.rollback(index, 1)
        answer = searcher.search("rice harvest")
        assert answer.results == before.results
        assert answer.notes == ()


def test_a_generation_can_be_opened_by_its_number(index: Path) -> None:
    add(index, [article(90, text="Penguins of the south.")], encoder=WordEncoder())
    with searchkit.open(index, encoder=WordEncoder(), generation=1) as searcher:
        assert searcher.search("penguins", mode="keyword").results == ()
        assert searcher.refresh() is False
        assert searcher.info().generation == 1
    with pytest.raises(ConfigError, match="no generation 7"):
        searchkit.open(index, generation=7)
    with pytest.raises(ConfigError, match="refresh_after_s"):
        searchkit.open(index, generation=1, refresh_after_s=5)
    for seconds in (-1, float("nan")):
        with pytest.raises(ConfigError, match="refresh_after_s"):
            searchkit.open(index, refresh_after_s=seconds)


def test_current_can_not_be_led_to_another_whole_generation(index: Path) -> None:
    add(index, [article(90)], encoder=WordEncoder())
    paths = IndexPaths(index)
    line = paths.current.read_text()
    assert in_force(paths).generation == 2
    for place in range(len(line)):
        for altered in (
            line[:place] + chr(ord(line[place]) ^ 1) + line[place + 1 :],
            line[:place],
            line + line[place:],
        ):
            paths.current.write_bytes(altered.encode())
            with pytest.raises(IndexCorrupt, match="CURRENT"):
                searchkit.open(index)
    paths.current.write_text(line)
    first, second = paths.manifest(1).read_bytes(), paths.manifest(2).read_bytes()
    paths.manifest(2).write_bytes(first)
    with pytest.raises(IndexCorrupt, match=r"000002\.json"):
        searchkit.open(index)
    paths.manifest(2).write_bytes(second)
    assert searchkit.open(index).info().generation == 2


def test_a_manifest_of_another_index_is_not_taken_for_the_one_that_current_names(index: Path, tmp_path: Path) -> None:
    build(tmp_path / "other", [article(number) for number in range(5)], encoder=WordEncoder())
    for path in (tmp_path / "other" / "segments" / "000001").iterdir():
        (index / "segments" / "000001" / path.name).write_bytes(path.read_bytes())
    (index / "generations" / "000001.json").write_bytes(
        (tmp_path / "other" / "generations" / "000001.json").read_bytes()
    )
    with pytest.raises(IndexCorrupt, match=r"isn't the manifest that .*CURRENT names"):
        searchkit.open(index)
    (fault,) = verify(index).faults
    assert "000001.json" in fault.found
