"""Encodings that share their bytes are told apart by what they make of them."""

from __future__ import annotations

import pytest

from searchkit.ingest.charset import decode
from searchkit.ingest.mojibake import repaired

CZECH = (
    "Město otevřelo nový most přes řeku. Šest dělníků žádá vyšší mzdu, říká starosta, a většina souhlasí. Ťuhýk letí."
)
POLISH = (
    "Miasto otworzyło nowy most. Sześciu robotników żąda wyższej płacy, mówi burmistrz, i większość się zgadza. Źródło."
)
FRENCH = "La ville a décidé de réparer le barrage avant l’hiver, où l’eau menace déjà les maisons près de la forêt."
GERMAN = (
    "Die Stadt lässt das Wehr für den Winter ausbessern, sagt der Bürgermeister: „Es ist höchste Zeit“, größer als je."
)
RUSSIAN = "Город решил починить плотину до зимы. Мэр сказал, что вода уже подходит к домам, и ждать больше нельзя."
UKRAINIAN = (
    "Місто вирішило полагодити греблю до зими. Мер сказав, що вода вже підходить до будинків, і чекати не можна."
)
JAPANESE = "市は冬になる前に堰を直すことを決めた。市長は水がもう家の近くまで来ていると話した。"
KOREAN = "시는 겨울이 오기 전에 둑을 고치기로 했다. 시장은 물이 이미 집 가까이에 왔다고 말했다."
SIMPLIFIED = "市里决定在冬天之前修好水坝。市长说，水已经到了房子的附近，不能再等了，这是大家的意见。"
TRADITIONAL = "市裡決定在冬天之前修好水壩。市長說，水已經到了房子的附近，不能再等了，這是大家的意見。"
TURKISH = (
    "Şehir, kıştan önce bendi onarmaya karar verdi. Başkan, suyun evlere yaklaştığını ve beklenemeyeceğini söyledi."
)
HEBREW = "העירייה החליטה לתקן את הסכר לפני החורף. ראש העיר אמר שהמים כבר מגיעים לבתים, ואין זמן לחכות עוד."
ARABIC = "قررت المدينة إصلاح السد قبل الشتاء. وقال العمدة إن المياه وصلت إلى قرب المنازل ولا يمكن الانتظار."
GREEK = "Η πόλη αποφάσισε να επισκευάσει το φράγμα πριν από τον χειμώνα, είπε ο δήμαρχος, γιατί το νερό ανεβαίνει."
THAI = "เทศบาลตัดสินใจซ่อมเขื่อนก่อนฤดูหนาว นายกเทศมนตรีกล่าวว่าน้ำมาถึงใกล้บ้านแล้ว และรอต่อไปไม่ได้"

SAMPLES = [
    *((encoding, HEBREW) for encoding in ("cp1255", "iso8859_8", "cp862")),
    ("cp1256", ARABIC),
    ("cp1253", GREEK),
    ("cp874", THAI),
    *((encoding, CZECH) for encoding in ("iso8859_2", "cp1250", "cp852", "mac_latin2")),
    *((encoding, POLISH) for encoding in ("iso8859_2", "cp1250")),
    *((encoding, FRENCH) for encoding in ("cp1252", "mac_roman")),
    *((encoding, FRENCH.replace("’", "'")) for encoding in ("cp1252", "mac_roman", "cp850")),
    *((encoding, GERMAN) for encoding in ("cp1252", "mac_roman")),
    *((encoding, RUSSIAN) for encoding in ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")),
    *((encoding, UKRAINIAN) for encoding in ("cp1251", "koi8_u")),
    *((encoding, JAPANESE) for encoding in ("cp932", "euc_jp", "iso2022_jp")),
    *((encoding, KOREAN) for encoding in ("cp949", "euc_kr")),
    *((encoding, SIMPLIFIED) for encoding in ("gbk", "gb18030")),
    ("big5", TRADITIONAL),
    ("cp1254", TURKISH),
    *(
        (encoding, f"{text}\n{text}\n")
        for encoding in ("utf-16-le", "utf-16-be")
        for text in (CZECH, RUSSIAN, JAPANESE, KOREAN, SIMPLIFIED)
    ),
]


@pytest.mark.parametrize(("encoding", "text"), SAMPLES, ids=[f"{name}-{text[:9]}" for name, text in SAMPLES])
def test_the_bytes_tell_their_encoding(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.note is None


@pytest.mark.parametrize(("encoding", "text"), SAMPLES, ids=[f"{name}-{text[:9]}" for name, text in SAMPLES])
def test_the_bytes_tell_their_encoding_among_markup(encoding: str, text: str) -> None:
    page = f"<html><body><div class='article-body long-name'><p>{text}</p></div></body></html>\n" * 3
    assert decode(page.encode(encoding)).text == page


@pytest.mark.parametrize(
    ("encoding", "label", "text"),
    [
        ("cp1251", "iso-8859-1", RUSSIAN),
        ("koi8_r", "windows-1251", RUSSIAN),
        ("cp932", "iso-8859-1", JAPANESE),
        ("big5", "gb18030", TRADITIONAL),
        ("iso8859_2", "windows-1252", CZECH),
        ("mac_roman", "iso-8859-1", FRENCH),
    ],
)
def test_a_declaration_that_lies_gives_way_to_the_bytes_and_is_said(encoding: str, label: str, text: str) -> None:
    decoded = decode(text.encode(encoding), label)
    assert decoded.text == text
    assert decoded.note is not None
    assert label in decoded.note


@pytest.mark.parametrize(("encoding", "text"), [("cp1252", FRENCH), ("cp1251", RUSSIAN), ("cp1250", CZECH)])
def test_a_declaration_that_is_right_is_kept(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), encoding).text == text
    assert decode(text.encode(encoding), encoding).note is None


def test_a_few_bytes_of_another_encoding_are_repaired_and_said() -> None:
    decoded = decode(FRENCH.encode() + b" Le maire a d\xe9cid\xe9. \xff\n" + FRENCH.encode())
    assert "Le maire a décidé. \ufffd\n" in decoded.text
    assert decoded.note is not None


@pytest.mark.parametrize("text", [FRENCH, GERMAN, RUSSIAN, JAPANESE, CZECH])
def test_what_was_encoded_twice_is_repaired_and_said(text: str) -> None:
    twice = text.encode().decode("latin-1")
    decoded = decode(twice.encode())
    assert decoded.text == text
    assert decoded.note is not None
    assert "twice" in decoded.note


@pytest.mark.parametrize(
    "text",
    [
        FRENCH,
        "SÃO PAULO, Âge, Ñandú, åäö",
        "A page in the wrong encoding shows “café” as “cafÃ©”, and “naïve” as “naïve”, say the authors: été, où.",
        "Â£ alone beside déjà vu",
    ],
)
def test_what_was_encoded_once_stays(text: str) -> None:
    assert repaired(text) == text


@pytest.mark.parametrize("older", ["cp1252", "cp1250"])
def test_lines_in_an_older_encoding_among_those_in_utf_8_are_read_as_such_and_said(older: str) -> None:
    text = FRENCH.replace("’", "'") if older == "cp1252" else CZECH
    data = b"\n".join([text.encode(), text.encode(older)] * 3)
    decoded = decode(data)
    assert decoded.text == "\n".join([text] * 6)
    assert decoded.note == f"has 3 lines that aren't utf-8; they were read as {older}"


def test_french_with_its_letter_a_alone_is_no_hebrew() -> None:
    text = "Elle va à Paris, à Lyon, à Nice, à Pau et à Dax."
    assert decode(text.encode("cp1252")).text == text
