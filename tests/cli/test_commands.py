from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

import searchkit
from tests.cli.conftest import Run


def ids(lines: str) -> list[str]:
    return [json.loads(line)["article"]["id"] for line in lines.splitlines()]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_a_search_finds_the_chunk_that_tells_it(run: Run, built: Path, mode: str) -> None:
    ran = run("search", "missiles in Venezuela", "--index", built, "--mode", mode, "--json")
    assert (ran.code, ran.err) == (0, "")
    read = ran.json()
    assert (read["query"], read["mode"], read["index"]) == ("missiles in Venezuela", mode, str(built))
    first = read["results"][0]
    assert first["article"]["id"] == "wire-1"
    assert "5,000 Igla-S" in first["chunks"][0]["snippet"]["text"]
    assert first["score"] == pytest.approx(sum(part["share"] for part in first["chunks"][0]["contributions"]))


def test_data_goes_to_standard_output_and_the_rest_to_standard_error(run: Run, built: Path) -> None:
    ran = run("search", "missiles in Venezuela", "--index", built)
    assert re.match(r" *1 Moscow ready to back Caracas +(sure|likely) █", ran.out)
    assert "hybrid" in ran.err
    assert "hybrid" not in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_the_words_of_a_query_need_no_quotation_marks(run: Run, built: Path) -> None:
    quoted = run("search", "air defence", "--index", built, "--format", "jsonl")
    assert run("search", "air", "defence", "--index", built, "--format", "jsonl").out == quoted.out


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--since", "2025-06-01"), {"wire-1", "wire-2"}),
        (("--until", "2024-12-31"), {"wire-3"}),
        (("--source", "el correo"), {"wire-3"}),
        (("--source", "el correo", "--source", "Harbor Ledger", "--tag", "arms"), {"wire-1", "wire-2"}),
        (("--language", "es"), {"wire-3"}),
        (("--author", "Ines Calloway"), {"wire-1"}),
        (("--where", "desk=world"), {"wire-1", "wire-2"}),
        (("--where", "desk=world", "--where", "desk=culture"), {"wire-1", "wire-2", "wire-4"}),
        (("-k", "100000"), {"wire-1", "wire-2", "wire-3", "wire-4"}),
    ],
)
def test_filters_decide_which_articles_come_back(
    run: Run, built: Path, options: tuple[str, ...], found: set[str]
) -> None:
    ran = run("search", "air defence", "--mode", "vector", "--index", built, "--format", "jsonl", *options)
    assert ran.code == 0
    assert set(ids(ran.out)) == found


def test_k_limits_the_results(run: Run, built: Path) -> None:
    assert len(ids(run("search", "air defence", "-k", "2", "--index", built, "--format", "jsonl").out)) == 2


def test_each_format_is_written(run: Run, built: Path) -> None:
    def written(form: str, *more: str) -> str:
        ran = run("search", "air defence", "--mode", "keyword", "--index", built, "--format", form, *more)
        assert ran.code == 0
        return ran.out

    assert [row["rank"] for row in csv.DictReader(io.StringIO(written("csv")))] == ["1", "2"]
    assert [line.split()[0:4:3] for line in written("trec", "--query-id", "q9").splitlines()] == [
        ["q9", "1"],
        ["q9", "2"],
    ]
    assert written("md").startswith("**air defence**\n\n1. ")
    assert len(written("jsonl").splitlines()) == 2
    assert list(json.loads(written("json"))) == list(json.loads(written("json")))


def test_facets_and_explanations_are_shown(run: Run, built: Path) -> None:
    ran = run("search", "air defence", "--index", built, "--facet", "source", "--facet", "year", "--explain")
    assert "sum of the shares" in ran.out
    assert re.search(r"Harbor Ledger +\d  █", ran.out)
    assert re.search(r"2025 +\d  █", ran.out)


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_what_json_explains_adds_up_to_the_score(run: Run, built: Path, mode: str) -> None:
    ran = run("search", "air defence of Venezuela", "--index", built, "--mode", mode, "--explain", "--json")
    for result in ran.json()["results"]:
        shares = [vote["counts"] * sum(part["share"] for part in vote["contributions"]) for vote in result["votes"]]
        assert sum(shares) == pytest.approx(result["score"], abs=1e-9)


def test_nothing_found_is_exit_code_1_and_suggests_another_spelling(run: Run, built: Path) -> None:
    ran = run("search", "misiles", "--mode", "keyword", "--index", built)
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing found" in ran.err
    assert "Did you mean: missiles?" in ran.err


