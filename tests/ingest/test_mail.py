from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.containers import sorted_out, write

NEWSLETTER = b"""Return-Path: <bounce@example.org>
Received: from a.example.org by b.example.org; Mon, 06 May 2024 23:31:00 -0500
From: =?utf-8?q?Doe=2C_J=C3=A4ne?= <jane@example.org>
Subject: =?utf-8?b?RGllIEJyw7w=?=
 =?utf-8?q?cke_gesperrt?=
Date: Mon, 06 May 2024 23:30:00 -0500
Message-ID: <a2@example.org>
In-Reply-To: <a1@example.org>
References: <a0@example.org>
 <a1@example.org>
List-Id: "Northford Ledger" <ledger.example.org>
X-Gmail-Labels: News,=?utf-8?q?Fl=C3=BCsse?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: multipart/alternative; boundary="x"

--x
Content-Type: text/plain; charset=utf-8

The plain version.
--x
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<html><head><style>p {}</style></head><body><p>Die Br=FCcke ist seit M=E4rz ge=
sperrt.</p><h2>Was nun</h2><p>Niemand wei=DF es.</p></body></html>
--x--
--m
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--m
Content-Type: text/plain
Content-Disposition: attachment; filename="notes.txt"

Not the text.
--m--
"""
PLAIN = b"""From: joe@example.org
Subject: On the bridge
Date: Mon, 06 May 2024 10:00:00 +0000
Message-ID: <b1@example.org>

It was closed in March.

Nobody knows when it opens.
"""
SAVED = b"""From: <Saved by Blink>
Snapshot-Content-Location: https://example.org/bridge
Subject: =?utf-8?q?On_the_bridge?=
Date: Mon, 06 May 2024 10:00:00 -0000
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="x"

--x
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable
Content-Location: https://example.org/bridge

<html><head><title>On the bridge</title></head><body><h1>On the bridge</h1><p>It was clos=
ed in March, and nobody knows when it opens again for the people of the town.</p></body></html>
--x
Content-Type: image/png
Content-Transfer-Encoding: base64
Content-Location: https://example.org/a.png

iVBORw0KGgo=
--x--
"""


def test_a_newsletter_has_its_html_and_what_its_headers_tell(tmp_path: Path):
    (article,), problems = sorted_out(write(tmp_path, "a.eml", NEWSLETTER))
    assert not problems
    assert (article.id, article.title) == ("a2@example.org", "Die Brücke gesperrt")
    assert article.text == "Die Brücke ist seit März gesperrt.\n\nWas nun\n\nNiemand weiß es."
    assert [section.heading for section in article.sections] == ["", "Was nun"]
    assert (article.published, article.utc_offset_s) == (datetime(2024, 5, 7, 4, 30, tzinfo=UTC), -5 * 3600)
    assert (article.authors, article.source, article.tags) == (("Doe, Jäne",), "Northford Ledger", ("News", "Flüsse"))
    assert article.fields == {"thread": "a0@example.org", "attachments": ("plan.pdf", "notes.txt")}


@pytest.mark.parametrize("name", ["mail", "mail.txt", "mail.eml", "1715.M1P2.host:2,S"])
def test_a_mail_is_known_by_its_content(tmp_path: Path, name: str):
    assert sorted_out(write(tmp_path, name, NEWSLETTER))[0][0].id == "a2@example.org"


def test_a_text_that_begins_like_a_letter_is_no_mail(tmp_path: Path):
    letter = "From: The editor\nDate: 6 May 2024\nSubject: The bridge\n\nIt was closed in March, and so it stays.\n"
    assert sorted_out(write(tmp_path, "a.txt", letter))[0][0].id == "a"


def test_a_plain_mail_has_its_text_and_begins_a_thread(tmp_path: Path):
    (article,), _ = sorted_out(write(tmp_path, "a.eml", PLAIN))
    assert (article.title, article.text) == ("On the bridge", "It was closed in March.\n\nNobody knows when it opens.")
    assert (article.authors, article.fields) == (("joe@example.org",), {"thread": "b1@example.org"})


@pytest.mark.parametrize("name", ["list.mbox", "Inbox", "list.txt"])
def test_each_message_of_an_mbox_is_an_article(tmp_path: Path, name: str):
    quoted = PLAIN.replace(b"Nobody knows", b">From here nobody knows").replace(b"b1@", b"b2@")
    unquoted = PLAIN.replace(b"Nobody knows", b"From here 2024 paces nobody knows").replace(
        b"Message-ID: <b1@example.org>\n", b""
    )
    line = b"From joe@example.org Mon May  6 10:00:00 2024\n"
    content = b"\n".join(line + message for message in (PLAIN, quoted, unquoted, NEWSLETTER))
    articles, problems = sorted_out(write(tmp_path, name, content))
    assert not problems
    stem = Path(name).stem
    assert [article.id for article in articles] == ["b1@example.org", "b2@example.org", f"{stem}:21", "a2@example.org"]
    assert articles[1].text.endswith("From here nobody knows when it opens.")
    assert articles[2].text.endswith("From here 2024 paces nobody knows when it opens.")


