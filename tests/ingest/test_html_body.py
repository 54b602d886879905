"""What of a page is its article? Pages of our own, in the forms that publishers use."""

from __future__ import annotations

import json

import pytest

from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.html import parse_page
from searchkit.ingest.formats.html_boilerplate import is_boilerplate, is_byline, is_label

LEAD = "The harbour pilots of Port Alder refused on Monday to bring in any ship, their union said in a statement."
SECOND = "Nineteen vessels lay at anchor outside the bay by nightfall, twice as many as on an ordinary day of the week."
THIRD = "The port authority has asked a court to order the pilots back to work, and a hearing is set for Wednesday."
FOURTH = "Fishermen said that they would join the strike if the authority did not lower the fees that it raised in May."


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(body: str, head: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>Pilots strike</title>{head}</head><body><nav><a href='/'>Home</a>"
        f"<a href='/world'>World</a></nav><main><article><h1>Pilots strike</h1>{body}</article></main>"
        "<footer>The Alder Gazette, Quay 4</footer></body></html>"
    )


def text_of(source: str) -> str:
    return str(parse_page(source).values["text"])


def lines_of(body: str, head: str = "") -> list[str]:
    return [line for line in text_of(page(body, head)).split("\n") if line]


def test_paragraphs_headings_lists_tables_and_quotations_keep_their_order() -> None:
    body = (
        f"{paragraphs(LEAD)}<h2>What is asked for</h2><ul><li>Lower "
        f"fees</li><li>More rest</li></ul>{paragraphs(SECOND)}"
        "<table><tr><th>Year</th><th>Fee</th></tr><tr><td>2024</td><td>310</td></tr></table>"
        f"<blockquote><p>{THIRD}</p></blockquote><h3>The court</h3>{paragraphs(FOURTH)}"
    )
    assert lines_of(body) == [
        *(LEAD, "What is asked for", "- Lower fees", "- More rest", SECOND, "Year | Fee", "2024 | 310", THIRD),
        *("The court", FOURTH),
    ]
    sections = parse_page(page(body)).sections
    assert sections is not None
    assert [section.heading for section in sections] == ["", "What is asked for", "The court"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<ul><li>Fees<ul><li>for tugs</li><li>for locks</li></ul></li><li>Rest</li></ul>",
            "- Fees\n- for tugs\n- for locks\n- Rest",
        ),
        (
            "<ul><li><h4>Fees</h4><p>are too high.</p></li><li><div>Rest</div><div>is short.</div></li></ul>",
            "- Fees are too high.\n- Rest is short.",
        ),
        ("<table><tr><td>Pilots</td><td><p>19</p><p>of 24</p></td></tr></table>", "Pilots | 19 of 24"),
        (
            "<p>Quay 4<br>Port Alder<br/>Room 9, in the old mill of the town</p>",
            "Quay 4\nPort Alder\nRoom 9, in the old mill of the town",
        ),
        (
            "<div>The first of two.<div>The second of two stands in a block of its own.</div></div>",
            "The first of two.\n\nThe second of two stands in a block of its own.",
        ),
    ],
)
def test_words_of_two_elements_are_never_glued(body: str, expected: str) -> None:
    assert expected in text_of(page(paragraphs(LEAD, SECOND) + body + paragraphs(THIRD, FOURTH)))


def test_preformatted_text_keeps_its_lines_and_indentation() -> None:
    code = "def fee(tons):\n    if tons &lt; 400:\n        return 0\n    return tons * 3"
    text = text_of(
        page(f"{paragraphs(LEAD)}<pre>{code}</pre>{paragraphs(SECOND)}<pre><b>Roses</b><br>and\n  quays</pre>")
    )
    assert "def fee(tons):\n    if tons < 400:\n        return 0\n    return tons * 3" in text
    assert "Roses\nand\n  quays" in text


@pytest.mark.parametrize(
    "hidden",
    [
        "<div hidden><p>{0}</p></div>",
        "<p aria-hidden='true'>{0}</p>",
        "<div style='color: red; display:none'><p>{0}</p></div>",
        "<p style='VISIBILITY: hidden'>{0}</p>",
        "<p style='DISPLAY : NONE'>{0}</p>",
        "<template><p>{0}</p></template>",
        "<noscript><p>{0}</p></noscript>",
        "<p class='sr-only'>{0}</p>",
        "<span class='visually-hidden'>{0}</span>",
        "<p class='note hidden'>{0}</p>",
        "<script type='text/x-template'><p>{0}</p></script>",
        "<!-- <p>{0}</p> -->",
    ],
)
def test_what_a_page_hides_stays_out(hidden: str) -> None:
    unseen = "This sentence of a fair length isn't shown to anybody who reads the page in a browser."
    text = text_of(page(paragraphs(LEAD, SECOND) + hidden.format(unseen) + paragraphs(THIRD, FOURTH)))
    assert "isn't shown" not in text
    assert all(each in text for each in (LEAD, SECOND, THIRD, FOURTH))


