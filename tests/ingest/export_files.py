"""Exports of reading services and publishing programs, small and invented, in the forms that these write."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

HTML = "<h2>At the weir</h2><p>The weir across the river <b>leaks</b>, and the town has decided to mend it.</p>"
TEXT = "The weir across the river leaks, and the town has decided to mend it."
PAGE = f"""<!doctype html><html lang="en"><head><title>The weir leaks - Northford Ledger</title>
<link rel="canonical" href="https://example.org/weir"><meta property="article:published_time" content="2024-05-06">
</head><body><article><h1>The weir leaks</h1>{"<p>" + TEXT + " Nobody knows how long it will take.</p>"}
<p>{TEXT} The mayor said on Tuesday that the work is to begin in June, before the river rises again.</p></article>
</body></html>"""

OMNIVORE = [
    {
        "id": "6a1b",
        "slug": "the-weir-18f",
        "title": "The weir leaks",
        "description": "A weir.",
        "author": "Jana Doe",
        "url": "https://example.org/weir",
        "state": "Archived",
        "readingProgress": 40,
        "thumbnail": "https://example.org/weir.png",
        "labels": ["river", "town"],
        "savedAt": "2024-06-01T08:00:00.000Z",
        "updatedAt": "2024-06-02T08:00:00.000Z",
        "publishedAt": "2024-05-06T00:00:00.000Z",
    }
]
HIGHLIGHTS = "> The weir leaks,\n> badly. \n\n#river\n\nAsk the mayor.\n"

WALLABAG = {
    "id": 7,
    "title": "The weir leaks",
    "url": "https://example.org/weir",
    "is_archived": 1,
    "is_starred": 0,
    "created_at": "2024-06-01T08:00:00+0000",
    "updated_at": "2024-06-02T08:00:00+0000",
    "published_at": "2024-05-06T00:00:00+0000",
    "published_by": ["Jana Doe"],
    "mimetype": "text/html",
    "language": "en",
    "reading_time": 1,
    "domain_name": "example.org",
    "content": HTML,
    "tags": ["river", "town"],
    "annotations": [{"text": "Ask the mayor.", "quote": "The weir leaks"}],
}
READER = {
    "id": "01h",
    "url": "https://read.example.org/read/01h",
    "title": "The weir leaks",
    "author": "Jana Doe",
    "category": "article",
    "location": "archive",
    "tags": {"river": {"name": "river"}, "town": {"name": "town"}},
    "site_name": "Northford Ledger",
    "source_url": "https://example.org/weir",
    "published_date": 1714953600000,
    "saved_at": "2024-06-01T08:00:00Z",
    "reading_progress": 0.4,
    "html_content": HTML,
    "notes": "Ask the mayor.",
}
LINKWARDEN = {
    "name": "Jana",
    "username": "jana",
    "collections": [
        {
            "name": "Rivers",
            "links": [
                {
                    "name": "The weir leaks",
                    "type": "url",
                    "url": "https://example.org/weir",
                    "description": "A weir.",
                    "textContent": TEXT,
                    "createdAt": "2024-06-01T08:00:00.000Z",
                    "updatedAt": "2024-06-02T08:00:00.000Z",
                    "tags": [{"name": "river"}, {"name": "town"}],
                }
            ],
        }
    ],
    "pinnedLinks": [{"name": "The weir leaks", "url": "https://example.org/weir"}],
}
KARAKEEP = {
    "bookmarks": [
        {
            "createdAt": 1717228800,
            "title": "The weir leaks",
            "tags": ["river", "town"],
            "lists": ["a1"],
            "content": {"type": "text", "text": TEXT},
            "note": "Ask the mayor.",
            "archived": True,
        },
        {
            "createdAt": 1717228801,
            "title": None,
            "tags": [],
            "content": {"type": "link", "url": "https://example.org/mill"},
            "note": None,
            "archived": False,
        },
    ],
    "lists": [{"id": "a1", "name": "Rivers", "icon": "x", "type": "manual", "query": None, "parentId": None}],
}
STARRED = {
    "id": "user/1/state/com.google/starred",
    "title": "Starred items",
    "items": [
        {
            "id": "tag:google.com,2005:reader/item/1",
            "title": "The weir leaks",
            "author": "Jana Doe",
            "published": 1714953600,
            "updated": 1714953600,
            "crawlTimeMsec": "1714953700000",
            "actionTimestamp": 1717228800000,
            "categories": ["user/1/state/com.google/starred", "user/1/label/river", "town"],
            "canonical": [{"href": "https://example.org/weir"}],
            "alternate": [{"href": "https://example.org/other", "type": "text/html"}],
            "content": {"direction": "ltr", "content": HTML},
            "annotations": [{"content": "Ask the mayor."}],
            "origin": {"streamId": "feed/x", "title": "Northford Ledger", "htmlUrl": "https://example.org"},
        }
    ],
}
GUARDIAN = {
    "response": {
        "status": "ok",
        "results": [
            {
                "id": "town/2024/weir",
                "type": "article",
                "sectionName": "Town",
                "webPublicationDate": "2024-05-06T00:00:00Z",
                "webTitle": "The weir leaks",
                "webUrl": "https://example.org/weir",
                "fields": {"headline": "The weir leaks", "body": HTML, "byline": "Jana Doe", "publication": "Ledger"},
                "tags": [
                    {"id": "x", "type": "keyword", "webTitle": "river"},
                    {"id": "z", "type": "keyword", "webTitle": "town"},
                    {"id": "y", "type": "contributor", "webTitle": "Jana Doe"},
                ],
            }
        ],
    }
}
NYT = {
    "status": "OK",
    "response": {
        "docs": [
            {
                "_id": "nyt://article/1",
                "web_url": "https://example.org/weir",
                "abstract": "A weir.",
                "lead_paragraph": TEXT,
                "headline": {"main": "The weir leaks", "kicker": None},
                "byline": {"original": "By Jana Doe", "person": []},
                "pub_date": "2024-05-06T00:00:00+0000",
                "keywords": [{"name": "subject", "value": "river"}, {"name": "subject", "value": "town"}],
                "section_name": "Town",
                "source": "Northford Ledger",
            }
        ],
        "meta": {"hits": 1},
    },
}
NEWSAPI = {
    "status": "ok",
    "totalResults": 1,
    "articles": [
        {
            "source": {"id": None, "name": "Northford Ledger"},
            "author": "Jana Doe",
            "title": "The weir leaks",
            "description": "A weir.",
            "url": "https://example.org/weir",
            "urlToImage": None,
            "publishedAt": "2024-05-06T00:00:00Z",
            "content": f"{TEXT}… [+1234 chars]",
        }
    ],
}
GDELT = {
    "articles": [
        {
            "url": "https://example.org/weir",
            "url_mobile": "",
            "title": "The weir leaks",
            "seendate": "20240506T000000Z",
            "socialimage": "",
            "domain": "example.org",
            "language": "English",
            "sourcecountry": "United Kingdom",
        }
    ]
}
WORDPRESS = {
    "id": 3,
    "date": "2024-05-06T02:00:00",
    "date_gmt": "2024-05-06T00:00:00",
    "modified_gmt": "2024-05-07T00:00:00",
    "slug": "weir",
    "status": "publish",
    "type": "post",
    "link": "https://example.org/weir",
    "title": {"rendered": "The weir &#8211; leaks"},
    "content": {"rendered": HTML, "protected": False},
    "excerpt": {"rendered": "<p>A weir.</p>"},
    "author": 5,
    "categories": [1],
    "tags": [2],
    "_embedded": {
        "author": [{"id": 5, "name": "Jana Doe"}],
        "wp:term": [[{"id": 1, "name": "river"}], [{"id": 2, "name": "town"}]],
    },
}
GHOST = {
    "db": [
        {
            "meta": {"exported_on": 1717228800000, "version": "5.80.0"},
            "data": {
                "posts": [
                    {
                        "id": "p1",
                        "title": "The weir leaks",
                        "slug": "weir",
                        "html": HTML,
                        "status": "published",
                        "type": "post",
                        "visibility": "public",
                        "created_at": "2024-05-01 00:00:00",
                        "updated_at": "2024-05-07 00:00:00",
                        "published_at": "2024-05-06 00:00:00",
                        "canonical_url": "https://example.org/weir",
                    },
                    {"id": "p2", "title": "A draft", "html": "<p>Not yet.</p>", "status": "draft", "type": "post"},
                ],
                "tags": [{"id": "t1", "name": "river"}, {"id": "t2", "name": "town"}],
                "posts_tags": [{"post_id": "p1", "tag_id": "t1"}, {"post_id": "p1", "tag_id": "t2"}],
                "users": [{"id": "u1", "name": "Jana Doe", "email": "jana@example.org"}],
                "posts_authors": [{"post_id": "p1", "author_id": "u1"}],
            },
        }
    ]
}
MASTODON = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": "outbox.json",
    "type": "OrderedCollection",
    "orderedItems": [
        {
            "id": "https://example.org/users/jana/statuses/1/activity",
            "type": "Create",
            "actor": "https://example.org/users/jana",
            "published": "2024-05-06T00:00:00Z",
            "object": {
                "id": "https://example.org/users/jana/statuses/1",
                "type": "Note",
                "summary": None,
                "published": "2024-05-06T00:00:00Z",
                "url": "https://example.org/@jana/1",
                "content": f"<p>{TEXT} <a href='x'>#<span>river</span></a></p>",
                "tag": [{"type": "Hashtag", "name": "#river"}],
            },
        },
        {
            "id": "2",
            "type": "Announce",
            "actor": "https://example.org/users/jana",
            "published": "2024-05-06T00:00:00Z",
            "object": "https://example.org/users/joe/statuses/9",
        },
    ],
}
TWEETS = "window.YTD.tweets.part0 = " + json.dumps(
    [
        {
            "tweet": {
                "id_str": "91",
                "full_text": f"{TEXT} &amp; https://t.co/a #river",
                "created_at": "Mon May 06 00:00:00 +0000 2024",
                "lang": "en",
                "entities": {
                    "urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/weir"}],
                    "hashtags": [{"text": "river"}],
                },
            }
        },
        {"tweet": {"id_str": "92", "full_text": "RT @joe: No.", "created_at": "Mon May 06 00:00:00 +0000 2024"}},
    ]
)
CSL = [
    {
        "id": "doe2024",
        "type": "article-journal",
        "title": "The weir leaks",
        "abstract": TEXT,
        "author": [{"family": "Doe", "given": "Jana"}, {"literal": "The Weir Board"}],
        "issued": {"date-parts": [[2024, 5, 6]]},
        "accessed": {"date-parts": [[2024, 6, 1]]},
        "container-title": "Northford Ledger",
        "DOI": "10.1000/weir",
        "keyword": "river, town",
        "note": "Ask the mayor.",
    }
]
RIS = """TY  - JOUR
AU  - Doe, Jana
AU  - Roe, Joe
TI  - The weir leaks
JO  - Northford Ledger
PY  - 2024
DA  - 2024/05/06/
AB  - The weir across the river leaks,
and the town has decided to mend it.
KW  - river
KW  - town
N1  - Ask the mayor.
UR  - https://example.org/weir
VL  - 3
ER  -

