"""One network of one's own as a space: found by its path, counted by running it, told plainly."""

import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.spaces.counting import count_macs, count_params
from zenlab import score
from zenlab.abilities import Coupled, Enumerable
from zenlab.searchers.exhaustive import ExhaustiveSearcher
from zenlab.searchers.random import RandomSearcher
from zenlab.spaces.module import Module
from zenlab.spaces.module.network import ModuleNetwork
from zenlab.spaces.module.sizes import sizes_of
from zenlab.spaces.nb201 import NB201

HERE = "tests.spaces.test_module"
FILE = """
from torch import nn

def made(width=4):
    return nn.Sequential(
        nn.Conv2d(3, width, 3, stride=4),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, 10),
    )
"""


class Small(nn.Module):
    """A residual network that adds and pools by functions."""

    def __init__(self, width: int = 8, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1, stride=4)
        self.norm = nn.BatchNorm2d(width)
        self.inner = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.outer = nn.Conv2d(width, width, 1, bias=False)
        self.shortcut = nn.Conv2d(width, width, 1, bias=False)
        self.relu = nn.ReLU()
        self.classifier = nn.Linear(width, classes)

    def maps(self, images: Tensor) -> Tensor:
        maps = self.relu(self.norm(self.stem(images)))
        return F.relu(self.outer(F.relu(self.inner(maps))) + self.shortcut(maps))

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.pool(self.maps(images)))

    def pool(self, maps: Tensor) -> Tensor:
        return maps.mean((2, 3))


class Line(Small):
    """Positions in a line, and then their mean."""

    def pool(self, maps: Tensor) -> Tensor:
        return maps.flatten(2).mean(-1)


class Rows(Small):
    """The mean of columns, and then of rows."""

    def pool(self, maps: Tensor) -> Tensor:
        return maps.mean(3).mean(2)


class Tokens(nn.Module):
    """A small transformer: no maps that anything pools."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 8, 8)
        self.layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, batch_first=True)
        self.classifier = nn.Linear(16, 10)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        return self.classifier(self.layer(tokens).mean(1))


class Functional(nn.Module):
    """Weights of its own, and functions that use them."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.matrix = nn.Parameter(torch.randn(10, 4))

    def forward(self, images: Tensor) -> Tensor:
        return F.linear(F.conv2d(images, self.kernel).mean((2, 3)), self.matrix)