@pytest.mark.parametrize("style", ["display:none", "visibility:hidden"])
def test_a_body_that_waits_hidden_for_a_script_is_taken(style: str) -> None:
    text = text_of(page(f"<div style='{style}' class='story'>{paragraphs(LEAD, SECOND, THIRD)}</div>"))
    assert all(each in text for each in (LEAD, SECOND, THIRD))


def test_what_shows_on_large_screens_alone_is_taken() -> None:
    assert SECOND in text_of(page(f"{paragraphs(LEAD)}<p class='hidden md:block'>{SECOND}</p>{paragraphs(THIRD)}"))


BOXES = {
    "related links": (
        "<div class='related-links'><h3>Elsewhere</h3><ul><li><a href='/a'>Tugs lie idle</a></li></ul></div>"
    ),
    "a card": (
        "<a href='/b'><h4>Grain prices rise</h4><p>Mills pay a fifth more than they did in spring, traders say.</p></a>"
    ),
    "a label and a link": "<p>READ MORE: <a href='/c'>Why the fees rose in May</a></p>",
    "a bold link": "<p><strong><a href='/d'>Why the fees of the port rose in May</a></strong></p>",
    "a list of links": (
        "<p>More on this:</p><ul><li><a href='/e'>Court to hear the "
        "case</a></li><li><a href='/f'>Who pilots are</a></li></ul>"
    ),
    "a newsletter": (
        "<div class='newsletter-signup'><p>Our letter from the quay, each morning at six, with coffee.</p></div>"
    ),
    "a plea to subscribe": "<p>Sign up for our daily newsletter and get the news of the harbour in your inbox.</p>",
    "a share bar": "<div class='social-share'><ul><li>Tweet</li><li>Mail</li><li>Copy</li></ul></div>",
    "a caption": "<figure><img src='x.jpg'><figcaption>The bay on Monday. Photo: Jo Doe</figcaption></figure>",
    "a caption without a figure": "<div class='image-caption'>The bay on Monday, seen from the old mill.</div>",
    "a credit": "<p>Photo: Jo Doe / Alder Pictures</p>",
    "a label of an advertisement": "<p>Advertisement</p>",
    "a slot for one": "<div class='ad-slot'><p>Paint for hulls, by the barrel, from Nordkalk and Sons.</p></div>",
    "a note on cookies": "<div id='cookie-notice'><p>We keep small files on your machine, as most pages do.</p></div>",
    "comments": (
        "<section class='comments'><p>Jim: They earn more than I do, and that is a fact, friends.</p></section>"
    ),
    "an author's box": (
        "<div class='author-bio'><p>Jo Doe has written on ports for nine years and lives by the sea.</p></div>"
    ),
    "a byline": "<p class='byline'>Jo Doe, our correspondent</p>",
    "tags": "<ul class='tag-list'><li><a href='/t/1'>Ports</a></li><li><a href='/t/2'>Strikes</a></li></ul>",
    "rights": "<p>© 2025 Alder Gazette. All rights reserved.</p>",
    "a note of agencies": "<p>With reports from the Northern Press Agency</p>",
    "breadcrumbs": "<ul><li><a href='/'>Home</a></li><li><a href='/w'>World</a></li><li>Pilots strike</li></ul>",
    "a date line": "<p>Published 3 June 2025, 10:40</p>",
    "a time to read": "<p>4 min read</p>",
}


@pytest.mark.parametrize("kind", BOXES)
def test_what_belongs_to_no_article_is_left_out(kind: str) -> None:
    assert lines_of(paragraphs(LEAD, SECOND) + BOXES[kind] + paragraphs(THIRD, FOURTH)) == [LEAD, SECOND, THIRD, FOURTH]


def test_all_of_it_at_once_leaves_the_article() -> None:
    boxes = list(BOXES.values())
    body = (
        "".join(boxes[0::4])
        + paragraphs(LEAD)
        + "".join(boxes[1::4])
        + paragraphs(SECOND, THIRD)
        + "".join(boxes[2::4])
    )
    assert lines_of(body + paragraphs(FOURTH) + "".join(boxes[3::4])) == [LEAD, SECOND, THIRD, FOURTH]