def test_an_article_can_not_steer_the_terminal(run: Run, built: Path) -> None:
    for command in (("search", "Brahms"), ("search", "Brahms", "--json"), ("show", "wire-4"), ("show", "wire-4#0")):
        out = run(*command, "--index", built).out
        assert "Brahms" in out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)


def test_show_writes_an_article_or_a_chunk(run: Run, built: Path) -> None:
    whole = run("show", "wire-1", "--index", built, "--json").json()
    assert whole["title"] == "Moscow ready to back Caracas"
    assert whole["published"] == "2025-11-04"
    span = whole["chunks"][0]
    chunk = run("show", span["id"], "--index", built, "--json").json()
    assert chunk["text"] == whole["text"][chunk["start"] : chunk["end"]]
    assert "Harbor Ledger · 2025-11-04 · Ines Calloway" in run("show", "wire-1", "--index", built).out
    assert "wire-1#0 · characters 0 to" in run("show", "wire-1#0", "--index", built).out


def test_show_of_an_unknown_id_finds_nothing(run: Run, built: Path) -> None:
    ran = run("show", "wire-9#3", "--index", built)
    assert (ran.code, ran.out) == (1, "")
    assert "has the id 'wire-9#3'" in ran.err


def test_info_and_list_tell_what_there_is(run: Run, built: Path) -> None:
    about = run("info", "--index", built, "--json").json()
    assert (about["articles"], about["generation"], about["languages"]) == (4, 1, {"en": 3, "es": 1})
    assert about["first_published"] == "2024-03-02"
    screen = run("info", "--index", built).out
    for part in ("4 (2024-03-02 to 2025-11-04)", "all-MiniLM-L6-v2", "Harbor Ledger", "El Correo"):
        assert part in screen
    assert run("list", built.parent).out.startswith(f"{built}\n  4 articles · 4 chunks · ")
    assert run("list", built.parent, "--json").json()[0]["articles"] == 4


def test_build_add_and_rebuild_go_through_an_index_s_life(run: Run, corpus: Path, tmp_path: Path) -> None:
    report = run("build", corpus, "--index", "news", "--json").json()
    assert (report["articles"], report["generation"], report["problems"]) == (4, 1, [])
    assert Path("indexes/news/CURRENT").exists()

    Path("more.jsonl").write_text('{"_id": "wire-5", "title": "Trams", "text": "A new line of trams."}\n')
    added = run("add", "more.jsonl", "--index", "news")
    assert added.code == 0
    assert "generation 2" in added.err
    assert run("search", "trams", "--mode", "keyword").code == 0

    rebuilt = run("rebuild", "--index", "news", "--chunk-tokens", "64", "--json").json()
    assert (rebuilt["generation"], rebuilt["articles"]) == (3, 5)
    assert run("info", "--index", "news", "--json").json()["config"]["chunk_tokens"] == 64


def test_fields_are_taken_from_the_columns_that_are_named(run: Run) -> None:
    Path("desk.csv").write_text("key,headline,body\n7,Trams,A new line of trams.\n")
    options = ("--field", "id=key", "--field", "title=headline", "--field", "text=body")
    assert run("build", "desk.csv", "--index", "desk", *options).code == 0
    assert run("show", "7", "--index", "desk", "--json").json()["title"] == "Trams"


def test_every_problem_is_named(run: Run) -> None:
    lines = ['{"_id": "1", "text": "A good article on trams."}', *["{broken"] * 25]
    Path("half.jsonl").write_text("\n".join(lines) + "\n")
    ran = run("build", "half.jsonl", "--index", "half")
    assert ran.code == 0
    assert "  25 times: isn't valid JSON: " in ran.err
    assert ran.err.count("half.jsonl, line") == 3
    assert "25 problems, 25 articles or files lost:" in ran.err
    again = run("rebuild", "--index", "half", "--json").json()
    assert (again["lost"], len(again["problems"]), again["problems"][0]["line"]) == (25, 25, 2)


def test_files_of_many_kinds_that_are_no_articles_are_one_line(run: Run) -> None:
    Path("site").mkdir()
    Path("site/a.txt").write_text("A new line of trams.")
    for suffix in ("css", "js", "png", "gif", "woff", "mp3", "exe"):
        Path(f"site/a.{suffix}").write_bytes(b"a { color: red; }")
    ran = run("build", "site", "--index", "index")
    assert "  7 files are no articles, but pictures, settings and the like; for instance " in ran.err
    assert ran.err.count("site/a.") == 3


def test_quiet_says_nothing_but_problems(run: Run, corpus: Path) -> None:
    assert run("build", corpus, "--index", "quiet", "--quiet").err == ""


