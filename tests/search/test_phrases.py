"""Do phrases hold for articles, wherever their chunks end, and do quotes ask for a word's own form?"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import searchkit
from searchkit import Article, IndexConfig, Searcher
from searchkit.storage import native
from searchkit.types import Section
from tests.index.golden import FOLDER
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

CONFIG = IndexConfig(chunk_tokens=40)


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test twice: with the compiled loops, where they were built, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(native, "COMPILED", None)


def built(folder: Path, articles: Sequence[Article], config: IndexConfig = CONFIG) -> Searcher:
    searchkit.build(folder / "index", articles, encoder=WordEncoder(), config=config)
    return searchkit.open(folder / "index", encoder=WordEncoder())


def found(searcher: Searcher, text: str) -> set[str]:
    return {one.article.id for one in searcher.search(text, mode="keyword", k=100, syntax="expression").results}


def over_borders(searcher: Searcher, article_id: str, size: int, words: bool) -> Iterator[str]:
    """Yield what stands over each border of an article's chunks: so many words or characters of either side."""
    article = searcher.article(article_id)
    assert article is not None
    for before, after in pairwise(searcher.chunks(article_id)):
        if not words:
            yield article.text[before.end - size : before.end + size]
        elif after.start >= before.end:
            yield " ".join([*article.text[: before.end].split()[-size:], *article.text[after.start :].split()[:size]])
        else:  # what both have, and a word on either side
            yield " ".join(
                [
                    *article.text[: after.start].split()[-1:],
                    *article.text[after.start : before.end].split(),
                    *article.text[before.end :].split()[:1],
                ]
            )


LETTERS = "bcdfghjklmnpqrstvwxz"
NAMES = [f"{a}a{b}o" for a in LETTERS for b in LETTERS][:200]
"""Words that are all different, and no other's forms."""