def test_links_in_sentences_and_sources_in_lists_stay() -> None:
    body = (
        "<p><a href='/m'>The mayor</a> said: <a href='/n'>“We wait for the court, and for nobody else.”</a></p>"
        "<p>The fees rose by <a href='/o'>a fifth in May</a>, by "
        "<a class='keyword' href='/p'>order of the port</a>.</p>"
        "<ul><li>Tugs, says <a href='/q'>the guild</a>, cost the owners "
        "310 a day and more in winter.</li><li>Locks cost 90.</li></ul>"
    )
    text = text_of(page(paragraphs(LEAD, SECOND) + body + paragraphs(THIRD)))
    assert "The mayor said: “We wait for the court, and for nobody else.”" in text
    assert "The fees rose by a fifth in May, by order of the port." in text
    assert "- Tugs, says the guild, cost the owners 310 a day and more in winter." in text


LABELS = [
    "Read more:",
    "You may also like",
    "Auch interessant",
    "Lesen Sie auch:",
    "À lire aussi",
    "Te puede interesar",
    "Leia também",
    "Leggi anche",
    "Lees ook",
    "Les også",
    "Läs också",
    "Læs også",
    "Lue myös",
    "Czytaj także",
    "Čtěte také",
    "Читайте также",
    "Читайте також",
    "Διαβάστε επίσης",
    "İlgili haberler",
    "Baca juga",
    "Xem thêm",
    "اقرأ أيضا",
    "קראו גם",
    "ये भी पढ़ें",
    "関連記事",
    "相关阅读",
    "관련기사",
    "อ่านเพิ่มเติม",
]


@pytest.mark.parametrize("label", LABELS)
def test_a_line_that_announces_other_articles_goes_with_its_cards_in_any_language(label: str) -> None:
    assert is_label(label)
    cards = (
        "<ul><li><a href='/x'>Grain prices rise as mills run dry</a>"
        "</li><li><a href='/y'>Who the pilots are</a></li></ul>"
    )
    assert lines_of(paragraphs(LEAD, SECOND) + f"<h3>{label}</h3>{cards}" + paragraphs(THIRD)) == [LEAD, SECOND, THIRD]


PROMOTIONS = [
    "Follow us on Facebook and Twitter for the news of the port.",
    "Abonnieren Sie unseren Newsletter für mehr Nachrichten.",
    "Abonnez-vous à notre lettre du matin.",
    "Suscríbete a nuestro boletín y recibe lo mejor cada mañana.",
    "Inscreva-se no nosso canal e receba as notícias.",
    "Iscriviti alla nostra lettera del mattino.",
    "Подписывайтесь на наш канал",
    "Zapisz się na nasz biuletyn",
    "この記事は会員限定です。",
    "版权所有，未经许可不得转载",
    "무단 전재 및 재배포 금지",
    "Image: Jo Doe / Alder Pictures",
    "Reporting by Jo Doe; editing by Jan Roe",
    "(dpa/afp)",
    "Lesedauer: 4 Minuten",
    "3 June 2025, 10:40",
    "2025年6月3日 10時40分",
    "Foto: Jo Doe/Alder Bild",
    "© Alder Gazette",
    "This article was first published in The Alder Almanac.",
    "Dieser Beitrag ist zuerst im Alderblatt erschienen.",
    "Updated at 4:10 p.m.",
    "The quay at noon, photo © Jo Doe, 2024",
    "12/03/2021 - Publicado por: Jo Doe - Categoria: Porto - Tags: pesca, greve",
    "Übersetzung: Jo Doe, Schlussredaktion: Jan Roe",
    "Note: we are moderating all comments this week.",
    "More on the harbour: https://gazette.example.org/harbour",
    "Get real-time updates on the results of the pilots' vote.",
    "You may also like...",
]
SENTENCES = [
    "He told the court that a newsletter of the union had called for the strike in April.",
    "Subscribers of the streaming service fell by a fifth, and its shares by a tenth, the company said on Friday.",
    "The photo, taken on 3 June 2025, shows nineteen ships at anchor outside the bay.",
    "By Monday the queue of ships had grown to nineteen, twice the usual number.",
    "Donations to the strike fund passed 40,000, its treasurer said.",
    "“Follow us,” the pilot called to the tug behind him.",
    "Popular anger at the fees has grown since May, when they rose by a fifth.",
    "Related costs, such as those of tugs, rose too.",
    "The article was sold to two papers, of which the first published it on Sunday.",
    "The category: fees of more than 100 crowns a day.",
    "The editors moderated their demands after the vote on Friday.",
    "The translation took him nine years, and the first edition sold out in a week.",
    "The company, © on its lips, sued whoever printed its charts without leave.",
    "La red social pidió a sus usuarios que aceptaran las nuevas normas antes del lunes.",
    "Datenschützer kritisierten das Vorhaben, weil es die Daten der Lotsen preisgebe.",
]


