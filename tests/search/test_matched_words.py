"""Does a search by keyword find what a user means by signs, designations, units, hashtags and single characters?"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, build
from searchkit.search.searcher import Searcher
from tests.word_encoder import WordEncoder

ENCODER = WordEncoder()

SIGNS = {
    "cpp": "The C++ language was made at Bell Labs, and C++ is taught.",
    "cs": "The C# language is taught in schools.",
    "fs": "The F# language is functional.",
    "c": "Vitamin C, hepatitis C, plan C. C, C, C.",
    "f": "Grade F, F, F and F.",
    "dotnet": "The .NET framework has a new release.",
    "net": "Net profit fell; a net, net net.",
    "att": "AT&T reported on Monday.",
    "t": "T cells are at work. T, T, T at the lab.",
    "spaced": "The old AT & T building stands empty.",
    "rd": "Spending on R&D rose.",
    "r": "R, R and d, d.",
    "sp": "The S&P 500 closed higher.",
    "s": "About 500 of S, p and s, p.",
    "hornet": "Two F/A-18 jets took off.",
    "tcp": "TCP/IP carries the traffic.",
    "ip": "IP, IP, IP; the tcp of IP.",
    "always": "The shop is open 24/7.",
    "numbers": "Of 24 shops 7 are open, 7 of 24.",
    "qa": "A Q&A with the minister.",
    "bq": "B&Q sells paint.",
    "objc": "Objective-C++ mixes both.",
    "disney": "Disney+ raises its price.",
    "version": "Release 1.2.3 is out.",
    "mixed": "3 of 2 and 1, 1, 2, 3 and 1.2 of 3.",
    "address": "The server at 192.168.0.1 answered.",
    "scattered": "0, 1, 168 and 192; 168 of 192, 1 and 0.",
    "day": "Dated 2024-05-06, filed late.",
    "others": "In 2024 there were 06 and 05; 05, 06 in 2024.",
}

FIRST = {
    "C++": "cpp", "c++": "cpp", '"C++"': "cpp", "C++ language": "cpp", "C#": "cs", "c#": "cs", "F#": "fs",
    ".NET": "dotnet", ".net": "dotnet", ".NET framework": "dotnet", "AT&T": "att", "at&t": "att", '"AT&T"': "att",
    "R&D": "rd", "S&P 500": "sp", '"S&P 500"': "sp", "F/A-18": "hornet", "f/a-18": "hornet", "TCP/IP": "tcp",
    "tcp/ip": "tcp", "24/7": "always", '"24/7"': "always", "Q&A": "qa", "B&Q": "bq", "Objective-C++": "objc",
    "Disney+": "disney", "1.2.3": "version", '"1.2.3"': "version", "192.168.0.1": "address",
    "2024-05-06": "day", "2024/05/06": "day", '"2024-05-06"': "day",
}  # fmt: skip

DESIGNATIONS = {
    "10km": "The race was 10km long and cost $5bn.",
    "10 km": "The race was 10 km long and cost $5 bn.",
    "vm": "The S-300VM battery was seen.",
    "s300": "An S-300 battery moved.",
    "t72": "A T-72B3 was lost.",
    "f16": "Two F-16AM jets came.",
    "f15": "Two F-15EX jets came.",
    "su": "A Su-30MKI landed.",
    "neo": "The carrier ordered A320neo jets.",
    "max": "The B737MAX was grounded.",
    "3pm": "Doors open at 3pm.",
    "dose": "A dose of 20mg helps.",
    "screen": "A 4K screen.",
    "summit": "The G20 met after the G7.",
    "century": "In the 19th century and the 1960s.",
}

FOUND = {
    "10km": ["10km", "10 km"], "10 km": ["10 km", "10km"], "5bn": ["10km", "10 km"], "5 bn": ["10 km", "10km"],
    "S-300": ["s300", "vm"], "S300": ["s300", "vm"], "S-300 AND battery": ["s300", "vm"], '"S-300"': ["s300", "vm"],
    "S-300VM": ["vm"], "T-72": ["t72"], "T72": ["t72"], "T-72B3": ["t72"], "F-16": ["f16"], "F-15": ["f15"],
    "Su-30": ["su"], "A320": ["neo"], "A320 neo": ["neo"], "A320neo": ["neo"], "B737": ["max"], "3 pm": ["3pm"],
    "20 mg": ["dose"], "20mg": ["dose"], "4 K": ["screen"], "4K": ["screen"], "G20": ["summit"], "G7": ["summit"],
    "19th century": ["century"], "1960s": ["century"],
}  # fmt: skip

LETTERED = {
    "road": "Route 66A is closed.", "jets": "The F-35A jets came.", "missile": "An S-400A was sold.",
    "plane": "A P-8A Poseidon flew.", "hornet": "An F/A-18E landed.", "bus": "The A350E is new.",
    "law": "Section 12a applies.", "il": "The Il-96o took off.", "liner": "A 777-200ER left.",
    "half": "Size 3.5e sells.", "lower": "Route 77e is open.",
    "ordinal": "La 31ª edición y el 92º premio; le 1er mai, le 4e jour.",
    "decade": "The 1970s and the 19th of May, the 21st and the 2nd and the 3rd.",
}  # fmt: skip

BY_NUMBER = {
    "66": "road", '"66"': "road", "66A": "road", "66a": "road", "route 66": "road", "F-35": "jets", "F35": "jets",
    "F-35 AND jets": "jets", '"F-35"': "jets", "F-35A": "jets", "S-400": "missile", "S400": "missile", "P-8": "plane",
    "F/A-18": "hornet", "F/A-18E": "hornet", "A350": "bus", "12": "law", "Section 12": "law", "12a": "law",
    "Il-96": "il", "777-200": "liner", "3.5": "half", "77": "lower", "31": "ordinal", "92": "ordinal", "31ª": "ordinal",
    "92o": "ordinal", "1er": "ordinal", "4e": "ordinal", "1970s": "decade",
}  # fmt: skip

TAGS = {
    "tag": "Pictures from #FyreFestival again",
    "words": "The Fyre Festival failed.",
    "lives": "March for #BlackLivesMatter today",
    "small": "Tickets for #fyrefestival",
    "handle": "Says @BorisJohnson in an interview",
    "virus": "Cases of #COVID19 rise",
    "mail": "Write to desk@Example.org",
}

TAGGED = {
    "fyre festival": {"tag", "words"}, "#FyreFestival": {"tag", "words", "small"}, "#fyrefestival": {"tag", "small"},
    "fyrefestival": {"tag", "small"}, "black lives matter": {"lives"}, "Boris Johnson": {"handle"},
    "COVID-19": {"virus"}, "example": {"mail"},
}  # fmt: skip

SCRIPTS = (
    ("cat", "ja", "公園で黒い猫が寝ている。"),
    ("dog", "ja", "朝早く犬の散歩をする人が増えた。"),
    ("rice", "zh", "今年米价上涨了，农民很高兴。"),
    ("taiwan", "zh", "臺灣的選舉結果公布了"),
    ("year", "ja", "2024年に選挙がある"),
    ("water", "ko", "물은 차갑다"),
    ("lights", "tr", "Işıklar söndü, sınırlar kapandı, kızlar okula gitti."),
    ("school", "ar", "المدرسة مغلقة بقرار المسؤول"),
    ("hindi", "hi", "हिन्दी भाषा का सम्मेलन और क़लम"),
    ("pupils", "fr", "Les élèves libérés cet été"),
)

IN_SCRIPTS = {
    "猫": "cat", "猫*": "cat", '"猫"': "cat", "犬": "dog", "米": "rice", "猫が": "cat", "台湾": "taiwan",
    "臺灣": "taiwan",
    "选举结果": "taiwan", '"2024年"': "year", "물": "water", "ışık": "lights", "ISIK": "lights", "isiklar": "lights",
    "sınır": "lights", "kız": "lights", "المدرسه": "school", "المسئول": "school", "हिंदी": "hindi", "सम्मेलन": "hindi",
    "कलम": "hindi", "élève": "pupils", "eleves": "pupils", "ete": "pupils",
}  # fmt: skip


def english(texts: Mapping[str, str]) -> list[Article]:
    return [Article(id=name, text=text, language="en") for name, text in texts.items()]


def archive(folder: Path, articles: list[Article]) -> Searcher:
    build(folder / "index", articles, encoder=ENCODER)
    return searchkit.open(folder / "index", encoder=ENCODER)


def ids(searcher: Searcher, query: str) -> list[str]:
    return [result.article.id for result in searcher.search(query, mode="keyword", k=50).results]


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    with archive(tmp_path_factory.mktemp("signs"), english(SIGNS)) as searcher:
        yield searcher


@pytest.mark.parametrize("query", FIRST)
def test_a_word_with_signs_comes_first(signs: Searcher, query: str) -> None:
    assert ids(signs, query)[0] == FIRST[query]


def test_the_letters_of_initials_are_no_words_but_side_by_side(signs: Searcher) -> None:
    assert ids(signs, "AT&T") == ["att", "spaced"]
    assert ids(signs, "R&D") == ["rd"]


def test_the_bare_letter_is_found_behind(signs: Searcher) -> None:
    assert {"c", "cs"} <= set(ids(signs, "C++")[1:])
    assert ids(signs, "C")[0] == "c"


@pytest.fixture(scope="module")
def designations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    with archive(tmp_path_factory.mktemp("designations"), english(DESIGNATIONS)) as searcher:
        yield searcher


@pytest.mark.parametrize("query", FOUND)
def test_types_and_units_are_found_in_one_and_apart(designations: Searcher, query: str) -> None:
    assert ids(designations, query)[: len(FOUND[query])] == FOUND[query]


@pytest.fixture(scope="module")
def lettered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    letters = {letter: f"Road 51{letter} is long." for letter in string.ascii_uppercase if letter != "S"}
    with archive(tmp_path_factory.mktemp("lettered"), english(LETTERED | letters)) as searcher:
        yield searcher


@pytest.mark.parametrize("query", BY_NUMBER)
def test_a_number_is_found_with_a_letter_behind_it(lettered: Searcher, query: str) -> None:
    assert ids(lettered, query)[0] == BY_NUMBER[query]


def test_a_number_is_found_whatever_letter_is_behind_it(lettered: Searcher) -> None:
    assert sorted(ids(lettered, "51")) == [letter for letter in string.ascii_uppercase if letter != "S"]


@pytest.mark.parametrize("query", ["1970", "19", "21", "3"])
def test_decades_and_english_ordinals_are_other_words_than_their_numbers(lettered: Searcher, query: str) -> None:
    assert "decade" not in ids(lettered, query)


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    with archive(tmp_path_factory.mktemp("tags"), english(TAGS)) as searcher:
        yield searcher


@pytest.mark.parametrize("query", TAGGED)
def test_hashtags_and_handles_are_words(tags: Searcher, query: str) -> None:
    assert set(ids(tags, query)) == TAGGED[query]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    articles = [Article(id=name, text=text, title=text[:8], language=language) for name, language, text in SCRIPTS]
    with archive(tmp_path_factory.mktemp("scripts"), articles) as searcher:
        yield searcher


@pytest.mark.parametrize("query", IN_SCRIPTS)
def test_words_are_found_in_every_script(scripts: Searcher, query: str) -> None:
    assert ids(scripts, query)[0] == IN_SCRIPTS[query]


def test_one_character_is_found_in_a_title(scripts: Searcher) -> None:
    assert ids(scripts, "title:猫") == ["cat"]
