"""The public tables of NAS-Bench-201 against figures computed from them elsewhere.

The figures are those that the project's data notes list; the files themselves are pinned by sum.
"""

from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from zenlab.benchmarks.public_tables import FILES, QUANTITIES, convert_public
from zenlab.spaces.nb201 import NB201

SPACE = NB201()


def test_every_accuracy_of_every_cell_is_there(conversion: Path) -> None:
    rows = pd.read_parquet(conversion)
    columns = ["index", "genotype", "dataset", "split", "schedule", "accuracy"]
    assert list(rows.columns) == columns
    assert not rows.isna().any(axis=None)
    assert rows["accuracy"].between(0, 100).all()
    sizes = rows.groupby(["dataset", "split", "schedule"])["genotype"].nunique()
    assert sizes.to_dict() == dict.fromkeys(QUANTITIES, 15_625)
    assert len(rows) == 9 * 15_625


def test_index_and_genotype_agree_with_the_space_on_all_cells(conversion: Path) -> None:
    rows = pd.read_parquet(conversion)[["index", "genotype"]].drop_duplicates()
    assert rows.sort_values("index")["genotype"].tolist() == list(SPACE)


@pytest.mark.parametrize(("schedule", "mean"), [(12, 75.984), (200, 87.06)])
def test_mean_over_all_cells(accuracies: pd.DataFrame, schedule: int, mean: float) -> None:
    assert accuracies["cifar10", "test", schedule].mean() == near(mean)


@pytest.mark.parametrize(("schedule", "mean"), [(12, 78.405), (200, 88.38)])
def test_mean_with_a_skip_on_edge_03(
    accuracies: pd.DataFrame, operations: pd.DataFrame, schedule: int, mean: float
) -> None:
    chosen = operations["03"] == "skip_connect"
    assert chosen.sum() == 3_125
    assert accuracies["cifar10", "test", schedule][chosen].mean() == near(mean)


@pytest.mark.parametrize(
    ("schedule", "with_skip", "without"), [(12, 76.70, 73.96), (200, 87.46, 85.96)]
)
def test_means_with_and_without_any_skip(
    accuracies: pd.DataFrame,
    operations: pd.DataFrame,
    schedule: int,
    with_skip: float,
    without: float,
) -> None:
    accuracy, any_skip = accuracies["cifar10", "test", schedule], has_skip(operations)
    assert (any_skip.sum(), (~any_skip).sum()) == (11_529, 4_096)
    assert accuracy[any_skip].mean() == near(with_skip)
    assert accuracy[~any_skip].mean() == near(without)


def test_without_the_dead_cells_the_means_reverse(
    accuracies: pd.DataFrame, operations: pd.DataFrame, dead: "pd.Series[bool]"
) -> None:
    accuracy, any_skip = accuracies["cifar10", "test", 200][~dead], has_skip(operations)[~dead]
    assert accuracy[any_skip].mean() == near(88.63)
    assert accuracy[~any_skip].mean() == near(89.23)


@pytest.mark.parametrize(
    ("other", "mean"), [("none", 9.1), ("avg_pool_3x3", 3.05), ("nor_conv_3x3", -3.4)]
)
def test_a_skip_on_edge_03_against_another_operation_in_the_same_cell(
    accuracies: pd.DataFrame, operations: pd.DataFrame, other: str, mean: float
) -> None:
    gains = skip_gains(accuracies, operations)
    assert len(gains) == 3_125
    assert gains[other].mean() == near(mean)


def test_the_median_gain_of_a_skip_over_none_is_small(
    accuracies: pd.DataFrame, operations: pd.DataFrame
) -> None:
    assert skip_gains(accuracies, operations)["none"].median() == near(1.4)


def test_the_best_cell_without_a_skip_is_close_to_the_best(
    accuracies: pd.DataFrame, operations: pd.DataFrame
) -> None:
    accuracy, any_skip = accuracies["cifar10", "test", 200], has_skip(operations)
    assert accuracy[any_skip].max() == near(94.37)
    assert accuracy[~any_skip].max() == near(93.98)


@pytest.mark.parametrize(
    ("dataset", "rho"), [("cifar10", 0.871), ("cifar100", 0.824), ("imagenet16", 0.809)]
)
def test_the_schedules_rank_cells_differently(
    accuracies: pd.DataFrame, dataset: str, rho: float
) -> None:
    short, long = accuracies[dataset, "test", 12], accuracies[dataset, "test", 200]
    assert stats.spearmanr(short, long).statistic == near(rho)


@pytest.mark.parametrize(
    ("dataset", "best", "indices"),
    [
        ("cifar10", 94.373, {6111, 13714}),  # a tie, to the last bit
        ("cifar100", 73.513, {9930}),
        ("imagenet16", 47.311, {857}),
    ],
)
def test_the_best_cells_of_a_dataset(
    accuracies: pd.DataFrame, dataset: str, best: float, indices: set[int]
) -> None:
    accuracy = accuracies[dataset, "test", 200]
    assert accuracy.max() == near(best)
    assert {SPACE.index(cell) for cell in accuracy.index[accuracy == accuracy.max()]} == indices


@pytest.mark.parametrize("schedule", [12, 200])
def test_exactly_the_341_cells_without_a_path_stay_at_chance(
    accuracies: pd.DataFrame, dead: "pd.Series[bool]", schedule: int
) -> None:
    assert dead.sum() == 341
    pd.testing.assert_series_equal(
        accuracies["cifar10", "test", schedule] == 10.0, dead, check_names=False
    )


def test_a_conversion_is_not_written_from_a_wrong_file(tmp_path: Path) -> None:
    (tmp_path / "wrong").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(ValueError, match=FILES[0].sha256):
        convert_public(lambda file: tmp_path / "wrong", tmp_path / "tables.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["wrong"]


def test_a_conversion_leaves_only_itself(conversion: Path) -> None:
    assert [path.name for path in conversion.parent.iterdir()] == [conversion.name]


def near(figure: float) -> object:
    """Equal in the digits that the figure has."""
    digits = len(str(figure).partition(".")[2])
    return pytest.approx(figure, rel=0, abs=0.500001 * 10**-digits)


def has_skip(operations: pd.DataFrame) -> "pd.Series[bool]":
    return (operations == "skip_connect").any(axis="columns")


def skip_gains(accuracies: pd.DataFrame, operations: pd.DataFrame) -> pd.DataFrame:
    """How much better a skip on edge 03 is than each operation there, the rest being equal."""
    pairs = operations.assign(accuracy=accuracies["cifar10", "test", 200])
    rest = ["01", "02", "12", "13", "23"]
    by_operation = pairs.pivot(index=rest, columns="03", values="accuracy")
    return -by_operation.sub(by_operation["skip_connect"], axis="rows")