@pytest.mark.parametrize("line", PROMOTIONS)
def test_lines_that_ask_credit_or_date_are_told_by_their_words(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize("line", SENTENCES)
def test_sentences_that_speak_of_such_things_stay(line: str) -> None:
    assert not is_boilerplate(line)
    assert not is_byline(line)
    assert line in lines_of(paragraphs(LEAD, line, SECOND, THIRD))


def test_a_post_that_is_quoted_stays_with_its_signature() -> None:
    quoted = (
        "<div class='social-embed'><blockquote class='twitter-tweet'><p>Nineteen ships and no pilot. What a view.</p>"
        "— Jo Doe (@jodoe) <a href='https://example.org/s/1'>June 3, 2025</a></blockquote></div>"
    )
    text = text_of(page(paragraphs(LEAD, SECOND) + quoted + paragraphs(THIRD)))
    assert "Nineteen ships and no pilot. What a view." in text
    assert "Jo Doe (@jodoe)" in text


STANDFIRST = "Nineteen ships wait outside the bay while pilots and port quarrel over fees that rose by a fifth in May."
SUMMARY = f"<meta name='description' content='{STANDFIRST}'>"


@pytest.mark.parametrize(
    "body",
    [
        f"<p class='standfirst'>{STANDFIRST}</p>{paragraphs(LEAD, SECOND, THIRD)}",
        f"<header><h2>{STANDFIRST}</h2></header>{paragraphs(LEAD, SECOND, THIRD)}",
        f"<div class='story'>{paragraphs(STANDFIRST, LEAD, SECOND, THIRD)}</div>",
        (
            f"<div class='teaser-lead'><strong>{STANDFIRST}</strong></div>"
            f"<div class='story'>{paragraphs(LEAD, SECOND, THIRD)}</div>"
        ),
    ],
)
def test_the_standfirst_comes_first_and_once(body: str) -> None:
    assert lines_of(body, SUMMARY) == [STANDFIRST, LEAD, SECOND, THIRD]


def test_a_body_in_several_parts_is_taken_whole() -> None:
    part = "<div class='article__body'>{}</div><aside class='ad'>Paint for hulls</aside>"
    parts = "".join(
        part.format(paragraphs(*pair)) for pair in ((LEAD, SECOND), (THIRD, FOURTH), (LEAD[4:], SECOND[4:]))
    )
    assert lines_of(f"<div class='chunks'>{parts}</div>") == [LEAD, SECOND, THIRD, FOURTH, LEAD[4:], SECOND[4:]]


def test_articles_that_a_page_appends_to_its_own_are_left_out() -> None:
    prices = [f"Mills pay {n} a ton, {n} more than in spring, traders of the town say." for n in range(9)]
    other = f"<article><h1>Grain prices rise</h1>{paragraphs(*prices)}</article>"
    source = page(paragraphs(LEAD, SECOND, THIRD)).replace("</main>", f"{other}</main>")
    text = text_of(source)
    assert LEAD in text
    assert "Mills pay" not in text


def test_a_page_laid_out_by_tables_gives_its_paragraphs() -> None:
    source = (
        "<html><head><title>Pilots strike</title></head><body bgcolor='#ffffff'><table width='800'><tr><td width='120'>"
        "<a href='/'>Home</a><br><a href='/w'>World</a></td><td><font size='5'>Pilots strike</font>"
        f"{paragraphs(LEAD, SECOND, THIRD, FOURTH)}</td></tr></table></body></html>"
    )
    text = text_of(source)
    assert f"{LEAD}\n\n{SECOND}\n\n{THIRD}\n\n{FOURTH}" in text
    assert " | " not in text


def test_a_liveblog_gives_its_entries_in_order() -> None:
    entries = [
        f"At {hour} o'clock the pilots' spokesman said that talk number {hour} had ended without a result."
        for hour in range(9)
    ]
    posts = "".join(
        f"<div class='live-entry'><time>1{hour}:00</time><h3>Talk {hour}</h3><p>{text}</p></div>"
        for hour, text in enumerate(entries)
    )
    text = text_of(page(f"<div class='story'>{paragraphs(LEAD, SECOND)}</div><div class='live-entries'>{posts}</div>"))
    places = [text.index(each) for each in (LEAD, SECOND, *entries)]
    assert places == sorted(places)


def test_a_gallery_gives_its_text_without_captions() -> None:
    pictures = "".join(
        f"<figure><img src='{n}.jpg'><figcaption>Ship {n} at anchor. Jo Doe</figcaption></figure>" for n in range(20)
    )
    assert lines_of(paragraphs(LEAD) + pictures + paragraphs(SECOND)) == [LEAD, SECOND]


def test_an_amp_page_is_read_as_any_other() -> None:
    source = (
        "<!doctype html><html ⚡ lang='en'><head><meta charset='utf-8'><title>Pilots strike</title>"
        "<style amp-boilerplate>body{visibility:hidden}</style>"
        "</head><body><amp-sidebar id='s'><ul><li><a href='/'>Home"
        "</a></li></ul></amp-sidebar><article><h1>Pilots strike</h1>"
        f"<amp-img src='x.jpg'></amp-img>{paragraphs(LEAD, SECOND)}"
        f"<amp-ad type='x'></amp-ad>{paragraphs(THIRD)}</article><amp-analytics></amp-analytics></body></html>"
    )
    assert text_of(source) == f"{LEAD}\n\n{SECOND}\n\n{THIRD}"


def ld(body: str) -> str:
    item = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Pilots strike", "articleBody": body}
    return f"<script type='application/ld+json'>{json.dumps(item)}</script>"


WHOLE = [LEAD, SECOND, THIRD, FOURTH, *(f"{text[:-1]}, as was said before." for text in (LEAD, SECOND, THIRD, FOURTH))]


def test_a_paywalled_page_gives_the_text_that_its_data_carries() -> None:
    stub = f"{paragraphs(LEAD)}<div class='paywall'><p>To go on, log in.</p></div>"
    assert lines_of(stub, ld("\n\n".join(WHOLE))) == WHOLE


def test_the_pages_data_says_what_isnt_its_article() -> None:
    note = (
        "The harbour company owns shares of this paper, and has no say in what is printed in it, as its charter states."
    )
    told = ld(" ".join(WHOLE))
    body = paragraphs(*WHOLE[:5], note, *WHOLE[5:])
    assert note in lines_of(body)
    assert lines_of(body, told) == WHOLE
    assert lines_of(paragraphs(note, *WHOLE), told) == [note, *WHOLE]


SCRIPTS = {
    "Next.js": '<script id="__NEXT_DATA__" type="application/json">{}</script>',
    "a state": "<script>window.__PRELOADED_STATE__ = {};</script>",
    "a parsed state": "<script>window.__INITIAL_STATE__ = JSON.parse({!r});</script>",
}


@pytest.mark.parametrize("script", ["Next.js", "a state"])
@pytest.mark.parametrize("form", ["html", "blocks", "nested"])
def test_a_page_that_a_script_draws_gives_the_text_in_its_data(script: str, form: str) -> None:
    contents: dict[str, object] = {
        "html": {"bodyHtml": paragraphs(*WHOLE)},
        "blocks": {
            "content": [{"type": "paragraph", "text": text} for text in WHOLE] + [{"type": "image", "text": "x"}]
        },
        "nested": {"blocks": [{"kind": "text", "model": {"blocks": [{"text": text}], "text": text}} for text in WHOLE]},
    }
    state = {
        "props": {"pageProps": {"id": 7, "article": {"title": "Pilots strike", **contents[form]}, "menu": ["a"] * 50}}
    }  # type: ignore[dict-item]
    source = (
        "<html><head><title>Pilots strike</title></head><body><div id='root'>"
        f"</div>{SCRIPTS[script].format(json.dumps(state))}</body></html>"
    )
    assert [line for line in text_of(source).split("\n") if line] == WHOLE


def test_a_page_that_is_streamed_piece_by_piece_gives_its_text() -> None:
    row = json.dumps(["$", "div", None, {"article": {"body": [{"type": "p", "text": text} for text in WHOLE]}}])
    flight = f'0:["$","html",null,{{}}]\n1a:{row}\n'
    pushes = "".join(
        f"<script>self.__next_f.push([1,{json.dumps(flight[start : start + 300])}])</script>"
        for start in range(0, len(flight), 300)
    )
    source = f"<html><head><title>Pilots strike</title></head><body><div id='root'></div>{pushes}</body></html>"
    assert [line for line in text_of(source).split("\n") if line] == WHOLE


def test_raw_text_that_is_streamed_counts_bytes() -> None:
    text = "\n\n".join(WHOLE).replace("Port", "Pört")
    flight = f"2:T{len(text.encode()):x},{text}3:[1]\n"
    source = (
        "<html><head><title>Pilots strike</title></head><body><script>"
        f"self.__next_f.push([1,{json.dumps(flight)}])</script></body></html>"
    )
    assert text_of(source) == text


def test_data_of_other_articles_isnt_taken_for_the_one_that_is_shown() -> None:
    others = {
        "items": [
            {"type": "paragraph", "text": f"Mills pay {n} a ton, which is {n} more than in spring, they say."}
            for n in range(40)
        ]
    }
    script = SCRIPTS["Next.js"].format(json.dumps(others))
    assert lines_of(paragraphs(LEAD, SECOND, THIRD, FOURTH) + script) == [LEAD, SECOND, THIRD, FOURTH]


IN_LANGUAGES = {
    "de": (
        "Die Lotsen des Hafens weigerten sich am Montag, ein Schiff "
        "hereinzubringen, teilte ihre Gewerkschaft am Abend mit."
    ),
    "fr": (
        "Les pilotes du port ont refusé lundi de faire entrer le "
        "moindre navire, a indiqué leur syndicat dans la soirée."
    ),
    "es": (
        "Los prácticos del puerto se negaron el lunes a hacer entrar barco alguno, informó su sindicato por la noche."
    ),
    "pt": (
        "Os pilotos do porto recusaram-se na segunda-feira a fazer entrar qualquer navio, informou o sindicato à noite."
    ),
    "it": (
        "I piloti del porto si sono rifiutati lunedì di far entrare "
        "le navi, ha fatto sapere in serata il loro sindacato."
    ),
    "nl": (
        "De loodsen van de haven weigerden maandag om ook maar een "
        "schip binnen te brengen, meldde hun vakbond 's avonds."
    ),
    "sv": "Hamnens lotsar vägrade på måndagen att ta in något fartyg, meddelade deras fackförbund sent på kvällen.",
    "no": "Losene i havna nektet mandag å ta inn noe skip, opplyste fagforeningen deres sent på kvelden samme dag.",
    "fi": "Sataman luotsit kieltäytyivät maanantaina tuomasta sisään yhtään laivaa, heidän liittonsa kertoi illalla.",
    "pl": (
        "Piloci portowi odmówili w poniedziałek wprowadzenia "
        "jakiegokolwiek statku, podał wieczorem ich związek zawodowy."
    ),
    "cs": (
        "Přístavní lodivodi v pondělí odmítli uvést jakoukoli loď, "
        "oznámila večer jejich odborová organizace v prohlášení."
    ),
    "hu": "A kikötő révkalauzai hétfőn egyetlen hajót sem voltak hajlandók behozni, közölte este a szakszervezetük.",
    "ru": "Лоцманы порта отказались в понедельник заводить суда, сообщил вечером их профсоюз в коротком заявлении.",
    "uk": "Лоцмани порту відмовилися в понеділок заводити судна, повідомила ввечері їхня профспілка у короткій заяві.",
    "el": "Οι πλοηγοί του λιμανιού αρνήθηκαν τη Δευτέρα να φέρουν μέσα πλοία, ανακοίνωσε το βράδυ το σωματείο τους.",
    "tr": (
        "Limanın kılavuz kaptanları pazartesi günü hiçbir gemiyi içeri almayı kabul etmedi, sendikaları akşam bildirdi."
    ),
    "ar": "رفض مرشدو الميناء يوم الاثنين إدخال أي سفينة إلى الميناء، حسبما أعلنت نقابتهم في بيان قصير صدر في المساء.",
    "he": "נתבי הנמל סירבו ביום שני להכניס אוניות לנמל, כך הודיע האיגוד המקצועי שלהם בהודעה קצרה שפרסם בשעות הערב.",
    "hi": ("बंदरगाह के पायलटों ने सोमवार को किसी भी जहाज़ को भीतर लाने से इनकार कर दिया, उनके संघ ने शाम को यह जानकारी दी।"),
    "ja": "港の水先人らは月曜日、船を一隻も港に入れることを拒んだと、その組合が夜に出した声明で述べた。",
    "zh": "港口的引航员星期一拒绝引领任何船只进港，他们的工会当晚在一份简短的声明中表示。",
    "ko": "항구의 도선사들은 월요일에 어떤 배도 항구로 들이기를 거부했다고 그들의 노조가 저녁에 밝혔다.",
    "th": "นักนำร่องของท่าเรือปฏิเสธเมื่อวันจันทร์ที่จะนำเรือลำใดเข้ามา สหภาพของพวกเขาแจ้งในแถลงการณ์สั้นๆ เมื่อค่ำวันนั้น",
    "vi": "Các hoa tiêu của cảng hôm thứ Hai từ chối đưa bất kỳ con tàu nào vào, công đoàn của họ cho biết.",
    "id": "Para pandu pelabuhan pada hari Senin menolak membawa masuk kapal mana pun, kata serikat mereka.",
}


@pytest.mark.parametrize("language", IN_LANGUAGES)
def test_a_page_in_any_language_keeps_every_sentence(language: str) -> None:
    texts = [f"{IN_LANGUAGES[language]} {number}" for number in range(1, 6)]
    article = f"<article>{paragraphs(*texts)}</article>"
    source = f"<html lang='{language}'><head><title>1</title></head><body>{article}</body></html>"
    assert text_of(source) == "\n\n".join(texts)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>The meeting of <time>1 February</time> ended in a row.</p>", "The meeting of 1 February ended in a row."),
        (
            "<p><time datetime='1953-02-01'>1 February 1953</time>: the wall broke.</p>",
            "1 February 1953: the wall broke.",
        ),
        ("<ul><li><time>9 May</time> Concert</li><li>Fair</li></ul>", "- 9 May Concert\n- Fair"),
        ("<p>So said <span class='author-name'>Mara Quill</span> on Monday.</p>", "So said Mara Quill on Monday."),
        (
            "<p>At <span class='price'>48 crowns</span> <span class='share-price'>a share</span> it is dear.</p>",
            "At 48 crowns a share it is dear.",
        ),
        (
            "<p>Fill in <label>the name</label>, read <output>the sum</output> of <data value='3'>three</data>.</p>",
            "Fill in the name, read the sum of three.",
        ),
        ("<p>Press <button>Save</button> to keep the draft.</p>", "Press Save to keep the draft."),
        ("<p class='social'>She is a social worker in the port.</p>", "She is a social worker in the port."),
        ("<p class='ad-hoc'>They met again on Tuesday.</p>", "They met again on Tuesday."),
        ("<p class='footer-note'>The figures are for May.</p>", "The figures are for May."),
        ("<p class='caption'>The bay was still at noon.</p>", "The bay was still at noon."),
        (
            "<h2 id='related-work'>Related work</h2><p>Others struck before.</p>",
            "Related work\n\nOthers struck before.",
        ),
    ],
)
def test_no_words_of_running_text_are_lost_by_their_tag_or_name(markup: str, expected: str) -> None:
    text = text_of(page(paragraphs(LEAD, SECOND) + markup + paragraphs(THIRD, FOURTH)))
    assert text == "\n\n".join([LEAD, SECOND, expected, THIRD, FOURTH])


