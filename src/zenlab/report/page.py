"""A page that stands by itself: text, tables, drawings and charts in one file, for a browser.

Charts are Bokeh's; everything, its program included, is in the file, and nothing is fetched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from bokeh.embed import components
from bokeh.models import Model
from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zenlab.report.files import write_text
from zenlab.report.points import Points


@dataclass(frozen=True)
class Chart:
    """A model of Bokeh; `alt` says what it shows, for who can't see it.

    `points` are the architectures behind it, one of which is shown beside it when pointed at.
    """

    model: Model
    alt: str
    caption: str = ""
    points: Points | None = None


class Cell(NamedTuple):
    """A value in a table, and smaller below it how sure it is."""

    value: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under columns; the first column names the rows, all others hold numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Card:
    """Something with a heading: an architecture with its drawing (SVG), or a verdict.

    `mark` is a word beside the heading, `code` a spelling.
    """

    heading: str
    mark: str = ""
    drawing: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    code: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page, in this order: text, charts, tables, cards, code.

    `folded` says that a reader has to open it.
    """

    title: str
    text: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    cards: Sequence[Card] = ()
    code: str = ""
    folded: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.text or self.charts or self.tables or self.cards or self.code)


@dataclass(frozen=True)
class Page:
    """A question, its answer in one sentence, facts and sections; empty sections are left out."""

    title: str
    question: str
    answer: str
    facts: Mapping[str, str]
    sections: Sequence[Section]


def write_page(path: Path, page: Page) -> None:
    """Write a page into one HTML file, whole or not at all."""
    write_text(path, render(page))


def render(page: Page) -> str:
    """Return the HTML of a page; all text is escaped."""
    sections = [section for section in page.sections if section]
    charts = [chart for section in sections for chart in section.charts]
    script, places = components(tuple(chart.model for chart in charts)) if charts else ("", ())
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            sections=sections,
            library=Markup(
                Resources(mode="inline", components=["bokeh"]).render_js() if charts else ""
            ),
            script=Markup(script),
            places={id(chart): Markup(place) for chart, place in zip(charts, places, strict=True)},
            points=next((chart.points.as_json() for chart in charts if chart.points), None),
            id=id,
            drawing=Markup,
            css=Markup(_template("page.css")),
            js=Markup(_template("page.js")),
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("zenlab.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> str:
    return (files("zenlab.report") / "templates" / name).read_text(encoding="utf-8")
