"""The ROS 2 node, with a stand-in of rclpy and sensor_msgs, which are no packages of PyPI's."""

from __future__ import annotations

import sys
from array import array
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pielight import Enhancer
from tests.integrations.modules import dark_picture, load, stand_in


class Node:
    """What rclpy's node is to this one."""

    parameters: dict[str, Any] = {}  # noqa: RUF012 - set from the command line

    def __init__(self, name: str) -> None:
        self.name, self.published, self.warnings = name, list[Any](), list[str]()

    def declare_parameter(self, name: str, default: Any) -> SimpleNamespace:
        return SimpleNamespace(value=self.parameters.get(name, default))

    def create_publisher(self, kind: Any, topic: str, qos: Any) -> SimpleNamespace:
        assert topic == "image_bright"
        assert qos == 5, "a depth alone is reliable, which suits reliable and best-effort subscribers"
        return SimpleNamespace(publish=self.published.append)

    def create_subscription(self, kind: Any, topic: str, callback: Any, qos: Any) -> None:
        assert topic == "image"
        assert qos == "best effort", "reliable would not match drivers of cameras"
        self.callback = callback

    def get_logger(self) -> SimpleNamespace:
        return SimpleNamespace(warning=lambda text, throttle_duration_sec: self.warnings.append(text))


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> Any:
    modules = {
        "rclpy": {},
        "rclpy.node": {"Node": Node},
        "rclpy.qos": {"qos_profile_sensor_data": "best effort"},
        "sensor_msgs": {},
        "sensor_msgs.msg": {"Image": SimpleNamespace},
    }
    for name, contents in modules.items():
        monkeypatch.setitem(sys.modules, name, stand_in(name, **contents))
    monkeypatch.setattr(Node, "parameters", {"threads": 1})
    return load("ros2/brighten_node.py")


def message(pixels: np.ndarray[Any, Any], encoding: str, big: bool = False, padding: int = 0) -> SimpleNamespace:
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    return SimpleNamespace(
        header="stamp", height=pixels.shape[0], width=pixels.shape[1], encoding=encoding, is_bigendian=big,
        step=rows.shape[1], data=rows.tobytes(),
    )  # fmt: skip


def test_frames_come_out_bright_with_their_header(ros: Any) -> None:
    node, dark = ros.BrightenNode(), dark_picture()
    node.callback(message(dark, "rgb8"))
    node.callback(message(dark[..., ::-1], "bgr8", padding=5))
    first, second = node.published
    assert (first.header, first.encoding, first.width, first.height) == ("stamp", "rgb8", 128, 96)
    bright = np.frombuffer(first.data, np.uint8).reshape(96, first.step // 3, 3)
    assert np.array_equal(bright, Enhancer(threads=1).frame_enhancer()(dark))
    assert bright.mean() > 2 * dark.mean()
    assert np.array_equal(np.frombuffer(second.data, np.uint8).reshape(96, 128, 3)[..., ::-1], bright)


def test_sixteen_bits_in_the_other_byte_order_and_gray(ros: Any) -> None:
    node, dark = ros.BrightenNode(), dark_picture()[..., 0].astype(np.uint16) * 257
    node.callback(message(dark.astype(">u2"), "mono16", big=True))
    (bright,) = node.published
    assert bright.is_bigendian == (sys.byteorder == "big")
    assert np.frombuffer(bright.data, np.uint16).mean() > 2 * dark.mean()


def test_the_last_row_may_lack_its_padding(ros: Any) -> None:
    node, padded = ros.BrightenNode(), message(dark_picture(), "rgb8", padding=7)
    node.callback(padded)
    node.callback(SimpleNamespace(**vars(padded) | {"data": array("B", padded.data[:-7])}))
    first, second = node.published
    assert (second.data, second.step) == (first.data, 3 * 128)
    assert not node.warnings


@pytest.mark.parametrize(
    "spoil", [{"encoding": "bayer_rggb8"}, {"data": b"short"}, {"step": 3 * 128 - 1}, {"data": b""}]
)
def test_what_it_does_not_know_is_passed_on(ros: Any, spoil: dict[str, Any]) -> None:
    node = ros.BrightenNode()
    odd = SimpleNamespace(**vars(message(dark_picture(), "rgb8")) | spoil)
    node.callback(odd)
    assert node.published == [odd]
    assert len(node.warnings) == 1
    assert len(node.warnings[0].splitlines()) == 1
