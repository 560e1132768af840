"""The importer of the official NAS-Bench-201 file: the authors' own answers, and every misuse."""

import io
import itertools
import os
import pickle
import signal
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import torch
from nas_201_api import NASBench201API

from tests.benchmarks.official_file import Container, official_contents, save
from zenlab.benchmarks.official import convert_official, read_official
from zenlab.benchmarks.pickle_operations import shared_entries
from zenlab.benchmarks.safe_pickle import StreamingUnpickler

CELLS = 400
CONTAINERS: tuple[Container, ...] = get_args(Container)
QUESTIONS = {
    ("cifar10", "val"): ("cifar10-valid", "valid-accuracy"),
    ("cifar10", "test"): ("cifar10", "test-accuracy"),
    ("cifar100", "val"): ("cifar100", "valid-accuracy"),
    ("cifar100", "test"): ("cifar100", "test-accuracy"),
    ("imagenet16", "val"): ("ImageNet16-120", "valid-accuracy"),
    ("imagenet16", "test"): ("ImageNet16-120", "test-accuracy"),
}
COLUMNS = ["index", "genotype", "dataset", "split", "schedule", "accuracy", "seeds"]

Answers = dict[tuple[int, str, str, int], tuple[float, int]]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="session")
def large_files(tmp_path_factory: pytest.TempPathFactory) -> dict[Container, Path]:
    folder = tmp_path_factory.mktemp("official")
    contents = official_contents(CELLS)
    files = {container: folder / f"{container}.pth" for container in CONTAINERS}
    for container, path in files.items():
        save(contents, path, container=container)
    return files


@pytest.fixture(scope="session")
def large_answers(large_files: dict[Container, Path]) -> Answers:
    return official_answers(large_files["zip"])


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("official") / "small.pth"
    save(official_contents(3), path, container="zip")
    return path


def official_answers(path: Path) -> Answers:
    api = NASBench201API(torch.load(path, weights_only=False), verbose=False)
    return {
        (index, dataset, split, schedule): answer
        for index in api.evaluated_indexes
        for (dataset, split) in QUESTIONS
        for schedule in (12, 200)
        if (answer := official_answer(api, index, dataset, split, schedule)) is not None
    }


def official_answer(
    api: NASBench201API, index: int, dataset: str, split: str, schedule: int
) -> tuple[float, int] | None:
    training, name = QUESTIONS[dataset, split]
    trained = api.arch2infos_dict[index][str(schedule)]
    if training not in trained.get_dataset_names():
        return None
    answers = api.get_more_info(index, training, hp=str(schedule), is_random=False)
    seeds = len(trained.get_dataset_seeds(training))
    return (answers[name], seeds) if name in answers else None


def answers_of(path: Path) -> Answers:
    return {
        (row.index, row.dataset, row.split, row.schedule): (row.accuracy, row.seeds)
        for rows in read_official(path)
        for row in rows
    }


def saved(contents: object, folder: Path, container: Container = "legacy") -> Path:
    path = folder / "file.pth"
    save(contents, path, container=container)
    return path


def zipped(stream: bytes, folder: Path) -> Path:
    path = folder / "file.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("file/data.pkl", stream)
    return path


def unzipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"{path.stem}/data.pkl")


def exhaust(path: Path) -> None:
    for _ in read_official(path):
        pass


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_rows_are_the_answers_of_the_official_class_and_no_others(
    container: Container,
    large_files: dict[Container, Path],
    large_answers: Answers,
    tmp_path: Path,
) -> None:
    convert_official(large_files[container], tmp_path / "table.parquet")
    table = pd.read_parquet(tmp_path / "table.parquet")
    keys = table[["index", "dataset", "split", "schedule"]].itertuples(index=False, name=None)
    values = table[["accuracy", "seeds"]].itertuples(index=False, name=None)
    ours = dict(zip(keys, values, strict=True))
    assert len(ours) == len(table)
    assert ours == large_answers
    assert table["index"].nunique() == CELLS
    assert set(table["seeds"]) == {1, 2, 3}


