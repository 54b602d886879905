from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.ingest.charset import NotText
from searchkit.ingest.file_kinds import refuse_code
from tests.ingest.containers import STORY, page, sorted_out, write

PYTHON = "import os\n\n\ndef main(path):\n    for name in os.listdir(path):\n        print(name)\n    return 0\n"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.py", PYTHON, "source code (.py)"),
        ("a.js", "export default { a: 1 }\n", "a script (.js)"),
        ("a.css", "body { color: red; }\n", "a style sheet (.css)"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:04,000\nIt was closed.\n", "subtitles (.srt)"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:04.000\nIt was closed.\n", "subtitles (.vtt)"),
        ("a.tex", "\\documentclass{article}\\begin{document}It was closed.\\end{document}", "TeX (.tex)"),
        ("a.yaml", "title: On the bridge\ntext: It was closed.\n", "settings (.yaml)"),
        ("a.toml", "title = 'On the bridge'\n", "settings (.toml)"),
        ("a.ini", "[a]\nb = c\n", "settings (.ini)"),
        ("a.log", "2024-05-06 10:00:00 INFO started\n", "a log (.log)"),
        ("a.sql", "SELECT * FROM bridges;\n", "a database script (.sql)"),
        ("Makefile", "all:\n\tcc -o a a.c\n", "source code"),
        ("robots.txt", "User-agent: *\nDisallow: /private\n", "settings"),
        ("package.json", '{"name": "a", "description": "It was closed."}', "settings"),
        ("CMakeLists.txt", "project(a)\n", "source code"),
        ("LICENSE", "Permission is hereby granted, free of charge, to any person who wants it.\n", "a licence"),
        ("poetry.lock", "[[package]]\nname = 'a'\n", "settings (.lock)"),
        ("a.css.gz", b"\x1f\x8b", ""),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word document (.doc)"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a spreadsheet (.xls)"),
        ("a.ppt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "slides (.ppt)"),
        ("a.mobi", b"\0" * 60 + b"BOOKMOBI", "a Kindle book"),
        ("a", b"\0" * 60 + b"BOOKMOBI", "a Kindle book"),
        ("a.woff2", b"wOF2\0\1", "a font"),
        ("a.pkl", b"\x80\4\x95\0\0", "pickled Python objects"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "a picture (.png)"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", "a video (.mp4)"),
        ("a.sqlite", b"SQLite format 3\0", "a database (.sqlite)"),
        ("a.exe", b"MZ\x90\0", "a program (.exe)"),
    ],
)
def test_what_holds_no_article_is_named(tmp_path: Path, name: str, content: str | bytes, kind: str):
    articles, problems = sorted_out(write(tmp_path, name, content))
    assert not articles
    assert len(problems) == 1
    if kind:
        assert (problems[0].reason, problems[0].lost) == (f"isn't an article: it is {kind}", False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a", PYTHON),
        ("a.unknown", "#!/bin/sh\nset -e\nfor a in *; do\n  echo $a | sed 's/x/y/'\ndone\n"),
        ("a.x", '#include <stdio.h>\nint main(void) {\n  printf("Hello");\n  return 0;\n}\n'),
        ("a.data", "id;x;y\n1;2.5;3.5\n2;2.7;3.1\n3;2.9;3.0\n"),
        ("a.q", "title: On the bridge\ntext: It was closed.\nkey: value\n"),
        ("a.w", "[section]\nkey = value\nother = 12\n"),
        ("a.v", "<mods><title>On the bridge</title></mods>\n" * 3),
        ("a.z", "00:00:01,000 --> 00:00:04,000\nIt was closed in March.\n"),
        ("a.k", "\\documentclass{article}\n\\title{On the bridge}\n\\maketitle\n"),
    ],
)
def test_an_unknown_suffix_whose_text_is_no_prose_is_named(tmp_path: Path, name: str, content: str):
    articles, problems = sorted_out(write(tmp_path, name, content))
    assert not articles
    assert len(problems) == 1
    assert problems[0].lost