@pytest.mark.parametrize(
    "markup",
    [
        "<p>By <span class='author'>Mara Quill</span>, <time>3 May 2025, 10:00</time></p>",
        "<div class='meta'><span class='author'>Mara Quill</span> <time>3 May 2025</time></div>",
        "<p class='share'><a href='/s'>Share</a> <button>Save</button></p>",
        "<p class='newsletter'>Sign up for our newsletter to get the news.</p>",
    ],
)
def test_bylines_and_controls_stay_out_of_the_text(markup: str) -> None:
    assert text_of(page(markup + paragraphs(LEAD, SECOND, THIRD, FOURTH))) == "\n\n".join([LEAD, SECOND, THIRD, FOURTH])


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<table><tr><td>Alder</td><td><ul><li>Jan Berg</li><li>Bo Lens</li></ul></td></tr></table>",
            "Alder | Jan Berg; Bo Lens",
        ),
        ("<figure class='wp-block-code'><pre><code>tide --now\n  --all</code></pre></figure>", "tide --now\n  --all"),
        ("<figure class='highlight'><pre>tide --now</pre></figure>", "tide --now"),
        (
            "<blockquote><p>It is mud.</p><footer>— Jan Berg, engineer</footer></blockquote>",
            "It is mud.\n\n— Jan Berg, engineer",
        ),
        (
            "<section><p>A part of it.</p></section>Words that follow a section.",
            "A part of it.\n\nWords that follow a section.",
        ),
        ("<ol><li>Run this:<pre>line one\nline two</pre></li></ol>", "- Run this:\nline one\nline two"),
    ],
)
def test_what_an_extractor_loses_of_an_article_stays(markup: str, expected: str) -> None:
    text = text_of(page(paragraphs(LEAD, SECOND) + markup + paragraphs(THIRD, FOURTH)))
    assert text == "\n\n".join([LEAD, SECOND, expected, THIRD, FOURTH])


