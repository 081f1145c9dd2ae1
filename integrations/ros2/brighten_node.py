#!/usr/bin/env python3
"""ROS 2 node: brightens ``image`` into ``image_bright`` (sensor_msgs/Image), without flicker and without delay."""

from __future__ import annotations

import sys
from array import array
from typing import Any

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from pielight import EnhanceOptions, Enhancer, PielightError

_ENCODINGS = {  # type, channels, and whether blue comes first
    "mono8": (np.uint8, 1, False), "mono16": (np.uint16, 1, False),
    "rgb8": (np.uint8, 3, False), "rgb16": (np.uint16, 3, False), "rgba8": (np.uint8, 4, False),
    "bgr8": (np.uint8, 3, True), "bgr16": (np.uint16, 3, True), "bgra8": (np.uint8, 4, True),
}  # fmt: skip


class BrightenNode(Node):  # type: ignore[misc, unused-ignore]
    """The node. Parameters: ``model``, ``strength``, ``fps``, and ``threads`` (0: every core)."""

    def __init__(self) -> None:
        super().__init__("brighten")
        defaults = {"model": "pie", "strength": 1.0, "fps": 30.0, "threads": 0}
        set_to = {name: self.declare_parameter(name, value).value for name, value in defaults.items()}
        enhancer = Enhancer(set_to["model"], threads=set_to["threads"] or None)
        options, fps = EnhanceOptions(set_to["strength"]), set_to["fps"]
        self._enhance = {bgr: enhancer.frame_enhancer(options, fps=fps, bgr=bgr) for bgr in (False, True)}
        # cameras publish best effort, which a reliable subscriber refuses; a reliable publisher suits either kind
        self._publisher = self.create_publisher(Image, "image_bright", 5)
        self.create_subscription(Image, "image", self.brighten, qos_profile_sensor_data)

    def brighten(self, message: Any) -> None:
        """Publish a message brightened, with its header; one that holds no such picture is passed on as it is."""
        try:
            pixels, bgr = _pixels(message)
            bright = self._enhance[bgr](pixels)
        except (PielightError, ValueError) as error:
            self.get_logger().warning(f"passed on unchanged: {error}", throttle_duration_sec=5.0)
            self._publisher.publish(message)
            return
        result = Image(header=message.header, height=message.height, width=message.width, encoding=message.encoding)
        result.is_bigendian, result.step = sys.byteorder == "big", bright.strides[0]
        result.data = array("B", bright.tobytes())  # which messages take as it is; of others they check each byte
        self._publisher.publish(result)


def _pixels(message: Any) -> tuple[np.ndarray[Any, Any], bool]:
    """Return the pixels (H, W, C) of a message, in native byte order, and whether blue comes first.

    Raises:
        ValueError: The encoding is another one, or the data or its rows are too short.
    """
    if message.encoding not in _ENCODINGS:
        raise ValueError(f"encoding {message.encoding}: expected one of {', '.join(_ENCODINGS)}")
    kind, channels, bgr = _ENCODINGS[message.encoding]
    dtype = np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<")
    row, step = message.width * channels * dtype.itemsize, message.step
    needed = (message.height - 1) * step + row  # some drivers leave out the padding of the last row
    if step < row or len(message.data) < needed:
        raise ValueError(f"{len(message.data)} bytes in rows of {step}: expected {needed}, and rows of {row} or more")
    rows = np.ndarray((message.height, row), np.uint8, message.data, strides=(step, 1))
    values = rows.copy().view(dtype)
    return values.reshape(message.height, message.width, channels).astype(kind), bgr


def main() -> None:
    """Run the node until it is interrupted."""
    rclpy.init()
    node = BrightenNode()
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()


if __name__ == "__main__":
    main()
