from __future__ import annotations

import io

import pytest

from searchkit.ingest.charset import Line, NotText, decode, lines, refuse_binary

GERMAN = (
    "Der schöne Müller läuft über die Straße, und das Mädchen grüßt ihn aus dem Fenster. Ängstlich öffnet er die Tür."
)
SAMPLES = {
    "cp1252": GERMAN,
    "cp1251": "Россия поставила системы ПВО. Министр заявил во вторник, что это так.",
    "koi8-r": "Россия поставила системы ПВО. Министр заявил во вторник, что это так.",
    "shift_jis": "ロシアはベネズエラに防空システムを供与した。大統領は火曜日にそう述べた。",
    "euc_jp": "ロシアはベネズエラに防空システムを供与した。大統領は火曜日にそう述べた。",
    "gb18030": "俄罗斯向委内瑞拉提供防空系统。总统星期二表示。这是一个重要的消息。",
    "big5": "俄羅斯向委內瑞拉提供防空系統。總統星期二表示。這是一個重要的消息。",
    "cp1250": "Zażółć gęślą jaźń. Prezydent powiedział we wtorek, że to się nie powtórzy.",
    "euc_kr": "러시아는 베네수엘라에 방공 시스템을 제공했다.",
    "utf-8": "naïve — 防空",
    "utf-8-sig": "naïve — 防空",
    "utf-16": "naïve — 防空",
    "utf-16-le": "A text in plain English, without a mark.",
    "utf-16-be": "A text in plain English, without a mark.",
    "utf-32": "naïve — 防空",
}


@pytest.mark.parametrize("encoding", SAMPLES)
def test_encodings_are_recognised(encoding: str):
    text = SAMPLES[encoding]
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.note is None


def test_a_few_accents_are_western():
    assert decode("café".encode("cp1252")).text == "café"


def test_damaged_utf8_is_repaired_and_said():
    decoded = decode(GERMAN.encode()[:-1] + b"\xc3")
    assert decoded.text == GERMAN[:-1] + "\ufffd"
    assert decoded.note is not None
    assert "utf-8" in decoded.note


def test_a_declared_encoding_that_does_not_exist_or_fit_is_passed_over():
    assert decode(GERMAN.encode("cp1252"), "no-such").text == GERMAN
    assert decode(SAMPLES["cp1251"].encode("cp1251"), "ascii").text == SAMPLES["cp1251"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"\xff\xd8\xff\xe0", "JPEG image"),
        (b"GIF89a...", "GIF image"),
        (b"RIFF\x10\0\0\0WEBP", "WebP image"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04", "ZIP archive"),
        (b"\x7fELF\x02", "ELF program"),
        (b"\x1f\x8b\x08", "gzip data"),
        (b"x" * 257 + b"ustar", "tar archive"),
        (bytes(100), "binary data"),
        (bytes(range(1, 9)) * 9, "binary data"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, what: str):
    with pytest.raises(NotText, match=what):
        decode(data)


def test_a_stray_nul_does_not_make_a_text_binary():
    refuse_binary(b"abc\0def")


def test_noise_is_in_no_encoding():
    noise = bytes((i * 89 + 7 * i * i) % 255 + 1 for i in range(4000))
    with pytest.raises(NotText):
        decode(noise)


def test_lines_are_split_at_newlines_alone():
    found = list(lines(io.BytesIO("a\u2028b\x0b\r\n\nlast".encode())))
    assert [line.text for line in found] == ["a\u2028b\x0b\r\n", "\n", "last"]
    assert [line.number for line in found] == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_long_lines_are_not_read(encoding: str):
    found = list(lines(io.BytesIO(("x" * 200 + "\nshort\n").encode(encoding)), longest=100))
    assert found[0].problem is not None
    assert found[1:] == ([Line(number=2, text="short\n")] if encoding == "utf-8" else found[1:])


def test_a_text_that_ends_within_a_character_keeps_its_encoding() -> None:
    whole = "Der Fluß ist zu.".encode()
    decoded = decode(whole + "é".encode()[:1], "utf-8")
    assert (decoded.text, decoded.note) == ("Der Fluß ist zu.\ufffd", "is cut short within its last character")
    assert decode(b"The caf\xe9").text == "The café"
