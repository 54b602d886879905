from __future__ import annotations

import json
import shutil
from errno import ENOSPC
from pathlib import Path

import pytest

import searchkit
from searchkit.config import SearchConfig, Settings
from searchkit.evaluation.comparison import Comparison
from searchkit.index.manifest import manifest_in_force
from searchkit.index.paths import IndexPaths
from tests.cli.conftest import Run
from tests.encoders.tiny_models import make_cross_encoder

SUBJECTS = {
    "wire-1": ("missiles in Venezuela", "Maduro", "Igla-S launchers", "Russian air defence", "who guards Caracas"),
    "wire-2": ("Patriot batteries", "Warsaw", "the eastern border of Poland", "a large order", "new batteries"),
    "wire-3": ("cosecha de arroz", "los campesinos", "rice farmers", "a poor harvest", "delta"),
    "wire-4": ("Brahms", "the orchestra", "music at Harlow", "a full house", "concert"),
}


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """Write twenty judged queries."""
    folder = tmp_path / "judged"
    (folder / "qrels").mkdir(parents=True)
    asked = [(f"{one}-{n}", text, one) for one, texts in SUBJECTS.items() for n, text in enumerate(texts)]
    lines = [json.dumps({"_id": query, "text": text}) + "\n" for query, text, _ in asked]
    (folder / "queries.jsonl").write_text("".join(lines), encoding="utf-8")
    rows = [f"{query}\t{one}\t1\n" for query, _, one in asked]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """Copy the index, to change it."""
    return shutil.copytree(built, tmp_path / "copy")


def settings_file(index: Path, path: Path, **search: object) -> Path:
    with searchkit.open(index) as searcher:
        about = searcher.info()
    settings = Settings(search=search, encoder=about.encoder, fingerprint=about.encoder_fingerprint)
    path.write_text(json.dumps(settings.to_dict()), encoding="utf-8")
    return path


def in_force(index: Path) -> Settings | None:
    return manifest_in_force(IndexPaths(index)).settings


def test_what_was_tuned_is_shown_with_its_doubt(run: Run, built: Path, judged: Path) -> None:
    ran = run("tune", judged, "--index", built)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "judged/test · 20 queries · nDCG@10"
    assert any(
        line.startswith("vector_weight  default 2.8, tuned ") and "parts of the queries" in line for line in lines
    )
    assert any(line.startswith("default") for line in lines)
    assert any(line.startswith("gain") and "worse" in line for line in lines)
    assert "Tuned is the weight nearest to the default whose mean no other surely beats." in lines
    assert "Keep the defaults" in ran.out
    assert all(len(line) <= 80 for line in lines)
    assert in_force(built) is None


def test_judgements_of_another_archive_are_refused(run: Run, built: Path, judged: Path) -> None:
    qrels = judged / "qrels" / "test.tsv"
    rows = qrels.read_text(encoding="utf-8")
    qrels.write_text(rows.replace("\twire", "\telsewhere"), encoding="utf-8")
    ran = run("tune", judged, "--index", built)
    assert (ran.code, ran.out) == (2, "")
    assert "None of the 4 judged articles is in the index" in " ".join(ran.err.split())
    qrels.write_text(rows + "wire-1-0\tgone\t1\n", encoding="utf-8")
    ran = run("tune", judged, "--index", built, "--measure", "R@2000000")
    assert ran.code == 0
    assert "never found: 1 judged article." in " ".join(ran.err.split())


def test_as_json_every_number_is_there(run: Run, built: Path, judged: Path) -> None:
    read = run("tune", judged, "--index", built, "--measure", "MRR@10", "--json").json()
    assert (read["measure"], read["queries"], len(read["by_fold"])) == ("RR@10", 20, 10)
    assert read["gain"].keys() == {"before", "tuned", "interval", "p", "better", "worse", "difference", "real"}
    assert len(read["curve"]["vector_weight"]) == 41
    assert read["gain"]["real"] is False
    assert read["chosen"] == read["usual"]
    assert read["settings"]["search"] == {}