def test_the_table_has_the_promised_columns_and_the_official_names(
    small_file: Path, tmp_path: Path
) -> None:
    convert_official(small_file, tmp_path / "new" / "table.parquet")
    table = pd.read_parquet(tmp_path / "new" / "table.parquet")
    assert list(table) == COLUMNS
    assert [table[name].dtype for name in ("index", "accuracy")] == [np.int32, np.float64]
    names = official_contents(0)["meta_archs"]
    assert list(table["genotype"]) == [names[index] for index in table["index"]]


def test_what_the_file_lacks_has_no_row(tmp_path: Path) -> None:
    contents = official_contents(2)
    first, second = contents["arch2infos"].values()
    del first["full"]  # as the 12-epoch schedule of version 1.0: cifar10-valid only
    del second["full"]["all_results"]["cifar10", 777]
    del second["less"]["all_results"]["cifar100", 777]["eval_acc1es"]["x-test@11"]
    ours = answers_of(saved(contents, tmp_path))
    assert [key for key in ours if key[0] == 0] == [(0, "cifar10", "val", 12)]
    assert (1, "cifar10", "test", 200) not in ours
    assert (1, "cifar100", "test", 12) not in ours
    assert (1, "cifar100", "val", 12) in ours


@pytest.mark.parametrize("spelling", [b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n"])
def test_numpy_numbers_are_read_in_old_and_new_spelling(
    spelling: bytes, small_file: Path, tmp_path: Path
) -> None:
    stream = unzipped(small_file)
    for written in (b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n"):
        stream = stream.replace(written, spelling)
    assert spelling in stream
    assert answers_of(zipped(stream, tmp_path)) == official_answers(small_file)


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.dtype(">f8").type, np.bool_])
def test_numpy_numbers_of_any_type_are_averaged_as_numpy_does(kind: type, tmp_path: Path) -> None:
    contents = official_contents(3)
    trials = contents["arch2infos"][2]["full"]["all_results"]
    for seed, accuracy in ((777, 70), (888, 61), (999, 59)):
        trials["cifar10", seed]["eval_acc1es"]["ori-test@199"] = kind(accuracy)
    path = saved(contents, tmp_path)
    assert answers_of(path) == official_answers(path)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_binary_pickle_protocol_is_read(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    torch.save(official_contents(2), path, pickle_protocol=protocol)
    assert answers_of(path) == official_answers(path)


def test_the_order_of_the_outer_keys_does_not_matter(tmp_path: Path) -> None:
    contents = official_contents(3)
    path = saved(dict(reversed(contents.items())), tmp_path)
    assert answers_of(path) == official_answers(path)


def test_a_single_architecture_with_a_single_schedule_is_read(tmp_path: Path) -> None:
    contents = official_contents(1)
    expected = official_answers(saved(contents, tmp_path))
    del contents["arch2infos"][0]["less"]
    ours = answers_of(saved(contents, tmp_path))
    assert ours == {key: answer for key, answer in expected.items() if key[-1] == 200}


@pytest.mark.parametrize("schedules", [("full", "less"), ("less",)])
def test_thousands_of_architectures_come_in_order_and_none_is_lost(
    schedules: tuple[str, ...], tmp_path: Path
) -> None:
    contents = official_contents(0)
    contents["arch2infos"] = {
        index: {schedule: small_state(contents, index) for schedule in schedules}
        for index in range(2001)  # pickle sets items by the thousand: the last comes alone
    }
    rows = [row for rows in read_official(saved(contents, tmp_path)) for row in rows]
    assert [row.index for row in rows] == [i for i in range(2001) for _ in schedules]
    assert [row.accuracy for row in rows] == [float(row.index) for row in rows]


def small_state(contents: dict[str, Any], index: int) -> dict[str, Any]:
    return {
        "arch_index": index,
        "arch_str": contents["meta_archs"][index],
        "dataset_seed": {"cifar10": [777]},
        "all_results": {
            ("cifar10", 777): {"epochs": 12, "eval_acc1es": {"ori-test@11": float(index)}}
        },
    }


def test_what_architectures_share_is_kept_however_far_apart_they_are(tmp_path: Path) -> None:
    contents = official_contents(8)
    infos = contents["arch2infos"]
    infos[7]["full"]["all_results"] = infos[1]["full"]["all_results"]
    infos[6]["less"]["dataset_seed"] = infos[2]["less"]["dataset_seed"]
    path = saved(contents, tmp_path)
    assert answers_of(path) == official_answers(path)


def test_memory_does_not_grow_with_the_number_of_architectures(tmp_path: Path) -> None:
    few, many = (peak_memory(saved(official_contents(cells), tmp_path)) for cells in (3, 12))
    assert many < few + 500_000  # bytes; one architecture has some 1,500,000


def peak_memory(path: Path) -> int:
    tracemalloc.start()
    exhaust(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


class Attack:
    """Pickles as a call of `function`, which unpickling would make."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


ATTACKS = {
    "system": lambda marker: Attack(os.system, f"touch {marker}"),
    "eval": lambda marker: Attack(eval, f"open({str(marker)!r}, 'w')"),
    "getattr": lambda marker: Attack(getattr, marker, "touch"),
    "run": lambda marker: Attack(subprocess.run, ["touch", str(marker)]),
    "PosixPath": lambda marker: marker,
    "decode": lambda marker: Attack(__import__("_codecs").decode, b"x", "latin1"),
    "load": lambda marker: Attack(torch.load, str(marker)),
    "_reconstruct": lambda marker: np.zeros(2),
}
PLACES: dict[str, Callable[[dict[str, Any], object], object]] = {
    "beside": lambda contents, attack: contents.update(extra=attack),
    "name": lambda contents, attack: contents["meta_archs"].append(attack),
    "architecture": lambda contents, attack: contents["arch2infos"][1].update(full=attack),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ATTACKS)
def test_any_other_global_is_refused_by_name_and_nothing_runs(
    name: str, place: str, tmp_path: Path
) -> None:
    contents, marker = official_contents(2), tmp_path / "marker"
    PLACES[place](contents, ATTACKS[name](marker))
    path = saved(contents, tmp_path)
    with pytest.raises(ValueError, match=rf"\.{name}.*refused.*asks only for collections"):
        convert_official(path, tmp_path / "table.parquet")
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_whole_file_that_is_an_attack_is_refused_in_every_protocol(
    protocol: int, container: Container, tmp_path: Path
) -> None:
    marker, path = tmp_path / "marker", tmp_path / "file.pth"
    attack = ATTACKS["system"](marker)
    zipping = container == "zip"
    torch.save(attack, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipping)
    with pytest.raises(ValueError, match="system" if protocol >= 2 or zipping else r"torch\.save"):
        exhaust(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"\x80\x02c_codecs\nencode\nX\x01\0\0\0xX\x05\0\0\0rot13\x86R.", "latin1"),
        (b"\x80\x02cnumpy\ndtype\nX\x02\0\0\0O8\x89\x88\x87R.", "'O8' is no number"),
        (b"\x80\x02cnumpy\ndtype\nX\x02\0\0\0f8\x85R(K\x03X\x01\0\0\0OtR.", "not callable"),
        (b"\x80\x02cnumpy\ndtype\nX\x02\0\0\0f8\x85R(K\x03X\x01\0\0\0Otb.", "no byte order"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "NEWOBJ.*refused"),
        (b"(S'touch marker'\nios\nsystem\n.", "STRING.*refused"),
        (b"\x80\x02}}b.", "no numpy dtype"),
        (b"\x80\x02\x82\x01.", "EXT1.*refused"),
    ],
)
def test_an_allowed_name_cannot_be_abused(stream: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        exhaust(zipped(stream, tmp_path))


def test_tensors_are_refused_with_advice(tmp_path: Path) -> None:
    contents = official_contents(1)
    contents["arch2infos"][0]["full"]["all_results"]["cifar10", 777]["net_state_dict"] = {
        "weight": torch.zeros(2)
    }
    with pytest.raises(ValueError, match=r"_rebuild_tensor_v2.*holds no code and no tensors"):
        exhaust(saved(contents, tmp_path))
    with pytest.raises(ValueError, match=r"tensors \(persistent ids\).*without network weights"):
        exhaust(zipped(b"\x80\x02X\x01\0\0\0kQ.", tmp_path))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_an_error_that_says_so(
    share: float, container: Container, tmp_path: Path
) -> None:
    path = saved(official_contents(2), tmp_path, container)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=rf"{path.name}: .*cut off.*fetch the file again"):
        convert_official(path, tmp_path / "table.parquet")
    assert list(tmp_path.iterdir()) == [path]


def test_a_single_changed_bit_in_the_zip_container_is_an_error(
    small_file: Path, tmp_path: Path
) -> None:
    changed = bytearray(small_file.read_bytes())
    changed[changed.index(b"ori-test@7") + 16] ^= 1
    path = tmp_path / "file.pth"
    path.write_bytes(changed)
    with pytest.raises(ValueError, match=r"file\.pth: .*damaged"):
        exhaust(path)


def test_no_damage_to_the_pickle_is_worse_than_a_value_error(tmp_path: Path) -> None:
    contents = official_contents(0)
    states = [small_state(contents, index) for index in range(2)]
    states[0]["all_results"]["cifar10", 777]["params"] = np.float64(0.1)
    contents["arch2infos"] = {index: {"less": state} for index, state in enumerate(states)}
    contents["meta_archs"] = contents["meta_archs"][:2]
    stream = unzipped(saved(contents, tmp_path, "zip"))
    rng = np.random.default_rng(7)
    for place, byte in itertools.product(range(len(stream)), [*b"(0", *rng.bytes(1)]):
        damaged = stream[:place] + bytes([byte]) + stream[place + 1 :]
        try:
            exhaust(zipped(damaged, tmp_path))
        except ValueError as error:
            assert "file.pth: " in str(error)


BAD_FILES = {
    b"": "is empty",
    b"<!DOCTYPE html><html><body>Sign in</body></html>": "web page",
    b"version https://git-lfs.github.com/spec/v1": "version https",
    pickle.dumps({"meta_archs": []}): "a pickle, but not one of torch.save",
}


@pytest.mark.parametrize("begin", BAD_FILES)
def test_another_kind_of_file_is_an_error_that_says_what_came_and_what_to_do(
    begin: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "file.pth"
    path.write_bytes(begin)
    with pytest.raises(ValueError, match=rf"file\.pth: .*{BAD_FILES[begin]}.*wanted.*fetch"):
        exhaust(path)


def test_a_zip_without_a_pickle_is_an_error_that_lists_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("NAS-Bench-201-v1_1-096897.pth", b"")
    with pytest.raises(ValueError, match=r"NAS-Bench-201-v1_1-096897\.pth.*data\.pkl.*unpack"):
        exhaust(path)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"state_dict": {}, "epoch": 3}, "holds state_dict, epoch and 0 arch.*wanted 'meta_archs'"),
        ({"arch2infos": {}, "meta_archs": []}, "0 architectures"),
        ({"arch2infos": [{1: 2}, {3: 4}], "meta_archs": []}, "0 architectures"),
        ({"arch2infos": {0: {}}, "meta_archs": [""]}, "architecture 0 calls itself"),
        ({"arch2infos": {0: 1}, "meta_archs": [""]}, "architecture 0 isn't laid out"),
        ({"arch2infos": {0: {"12": {}}}, "meta_archs": [""]}, "architecture 0 isn't laid out"),
        ([1, 2], "holds list"),
    ],
)
def test_other_contents_are_an_error_that_says_what_was_wanted(
    contents: object, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        exhaust(saved(contents, tmp_path))


def swap_names(contents: dict[str, Any]) -> None:
    names = contents["meta_archs"]
    names[0], names[1] = names[1], names[0]


CONTRADICTIONS: dict[str, Change] = {
    "calls itself.*0, .*wanted its own index": lambda contents: contents["arch2infos"].update(
        {1: contents["arch2infos"][0]}
    ),
    "wanted its own index and one name": lambda contents: contents["arch2infos"][1]["less"].update(
        arch_str="|none~0|"
    ),
    "but 'meta_archs' has": swap_names,
    "but 'meta_archs' has None": lambda contents: contents.update(meta_archs=[]),
}


@pytest.mark.parametrize("message", CONTRADICTIONS)
def test_a_file_that_contradicts_itself_about_names_makes_no_table(
    message: str, tmp_path: Path
) -> None:
    contents = official_contents(2)
    CONTRADICTIONS[message](contents)
    path = saved(contents, tmp_path)
    with pytest.raises(ValueError, match=message):
        convert_official(path, tmp_path / "table.parquet")
    assert list(tmp_path.iterdir()) == [path]


def unpickler(contents: object, shared: set[int]) -> StreamingUnpickler:
    return StreamingUnpickler(io.BytesIO(pickle.dumps(contents, protocol=2)), "branch", shared)


def test_changing_a_value_that_was_handed_over_is_an_error() -> None:
    pickled_in_two_parts = dict.fromkeys(range(1001))
    contents = {"beside": 0, "branch": {0: pickled_in_two_parts, 1: {}}}
    with pytest.raises(ValueError, match=r"was handed over.*fetch it again"):
        list(unpickler(contents, set()))


def test_a_reference_to_a_forgotten_entry_is_an_error_and_to_a_shared_one_is_not() -> None:
    name = "a text of two values"
    contents = {"beside": 0, "branch": {0: {name: 0}, 1: {name: 1}}}
    stream = io.BytesIO(pickle.dumps(contents, protocol=2))
    shared = shared_entries(stream, lambda: None)
    assert list(unpickler(contents, shared)) == [(0, {name: 0}), (1, {name: 1})]
    with pytest.raises(ValueError, match=r"memo entry \d+ is unknown or forgotten"):
        list(unpickler(contents, set()))


def test_an_interruption_leaves_the_folder_as_it_was(small_file: Path, tmp_path: Path) -> None:
    destination = tmp_path / "table.parquet"
    destination.write_bytes(b"the old table")

    def interrupt(done: int, total: int) -> None:
        if done > 0.9 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_official(small_file, destination, on_progress=interrupt)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"the old table"]


def test_a_kill_in_the_middle_leaves_nothing_at_the_destination(
    small_file: Path, tmp_path: Path
) -> None:
    destination = tmp_path / "table.parquet"
    program = f"""
import os, pathlib, signal
from zenlab.benchmarks.official import convert_official
def die(done, total):
    if done > 0.9 * total:
        os.kill(os.getpid(), signal.SIGKILL)
convert_official(
    pathlib.Path({str(small_file)!r}), pathlib.Path({str(destination)!r}), on_progress=die
)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not destination.exists()
    convert_official(small_file, destination)
    assert len(pd.read_parquet(destination)) == len(answers_of(small_file))


def test_progress_only_rises_and_ends_at_the_total(small_file: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    convert_official(
        small_file, tmp_path / "table.parquet", on_progress=lambda *now: seen.append(now)
    )
    assert len(seen) >= 6
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == seen[0][1]
