"""The independent checker (tests/cluster/checker.py) in a test's hands."""
import importlib.util

from .bed import ROOT

spec = importlib.util.spec_from_file_location("checker", ROOT / "tests" / "cluster" / "checker.py")
checker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(checker)


def have_ended_there(bed, ledgers, tokens):
    """The payloads and Slurm say so, whatever the gateway knows."""
    return set(tokens) <= {end.token for end in checker.read_ledgers(ledgers)[1]} and not any(
        token in bed.slurm("squeue", "-h", "-t", "PD,CF,R,CG", "-o", "%Z") for token in tokens)


def is_told_by_accounting(bed, tokens):
    """slurmdbd hears of an end some moments behind the queue, seconds on a busy machine: until then nobody can know it."""
    rows = checker.read_sacct(bed.env["slurm_conf"])
    return set(tokens) <= {row.token for row in rows if row.state not in ("running", "pending", "requeued")}


def problems_of(gateway, ledgers, bed=None, accepted=()):
    """Do ledger, accounting and gateway agree: every accepted job once, whole, with its true end? Asked over REST and, as
    a second opinion, from the store's file."""
    rows = checker.read_sacct(bed.env["slurm_conf"]) if bed else None
    jobs = checker.jobs_over_rest(gateway.url)
    if rows is not None:
        known = {job["token"] for job in jobs}
        rows = [row for row in rows if row.token in known]
    problems = checker.check(jobs, ledgers, rows, accepted)
    stored = checker.jobs_from_store(str(gateway.state_dir / "sluice.db"))
    return problems + ["in the store: " + text for text in checker.check(stored, ledgers, rows, accepted)]


def assert_exactly_once(gateway, ledgers, bed=None, accepted=()):
    problems = problems_of(gateway, ledgers, bed, accepted)
    assert not problems, "\n".join(problems)