def test_a_file_of_settings_is_written_and_searched_with(run: Run, built: Path, judged: Path) -> None:
    ran = run("tune", judged, "--index", built, "--out", "found.json")
    assert ran.code == 0
    assert SearchConfig.from_file("found.json").made_for
    plain = run("search", "missiles", "--index", built, "--json").json()
    settled = run("search", "missiles", "--index", built, "--settings", "found.json", "--json").json()
    assert settled["results"] == plain["results"]
    other = settings_file(built, Path("other.json"), vector_weight=0.5)
    heavier = run("search", "missiles", "--index", built, "--settings", other, "--json").json()
    assert heavier["results"][0]["score"] < plain["results"][0]["score"]


def test_settings_are_put_in_force_kept_and_taken_out_again(run: Run, copy: Path) -> None:
    path = settings_file(copy, Path("other.json"), vector_weight=0.5)
    named = run("search", "missiles", "--index", copy, "--settings", path, "--json").json()["results"]
    plain = run("search", "missiles", "--index", copy, "--json").json()["results"]
    ran = run("tune", "--use", path, "--index", copy)
    assert (ran.code, ran.out) == (0, "")
    assert "uses vector_weight 0.5 (generation 2)" in " ".join(ran.err.split())
    assert run("search", "missiles", "--index", copy, "--json").json()["results"] == named
    assert run("info", "--index", copy, "--json").json()["settings"] == {"vector_weight": 0.5}
    assert "vector_weight 0.5" in run("info", "--index", copy).out
    assert run("tune", "--use", "defaults", "--index", copy).code == 0
    assert run("search", "missiles", "--index", copy, "--json").json()["results"] == plain


def test_saving_where_nothing_is_gained_leaves_in_force_what_is_and_says_so(run: Run, copy: Path, judged: Path) -> None:
    ran = run("tune", judged, "--index", copy, "--save")
    assert "Nothing was saved: the defaults stay in force" in " ".join(ran.err.split())
    assert in_force(copy) is None
    run("tune", "--use", settings_file(copy, Path("other.json"), vector_weight=2.5), "--index", copy)
    before = in_force(copy)
    ran = run("tune", judged, "--index", copy, "--save")
    assert "In force is vector_weight 2.5: the defaults are not surely better." in " ".join(ran.out.split())
    assert "Nothing was saved: vector_weight 2.5 stays in force" in " ".join(ran.err.split())
    assert in_force(copy) == before
    read = run("tune", judged, "--index", copy, "--save", "--json").json()
    assert read["in_force"] == {"before": {"vector_weight": 2.5}, "after": {"vector_weight": 2.5}}
    assert read["over_force"]["real"] is False


def test_settings_in_force_are_measured_as_searches_use_them(run: Run, copy: Path, judged: Path) -> None:
    other = settings_file(copy, Path("other.json"), fusion="rrf")
    run("tune", "--use", other, "--index", copy)
    was = run("evaluate", judged, "--index", copy, "--mode", "hybrid", "--json").json()["runs"][0]["measures"]
    read = run("tune", judged, "--index", copy, "--json").json()
    assert read["over_force"]["before"] == pytest.approx(was["nDCG@10"]["mean"], abs=1e-12)
    assert in_force(copy) == Settings.from_file(other)


def test_settings_that_are_replaced_by_what_was_found_are_named(
    run: Run, copy: Path, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Comparison, "real", property(lambda _: True))
    run("tune", "--use", settings_file(copy, Path("other.json"), vector_weight=0.5), "--index", copy)
    read = run("tune", judged, "--index", copy, "--save", "--json").json()
    assert read["in_force"] == {"before": {"vector_weight": 0.5}, "after": {}}
    assert in_force(copy) == Settings.from_dict(read["settings"])
    run("tune", "--use", Path("other.json"), "--index", copy)
    ran = run("tune", judged, "--index", copy)
    assert "In force is vector_weight 0.5: what was found is surely better." in " ".join(ran.out.split())
    assert "Nothing was changed: --save" in " ".join(ran.err.split())


