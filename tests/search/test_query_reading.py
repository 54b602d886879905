"""Does each text find what it came from, and does a filter hold whatever is typed beside it?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import searchkit
from searchkit import Article, IndexConfig, Mode, Query, Searcher
from searchkit.errors import QueryError
from searchkit.keyword.query.ast import Maybe
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.storage import native
from searchkit.types import Syntax, Where
from tests.word_encoder import WordEncoder

MODES = ("keyword", "hybrid", "vector")
TEXTS = {
    "guilty": ("Mayor pleads not guilty", "The mayor pleaded not guilty on Monday."),
    "market": ("Mayor opens market", "The mayor opened the market."),
    "hamlet": ("To be or not to be", "To be or not to be, that is the question."),
    "doctrine": ("On ambiguity", "The strategic ambiguity doctrine has served the strait for decades."),
    "scattered": ("On thought", "A doctrine that is strategic leaves ambiguity aside; so does a strategic thinker."),
    "festival": ("A party", "Tickets to FyreFestival were sold for thousands; nothing was there."),
    "code": ("A function", "def parse(text: str) -> Parsed: return Parsed(tree=None, plain=True, notes=())"),
    "mail": (
        "A letter",
        "From: Jane Doe <jane@example.com> Subject: Invoice NOT paid. Dear John, please pay the invoice.",
    ),
    "link": ("A page", "Read more at https://www.example.com/world/pipeline-blast?id=42#top about the pipeline."),
    "citation": ("A study", 'Smith, J. & Doe, A. (2019). "Deep learning: a review," Nature 521(7553): 436-444.'),
    "vitamin": ("Vitamins", "Vitamin C: yes or no? Doctors disagree about colds."),
    "trade": ("Trade and industry talks", "Talks on trade and industry; protest at the gates."),
}
PRICES = {"cheap": 5, "fair": 30, "dear": 300}


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    folder = tmp_path_factory.mktemp("reading") / "index"
    articles = [
        Article(id=name, title=title, text=text, language="en", source="Ledger")
        for name, (title, text) in TEXTS.items()
    ]
    articles += [
        Article(
            id=name,
            title=f"Protest over {name} prices",
            text=f"A protest in 2020 over prices that were {name}, a quote says.",
            language="en",
            source='The "Live" News' if name == "fair" else "Courier",
            tags=("a", "b") if name == "fair" else ("a",) if name == "cheap" else ("b",),
            fields={"price": price},
        )
        for name, price in PRICES.items()
    ]
    searchkit.build(folder, articles, encoder=WordEncoder(), config=IndexConfig())
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        yield opened


def ids(searcher: Searcher, text: str, **options: object) -> list[str]:
    return [result.article.id for result in searcher.search(text, k=50, **options).results]  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("MAYOR PLEADS NOT GUILTY", "guilty"),
        ("Mayor pleads NOT guilty", "guilty"),
        ("NOT GUILTY", "guilty"),
        ("TO BE OR NOT TO BE", "hamlet"),
        ("TRADE AND INDUSTRY TALKS", "trade"),
        ('What did he mean by "strategic ambiguity doctrine"?', "doctrine"),
        ("WHAT DID HE MEAN BY “STRATEGIC AMBIGUITY DOCTRINE”?!", "doctrine"),
        ("#FyreFestival was a scam @nobody", "festival"),
        ("vitamin C - yes or no", "vitamin"),
        ("- Vitamin C: yes OR no?", "vitamin"),
        (TEXTS["code"][1], "code"),
        (TEXTS["mail"][1], "mail"),
        (TEXTS["citation"][1], "citation"),
        ("https://www.example.com/world/pipeline-blast?id=42#top", "link"),
        ("Mayor: 'I am NOT guilty' (Monday)", "guilty"),
        ("The mayor/the market opened…", "market"),
        ("-mayor opens (the) market", "market"),
        *((f"{title}. {text}" * 200, name) for name, (title, text) in TEXTS.items()),
        *((title.upper(), name) for name, (title, _) in list(TEXTS.items())[:4]),
    ],
)
def test_a_text_finds_what_it_came_from(searcher: Searcher, text: str, first: str, mode: str) -> None:
    assert ids(searcher, text, mode=mode)[0] == first


def test_what_is_quoted_in_words_ranks_higher_and_excludes_nothing(searcher: Searcher) -> None:
    plain = searcher.search("strategic doctrine ambiguity thinker", mode="keyword")
    assert plain.results[0].article.id == "scattered"
    wished = searcher.search('the "strategic ambiguity doctrine" of a thinker', mode="keyword", explain=True)
    assert [one.article.id for one in wished.results] == ["doctrine", "scattered"]
    assert "quoted" in str(wished.reading)
    for result in wished.results:
        assert sum(vote.counts * vote.score for vote in result.votes) == pytest.approx(result.score)
        assert sum(one.share for one in result.contributions) == pytest.approx(result.score)
    other = searcher.search('what is the "doctrine of ambiguity" of a thinker', mode="keyword")
    assert {one.article.id for one in other.results} == {"doctrine", "scattered"}


def test_a_wish_moves_no_score_but_of_what_has_it_whatever_the_path(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        'the "strategic ambiguity doctrine" of thought',
        'a "mayor pleaded" in the market',
        'who "sold for thousands" tickets',
    ]
    for text in texts:
        for mode in (Mode.KEYWORD, Mode.HYBRID):
            query = Query(text=text, mode=mode, k=50)
            scores = dict(searcher.rank(query))
            plain = dict(searcher.rank(Query(text=text.replace('"', ""), mode=mode, k=50)))
            assert scores.keys() == plain.keys()
            higher = {name for name in scores if scores[name] > plain[name] + 1e-9}
            assert higher
            assert all(scores[name] == pytest.approx(plain[name]) for name in scores.keys() - higher)
            assert len(higher) == 1
            assert dict(searcher.rank(Query(text=text, mode=mode, k=1))) == dict(list(scores.items())[:1])
            answer = searcher.search(text, mode=mode, k=50)
            assert [(one.article.id, one.score) for one in answer.results] == list(scores.items())
            with monkeypatch.context() as patch:
                patch.setattr(native, "COMPILED", None)
                assert dict(searcher.rank(query)) == pytest.approx(scores)


FILTERED = (
    "protest (2020 +price:[10 TO 60]",
    'a "quote +price:[10 TO 60]',
    "NOT +price:[10 TO 60]",
    "protest OR +price:[10 TO 60]",
    "+price:[10 TO 60] OR protest",
    "protest AND +price:[10 TO 60]",
    "protest AND NOT +price:[10 TO 60]",
    "protest OR (2020 AND +price:[10 TO 60])",
    "protest OR (+price:[10 TO 60]",
    "(protest OR (+price:[10 TO 60]))",
    ") +price:[10 TO 60] (",
    '" +price:[10 TO 60] "',
    "protest OR NOT +price:[10 TO 60]",
    "-(protest +price:[10 TO 60]",
    "protest price:[10 TO 60]",
    "protest (2020 price:[10 TO 60]",
    'a "quote price:[10 TO 60]',
    "protest price:30",
    "PROTEST OVER PRICES price:[10 TO 60]",
    "protest AND (2020 price:[10 TO 60]",
    "protest* +price:[10 TO 60]",
    "protest+price:[10 TO 60]",
    "protest|+price:[10 TO 60]",
    "protest,price:[10 TO 60]",
    "protest ++price:[10 TO 60]",
    "protest +-price:30",
    "protest '+price:30'",
    "'protest' OR '+price:[10 TO 60]'",
    "protest NOT (+price:[10 TO 60])",
    "(+price:[10 TO 60] OR market) protest",
    "protest AND price:30 OR",
    "((price:30",
    "Protest, +price:[10 TO 60].",
    "price:[10 TO 60]",
    'protest source:"The \\"Live\\" News"',
    'protest OR +source:"The \\"Live\\" News"',
    'a "quote +source:"The \\"Live\\" News"',
    'a "quote source:“The "Live" News”',
    "+tag:a +tag:b protest",
    "+tag:a +tag:b",
    f"{'protest over prices ' * 300} +price:[10 TO 60]",
    f"{'protest over prices ' * 300} price:[10 TO 60]",
)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", FILTERED)
def test_a_filter_in_a_text_is_never_lost(searcher: Searcher, text: str, mode: str) -> None:
    answer = searcher.search(text, mode=mode, k=50)
    assert [result.article.id for result in answer.results] == ["fair"]
    assert answer.reading.syntax is Syntax.EXPRESSION
    assert dict(searcher.rank(Query(text=text, mode=Mode(mode), k=50))).keys() == {"fair"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text",
    ["NOT tag:a", "protest OR source:Courier", "tag:a OR tag:b", "*", ") OR source:Courier (", 'x" OR price:5',
     "-price:30", "protest NOT price:30", "+source:Courier", "(price:5", "NOT price:[10 TO 60]",
     "source:(Courier OR Ledger)"],
)  # fmt: skip
def test_no_text_undoes_a_filter_that_a_program_gives(searcher: Searcher, text: str, mode: str) -> None:
    article_ids = ids(searcher, text, mode=mode, fields={"price": "30"}, tag="b")
    assert set(article_ids) <= {"fair"}
    where = Where(fields=(("price", ("30",)),))
    for syntax in (Syntax.AUTO, Syntax.WORDS):
        query = Query(text=text, mode=Mode(mode), where=where, k=50, syntax=syntax)
        assert dict(searcher.rank(query)).keys() <= {"fair"}
        assert {hit.chunk_id.split("#")[0] for hit in searcher.retrieve(query, 50)} <= {"fair"}


@pytest.mark.parametrize("mode", MODES)
def test_an_explicit_expression_keeps_its_boolean_sense(searcher: Searcher, mode: str) -> None:
    assert set(ids(searcher, "tag:a OR tag:b", mode=mode)) == set(PRICES)
    assert set(ids(searcher, "tag:a AND tag:b", mode=mode)) == {"fair"}
    assert set(ids(searcher, "(tag:a AND protest) OR market", mode=mode)) == {"cheap", "fair", "market"}
    assert set(ids(searcher, "tag:a -price:30", mode=mode)) == {"cheap"}
    assert set(ids(searcher, "tag:a NOT price:30", mode=mode)) == {"cheap"}
    assert set(ids(searcher, "tag:a tag:b", mode=mode)) == set(PRICES)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "left"),
    [
        *((text.format("protest"), set(TEXTS) - {"trade"}) for text in (
            "* NOT {}", "*:* NOT {}", "* AND NOT {}", "*:* AND NOT {}", "* -{}", "(* NOT {})", "(*) NOT {}",
            "* AND (* NOT {})", "NOT {} AND *",
        )),
        ('* NOT "mayor opens"', {*TEXTS, *PRICES} - {"market"}),
        ('*:* AND NOT "mayor opens"', {*TEXTS, *PRICES} - {"market"}),
        ("* NOT (protest OR mayor)", set(TEXTS) - {"trade", "guilty", "market"}),
        ("* NOT protest NOT mayor", set(TEXTS) - {"trade", "guilty", "market"}),
        ("* NOT title:protest", set(TEXTS)),
        ("* NOT prot*", set(TEXTS) - {"trade"}),
        ("* NOT price:[10 TO 60]", {*TEXTS, "cheap", "dear"}),
        ("* AND mayor", {"guilty", "market"}),
        ("* OR mayor", {*TEXTS, *PRICES}),
        ("(* OR protest) AND mayor", {"guilty", "market"}),
        ("NOT *", set()),
    ],
)  # fmt: skip
def test_a_star_beside_operators_stands_for_every_article(
    searcher: Searcher, text: str, left: set[str], mode: str
) -> None:
    answer = searcher.search(text, mode=mode, k=50)
    assert {result.article.id for result in answer.results} == left
    assert answer.reading.syntax is Syntax.EXPRESSION


@pytest.mark.parametrize(
    "text", ["* mayor opens market", "* Mayor pleads NOT guilty", "* NOT GUILTY", "* To be or NOT to be, he said."]
)
def test_a_star_that_begins_a_text_is_a_bullet(searcher: Searcher, text: str) -> None:
    assert searcher.read_query(Query(text=text)).syntax is Syntax.WORDS
    assert ids(searcher, text, mode="keyword") == ids(searcher, text[2:], mode="keyword")


MAYOR, PRICED = {"guilty", "market"}, set(PRICES)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mayor OR ambiguity", MAYOR | {"doctrine", "scattered"}),
        ("(mayor AND market) OR prices", {"market"} | PRICED),
        ("(mayor OR prices)", MAYOR | PRICED),
        ("mayo* OR prices", MAYOR | PRICED),
        ("mayo*", MAYOR),
        ("mayor~", MAYOR),
        ("mayro~2", MAYOR),
        ("pleads~0", {"guilty"}),
        ("mayo* price*", MAYOR | PRICED),
        ("mayo* -guilty", {"market"}),
        ("mayor OR (protest AND NOT prices)", MAYOR | {"trade"}),
        ("mayor OR NOT guilty", {"market"}),
        ('"mayor" OR vitamin', MAYOR | {"vitamin"}),
        ("(mayor OR vitamin)^2", MAYOR | {"vitamin"}),
        ("(mayor OR vitamin) -guilty", {"market", "vitamin"}),
        ("trade talks OR vitamin", {"trade", "vitamin"}),
        ("mayor OR protest price:30", {"fair"}),
        ("protes* price:30", {"fair"}),
        ("xylophone OR mayor", MAYOR),
        ("xyloph*", set()),
    ],
)
def test_an_expression_is_a_condition_in_every_mode(searcher: Searcher, text: str, meant: set[str], mode: str) -> None:
    assert set(ids(searcher, text, mode=mode)) == meant
    assert dict(searcher.rank(Query(text=text, mode=Mode(mode), k=50))).keys() == meant


@pytest.mark.parametrize("mode", ["hybrid", "vector"])
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mayor -guilty", {*TEXTS, *PRICES} - {"guilty"}),
        ("mayor NOT guilty", {*TEXTS, *PRICES} - {"guilty"}),
        ("+protest mayor", {"trade", *PRICES}),
        ("title:mayor prices", MAYOR),
        ("mayo* prices", {*TEXTS, *PRICES}),
        ("mayor^2 prices", {*TEXTS, *PRICES}),
    ],
)
def test_words_beside_signs_and_patterns_are_no_condition(
    searcher: Searcher, text: str, meant: set[str], mode: str
) -> None:
    assert set(ids(searcher, text, mode=mode)) == meant


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "text", ["mayor OR ambiguity", "(mayor AND market) OR prices", "mayo* OR prices", "mayo*", "mayor~", "pleads~0"]
)
def test_a_condition_of_words_changes_no_result_by_keyword(
    searcher: Searcher, text: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        monkeypatch.setattr(native, "COMPILED", None)
    with searcher._reading() as reading:
        tree = reading.parse(Query(text=text)).tree
        required, wished = (evaluate(reading.keyword, each) for each in (tree, Maybe(child=tree)))
        assert required.scores.tolist() == wished.scores.tolist()
        assert required.matched.tolist() == wished.matched.tolist()
        assert required.idf_sum == wished.idf_sum
        assert required.allowed.sum() < wished.allowed.sum()


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text", ["protest price:[10 TO", "price:[10] protest", 'protest source:"The', "published:soon protest"]
)
def test_a_filter_that_can_t_be_read_is_an_error_that_says_so(searcher: Searcher, text: str, mode: str) -> None:
    with pytest.raises(QueryError, match="filter"):
        searcher.search(text, mode=mode)
    assert ids(searcher, text, mode=mode, syntax="words")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text",
    ["protest && !price:[10 TO 60]", "protest !(price:30)", "protest !price:30", "protest AND !price:30",
     "!price:30 protest", "!(price:30) protest", "protest AND NOT price:30 AND", "protest NOT" + " " * 50 + "price:30",
     "protest -(price:30)", "protest !(price:30 OR price:31)", "protest AND NOT NOT NOT price:30",
     "(protest !price:30"],
)  # fmt: skip
def test_an_exclusion_never_becomes_an_inclusion(searcher: Searcher, text: str, mode: str) -> None:
    article_ids = ids(searcher, text, mode=mode)
    assert {"cheap", "dear"} <= set(article_ids)
    assert "fair" not in article_ids


@pytest.mark.parametrize("text", ["protest AND NOT NOT price:30", "protest NOT -price:30", "protest NOT !price:30"])
def test_what_is_excluded_twice_is_not_excluded(searcher: Searcher, text: str) -> None:
    assert ids(searcher, text) == ["fair"]
    assert searcher.search(text).reading.filters == ("price:30",)


@pytest.mark.parametrize(
    "text",
    ["protest NOT (price:30", "protest -( price:30", "protest) NOT (price:30", "protest NOT ((price:30",
     "protest !(price:30", "protest -(2020 OR price:30", "protest NOT (2020 (price:30)"],
)  # fmt: skip
def test_what_an_unreadable_text_excludes_is_an_error(searcher: Searcher, text: str) -> None:
    with pytest.raises(QueryError, match="can't be read"):
        searcher.search(text)


def test_the_reading_says_what_is_excluded(searcher: Searcher) -> None:
    assert searcher.search("protest AND NOT price:30 AND").reading.filters == ("NOT price:30",)
    assert searcher.search("protest -price:30").reading.filters == ("-price:30",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("protest price:<1,000", {"cheap", "fair", "dear"}),
        ("protest price:<1_000", {"cheap", "fair", "dear"}),
        ("protest price:[1 TO 1,000]", {"cheap", "fair", "dear"}),
        ("protest price:>=1,000", set()),
        ("protest price:[6 TO 1_000] AND protest", {"fair", "dear"}),
        ("protest price:<６０", {"cheap", "fair"}),
        ("protest price:<٦٠", {"cheap", "fair"}),
        ("protest price:[１０ TO ٦٠]", {"fair"}),
        ("protest price:>−5", {"cheap", "fair", "dear"}),
        ('protest price:<"60"', {"cheap", "fair"}),
        ('protest AND price:<"60"', {"cheap", "fair"}),
        ('price:>="30" AND price:<="30"', {"fair"}),
        ("protest price:<60, please", {"cheap", "fair"}),
    ],
)
def test_a_number_may_be_written_as_people_do(searcher: Searcher, text: str, expected: set[str]) -> None:
    assert set(ids(searcher, text)) == expected
    assert searcher.search(text).reading.rest_is_words or " AND " in text


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("value", "bound"),
    [("<60€", "60€"), ("<6O", "6O"), ("<60*", "60\\*"), ("<60x", "60x"), (">$10", "\\$10"), ("<abc", "abc"),
     ("<NaN", "NaN"), ("<1,00", "1,00"), ("[10 TO 60x]", "60x"), ("[10€ TO 60€]", "10€"), ("[ten TO 60]", "ten"),
     ("{1 TO six}", "six"), ('<"6O"', "6O"), ("<1_", "1_")],
)  # fmt: skip
def test_a_bound_that_is_no_number_is_an_error(searcher: Searcher, value: str, bound: str, mode: str) -> None:
    for text in (f"protest price:{value}", f"protest AND NOT price:{value}"):
        with pytest.raises(QueryError, match=f"'{bound}' is no number.*'price'"):
            searcher.search(text, mode=mode)
    # Fields of text are compared as text.
    assert set(ids(searcher, "protest source:[Courier TO Courier]", mode=mode)) == {"cheap", "dear"}


@pytest.mark.parametrize("text", ["protest price:<", "protest price:>=", "protest price:<*", 'price:<"" protest'])
def test_a_comparison_with_nothing_is_an_error(searcher: Searcher, text: str) -> None:
    with pytest.raises(QueryError, match="compared with nothing"):
        searcher.search(text)


@pytest.mark.parametrize(
    "text",
    ["protest acl:g", "protest +acl:g", "protest -acl:g", "acl:g", 'protest acl:"g h"', "protest id:a", "topic:x"],
)
def test_a_field_that_no_article_has_is_noted(searcher: Searcher, text: str) -> None:
    name = "id" if "id:" in text else "topic" if "topic:" in text else "acl"
    notes = searcher.search(text).notes
    assert f"No article here has a field '{name}', so it was searched as words." in notes


@pytest.mark.parametrize(
    ("text", "meant"),
    [("protest lang:en", "language"), ("date:2020 protest", "published"), ("pric:30", "price"), ("by:smith", "author")],
)
def test_the_field_that_was_meant_is_named(searcher: Searcher, text: str, meant: str) -> None:
    assert f"Did you mean '{meant}:'?" in " ".join(searcher.search(text).notes)


@pytest.mark.parametrize(
    "text",
    ["https://example.com/a", "std::vector protest", "protest at 10:30", "protest: a report", "Re: protest",
     "Matthew 5:3", TEXTS["code"][1], TEXTS["mail"][1]],
)  # fmt: skip
def test_a_colon_that_is_punctuation_is_not_noted(searcher: Searcher, text: str) -> None:
    assert " field " not in " ".join(searcher.search(text).notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("protest tag:a tag:b", "filtered by tag:a or tag:b"),
        ("protest tag:a tag:b price:30", "filtered by (tag:a or tag:b) and price:30"),
        ("protest +tag:a +tag:b", "filtered by +tag:a and +tag:b"),
        ("protest price:>5 price:<60", "filtered by price:>5 and price:<60"),
        ("protest tag:a -tag:b", "filtered by tag:a and -tag:b"),
    ],
)
def test_the_reading_says_which_filters_are_alternatives(searcher: Searcher, text: str, said: str) -> None:
    assert said in str(searcher.search(text).reading)


GLUED = ["protest,{}", "protest;{}", "protest/{}", "protest|{}", "protest&{}", "protest…{}", "protest—{}",
         "protest;{},", "[{}] protest", "{{{}}} protest", "'{}' protest", "‘{}’ protest", "<{}> protest", "*{} protest",
         "*{}* protest", "`{}` protest", "＋{} protest", "protest \u200b{}", "protest \ufeff{}",
         "protest,{} AND protest", "'{}' AND protest", "protest AND ＋{}", "protest AND [{}]",
         "\u200e{} protest"]  # fmt: skip


@pytest.mark.parametrize("compared", ["price:<60", "price:[1 TO 60]", "price:1..60", "price：<60"])
@pytest.mark.parametrize("text", GLUED)
def test_a_comparison_holds_whatever_is_glued_to_it(searcher: Searcher, text: str, compared: str) -> None:
    assert set(ids(searcher, text.format(compared))) == {"cheap", "fair"}


@pytest.mark.parametrize(
    "text",
    ["–price:<60 protest", "protest −price:<60", "--price:<60 protest", "!price:<60 protest", "protest AND –price:<60",
     "protest AND −price:<60", "protest –(price:<60)", "protest −(price:5 OR price:30)", "–price：<60 protest",
     "protest NOT price：<60", "protest AND –(price:<60)"],
)  # fmt: skip
def test_a_dash_before_a_filter_is_a_minus(searcher: Searcher, text: str) -> None:
    article_ids = ids(searcher, text)
    assert "dear" in article_ids
    assert not {"cheap", "fair"} & set(article_ids)


@pytest.mark.parametrize(
    "text", ["–price:30 protest", "price：30 protest", "＋price:30", "protest AND price：30", "\u200bprice:30"]
)
def test_a_value_takes_the_signs_of_other_keyboards(searcher: Searcher, text: str) -> None:
    assert ("fair" in ids(searcher, text)) == (not text.startswith("–"))
    assert ("dear" in ids(searcher, text)) == text.startswith("–")


@pytest.mark.parametrize(
    "text",
    ["protest,price:30", "protest!price:30", "<p>source:<b>Courier</b> protest", "protest,price:cheap...",
     "protest,xprice:<60", "protest,price: <60", '"price:<60" protest', "protest,price:<b",
     "https://a.example/?price:30 protest"],
)  # fmt: skip
def test_what_is_glued_to_a_text_and_compares_nothing_is_text(searcher: Searcher, text: str) -> None:
    assert searcher.search(text).reading.filters == ()
    if '<60"' not in text:
        assert set(PRICES) <= set(ids(searcher, text))


@pytest.mark.parametrize("compared", ["price:<60", "price:[10 TO 60]", "price:1..60", "-price:<60"])
def test_a_comparison_that_a_long_text_hides_is_noted(searcher: Searcher, compared: str) -> None:
    text = f"{'protest over prices ' * 10} {compared} {'protest over prices ' * 10}"
    answer = searcher.search(text, k=50)
    assert set(PRICES) <= {result.article.id for result in answer.results}
    assert any(note.startswith(f"'{compared}' was searched as words") for note in answer.notes)
    # Behind the text it is a filter, and nothing to note.
    behind = searcher.search(f"{'protest over prices ' * 20} {compared}", k=50)
    assert not any("searched as words" in note for note in behind.notes)
    assert behind.reading.filters == (compared,)


def test_the_syntax_can_be_said(searcher: Searcher) -> None:
    text = "mayor AND market"
    assert ids(searcher, text, mode="keyword") == ["market"]
    assert set(ids(searcher, text, mode="keyword", syntax="words")) == {"market", "guilty", "trade"}
    assert set(ids(searcher, text.upper(), mode="keyword")) == {"market", "guilty", "trade"}
    assert ids(searcher, text.upper(), mode="keyword", syntax="expression") == ["market"]
    assert dict(searcher.rank(Query(text=text, mode=Mode.KEYWORD, syntax=Syntax.WORDS))).keys() == {
        "market",
        "guilty",
        "trade",
    }
    assert dict(searcher.rank(Query(text=text.upper(), mode=Mode.KEYWORD, syntax=Syntax.EXPRESSION))).keys() == {
        "market"
    }
    with pytest.raises(QueryError, match="unmatched parenthesis at character 7"):
        searcher.search("mayor (market", syntax="expression")
    with pytest.raises(QueryError, match="There is no syntax 'lucene'"):
        searcher.search("mayor", syntax="lucene")


def test_the_reading_is_told(searcher: Searcher) -> None:
    assert str(searcher.search("mayor market").reading) == "as words"
    assert searcher.search("market tag:a").reading.filters == ("tag:a",)
    assert searcher.read_query(Query(text="mayor -market")).syntax is Syntax.EXPRESSION
    unknown = searcher.search('colour:"red" market')
    assert unknown.notes == ("No article here has a field 'colour', so it was searched as words.",)


@pytest.mark.parametrize(
    "text", ["who opened the market?", "Mayor, market & trade!", "(mayor) opens: market…", "PLEADS GUILTY"]
)
def test_plain_questions_take_the_short_way_with_the_same_scores(searcher: Searcher, text: str) -> None:
    with searcher._reading() as reading:
        assert reading._fast_reader.read(text) is not None
    answer = searcher.search(text, mode="keyword", k=50)
    ranked = searcher.rank(Query(text=text, mode=Mode.KEYWORD, k=50))
    assert [(one.article.id, one.score) for one in answer.results] == list(ranked)
