"""The rows of the benchmark; each measures the shipped code."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pielight.bench.pictures import jpeg, picture
from pielight.bench.timing import Times, alternate, command, module, timed
from pielight.core.extras import require
from pielight.enhancer import Enhancer
from pielight.errors import MissingExtraError
from pielight.options import Denoise, EnhanceOptions

_MB = 1 << 20  # what memory is counted in


@dataclass(frozen=True)
class Row:
    """One measurement."""

    name: str  # what was done
    value: str  # the figure, with its spread where it was repeated
    beside: str  # what the figure is compared with
    target: str  # what it should be
    met: bool | None  # whether it is; None if it was not measured


def measure(threads: int | None = None, photos: int = 200, repeats: int = 7) -> Iterator[Row]:
    """Measure row after row.

    Args:
        threads: Threads of the array and file rows; None is every core.
        photos: Number of photos of the batch row.

    Raises:
        PielightError: A photo could not be enhanced.
    """
    yield from arrays(threads, repeats)
    yield from starts(repeats)
    with tempfile.TemporaryDirectory(prefix="pielight-bench-") as folder:
        work = Path(folder)
        yield from jpeg_files(work, threads, repeats)
        yield memory(work, 24, lambda pixels: 2.5 * 3 * pixels / _MB + 150, "2.5 x the decoded picture + 150 MB")
        yield memory(work, 100, lambda _: 1200.0, "1200 MB")
        if photos:
            yield batch(work, photos)


def arrays(threads: int | None, repeats: int) -> Iterator[Row]:
    """Measure a 1920 x 1080 array, and the paper's network on the same array."""
    frame, clean = picture(1920, 1080), picture(1920, 1080, noise=0)
    enhancer = Enhancer(threads=threads)
    whole, auto = alternate([lambda: enhancer(clean, denoise=0), lambda: enhancer(clean, denoise="auto")], 5 * repeats)
    file = jpeg(clean)
    codec = timed(lambda: jpeg(np.asarray(Image.open(io.BytesIO(file)))), repeats)
    beside = f"JPEG decode + encode alone {codec}: ratio {whole.median / codec.median:.2f}"
    yield Row("1920 x 1080 uint8, array to array, --denoise 0", str(whole), beside, "<= 12 ms", whole.median <= 0.012)
    beside = f"{1000 * (auto.median - whole.median):.1f} ms more"
    yield Row("... with --denoise auto, which finds no noise", str(auto), beside, "<= 17 ms", auto.median <= 0.017)
    bare, cleaned = alternate(
        [lambda: enhancer(frame, denoise=0), lambda: enhancer(frame, denoise="auto")], 2 * repeats
    )
    more = cleaned.median - bare.median
    beside = f"{1000 * more:.0f} ms more"
    yield Row("... a noisy one with --denoise auto", str(cleaned), beside, "<= 150 ms more", more <= 0.150)
    lattice = timed(lambda: enhancer.processor.for_picture(clean, EnhanceOptions()), 5 * repeats)
    beside = f"{lattice.median / whole.median:.2f} of the whole"
    yield Row("thumbnail and network alone", str(lattice), beside, "", None)
    name = "the same by DCENet on the full frame, ONNX Runtime, denormals flushed"
    try:
        require("train")
    except MissingExtraError as error:
        yield Row(name, "not measured", str(error), ">= 100 x", None)
        return
    printed = module("pielight.bench.full_frame", "1080", "1920", str(threads or 0))
    seconds = [float(number) for number in printed.split()]
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


def jpeg_files(work: Path, threads: int | None, repeats: int) -> Iterator[Row]:
    """Measure a 12 MP JPEG file to a JPEG file, warm and as a separate process.

    Beside it Pillow decodes the same file, and encodes the pixels of the result with its tables and subsampling: the
    dark source would take less, as its file is smaller.
    """
    source, target = work / "12mp.jpg", work / "12mp_out.jpg"
    source.write_bytes(jpeg(picture(4000, 3000, noise=0)))
    enhancer = Enhancer(threads=threads)
    enhancer.enhance_and_save(source, target)
    with Image.open(target) as result:
        result.load()

    def codec() -> None:
        with Image.open(source) as image:
            image.load()
        result.save(work / "codec.jpg", quality="keep")

    def files(denoise: Denoise) -> Callable[[], object]:
        return lambda: enhancer.enhance_and_save(source, target, EnhanceOptions(denoise=denoise))

    codec_times, *every = alternate([codec, files(0.0), files("auto")], repeats)
    for words, times in zip(("--denoise 0", "--denoise auto, which finds no noise"), every, strict=True):
        ratio = times.median / codec_times.median
        beside = f"Pillow's decode + encode {codec_times}: ratio {ratio:.2f}"
        yield Row(f"12 MP JPEG file to file, {words}", str(times), beside, "<= 1.25 x", ratio <= 1.25)
    cold = timed(lambda: command(str(source), "-o", str(work / "cold"), "--existing", "overwrite"), repeats)
    beside = f"{cold.median / codec_times.median:.1f} x that decode + encode"
    yield Row("12 MP, one cold 'pielight photo.jpg'", str(cold), beside, "<= 1 s", cold.median <= 1.0)


def memory(work: Path, megapixels: int, limit: Callable[[int], float], target: str) -> Row:
    """Measure the peak memory of the command on one large JPEG."""
    width, height = {24: (6000, 4000), 100: (10_000, 10_000)}[megapixels]
    source = work / f"{megapixels}mp.jpg"
    source.write_bytes(jpeg(picture(width, height)))
    start = time.perf_counter()
    peak = command(str(source), "-o", str(work / "large"), "--existing", "overwrite")
    seconds = time.perf_counter() - start
    name = f"{megapixels} MP ({width} x {height}): peak memory of the process"
    if peak is None:
        return Row(name, "not measured", "only on Linux and macOS", f"<= {target}", None)
    decoded = 3 * width * height / _MB
    beside = f"{peak / decoded:.1f} x the decoded picture ({decoded:.0f} MB); {seconds:.1f} s"
    return Row(name, f"{peak:.0f} MB", beside, f"<= {target}", peak <= limit(width * height))


def batch(work: Path, photos: int) -> Row:
    """Measure many photos of 2 MP with one worker and with two."""
    folder = work / "photos"
    folder.mkdir()
    contents = [jpeg(picture(1632, 1224, seed)) for seed in range(4)]
    for number in range(photos):
        (folder / f"{number:04}.jpg").write_bytes(contents[number % len(contents)])

    def run(workers: int) -> Callable[[], object]:
        return lambda: command(
            str(folder), "-o", str(work / f"out{workers}"), "-j", str(workers), "--existing", "overwrite", "-q"
        )

    one, two = alternate([run(1), run(2)], 3)
    gain = one.median / two.median
    name = f"{photos} photos of 2 MP, -j 2"
    beside = f"{photos / two.median:.0f} photos a second against {photos / one.median:.0f} with -j 1: {gain:.2f} x"
    return Row(name, str(two), beside, ">= 1.7 x", gain >= 1.7)
