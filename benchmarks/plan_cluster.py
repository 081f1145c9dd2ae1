"""Plan a cluster: machines, hours, bandwidth and money for many photos, from a rate that was measured on one core.

Usage: python benchmarks/plan_cluster.py --milliseconds CPU_OF_A_PHOTO [--photos 1e6,1e9] [--megabytes 4] [--growth 1.3]
    [--cores 64] [--hours 24] [--efficiency 0.85] [--shard-megabytes 512] [--core-hour 0.045] [--gigabyte-month 0.023]
    [--thousand-puts 0.005] [--thousand-gets 0.0004]

The milliseconds are those that `cluster_speed.py --only batch` prints for photos of your size. Core-hours are photos x
milliseconds / efficiency; machines are as many as end within the hours; bandwidth is that of all machines together.
Growth is bytes of results by bytes of photos, as in a report.parquet: brighter JPEGs are larger. Prices are examples in
dollars: put your provider's in. Storage holds photos and results for a month; requests are those of tar shards (parts
of 32 MB), and those of single files for comparison.
"""

from __future__ import annotations

import argparse
import math
from typing import NamedTuple

import _command as command

PART = 32e6  # bytes of a request: pielight.cluster.storage.ONE_REQUEST


class Plan(NamedTuple):
    """What some photos take."""

    core_hours: float
    machines: int
    hours: float
    gigabits_in: float  # a second, of all machines
    gigabits_out: float
    terabytes: float  # of photos and results
    compute: float
    storage: float
    requests_of_shards: float
    requests_of_files: float


def plan(photos: float, milliseconds: float, megabytes: float, growth: float, cores: int, most_hours: float,
         efficiency: float, shard_megabytes: float, core_hour: float, gigabyte_month: float, thousand_puts: float,
         thousand_gets: float) -> Plan:  # fmt: skip
    """Return what photos take.

    >>> plan(1e6, 360, 4, 1.3, 10, 10, 1, 512, 0.05, 0.02, 0.005, 0.0004)[:3]
    (100.0, 1, 10.0)
    """
    core_hours = photos * milliseconds / 3.6e6 / efficiency
    machines = max(1, math.ceil(round(core_hours / cores / most_hours, 9)))
    hours = core_hours / cores / machines
    size = photos * megabytes * 1e6
    both, rate = size * (1 + growth), size * 8e-9 / (hours * 3600)
    shards = size / (shard_megabytes * 1e6)
    get, put = thousand_gets / 1000, thousand_puts / 1000
    return Plan(
        core_hours, machines, hours, rate, rate * growth, both * 1e-12, machines * hours * cores * core_hour,
        both * 1e-9 * gigabyte_month, size / PART * (get + growth * put) + shards * 4 * put, photos * (get + put),
    )  # fmt: skip


def main() -> None:
    """Print the plan."""
    parser = command.Command(__doc__)
    parser.add_argument("--milliseconds", type=command.positive, required=True)
    parser.add_argument("--photos", default="1e6,1e9")
    for name, default in (("megabytes", 4.0), ("growth", 1.3), ("hours", 24.0), ("efficiency", 0.85),
                          ("shard-megabytes", 512.0)):  # fmt: skip
        parser.add_argument(f"--{name}", type=command.positive, default=default)
    for name, default in (("core-hour", 0.045), ("gigabyte-month", 0.023), ("thousand-puts", 0.005),
                          ("thousand-gets", 0.0004)):  # fmt: skip
        parser.add_argument(f"--{name}", type=command.amount, default=default)
    parser.add_argument("--cores", type=command.at_least(1), default=64)
    options = parser.parse_args()
    print("| photos | core-hours | machines | hours | Gbit/s in | out | TB | compute | storage, a month "
          "| requests of shards | of single files |")  # fmt: skip
    print("|---" * 11 + "|")
    for text in options.photos.split(","):
        try:
            photos = command.positive(text)
        except argparse.ArgumentTypeError as error:
            parser.error(f"--photos {error}")
        made = plan(photos, options.milliseconds, options.megabytes, options.growth, options.cores, options.hours,
                    options.efficiency, options.shard_megabytes, options.core_hour, options.gigabyte_month,
                    options.thousand_puts, options.thousand_gets)  # fmt: skip
        money = " | ".join(f"${_rounded(value)}" for value in made[6:])
        machines = f"{made.machines:,} x {options.cores} cores"
        print(f"| {photos:,.0f} | {_rounded(made.core_hours)} | {machines} | {_rounded(made.hours, 1)} "
              f"| {_rounded(made.gigabits_in)} | {_rounded(made.gigabits_out)} | {_rounded(made.terabytes)} "
              f"| {money} |")  # fmt: skip


def _rounded(value: float, digits: int = 0) -> str:
    """Return a number as text, a small one with two digits that count.

    >>> _rounded(12345.6), _rounded(1.23), _rounded(0.0321)
    ('12,346', '1.2', '0.032')
    """
    return f"{value:,.{digits}f}" if value >= 10 else f"{value:.2g}"


if __name__ == "__main__":
    command.run(main)
