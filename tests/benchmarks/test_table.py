"""Any CSV or Parquet file as a benchmark, and the messages for those that can't be one."""

from pathlib import Path

import pandas as pd
import pytest

from zenlab.benchmarks.table import NoTable, TableFile, TableUnavailable
from zenlab.core import Table
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
FIRST, BEST = SPACE.parse("0"), SPACE.parse("6111")


def load(path: Path, **fields: str) -> Table:
    return TableFile(str(path), **fields).load(SPACE, "cifar10")


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_and_parquet_give_the_same_table(tmp_path: Path) -> None:
    rows = pd.DataFrame({"genotype": [FIRST, BEST], "value": [0.1, 94.3733], "seconds": [1, 2]})
    rows.to_csv(tmp_path / "table.csv", index=False)
    rows.to_parquet(tmp_path / "table.parquet")
    for name in ("table.csv", "table.parquet"):
        found = load(tmp_path / name)
        assert found == Table(name, "value", {FIRST: 0.1, BEST: 94.3733})


def test_another_column_is_taken_and_named_by_itself_or_by_the_label(tmp_path: Path) -> None:
    path = written(tmp_path, f"latency,genotype\n3.5,{FIRST}\n")
    assert load(path, column="latency") == Table("table.csv", "latency", {FIRST: 3.5})
    assert load(path, column="latency", label="Latency (ms)").label == "Latency (ms)"


def test_genotypes_may_be_spelt_in_any_way_that_the_space_reads(tmp_path: Path) -> None:
    path = written(tmp_path, f"genotype,value\n6111,94\n  {FIRST} ,85\n")
    assert load(path).values == {BEST: 94.0, FIRST: 85.0}
    pd.DataFrame({"genotype": [6111], "value": [94]}).to_parquet(tmp_path / "numbers.parquet")
    assert load(tmp_path / "numbers.parquet").values == {BEST: 94.0}


def test_a_csv_written_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbfgenotype,value\r\n6111,94\r\n")
    assert load(path).values == {BEST: 94.0}


def test_without_a_path_it_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match=r"benchmark=table needs benchmark\.path"):
        TableFile().load(SPACE, "cifar10")


def test_lacking_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = written(tmp_path, "arch,accuracy\n1,2\n")
    message = "has no column genotype and no column value; it has arch, accuracy$"
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
    with pytest.raises(ValueError, match=r"has no column genotype; it has arch, accuracy$"):
        load(path, column="accuracy")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("6111,good", r"row 2 \(6111\): the value is 'good'; wanted a finite number"),
        ("6111,", r"row 2 \(6111\): the value is ''; wanted a finite number"),
        ("6111,nan", r"row 2 \(6111\): the value is 'nan'; wanted a finite number"),
        ("6111,inf", r"row 2 \(6111\): the value is 'inf'; wanted a finite number"),
        ("0,94", r"row 2 \(0\): the architecture came before; wanted one row each"),
        ("|mud~0|,94", r"row 2 \(\|mud~0\|\): "),
    ],
)
def test_a_bad_row_is_told_with_file_and_row(tmp_path: Path, row: str, message: str) -> None:
    path = written(tmp_path, f"genotype,value\n{FIRST},85\n{row}\n")
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_number_in_parquet_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"genotype": [FIRST, BEST], "value": [1.0, None]}).to_parquet(path)
    with pytest.raises(ValueError, match=r"row 2 \(.*\): the value is nan"):
        load(path)


def test_a_name_with_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"table\.xlsx; wanted a name that ends in \.csv or"):
        load(tmp_path / "table.xlsx")


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"benchmark\.path: there is no file .*/table"):
        load(tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"benchmark\.path: can't read"):
        load(tmp_path / name)


def test_no_table_says_so_in_one_line() -> None:
    with pytest.raises(TableUnavailable, match=r"^benchmark=none: .* scores only$"):
        NoTable().load(SPACE, "cifar10")
