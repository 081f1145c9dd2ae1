import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from pielight.batch.find import Search
from pielight.batch.plan import Job, Naming
from pielight.batch.plan import plan as make_plan
from pielight.errors import PielightError
from tests.io import samples


def plan(inputs: Sequence[Path], naming: Naming | None = None, search: Search | None = None) -> list[Job]:
    return make_plan(inputs, naming, search).jobs


DEEP = Search(recursive=True)


def names(jobs: Sequence[Job], root: Path) -> list[tuple[str, str]]:
    return [(str(job.input.relative_to(root)), str(job.output.relative_to(root))) for job in jobs]


def test_a_folder(tree: Path) -> None:
    flat = [("a.PNG", "a_pie.PNG"), ("apple_pie.jpg", "apple_pie_pie.jpg"), ("b.jpg", "b_pie.jpg")]
    assert names(plan([tree]), tree) == flat
    deep = [("sub/c.webp", "sub/c_pie.webp"), ("sub/deep/d.tif", "sub/deep/d_pie.tif")]
    assert names(plan([tree], search=DEEP), tree) == flat + deep


def test_results_are_not_enhanced_again(tree: Path) -> None:
    before = plan([tree])
    for job in before:
        shutil.copy(job.input, job.output)
    assert plan([tree]) == before
    named_by_a_shell = sorted(tree.glob("[a-z]*.*[gG]"))
    assert len(named_by_a_shell) == 2 * len(before)
    assert plan(named_by_a_shell) == before


def test_into_a_folder_with_the_tree_mirrored(tree: Path) -> None:
    jobs = plan([tree, tree / "sub" / "c.webp"], Naming(tree.parent / "out"), DEEP)
    assert [str(job.output.relative_to(tree.parent)) for job in jobs] == [
        "out/a.PNG",
        "out/apple_pie.jpg",
        "out/b.jpg",
        "out/sub/c.webp",
        "out/sub/deep/d.tif",
    ]


def test_an_output_folder_inside_the_input_is_not_read(tree: Path) -> None:
    first = plan([tree], Naming(tree / "out"), DEEP)
    (tree / "out").mkdir()
    shutil.copy(tree / "b.jpg", tree / "out" / "b.jpg")
    assert plan([tree], Naming(tree / "out"), DEEP) == first


def test_into_the_same_folder(tree: Path) -> None:
    assert names(plan([tree / "b.jpg"], Naming(tree)), tree) == [("b.jpg", "b_pie.jpg")]


def test_one_photo_to_a_file(tree: Path) -> None:
    assert plan([tree / "b.jpg"], Naming(tree / "x.png")) == [Job(tree / "b.jpg", tree / "x.png")]


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
            plan(inputs, Naming(output))
    with pytest.raises(PielightError, match="overwrite a picture"):
        plan([tree / "b.jpg"], Naming(tree / "link.jpg"))


def outputs(jobs: Sequence[Job]) -> list[str]:
    return [job.output.name for job in jobs]


def test_another_format_has_its_extension(tree: Path) -> None:
    found = outputs(plan([tree], Naming(tree.parent / "out", file_format="TIFF"), DEEP))
    assert found == ["a.tif", "apple_pie.tif", "b.tif", "c.tif", "d.tif"]
    assert outputs(plan([tree / "sub" / "deep"], Naming(file_format="TIFF"))) == ["d_pie.tif"]
    assert outputs(plan([tree / "b.jpg"], Naming(file_format="JPEG"))) == ["b_pie.jpg"]


def test_camera_raw_by_other_names_becomes_a_tif(tmp_path: Path) -> None:
    for name in ("a.kdc", "b.unheard", "c"):
        (tmp_path / name).write_bytes(samples.sample("camera.dng"))
    (tmp_path / "d.unheard").write_bytes(b"no picture")
    jobs = plan([tmp_path / name for name in ("a.kdc", "b.unheard", "c", "d.unheard")])
    assert [job.output.name for job in jobs] == ["a_pie.tif", "b_pie.tif", "c_pie.tif", "d_pie.unheard"]
    jobs = plan([tmp_path], Naming(tmp_path / "out", file_format="JPEG"))
    assert [job.output.name for job in jobs] == ["a.jpg"]


def test_results_in_another_format_are_not_enhanced_again(tree: Path) -> None:
    before = plan([tree], search=DEEP)
    for job in plan([tree], Naming(file_format="WEBP"), DEEP):
        shutil.copy(job.input, job.output)
    assert plan([tree], search=DEEP) == before