def test_one_index_is_used_without_being_named_and_of_several_one_must_be(
    run: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built.parent.parent)
    ran = run("search", "missiles")
    assert ran.code == 0
    assert "Using indexes/wire, the only index here." in ran.err
    monkeypatch.setenv("SEARCHKIT_INDEX", "wire")
    assert "Using" not in run("search", "missiles").err


def test_questions_are_asked_one_after_another_until_the_end_of_input(
    run: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("missiles\n\n   \nBrahms\nzzzz qqqq\n"))
    ran = run("search", "-i", "--index", built, "--mode", "keyword", "--format", "trec")
    assert ran.code == 0
    assert [line.split()[:3] for line in ran.out.splitlines()] == [["1", "Q0", "wire-1"], ["2", "Q0", "wire-4"]]
    assert "search> " not in ran.err, "nobody types"


def test_a_question_that_can_not_be_understood_does_not_end_the_questions(
    run: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("missiles\nBrahms\n"))
    ran = run("search", "-i", "--index", built, "--since", "2026-01-01", "--until", "2025-01-01")
    assert ran.code == 1
    assert ran.err.count("is later than") == 2


def test_the_version_is_told(run: Run) -> None:
    assert re.fullmatch(r"searchkit \d+\.\d+\.\d+\n", run("--version").out)


@pytest.mark.parametrize("command", ["", "build", "add", "rebuild", "search", "show", "info", "list"])
def test_help_is_readable_at_80_columns(run: Run, command: str) -> None:
    ran = run(*command.split(), "--help")
    assert ran.code == 0
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "Examples:" in ran.out


def test_the_demo_s_question_is_answered_from_the_samples(run: Run) -> None:
    samples = Path(searchkit.__file__).parent / "samples"
    judged = [line.split("\t") for line in (samples / "qrels" / "test.tsv").read_text().splitlines()]
    answers = {article for query, article, grade in judged if (query, grade) == ("q01", "2")}
    assert run("build", samples / "articles", "--index", "sample").code == 0
    first = run("search", "Russian air defense in Venezuela", "--json").json()["results"][0]
    assert first["article"]["id"] in answers
    assert first["chunks"][0]["snippet"]["highlights"]


def test_a_confidence_too_high_leaves_nothing_but_the_nearest(run: Run, built: Path) -> None:
    ran = run("search", "gardening in winter", "--index", built, "--min-confidence", "0.99", "--json")
    assert ran.code == 1
    read = ran.json()
    assert read["results"] == []
    assert 0 <= read["nearest"]["confidence"] < 0.99
    assert any(note.startswith("Nothing relevant; the nearest was '") for note in read["notes"])
    shown = run("search", "gardening in winter", "--index", built, "--min-confidence", "0.99")
    assert (shown.code, shown.out) == (1, "")
    assert "Nothing relevant; the nearest was '" in shown.err


def test_a_low_confidence_changes_nothing(run: Run, built: Path) -> None:
    usual = run("search", "missiles in Venezuela", "--index", built, "--format", "jsonl")
    assert run(
        "search", "missiles in Venezuela", "--index", built, "--format", "jsonl", "--min-confidence", "0"
    ).out == (usual.out)
    assert json.loads(usual.out.splitlines()[0])["confidence"] > 0.5


def test_an_impossible_confidence_is_wrong_usage(run: Run, built: Path) -> None:
    ran = run("search", "missiles", "--index", built, "--min-confidence", "7")
    assert ran.code == 2
    assert "Ask for 0 to 1" in ran.err


def test_a_text_that_could_be_an_expression_is_read_as_words_and_it_is_said(run: Run, built: Path) -> None:
    ran = run("search", "POLAND BUYS NOT PATRIOT", "--index", built, "--mode", "keyword", "--format", "jsonl")
    assert ids(ran.out)[0] == "wire-2"
    assert "Read as words (all is in capitals, NOT too); --expression reads it as one." in ran.err
    ran = run("search", "air -Patriot", "--index", built, "--format", "jsonl", "--mode", "keyword")
    assert ids(ran.out) == ["wire-1"]
    assert "Read as an expression (-Patriot is a word with a sign); --words searches its words." in ran.err
    for plain in ("who buys Patriot batteries?", "Poland: Patriot (2025)", "title:Patriot", "air tag:arms"):
        assert "Read as" not in run("search", plain, "--index", built).err


