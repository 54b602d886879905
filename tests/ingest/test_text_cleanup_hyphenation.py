from __future__ import annotations

import json
from pathlib import Path

import pytest

from searchkit.ingest import article_from_dict, read
from searchkit.ingest.formats.markdown import parse_markdown
from searchkit.ingest.formats.plain_text import parse_plain
from searchkit.ingest.text_cleanup import join_parted_words
from searchkit.types import Article


@pytest.mark.parametrize(
    ("parted", "text"),
    [
        ("The infor-\nmation was pub-\nlished.", "The information was published."),
        ("infor-  \n  mation", "information"),
        ("infor\u2010\nmation", "information"),
        ("infor\u00ad\nmation", "information"),
        ("INFOR-\nMATION", "INFORMATION"),
        ("gov-\nern-\nment", "government"),
        ("Bundes-\nregierung", "Bundesregierung"),
        ("новос-\nти", "новости"),
        ("ex-\npected to-\nday", "expected today"),
        ("may-\nor", "mayor"),
        ("co-\noperate; they cooperate", "cooperate; they cooperate"),
        ("co-\noperate; they co-operate", "co-operate; they co-operate"),
        ("the air-\nspace; air space", "the air-space; air space"),
        ("well-\nknown", "well-known"),
        ("well\u2010\nknown", "well\u2010known"),
        ("government-\nbacked", "government-backed"),
        ("Anglo-\nSaxon", "Anglo-Saxon"),
        ("Haus-\nTür", "Haus-Tür"),
        ("twenty-\nfive", "twenty-five"),
        ("mother-in-\nlaw", "mother-in-law"),
        ("state-\nof-the-art", "state-of-the-art"),
        ("peut-\nêtre", "peut-être"),
        ("кто-\nнибудь", "кто-нибудь"),
        ("anak-\nanak", "anak-anak"),
        ("e-\nmail", "e-mail"),
        ("2019-\n2020", "2019-2020"),
        ("COVID-\n19", "COVID-19"),
        ("Haus-\nund Hof", "Haus- und Hof"),
        ("two-\nor three-year", "two- or three-year"),
        ("東京-\n大阪", "東京-大阪"),
        ("- item\n- item", "- item\n- item"),
        ("he said -\nand left", "he said -\nand left"),
        ("word--\nnext", "word--\nnext"),
        ("infor-\n\nmation", "infor-\n\nmation"),
        ("```\nfoo-\nbar\n```\nfoo-\nbar", "```\nfoo-\nbar\n```\nfoobar"),
    ],
)
def test_words_that_a_line_parts_are_whole(parted: str, text: str) -> None:
    assert join_parted_words(parted) == text


def test_rows_hold_whole_words(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "json", "title": "Pub-\nlished", "text": "infor-\r\nmation"}))
    (tmp_path / "b.csv").write_text('id,text\ncsv,"infor-\nmation"\n')
    articles = [entry for entry in read([tmp_path]) if isinstance(entry, Article)]
    assert [(article.id, article.title, article.text) for article in articles] == [
        ("json", "Published", "information"),
        ("csv", "", "information"),
    ]
    assert article_from_dict({"id": "dict", "text": "infor-\nmation"}).text == "information"


def test_a_short_plain_text_holds_whole_words() -> None:
    draft = parse_plain(
        "Parliament\n\nThe govern-\nment resigned after the infor-\nmation was pub-\nlished.\nA line.\n"
    )
    assert draft.values["text"] == "The government resigned after the information was published.\nA line."


def test_a_list_in_plain_text_stays_a_list() -> None:
    assert parse_plain("Shopping\n\n- eggs\n- milk-\n- tea\n").values["text"] == "- eggs\n- milk-\n- tea"


def test_markdown_holds_whole_words_but_in_code() -> None:
    source = "# T\n\nThe infor-\nmation, well-\nknown; co-\noperate.\n\n> We co-operate.\n\n```\nfoo-\nbar\n```\n"
    assert parse_markdown(source).values["text"] == (
        "The information, well-known; co-operate.\n\nWe co-operate.\n\nfoo-\nbar"
    )
