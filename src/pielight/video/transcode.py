"""A clip decoded, enhanced and encoded at the same time, in memory that does not grow with its length."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from av.packet import Packet
from av.video.frame import VideoFrame

from pielight.errors import PictureError
from pielight.video.byte_queue import ByteQueue, Closed
from pielight.video.clip_enhancer import ClipEnhancer
from pielight.video.color import Converter
from pielight.video.decode import ClipReader
from pielight.video.previews import Previews
from pielight.video.progress import ClipProgress, ClipStopped
from pielight.video.side_by_side import side_by_side
from pielight.video.writer import ClipWriter

MOST_BYTES = 48 << 20  # that wait between two stages
_TICK = 0.1  # seconds between two looks at whether to stop
Item: TypeAlias = "Packet[Any] | VideoFrame | None"  # None is the end; PyAV takes a parameter in its stubs only


@dataclass
class Pipeline:
    """The stages of a clip: reading and enhancing have a thread each, and the calling one encodes and writes.

    Attributes:
        reader: Decodes.
        enhancer: Enhances.
        writer: Encodes and writes.
        previews: Sees every frame of the result.
        pix_fmt: Pixel format of the result.
        beside: Whether frames show the clip beside the result.
        total: Frames in all; None if unknown.
    """

    reader: ClipReader
    enhancer: ClipEnhancer
    writer: ClipWriter
    previews: Previews
    pix_fmt: str
    beside: bool = False
    total: int | None = None

    def run(self, file: BinaryIO, on_progress: Callable[[ClipProgress], None], stop: Callable[[], bool]) -> int:
        """Run all stages to the end of the clip, and return the number of frames written.

        Args:
            file: Where the result goes, for its size.
            on_progress: Called after each frame.
            stop: Asked several times a second.

        Raises:
            ClipStopped: ``stop`` returned True.
            PielightError: A stage failed.
        """
        read: ByteQueue[Item] = ByteQueue(MOST_BYTES)
        enhanced: ByteQueue[Item] = ByteQueue(MOST_BYTES)
        errors: list[BaseException] = []

        def stage(work: Callable[[], None]) -> None:
            try:
                work()
            except Closed:
                return
            except BaseException as error:  # noqa: BLE001 - raised again by the calling thread
                errors.append(error)
                read.close()
                enhanced.close()

        stages = [
            threading.Thread(target=stage, args=(work,), name="pielight-clip", daemon=True)
            for work in (lambda: self._read(read), lambda: self._enhance(read, enhanced))
        ]
        for thread in stages:
            thread.start()
        try:
            return self._write(enhanced, file, on_progress, stop)
        except Closed:
            raise (errors or [PictureError("a thread ended early")])[0] from None
        finally:
            read.close()
            enhanced.close()
            for thread in stages:
                thread.join()

    def _read(self, out: ByteQueue[Item]) -> None:
        for item in self.reader:
            out.put(item, size_of(item))
        out.put(None, 0)

    def _enhance(self, source: ByteQueue[Item], out: ByteQueue[Item]) -> None:
        originals: deque[VideoFrame] = deque()
        converter = Converter()

        def give(frames: list[VideoFrame]) -> None:
            for frame in frames:
                shown = frame
                if self.beside:
                    before = originals.popleft()
                    if before.format.name != self.pix_fmt:
                        before = converter.back(converter.to_rgb(before), before, self.pix_fmt)
                    shown = side_by_side(before, frame)
                out.put(shown, size_of(shown))

        while (item := source.get()) is not None:
            if isinstance(item, Packet):
                out.put(item, size_of(item))
                continue
            if self.beside:
                originals.append(item)
            give(self.enhancer.push(item))
        give(self.enhancer.flush())
        out.put(None, 0)

    def _write(
        self,
        source: ByteQueue[Item],
        file: BinaryIO,
        on_progress: Callable[[ClipProgress], None],
        stop: Callable[[], bool],
    ) -> int:
        start, count = time.monotonic(), 0
        while True:
            if stop():
                raise ClipStopped("stopped; nothing was written")
            try:
                item = source.get(_TICK)
            except TimeoutError:
                continue
            if item is None:
                return count
            if isinstance(item, Packet):
                self.writer.copy(item)
                continue
            self.previews.take(item)
            self.writer.encode(item)
            count += 1
            on_progress(ClipProgress(count, self.total, time.monotonic() - start, file.tell()))


def size_of(item: Packet[Any] | VideoFrame) -> int:
    """Return the bytes that a packet or a frame takes.

    >>> size_of(VideoFrame(64, 16, "gray"))
    1024
    """
    if isinstance(item, Packet):
        return int(item.size)
    return sum(plane.buffer_size for plane in item.planes)
