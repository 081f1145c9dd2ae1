"""Recipes: shipped configurations are valid, and wrong settings are named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pielight.errors import ConfigError
from pielight.training.objectives.restoration import check_task, find_task
from pielight.training.recipe import RECIPES, read_recipe, read_train_config
from pielight.training.schema import DenoiseConfig, JointConfig, LossWeights, TrainConfig
from pielight.training.schema.config_file import as_yaml, read_values

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.filterwarnings("error::pielight.errors.RenamedWarning")
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path: Path, tmp_path: Path) -> None:
    kind = RECIPES[read_values(path).get("recipe", "")]
    config = read_recipe(path, (), kind)
    assert config.data.clean.startswith("data/") if kind is JointConfig else config.data.well
    (tmp_path / "resolved.yaml").write_text(as_yaml(config))
    assert read_recipe(tmp_path / "resolved.yaml", (), kind) == config


def test_the_resolved_configuration_reads_back(tmp_path: Path) -> None:
    config = read_train_config(
        None,
        [
            "data.dark=[a, b]",
            "optimizer.lr=1e-3",
            "vgg_weights=x.pth",
            "curriculum=true",
            "rain.cover=[0.1, 0.2]",
        ],
    )
    (tmp_path / "c.yaml").write_text(as_yaml(config))
    assert read_train_config(tmp_path / "c.yaml") == config
    assert config.optimizer.lr == 0.001
    assert config.curriculum
    assert config.rain.cover == (0.1, 0.2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("stpes=3", "unknown setting stpes; did you mean steps"),
        ("constraints.features=1", "unknown setting constraints; choose one of accumulation, bank, "),
        ("losses.contras=3", r"unknown setting losses\.contras; did you mean losses\.contrastive"),
        ("steps=0", "steps: 0 should be at least 1"),
        ("data.size=100", "multiple of 32"),
        ("data.crop=[0.9, 0.5]", "wrong way round"),
        ("losses.contrastive=-1", r"losses\.contrastive: -1 should be at least 0"),
        ("precision=fp8", "choose no, bf16 or fp16"),
        ("negatives=wild", "choose paper, mild or adaptive"),
        ("curriculum=1", "curriculum: 1 should be of type bool"),
        ("haze.airlight=[0.9, 0.2]", "wrong way round"),
        ("haze.airlight=[0.2, 1.5]", r"haze\.airlight: \[0\.2, 1\.5\] should be between 0 and 1"),
        ("haze.edges=-0.1", r"haze\.edges: -0\.1 should be"),
        ("haze.density=[0, 1e-3]", r"haze\.density: \[0, '1e-3'\] should be above 0"),
        ("rain.drop=3", r"unknown setting rain\.drop; did you mean rain\.drops"),
        ("lattice.cell=8", "unknown setting lattice"),
        ("data.crop=[0, 1]", r"data\.crop: .* above 0 and at most 1"),
        ("data.regions=magic", r"data\.regions: 'magic' is unknown; choose felzenszwalb or slic"),
        ("network=lattice", "unknown setting network"),
        ("losses.temperature=0", r"losses\.temperature: 0 should be above 0"),
        ("losses.curve_smoothness=.nan", r"losses\.curve_smoothness: nan should be finite"),
        ("optimizer.ema_decay=1", r"optimizer\.ema_decay: 1 should be at least 0 and below 1"),
        ("optimizer.lr=0", r"optimizer\.lr"),
        ("optimizer.grad_clip=.inf", r"optimizer\.grad_clip: inf should be finite"),
        ("optimizer.warmup_steps=-1", r"optimizer\.warmup_steps"),
        ("losses.margin=wide", r"losses\.margin: 'wide' is not a number"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"steps": 5}))
    with pytest.raises(ConfigError, match=said):
        read_train_config(tmp_path / "c.yaml", [change])


def test_something_is_learnt_from() -> None:
    terms = find_task("brighten").terms
    with pytest.raises(ConfigError, match="every weight is 0"):
        read_train_config(None, [f"losses.{term}=0" for term in terms])


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert read_train_config(tmp_path / "c.yaml") == TrainConfig()


def test_yaml_s_no_is_a_precision() -> None:
    assert read_train_config(None, ["precision=no"]).precision == "no"


def test_a_spatial_network_sees_what_losses_see() -> None:
    with pytest.raises(ConfigError, match=r"data.loss_size: 64 should be data.size, 128, for task: derain"):
        read_train_config(None, ["task=derain", "data.loss_size=64"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("train=all", "train: 'all' is unknown; choose enhancer, downstream or both"),
        ("enhancer=none", "enhancer: none leaves only the downstream model to learn"),
        ("recipe=denoise", "recipe: 'denoise' is not for this command; it takes joint"),
        ("weights.task=0", "weights: task and distillation are both 0"),
        ("weights.distillation=1", "a network without weights teaches nothing"),
        ("data.scale=0", "data.scale: 0 should be above 0 and at most 1"),
        ("data.width=16", "data.width: 16 should be at least 32"),
        ("darkening.stops=[1, bright]", "darkening.stops: 'bright' is not a number"),
        ("downstream.class=3", "unknown setting downstream.class; did you mean downstream.classes"),
        ("steps=0", "steps: 0 should be at least 1"),
    ],
)
def test_wrong_settings_of_joint_training(change: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_recipe(None, [change], JointConfig)


def test_labels_or_boxes() -> None:
    with pytest.raises(ConfigError, match="data: give labels or boxes, not both"):
        read_recipe(None, ["data.labels=a", "data.boxes=b"], JointConfig)


def test_the_recipe_says_which_schema() -> None:
    assert isinstance(read_recipe(None, ["recipe=denoise"], TrainConfig, DenoiseConfig), DenoiseConfig)
    assert isinstance(read_recipe(None, [], TrainConfig, DenoiseConfig), TrainConfig)
    with pytest.raises(ConfigError, match="recipe: 'joint' is not for this command; it takes none or denoise"):
        read_recipe(None, ["recipe=joint"], TrainConfig, DenoiseConfig)


def test_the_file_is_named_unless_a_change_may_be_to_blame(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("steps: 0")
    with pytest.raises(ConfigError, match=r"c\.yaml: steps: 0 should be at least 1"):
        read_train_config(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match=r"^seed: 'x' should"):
        read_train_config(None, ["seed=x"])


def test_terms_of_tasks_have_weights() -> None:
    for name in ("brighten", "dehaze", "derain"):
        assert set(find_task(name).terms) <= set(vars(LossWeights()))


def test_settings_that_were_made_in_python_are_checked() -> None:
    check_task(TrainConfig())