def test_a_box_beside_the_text_is_left_out_but_where_it_is_the_text() -> None:
    box = f"<aside><h3>The strike</h3>{paragraphs(THIRD)}</aside>"
    assert text_of(page(paragraphs(LEAD, SECOND, FOURTH) + box + paragraphs(LEAD.upper()))).count(THIRD) == 0
    assert THIRD in text_of(page(box))


def figure(caption: str) -> str:
    credit = "<span class='credit'>Photo: Bo Lens</span>"
    return f"<figure><img src='a.jpg'><figcaption>{caption} {credit}</figcaption></figure>"


def test_the_captions_of_a_gallery_are_its_text() -> None:
    gallery = f"<p>Pictures of a strike.</p><div class='slideshow'>{figure(LEAD)}{figure(SECOND)}{figure(THIRD)}</div>"
    assert lines_of(gallery) == ["Pictures of a strike.", LEAD, SECOND, THIRD]
    assert lines_of(figure(FOURTH)) == [FOURTH]


def test_the_captions_of_an_article_stay_out() -> None:
    assert lines_of(paragraphs(LEAD, SECOND) + figure(FOURTH) + paragraphs(THIRD)) == [LEAD, SECOND, THIRD]


def test_navigation_is_no_text_on_a_short_page_either() -> None:
    header = "<header><nav><a href='/'>Home</a> <a href='/sport'>Sport</a></nav></header>"
    source = f"<html><head><title>Tides</title></head><body>{header}<main><h1>Tides</h1>{{0}}</main></body></html>"
    assert text_of(source.format("<p>The office is closed on Monday.</p>")) == "The office is closed on Monday."
    with pytest.raises(NotText, match="holds no readable text"):
        parse_page(source.format("<ul><li><a href='/a'>A headline of the day</a></li></ul>"))


