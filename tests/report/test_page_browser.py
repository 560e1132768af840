"""The page in a real browser, without a network: drawn whole, readable anywhere, alive."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from tests.report.pages import LABEL, a_board_page, full_page
from zenlab.report.page import write_page

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
WHERE = """([x, y]) => {
  const find = (views) => {
    for (const view of views) {
      if (view.frame && view.el.getBoundingClientRect().height > 400) return view
      const inner = find(view.child_views ?? [])
      if (inner) return inner
    }
  }
  const view = find(Bokeh.index.roots)
  const box = view.el.getBoundingClientRect()
  return [box.x + view.frame.x_scale.compute(x), box.y + view.frame.y_scale.compute(y)]
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(path, full_page())
    return path


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_page(path, a_board_page())
    return path


class Opened:
    """A page in a browser without a network, and what it complained about."""

    def __init__(self, browser: Any, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        scheme = "dark" if dark else "light"
        self.context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, offline=True
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("window.Bokeh && Bokeh.documents[0]?.is_idle")

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.mark.parametrize(("kind", "count"), [("report", 9), ("board", 1)])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_every_chart_without_complaint_or_network(
    browser: Any,
    request: pytest.FixtureRequest,
    kind: str,
    count: int,
    width: int,
    dark: bool,
    tmp_path: Path,
) -> None:
    path = request.getfixturevalue(kind)
    opened = Opened(browser, path, width=width, dark=dark)
    charts = opened.page.locator(".chart")
    assert charts.count() == count
    for place in range(charts.count()):
        charts.nth(place).screenshot(path=tmp_path / "chart.png")
        ink = matplotlib.image.imread(tmp_path / "chart.png")[..., :3]
        assert len(np.unique((ink * 255).astype(int).reshape(-1, 3), axis=0)) > 20
    assert opened.complaints == [] and opened.requests == [path.as_uri()]
    opened.context.close()


@pytest.mark.parametrize("kind", ["report", "board"])
def test_a_phone_needs_no_scrolling_sideways(
    browser: Any, request: pytest.FixtureRequest, kind: str
) -> None:
    opened = Opened(browser, request.getfixturevalue(kind), width=390)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    opened.context.close()


def test_the_page_follows_the_scheme_of_the_reader(browser: Any, report: Path) -> None:
    grounds = []
    for dark in (False, True):
        opened = Opened(browser, report, dark=dark)
        opened.page.screenshot(path=report.with_suffix(".png"))
        grounds.append(matplotlib.image.imread(report.with_suffix(".png"))[..., :3].mean())
        opened.context.close()
    assert grounds[0] > 0.85 and grounds[1] < 0.2


def test_pointing_at_the_best_shows_what_it_is(browser: Any, report: Path) -> None:
    opened = Opened(browser, report)
    card = opened.page.locator("#pointed")
    last = opened.page.evaluate("JSON.parse(document.getElementById('points').textContent)")
    place = next(i for i, score in enumerate(last["scores"]) if i and score is not None)
    x, y = opened.page.evaluate(WHERE, [last["scores"][place], last["measured"][place]])
    opened.page.mouse.move(x - 60, y)
    opened.page.mouse.move(x, y)
    told = card.locator("code").inner_text()
    shown = last["genotypes"].index(told)
    assert (last["scores"][shown], last["measured"][shown]) == (
        last["scores"][place],
        last["measured"][place],
    )
    assert card.locator(".score").inner_text() == f"{last['scores'][place]:.6g}"
    assert card.locator(".label").inner_text() == LABEL
    assert card.locator("svg circle").count() == 4
    opened.context.close()


def test_all_of_nb201_opens_within_three_seconds(browser: Any, tmp_path: Path) -> None:
    write_page(tmp_path / "report.html", full_page(15_625))
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        opened = Opened(browser, tmp_path / "report.html")
        seconds.append(time.perf_counter() - start)
        assert opened.complaints == []
        opened.context.close()
    assert min(seconds) < 3