TY  - BOOK
TI  - The mill turns
Y1  - 2023
ER  -
"""
BIBTEX = r"""@comment{none}
@string{ledger = "Northford Ledger"}
@article{doe2024,
  title = {The {Weir} Leaks: {\"U}ber Fl{\"u}sse \& Caf\'{e}s},
  author = {Doe, Jana and Joe {\O}stby},
  journal = "Northford " # "Ledger",
  year = 2024, month = may,
  abstract = {The weir across the river leaks, and the town has decided to mend it.},
  keywords = {river, town},
  doi = {10.1000/weir}
}
@book{mill2023, title = "The mill turns", year = {2023}}
"""
ENEX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export4.dtd">
<en-export export-date="20240701T000000Z" application="Evernote" version="10">
  <note>
    <title>The weir leaks</title>
    <content><![CDATA[<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE en-note SYSTEM "http://xml.evernote.com/pub/enml2.dtd">
<en-note style="x"><div>The weir across the river leaks, and the town has decided to mend it.</div>
<div><en-todo checked="true"/>Ask the mayor</div><en-media type="image/png" hash="aa"/></en-note>]]></content>
    <created>20240601T080000Z</created>
    <updated>20240602T080000Z</updated>
    <tag>river</tag><tag>town</tag>
    <note-attributes><author>Jana Doe</author><source-url>https://example.org/weir</source-url></note-attributes>
    <resource><data encoding="base64">AAAA</data><mime>image/png</mime>
      <resource-attributes><file-name>weir.png</file-name></resource-attributes></resource>
  </note>
  <note><title>My own</title><content><![CDATA[<en-note>The mill &amp; the dam.</en-note>]]></content>
    <created>20240506T000000Z</created></note>
</en-export>
"""
WXR = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.5" -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Northford Ledger</title><language>en-GB</language>
<wp:author><wp:author_login><![CDATA[jana]]></wp:author_login>
<wp:author_display_name><![CDATA[Jana Doe]]></wp:author_display_name></wp:author>
<item><title><![CDATA[The weir leaks]]></title><link>https://example.org/weir</link><dc:creator>jana</dc:creator>
<content:encoded><![CDATA[<!-- wp:paragraph -->
<p>The weir across the river leaks, and the town has decided to mend it.</p>
<!-- /wp:paragraph -->
[caption id="a"]The weir in May[/caption]]]></content:encoded>
<excerpt:encoded><![CDATA[]]></excerpt:encoded><wp:post_id>3</wp:post_id>
<wp:post_date_gmt>2024-05-06 00:00:00</wp:post_date_gmt><wp:status>publish</wp:status>
<wp:post_type>post</wp:post_type><category domain="category" nicename="river"><![CDATA[river]]></category>
<category domain="post_tag" nicename="town"><![CDATA[town]]></category></item>
<item><title>A draft</title><content:encoded>Not yet.</content:encoded><wp:status>draft</wp:status>
<wp:post_type>post</wp:post_type></item>
<item><title>weir.png</title><wp:status>inherit</wp:status><wp:post_type>attachment</wp:post_type></item>
</channel></rss>
"""
NETSCAPE = """<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
    <DT><H3 ADD_DATE="1">Rivers</H3>
    <DL><p>
        <DT><A HREF="https://example.org/weir" ADD_DATE="1717228800" TAGS="river,town">The weir &amp; the town</A>
        <DD>The weir across the river leaks.
    </DL><p>
    <DT><A HREF="javascript:void(0)">A script</A>
    <DT><A HREF="https://example.org/mill">The mill</A>
</DL><p>
"""
POCKET_HTML = """<!DOCTYPE html>
<html>
	<head>
		<meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
		<title>Pocket Export</title>
	</head>
	<body>
		<h1>Unread</h1>
		<ul><li><a href="https://example.org/weir" time_added="1717228800" tags="river,town">The weir</a></li></ul>
		<h1>Read Archive</h1>
		<ul><li><a href="https://example.org/mill" time_added="1717228801" tags="">The mill</a></li></ul>
	</body>
</html>
"""
POCKET = "title,url,time_added,tags,status\nThe weir leaks,https://example.org/weir,1717228800,river|town,archive\n"
INSTAPAPER = (
    "URL,Title,Selection,Folder,Timestamp,Tags\n"
    'https://example.org/weir,The weir leaks,The weir leaks,Archive,1717228800,"[""river"",""town""]"\n'
    "https://example.org/mill,The mill,,Rivers,1717228801,[]\n"
)
READWISE = (
    "Title,URL,ID,Document tags,Saved date,Reading progress,Location,Seen\n"
    "The weir leaks,https://example.org/weir,01h,\"['river', 'town']\",2024-06-01 08:00:00+00:00,0.4,archive,True\n"
)
RAINDROP = (
    "id,title,note,excerpt,url,folder,tags,created,cover,highlights,favorite\n"
    '9,The weir leaks,Ask the mayor.,A weir.,https://example.org/weir,Rivers,"river, town",2024-06-01T08:00:00.000Z,,'
    '"Highlight:The weir leaks",true\n'
)
SNAPSHOT = {
    "schema": "Link",
    "url": "https://example.org/weir",
    "title": "example.org",
    "timestamp": "1717228800.0",
    "updated": "2024-06-02 08:00",
    "tags": "river,town",
    "sources": ["x"],
    "history": {"dom": []},
}


def omnivore_folder(folder: Path) -> None:
    """Write an unpacked export of Omnivore."""
    (folder / "content").mkdir(parents=True)
    (folder / "highlights").mkdir()
    (folder / "metadata_0_to_20.json").write_text(json.dumps(OMNIVORE))
    (folder / "content" / "the-weir-18f.html").write_text(f'<div class="page">{HTML}</div>')
    (folder / "highlights" / "the-weir-18f.md").write_text(HIGHLIGHTS)


def omnivore_zip(path: Path) -> None:
    """Write an export of Omnivore as it comes."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata_0_to_20.json", json.dumps(OMNIVORE))
        archive.writestr("content/the-weir-18f.html", f'<div class="page">{HTML}</div>')
        archive.writestr("content/unknown.html", "<p>Who am I?</p>")
        archive.writestr("highlights/the-weir-18f.md", HIGHLIGHTS)


def zotero_library(folder: Path) -> None:
    """Write a library of Zotero with an article, its full text, a note, a mark, and a note that stands alone."""
    (folder / "storage" / "ABCD1234").mkdir(parents=True)
    (folder / "storage" / "ABCD1234" / ".zotero-ft-cache").write_text(TEXT)
    (folder / "storage" / "ABCD1234" / "weir.txt").write_text("This is read by Zotero, not for itself.")
    with sqlite3.connect(folder / "zotero.sqlite") as library:
        library.executescript(
            """
            CREATE TABLE itemTypes (itemTypeID INTEGER PRIMARY KEY, typeName TEXT);
            CREATE TABLE items
              (itemID INTEGER PRIMARY KEY, itemTypeID INT, dateAdded TEXT, dateModified TEXT, key TEXT);
            CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT);
            CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value);
            CREATE TABLE itemData (itemID INT, fieldID INT, valueID INT);
            CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT);
            CREATE TABLE itemCreators (itemID INT, creatorID INT, creatorTypeID INT, orderIndex INT);
            CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE itemTags (itemID INT, tagID INT, type INT);
            CREATE TABLE itemNotes (itemID INTEGER PRIMARY KEY, parentItemID INT, note TEXT, title TEXT);
            CREATE TABLE itemAttachments (itemID INTEGER PRIMARY KEY, parentItemID INT, path TEXT);
            CREATE TABLE itemAnnotations (itemID INTEGER PRIMARY KEY, parentItemID INT, text TEXT, comment TEXT);
            CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY);
            INSERT INTO itemTypes VALUES (1, 'journalArticle'), (2, 'attachment'), (3, 'note'), (4, 'annotation');
            INSERT INTO items VALUES (1, 1, '2024-06-01 08:00:00', '2024-06-02 08:00:00', 'WEIR0001'),
              (2, 2, '', '', 'ABCD1234'), (3, 3, '', '', 'NOTE0001'), (4, 4, '', '', 'MARK0001'),
              (5, 3, '2024-06-03 08:00:00', '', 'NOTE0002'), (6, 1, '', '', 'GONE0001');
            INSERT INTO fields VALUES (1, 'title'), (2, 'abstractNote'), (3, 'date'), (4, 'url'),
              (5, 'publicationTitle');
            INSERT INTO itemDataValues VALUES (1, 'The weir leaks'), (2, 'A weir.'), (3, '2024-05-06 6 May 2024'),
              (4, 'https://example.org/weir'), (5, 'Northford Ledger'), (6, 'Gone');
            INSERT INTO itemData VALUES (1, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4), (1, 5, 5), (6, 1, 6);
            INSERT INTO creators VALUES (1, 'Jana', 'Doe', 0), (2, '', 'The Weir Board', 1);
            INSERT INTO itemCreators VALUES (1, 2, 1, 1), (1, 1, 1, 0);
            INSERT INTO tags VALUES (1, 'river'), (2, 'town');
            INSERT INTO itemTags VALUES (1, 1, 0), (1, 2, 0);
            INSERT INTO itemNotes VALUES (3, 1, '<p>Ask the mayor.</p>', ''),
              (5, NULL, '<p>A note alone.</p>', 'Alone');
            INSERT INTO itemAttachments VALUES (2, 1, 'storage:weir.pdf');
            INSERT INTO itemAnnotations VALUES (4, 2, 'The weir leaks', 'Badly');
            INSERT INTO deletedItems VALUES (6);
            """
        )
    library.close()


def snapshot_folder(folder: Path, *, readable: bool = True) -> None:
    """Write a snapshot's folder of ArchiveBox."""
    (folder / "readability").mkdir(parents=True)
    (folder / "index.json").write_text(json.dumps(SNAPSHOT))
    (folder / "index.html").write_text("<html><body>What ArchiveBox shows of it</body></html>")
    (folder / "singlefile.html").write_text(PAGE)
    (folder / "headers.json").write_text('{"Content-Type": "text/html"}')
    if readable:
        (folder / "readability" / "content.html").write_text(HTML)
        (folder / "readability" / "article.json").write_text(json.dumps({"title": "The weir leaks", "byline": "Jana"}))
