"""Do synonyms, stop words, protected words and boosts change what is found, as a file says, and is it told?"""

from __future__ import annotations

from pathlib import Path

import pytest

import searchkit
from searchkit import Answer, SearchConfig
from searchkit.errors import ConfigError
from searchkit.keyword.query.vocabulary import read_vocabulary
from tests.word_encoder import WordEncoder

ARTICLES = [
    {"id": "flak", "title": "Old guns", "text": "The flak on the tower was sold."},
    {"id": "defense", "title": "Order", "text": "The air defense of the port was paid for."},
    {
        "id": "aircraft",
        "title": "Guns, pumps",
        "text": "Anti-aircraft guns stood there; air was short; defense was none.",
    },
    {"id": "un", "title": "Assembly", "text": "The UN met."},
    {"id": "nations", "title": "Assembly", "text": "The United Nations met."},
    {"id": "apple", "title": "Apple opens a shop", "text": "A queue stood there for the wire report."},
    {"id": "apples", "title": "Harvest", "text": "The apples are ripe, says the report, and the report is long."},
    {"id": "it", "title": "Budget", "text": "The IT department grows."},
]
VOCABULARY = """
# a list of our own
flak, air defense
UN => United Nations
  cannon , gun
stop: wire, report
protect: Apple
protect: it
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vocabulary") / "index"
    searchkit.build(folder, [{**each, "language": "en"} for each in ARTICLES], encoder=WordEncoder())
    return folder


def asked(index: Path, text: str, vocabulary: str = VOCABULARY, *, boost: float = 0.0, mode: str = "keyword") -> Answer:
    path = index.parent / f"{abs(hash(vocabulary))}.txt"
    path.write_text(vocabulary, encoding="utf-8")
    config = SearchConfig(vocabulary=str(path), boosts={"title": boost})
    with searchkit.open(index, config=config, encoder=WordEncoder()) as searcher:
        answer = searcher.search(text, mode=mode, explain=True)
        ranked = searcher.rank(searchkit.Query(text=text, mode=searchkit.Mode(mode)))
    assert [article_id for article_id, _ in ranked] == ids(answer)
    return answer


def ids(answer: Answer) -> list[str]:
    return [result.article.id for result in answer.results]


def test_synonyms_find_each_other_both_ways_and_are_told(index: Path) -> None:
    assert ids(asked(index, "flak", "")) == ["flak"]
    answer = asked(index, "flak")
    assert set(ids(answer)) == {"flak", "defense"}  # and not what has both words apart
    assert "Searched for 'flak' also as 'air defense'." in answer.notes
    answer = asked(index, "the air defense")
    assert {"flak", "defense"} <= set(ids(answer))
    assert "Searched for 'air defense' also as 'flak'." in answer.notes


def test_a_word_and_its_synonym_count_as_one_term(index: Path) -> None:
    both = {each.article.id: each.score for each in asked(index, "cannons").results}
    alone = {each.article.id: each.score for each in asked(index, "guns", "").results}
    assert both == pytest.approx(alone)
    assert set(both) == {"flak", "aircraft"}


def test_a_synonym_of_one_way_goes_that_way_alone(index: Path) -> None:
    assert set(ids(asked(index, "UN"))) == {"un", "nations"}
    assert ids(asked(index, "United Nations")) == ["nations"]


def test_stop_words_are_left_out_unless_nothing_else_is_asked_for(index: Path) -> None:
    answer = asked(index, "report on the UN")
    assert set(ids(answer)) == {"un", "nations"}
    assert "Not searched by keyword, as stop words of the vocabulary: report." in answer.notes
    assert set(ids(asked(index, "wire report"))) == {"apple", "apples"}


def test_protected_words_are_found_in_their_own_form_alone_and_never_left_out(index: Path) -> None:
    assert set(ids(asked(index, "apple", ""))) == {"apple", "apples"}
    answer = asked(index, "apple")
    assert ids(answer) == ["apple"]
    assert any("as protected words: apple" in note for note in answer.notes)
    assert "it" in ids(asked(index, "what does it cost in the budget of departments"))


def test_expressions_are_read_by_it_too_but_no_exclusion_and_no_quotation(index: Path) -> None:
    assert set(ids(asked(index, "flak AND (tower OR port)"))) == {"flak", "defense"}
    assert "defense" in ids(asked(index, "the port -flak"))
    assert ids(asked(index, '"flak"')) == ["flak"]


def test_a_boosted_title_comes_first_and_the_explanation_adds_up(index: Path) -> None:
    plain = {each.article.id: each.score for each in asked(index, "report of the harvest", "").results}
    answer = asked(index, "report of the harvest", "", boost=3)
    assert ids(answer)[0] == "apples"
    assert answer.results[0].score > plain["apples"]
    assert {each.article.id: each.score for each in answer.results}["apple"] == pytest.approx(plain["apple"])
    assert "A match in the title adds 3 times its own score." in answer.notes
    for mode in ("keyword", "hybrid"):
        for result in asked(index, "flak harvest", boost=2, mode=mode).results:
            shares = sum(vote.counts * sum(part.share for part in vote.contributions) for vote in result.votes)
            assert shares == pytest.approx(result.score, abs=1e-9)


@pytest.mark.parametrize("mode", [searchkit.Mode.KEYWORD, searchkit.Mode.HYBRID])
@pytest.mark.parametrize("text", ["flak harvest report", "harvest AND report", "title:harvest OR port"])
def test_the_first_of_a_boosted_ranking_are_the_same_however_deep_it_looks(
    index: Path, text: str, mode: searchkit.Mode
) -> None:
    rankings = []
    for depth in (1, 1000):
        config = SearchConfig(depth=depth, boosts={"title": 20.0})
        with searchkit.open(index, config=config, encoder=WordEncoder()) as searcher:
            rankings.append([list(searcher.rank(searchkit.Query(text=text, mode=mode, k=k)))[:1] for k in (1, 100)])
    assert rankings[0][0] == rankings[0][1] == rankings[1][0] == rankings[1][1]


@pytest.mark.parametrize(
    ("text", "says"),
    [("flak, air defense\nlonely\n", "line 2, names no synonyms"), ("a =>\n", "line 1, names no word"),
     ("stop: ,\n", "line 1, names no word")],
)  # fmt: skip
def test_a_line_that_says_nothing_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_vocabulary(path)


def test_what_can_not_be_read_and_what_an_index_may_not_name_are_refused(index: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9, coffee")
    for path in (tmp_path / "nothing.txt", tmp_path / "latin.txt", tmp_path):
        config = SearchConfig(vocabulary=str(path))
        with searchkit.open(index, config=config) as searcher, pytest.raises(ConfigError, match="can't be read"):
            searcher.search("flak", mode="keyword")
    from searchkit.config import Settings

    with pytest.raises(ConfigError, match="'vocabulary' is no setting to keep"):
        Settings(search={"vocabulary": "/etc/hostname"}, encoder="words", fingerprint="01")
    with pytest.raises(ConfigError, match="boost of 'title'"):
        SearchConfig(boosts={"title": -1.0})


def test_an_empty_file_changes_nothing(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        expected = searcher.search("air defense of the UN")
    answer = asked(index, "air defense of the UN", "# nothing\n", mode="hybrid")
    assert [(each.article.id, each.score) for each in answer.results] == [
        (each.article.id, each.score) for each in expected.results
    ]
