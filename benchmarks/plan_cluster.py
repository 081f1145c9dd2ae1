"""Plan a cluster: machines, hours, bandwidth and money for many photos, from a rate that was measured on one core.

Usage: python benchmarks/plan_cluster.py --milliseconds CPU_OF_A_PHOTO [--photos 1e6,1e9] [--megabytes 4] [--cores 64]
    [--hours 24] [--efficiency 0.85] [--shard-megabytes 512] [--core-hour 0.045] [--gigabyte-month 0.023]
    [--thousand-puts 0.005] [--thousand-gets 0.0004]

The milliseconds are those that `cluster_speed.py --only batch` prints for photos of your size. Core-hours are photos x
milliseconds / efficiency; machines are as many as end within the hours; bandwidth is that of all machines together,
reading and writing. Prices are examples in dollars: put your provider's in. Storage holds photos and results for a
month; requests are those of tar shards (parts of 32 MB), and those of single files for comparison.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import _command as command

PART = 32e6  # bytes of a request: pielight.cluster.storage.ONE_REQUEST


class Plan(NamedTuple):
    """What some photos take."""

    core_hours: float
    machines: int
    hours: float
    gigabits: float  # a second, each way, of all machines
    terabytes: float  # of photos, and as much of results
    compute: float
    storage: float
    requests_of_shards: float
    requests_of_files: float


def plan(photos: float, milliseconds: float, megabytes: float, cores: int, most_hours: float, efficiency: float,
         shard_megabytes: float, core_hour: float, gigabyte_month: float, thousand_puts: float,
         thousand_gets: float) -> Plan:  # fmt: skip
    """Return what photos take.

    >>> plan(1e6, 360, 4, 10, 10, 1, 512, 0.05, 0.02, 0.005, 0.0004)[:3]
    (100.0, 1, 10.0)
    """
    core_hours = photos * milliseconds / 3.6e6 / efficiency
    machines = max(1, math.ceil(round(core_hours / cores / most_hours, 9)))
    hours = core_hours / cores / machines
    size = photos * megabytes * 1e6
    shards = size / (shard_megabytes * 1e6)
    parts = size / PART
    request = (thousand_gets + thousand_puts) / 1000
    return Plan(
        core_hours, machines, hours, size * 8e-9 / (hours * 3600), size * 1e-12, machines * hours * cores * core_hour,
        2 * size * 1e-9 * gigabyte_month, parts * request + shards * 4 * thousand_puts / 1000, photos * request,
    )  # fmt: skip


def main() -> None:
    """Print the plan."""
    parser = command.Command(__doc__)
    parser.add_argument("--milliseconds", type=float, required=True)
    parser.add_argument("--photos", default="1e6,1e9")
    for name, default in (("megabytes", 4.0), ("hours", 24.0), ("efficiency", 0.85), ("shard-megabytes", 512.0),
                          ("core-hour", 0.045), ("gigabyte-month", 0.023), ("thousand-puts", 0.005),
                          ("thousand-gets", 0.0004)):  # fmt: skip
        parser.add_argument(f"--{name}", type=float, default=default)
    parser.add_argument("--cores", type=command.at_least(1), default=64)
    options = parser.parse_args()
    print("| photos | core-hours | machines | hours | Gbit/s each way | TB of photos | compute | storage, a month "
          "| requests of shards | of single files |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for text in options.photos.split(","):
        try:
            photos = float(text)
        except ValueError:
            parser.error(f"--photos {text}: no number")
        made = plan(photos, options.milliseconds, options.megabytes, options.cores, options.hours, options.efficiency,
                    options.shard_megabytes, options.core_hour, options.gigabyte_month, options.thousand_puts,
                    options.thousand_gets)  # fmt: skip
        money = " | ".join(f"${value:,.0f}" for value in made[5:])
        machines = f"{made.machines:,} x {options.cores} cores"
        print(f"| {photos:,.0f} | {made.core_hours:,.0f} | {machines} | {made.hours:.1f} | {made.gigabits:,.1f} "
              f"| {made.terabytes:,.0f} | {money} |")  # fmt: skip


if __name__ == "__main__":
    command.run(main)
