"""Brighten a column of photos' bytes in Spark: ``spark-submit spark.py IN.parquet OUT.parquet``.

``pielight cluster`` needs no Spark; this is for tables that are there already. Photos that fail become null.
"""

import sys
from collections.abc import Iterator

import pandas as pd

from pielight import Enhancer, PielightError


def brighten(photo: bytes | None, enhancer: Enhancer) -> bytes | None:
    """Return the bytes of the brightened photo, with its metadata; None if it fails."""
    try:
        return None if photo is None else enhancer(photo)
    except PielightError:
        return None


def brighten_series(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
    """Brighten each series of bytes; Spark takes the kind of function from these types."""
    enhancer = Enhancer(threads=1)  # once for a partition; Spark has a task for each core
    for photos in batches:
        yield photos.map(lambda photo: brighten(photo, enhancer))


def main(source: str, target: str, column: str = "bytes") -> None:
    """Write a table with a brightened column."""
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import pandas_udf

    spark = SparkSession.builder.getOrCreate()
    # Arrow's batches are held in memory whole: few rows each, as photos are large.
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "16")
    udf = pandas_udf(brighten_series, "binary")
    spark.read.parquet(source).withColumn(column, udf(column)).write.parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
