"""Ray with two nodes on this machine: a worker and a node are killed in the middle."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("ray")
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
import psutil
import ray
from ray.cluster_utils import Cluster

from pielight.cluster.finish import finish
from pielight.cluster.options import ClusterOptions
from pielight.cluster.ray_workers import RayWorkers
from pielight.cluster.run import ClusterJob, prepare, run
from pielight.errors import PielightError
from pielight.options import EnhanceOptions
from tests.cluster.conftest import read_tar
from tests.cluster.test_cluster_run import files

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}
HEALTH = {"health_check_period_ms": 1000, "health_check_failure_threshold": 5}  # else a dead node is told after 20 s


@pytest.fixture
def two_nodes() -> Iterator[tuple[Cluster, Any]]:
    cluster = Cluster(
        initialize_head=True, head_node_args={**NODE, "include_dashboard": False, "_system_config": HEALTH}
    )
    node = cluster.add_node(**NODE)
    yield cluster, node
    ray.shutdown()
    cluster.shutdown()


def busy_workers(node: Any) -> list[psutil.Process]:
    """Processes of a node that enhance a shard now."""
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    return [child for child in raylet.children() if "try_shard" in " ".join(child.cmdline())]


def test_killed_workers_and_nodes_lose_nothing(
    two_nodes: tuple[Cluster, Any], make_tars: Callable[..., Path], tmp_path: Path
) -> None:
    tars = make_tars(8, 5, size=(960, 640))
    slow = ClusterOptions(EnhanceOptions(denoise=1.0))
    job = ClusterJob(str(tars), str(tmp_path / "out"), slow)
    cluster, node = two_nodes
    killed, is_over = list[str](), threading.Event()

    def kill() -> None:
        while "worker" not in killed and not is_over.wait(0.01):
            for process in busy_workers(cluster.head_node)[:1]:
                process.send_signal(signal.SIGKILL)
                killed.append("worker")
        while "node" not in killed and not is_over.wait(0.01):
            if busy_workers(node):
                cluster.remove_node(node, allow_graceful=False)
                killed.append("node")

    thread = threading.Thread(target=kill)
    thread.start()
    ends = list(run(prepare(job).tasks, RayWorkers(cluster.address)))
    is_over.set()
    thread.join()
    assert killed == ["worker", "node"]
    assert len([end for end in ends if end.is_tried_again]) >= 2
    names = [f"{number:04d}.tar" for number in range(8)]
    assert sorted(end.shard.name for end in ends if end.manifest) == names
    assert not [end.text for end in ends if end.manifest is None and not end.is_tried_again]
    assert sorted(files(tmp_path / "out")) == names
    for name in names:
        assert [member for member, _ in read_tar(tmp_path / "out" / name)] == [one for one, _ in read_tar(tars / name)]
    summary = finish(job, verify=True)
    assert (summary.is_whole, summary.done, summary.copied) == (True, 40, 40)
    photo = dict(read_tar(tars / "0003.tar"))["0017.jpg"]
    assert (
        dict(read_tar(tmp_path / "out/0003.tar"))["0017.jpg"] == slow.enhancer().enhance_bytes(photo, slow.enhance)[0]
    )


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "init", lambda *_, **__: (_ for _ in ()).throw(ConnectionError("no\nsuch cluster")))
    with pytest.raises(PielightError, match=r"^--address 127\.0\.0\.1:1: such cluster$"):
        RayWorkers("127.0.0.1:1")