def test_an_mbox_with_wrong_lengths_and_windows_line_ends_is_read(tmp_path: Path):
    line = b"From - Mon May 06 10:00:00 2024\n"
    long = PLAIN.replace(b"Message-ID", b"Content-Length: 99999\nMessage-ID")
    content = (line + long + b"\n" + line + PLAIN.replace(b"b1", b"b2")).replace(b"\n", b"\r\n")
    articles, _ = sorted_out(write(tmp_path, "a.mbox", content))
    assert [article.id for article in articles] == ["b1@example.org", "b2@example.org"]


def test_a_maildir_is_read_with_its_folders_and_without_what_is_unfinished(tmp_path: Path):
    for place in ("cur/1.a:2,S", "new/2.a", "tmp/3.a", ".Sent/cur/4.a:2,", ".Sent/tmp/5.a"):
        write(tmp_path, f"mail/{place}", PLAIN.replace(b"b1@", f"{Path(place).name[0]}@".encode()))
    for name in ("mail/.Sent/new", "mail/.hidden"):
        (tmp_path / name).mkdir()
    write(tmp_path, "mail/.hidden/6.a", PLAIN)
    articles, problems = sorted_out(tmp_path / "mail")
    assert not problems
    assert sorted(article.id for article in articles) == ["1@example.org", "2@example.org", "4@example.org"]


@pytest.mark.parametrize("name", ["page.mht", "page.mhtml", "page"])
def test_of_a_page_saved_as_mhtml_the_page_is_read(tmp_path: Path, name: str):
    (article,), problems = sorted_out(write(tmp_path, name, SAVED))
    assert not problems
    assert (article.id, article.title, article.url) == ("page", "On the bridge", "https://example.org/bridge")
    assert article.text.startswith("It was closed in March")
    assert (article.published, article.fields["saved"]) == (None, "2024-05-06T10:00:00+00:00")


def mail(body: bytes, *headers: bytes) -> bytes:
    return b"\n".join([b"From: a@example.org", b"Message-ID: <x@example.org>", *headers, b"", body])


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        (b"=?utf-8?q?On the bridge?=", "On the bridge"),
        (b"=?utf-8?b?T24gdGhlIGJyaWRnZQ?=", "On the bridge"),
        (b"=?unknown-8bit?q?Br=C3=BCcke?=", "Brücke"),
        (b"=?iso-8859-1?q?Br=FCcke?= =?utf-8?q?_am_Fl=C3=BCsschen?=", "Brücke am Flüsschen"),
        ("Brücke am Fluss".encode(), "Brücke am Fluss"),
        ("Brücke am Fluss".encode("latin-1"), "Brücke am Fluss"),
        (b"=?iso-2022-jp?B?GyRCO1Q1RDJxGyhC?=", "市議会"),
        (b"=?utf-8?q?On_the", "=?utf-8?q?On_the"),
    ],
)
def test_a_subject_is_decoded_however_it_was_written(tmp_path: Path, subject: bytes, title: str):
    path = write(tmp_path, "a.eml", mail(b"It was closed.", b"Subject: " + subject))
    assert sorted_out(path)[0][0].title == title


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "市議会が橋の再建を決定した"),
        ("koi8-r", "Мост закрыт с марта этого года"),
        ("nonsense", "Die Brücke ist zu"),
    ],
)
def test_a_text_is_decoded_by_its_character_set(tmp_path: Path, charset: str, text: str):
    known = "utf-8" if charset == "nonsense" else charset
    body = mail(text.encode(known), b"Subject: A", f"Content-Type: text/plain; charset={charset}".encode())
    assert sorted_out(write(tmp_path, "a.eml", body))[0][0].text == text


def test_what_is_damaged_in_a_part_is_repaired_and_noted(tmp_path: Path):
    body = mail(b"SXQgd2FzIGNsb3NlZC4", b"Subject: A", b"Content-Transfer-Encoding: base64")
    (article,), (problem,) = sorted_out(write(tmp_path, "a.eml", body))
    assert article.text == "It was closed."
    assert (problem.reason, problem.lost) == ("a part is damaged and was repaired (InvalidBase64PaddingDefect)", False)