def test_results_are_numbered(tree: Path) -> None:
    naming = Naming(existing="rename")
    for expected in ("b_pie.jpg", "b_pie-2.jpg", "b_pie-3.jpg"):
        (job,) = plan([tree / "b.jpg"], naming)
        assert job.output.name == expected
        shutil.copy(job.input, job.output)
    assert outputs(plan([tree], naming)) == ["a_pie.PNG", "apple_pie_pie.jpg", "b_pie-4.jpg"]
    shutil.copy(tree / "a.PNG", tree / "b.png")
    both = plan([tree / "b.jpg", tree / "b.png"], Naming(tree.parent / "out", "rename", "JPEG"))
    assert outputs(both) == ["b.jpg", "b-2.jpg"]
    assert outputs(plan([tree / "b.jpg"], Naming(tree / "a.PNG", "rename"))) == ["a-2.PNG"]


def test_a_result_named_alone_is_a_photo(tree: Path) -> None:
    shutil.copy(tree / "b.jpg", tree / "b_pie.jpg")
    assert names(plan([tree / "b_pie.jpg"]), tree) == [("b_pie.jpg", "b_pie_pie.jpg")]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (Search(True, ["*.jpg"]), ["apple_pie.jpg", "b.jpg"]),
        (Search(True, ["*.png", "sub/*"]), ["a.PNG", "c.webp", "d.tif"]),
        (Search(True, ["sub"], ["deep"]), ["c.webp"]),
        (Search(True, ["[ab].*"], ["*.JPG"]), ["a.PNG"]),
        (Search(True, [], ["sub/deep/d.tif", "apple*", "?.png"]), ["b.jpg", "c.webp"]),
    ],
)
def test_include_and_exclude(tree: Path, search: Search, expected: list[str]) -> None:
    assert [job.input.name for job in plan([tree], search=search)] == expected


def test_a_result_stays_a_result_when_its_photo_is_filtered(tree: Path) -> None:
    shutil.copy(tree / "b.jpg", tree / "a_pie.jpg")
    assert [job.input.name for job in plan([tree], search=Search(include=["*.jpg"]))] == ["apple_pie.jpg", "b.jpg"]
    with pytest.raises(PielightError, match="leave no picture"):
        plan([tree], search=Search(include=["*.gif"]))


def test_what_the_output_is(tree: Path) -> None:
    one, out = [tree / "b.jpg"], tree.parent / "out"
    assert plan(one, Naming(out)) == [Job(one[0], out / "b.jpg")]
    assert plan(one, Naming(f"{out}.d/")) == [Job(one[0], tree.parent / "out.d" / "b.jpg")]
    assert plan([tree], Naming(f"{out}.d"))[0].output.parent.name == "out.d"
    with pytest.raises(PielightError, match=r"out\.d: no format to write .* a folder is .*out\.d/"):
        plan(one, Naming(f"{out}.d"))
    (tree / "file").touch()
    with pytest.raises(PielightError, match=r"file: neither a folder nor a name such as a\.jpg; - is standard output"):
        plan(one, Naming(tree / "file"))
    with pytest.raises(PielightError, match="several photos"):
        plan([*one, tree / "a.PNG"], Naming(tree / "file"))
    with pytest.raises(PielightError, match="not a TIFF name"):
        plan(one, Naming(tree / "x.jpg", file_format="TIFF"))


def test_a_slash_always_makes_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pielight.batch.plan.os.sep", "\\")  # as on Windows, where both are typed
    assert Naming("new.jpg/").file_for_one() is None
    assert Naming("new.jpg\\").file_for_one() is None


def test_links_go_by_their_own_names(tree: Path, tmp_path: Path) -> None:
    store, links = tmp_path / "store", tmp_path / "links"
    store.mkdir()
    links.mkdir()
    shutil.copy(tree / "b.jpg", store / "0123")  # as content-addressed stores have it
    shutil.copy(tree / "b.jpg", store / "b.jpg")
    (links / "named.jpg").symlink_to(store / "0123")
    (links / "bare").symlink_to(store / "b.jpg")
    (links / "folder").symlink_to(tree)
    assert names(plan([links], search=DEEP), links) == [("named.jpg", "named_pie.jpg")]
    assert names(plan([links / "bare"]), links) == [("bare", "bare_pie")]
    (links / "same.jpg").symlink_to(store / "0123")
    assert names(plan([links]), links) == [("named.jpg", "named_pie.jpg")]
