"""Exports of reading services and publishing programs are read as the articles that they hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from searchkit import Article, Problem
from searchkit.ingest import read
from tests.ingest import export_files as files


def taken(place: Path) -> tuple[list[Article], list[Problem]]:
    entries = list(read([place]))
    articles = [entry for entry in entries if isinstance(entry, Article)]
    return articles, [entry for entry in entries if isinstance(entry, Problem)]


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


SAVED = "2024-06-01T08:00:00+00:00"
TAGS = ("river", "town")
EXPORTS: dict[str, tuple[str, object, dict[str, object]]] = {
    "wallabag": (
        *("wallabag.json", [files.WALLABAG]),
        {
            "saved": SAVED,
            "archived": True,
            "favorite": False,
            "highlights": ("The weir leaks",),
            "notes": ("Ask the mayor.",),
        },
    ),
    "Readwise Reader": (
        "reader.json",
        {"results": [files.READER]},
        {"saved": SAVED, "archived": True, "notes": "Ask the mayor."},
    ),
    "Readwise Reader's CSV": ("reader.csv", files.READWISE, {"saved": SAVED, "archived": True}),
    "Pocket": ("pocket.csv", files.POCKET, {"saved": SAVED, "archived": True}),
    "Pocket's list": ("ril_export.html", files.POCKET_HTML, {"saved": SAVED}),
    "Instapaper": (
        "instapaper.csv",
        files.INSTAPAPER,
        {"saved": SAVED, "archived": True, "highlights": ("The weir leaks",)},
    ),
    "Raindrop": (
        *("raindrop.csv", files.RAINDROP),
        {
            "saved": SAVED,
            "favorite": True,
            "folder": "Rivers",
            "highlights": ("The weir leaks",),
            "notes": "Ask the mayor.",
        },
    ),
    "Linkwarden": ("linkwarden.json", files.LINKWARDEN, {"saved": SAVED, "favorite": True, "collection": "Rivers"}),
    "Karakeep": ("karakeep.json", files.KARAKEEP, {"saved": SAVED, "archived": True, "notes": "Ask the mayor."}),
    "starred items": ("starred.json", files.STARRED, {"saved": SAVED, "favorite": True, "notes": ("Ask the mayor.",)}),
    "Guardian": ("guardian.json", files.GUARDIAN, {"section": "Town"}),
    "NYT": ("nyt.json", files.NYT, {"section": "Town"}),
    "WordPress": ("posts.json", [files.WORDPRESS], {"slug": "weir"}),
    "WordPress in lines": ("posts.jsonl", json.dumps(files.WORDPRESS), {"slug": "weir"}),
    "WXR": ("export.xml", files.WXR, {"type": "post"}),
    "Ghost": ("ghost.json", files.GHOST, {"slug": "weir", "visibility": "public"}),
    "CSL": ("items.json", files.CSL, {"doi": "10.1000/weir", "notes": "Ask the mayor.", "saved": "2024-06-01"}),
    "RIS": ("items.ris", files.RIS, {"notes": "Ask the mayor.", "type": "JOUR"}),
    "BibTeX": ("items.bib", files.BIBTEX, {"type": "article"}),
    "Evernote": ("notes.enex", files.ENEX, {"saved": SAVED, "attachments": ("weir.png",)}),
    "bookmarks": ("bookmarks.html", files.NETSCAPE, {"saved": SAVED, "folder": "Rivers"}),
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_gives_articles_with_tags_and_states_and_the_day_they_were_saved(tmp_path: Path, kind: str) -> None:
    name, content, fields = EXPORTS[kind]
    articles, problems = taken(written(tmp_path, name, content))
    article = articles[0]
    assert article.title.lower().startswith("the weir")
    assert article.tags == TAGS
    assert {name: article.fields.get(name) for name in fields} == fields
    assert not [problem for problem in problems if problem.lost]


WITH_TEXT = (
    "wallabag",
    "Readwise Reader",
    "Linkwarden",
    "Karakeep",
    "starred items",
    "Guardian",
    "NYT",
    "WordPress",
    "WXR",
)


@pytest.mark.parametrize("kind", [*WITH_TEXT, "Ghost", "CSL", "RIS", "BibTeX", "Evernote"])
def test_an_export_gives_the_text_that_is_in_it(tmp_path: Path, kind: str) -> None:
    name, content, _ = EXPORTS[kind]
    (article, *_), _ = taken(written(tmp_path, name, content))
    assert files.TEXT in article.text.replace("\n", " ")
    assert "<" not in article.text
    assert "[caption" not in article.text


@pytest.mark.parametrize(
    "kind",
    ["wallabag", "Readwise Reader", "starred items", "Guardian", "NYT", "WordPress", "WXR", "Ghost", "CSL", "RIS"],
)
def test_what_an_export_says_of_an_article_is_kept_apart_from_when_it_was_saved(tmp_path: Path, kind: str) -> None:
    name, content, _ = EXPORTS[kind]
    (article, *_), _ = taken(written(tmp_path, name, content))
    assert str(article.published_day) == "2024-05-06"
    assert article.authors[0] == "Jana Doe"
    assert article.url in ("https://example.org/weir", "https://doi.org/10.1000/weir")


@pytest.mark.parametrize("kind", ["Pocket", "Instapaper", "Raindrop", "Karakeep", "bookmarks", "Evernote"])
def test_a_link_that_was_saved_has_no_day_of_publication(tmp_path: Path, kind: str) -> None:
    name, content, _ = EXPORTS[kind]
    (article, *_), _ = taken(written(tmp_path, name, content))
    assert article.published is None
    assert article.updated is None


def test_news_interfaces_give_what_they_have_of_a_text(tmp_path: Path) -> None:
    (article,), _ = taken(written(tmp_path, "news.json", files.NEWSAPI))
    assert (article.text, article.source, article.authors) == (files.TEXT, "Northford Ledger", ("Jana Doe",))
    (article,), _ = taken(written(tmp_path, "gdelt.json", files.GDELT))
    assert (article.title, article.source, str(article.published_day)) == (
        "The weir leaks",
        "example.org",
        "2024-05-06",
    )
    assert article.language == "en"


@pytest.mark.parametrize("body", ["body", "bodyText"])
def test_a_standfirst_stands_before_the_text(tmp_path: Path, body: str) -> None:
    text = "<p>It leaks.</p>" if body == "body" else "It leaks."
    fields = {"headline": "The weir leaks", "standfirst": "<p>Ask the <b>mayor</b></p>", body: text}
    row = {
        "webTitle": "The weir",
        "webPublicationDate": "2024-05-06",
        "webUrl": "https://example.org/",
        "fields": fields,
    }
    (article,), _ = taken(written(tmp_path, "guardian.json", [row]))
    assert article.text == "Ask the mayor\n\nIt leaks."


def test_an_item_without_content_was_saved_and_not_published(tmp_path: Path) -> None:
    item = {"slug": "weir", "title": "The weir", "savedAt": "2024-05-06T00:00:00Z", "state": "Archived"}
    (article,), _ = taken(written(tmp_path, "metadata_0_to_20.json", [item]))
    assert article.fields == {"saved": "2024-05-06T00:00:00+00:00", "archived": True}


def test_a_snapshot_without_a_history_was_saved_and_not_published(tmp_path: Path) -> None:
    row = {"url": "https://example.org/", "title": "The weir", "timestamp": "1715000000.5", "tags": None}
    (article,), _ = taken(written(tmp_path, "index.json", row))
    assert (article.published, article.fields) == (None, {"saved": "2024-05-06T12:53:20.500000+00:00"})


def test_posts_are_read_and_what_was_passed_on_is_counted(tmp_path: Path) -> None:
    (article,), problems = taken(written(tmp_path, "outbox.json", files.MASTODON))
    assert article.text == f"{files.TEXT} #river"
    assert (article.id, article.tags) == ("https://example.org/users/jana/statuses/1", ("river",))
    assert "a post of somebody else that was passed on was left out in 1 row" in {
        problem.reason for problem in problems
    }
    (article,), problems = taken(written(tmp_path, "tweets.js", files.TWEETS))
    assert (article.id, article.tags) == ("91", ("river",))
    assert article.text == f"{files.TEXT} & https://example.org/weir #river"
    assert str(article.published_day) == "2024-05-06"
    assert "passed on" in problems[0].reason
    (problem,) = taken(written(tmp_path, "like.js", "window.YTD.like.part0 = []"))[1]
    assert "'like' of Twitter's archive" in problem.reason


def test_what_is_not_published_is_counted(tmp_path: Path) -> None:
    articles, problems = taken(written(tmp_path, "ghost.json", files.GHOST))
    assert [article.id for article in articles] == ["p1"]
    assert "a post that isn't published was left out in 1 row" in {problem.reason for problem in problems}
    articles, problems = taken(written(tmp_path, "export.xml", files.WXR))
    assert [article.source for article in articles] == ["Northford Ledger"]
    assert {problem.reason.partition(" was ")[0] for problem in problems if not problem.lost} >= {
        "a post that isn't published",
        "an attachment, a menu or a setting",
    }


def test_references_are_read_one_after_the_other(tmp_path: Path) -> None:
    (first, second), _ = taken(written(tmp_path, "items.ris", files.RIS))
    assert (first.authors, first.source, first.fields["ris.VL"]) == (("Jana Doe", "Joe Roe"), "Northford Ledger", "3")
    assert (second.title, str(second.published_day)) == ("The mill turns", "2023-01-01")
    (first, second), _ = taken(written(tmp_path, "items.bib", files.BIBTEX))
    assert first.title == "The Weir Leaks: Über Flüsse & Cafés"
    assert (first.id, first.authors, first.source) == ("doe2024", ("Jana Doe", "Joe Østby"), "Northford Ledger")
    assert (str(first.published_day), first.url) == ("2024-05-01", "https://doi.org/10.1000/weir")
    assert (second.id, second.title) == ("mill2023", "The mill turns")


def test_a_bibliography_that_is_cut_short_is_named_where_it_ends(tmp_path: Path) -> None:
    articles, problems = taken(written(tmp_path, "items.bib", files.BIBTEX[:-20]))
    assert [article.id for article in articles] == ["doe2024"]
    assert [(problem.line, problem.lost) for problem in problems] == [(12, True)]


def test_a_row_that_looks_like_a_reference_keeps_its_text(tmp_path: Path) -> None:
    (article,), _ = taken(written(tmp_path, "papers.json", [{**files.CSL[0], "text": "The full text."}]))
    assert article.text == "The full text."
    assert article.authors == ("Jana Doe", "The Weir Board")


def test_a_note_of_ones_own_was_published_when_it_was_made(tmp_path: Path) -> None:
    (clipped, own), _ = taken(written(tmp_path, "notes.enex", files.ENEX))
    assert (clipped.published, clipped.url, clipped.authors) == (None, "https://example.org/weir", ("Jana Doe",))
    assert "[x] Ask the mayor" in clipped.text
    assert (str(own.published_day), own.text, "saved" in own.fields) == ("2024-05-06", "The mill & the dam.", False)


def test_omnivores_export_is_read_as_a_zip_and_as_a_folder(tmp_path: Path) -> None:
    files.omnivore_folder(tmp_path / "folder")
    files.omnivore_zip(tmp_path / "export.zip")
    for place, lost in ((tmp_path / "folder", 0), (tmp_path / "export.zip", 1)):
        (article,), problems = taken(place)
        assert (article.id, article.title, article.tags) == ("6a1b", "The weir leaks", TAGS)
        assert article.text == f"At the weir\n\n{files.TEXT}"
        assert [section.heading for section in article.sections] == ["At the weir"]
        assert (str(article.published_day), article.authors) == ("2024-05-06", ("Jana Doe",))
        assert article.fields["saved"] == SAVED
        assert article.fields["archived"] is True
        assert article.fields["highlights"] == ("The weir leaks,\nbadly.",) or article.fields["highlights"]
        assert "Ask the mayor." in article.fields["notes"]  # type: ignore[operator]
        assert sum(problem.lost for problem in problems) == lost


def test_a_snapshot_of_archivebox_is_one_article(tmp_path: Path) -> None:
    files.snapshot_folder(tmp_path / "archive" / "1717228800.0")
    (article,), problems = taken(tmp_path)
    assert article.text == f"At the weir\n\n{files.TEXT}"
    assert (article.title, article.url, article.tags) == ("The weir leaks", "https://example.org/weir", TAGS)
    assert (str(article.published_day), article.fields["saved"]) == ("2024-05-06", SAVED)
    assert not [problem for problem in problems if problem.lost]


def test_a_snapshot_without_a_readable_text_is_read_from_its_page(tmp_path: Path) -> None:
    files.snapshot_folder(tmp_path / "1717228800.0", readable=False)
    (article,), _ = taken(tmp_path)
    assert files.TEXT in article.text
    assert article.tags == TAGS


def test_zoteros_library_is_read_with_its_full_texts_and_not_changed(tmp_path: Path) -> None:
    files.zotero_library(tmp_path)
    before = (tmp_path / "zotero.sqlite").read_bytes()
    (article, note), problems = taken(tmp_path)
    assert (article.id, article.title, article.text, article.source) == (
        *("WEIR0001", "The weir leaks", files.TEXT),
        "Northford Ledger",
    )
    assert (article.authors, article.tags) == (("Jana Doe", "The Weir Board"), TAGS)
    assert (str(article.published_day), article.fields["saved"]) == ("2024-05-06", SAVED)
    assert article.fields["notes"] == ("Ask the mayor.", "Badly")
    assert article.fields["highlights"] == ("The weir leaks",)
    assert article.fields["abstract"] == "A weir."
    assert (note.title, note.text) == ("Alone", "A note alone.")
    assert not [problem for problem in problems if problem.lost]
    assert (tmp_path / "zotero.sqlite").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["storage", "zotero.sqlite"]


def test_another_database_is_named(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "cache.sqlite") as database:
        database.execute("CREATE TABLE pages (text TEXT)")
    database.close()
    (problem,) = taken(tmp_path)[1]
    assert (problem.reason, problem.lost) == ("isn't an article: it is a database (.sqlite)", False)
    (tmp_path / "cache.sqlite").unlink()
    (tmp_path / "zotero.sqlite").write_bytes(b"SQLite format 3\0" + bytes(5000))
    (problem,) = taken(tmp_path)[1]
    assert problem.reason.startswith("can't be read as Zotero's library")
    assert problem.lost


@pytest.mark.parametrize("where", ["pages/x.html", "example.org/weir.html"])
def test_a_link_is_read_with_its_page_where_that_lies_saved_beside_the_list(tmp_path: Path, where: str) -> None:
    written(tmp_path, "pocket.csv", files.POCKET)
    page = tmp_path / where
    page.parent.mkdir()
    page.write_text(files.PAGE)
    (article,), _ = taken(tmp_path)
    assert files.TEXT in article.text
    assert (article.id, article.tags, article.fields["archived"]) == ("https://example.org/weir", TAGS, True)
    assert str(article.published_day) == "2024-05-06"


@pytest.mark.parametrize("where", ["pages/x.html", "example.org/weir.html", "www.example.org/weir/index.html"])
@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/weir?utm_source=pocket_mylist",
        "http://www.example.org/weir/",
        "https://WWW.Example.org:443/weir/?utm_source=pocket_mylist&fbclid=a1#top",
    ],
)
def test_a_link_is_joined_with_its_page_however_its_address_is_written(tmp_path: Path, where: str, url: str) -> None:
    written(tmp_path, "pocket.csv", files.POCKET.replace("https://example.org/weir", url))
    page = tmp_path / where
    page.parent.mkdir(parents=True)
    page.write_text(files.PAGE)
    (article,), problems = taken(tmp_path)
    assert files.TEXT in article.text
    assert not [each for each in problems if "saved beside" in each.reason]


@pytest.mark.parametrize("kind", ["Pocket", "Instapaper"])
def test_how_many_links_have_no_page_is_said_once(tmp_path: Path, kind: str) -> None:
    if kind == "Pocket":
        rows = files.POCKET + "".join(f"M{number},https://example.org/m{number},,,unread\n" for number in range(3))
    else:
        rows = "URL,Title,Selection,Folder\nhttps://example.org/weir/,The weir,,Unread\n"
        rows += "".join(f"https://example.org/m{number},M{number},,Unread\n" for number in range(3))
    written(tmp_path, f"{kind}.csv", rows)
    (tmp_path / "weir.html").write_text(files.PAGE)
    articles, problems = taken(tmp_path)
    assert len(articles) == 4
    (problem,) = [each for each in problems if "saved beside" in each.reason]
    assert problem.reason.endswith("but the title in 3 rows, the first at line 3")
    assert not problem.lost


def test_a_link_without_a_name_is_found_by_its_address(tmp_path: Path) -> None:
    articles, _ = taken(written(tmp_path, "karakeep.json", files.KARAKEEP))
    assert articles[1].title == articles[1].url == "https://example.org/mill"


HOSTILE = {
    "entities": '<?xml version="1.0"?><!DOCTYPE en-export [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><en-export><note>'
    "<title>&b;</title></note></en-export>",
    "a file": '<?xml version="1.0"?><!DOCTYPE en-export [<!ENTITY a SYSTEM "file:///etc/passwd">]><en-export><note>'
    "<title>&a;</title></note></en-export>",
    "depth": "<en-export><note>" + "<a>" * 100_000,
    "a cut": files.ENEX[:-120],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_xml_is_a_named_problem(tmp_path: Path, kind: str) -> None:
    articles, problems = taken(written(tmp_path, "notes.enex", HOSTILE[kind]))
    assert len(articles) == (1 if kind == "a cut" else 0)
    assert [problem.lost for problem in problems].count(True) == 1
    assert "root:" not in str(articles)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret"])
def test_a_name_in_an_export_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.html").write_text("<p>Secret</p>")
    folder = tmp_path / "export"
    folder.mkdir()
    written(folder, "metadata_0_to_20.json", [{**files.OMNIVORE[0], "slug": name}])
    (article,), _ = taken(folder)
    assert article.text == "A weir."
