"""Rules of the house that no reviewer should have to check."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pielight
from tests.tiers import SLOW

SOURCE = Path(pielight.__file__).parent
HEAVY = (
    "torch",
    "onnxruntime",
    "numpy",
    "PIL",
    "skimage",
    "cv2",
    "jinja2",
    "pydantic",
    "av",
    "httpx",
    "starlette",
    "uvicorn",
    "pyarrow",
    "fsspec",
    "ray",
)
REPORT = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"


def imported(path: Path) -> set[str]:
    """Names of modules that a file imports when it runs."""
    names: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_torch_is_imported_in_training_for_tensors_for_the_gpu_and_for_lpips_only() -> None:
    inside = {"training", "nn"}
    outside = [path for path in SOURCE.rglob("*.py") if not inside & {*path.relative_to(SOURCE).parent.parts}]
    assert len(outside) > 15
    assert sorted(path.name for path in outside if "torch" in imported(path)) == [
        "apply_device.py",
        "color_torch.py",
        "exposure_counts_torch.py",
        "exposure_map_device.py",
        "exposure_statistics_torch.py",
        "exposure_torch.py",
        "finish_torch.py",
        "frame_thumbnail_torch.py",
        "full_frame.py",
        "interpolation_torch.py",
        "onnx_module.py",
        "perceptual.py",
        "thumbnail_torch.py",
        "torch_engine.py",
    ]


@pytest.mark.parametrize(
    "code",
    [
        f"import pielight; {REPORT}",
        f"import pielight.cli; {REPORT}",
        f"from pielight.cli import main; main(['--help'], standalone_mode=False); {REPORT}",
        f"from pielight.cli import main; main(['enhance', '--help'], standalone_mode=False); {REPORT}",
        f"from pielight.cli import main; main(['stream', '--help'], standalone_mode=False); {REPORT}",
        f"from pielight.cli import main; main(['video', '--help'], standalone_mode=False); {REPORT}",
        f"from pielight.cli import main; main(['serve', '--help'], standalone_mode=False); {REPORT}",
        f"from pielight.cli import main; main(['cluster', '--help'], standalone_mode=False); {REPORT}",
        f"from pielight.cli import main; main(['export', '--help'], standalone_mode=False); {REPORT}",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_enhancing_loads_no_torch(tmp_path: Path) -> None:
    code = "import numpy, sys, pielight; pielight.enhance(numpy.zeros((9, 9))); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "module",
    ["pielight.enhancer", "pielight.batch", "pielight.cli.enhance", "pielight.evaluation.downstream.face_detection"],
)
def test_entry_points_load_no_torch(module: str) -> None:
    code = f"import sys, {module}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_public_names() -> None:
    assert {name for name in pielight.__all__ if getattr(pielight, name) is None} == set()
    assert pielight.__version__[0].isdigit()
    assert dir(pielight) == sorted(pielight.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = pielight.nonsense


def test_what_is_marked_slow_is_there() -> None:
    folder = Path(__file__).parent
    names = {path.name for path in folder.rglob("*")}
    for file in folder.rglob("test_*.py"):
        names |= {*re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)}
    assert names >= SLOW
