from __future__ import annotations

import pytest

from searchkit.ingest.languages import detect, normalise


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