def test_a_file_that_cannot_be_written_is_refused_before_a_query_is_asked(
    run: Run, built: Path, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("a query was asked")

    monkeypatch.setattr("searchkit.search.searcher.open_index", asked)
    Path("folder").mkdir()
    for option, command in (("--out", ("tune",)), ("--run-out", ("evaluate", "--mode", "keyword"))):
        ran = run(*command, judged, "--index", built, option, "nowhere/x")
        assert ran.code == 5
        assert "Can't write nowhere/x: there is no folder nowhere" in " ".join(ran.err.split())
        ran = run(*command, judged, "--index", built, option, "folder")
        assert "Can't write folder: it is a folder" in " ".join(ran.err.split())
        assert option in ran.err


@pytest.mark.parametrize(
    ("mode", "setting", "code"),
    [
        ("keyword", "fusion=rrf", 2),
        ("keyword", "vector_weight=1", 2),
        ("vector", "vector_weight=1,fusion=rrf", 2),
        ("hybrid", "rerank_weight=1", 2),
        ("hybrid", "chunks_per_result=1", 2),
        ("hybrid", "fusion=rrf", 0),
        ("keyword", "fusion=sum", 0),
    ],
)
def test_settings_that_have_no_say_in_a_mode_are_not_compared(
    run: Run, built: Path, judged: Path, mode: str, setting: str, code: int
) -> None:
    ran = run("evaluate", judged, "--index", built, "--mode", mode, "--compare", setting)
    assert ran.code == code, ran.err
    if code:
        assert f"'{setting}' changes nothing that is found by {mode}" in " ".join(ran.err.split())


def test_settings_and_generations_are_compared(run: Run, copy: Path, judged: Path) -> None:
    path = settings_file(copy, Path("other.json"), vector_weight=0.01)
    run("tune", "--use", path, "--index", copy)
    others = ("--compare", "generation:1", "--compare", path, "--compare", "vector_weight=0.01")
    ran = run("evaluate", judged, "--index", copy, *others, "--json")
    assert ran.code == 0, ran.err
    names = [one["name"] for one in ran.json()["runs"]]
    assert names == ["hybrid", "hybrid, generation:1", f"hybrid, {path}", "hybrid, vector_weight=0.01"]
    now, before, filed, typed = (one["measures"] for one in ran.json()["runs"])
    assert now == filed == typed
    run("tune", "--use", "defaults", "--index", copy)
    assert (
        run("evaluate", judged, "--index", copy, "--mode", "hybrid", "--json").json()["runs"][0]["measures"] == before
    )
    settled = run("evaluate", judged, "--index", copy, "--mode", "hybrid", "--settings", path, "--json").json()
    assert settled["runs"][0]["measures"] == now


def test_a_generation_that_is_compared_stays_while_it_is_read(copy: Path) -> None:
    searchkit.delete(copy, ["wire-4"])
    searchkit.compact(copy)
    with searchkit.open(copy, generation=1) as searcher:
        collected = searchkit.gc(copy, keep=1)
        assert (collected.removed, collected.held) == ((2,), (1,))
        assert searcher.rank(searchkit.Query(text="Brahms", mode=searchkit.Mode.KEYWORD))


def test_a_search_and_an_evaluation_rerank(run: Run, built: Path, judged: Path, tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path / "cross")
    budget = ("--rerank-budget", "inf")
    read = run("search", "missiles", "--index", built, "--rerank", folder, *budget, "--json").json()
    parts = read["results"][0]["chunks"][0]["contributions"]
    assert [part["leg"] for part in parts] == ["keyword", "vector", "coverage", "neighbours", "reranker"]
    options = ("--index", built, "--rerank", folder, "--compare", "rerank=", "--measure", "P@1", "--json")
    reranked, plain = run("evaluate", judged, *options).json()["runs"]
    assert (reranked["name"], plain["name"]) == ("hybrid", "hybrid, rerank=")
    alone = run("evaluate", judged, "--index", built, "--mode", "hybrid", "--measure", "P@1", "--json").json()
    assert plain["measures"] == alone["runs"][0]["measures"]


def test_without_judgements_it_checks_that_nothing_is_broken(run: Run, built: Path) -> None:
    ran = run("tune", "--index", built)
    assert ran.code == 0
    assert "not a measure of relevance" in " ".join(ran.out.split())
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    read = run("tune", "--index", built, "--json").json()
    assert read["kind"] == "sanity"
    assert read["every"]["modes"].keys() == {"hybrid", "keyword", "vector"}
    assert {one["language"] for one in read["languages"]} == {"en", "es"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("judged", "--use", "defaults"), 2, "--use measures nothing"),
        (("--save",), 2, "nothing to save"),
        (("--out", "x.json"), 2, "nothing to save"),
        (("--use", "missing.json"), 2, "missing.json can't be read"),
        (("--queries", "judged/queries.jsonl"), 2, "Which queries"),
        (("judged", "--split", "train"), 2, "Try --split test"),
        (("judged", "--measure", "ndgc"), 2, "no measure"),
        (("judged", "--level", "section"), 2, "Choose article or chunk"),
        (("judged", "--out", "nowhere/x.json"), 5, "Can't write"),
        (("few",), 2, "tuning needs 20"),
        (("judged", "--index", "missing"), 3, "There is no index"),
    ],
)
def test_bad_arguments_are_said_in_one_message(
    run: Run, built: Path, judged: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    shutil.copytree(judged, "few")
    rows = Path("few/qrels/test.tsv").read_text(encoding="utf-8").splitlines()[:6]
    Path("few/qrels/test.tsv").write_text("\n".join(rows), encoding="utf-8")
    given = arguments if "--index" in arguments else (*arguments, "--index", str(built))
    ran = run("tune", *given)
    assert (ran.code, ran.out) == (code, "")
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--compare", "generation:9"), 2, "no generation 9"),
        (("--compare", "rerank=cross-encoder/none"), 7, "hf download cross-encoder/none"),
        (("--rerank", "cross-encoder/none"), 7, "hf download cross-encoder/none"),
        (("--settings", "missing.json"), 2, "missing.json can't be read"),
        (("--settings", "judged/queries.jsonl"), 2, "isn't a file of settings"),
        (("--settings", "foreign.json"), 2, "vectors of another encoder"),
    ],
)
def test_what_cannot_be_compared_is_said(
    run: Run,
    built: Path,
    judged: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(judged))
    foreign = Settings(search={}, encoder="other", fingerprint="00ff")
    Path("foreign.json").write_text(json.dumps(foreign.to_dict()), encoding="utf-8")
    ran = run("evaluate", judged, "--index", built, *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert message in " ".join(ran.err.split())


def test_a_disk_that_refuses_the_file_names_it_and_not_what_stood_in_for_it(
    run: Run, built: Path, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    refused = Path("found.json").absolute()
    monkeypatch.setattr("searchkit.storage.files.os.fsync", full)
    ran = run("tune", judged, "--index", built, "--out", refused)
    assert ran.code == 5
    assert f"Can't write {refused}: No space" in " ".join(ran.err.split()).replace("- ", "-")


def test_settings_that_are_in_force_already_make_no_generation(run: Run, copy: Path, tmp_path: Path) -> None:
    def generations() -> list[str]:
        return sorted(path.name for path in (copy / "generations").iterdir())

    before = generations()
    ran = run("tune", "--use", "defaults", "--index", copy)
    assert "uses the defaults already, nothing was changed (generation 1)" in ran.err
    nothing = settings_file(copy, tmp_path / "nothing.json")
    assert run("tune", "--use", nothing, "--index", copy).code == 0
    assert generations() == before
    heavy = settings_file(copy, tmp_path / "heavy.json", vector_weight=4.0)
    assert "(generation 2)" in run("tune", "--use", heavy, "--index", copy).err
    values = json.loads(heavy.read_text(encoding="utf-8")) | {"evidence": "measured again"}
    heavy.write_text(json.dumps(values), encoding="utf-8")
    assert "already, nothing was changed (generation 2)" in run("tune", "--use", heavy, "--index", copy).err
    assert len(generations()) == len(before) + 1