def test_the_posts_of_a_live_blog_that_only_its_data_has_are_its_text() -> None:
    posts = [
        {"@type": "BlogPosting", "headline": f"Post {i}", "articleBody": text} for i, text in enumerate((LEAD, SECOND))
    ]
    posts += [{"@type": "BlogPosting", "articleBody": text} for text in (THIRD, FOURTH)]
    data = {"@type": "LiveBlogPosting", "headline": "Pilots strike", "liveBlogUpdate": posts}
    head = f"<script type='application/ld+json'>{json.dumps(data)}</script>"
    assert lines_of("<div id='live'></div>", head) == ["Post 0", LEAD, "Post 1", SECOND, THIRD, FOURTH]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "<title>Just a moment...</title><h1>One moment</h1><p>Enable JavaScript and cookies to continue</p>",
            "holds a check of the browser",
        ),
        ("<html><head><title>Old</title></head><frameset><frame src='a.html'></frameset></html>", "holds frames"),
    ],
)
def test_a_page_that_stands_for_another_is_named(source: str, reason: str) -> None:
    with pytest.raises(NotText, match=reason):
        parse_page(source)


def test_a_headline_in_other_words_than_the_title_is_left_out_where_nothing_is_lost() -> None:
    linked = "<script type='application/ld+json'>" + json.dumps({"@type": "NewsArticle", "headline": "Pilots strike"})
    before, _, behind = page(paragraphs(LEAD, SECOND, THIRD), linked + "</script>").partition("<h1>Pilots strike")
    assert text_of(f"{before}<h1>Harbour pilots refused any ship{behind}") == "\n\n".join([LEAD, SECOND, THIRD])
    assert text_of(f"{before}<h1>Mutiny among mariners{behind}").startswith("Mutiny among mariners")


