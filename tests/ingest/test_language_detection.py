from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from searchkit.ingest import read
from searchkit.ingest.article_builder import article_from_dict
from searchkit.ingest.charset import NotText
from searchkit.ingest.file_language import in_its_language
from searchkit.ingest.language_detection import detect, normalise
from searchkit.types import Article


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("EN", "en"),
        ("eng", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("cmn", "zh"),
        ("zh-Hant-TW", "zh"),
        ("English", "en"),
        ("german", "de"),
        ("Deutsch", "de"),
        ("français", "fr"),
        ("русский", "ru"),
        ("中文", "zh"),
        ("Simplified Chinese", "zh"),
        ("Chinese (simplified)", "zh"),
        ("nb", "no"),
        ("nob", "no"),
        ("iw", "he"),
        ("haw", "haw"),
        ("xx", None),
        ("elvish", None),
        ("", None),
    ],
)
def test_codes_and_names_are_normalised(given: str, code: str | None):
    assert normalise(given) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The ministry said on Tuesday that the systems had been delivered to the country.", "en"),
        ("Das Ministerium teilte am Dienstag mit, dass die Systeme geliefert worden seien.", "de"),
        ("Le ministère a déclaré mardi que les systèmes avaient été livrés au pays.", "fr"),
        ("Министерство заявило во вторник, что системы были поставлены в страну.", "ru"),
        ("俄罗斯外交部星期二表示,俄方重申支持委内瑞拉领导层捍卫国家主权。", "zh"),
        ("ロシア外務省は火曜日に支持を表明した。", "ja"),
        ("국방부", "ko"),
        ("ระบบป้องกันภัย", "th"),
        ("Η Ρωσία έστειλε συστήματα αεράμυνας στη Βενεζουέλα την Τρίτη.", "el"),
        ("أكدت وزارة الخارجية الروسية دعمها الثابت للقيادة الفنزويلية.", "ar"),
        ("Defensive Alliance", None),
        ("12 34 56", None),
        ("", None),
        ("xkcd qwrt plmk zzzz vvvv bbbb nnnn", None),
    ],
)
def test_languages_are_detected_where_they_can_be_told(text: str, code: str | None):
    assert detect("", text) == code
    assert detect("", text) == code


ENGLISH = (
    "The ministry said on Tuesday that the systems had been delivered to the country by sea, and that the parliament"
)
GERMAN = "Das Ministerium teilte am Dienstag mit, dass die Systeme geliefert worden seien, und dass der Bundestag"
BOKMAAL = (
    "Departementet opplyste tirsdag at systemene var levert til landet, og at Stortinget skal behandle saken i morgen"
)


@pytest.mark.parametrize(
    ("declared", "text", "language"),
    [
        ("en", f"{GERMAN} darüber berate. {GERMAN} zustimme.", "de"),
        ("de", f"{ENGLISH} would vote. {ENGLISH} agreed.", "en"),
        ("en", f"{ENGLISH} would vote. {ENGLISH} agreed.", "en"),
        ("da", f"{BOKMAAL}. {BOKMAAL}.", "da"),
        ("en", "Raketen treffen Vorort", "en"),
    ],
)
def test_a_sure_detector_overrules_what_an_article_declares(declared: str, text: str, language: str):
    assert article_from_dict({"id": "a", "text": text, "language": declared}).language == language


def test_titles_of_a_file_have_the_language_of_their_source_or_of_the_file(tmp_path: Path):
    english = ["Missiles hit Kyiv suburb", "Doctors walked out", "Prices of houses fell", "Glaciers melting faster"]
    german = ["Raketen treffen Vorort", "Ärzte legen Arbeit nieder", "Preise der Häuser fallen", "Gletscher schmelzen"]
    rows = [{"id": f"e{n}", "title": title, "source": "Ledger"} for n, title in enumerate(english)]
    rows += [{"id": f"d{n}", "title": title, "source": "Bote"} for n, title in enumerate(german)]
    (tmp_path / "mixed.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "de.jsonl").write_text("\n".join(json.dumps({"title": title}) for title in german))
    languages = {article.id: article.language for article in read([tmp_path]) if isinstance(article, Article)}
    assert {language for name, language in languages.items() if name.startswith("e")} == {"en"}
    assert {language for name, language in languages.items() if name.startswith("d")} == {"de"}


def test_what_a_damaged_file_held_before_the_damage_is_told_first():
    def entries() -> Iterator[Article]:
        yield Article(id="1", title="Missiles hit Kyiv suburb", text="")
        yield Article(id="2", title="Doctors walked out", text="")
        raise NotText("is cut short")

    told = in_its_language(entries())
    assert [next(told).id, next(told).id] == ["1", "2"]  # type: ignore[union-attr]
    with pytest.raises(NotText):
        next(told)


def test_a_file_of_several_languages_has_none_of_its_own():
    articles = [Article(id=str(n), title="Kyiv", text="", language=("en", "de", None)[n % 3]) for n in range(9)]
    assert list(in_its_language(iter(articles))) == articles
