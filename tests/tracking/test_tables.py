"""What W&B gets as tables is what the run found."""

import numpy as np
import pandas as pd

from zenlab.tracking.tables import score_rows, tables_of, verdicts_of

QUALITY = {
    "n": 50,
    "kendall": {"value": 0.62, "low": 0.5, "high": 0.7},
    "spearman": {"value": 0.8},
    "top_precision": {"10%": {"value": 0.4}},
}
ROWS = pd.DataFrame({"score": [1.0, 2.0, 3.0], "seconds": [0.5, 0.0, 1.5]})
WHERE = {"space": "nb201", "dataset": "cifar10"}
VERDICT = {"claim": "h1", "verdict": "conditional", "effect": 0.1, "low": 0.05, "high": 0.2}


def test_of_very_many_rows_the_best_go_there_and_an_even_sample_of_the_others() -> None:
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"genotype": range(50_000), "score": rng.normal(size=50_000)})
    scores.loc[::7, "score"] = np.nan  # these failed
    sent = score_rows(scores, None)
    assert len(sent) == 20_000 and sent["genotype"].is_monotonic_increasing
    best = scores.nlargest(10_000, "score")["genotype"]
    assert set(best) <= set(sent["genotype"])
    others = sent[~sent["genotype"].isin(best)]["genotype"]
    assert others.diff().max() < 20 and others.iloc[-1] > 49_990
    assert len(score_rows(scores[:20_000], None)) == 20_000
    assert len(score_rows(scores.rename(columns={"score": "zen"}), None)) == 20_000


def test_descriptors_stand_beside_the_scores_row_by_row() -> None:
    scores = ROWS.set_index(pd.Index([7, 8, 9]))
    descriptors = pd.DataFrame({"params": [10.0, 20.0, 30.0], "score": [0.0, 0.0, 0.0]})
    sent = score_rows(scores, descriptors)
    assert list(sent) == ["score", "seconds", "params"]
    assert sent["score"].tolist() == [1.0, 2.0, 3.0]
    assert sent["params"].tolist() == [10.0, 20.0, 30.0]


def test_a_run_of_one_proxy_stands_in_one_row() -> None:
    summary = {**WHERE, "proxy": "zen", "correlation": {"all": QUALITY}}
    (row,) = tables_of(summary, ROWS)["standings"].to_dict("records")
    assert row == {
        **WHERE,
        "proxy": "zen",
        "n": 50,
        "kendall": 0.62,
        "kendall_low": 0.5,
        "kendall_high": 0.7,
        "spearman": 0.8,
        "top_10_percent": 0.4,
        "seconds_per_network": 1.0,
    }


def test_a_suite_has_a_row_for_each_member_with_the_same_columns() -> None:
    one = tables_of({**WHERE, "proxy": "zen", "correlation": {"all": QUALITY}}, ROWS)
    member = {"correlation": {"all": QUALITY}, "seconds_per_network": 0.25}
    summary = {**WHERE, "members": {"snip": member, "zen": member}}
    rows = tables_of(summary, ROWS.drop(columns="seconds"))["standings"]
    assert rows["proxy"].tolist() == ["snip", "zen"]
    assert rows["seconds_per_network"].tolist() == [0.25, 0.25]
    assert list(rows) == list(one["standings"])


def test_a_run_without_accuracies_or_verdicts_has_no_further_tables() -> None:
    assert tables_of({**WHERE, "members": {"snip": {"seconds_per_network": 1.0}}}, ROWS) == {}
    assert verdicts_of(WHERE) == {}


def test_a_verdict_has_the_name_of_its_claim() -> None:
    assert verdicts_of({"verdicts": [VERDICT]}) == {
        "verdict/h1": "conditional",
        "verdict/h1/effect": 0.1,
        "verdict/h1/low": 0.05,
        "verdict/h1/high": 0.2,
    }


def test_verdicts_on_one_claim_with_two_proxies_stay_apart() -> None:
    verdicts = [{**VERDICT, "proxy": "zen"}, {**VERDICT, "proxy": "snip", "verdict": "refuted"}]
    found = verdicts_of({"verdicts": verdicts})
    assert found["verdict/h1/zen"] == "conditional"
    assert found["verdict/h1/snip"] == "refuted"
    table = tables_of({"verdicts": verdicts}, ROWS)["claims"]
    assert table["proxy"].tolist() == ["zen", "snip"]
