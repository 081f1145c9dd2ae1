import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight import batch
from pielight.batch import Job, Outcome
from pielight.enhancer import Enhancer
from pielight.errors import ModelError, PielightError


@pytest.fixture
def tree(tmp_path: Path, photo: NDArray[np.uint8]) -> Path:
    """A folder of photos with what else lies about in such folders."""
    root = tmp_path / "photos"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in (
        "b.jpg",
        "a.PNG",
        "apple_pie.jpg",
        "sub/c.webp",
        "sub/deep/d.tif",
        ".hidden/e.jpg",
        ".f.jpg",
    ):
        Image.fromarray(photo).save(root / name)
    (root / "notes.txt").write_text("no picture")
    return root


def names(jobs: Sequence[Job], root: Path) -> list[tuple[str, str]]:
    return [(str(job.input.relative_to(root)), str(job.output.relative_to(root))) for job in jobs]


def test_a_folder(tree: Path) -> None:
    flat = [("a.PNG", "a_pie.PNG"), ("apple_pie.jpg", "apple_pie_pie.jpg"), ("b.jpg", "b_pie.jpg")]
    assert names(batch.plan([tree]), tree) == flat
    deep = [("sub/c.webp", "sub/c_pie.webp"), ("sub/deep/d.tif", "sub/deep/d_pie.tif")]
    assert names(batch.plan([tree], recursive=True), tree) == flat + deep


def test_results_are_not_enhanced_again(tree: Path) -> None:
    before = batch.plan([tree])
    for job in before:
        shutil.copy(job.input, job.output)
    assert batch.plan([tree]) == before
    named_by_a_shell = sorted(tree.glob("[a-z]*.*[gG]"))
    assert len(named_by_a_shell) == 2 * len(before)
    assert batch.plan(named_by_a_shell) == before


def test_into_a_folder_with_the_tree_mirrored(tree: Path) -> None:
    jobs = batch.plan([tree, tree / "sub" / "c.webp"], tree.parent / "out", recursive=True)
    assert [str(job.output.relative_to(tree.parent)) for job in jobs] == [
        "out/a.PNG",
        "out/apple_pie.jpg",
        "out/b.jpg",
        "out/sub/c.webp",
        "out/sub/deep/d.tif",
    ]


def test_an_output_folder_inside_the_input_is_not_read(tree: Path) -> None:
    first = batch.plan([tree], tree / "out", recursive=True)
    (tree / "out").mkdir()
    shutil.copy(tree / "b.jpg", tree / "out" / "b.jpg")
    assert batch.plan([tree], tree / "out", recursive=True) == first


def test_into_the_same_folder(tree: Path) -> None:
    assert names(batch.plan([tree / "b.jpg"], tree), tree) == [("b.jpg", "b_pie.jpg")]


def test_one_photo_to_a_file(tree: Path) -> None:
    assert batch.plan([tree / "b.jpg"], tree / "x.png") == [Job(tree / "b.jpg", tree / "x.png")]


def test_plans_that_make_no_sense(tree: Path) -> None:
    (tree / "empty").mkdir()
    (tree / "link.jpg").symlink_to(tree / "b.jpg")
    other = tree.parent / "other"
    other.mkdir()
    shutil.copy(tree / "b.jpg", other / "b.jpg")
    cases = {
        "no pictures": ([tree / "empty"], None),
        "both become": ([tree / "b.jpg", other / "b.jpg"], tree.parent / "out"),
        "need a folder": ([tree], tree.parent / "x.jpg"),
        "overwrite a picture": ([tree / "b.jpg"], tree / "b.jpg"),
    }
    for reason, (inputs, output) in cases.items():
        with pytest.raises(PielightError, match=reason):
            batch.plan(inputs, output)
    with pytest.raises(PielightError, match="overwrite a picture"):
        batch.plan([tree / "b.jpg"], tree / "link.jpg")


def run(tree: Path, model: Path, **options: bool) -> list[Outcome]:
    return list(batch.run(batch.plan([tree], recursive=True), Enhancer(model, threads=1), **options))


def test_bad_files_do_not_stop_the_rest(tree: Path, bright_model: Path) -> None:
    (tree / "aa.jpg").write_bytes(b"")
    (tree / "ab.jpg").write_bytes((tree / "b.jpg").read_bytes()[:1500])
    outcomes = {outcome.input.name: outcome for outcome in run(tree, bright_model)}
    assert {name for name, outcome in outcomes.items() if outcome.status == "failed"} == {"aa.jpg", "ab.jpg"}
    assert outcomes["aa.jpg"].reason.endswith("aa.jpg: empty file")
    assert outcomes["b.jpg"].status == "done"
    assert outcomes["b.jpg"].seconds > 0
    assert np.asarray(Image.open(outcomes["d.tif"].output)).mean() > np.asarray(Image.open(tree / "b.jpg")).mean()
    assert not outcomes["ab.jpg"].output.exists()


def test_results_that_exist_are_kept(tree: Path, bright_model: Path) -> None:
    run(tree, bright_model)
    (tree / "b_pie.jpg").write_bytes(b"mine")
    assert {outcome.status for outcome in run(tree, bright_model)} == {"skipped"}
    assert (tree / "b_pie.jpg").read_bytes() == b"mine"
    assert {outcome.status for outcome in run(tree, bright_model, overwrite=True)} == {"done"}
    assert (tree / "b_pie.jpg").read_bytes() != b"mine"


def test_no_input_is_ever_changed(tree: Path, bright_model: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    run(tree, bright_model, overwrite=True)
    run(tree, bright_model, overwrite=True)
    assert {path: path.read_bytes() for path in before} == before
    assert not [path for path in tree.rglob("*") if path.suffix == ".part"]


def test_a_damaged_model_stops_everything(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"junk")
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        run(tree, tmp_path / "bad.onnx")


def test_several_frames_are_noted(tmp_path: Path, bright_model: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("navy", "black")]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    (outcome,) = run(tmp_path, bright_model)
    assert outcome.status == "done"
    assert "first" in outcome.reason
