"""How fast pielight is here, and how much memory it takes, beside what decoding and encoding alone cost.

Every row runs the real thing: the array door in this process, files through the command in processes of their own.
"""

from __future__ import annotations

import io
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.curves.compiled import loop
from pielight.curves.threads import available_threads
from pielight.enhancer import Enhancer
from pielight.errors import PielightError

_QUALITY = 92
_MEGA = 1_000_000
_MB = 1 << 20  # what memory is counted in


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        name: What was done.
        value: The figure, with its spread where it was repeated.
        beside: What the figure is compared with.
        target: What it should be.
        met: Whether it is; None if it was not measured.
    """

    name: str
    value: str
    beside: str
    target: str
    met: bool | None


@dataclass(frozen=True)
class Times:
    """Times of one thing done several times, in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = 1000 * min(self.seconds), 1000 * max(self.seconds)
        return f"{1000 * self.median:.0f} ms ({low:.0f} to {high:.0f}, {len(self.seconds)} runs)"


def machine(threads: int | None = None) -> str:
    """Describe what this runs on."""
    import onnxruntime
    import PIL

    curves = "compiled loop" if loop else "NumPy instead of the compiled loop"
    return (
        f"{_processor()}, {available_threads()} cores, {threads or available_threads()} threads; "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"ONNX Runtime {onnxruntime.__version__}, Pillow {PIL.__version__}; {curves}"
    )


def measure(threads: int | None = None, photos: int = 200, repeats: int = 7) -> Iterator[Row]:
    """Measure row after row.

    Args:
        threads: Threads of the array and file rows; None is every core.
        photos: Number of photos of the batch row.
        repeats: How often short things are done.

    Raises:
        PielightError: A photo could not be enhanced.
    """
    yield from arrays(threads, repeats)
    yield from starts(repeats)
    with tempfile.TemporaryDirectory(prefix="pielight-bench-") as folder:
        place = Path(folder)
        yield from jpeg_files(place, threads, repeats)
        yield memory(place, 24, lambda pixels: 2.5 * 3 * pixels / _MB + 150, "2.5 x the decoded picture + 150 MB")
        yield memory(place, 100, lambda _: 1200.0, "1200 MB")
        if photos:
            yield batch(place, photos)


def arrays(threads: int | None, repeats: int) -> Iterator[Row]:
    """Measure a 1920 x 1080 array, and the paper's network on the same array."""
    frame = picture(1920, 1080)
    enhancer = Enhancer(threads=threads)
    enhancer(frame)
    whole = timed(lambda: enhancer(frame), 5 * repeats)
    file = jpeg(frame)
    codec = timed(lambda: jpeg(np.asarray(Image.open(io.BytesIO(file)))), repeats)
    beside = f"JPEG decode + encode alone {codec}: ratio {whole.median / codec.median:.2f}"
    yield Row("1920 x 1080 uint8, array to array", str(whole), beside, "<= 30 ms", whole.median <= 0.030)
    lattice = timed(lambda: enhancer.curves(frame), 5 * repeats)
    yield Row(
        "... of that, thumbnail and network", str(lattice), f"{lattice.median / whole.median:.2f} of it", "", None
    )
    name = "the same by DCENet on the full frame, ONNX Runtime, denormals flushed"
    if not (find_spec("torch") and find_spec("onnx")):
        yield Row(name, "not measured", "needs pip install 'pielight[train]'", ">= 100 x", None)
        return
    seconds = [float(line) for line in _python(_DCENET, "1080", "1920", str(threads or 0)).split()]
    every, network = Times(tuple(seconds[::2])), Times(tuple(seconds[1::2]))
    ratio = every.median / whole.median
    beside = f"pielight is {ratio:.0f} x faster; {network.median / whole.median:.0f} x than its network alone"
    yield Row(name, str(every), beside, ">= 100 x", ratio >= 100)


def starts(repeats: int) -> Iterator[Row]:
    """Measure how long a process takes that does nothing but start."""
    for name, words in (("import pielight", ["-c", "import pielight"]), ("pielight --help", ["-m", "pielight", "-h"])):

        def run(words: list[str] = words) -> None:
            subprocess.run([sys.executable, *words], capture_output=True, check=True)

        bare, whole = alternate([lambda: run(["-c", "pass"]), run], repeats)
        beside = f"Python alone {1000 * bare.median:.0f} ms"
        yield Row(f"{name}, whole process", str(whole), beside, "<= 300 ms", whole.median <= 0.3)


def jpeg_files(place: Path, threads: int | None, repeats: int) -> Iterator[Row]:
    """Measure a 12 MP JPEG file to a JPEG file, warm and as a process of its own."""
    source, target = place / "12mp.jpg", place / "12mp_out.jpg"
    source.write_bytes(jpeg(picture(4000, 3000)))

    def codec() -> None:
        with Image.open(source) as image:
            image.save(place / "codec.jpg", quality="keep")

    enhancer = Enhancer(threads=threads)
    codec_times, file_times = alternate([codec, lambda: enhancer.file(source, target)], repeats)
    ratio = file_times.median / codec_times.median
    beside = f"Pillow's decode + encode {codec_times}: ratio {ratio:.2f}"
    yield Row("12 MP JPEG file to file", str(file_times), beside, "<= 1.6 x", ratio <= 1.6)
    cold = timed(lambda: command(str(source), "-o", str(place / "cold"), "--existing", "overwrite"), repeats)
    beside = f"{cold.median / codec_times.median:.1f} x that decode + encode"
    yield Row("12 MP, one cold 'pielight photo.jpg'", str(cold), beside, "<= 1 s", cold.median <= 1.0)