NUMBERS = " ".join(f"word{number} then" for number in range(300))
TEXTS = {
    "a transcript without stops": (NUMBERS, "en", True),
    "a list, a line each": ("\n".join(f"item{number} of the list" for number in range(120)), "en", True),
    "sentences, of which one is repeated": (" ".join(f"This is remark{n} here." for n in range(120)), "en", True),
    "one long line of names, by commas": (", ".join(f"Name{n} Person{n}" for n in range(150)), "en", True),
    "German": (" ".join(f"wort{n} dann" for n in range(200)), "de", True),
    "Russian": (" ".join(f"слово{n} потом" for n in range(200)), "ru", True),
    "Arabic": (" ".join(f"كلمة{n} ثم" for n in range(200)), "ar", True),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_phrase_over_the_border_of_two_chunks_is_found(tmp_path: Path, kind: str, size: int) -> None:
    text, language, words = TEXTS[kind]
    articles = [Article(id="a", text=text, language=language), Article(id="b", text="then word", language=language)]
    with built(tmp_path, articles) as searcher:
        phrases = list(over_borders(searcher, "a", size, words))
        assert len(phrases) > 3
        for phrase in phrases[:6]:
            assert found(searcher, f'"{phrase}"') == {"a"}, phrase
            backwards = " ".join(reversed(phrase.split()))
            assert found(searcher, f'"{backwards}"') == ({"a"} if backwards in text else set()), backwards


RUNS = {
    "zh": "".join(chr(0x4E00 + number) for number in range(2_000)),
    "ja": "".join(chr(0x3041 + number % 80) + chr(0x5000 + number) for number in range(900)),
    "th": "".join(chr(0x0E01 + number % 40) + chr(0x0E01 + number * 7 % 40) + "\u0e31" for number in range(700)),
    "ko": "".join(chr(0xAC00 + number * 13) for number in range(800)),
}


class CharacterEncoder(WordEncoder):
    """A token is a character, as in the models that read Chinese."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize("language", RUNS)
def test_a_run_without_spaces_that_is_cut_is_found_over_the_cut(tmp_path: Path, language: str) -> None:
    encoder, text = CharacterEncoder(max_tokens=100), RUNS[language]
    searchkit.build(tmp_path / "index", [Article(id="a", text=text, language=language)], encoder=encoder)
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        borders = [before.end for before, after in pairwise(searcher.chunks("a")) if before.end == after.start]
        assert len(borders) > 5
        for border in borders[::6]:
            for first, last in ((4, 4), (1, 1), (1, 3), (3, 1), (60, 60), (80, 170)):
                start = max(0, border - first)
                while text[start] == "\u0e31":
                    start -= 1
                end = border + last
                while end < len(text) and text[end] == "\u0e31":
                    end += 1
                assert found(searcher, f'"{text[start:end]}"') == {"a"}, text[start:end]
            assert found(searcher, f'"{text[border]}{text[border - 1]}{text[border - 3]}"') == set()


@pytest.mark.slow
def test_a_pair_over_a_cut_can_be_deleted_and_merged(tmp_path: Path) -> None:
    encoder = CharacterEncoder(max_tokens=100)
    articles = [Article(id=name, text=RUNS["zh"][place:], language="zh") for place, name in enumerate("abc")]
    index = tmp_path / "index"
    searchkit.build(index, articles[:2], encoder=encoder)
    searchkit.add(index, articles[2:], encoder=encoder)
    searchkit.delete(index, ["b"])
    with searchkit.open(index, encoder=encoder) as searcher:
        cut = searcher.chunks("a")[0].end
        phrase = f'"{RUNS["zh"][cut - 3 : cut + 3]}"'
        assert found(searcher, phrase) == {"a", "c"}
    assert searchkit.verify(index, deep=True, encoder=encoder).faults == ()
    searchkit.compact(index)
    with searchkit.open(index, encoder=encoder) as searcher:
        assert found(searcher, phrase) == {"a", "c"}


def test_a_phrase_may_go_on_over_several_chunks_and_have_gaps(tmp_path: Path) -> None:
    text = " ".join(NAMES)
    with built(tmp_path, [Article(id="a", text=text)], IndexConfig(chunk_tokens=20)) as searcher:
        chunks = searcher.chunks("a")
        assert len(chunks) > 8
        words = text.split()
        assert found(searcher, f'"{" ".join(words[10:90])}"') == {"a"}
        first = len(text[: chunks[1].end].split())
        assert found(searcher, f'"{words[first - 1]} {words[first + 1]}"') == set()
        assert found(searcher, f'"{words[first - 1]} {words[first + 1]}"~2') == {"a"}
        assert found(searcher, f'"{words[first - 1]} {words[first + 39]}"~50') == {"a"}
        assert found(searcher, f'"{words[first - 1]} {words[first + 60]}"~50') == set()


def test_the_chunk_where_a_phrase_begins_has_it(tmp_path: Path) -> None:
    text = " ".join(NAMES)
    with built(tmp_path, [Article(id="a", text=text)]) as searcher:
        phrase = next(over_borders(searcher, "a", 2, words=True))
        (result,) = searcher.search(f'"{phrase}"', mode="keyword", syntax="expression").results
        assert result.chunks[0].chunk.ordinal == 0
        shown = result.chunks[0].snippet
        marked = [searcher_text[start:end] for searcher_text in [text] for start, end in shown.highlights]
        assert marked == phrase.split()[:2]


def test_phrases_over_borders_are_conditions_like_others(tmp_path: Path) -> None:
    a = Article(id="a", text=NUMBERS, tags=("x",))
    b = Article(id="b", text=NUMBERS.replace("word", "wort"), tags=("y",))
    with built(tmp_path, [a, b]) as searcher:
        phrase = next(over_borders(searcher, "a", 2, words=True))
        assert found(searcher, f'then -"{phrase}"') == {"b"}
        assert found(searcher, f'then NOT "{phrase}"') == {"b"}
        assert found(searcher, f'"{phrase}" AND word299') == {"a"}
        assert found(searcher, f'"{phrase}" AND wort299') == set()
        assert found(searcher, f'"{phrase}" OR wort299') == {"a", "b"}
        assert found(searcher, f'"{phrase}" tag:x') == {"a"}
        assert found(searcher, f'"{phrase}" tag:y') == set()
        assert found(searcher, f'title:"{phrase}"') == set()


def test_no_phrase_goes_over_a_heading_or_into_another_article(tmp_path: Path) -> None:
    first, second = " ".join(f"a{n}" for n in range(30)), " ".join(f"b{n}" for n in range(90))
    text = f"{first}\n\n{second}"
    cut = len(first) + 2
    sections = (Section(heading="One", start=0, end=cut), Section(heading="Two", start=cut, end=len(text)))
    articles = [Article(id="a", text=text, sections=sections, title="Title"), Article(id="b", text=first)]
    with built(tmp_path, articles) as searcher:
        assert found(searcher, '"a29 b0"') == set()
        assert found(searcher, '"a29 b0"~50') == set()
        assert found(searcher, '"a29 a0"~50') == set()
        assert found(searcher, '"a29 two"~50') == set()
        assert found(searcher, '"title one"') == set()
        for phrase in over_borders(searcher, "a", 1, words=True):
            assert found(searcher, f'"{phrase}"') == (set() if phrase == "a29 b0" else {"a"})


def test_repeated_words_over_borders_count_as_often_as_they_stand_there(tmp_path: Path) -> None:
    config = IndexConfig(chunk_tokens=30)
    with built(tmp_path, [Article(id="a", text="ho " * 200), Article(id="b", text="ho hum")], config) as searcher:
        assert found(searcher, '"ho ho ho"') == {"a"}
        assert found(searcher, f'"{"ho " * 100}"') == {"a"}
        assert found(searcher, f'"{"ho " * 201}"') == set()


def test_what_is_found_over_borders_does_not_depend_on_the_history(tmp_path: Path) -> None:
    draw = random.Random(5)
    articles = [
        Article(id=f"a{n}", text=" ".join(draw.choices(("oil", "gas", "coal", "sun"), k=draw.randint(1, 200))))
        for n in range(24)
    ]
    index, encoder = tmp_path / "grown", WordEncoder()
    searchkit.build(index, articles[:8], encoder=encoder, config=CONFIG)
    for first in (8, 16):
        searchkit.add(index, articles[first : first + 8], encoder=encoder)
    searchkit.delete(index, [one.id for one in articles[::5]])
    with (
        built(tmp_path, [one for n, one in enumerate(articles) if n % 5]) as fresh,
        searchkit.open(index, encoder=encoder) as grown,
    ):
        for text in ('"oil gas"', '"sun sun coal"', '"gas oil"~4', '"coal coal coal coal"', '"oil sun" -"gas gas gas"'):
            one, other = (searcher.search(text, mode="keyword", k=30).results for searcher in (fresh, grown))
            assert [(r.article.id, r.score) for r in one] == [(r.article.id, pytest.approx(r.score)) for r in other]
            assert one
    searchkit.compact(index)
    with searchkit.open(index, encoder=encoder) as merged:
        again = merged.search('"oil gas"', mode="keyword", k=30).results
        expected = {n for n, article in enumerate(articles) if n % 5 and "oil gas" in article.text}
        assert {int(r.article.id[1:]) for r in again} == expected


FORMS = [
    Article(id="customs", title="Customs seize drugs", text="Customs seized drugs at the border.", language="en"),
    Article(id="customers", title="Customers complain", text="Customers complain; customer service.", language="en"),
    Article(id="author", title="Author wins prize", text="The author won.", language="en"),
    Article(id="authority", title="Port authority", text="The authority; authorities; port authority.", language="en"),
    Article(id="defence", title="Air defence", text="Air defence systems came.", language="en"),
    Article(id="defences", title="Air defences", text="Air defences came, S-300s and the Täler.", language="en"),
    Article(id="haus", title="Das Haus", text="Das Haus und die Häuser der Stadt.", language="de"),
    Article(id="hauser", title="Die Häuser", text="Alle Häuser der Stadt.", language="de"),
    Article(id="casa", title="La casa", text="La casa blanca.", language="es"),
    Article(id="casas", title="Las casas", text="Las casas blancas.", language="es"),
]

OWN = {
    '"customs"': {"customs"},
    '"customers"': {"customers"},
    '"customer"': {"customers"},
    '"custom"': set(),
    '"CUSTOMS"': {"customs"},
    '"author"': {"author"},
    '"authority"': {"authority"},
    '"authorities"': {"authority"},
    "author~0": {"author"},
    'title:"author"': {"author"},
    'title:"authority"': {"authority"},
    'title:"authorities"': set(),
    '"air defence"': {"defence"},
    '"air defences"': {"defences"},
    '"air defences"~3': {"defences"},
    '"defence air"': set(),
    'title:"air defences"': {"defences"},
    '"haus"': {"haus"},
    '"Häuser"': {"haus", "hauser"},
    '"hauser"': {"haus", "hauser"},
    '"casa"': {"casa"},
    '"casas"': {"casas"},
    '"Casa blanca"': {"casa"},
    '"casa blancas"': set(),
    '"customs" OR "customers"': {"customs", "customers"},
    'title:"casas" OR "author"': {"casas", "author"},
    '+"author" -"authority"': {"author"},
    'the AND NOT "authority"': {"customs", "author", "defences"},
    '"customs" AND drug': {"customs"},
    '"custom" OR "zzz"': set(),
}


@pytest.fixture(scope="module", params=["one segment", "several", "merged"])
def forms(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    index = tmp_path_factory.mktemp("forms") / "index"
    gone = [Article(id="gone", title="Author authors", text="Customs custom casas.", language="en")]
    if request.param == "one segment":
        searchkit.build(index, FORMS, encoder=WordEncoder())
    else:
        searchkit.build(index, [*FORMS[:3], *gone], encoder=WordEncoder())
        searchkit.add(index, FORMS[3:], encoder=WordEncoder())
        searchkit.delete(index, ["gone"])
    if request.param == "merged":
        searchkit.compact(index)
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        yield searcher


@pytest.mark.parametrize("text", OWN)
def test_quotes_ask_for_the_own_form_of_each_word(forms: Searcher, text: str) -> None:
    assert found(forms, text) == OWN[text]
    assert {one.article.id for one in forms.search(text, mode="hybrid", k=100).results} >= OWN[text]


def test_words_without_quotes_stand_for_all_of_their_forms(forms: Searcher) -> None:
    assert found(forms, "author") == found(forms, "authors") == {"author", "authority"}
    assert found(forms, "customs") == {"customs", "customers"}
    assert found(forms, "air AND defence") == {"defence", "defences"}


def test_the_own_form_scores_by_its_own_count(tmp_path: Path) -> None:
    texts = {"a": "author authority authority", "b": "author author authority", "c": "authority oil gas"}
    articles = [Article(id=name, text=text, language="en") for name, text in texts.items()]
    with built(tmp_path, articles) as searcher:
        results = searcher.search('"author"', mode="keyword").results
        assert [one.article.id for one in results] == ["b", "a"]
        # idf ln(1 + (3 - 2 + .5) / (2 + .5)), all of the same length: 2 / (2 + 1.2) and 1 / (1 + 1.2)
        assert [one.score for one in results] == pytest.approx([0.47000 * 2 / 3.2, 0.47000 / 2.2], rel=1e-4)


def test_every_one_of_many_matches_has_the_form(tmp_path: Path) -> None:
    articles = [
        Article(id=f"a{n}", text="The author wrote." if n % 7 == 0 else "The authority; authorities.", language="en")
        for n in range(700)
    ]
    with built(tmp_path, articles) as searcher:
        results = searcher.search('"author"', mode="keyword", k=700).results
        assert {one.article.id for one in results} == {f"a{n}" for n in range(0, 700, 7)}


def test_an_index_of_before_is_searched_in_all_forms_with_a_note_that_rebuilding_mends(tmp_path: Path) -> None:
    with zipfile.ZipFile(FOLDER / "1.zip") as archive:
        archive.extractall(tmp_path / "index")
    encoder = CountingEncoder()
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        before = searcher.search('"missile" "journalists"', mode="keyword")
        assert any("rebuild" in note for note in before.notes)
        assert not any("form" in note for note in searcher.search("missile", mode="keyword").notes)
        assert found(searcher, '"missile"') == found(searcher, "missiles") != set()
        assert found(searcher, '"court of appeal"')
    searchkit.rebuild(tmp_path / "index", encoder=encoder)
    assert encoder.encoded == 0
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        assert searcher.search('"missiles"', mode="keyword").notes == ()
        assert found(searcher, '"missile"') == set()
        assert found(searcher, '"missiles"') == found(searcher, "missiles") != set()


class CountingEncoder(WordEncoder):
    """Counts the chunks that it is given."""

    encoded = 0

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        self.encoded += len(texts)
        return super().encode_chunks(texts, progress)


TITLES = [
    ("author", "title:author", "authority"),
    ("Authority wins", "title:authority", "Authors win"),
    ("Customs closed", "title:customs", "Customers close"),
    ("Customer closed", "title:customer", "Customs closed"),
    ("Air defences", "title:defences", "Air defence"),
    ("Air defence", "title:defence", "Air defences"),
    ("Missile hit", "title:missile", "Missiles hit"),
    ("Missiles hit", "title:missiles", "Missile hit"),
    ("Organized", "title:organized", "Organizers"),
    ("The MARKETS", "title:markets", "The marketing"),
]


@pytest.mark.parametrize(("own", "text", "other"), TITLES)
def test_of_two_titles_alike_the_one_with_the_own_form_comes_first(
    tmp_path: Path, own: str, text: str, other: str
) -> None:
    articles = [
        Article(id="a", title=other, text="Something.", language="en"),
        Article(id="b", title=own, text="Something.", language="en"),
    ]
    with built(tmp_path, articles) as searcher:
        results = searcher.search(text, mode="keyword").results
        assert [one.article.id for one in results] in (["b", "a"], ["b"])
        assert len(results) == 1 or results[0].score > results[1].score


LONE = [
    ("The author won a prize", "author", "The authority won a prize"),
    ("The authority won a prize", "authority", "The author won a prize"),
    ("Customs seized it", "customs", "Customers seized it"),
    ("Customers seized it", "Customers", "Customs seized it"),
    ("A missile fell", "missile", "Missiles fell down"),
    ("Some missiles fell", "MISSILES", "Some missile fell"),
    ("They organized it", "organized", "They organize it"),
    ("The general came", "general", "The generals came"),
    ("The café of the nation", "nation", "The café of the national"),
    ("News of the relation", "relation", "News of the relate"),
]


@pytest.mark.parametrize(("own", "text", "other"), LONE)
@pytest.mark.parametrize("segments", [1, 2])
def test_all_else_equal_the_own_form_of_a_word_comes_first(
    tmp_path: Path, own: str, text: str, other: str, segments: int
) -> None:
    articles = [Article(id="a", text=other, language="en"), Article(id="b", text=own, language="en")]
    gone = Article(id="c", text=f"{own} {other}", language="en")
    index, encoder = tmp_path / "index", WordEncoder()
    searchkit.build(index, [*articles[:segments], gone], encoder=encoder)
    if segments == 1:
        searchkit.add(index, articles[1:], encoder=encoder)
    searchkit.delete(index, ["c"])
    with searchkit.open(index, encoder=encoder) as searcher:
        results = searcher.search(text, mode="keyword").results
        assert [one.article.id for one in results] == ["b", "a"]
        assert results[0].score == pytest.approx(results[1].score * 1.05)
        ranked = searcher.rank(searchkit.Query(text=text, mode=searchkit.Mode.KEYWORD))
        assert list(ranked) == [(one.article.id, one.score) for one in results]
        (best,) = searcher.rank(searchkit.Query(text=text, mode=searchkit.Mode.KEYWORD, k=1))
        assert best == ranked[0]


def test_a_second_occurrence_counts_more_than_the_own_form(tmp_path: Path) -> None:
    texts = {"a": "author of the plan", "b": "authority authority plan"}
    articles = [Article(id=name, text=text, language="en") for name, text in texts.items()]
    with built(tmp_path, articles) as searcher:
        assert [one.article.id for one in searcher.search("author", mode="keyword").results] == ["b", "a"]


def test_the_compiled_loops_and_numpy_prefer_own_forms_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)
    words = ("author", "authority", "authorities", "authors", "oil")
    articles = [
        Article(id=f"a{n}", text=" ".join(draw.choices(words, k=draw.randint(1, 60))), language="en") for n in range(60)
    ]
    with built(tmp_path, articles) as searcher:
        for text in words:
            query = searchkit.Query(text=text, mode=searchkit.Mode.KEYWORD, k=60)
            scores = []
            for compiled in (native.COMPILED, None):
                with monkeypatch.context() as patch:
                    patch.setattr(native, "COMPILED", compiled)
                    found_by = searcher.legs(query).keyword
                    assert found_by is not None
                    scores.append(found_by.scores.tolist())
                    best = found_by.best(10)
                    assert best.scores.tolist() == found_by.scores[best.rows].tolist()
                    assert best.bound == sorted(scores[-1])[-11]
            assert scores[0] == scores[1]
