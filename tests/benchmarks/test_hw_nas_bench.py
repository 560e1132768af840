"""Latencies belong to the right cells, and what a device can't run is missing."""

from pathlib import Path

import pytest
from scipy import stats

from zenlab.benchmarks.hw_nas_bench import DEVICES, HardwareBenchmark
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
NOWHERE = "http://127.0.0.1:9"


class Foreign:
    def parse(self, text: str) -> str:
        raise ValueError("no cell")


def test_latency_grows_with_flops_on_devices_that_compute_serially(
    real_tables: Path, tmp_path: Path
) -> None:
    """A wrong order of edges or operations would lose the FLOPs."""
    flops = {genotype: SPACE.describe(genotype)["flops"] for genotype in SPACE}
    for device, least in (("fpga", 0.96), ("raspi4", 0.89), ("pixel3", 0.86)):
        table = HardwareBenchmark(str(tmp_path), device, str(real_tables)).load(SPACE, "cifar10")
        assert set(table.values) == set(flops)
        found = stats.spearmanr(list(table.values.values()), [flops[g] for g in table.values])
        assert found.statistic > least


def test_cells_that_compute_alike_take_alike_long(real_tables: Path, tmp_path: Path) -> None:
    """The FPGA's time is a formula, so cells that mirror each other take exactly as long."""
    table = HardwareBenchmark(str(tmp_path), "fpga", str(real_tables)).load(SPACE, "cifar10")
    one = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|"
    other = "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"
    assert table.values[SPACE.parse(one)] == table.values[SPACE.parse(other)] == 2.90576


def test_what_the_edge_tpu_cannot_run_is_missing(real_tables: Path, tmp_path: Path) -> None:
    table = HardwareBenchmark(str(tmp_path), "edgetpu", str(real_tables)).load(SPACE, "cifar10")
    assert len(table.values) == 10_926
    assert min(table.values.values()) > 0


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "imagenet16"])
def test_all_devices_have_positive_latencies_on_all_datasets(
    real_tables: Path, tmp_path: Path, dataset: str
) -> None:
    for device in DEVICES:
        table = HardwareBenchmark(str(tmp_path), device, str(real_tables)).load(SPACE, dataset)
        assert min(table.values.values()) > 0
        assert table.label.endswith("(ms)")


def test_what_it_has_not_is_refused_with_the_cure(real_tables: Path, tmp_path: Path) -> None:
    here = {"home": str(tmp_path), "data": str(real_tables)}
    with pytest.raises(ValueError, match=r"constraint.device is 'phone'; wanted one of here, edge"):
        HardwareBenchmark(device="phone", **here)
    with pytest.raises(ValueError, match=r"HW-NAS-Bench measured on cifar10, .* not on digits"):
        HardwareBenchmark(device="fpga", **here).load(SPACE, "digits")
    with pytest.raises(ValueError, match=r"this space doesn't have \(no cell\)"):
        HardwareBenchmark(device="fpga", **here).load(Foreign(), "cifar10")


def test_without_tables_and_network_the_cure_is_named(tmp_path: Path) -> None:
    lonely = HardwareBenchmark(str(tmp_path), "fpga", source=NOWHERE)
    with pytest.raises(
        ValueError, match=r"can't download .*; set ZENLAB_DATA to a folder with hw_"
    ):
        lonely.load(SPACE, "cifar10")
