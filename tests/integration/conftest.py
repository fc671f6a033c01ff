"""Fixtures of the integration tests. One bed serves the whole session; every test has its own gateway.

SLUICE_BED=DIR uses a bed that is up already (`tests/cluster/bed up --dir DIR`): quick while writing tests.
SLUICE_BIN=FILE runs another binary (the sanitizers' build).
"""
import itertools
import os
import pathlib
import random
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from support.bed import ROOT, Bed, SbatchFaults  # noqa: E402
from support.gateway import Gateway  # noqa: E402
from support.project import make_ledger_project, make_project  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.sshd import Agent, OtherSshd  # noqa: E402
from support.world import SmallDisk, WallClock  # noqa: E402


def bed_template():
    return str(ROOT / "build" / "bed-template")


@pytest.fixture(scope="session")
def bed():
    """The cluster `alder`. Where it cannot start, every test that wants it fails with its reason."""
    given = os.environ.get("SLUICE_BED")
    if given:
        yield Bed(given)
        return
    made = Bed.up(template=bed_template())
    yield made
    made.down()


@pytest.fixture(scope="session")
def quick_bed():
    """A second bed that forgets finished jobs after 2 s (MinJobAge)."""
    made = Bed.up("--min-job-age", "2", "--message-timeout", "5", template=bed_template())
    yield made
    made.down()


@pytest.fixture
def needs_oom(bed):
    if not bed.env["oom"]:
        pytest.skip(f"no OUT_OF_MEMORY here: {bed.env['oom_reason']}")


@pytest.fixture
def folder():
    """An empty 0700 folder of short name, removed at the end."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="sluice-t-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def gateway(request, folder):
    """gateway(clusters=[...], config={...}, env={...}, start=True, args=[...]): a running gateway. Without
    clusters: the bed as `alder`, and `local`."""
    made = []

    def make(clusters="default", start=True, **more):
        if isinstance(clusters, str) and clusters == "default":
            clusters = [request.getfixturevalue("bed").cluster(), {"name": "local", "type": "local"}]
        place = folder / f"gw{len(made)}"
        place.mkdir(mode=0o700)
        gw = Gateway(place, clusters=clusters, **more)
        made.append(gw)
        return gw.start() if start else gw

    yield make
    problems = []
    for gw in made:
        try:
            gw.close()
        except Exception as error:  # pylint: disable=broad-except
            problems.append(str(error))
    report = getattr(request.node, "report_call", None)
    if report is not None and report.failed:
        for gw in made:
            print(f"--- {gw.log_file}\n{gw.log_tail(60)}")
    if problems:
        pytest.fail("\n".join(problems))


@pytest.fixture
def project(folder):
    """project(config={...}, files={...}, name=...): a small git repository with .mlops-config.yaml; its path."""
    numbers = itertools.count()

    def make(config=None, files=None, name=None, commit=True):
        return make_project(folder / (name or f"project{next(numbers)}"), config, files, commit)

    return make


@pytest.fixture
def ledger_project(folder, bed):
    """ledger_project(seconds=0, code=0, user="ml"): a project whose payload keeps a ledger; (path, ledger file)."""
    numbers = itertools.count()

    def make(seconds=0, code=0, user="ml", config=None):
        number = next(numbers)
        home = bed.user(user)["home"]
        ledger = f"{home}/ledger-{folder.name}-{number}"
        path = make_ledger_project(folder / f"ledger{number}", ledger, seconds, code, config)
        return path, ledger

    return make


@pytest.fixture
def make_local_ledger(folder):
    """As ledger_project, for the cluster `local`: the ledger lies in the test's own folder."""
    numbers = itertools.count()

    def make(seconds=0, code=0, config=None):
        number = next(numbers)
        ledger = str(folder / f"ledger-{number}.txt")
        return make_ledger_project(folder / f"local-ledger{number}", ledger, seconds, code, config), ledger

    return make


@pytest.fixture
def proxied(bed, folder):
    """proxied(name="alder", ...): (proxy, entry of clusters.yaml) with a breakable link to the bed's sshd."""
    made = []

    def make(**entry):
        proxy = Proxy(bed.env["ssh_port"])
        made.append(proxy)
        known_hosts = bed.known_hosts_for(proxy.port, folder / f"known_hosts{len(made)}")
        ssh = {"known_hosts": known_hosts, **entry.pop("ssh", {})}
        return proxy, bed.cluster(port=proxy.port, ssh=ssh, **entry)

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def other_sshd(bed, folder):
    """other_sshd(host_keys=["rsa"], MACs="...", MaxSessions=1): a further sshd before the bed; .cluster() names it."""
    made = []

    def make(**options):
        made.append(OtherSshd(bed, folder / f"sshd{len(made)}", **options))
        return made[-1]

    yield make
    for sshd in made:
        sshd.stop()


@pytest.fixture
def ssh_agent(bed, folder):
    """ssh_agent(keys=["ed25519"]): an agent; give env={"SSH_AUTH_SOCK": it.socket} to the gateway."""
    made = []

    def make(**more):
        made.append(Agent(bed, folder, **more))
        return made[-1]

    yield make
    for agent in made:
        agent.stop()


@pytest.fixture
def sbatch_faults(bed):
    """sbatch_faults(user="ml"): put `slurm={"bin_dir": str(it.folder)}` into the cluster's entry, then it.set("hang")."""
    made = []

    def make(user="ml"):
        made.append(SbatchFaults(bed, user))
        return made[-1]

    yield make
    for faults in made:
        shutil.rmtree(faults.folder, ignore_errors=True)


@pytest.fixture
def wall_clock(folder):
    """A gateway's own wall clock: gateway(env=wall_clock.env), then wall_clock.set(86400)."""
    made = WallClock(folder)
    yield made
    made.close()


@pytest.fixture
def small_disk(bed, folder):
    """small_disk(user="ml"): a few megabytes that can be filled; its path makes a workspace."""
    made = []

    def make(user="ml"):
        made.append(SmallDisk(bed.user(user), f"disk-{folder.name}-{len(made)}"))
        return made[-1]

    yield make
    for disk in made:
        disk.close()


def pytest_configure():
    """One seed for all workers; the header names it."""
    os.environ.setdefault("SEED", str(random.randrange(1_000_000)))


def pytest_report_header():
    return f"randomised rounds: SEED={os.environ['SEED']}"


def pytest_collection_modifyitems(items):
    """The longest first, so that no worker is left alone with them."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in ("test_rounds", "test_19")))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report_call = outcome.get_result()