class Colours(nn.Module):
    """No layers at all: the mean of each colour."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))


class Shops:
    """Where factories may stand, too."""

    small = Small


def broken() -> nn.Module:
    return nn.Linear("four", 10)  # type: ignore[arg-type]


def number() -> int:
    return 5


ready = Colours()


def space(name: str = "Small", **parameters: Any) -> Module:
    return Module(factory=f"{HERE}:{name}", **parameters)


def described(one: Module) -> Mapping[str, float]:
    return one.describe(next(iter(one)))


@pytest.fixture
def mynet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write modules into a folder on the import path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str = FILE) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def test_a_space_of_one_has_one_architecture_and_no_neighbour() -> None:
    one, rng = space(), np.random.default_rng(0)
    assert isinstance(one, Enumerable) and isinstance(one, Coupled) and len(one) == 1
    assert list(one) == [one.sample(rng)] == [f"{HERE}:Small"]
    with pytest.raises(ValueError, match="has no neighbour; use searcher=exhaustive"):
        one.mutate(one.sample(rng), rng)


def test_arguments_are_spelt_like_a_call_in_alphabetical_order() -> None:
    one = space(arguments={"width": 4, "classes": 12})
    spelt = f"{HERE}:Small(classes=12, width=4)"
    assert list(one) == [spelt] == [one.parse(spelt)] == [one.parse(f" {HERE}:Small ")]
    with pytest.raises(ValueError, match=r"'mynet:Other' is not the one architecture .*width=4"):
        one.parse("mynet:Other")


def test_arguments_reach_the_network_and_set_spaces_apart() -> None:
    narrow, wide = space(arguments={"width": 4}), space(arguments={"width": 16})
    assert narrow != wide and hash(narrow) == hash(space(arguments={"width": 4}))
    assert narrow.build(next(iter(narrow))).get_submodule("model.stem").out_channels == 4
    assert narrow.describe(next(iter(narrow)))["params"] < wide.describe(next(iter(wide)))["params"]


def test_a_factory_may_be_an_attribute_of_a_class_or_a_function_of_a_library() -> None:
    assert list(space("Shops.small")) == [f"{HERE}:Shops.small"]
    library = Module(factory="torch.nn:Flatten", num_classes=1, channels=1, image_size=1)
    assert described(library)["depth"] == 0


def test_searchers_of_one_architecture_ask_for_it() -> None:
    one = space()
    assert ExhaustiveSearcher(one).ask() == RandomSearcher(one, budget=1).ask() == list(one)
    with pytest.raises(ValueError, match=r"only 1 different .* use searcher=exhaustive"):
        RandomSearcher(one, budget=100)


@pytest.mark.parametrize("name", ["Small", "Tokens"])
def test_sizes_are_those_of_the_built_network(name: str) -> None:
    one = space(name, image_size=24)
    (genotype,) = one
    found, built = described(one), one.build(genotype)
    assert found["params"] == count_params(built)
    assert found["flops"] == found["macs"]
    assert found["dead"] == 0
    if name == "Small":
        assert found["macs"] == count_macs(built, 24)


def test_sizes_of_a_cell_are_what_its_space_tells() -> None:
    nb201 = NB201(C=4, N=1)
    for number in ("1462", "9930", "0"):
        cell = nb201.parse(number)
        sizes = sizes_of(ModuleNetwork(nb201.build(cell), (3, 32, 32)))
        told = nb201.describe(cell)
        assert (sizes.params, sizes.macs) == (told["params"], told["macs"])


def test_macs_and_depth_of_a_transformer_leave_products_of_attention_out() -> None:
    found = described(space("Tokens", image_size=32))
    patches, tokens = 16 * 16 * 3 * 64, 16 * (3 * 16 * 16 + 16 * 16 + 2 * 16 * 32)
    assert found["macs"] == patches + tokens + 160
    assert found["depth"] == 1 + 4 + 1


def test_layers_that_are_functions_count() -> None:
    found = described(space("Functional", image_size=8))
    assert (found["macs"], found["depth"]) == (36 * 4 * 27 + 40, 2)


def test_depth_is_the_longest_way_and_not_the_number_of_layers() -> None:
    assert described(space())["depth"] == 4


def test_depth_of_a_network_deeper_than_recursion_allows() -> None:
    deep = nn.Sequential(*(nn.Linear(2, 2) for _ in range(sys.getrecursionlimit())))
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, 2), deep)
    assert sizes_of(ModuleNetwork(network, (3, 1, 1))).depth == sys.getrecursionlimit() + 1


@pytest.mark.parametrize("name", ["Small", "Line", "Rows"])
def test_features_are_what_enters_the_pooling_however_it_is_written(name: str) -> None:
    one = space(name)
    network = one.build(next(iter(one))).eval()
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(
        network.forward_features(images), network.get_submodule("model").maps(images)
    )


def test_tokens_are_no_feature_maps() -> None:
    one = space("Tokens")
    with pytest.raises(ValueError, match=r"Tokens; give it a method forward_features\(images\)"):
        one.build(next(iter(one))).forward_features(torch.randn(2, 3, 32, 32))


def test_a_built_network_trains_and_works_at_other_sizes() -> None:
    one = space()
    network = one.build(next(iter(one)))
    network(torch.randn(2, 3, 48, 40)).square().mean().backward()
    assert network.training
    assert all(weight.grad is not None for weight in network.parameters())


def test_making_a_space_leaves_the_global_random_state_alone() -> None:
    state = torch.get_rng_state()
    space()
    assert torch.equal(state, torch.get_rng_state())


def test_a_space_travels_to_workers_and_takes_what_it_has_counted_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = space()
    sent = pickle.dumps(one)
    monkeypatch.setattr("zenlab.spaces.module.space.sizes_of", None)
    (genotype,) = one
    assert pickle.loads(sent).describe(genotype) == one.describe(genotype)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"factory": None}, "space=module needs space.factory, such as space.factory=mynet:Small"),
        ({"factory": "mynet"}, "space.factory is 'mynet'; wanted package.module:callable"),
        ({"factory": "mynet:"}, "space.factory is 'mynet:'; wanted package.module:callable"),
        ({"factory": 3}, "space.factory is 3; wanted package.module:callable"),
        ({"factory": "no_such.x:N"}, "can't import no_such.x: ModuleNotFoundError.*current folder"),
        ({"factory": "..x:N"}, "space.factory=..x:N: can't import ..x: TypeError"),
        ({"factory": f"{HERE}:Smal"}, "module 'tests.spaces.test_module' has no attribute 'Smal'"),
        ({"factory": f"{HERE}:HERE"}, "test_module:HERE is a str; wanted a class or function"),
        ({"factory": f"{HERE}:ready"}, "test_module:ready is a Colours; wanted a class or funct"),
        ({"factory": f"{HERE}:number"}, "test_module:number returns a int; wanted an nn.Module"),
        (
            {"factory": f"{HERE}:broken"},
            r"space.factory=.*:broken fails when called with no arguments \(space.arguments\): "
            r"TypeError: .*\(test_module.py, line \d+\)",
        ),
        ({"arguments": {"depth": 3}}, "fails when called with depth=3 .*: TypeError: .*'depth'"),
        ({"arguments": [3]}, r"space.arguments is \[3\]; wanted names and values"),
        ({"arguments": {"classes": 9}}, "makes a network of 9 outputs; wanted at least 10"),
        ({"factory": f"{HERE}:Colours"}, "makes a network of 3 outputs; wanted at least 10"),
        ({"factory": "torch.nn:ReLU"}, r"space.factory=torch.nn:ReLU: ReLU answers .* wanted"),
        ({"channels": 1}, r"can't read an image of shape=\(1, 32, 32\): .* wants 3 channels"),
        ({"image_size": 0}, "space.image_size is 0; wanted at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Module(**{"factory": f"{HERE}:Small", **parameters})


def test_a_module_that_fails_is_told_with_its_line(mynet: Callable[..., str]) -> None:
    mynet("failing_net", "import torch\n1 / 0\n")
    with pytest.raises(ValueError, match=r"ZeroDivisionError: .* \(failing_net.py, line 2\)"):
        Module(factory="failing_net:made")
    mynet("mistyped_net", "def made(:\n")
    with pytest.raises(ValueError, match=r"SyntaxError: .* \(mistyped_net.py, line 1\)"):
        Module(factory="mistyped_net:made")


def test_sources_are_the_modules_that_lie_beside_the_factory(mynet: Callable[..., str]) -> None:
    mynet("some_blocks")
    mynet("some_net", "import numpy\nfrom some_blocks import made")
    mynet("other_net")
    one = Module(factory="some_net:made")
    assert one.sources == ("some_blocks", "some_net")


def test_what_is_installed_is_no_source() -> None:
    library = Module(factory="torch.nn:Flatten", num_classes=1, channels=1, image_size=1)
    assert library.sources == ()
    assert HERE in space().sources


def test_a_run_scores_as_python_does(run_zenlab: Any, mynet: Callable[..., str]) -> None:
    mynet("scored_net")
    chosen = ("space=module", "space.factory=scored_net:made", "searcher=exhaustive")
    found = run_zenlab(*chosen, "proxy=zen", "hardware=cpu", "+space.arguments.width=8")
    assert found.scores["genotype"].tolist() == ["scored_net:made(width=8)"]
    assert found.summary["remarks"] == ["space module has no table of accuracies: scores only"]
    model = sys.modules["scored_net"].made(width=8)
    alone = score(model, proxies="zen", input_shape=(3, 32, 32))["zen"].value
    assert found.scores["score"][0] == pytest.approx(alone, rel=1e-5)
    assert math.isfinite(alone)


def test_the_command_line_finds_a_network_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "mynet.py").write_text(FILE)
    command = "space=module space.factory=mynet:made searcher=exhaustive tracking=none hardware=cpu"
    done = subprocess.run(
        [sys.executable, "-m", "zenlab", *command.split(), "proxy=naswot", "hydra.run.dir=here"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "mynet:made" in (tmp_path / "here" / "scores.csv").read_text()
