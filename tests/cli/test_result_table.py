from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from searchkit.answer import Answer, ConfidenceTerm
from searchkit.cli.output.console import Screen
from searchkit.cli.output.result_table import answer_table, footer
from tests.cli.answers import ANSWER, ARABIC, IGLA, NOTHING, result


def drawn(answer: Answer = ANSWER, *, width: int = 80, explain: bool = False, **environment: str) -> str:
    screen = Screen(out=io.StringIO(), err=io.StringIO(), environment={"COLUMNS": str(width)} | environment)
    return screen.draw(answer_table(answer, explain=explain))


@pytest.mark.parametrize("width", [30, 40, 80, 110, 200])
@pytest.mark.parametrize("explain", [False, True])
def test_no_line_is_wider_than_the_terminal_in_any_script(width: int, explain: bool) -> None:
    lines = drawn(width=width, explain=explain).splitlines()
    assert max(cell_len(line) for line in lines) <= min(width, 110)


def test_a_result_shows_rank_title_confidence_source_date_heading_snippet_and_id() -> None:
    first = drawn().split("\n\n")[0]
    assert re.match(r" 1 Moscow signals readiness +likely ████░\n", first)
    for part in ("Harbor Ledger · 2025-11-04", "In every state: Maduro said", "5,000 Igla-S", "ledger/igla#0"):
        assert part in first
    assert "#1 In every state: The launchers are Russian." in first


def test_nothing_of_a_title_or_text_is_lost_where_a_script_has_no_spaces() -> None:
    squeezed = re.sub(r"\s", "", drawn(width=40))
    assert ANSWER.results[1].article.title in squeezed.replace("likely████░", "")
    assert ANSWER.results[1].article.text in squeezed


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1", "TERM": "xterm-256color"}])
def test_an_article_can_not_steer_the_terminal(environment: dict[str, str]) -> None:
    text = drawn(**environment)
    own_colours = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", own_colours)
    assert "\x1b[31m" not in text
    assert "[bold red]markup[/] :smile:" in own_colours


def test_highlights_are_marked_in_colour_and_left_alone_without() -> None:
    assert re.search(r"\x1b\[1;33mIgla-S\x1b\[0m", drawn(FORCE_COLOR="1"))
    assert "\x1b" not in drawn()
    assert "\x1b" not in drawn(FORCE_COLOR="1", NO_COLOR="1")


def test_explained_shares_add_up_to_the_score_as_they_are_written() -> None:
    blocks = drawn(explain=True).split("\n\n")[:5]
    for block in blocks:
        shares = re.findall(r"own score [\d.]+ +(?:\+ )?(\d+\.\d{3})$", block, re.MULTILINE)
        total = re.findall(r"sum of the shares += (\d+\.\d{3})$", block, re.MULTILINE)
        assert sum(round(float(share) * 1000) for share in shares) == round(float(total[0]) * 1000)
    assert "keyword  not among its hits · own score 0.000" in blocks[1]


def test_a_share_below_zero_is_taken_off_and_not_added() -> None:
    first = ANSWER.results[0]
    one, other = first.contributions[:2]
    parts = (replace(one, share=first.score + 0.001), replace(other, share=-0.001))
    text = drawn(Answer(query=ANSWER.query, results=(replace(first, contributions=parts),)), explain=True)
    assert re.search(r" - 0\.001$", text, re.MULTILINE)
    assert "+ -" not in text


def test_a_language_is_named_only_where_it_is_not_the_usual_one() -> None:
    english, arabic = result(1, IGLA), result(3, ARABIC)
    text = drawn(Answer(query=ANSWER.query, results=(english, result(2, IGLA), arabic)))
    assert "in ar" in text
    assert "in en" not in text


def test_facets_are_counted_with_bars() -> None:
    text = drawn()
    assert re.search(r"Harbor Ledger +120  █{20}\n", text)
    assert re.search(r" 3  █\n", text)
    assert "none of the matches has it" in text


def test_the_footer_counts_and_says_how_long_it_took() -> None:
    assert footer(ANSWER, "indexes/news").plain == "5 results · hybrid · 0.04 s · indexes/news"
    assert footer(NOTHING, "indexes/news").plain == "Nothing found · hybrid · 1.5 s · indexes/news"


def test_results_without_a_confidence_are_drawn_with_their_scores() -> None:
    first = replace(ANSWER.results[0], score=2.7069, contributions=(), votes=(), confidence=None)
    assert "2.707" in drawn(Answer(query=ANSWER.query, results=(first,)))


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(0.97, "sure █████"), (0.6, "likely ███░░"), (0.3, "unsure ██░░░"), (0.04, "nothing here ░░░░░")],
)
def test_a_confidence_is_a_word_and_a_bar(confidence: float, shown: str) -> None:
    first = replace(ANSWER.results[0], confidence=confidence)
    assert shown in drawn(Answer(query=ANSWER.query, results=(first,)))


def test_what_is_unlikely_is_dimmed_and_where_all_is_that_is_told() -> None:
    sure, unlikely = (replace(ANSWER.results[0], confidence=value) for value in (0.9, 0.1))
    doubt = "Nothing here seems to answer this. The nearest:"
    colours = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    mixed = drawn(Answer(query=ANSWER.query, results=(sure, replace(unlikely, rank=2))), **colours)
    first, second = mixed.split("\n\n")
    assert "\x1b[1;2m" not in first
    assert "\x1b[1;2m" in second
    assert doubt not in mixed
    assert drawn(Answer(query=ANSWER.query, results=(unlikely,))).startswith(f"{doubt}\n\n")
    for query, rank in ((ANSWER.query, 11), (replace(ANSWER.query, sort="published"), 1)):
        assert doubt not in drawn(Answer(query=query, results=(replace(unlikely, rank=rank),)))


def test_explained_the_terms_of_the_confidence_add_up() -> None:
    terms = (
        ConfidenceTerm(name="score", value=1.25, share=2.5),
        ConfidenceTerm(name="the archive's own level", value=0.75, share=-0.5),
    )
    text = drawn(replace(ANSWER, confidence_terms=terms), explain=True)
    assert re.search(r"score +1\.250 +2\.50\n", text)
    assert re.search(r"the archive's own level +0\.750 +- 0\.50\n", text)
    assert re.search(r"sum, which is a confidence of 0\.88 += 2\.00", text)
    assert "How sure it is" not in drawn(replace(ANSWER, confidence_terms=terms))
