"""Randomised rounds of faults (support/rounds.py). ROUNDS and SEED in the environment, as `make drill` sets them."""
import os
import random
import threading

import pytest

from support.rounds import ALL_CUTS, run_rounds

pytestmark = pytest.mark.drill
ROUNDS = int(os.environ.get("ROUNDS") or (ALL_CUTS if os.environ.get("CUTS") else 200))
SEED = 0 if os.environ.get("CUTS") else int(os.environ["SEED"])
BATCH = 20


def batches():
    return [range(SEED + first, SEED + min(first + BATCH, ROUNDS)) for first in range(0, ROUNDS, BATCH)]


class Weather(threading.Thread):
    """What befalls the whole site meanwhile: the controller stands still, connections drop, accounting is away."""

    def __init__(self, bed, seed):
        super().__init__()
        self.bed = bed
        self.dice = random.Random(seed)
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(self.dice.uniform(3, 8)):
            verbs = self.dice.choice([("stop", "cont", "ctld"), ("stop", "cont", "ctld"), ("stop", "cont", "dbd"),
                                      ("drop", None, None)])
            self.bed.do(verbs[0], verbs[2])
            if verbs[1]:
                self.over.wait(self.dice.choice([1, 3, 12]))
                self.bed.do(verbs[1], verbs[2])


@pytest.mark.parametrize("seeds", batches(), ids=lambda seeds: f"seeds-{seeds.start}-{seeds.stop - 1}")
def test_no_job_is_lost_or_doubled_whatever_happens(bed, seeds):
    weather = Weather(bed, seeds.start)
    weather.start()
    try:
        failed, struck = run_rounds(bed, seeds)
    finally:
        weather.over.set()
        weather.join()
    print(f"{len(seeds)} rounds from SEED={seeds.start}; struck: {dict(struck)}")
    assert not failed, "\n\n".join(f"SEED={seed} ROUNDS=1:\n" + "\n".join(problems)
                                   for seed, problems in sorted(failed.items()))