def memory(place: Path, megapixels: int, limit: Callable[[int], float], target: str) -> Row:
    """Measure the peak memory of the command on one large JPEG."""
    width, height = {24: (6000, 4000), 100: (10_000, 10_000)}[megapixels]
    source = place / f"{megapixels}mp.jpg"
    source.write_bytes(jpeg(picture(width, height)))
    start = time.perf_counter()
    peak = command(str(source), "-o", str(place / "large"), "--existing", "overwrite")
    seconds = time.perf_counter() - start
    name = f"{megapixels} MP ({width} x {height}): peak memory of the process"
    if peak is None:
        return Row(name, "not measured", "only on Linux and macOS", f"<= {target}", None)
    decoded = 3 * width * height / _MB
    beside = f"{peak / decoded:.1f} x the decoded picture ({decoded:.0f} MB); {seconds:.1f} s"
    return Row(name, f"{peak:.0f} MB", beside, f"<= {target}", peak <= limit(width * height))


def batch(place: Path, photos: int) -> Row:
    """Measure many photos of 2 MP with one worker and with two."""
    folder = place / "photos"
    folder.mkdir()
    contents = [jpeg(picture(1632, 1224, seed)) for seed in range(4)]
    for number in range(photos):
        (folder / f"{number:04}.jpg").write_bytes(contents[number % len(contents)])

    def run(workers: int) -> Callable[[], object]:
        return lambda: command(
            str(folder), "-o", str(place / f"out{workers}"), "-j", str(workers), "--existing", "overwrite", "-q"
        )

    one, two = alternate([run(1), run(2)], 3)
    gain = one.median / two.median
    name = f"{photos} photos of 2 MP, -j 2"
    beside = f"{photos / two.median:.0f} photos a second against {photos / one.median:.0f} with -j 1: {gain:.2f} x"
    return Row(name, str(two), beside, ">= 1.7 x", gain >= 1.7)


def picture(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Make a dark picture with detail at every size and some noise: 2 bits a pixel as JPEG, as photos have.

    One tile is drawn and repeated.

    >>> picture(30, 20).shape
    (20, 30, 3)
    """
    rng = np.random.default_rng(seed)
    side = 1000
    tile = np.zeros((side, side, 3), np.float32)
    cells = 4
    while cells <= side:
        grain = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        layer = np.asarray(grain.resize((side, side), Image.Resampling.BICUBIC), np.float32)
        tile += (layer - 128) / cells**0.6
        cells *= 2
    tile = 35 + 0.8 * tile + 5 * rng.standard_normal(tile.shape, np.float32)
    dark = np.clip(tile, 0, 255).astype(np.uint8)
    repeats = (-(-height // side), -(-width // side), 1)
    return np.tile(dark, repeats)[:height, :width].copy()


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a picture as JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def timed(call: Callable[[], object], repeats: int) -> Times:
    """Time a call several times."""
    return alternate([call], repeats)[0]


def alternate(calls: list[Callable[[], object]], repeats: int) -> list[Times]:
    """Time several calls by turns, so that a machine whose speed drifts treats them alike."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()  # warm
    for _ in range(repeats):
        for call, found in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            found.append(time.perf_counter() - start)
    return [Times(tuple(found)) for found in seconds]


def command(*arguments: str) -> float | None:
    """Run ``pielight`` with arguments and return its peak memory in MB, if the system tells.

    Raises:
        PielightError: It failed.
    """
    done = subprocess.run([sys.executable, "-c", _COMMAND, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-1:])
        raise PielightError(f"pielight {' '.join(arguments)} failed ({last})")
    lines = done.stdout.splitlines()
    return float(lines[-1]) if lines else None


# What the command does, and then its own peak: what a parent is told of it counts the parent's memory in.
_COMMAND = """
import sys
from pathlib import Path
from pielight.cli import main
failed = main(["enhance", *sys.argv[1:]], standalone_mode=False)
status = Path("/proc/self/status")
if status.exists():
    print(next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")))
elif sys.platform == "darwin":
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
sys.exit(failed)
"""

# In a process of its own, since flushing denormals changes the arithmetic of the thread for good. Prints by turns the
# time from array to array, curves included, and that of the network alone.
_DCENET = """
import sys, time
import numpy, onnxruntime, torch
from pielight.train.export import onnx_bytes
from pielight.train.networks import DCENet
from pielight.train.render import render

class Enhancement(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.network = DCENet()
    def forward(self, pictures):
        return render(pictures, self.network(pictures))

height, width, threads = map(int, sys.argv[1:])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.add_session_config_entry("session.set_denormal_as_zero", "1")
def session(model):
    return onnxruntime.InferenceSession(onnx_bytes(model, height, width), options, providers=["CPUExecutionProvider"])
enhancement, network = session(Enhancement()), session(DCENet())
frame = numpy.random.default_rng(0).integers(0, 60, (height, width, 3), numpy.uint8)
def floats():
    return numpy.ascontiguousarray(frame.transpose(2, 0, 1)[None], numpy.float32) / 255
for run in range(4):
    start = time.perf_counter()
    (result,) = enhancement.run(None, {"thumbnail": floats()})
    bright = numpy.rint(result[0].transpose(1, 2, 0) * 255).astype(numpy.uint8)
    middle, inputs = time.perf_counter(), floats()
    begin = time.perf_counter()
    network.run(None, {"thumbnail": inputs})
    if run:
        print(middle - start, time.perf_counter() - begin)
"""


def _python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PielightError(f"the benchmark of DCENet failed ({done.stderr.strip().splitlines()[-1]})")
    return done.stdout


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or "unknown processor"
