"""Names of files and folders, anywhere below, whose tests have the marker `slow`: `make quick` leaves them out."""

SLOW = {
    "cli",
    "survey",
    "test_bench.py",
    "test_benchmarks.py",
    "test_corpus.py",
    "test_damaged.py",
    "test_joint_model.py",
    "test_memory.py",
    "test_offline.py",
    "test_run.py",
    "test_smoke.py",
    "test_trainer.py",
    "test_yaml_reader.py",
    "objectives",
}
