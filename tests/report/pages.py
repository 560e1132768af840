"""Pages of made-up runs, for the tests of what they say and of how a browser shows them."""

import math
from typing import Any

import numpy as np
import pandas as pd

from zenlab.analysis.quality import populations
from zenlab.core import Score, Table
from zenlab.report.board_page import board_page
from zenlab.report.leaderboard import leaderboard
from zenlab.report.page import Page
from zenlab.report.results import best_rows, member_rows, score_rows
from zenlab.report.run_page import run_page
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
LABEL = "CIFAR-10 test accuracy after 200 epochs (%)"


def scored(count: int) -> tuple[list[Score], Table]:
    rng = np.random.default_rng(0)
    cells = [SPACE.parse(str(index)) for index in range(count)]
    convolutions = [SPACE.describe(cell)["count_nor_conv_3x3"] for cell in cells]
    scores = [
        Score(cell, -math.inf if SPACE.describe(cell)["dead"] else value + rng.normal())
        for cell, value in zip(cells, convolutions, strict=True)
    ]
    accuracies = {c: 85 + 2 * v + rng.normal() for c, v in zip(cells, convolutions, strict=True)}
    return scores, Table("made up", LABEL, accuracies)


def judged(rows: pd.DataFrame, score: str = "score") -> dict[str, Any]:
    live = np.isfinite(rows[score].to_numpy())
    return populations(
        rows[score].to_numpy(),
        rows["accuracy"].to_numpy(dtype=float),
        {"live": live},
        complete=False,
        noisy=False,
        draws=40,
        rng=np.random.default_rng(0),
    )


def a_run(count: int = 60) -> tuple[dict[str, Any], pd.DataFrame]:
    scores, table = scored(count)
    rows = score_rows(SPACE, scores, [score.genotype for score in scores], table)
    best = best_rows(rows)
    summary = {
        "space": "nb201",
        "proxy": "zen",
        "searcher": "random",
        "dataset": "cifar10",
        "input": "cifar10 (noise, synthetic labels)",
        "population": "all genotypes",
        "hardware": "2 x cpu",
        "seed": 0,
        "asked": count,
        "scored": count,
        "reused": 0,
        "dead": int(np.isneginf(rows["score"]).sum()),
        "failed": 0,
        "failures": [],
        "rejected": {},
        "best": {**best[0], "params": 1e6, "flops": 1e8},
        "top": best,
        "benchmark": {"name": "made up", "label": LABEL},
        "correlation": judged(rows),
        "interval": "brackets: 95 % bootstrap interval for the population: all genotypes",
        "scoring_seconds": 1.5,
        "remarks": [],
    }
    return summary, rows


def validation(top: list[dict[str, Any]]) -> dict[str, Any]:
    candidates = [
        {
            "rank": rank,
            "genotype": row["genotype"],
            "score": row["score"],
            "measured": row["accuracy"],
            "held_out_accuracy": 60.0 + rank,
            "test_accuracy": 59.5 + rank,
            "test_accuracy_std": None,
            "seconds": 12.0,
            "error": None,
            "epochs": [
                {
                    "epoch": e,
                    "train_loss": 2 / e,
                    "learning_rate": 0.1,
                    "held_out_accuracy": 10.0 * e,
                }
                for e in (1, 2, 3)
            ],
        }
        for rank, row in enumerate(top[:3], 1)
    ]
    failed = {
        "test_accuracy": None,
        "held_out_accuracy": None,
        "epochs": [],
        "error": "loss is nan",
    }
    candidates[1] |= failed
    return {
        "label": "cifar10 test accuracy after 3 epochs (%)",
        "picked_by": "the accuracy on 1,000 training images held out",
        "candidates": candidates,
        "pick": candidates[2],
        "failures": ["candidate 2: loss is nan"],
    }


VERDICT = {
    "claim": "wider is better",
    "proxy": "zen",
    "verdict": "supported",
    "sentence": "The effect is above 0.",
    "effect": 0.31,
    "low": 0.12,
    "high": 0.49,
}


RERANKING = {
    "epochs": 12,
    "picked_by": "CIFAR-10 validation accuracy after 12 epochs (%)",
    "of": LABEL,
    "rows": [
        {"candidates": 1, "regret": 4.25, "low": 1, "high": 9, "random_regret": 7.5, "epochs": 12},
        {
            "candidates": 10,
            "regret": 0.5,
            "low": 0,
            "high": 2,
            "random_regret": 1.75,
            "epochs": 120,
        },
    ],
}


def full_page(count: int = 60) -> Page:
    summary, rows = a_run(count)
    summary["validation"] = validation(summary["top"])
    summary["reranking"] = RERANKING
    summary["verdicts"] = [VERDICT]
    summary["remarks"] = ["a remark"]
    top = summary["top"]
    front = [{"genotype": r["genotype"], "params": 1e5 * i, "score": i} for i, r in enumerate(top)]
    summary["search"] = {"evaluations": 200, "best_at": 40, "objective": "params", "front": front}
    rises = pd.DataFrame(
        {
            "evaluation": [1, 10, 40],
            "genotype": [row["genotype"] for row in top[:3]],
            "score": [-math.inf, 2.0, 4.0],
            "accuracy": [50.0, 80.0, 90.0],
        }
    )
    overrides = ["space=nb201", "proxy=zen", "searcher.where='live'"]
    return run_page(summary, rows, "space:\n  C: 16\n", SPACE, overrides=overrides, rises=rises)


def a_comparison() -> tuple[dict[str, Any], pd.DataFrame]:
    scores, table = scored(60)
    bad = [Score(score.genotype, float(place % 7)) for place, score in enumerate(scores)]
    found = {"bad": bad, "good": scores}
    rows = member_rows(SPACE, found, [score.genotype for score in scores], table)
    members = {
        name: {
            "kind": "measured",
            "seconds_per_network": 0.01,
            "failed": 0,
            "failures": [],
            "correlation": judged(rows, name),
        }
        for name in found
    }
    summary, _ = a_run()
    summary |= {"proxy": "suite", "architectures": 60, "members": members}
    summary["leaderboard"] = leaderboard(members)
    return summary, rows


def board_rows() -> list[dict[str, Any]]:
    """Two proxies on three boards; on the last one a tau is undefined, and a proxy is missing."""
    taus = [("good", "a", 0.7), ("bad", "a", -0.2), ("good", "b", 0.5), ("bad", "b", 0.61)]
    rows = [
        {
            "board": board,
            "proxy": proxy,
            "measured": LABEL,
            "n": 100,
            "failed": 3 if proxy == "bad" else 0,
            "kendall": tau,
            "kendall_low": tau - 0.1,
            "kendall_high": tau + 0.1,
            "spearman": tau + 0.1,
            "spearman_low": tau,
            "spearman_high": tau + 0.2,
            "top_10%_precision": 0.25,
            "seconds_per_network": 0.0123,
        }
        for proxy, board, tau in taus
    ]
    none = {name: None for name in rows[0] if name.startswith(("kendall", "spearman"))}
    return [*rows, {**rows[0], "board": "c", **none}]


def a_board_page() -> Page:
    summary = {"boards": board_rows(), "failures": {"d": "there is no table"}, "seed": 0}
    return board_page(summary, "a: 1", overrides=["experiment=leaderboard"])
