"""Does the number of the rules change with the rules? See ``searchkit/index/manifest.py``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import searchkit
from searchkit.errors import FormatTooOld
from searchkit.index.manifest import RULES
from searchkit.ingest.chunker import split
from searchkit.ingest.indexed_text import compose
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.types import Article, Section
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

MADE_BY = {1: "51e7f77529a353ee", 2: "511ba7818fca1a0e"}
"""What each number stands for: the digest of what the rules make of ``TEXTS``.

Where this fails a change of yours makes another index of some text. If you mean it, raise ``RULES`` and add the digest
that the failure names; indexes of the number before then say that they need a rebuild. If it came with another version
of a package (stemming, sentences), it is such a change too.
"""

TEXTS = {
    "en": "The S-300VM batteries (5,000 m) weren't re-deployed; U.S. analysts' naïve re-reading, e.g. in the Times, "
    "was colour-blind. Running runners ran! Defence organisations organised COVID-19 tests at 3.5 °C.",
    "de": "Die Straßenbahnen überqueren die alte Brücke. Fußgängerübergänge wurden für 1.250,50 Euro gebaut.",
    "es": "Los niños de Táchira corrían; ¿quién vendió los misiles a Caracas? La señora Muñoz-Pérez no lo sabía.",
    "fr": "L'armée s'est aujourd'hui retirée. Les œuvres d'art françaises coûtent 5 000 € à l'hôtel « Ritz ».",
    "pt": "As eleições não aconteceram. Os cidadãos votarão amanhã, disse o ministro.",
    "it": "Dell'università non c'era più nulla. Gli studenti cantavano.",
    "nl": "De 's-Hertogenbossche ministers liepen naar de zee-egels.",
    "sv": "Åskvädren drog över Malmö. Barnen sprang hemåt.",
    "fi": "Taloissammekin asuttiin. Lapset juoksivat järvelle.",
    "ru": "Российские ракеты С-300 охраняли ёлки в Санкт-Петербурге. Учёные знали об этом.",
    "uk": "Об'єднані війська зайняли п'ять міст.",
    "tr": "İstanbul'un IŞIKLARI söndü. Çocuklar okula gidiyorlardı.",
    "el": "Οι δρόμοι της Αθήνας ήταν άδειοι. Ποιος το ήξερε;",
    "ar": "كانت الصواريخ تحرس المدينة. قال الوزير: لا نعلم.",
    "he": 'צה"ל הודיע על הפסקת אש. הילדים רצו הביתה.',
    "hi": "मिसाइलें शहर की रक्षा कर रही थीं। मंत्री ने कहा।",
    "fa": "موشک‌ها از شهر محافظت می‌کردند.",
    "zh": "委内瑞拉部署了S-300导弹。部长说：我们不知道。",
    "ja": "ベネズエラはﾐｻｲﾙを配備した。東京タワーは333メートルです。",
    "ko": "베네수엘라는 미사일을 배치했다. 장관은 모른다고 말했다.",
    "th": "เวเนซุเอลาติดตั้งขีปนาวุธ รัฐมนตรีกล่าวว่าไม่ทราบ",
    "": "Ligatures: ﬁne ﬂags. Ｆｕｌｌ ｗｉｄｔｈ, Ⅷ, ½, e\u0301, soft\u00adhyphen, I.B.M., AT&T, C++, a_b, x@y.org.",
}


def indexed() -> list[object]:
    """Return what the index would hold of the texts: chunks, the text that both legs see, and terms with positions."""
    analyzer = Analyzer()
    found: list[object] = []
    for language, text in TEXTS.items():
        long = "\n\n".join([text, f"{text} {text}", *[f"{number}. {text}" for number in range(5)]])
        article = Article(
            id=language or "none",
            title=f"Title: {text[:60]}",
            text=long,
            language=language or None,
            sections=(
                Section(heading="", start=0, end=len(text)),
                Section(heading=f"Heading {text[-20:]}", start=len(text) + 2, end=len(long)),
            ),
        )
        chunks = split(article, count_tokens=WordEncoder().count_tokens, max_tokens=48, overlap_sentences=1)
        for chunk in chunks:
            searched = compose(article, chunk)
            found.append([chunk.start, chunk.end, chunk.heading, searched.joined])
        for word in analyzer.words(searched.joined):
            expansion = analyzer.expand(word, article.language)
            found.append([word, expansion.terms, expansion.offsets, expansion.advance])
    return found


def test_a_change_of_the_rules_changes_their_number() -> None:
    made = hashlib.sha256(json.dumps(indexed(), ensure_ascii=True).encode()).hexdigest()[:16]
    assert MADE_BY.get(RULES) == made, f"rules {RULES} stand for {MADE_BY.get(RULES)}, these are {made}"


def test_every_number_stands_for_other_rules() -> None:
    assert sorted(MADE_BY) == list(range(1, RULES + 1))
    assert len(set(MADE_BY.values())) == len(MADE_BY)


def test_the_texts_say_something_in_each_of_their_languages() -> None:
    assert len(indexed()) > 400


def test_an_index_of_older_rules_is_searched_with_a_note_and_rebuilt_without_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = WordEncoder()
    with monkeypatch.context() as patch:
        patch.setattr("searchkit.index.generation_writer.RULES", RULES - 1)
        built(tmp_path / "old")
    built(tmp_path / "new")

    def ids(name: str) -> tuple[list[str], tuple[str, ...]]:
        with searchkit.open(tmp_path / name, encoder=encoder) as searcher:
            answer = searcher.search("missiles Venezuela")
            return [result.article.id for result in answer.results], answer.notes

    results, notes = ids("old")
    assert results == ids("new")[0]
    assert any("'searchkit rebuild' brings it up to date" in note for note in notes)
    with pytest.raises(FormatTooOld, match="searchkit rebuild --index PATH"):
        searchkit.add(tmp_path / "old", [article(40)], encoder=encoder)
    assert searchkit.rebuild(tmp_path / "old", encoder=encoder).vectors_encoded == 0
    assert ids("old") == ids("new")
    assert searchkit.add(tmp_path / "old", [article(40)], encoder=encoder).new == 1
