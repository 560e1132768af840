"""What the terminal shows fits into 80 columns, with nothing cut off."""

import io
from pathlib import Path

import numpy as np
from rich.console import Console

from zenlab.analysis.quality import populations
from zenlab.core import Genotype, Score
from zenlab.report.terminal import Terminal


def test_the_table_of_a_run_fits_into_80_columns(monkeypatch: object) -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    masks = {"live": scores > -2, "reachable": scores > 0}
    quality = populations(
        scores, -scores + rng.normal(size=200), masks, complete=False, noisy=True, draws=50, rng=rng
    )
    summary = {
        "space": "nb201",
        "proxy": "zen",
        "benchmark": {"label": "CIFAR-10 test accuracy after 200 epochs (%)"},
        "correlation": quality,
        "interval": "brackets: 95 %",
        "scored": 200,
        "reused": 0,
        "shared": 0,
        "screened": 0,
        "scoring_seconds": 1.0,
        "dead": 0,
        "failed": 0,
        "failures": [],
        "rejected": {"max_params": 1200, "latency_unknown": 3},
        "search": {
            "evaluations": 300,
            "best_at": 187,
            "objective": "params",
            "front": [{}, {}],
        },
        "asked": 235,
        "best": {
            "score": 2.5,
            "accuracy": None,
            "genotype": "|x~0|",
            "params": 73306.0,
            "flops": 7782400.0,
        },
    }
    terminal = Terminal()
    terminal._console = Console(file=(screen := io.StringIO()), width=80)
    terminal.show(summary, Path("here"))
    text = screen.getvalue()
    assert "…" not in text
    tau = quality["reachable"]["kendall"]
    assert f"{tau['value']:.2f} [{tau['low']:.2f},{tau['high']:.2f}]" in text
    assert tau["value"] < 0 and tau["low"] < 0
    assert "the constraint rejected 1,200 by max_params, 3 by latency_unknown" in text
    assert "search: 300 evaluations of 235 architectures, the best found by evaluation 187" in text
    assert "best score 2.5, 73,306 params, 7,782,400 FLOPs: |x~0|" in text
    assert "search.csv, population.csv, front.csv, figures/" in text


def bar_of(terminal: Terminal, total: int | None) -> list[float | None]:
    with terminal.progress("scoring", total=total) as progress:
        progress.expect(3)
        progress.expect(2)
        progress.add(Score(Genotype("a"), 1.0))
        progress._show()
        (task,) = progress._bar.tasks
        going_on = task.total
    assert task.completed == 1
    return [going_on, task.total]


def test_a_bar_goes_where_it_is_said_to_or_is_expected_to_and_is_full_at_the_end() -> None:
    terminal = Terminal()
    terminal._console = Console(file=io.StringIO(), width=80)
    assert bar_of(terminal, 300) == [300, 1]
    assert bar_of(terminal, None) == [5, 1]


def test_tasks_have_bars_and_where_there_are_none_nothing_is_printed() -> None:
    terminal = Terminal()
    terminal._console = Console(file=(screen := io.StringIO()), width=80)
    with terminal.tasks():
        pass
    assert screen.getvalue() == ""
    with terminal.tasks() as report:
        report("downloading table.csv", 50, 100)
        report("downloading table.csv", 100, 100)
    assert "downloading table.csv" in screen.getvalue()


def test_a_leaderboard_fits_into_80_columns() -> None:
    interval = {"value": -0.25, "low": -0.39, "high": -0.10}
    quality = {"n": 65, "kendall": interval, "spearman": interval, "top_10%": {"value": 0.1}}
    row = {"proxy": "az_progressivity", "all": quality, "reachable": quality, "failed": 0}
    summary = {
        "space": "nb201",
        "benchmark": {"label": "CIFAR-10 test accuracy after 200 epochs (%)"},
        "leaderboard": [row | {"seconds_per_network": s} for s in (None, 0.0001, 12.5)],
        "interval": "brackets: 95 %",
        "members": {"zen": {"failures": ["2 failed, such as |x~0|: too large"]}},
        **{name: 3 for name in ("scored", "reused", "shared", "screened", "dead", "failed")},
        "scoring_seconds": 1.0,
    }
    terminal = Terminal()
    terminal._console = Console(file=(screen := io.StringIO()), width=80)
    terminal.show_leaderboard(summary, Path("here"))
    text = screen.getvalue()
    assert "…" not in text
    assert "-0.25 [-0.39,-0.10]" in text and "<0.01" in text and "12.50" in text
    assert "zen: 2 failed, such as |x~0|: too large" in text
