#!/usr/bin/env python3
"""Trains a small neural network on the iris flowers, with the Python standard library alone.

    python3 train.py                       5-8 seconds
    python3 train.py epochs=50 lr=0.1      key=value, as Hydra takes it
    python3 train.py --epochs 50 --lr=0.1  or flags

Prints a line a step, and writes metrics.jsonl into $SLUICE_RUN_DIR (else the working directory).
"""
import csv
import json
import math
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIES = ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]

# name: default; the type of the default is the parameter's type
PARAMS = {"lr": 0.01, "epochs": 1200, "hidden": 12, "batch": 15, "seed": 1, "decay": 1e-4, "data": "iris.csv"}


class Usage(Exception):
    """What was given on the command line makes no sense."""


def words(argv):
    """(name, value) of each key=value, --key=value and --key value."""
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            if not word.startswith("--") or not rest:
                raise Usage(f"{word!r} is neither key=value nor --key value")
            value = rest.pop(0)
        yield name, value


def parse(argv):
    params = dict(PARAMS)
    for name, value in words(argv):
        if name not in params:
            raise Usage(f"no parameter is called {name!r}: there are {', '.join(params)}")
        try:
            params[name] = type(PARAMS[name])(value)
        except ValueError:
            raise Usage(f"{name}={value!r}: expected {type(PARAMS[name]).__name__}") from None
    if min(params["epochs"], params["hidden"], params["batch"]) < 1:
        raise Usage("epochs, hidden and batch are at least 1")
    return params


def load(path):
    """Rows of four numbers, scaled to mean 0 and deviation 1, with the class 0-2."""
    with open(path, newline="") as file:
        rows = [row for row in csv.reader(file) if row and not row[0].startswith("#")]
    inputs = [[float(x) for x in row[:4]] for row in rows[1:]]
    labels = [SPECIES.index(row[4]) for row in rows[1:]]
    for column in range(4):
        values = [row[column] for row in inputs]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
        for row in inputs:
            row[column] = (row[column] - mean) / deviation
    return list(zip(inputs, labels))


def split(data, rng):
    """Four fifths to train with, one fifth to test with."""
    data = list(data)
    rng.shuffle(data)
    cut = len(data) * 4 // 5
    return data[:cut], data[cut:]


class Network:
    """4 inputs, one layer of tanh, softmax over 3 classes."""

    def __init__(self, hidden, rng):
        self.first = [[rng.gauss(0, 0.5) for _ in range(5)] for _ in range(hidden)]  # the last weight is the bias
        self.second = [[rng.gauss(0, 0.5) for _ in range(hidden + 1)] for _ in range(3)]

    def forward(self, x):
        h = [math.tanh(sum(w * v for w, v in zip(row, x)) + row[4]) for row in self.first]
        z = [sum(w * v for w, v in zip(row, h)) + row[-1] for row in self.second]
        top = max(z)
        e = [math.exp(v - top) for v in z]
        total = sum(e)
        return h, [v / total for v in e]

    def gradients(self, batch):
        """Mean loss of the batch, and the gradient of each weight."""
        g1 = [[0.0] * 5 for _ in self.first]
        g2 = [[0.0] * len(row) for row in self.second]
        loss = 0.0
        for x, label in batch:
            h, p = self.forward(x)
            loss -= math.log(max(p[label], 1e-12))
            error = [p[k] - (k == label) for k in range(3)]
            for k in range(3):
                for j, v in enumerate(h):
                    g2[k][j] += error[k] * v
                g2[k][-1] += error[k]
            for j, v in enumerate(h):
                back = sum(error[k] * self.second[k][j] for k in range(3)) * (1 - v * v)
                for i in range(4):
                    g1[j][i] += back * x[i]
                g1[j][4] += back
        return loss / len(batch), (g1, g2)

    def step(self, grads, lr, decay, size):
        for weights, grad in zip((self.first, self.second), grads):
            for row, grow in zip(weights, grad):
                for i, g in enumerate(grow):
                    row[i] -= lr * (g / size + decay * row[i])

    def judge(self, data):
        """Mean loss and share of right answers."""
        loss, right = 0.0, 0
        for x, label in data:
            _, p = self.forward(x)
            loss -= math.log(max(p[label], 1e-12))
            right += p.index(max(p)) == label
        return loss / len(data), right / len(data)


def train(params, out):
    rng = random.Random(params["seed"])
    train_set, test_set = split(load(os.path.join(HERE, params["data"])), rng)
    network = Network(params["hidden"], rng)
    size, started = params["batch"], time.monotonic()
    every = max(1, params["epochs"] // 60)
    for step in range(1, params["epochs"] + 1):
        rng.shuffle(train_set)
        loss, batches = 0.0, 0
        for i in range(0, len(train_set), size):
            batch = train_set[i:i + size]
            part, grads = network.gradients(batch)
            network.step(grads, params["lr"], params["decay"], len(batch))
            loss, batches = loss + part, batches + 1
        if step % every and step != params["epochs"]:
            continue
        test_loss, accuracy = network.judge(test_set)
        print(f"step {step} loss {loss / batches:.3f} acc {accuracy:.2f}", flush=True)
        row = {"step": step, "loss": loss / batches, "test_loss": test_loss, "acc": accuracy,
               "elapsed_s": round(time.monotonic() - started, 3)}
        out.write(json.dumps(row) + "\n")
        out.flush()
    return accuracy


def main():
    try:
        params = parse(sys.argv[1:])
    except Usage as wrong:
        print(f"train.py: {wrong}", file=sys.stderr)
        return 2
    print("parameters " + " ".join(f"{name}={value}" for name, value in params.items()), flush=True)
    run_dir = os.environ.get("SLUICE_RUN_DIR") or "."
    with open(os.path.join(run_dir, "metrics.jsonl"), "a") as out:
        accuracy = train(params, out)
    print(f"done acc {accuracy:.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
