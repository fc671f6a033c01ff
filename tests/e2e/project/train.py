"""A training run as the page's tests need it: coloured logs, a progress bar, links, metrics, several ways to fail."""
import json
import math
import os
import random
import sys
import time


def arguments():
    given = {"mode": "ok", "lr": 0.01, "steps": 200, "pause": 0.0}
    words = [word.lstrip("-") for word in sys.argv[1:]]
    for at, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in given:
            given[name] = type(given[name])(value or words[at + 1])
    return given


def hostile():
    print("<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>")
    print("\x1b]0;title\x07\x1b[2J\x1b[31mred <b>not bold</b>\x1b[0m \x1b]8;;javascript:window.hacked=1\x07link\x1b]8;;\x07")
    print("right to left: \u202egnp.exe \u2066isolate\u2069 \u200f")
    print("long: " + "x" * 100_000)
    print("nul and bell: \x00\x07 end")


def lines(count, pause):
    """Numbered lines of 100 bytes; with a pause, so many a second as 1 / pause, whatever the machine does meanwhile."""
    begun = time.time()
    for at in range(count):
        print(f"line {at} ".ljust(99, "."))
        if pause and at % 100 == 99:
            sys.stdout.flush()
            time.sleep(max(0.0, begun + at * pause - time.time()))
    print("done", flush=True)


def fail(mode):
    if mode == "import":
        __import__("a_module_nobody_has")
    if mode == "cuda":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79.15 GiB of which 1.19 GiB is free.")
    if mode == "missing":
        open("/data/tulu3_mix/train-00017.arrow")
    if mode == "exit":
        sys.exit(3)
    if mode == "kill":
        os.kill(os.getpid(), 9)


def main():
    given = arguments()
    if given["mode"] == "lines":
        return lines(given["steps"], given["pause"])
    random.seed(given["lr"])
    print(f"\x1b[1mtrain\x1b[0m lr={given['lr']} steps={given['steps']}")
    print("wandb: View run at https://wandb.ai/example/page-tests/runs/a1b2c3d4", flush=True)
    metrics = open(os.path.join(os.environ.get("SLUICE_RUN_DIR", "."), "metrics.jsonl"), "a", encoding="utf-8")
    for step in range(1, given["steps"] + 1):
        loss = 2.2 * math.exp(-step / (given["steps"] / 4)) + 1.1 + random.uniform(-.05, .05)
        norm = 0.4 + 1.4 * math.exp(-step / (given["steps"] / 8)) + random.uniform(-.06, .06)
        print(f"\x1b[32mINFO\x1b[0m  step \x1b[1m{step}\x1b[0m  loss \x1b[1m{loss:.4f}\x1b[0m  lr {given['lr']:.2e}  grad {norm:.2f}  \x1b[2mtok/s\x1b[0m 412.8k")
        metrics.write(json.dumps({"step": step, "time": time.time(), "train/loss": loss, "train/grad_norm": norm, "train/tokens_per_s": 412_800 + random.uniform(-9e3, 5e3)}) + "\n")
        if step % 40 == 0:
            print(f"\x1b[33mWARNING\x1b[0m  dataloader waited {random.uniform(1, 2):.1f} s, worker 3 slow on shard {step:04d}")
            print(f"\x1b[34mEVAL\x1b[0m  step \x1b[1m{step}\x1b[0m  eval/loss \x1b[1m{loss + .09:.4f}\x1b[0m", flush=True)
            metrics.write(json.dumps({"step": step, "eval/loss": loss + .09}) + "\n")
            metrics.flush()
        if given["pause"]:
            sys.stdout.flush()
            metrics.flush()
            time.sleep(given["pause"])
    for done in range(0, 101, 5):
        print(f"\rsaving: {done:3d}%|{'#' * (done // 5):20s}| {done}/100", end="", flush=True)
    print()
    if given["mode"] == "hostile":
        hostile()
    fail(given["mode"])
    print("done", flush=True)


main()
