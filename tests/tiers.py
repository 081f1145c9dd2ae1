"""Which tests have the marker `slow`, which `make quick` leaves out: by names of files and folders, wherever they are."""

SLOW = {
    "cli",
    "survey",
    "test_bench.py",
    "test_benchmarks.py",
    "test_corpus.py",
    "test_damaged.py",
    "test_jpeg_segments.py",
    "test_loop.py",
    "test_memory.py",
    "test_offline.py",
    "test_run.py",
    "test_smoke.py",
    "test_yaml_reader.py",
    "joint",
    "objectives",
}
