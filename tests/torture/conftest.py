"""What tests/integration stands on, for the gateway under failing calls."""
import os
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
os.environ.setdefault("SEED", str(random.randrange(1_000_000)))  # one for all workers


def pytest_report_header():
    return f"torture: SEED={os.environ['SEED']}"