@pytest.mark.parametrize(
    "text",
    [
        "Monday: the harbour bridge was closed.",
        "Notes.",
        "The bridge\n\n- It was closed; nobody crossed.\n- It stays closed (until May) - they say.\n",
        "On the bridge\n=============\n\nIt was closed in March. Nobody knows when it opens.\n",
        "Fares 2024: adults $4.50, children $2.25 (from 6 a.m. to 8 p.m.), seniors free on Sundays and holidays.",
        "Using `let x = 1;` in JavaScript\n\nThe keyword let declares a variable in the block that it stands in.\n",
        "市議会が橋の再建を決定した。\n三月の洪水以来、橋は閉鎖されている。\n",
        "สภาเมืองมีมติให้สร้างสะพานขึ้นใหม่หลังน้ำท่วมในเดือนมีนาคม",
        "قرر مجلس المدينة إعادة بناء الجسر بعد الفيضان في شهر مارس.",
    ],
)
def test_prose_of_an_unknown_suffix_is_an_article(tmp_path: Path, text: str):
    articles, problems = sorted_out(write(tmp_path, "a.story", text))
    assert not problems
    assert len(articles) == 1


@pytest.mark.parametrize("name", ["a.zip", "a.parquet", "a.txt", "a.jsonl", "a.pdf"])
def test_an_empty_file_is_named_as_such(tmp_path: Path, name: str):
    (problem,) = sorted_out(write(tmp_path, name, ""))[1]
    assert problem.reason == "is empty"


def test_a_notebook_is_named_as_such(tmp_path: Path):
    notebook = '{"cells": [{"cell_type": "code", "source": ["1"]}], "metadata": {}, "nbformat": 4}'
    articles, (problem,) = sorted_out(write(tmp_path, "a.ipynb", notebook))
    assert not articles
    assert problem.reason == "isn't an article: it is a notebook of source code (.ipynb)"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PYTHON, "code or settings"),
        ('#include <stdio.h>\nint main(void) {\n  puts("hi");\n  return 0;\n}\n', "code or settings"),
        ("body { color: red; }\n.a { margin: 0 }\n", "code or settings"),
        ("numpy==1.2\nscipy>=1.0\n", "code or settings"),
        ("User-agent: *\nDisallow: /admin\n", "code or settings"),
        ("2025-03-04 10:00:00,123 INFO [main] Started\n2025-03-04 10:00:01,456 ERROR [main] Failed\n", "a log"),
        ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk\n" * 3, "encoded data (base64)"),
    ],
)
def test_code_settings_logs_and_encoded_data_are_named_whatever_their_suffix(tmp_path: Path, content: str, kind: str):
    articles, (problem,) = sorted_out(write(tmp_path, "a.txt", content))
    assert not articles
    assert problem.reason == f"isn't an article: its text isn't prose, but looks like {kind}"


@pytest.mark.parametrize(
    "text",
    [
        "The lamp\n\nO lamp;\nO night;\nwe wait;\nand the sea goes on.\n",
        "How to install\n\nFirst run this command in a shell of your own:\n\npip install lamp==1.0\n\nThen light it.\n",
        "Shopping list\n\nMilk\nBread\nTwo lamps\n",
        "Title, text and pictures\n\nA newspaper has a title, a text and pictures.\n",
        "{ This is a note in braces. } It goes on for a while.\n",
    ],
)
def test_prose_with_signs_of_code_stays_an_article(tmp_path: Path, text: str):
    articles, problems = sorted_out(write(tmp_path, "a.txt", text))
    assert (len(articles), problems) == (1, [])


@pytest.mark.parametrize(
    "content",
    [
        "title,text\nThe lamp,It is lit at six.\nThe net,It is dry by noon.\n",
        '{"title": "The lamp", "text": "It is lit at six."}\n{"title": "The net", "text": "It is dry by noon."}\n',
        '[{"title": "The lamp", "text": "It is lit at six."},\n {"title": "The net", "text": "It is dry by noon."}]',
    ],
)
def test_rows_in_a_text_file_are_read_as_rows(tmp_path: Path, content: str):
    articles, _ = sorted_out(write(tmp_path, "a.txt", content))
    assert [(each.title, each.text) for each in articles] == [
        ("The lamp", "It is lit at six."),
        ("The net", "It is dry by noon."),
    ]


@pytest.mark.parametrize("name", ["a.php", "a.asp", "a.css", "a.unknown"])
def test_a_page_is_one_whatever_its_suffix(tmp_path: Path, name: str):
    assert sorted_out(write(tmp_path, name, page("The bridge")))[0][0].title == "The bridge"


@pytest.mark.parametrize("name", ["St. Mark", "Vol. 2", "Report by J. D", "no.5"])
def test_a_full_stop_in_a_name_makes_no_kind(tmp_path: Path, name: str):
    assert len(sorted_out(write(tmp_path, name, STORY))[0]) == 1


def test_a_line_of_any_length_is_looked_at_in_part():
    with pytest.raises(NotText):
        refuse_code("x=1;" * 10**7)