def test_words_and_expression_force_a_reading(run: Run, built: Path) -> None:
    options = ("--index", built, "--mode", "keyword", "--format", "jsonl")
    assert ids(run("search", "air -Patriot", "--words", *options).out) == ["wire-2", "wire-1"]
    assert ids(run("search", "AIR AND PATRIOT", "--expression", *options).out) == ["wire-2"]
    refused = run("search", "air (Patriot", "--expression", *options)
    assert refused.code == 2
    assert "unmatched parenthesis at character 5. Here: air »(Patriot" in refused.err
    assert run("search", "air", "--words", "--expression", *options).code == 2
    read = run("search", "air tag:arms", "--index", built, "--json").json()["reading"]
    assert (read["syntax"], read["filters"], read["rest_is_words"]) == ("expression", ["tag:arms"], True)


def test_a_number_below_its_range_is_refused_with_the_range(run: Run, built: Path, corpus: Path) -> None:
    ran = run("add", corpus, "--index", built, "--jobs", "0")
    assert (ran.code, ran.out) == (2, "")
    assert "'--jobs'" in ran.err
    assert "greater than or equal to 1" in ran.err


def test_the_help_names_every_variable_of_the_environment_that_is_read(run: Run) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(searchkit.__file__).parent.rglob("*.py"))
    read = set(re.findall(r"\"(SEARCHKIT_[A-Z_]+)\"", sources))
    assert {"SEARCHKIT_INDEX", "SEARCHKIT_TIME_ZONE"} <= read
    assert not [name for name in read if name not in run("--help").out]


def test_a_report_leaves_out_zeros_and_counts_in_the_singular(run: Run, tmp_path: Path) -> None:
    index, place = tmp_path / "index", tmp_path / "note.txt"
    place.write_text("The tram\n\nA new line crosses the old bridge.", encoding="utf-8")
    assert re.search(r"chunks +1 \(1 vector (encoded|reused)\)", run("build", place, "--index", index).err)
    again = run("add", place, "--index", index).err
    assert re.search(r"articles +1 unchanged", again)
    assert "chunks" not in again
    for command in (("compact",), ("delete", "nothing")):
        ran = run(*command, "--index", index)
        assert "articles" not in ran.err
        assert " 0 " not in ran.err


def test_what_is_deleted_can_stand_in_a_file(run: Run, built: Path, tmp_path: Path) -> None:
    index = shutil.copytree(built, tmp_path / "index")
    listed = tmp_path / "ids.txt"
    listed.write_bytes("\ufeffwire-1\r\n\r\n wire-2 \nno-such-id\n".encode())
    ran = run("delete", "wire-3", "--file", listed, "--index", index, "--json")
    assert (ran.code, ran.json()["deleted"], len(ran.json()["problems"])) == (0, 3, 1)
    for content in (None, b"\xff\xfe\xff"):
        listed.unlink()
        if content is not None:
            listed.write_bytes(content)
        bad = run("delete", "--file", tmp_path / "ids.txt", "--index", index)
        assert bad.code == 2
        assert "can't be read" in bad.err
        listed.touch()
    listed.write_bytes(b"\n\n")
    assert "What should be deleted?" in run("delete", "--file", listed, "--index", index).err


def test_what_is_deleted_can_come_through_standard_input(
    run: Run, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = shutil.copytree(built, tmp_path / "index")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"wire-1\nwire-2\n"), encoding="utf-8"))
    assert run("delete", "--file", "-", "--index", index, "--json").json()["deleted"] == 2


def test_doctor_tells_a_cache_folder_that_is_a_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cache").write_text("", encoding="utf-8")
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    checks = {check["name"]: check for check in run("doctor", "--json").json()}
    assert not checks["vector cache"]["good"]
    assert "it is a file" in checks["vector cache"]["found"]
    assert "SEARCHKIT_CACHE" in checks["vector cache"]["remedy"]