def test_a_mail_without_words_is_named(tmp_path: Path):
    _, problems = sorted_out(write(tmp_path, "a.eml", mail(b"", b"To: b@example.org")))
    assert [problem.reason for problem in problems] == ["has neither a subject nor a text"]


def test_a_date_that_is_missing_is_that_of_receipt(tmp_path: Path):
    path = write(tmp_path, "a.eml", mail(b"Text.", b"Subject: A", b"Received: by a; Mon, 06 May 2024 10:00:00 +0000"))
    assert sorted_out(path)[0][0].published == datetime(2024, 5, 6, 10, tzinfo=UTC)


def test_parts_nested_without_end_are_read_or_named(tmp_path: Path):
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(3000)
    )
    articles, problems = sorted_out(
        write(tmp_path, "a.eml", b"From: a@example.org\nSubject: Deep\n" + nested + b"\nx\n")
    )
    assert len(articles) + len([problem for problem in problems if problem.lost]) == 1


FORWARDED = b"""From: Jane Doe <jane@example.org>
Subject: Fwd: the ferry
Message-ID: <c1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: text/plain

See below.
--m
Content-Type: message/rfc822

From: Joe Roe <joe@example.org>
Subject: The ferry
Content-Type: text/html

<p>The ferry sails again in May.</p>
--m--
"""
DIGEST = b"""From: list@example.org
Subject: Digest of May
MIME-Version: 1.0
Content-Type: multipart/digest; boundary="d"

--d

From: joe@example.org
Subject: Lamps

The lamps are lit at six.
--d

From: jane@example.org
Subject: Nets

The nets are dry by noon.
--d--
"""


def test_a_forwarded_message_is_part_of_the_text_and_counted(tmp_path: Path):
    (article,), (problem,) = sorted_out(write(tmp_path, "a.eml", FORWARDED))
    assert article.text == "See below.\n\nThe ferry\n\nThe ferry sails again in May."
    assert [section.heading for section in article.sections] == ["", "The ferry"]
    assert (problem.reason, problem.lost) == ("holds 1 message, which became part of its text", False)


def test_the_messages_of_a_digest_are_articles(tmp_path: Path):
    articles, (problem,) = sorted_out(write(tmp_path, "a.eml", DIGEST))
    assert [(each.id, each.title, each.text, each.authors) for each in articles] == [
        ("a:1", "Lamps", "The lamps are lit at six.", ("joe@example.org",)),
        ("a:2", "Nets", "The nets are dry by noon.", ("jane@example.org",)),
    ]
    assert problem.reason == "is a digest of 2 messages, each an article; its list of topics isn't read"
    assert not problem.lost


MIXED_DIGEST = b"""From: harbour-request@example.org
Subject: Harbour Digest, Vol 3, Issue 7
List-Id: Harbour talk <harbour.example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="o"

--o
Content-Type: text/plain

Send Harbour mailing list submissions to harbour@example.org

--o
Content-Type: multipart/digest; boundary="d"

--d
Content-Type: message/rfc822

From: Joe Roe <joe@example.org>
Date: Mon, 06 May 2024 10:00:00 +0200
Message-ID: <lamps@example.org>
Subject: Lamps
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

The lamps of G\xf6teborg are lit at six.
--d
Content-Type: message/rfc822

From: jane@example.org
Subject:

--d
Content-Type: message/rfc822

From: Jane Doe <jane@example.org>
References: <lamps@example.org>
Message-ID: <answer@example.org>
Subject: Re: Lamps
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain

At seven, I hear.
--a
Content-Type: text/html

<p>At <b>seven</b>, I hear.</p>
--a--
--d--
--o
Content-Type: text/plain

End of Harbour Digest, Vol 3, Issue 7
--o--
"""


def test_a_digest_among_other_parts_gives_its_messages_and_names_one_without_text(tmp_path: Path):
    articles, problems = sorted_out(write(tmp_path, "a.eml", MIXED_DIGEST))
    assert [(each.id, each.title, each.text, each.source) for each in articles] == [
        ("lamps@example.org", "Lamps", "The lamps of Göteborg are lit at six.", "Harbour talk"),
        ("answer@example.org", "Re: Lamps", "At seven, I hear.", "Harbour talk"),
    ]
    assert [each.fields["thread"] for each in articles] == ["lamps@example.org"] * 2
    assert [(problem.reason[:60], problem.lost) for problem in problems] == [
        ("message 2 of a digest has neither a subject nor a text", True),
        ("is a digest of 3 messages, each an article; its list of topi", False),
    ]


