"""The page of a run: what it says, and that no text in it can be anything but text."""

import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from tests.report.pages import (
    SPACE,
    VERDICT,
    a_board_page,
    a_comparison,
    a_run,
    full_page,
    validation,
)
from zenlab.report.comparison_page import comparison_page
from zenlab.report.drawings import draw
from zenlab.report.page import Card, Cell, Page, Section, Table, render, write_page
from zenlab.report.run_page import run_page
from zenlab.report.verdict_page import verdict_page
from zenlab.spaces.nb201 import NB201

HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """Counts elements and collects attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def titles(page: Page) -> list[str]:
    return [section.title for section in page.sections if section]


def text_of(html: str) -> str:
    """The words of a page without its programs and data."""
    body = html.split("<body>\n<header>")[1].split('<script type="application/json"')[0]
    return Elements(body).words


def test_the_answer_is_tau_with_its_interval_as_scipy_has_it() -> None:
    summary, rows = a_run()
    page = run_page(summary, rows, "", SPACE)
    tau = stats.kendalltau(rows["score"].rank(), rows["accuracy"].astype(float)).statistic
    told = summary["correlation"]["all"]["kendall"]
    assert f"tau is {tau:.2f} [{told['low']:.2f}, {told['high']:.2f}] over 60" in page.answer
    assert page.answer.startswith("Better than chance: ")
    highest = rows["accuracy"].max()
    reached = rows["accuracy"][rows["score"].idxmax()]
    assert page.answer.endswith(
        f"its best scorer has {reached:.2f} where the best measured has {highest:.2f}."
    )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 0.3, "Better than chance"),
        (-0.1, 0.3, "Not to be told from chance"),
        (-0.3, -0.1, "Worse than chance"),
    ],
)
def test_the_answer_goes_no_further_than_the_interval(low: float, high: float, said: str) -> None:
    summary, rows = a_run()
    summary["correlation"]["all"]["kendall"] = {"value": (low + high) / 2, "low": low, "high": high}
    assert run_page(summary, rows, "", SPACE).answer.startswith(said + ": ")


def test_an_undefined_tau_is_told_with_its_reason() -> None:
    summary, rows = a_run()
    undefined = {"value": None, "low": None, "high": None, "reason": "all scores are tied"}
    for name in ("kendall", "spearman"):
        for quality in summary["correlation"].values():
            quality[name] = undefined
    page = run_page(summary, rows, "", SPACE)
    assert page.answer == "Undecided: Kendall's tau is undefined, for all scores are tied."
    assert "all scores are tied" in text_of(render(page))


def test_every_part_of_a_run_has_its_section() -> None:
    assert titles(full_page()) == [
        "Scores and accuracies",
        "Rank quality by stratum",
        "Verdicts",
        "Best by score",
        "The search",
        "Validation by short training",
        "What validation would bring",
        "Remarks",
        "How to reproduce",
        "Config",
        "Versions",
    ]


def test_sections_without_content_are_left_out() -> None:
    summary, rows = a_run()
    html = render(run_page(summary, rows, "a: 1", SPACE))
    assert all(word not in text_of(html) for word in ("Verdicts", "Validation", "The search"))


def test_without_accuracies_scores_stand_against_params() -> None:
    summary, rows = a_run()
    for key in ("benchmark", "correlation", "interval"):
        del summary[key]
    page = run_page(summary, rows.assign(accuracy=pd.NA), "", SPACE)
    points = page.sections[0].charts[0].points
    assert points is not None and points.measured_label == "params"
    first = SPACE.describe(SPACE.parse(points.genotypes[0]))["params"]
    assert points.measured[0] == pytest.approx(first, rel=1e-6)
    assert page.answer.endswith(summary["best"]["genotype"])
    assert "Rank quality by stratum" not in titles(page)


def test_failed_rows_are_not_among_the_points() -> None:
    summary, rows = a_run()
    rows.loc[0, ["score", "error"]] = [math.nan, "out of memory"]
    points = run_page(summary, rows, "", SPACE).sections[0].charts[0].points
    assert points is not None and rows["genotype"][0] not in points.genotypes
    assert len(points.genotypes) == 59


def test_tables_and_cards_hold_the_numbers_of_the_summary() -> None:
    summary, _ = a_run()
    said = text_of(render(full_page()))
    for quality in summary["correlation"].values():
        for key in ("kendall", "spearman", "pearson", "weighted_kendall"):
            found = quality[key]
            assert f"[{found['low']:.2f}, {found['high']:.2f}]" in said
    assert all(row["genotype"] in said for row in summary["top"])
    assert "supported" in said and "[0.12, 0.49]" in said and "The effect is above 0." in said
    assert "candidate 3" in said and "62.50" in said and "candidate 2: loss is nan" in said
    assert "python -m zenlab space=nb201 proxy=zen 'searcher.where='\"'\"'live'\"'\"''" in said


def test_a_card_has_the_drawing_of_its_architecture() -> None:
    summary, _ = a_run()
    html = render(full_page())
    assert all(draw(SPACE, SPACE.parse(row["genotype"])) in html for row in summary["top"])


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    summary, rows = a_run()
    summary |= {name: HOSTILE for name in ("proxy", "space", "searcher", "input", "hardware")}
    summary["benchmark"] = {"name": HOSTILE, "label": HOSTILE}
    summary["verdicts"] = [{**VERDICT, "claim": HOSTILE, "sentence": HOSTILE, "verdict": HOSTILE}]
    summary["remarks"] = [HOSTILE]
    summary["interval"] = HOSTILE
    summary["validation"] = validation(summary["top"]) | {"label": HOSTILE, "picked_by": HOSTILE}
    html = render(run_page(summary, rows, HOSTILE, SPACE, overrides=[HOSTILE]))
    plain = render(full_page())
    assert Elements(html).tags.count("img") == 0
    assert Elements(html).tags.count("script") == Elements(plain).tags.count("script")
    assert not any(name == "onerror" for name, _ in Elements(html).attributes)
    assert HOSTILE in Elements(html).words


def test_a_hostile_genotype_stays_text() -> None:
    class OneName(NB201):
        """A space whose one architecture has a name that means harm."""

        def parse(self, text: str) -> Any:
            return SPACE.parse("6111")

    rows = pd.DataFrame({"genotype": [HOSTILE], "score": [1.0], "error": [None]})
    summary, _ = a_run()
    for key in ("benchmark", "correlation", "interval"):
        del summary[key]
    summary["top"] = [{"genotype": HOSTILE, "index": None, "score": 1.0, "accuracy": None}]
    summary["best"]["genotype"] = HOSTILE
    html = render(run_page(summary, rows, "", OneName()))
    assert "img" not in Elements(html).tags and "<script>alert" not in html


def test_nothing_is_fetched_and_every_chart_has_words() -> None:
    html = render(full_page())
    attributes = Elements(html).attributes
    assert not [value for name, value in attributes if name in ("src", "srcset", "action")]
    assert {value for name, value in attributes if name == "href"} == {"data:,"}
    labels = [value for name, value in attributes if name == "aria-label"]
    assert html.count('class="chart" role="img"') == 9
    assert all(len(label) > 20 for label in labels)


def test_a_page_without_charts_needs_no_program() -> None:
    html = render(
        Page("t", "q?", "a.", {}, [Section("s", tables=[Table("c", [""], [[Cell("v")]])])])
    )
    assert "Bokeh" not in html and len(html) < 10_000
    assert "noscript" not in html


def test_a_card_without_a_drawing_is_only_text() -> None:
    page = Page("t", "q?", "a.", {}, [Section("s", cards=[Card("head", text="<b>bold</b>")])])
    assert "&lt;b&gt;bold&lt;/b&gt;" in render(page)


def test_a_page_with_all_of_nb201_can_be_mailed(tmp_path: Path) -> None:
    write_page(tmp_path / "report.html", full_page(15_625))
    assert (tmp_path / "report.html").stat().st_size < 6_000_000


def test_several_proxies_are_put_side_by_side_and_the_best_is_looked_at() -> None:
    page = comparison_page(*a_comparison(), "a: 1", SPACE)
    assert page.question == "Which of 2 proxies ranks the networks of nb201 best?"
    assert page.answer.startswith("good: its Kendall's tau is ")
    assert titles(page)[:4] == [
        "Leaderboard",
        "Scores and accuracies",
        "Rank quality of good by stratum",
        "Best by the score of good",
    ]
    assert "bad" in text_of(render(page))


def test_leaderboards_say_who_leads_and_where_what_is_missing() -> None:
    page = a_board_page()
    assert page.answer == (
        "The highest mean taus over all boards: good 0.60, bad 0.20. The highest on each: "
        "a: good 0.70 [0.60, 0.80]; b: bad 0.61 [0.51, 0.71]; c: none."
    )
    assert titles(page)[:4] == [
        "Where each proxy ranks well",
        "The numbers",
        "The boards",
        "Remarks",
    ]
    taus = page.sections[1].tables[0]
    assert [[cell.value for cell in row] for row in taus.rows] == [
        ["good", "0.70", "0.50", "undefined"],
        ["bad", "-0.20", "0.61", ""],
    ]
    told = text_of(render(page))
    assert "d is left out: there is no table" in told
    assert "a: 3 scores of bad failed" in told


def test_claims_are_asked_for_and_their_effects_told_with_sign_and_unit() -> None:
    verdict = {**VERDICT, "unit": "tau", "holds": "1 of 2", "statement": "Wider is better."}
    alone = verdict_page("t", {"verdicts": [verdict]}, {})
    assert alone.question == "Wider is better."
    other = {**verdict, "claim": "deeper", "statement": "Deeper is better.", "effect": None}
    both = verdict_page("t", {"verdicts": [verdict, other]}, {}, overrides=["-m", "proxy=zen"])
    assert both.question == "Which of these 2 claims hold?"
    told = text_of(render(both))
    assert "+0.31 tau [0.12, 0.49]" in told and "1 of 2" in told
    assert "python -m zenlab -m proxy=zen" in told