def test_several_indexes_are_asked_together(run: Run, built: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "port.jsonl"
    corpus.write_text('{"id": "7", "title": "Air defence of the port", "text": "Missiles guard the port."}\n')
    assert run("build", corpus, "--index", tmp_path / "port", "--quiet").code == 0
    ran = run("search", "air defence", "--index", built, "--index", tmp_path / "port", "--format", "jsonl")
    assert {line.split('"id": "')[1].split("/")[0] for line in ran.out.splitlines()} == {"wire", "port"}
    ran = run("search", "air defence", "--index", tmp_path / "port", "--index", tmp_path / "port")
    assert (ran.code, "is named twice" in ran.err) == (2, True)


def test_indexes_of_one_name_are_told_apart(run: Run, built: Path, tmp_path: Path) -> None:
    same = tmp_path / "old" / "wire"
    corpus = tmp_path / "port.jsonl"
    corpus.write_text('{"id": "7", "title": "Air defence of the port", "text": "Missiles guard the port."}\n')
    assert run("build", corpus, "--index", same, "--quiet").code == 0
    ran = run("search", "air defence", "--index", built, "--index", same, "--format", "jsonl")
    assert {line.split('"id": "')[1].split("/")[0] for line in ran.out.splitlines()} == {"indexes-wire", "old-wire"}


def test_a_switch_that_is_given_both_ways_is_refused(run: Run, built: Path) -> None:
    ran = run("search", "radar", "--index", built, "--recency", "--no-recency")
    assert ran.code == 2
    assert "--recency and --no-recency exclude each other." in ran.err
    assert run("search", "--index", built, "--recency", "--", "--no-recency").code in (0, 1)


def test_a_sort_by_another_name_names_the_field_as_it_is_typed(run: Run, built: Path) -> None:
    for typed, meant in (("-date", "-published"), ("date", "published"), ("-desks", "-desk")):
        ran = run("search", "air", "--index", built, "--mode", "keyword", "--sort", typed)
        assert (ran.code, f"Did you mean '{meant}'?" in ran.err) == (2, True)


def test_boosts_are_typed_by_field(run: Run, built: Path) -> None:
    ran = run("search", "batteries", "--index", built, "--mode", "keyword", "--boost", "title=2", "--explain")
    assert ran.code == 0
    assert "A match in the title adds 2 times its own score." in ran.err
    assert "boost of title" in ran.out
    for wrong, message in (("title", "can't be 'title'"), ("title=x", "can't be 'x'"), ("desk=2", "has no words here")):
        refused = run("search", "air", "--index", built, "--boost", wrong)
        assert (refused.code, message in refused.err) == (2, True)
    assert run("evaluate", "--known-items", "--index", built, "--compare", "boost.title=x").code == 2


def test_the_next_page_is_named_and_turned(run: Run, built: Path) -> None:
    asked = ("search", "air defence", "--index", built, "--mode", "keyword", "--sort", "-published", "-k", "1")
    shown = run(*asked)
    cursor = shown.err.split("--cursor ")[1].strip()
    assert "2 match" in shown.err
    first, second = run(*asked, "--json").json(), run(*asked, "--json", "--cursor", cursor).json()
    assert first["next_cursor"] == cursor
    assert second["next_cursor"] is None
    assert [page["results"][0]["rank"] for page in (first, second)] == [1, 2]
    dates = [page["results"][0]["article"]["published"] for page in (first, second)]
    assert dates == sorted(dates, reverse=True)
    assert [first["total"], first["generation"], first["sort"]] == [2, 1, "-published"]
    assert first["total_of"] == "articles that match the query and pass the filters"


def test_a_cursor_that_does_not_fit_is_wrong_usage(run: Run, built: Path) -> None:
    refused = run("search", "air defence", "--index", built, "--cursor", "nonsense")
    assert refused.code == 2
    assert "no cursor of an answer" in refused.err
    both = run("search", "-i", "--index", built, "--cursor", "nonsense")
    assert both.code == 2
    assert "exclude each other" in both.err
    unsorted = run("search", "air defence", "--index", built, "--sort", "publishd")
    assert unsorted.code == 2
    assert "Did you mean 'published'?" in unsorted.err


def test_a_vocabulary_and_a_boost_are_taken(run: Run, built: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("flak, air defence\n")
    search = ("search", "flak", "--mode", "keyword", "--index", built)
    assert run(*search).code == 1
    ran = run(*search, "--vocabulary", words, "--boost", "title=2")
    assert (ran.code, "Poland buys" in ran.out) == (0, True)
    assert "Searched for 'flak' also as 'air defence'." in ran.err
    words.write_text("flak\n")
    assert run(*search, "--vocabulary", words).code == 2


def test_fields_are_changed_without_an_encoder(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert run("build", corpus, "--index", tmp_path / "wire", "--quiet").code == 0
    change = ("update-fields", "wire-1", "nobody", "--index", tmp_path / "wire")
    ran = run(*change, "--set", "tags=x", "--set", "tags=y", "--set", "desk=city", "--unset", "url", "--json")
    assert (ran.code, ran.json()["changed"], ran.json()["vectors_encoded"]) == (0, 1, 0)
    shown = run("show", "wire-1", "--index", tmp_path / "wire", "--json").json()
    assert (shown["tags"], shown["fields"]["desk"], shown["url"]) == (["x", "y"], "city", None)
    assert run(*change).code == 2
    assert run(*change, "--set", "title=New").code == 2
    assert run(*change, "--set", "desk=city", "--unset", "desk").code == 2
    assert run("update-fields", "nobody", "--index", tmp_path / "wire", "--set", "desk=city").code == 1