PLAIN_DIGEST = f"""From: harbour-request@example.org
Subject: Harbour Digest, Vol 3, Issue 8
List-Id: Harbour talk <harbour.example.org>
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: 8bit

Send Harbour mailing list submissions to harbour@example.org

Today's Topics:

   1. Lamps (Joe Roe)
   2. Re: Lamps (Jane Doe)

{"-" * 70}

Message: 1
Date: Mon, 06 May 2024 10:00:00 +0200
From: Joe Roe <joe@example.org>
To: harbour@example.org
Subject: Lamps of a very long
\tname
Message-ID: <lamps@example.org>
Content-Type: text/plain; charset=utf-8

The lamps of Göteborg are lit at six.

{"-" * 30}

They are green: a line of hyphens is no end.

{"-" * 30}

Message: 2
Date: Tue, 07 May 2024 10:00:00 +0200
From: Jane Doe <jane@example.org>
Subject: Re: Lamps

At seven, I hear.

{"-" * 30}

Subject: Digest Footer

_______________________________________________
Harbour mailing list

{"-" * 30}

End of Harbour Digest, Vol 3, Issue 8
*************************************
""".encode("iso-8859-1")


@pytest.mark.parametrize(
    "end", [b"", b"Subject: Digest Footer\n\n" + b"_" * 47 + b"\nHarbour mailing list\n\n" + b"-" * 30 + b"\n\n"]
)
def test_a_digest_in_plain_text_gives_its_messages(tmp_path: Path, end: bytes):
    articles, (problem,) = sorted_out(write(tmp_path, "a.eml", PLAIN_DIGEST.replace(end, b"") if end else PLAIN_DIGEST))
    assert [(each.id, each.title, each.authors, str(each.published_day), each.source) for each in articles] == [
        ("lamps@example.org", "Lamps of a very long name", ("Joe Roe",), "2024-05-06", "Harbour talk"),
        ("a:2", "Re: Lamps", ("Jane Doe",), "2024-05-07", "Harbour talk"),
    ]
    assert articles[0].text.startswith("The lamps of Göteborg are lit at six.")
    assert articles[0].text.endswith("They are green: a line of hyphens is no end.")
    assert articles[1].text == "At seven, I hear."
    assert problem.reason.startswith("is a digest of 2 messages")


def test_a_digest_in_an_mbox_gives_its_messages_too(tmp_path: Path):
    mbox = b"From joe@example.org Mon May  6 10:00:00 2024\n"
    content = mbox + PLAIN_DIGEST + b"\n" + mbox + b"From: joe@example.org\nSubject: Alone\n\nOne mail.\n"
    articles, problems = sorted_out(write(tmp_path, "list.mbox", content))
    assert [each.id for each in articles] == [
        "lamps@example.org",
        "list:1.2",
        f"list:{len(PLAIN_DIGEST.splitlines()) + 3}",
    ]
    assert [problem.line for problem in problems] == [1]


def test_a_mail_about_digests_is_one_article(tmp_path: Path):
    mail = f"From: joe@example.org\nSubject: A digest\n\nThe digest:\n\n{'-' * 70}\n\nNo headers: here, at all.\n"
    (article,), problems = sorted_out(write(tmp_path, "a.eml", mail))
    assert (article.id, article.title, problems) == ("a", "A digest", [])


def test_a_mail_whose_text_is_none_says_why(tmp_path: Path):
    mail = b"From: joe@example.org\nDate: Mon, 06 May 2024 10:00:00 +0200\n\n" + bytes(1000) + b"Hello."
    _, (problem,) = sorted_out(write(tmp_path, "a.eml", mail))
    expected = "has neither a subject nor a text (a part is not text: looks like binary data)"
    assert (problem.reason, problem.lost) == (expected, True)


def test_a_message_of_an_mbox_without_a_date_is_of_its_from_line(tmp_path: Path):
    bare = b"From: joe@example.org\nSubject: S\n\nThe bridge.\n\n"
    dated = bare.replace(b"\nSubject", b"\nDate: Wed, 01 May 2024 08:00:00 +0000\nSubject")
    lines = (b"joe@example.org Mon May  6 10:00:00 2024", b"- Mon May 06 10:00:00 2024", b"- Thu Jan  1 00:00:00 1970")
    content = b"".join(b"From " + line + b"\n" + bare for line in lines) + b"From " + lines[0] + b"\n" + dated
    articles, problems = sorted_out(write(tmp_path, "a.mbox", content))
    assert not problems
    published = [each.published and each.published.isoformat() for each in articles]
    at = "2024-05-06T10:00:00+00:00"
    assert published == [at, at, None, "2024-05-01T08:00:00+00:00"]