def test_the_section_and_the_tags_that_a_page_names_are_left_out_of_its_text() -> None:
    head = "<meta property='article:section' content='Harbour'><meta name='keywords' content='pilots, fees, strikes'>"
    assert lines_of(f"<p>Harbour</p>{paragraphs(LEAD, SECOND)}<p>Pilots, fees</p>", head) == [LEAD, SECOND]
    assert "Fees" in lines_of(paragraphs(LEAD) + "<h2>Fees</h2>" + paragraphs(SECOND, THIRD, FOURTH, LEAD), head)


def test_who_the_author_is_is_left_out_at_the_end_and_stays_in_a_sentence_before() -> None:
    head = "<meta name='author' content='Mara Quill'>"
    told = "Our correspondent Mara Quill has written on ports since 2009 and lives by the sea."
    assert lines_of(paragraphs(LEAD, SECOND, THIRD, told), head) == [LEAD, SECOND, THIRD]
    assert told in lines_of(paragraphs(LEAD, SECOND, told, THIRD), head)


def test_a_roll_of_those_who_took_part_is_left_out_and_a_list_of_facts_stays() -> None:
    roll = "Photos: Jo Doe<br>Styling: Ann Lee<br>Hair: Jan Roe<br>Set design: Mara Quill"
    facts = "Berth: the inner quay<br>Owner: Alder Lines<br>Cargo: timber and rye<br>Master: Jo Doe"
    assert lines_of(paragraphs(LEAD, SECOND, roll)) == [LEAD, SECOND]
    assert lines_of(paragraphs(LEAD, SECOND, facts))[2:] == facts.split("<br>")


def test_a_last_line_that_announces_what_was_taken_out_goes_too() -> None:
    assert lines_of(paragraphs(LEAD, SECOND, "All that is known of the strike stands in our diary of it:")) == [
        LEAD,
        SECOND,
    ]


def test_placeholders_of_an_articles_data_are_left_out_as_those_of_its_page() -> None:
    body = f"{LEAD}\n{SECOND}\n$$ADVERT$$\n{THIRD}\n{FOURTH}"
    linked = json.dumps({"@type": "NewsArticle", "headline": "Pilots strike", "articleBody": body})
    source = page("<p>Read on.</p>", f"<script type='application/ld+json'>{linked}</script>")
    assert text_of(source) == "\n\n".join([LEAD, SECOND, THIRD, FOURTH])
