"""Each scenario with every kind of call failing. TORTURE=all takes every point, TORTURE=ways the first call by each way to
it, ONLY=SCENARIO:KIND:MODE:N one of them, ONLY=SCENARIO[:KIND] a scenario's; else POINTS (default 1) of each kind are
drawn by SEED."""
import os
import pathlib
import shutil
import tempfile

import pytest

from runner import EACH_WAY, Torture
from scenarios import SCENARIOS

ONLY = os.environ.get("ONLY", "").split(":") if os.environ.get("ONLY") else []
BUDGET = {"all": None, "ways": EACH_WAY}.get(os.environ.get("TORTURE"), int(os.environ.get("POINTS") or 1))


@pytest.mark.parametrize("name", [name for name in SCENARIOS if not ONLY or ONLY[0] == name])
def test_no_failing_call_harms(name):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-x-", dir="/tmp"))
    torture = Torture(SCENARIOS[name](), folder, os.environ["SEED"])
    try:
        failures = torture.run(BUDGET, ONLY[1:])
    finally:
        torture.scenario.release()
        if torture.gateway.process:
            torture.gateway.kill9()
            for pid in torture.gateway.leftovers():
                os.kill(pid, 9)
    print(f"{name}: {torture.number} points, {torture.unmet} of them never came")
    if failures:
        pytest.fail("\n".join(failures), pytrace=False)
    shutil.rmtree(folder, ignore_errors=True)
