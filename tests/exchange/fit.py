#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Twenty steps of a model of two inputs and two outputs, by PyTorch.

fit.py FILE          compares what FILE holds with what is computed; prints TAP
fit.py --write FILE  writes it

tests/unit/test_pytorch.c trains the same model and compares with FILE. Data and
first weights come from one generator here and there, so that FILE holds results
only.
"""
import re
import sys

import torch
import torch.nn.functional as F

SAMPLES, BATCH, EPOCHS = 18, 4, 4  # five batches an epoch, the last of two
CLASS_WEIGHT = [1.0, 2.0, 0.5]
TOLERANCE = 1e-5  # from one PyTorch to another

WEIGHTS = [  # name, shape, trained
    ("tower/kernel", (6, 5), True),
    ("tower/bias", (5,), True),
    ("base/kernel", (6, 4), False),
    ("base/bias", (4,), False),
    ("norm/gamma", (4,), False),
    ("norm/beta", (4,), False),
    ("norm/moving_mean", (4,), False),
    ("norm/moving_variance", (4,), False),
    ("join/kernel", (14, 8), True),
    ("join/bias", (8,), True),
    ("kind/kernel", (8, 3), True),
    ("kind/bias", (3,), True),
    ("age/kernel", (8, 2), True),
    ("age/bias", (2,), True),
]


class Noise:
    """As noise() in tests/unit/conform.h."""

    def __init__(self):
        self.state = 1

    def __call__(self, low, high):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return low + (high - low) * ((self.state >> 8) / 2.0**24)

    def tensor(self, shape, low, high):
        n = torch.Size(shape).numel()
        return torch.tensor([self(low, high) for _ in range(n)],
                            dtype=torch.float32).reshape(shape)


def forward(w, a, b):
    def tower(x):
        return torch.tanh(x @ w["tower/kernel"] + w["tower/bias"])

    base = torch.tanh(a @ w["base/kernel"] + w["base/bias"])
    base = F.batch_norm(base, w["norm/moving_mean"], w["norm/moving_variance"],
                        w["norm/gamma"], w["norm/beta"], False, 0.0, 1e-3)
    h = torch.cat([tower(a), tower(b), base], 1)
    h = torch.tanh(h @ w["join/kernel"] + w["join/bias"])
    return h @ w["kind/kernel"] + w["kind/bias"], \
        h @ w["age/kernel"] + w["age/bias"]


def train(method, weighted):
    """The loss so far in its epoch after each step, and the outputs at the end."""
    noise = Noise()
    a = noise.tensor((SAMPLES, 6), -1, 1)
    b = noise.tensor((SAMPLES, 6), -1, 1)
    kind = noise.tensor((SAMPLES,), 0, 3).floor().long()
    age = noise.tensor((SAMPLES, 2), -1, 1)
    w = {}
    for name, shape, _ in WEIGHTS:
        low = 0.5 if name.endswith("variance") else -0.8
        w[name] = noise.tensor(shape, low, low + 1.6)
    trained = [w[name].requires_grad_() for name, _, t in WEIGHTS if t]
    if method == "sgd":
        opt = torch.optim.SGD(trained, lr=0.1, momentum=0.9)
    else:
        opt = torch.optim.Adam(trained, lr=0.02, eps=1e-10)
    count = torch.tensor(CLASS_WEIGHT if weighted else [1.0, 1.0, 1.0])
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for i in range(0, SAMPLES, BATCH):
            j = min(i + BATCH, SAMPLES)
            opt.zero_grad()
            k, y = forward(w, a[i:j], b[i:j])
            each = F.cross_entropy(k, kind[i:j], reduction="none")
            loss = (each * count[kind[i:j]]).mean() + \
                0.5 * F.mse_loss(y, age[i:j])
            loss.backward()
            opt.step()
            total += loss.item() * (j - i)
            losses.append(total / j)
    with torch.no_grad():
        k, y = forward(w, a, b)
    return losses, torch.cat([k, y], 1).flatten().tolist()


def all_numbers():
    torch.set_num_threads(1)
    made = {}
    for method in ("sgd", "adam"):
        for weighted in (False, True):
            name = method + ("_weighted" if weighted else "")
            made[name + "_loss"], made[name + "_output"] = \
                train(method, weighted)
    return made


def write(path, made):
    with open(path, "w") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n"
                "/* What PyTorch %s computes: made by tests/exchange/fit.py "
                "--write. */\n"
                "/* clang-format off */\n" % torch.__version__)
        for name, numbers in made.items():
            f.write("static const float %s[%d] = {\n" % (name, len(numbers)))
            for i in range(0, len(numbers), 5):
                f.write("\t" + " ".join("%.7ef," % v
                                        for v in numbers[i:i + 5]) + "\n")
            f.write("};\n")


def compare(path, made):
    text = open(path).read()
    bad = 0
    for n, (name, numbers) in enumerate(made.items(), 1):
        found = re.search(r"\b%s\[\d+\] = {(.*?)}" % name, text, re.S)
        kept = re.findall(r"[-\d.e+]+(?=f,)", found.group(1)) if found else []
        far = max((abs(float(k) - v) for k, v in zip(kept, numbers)),
                  default=0)
        fine = len(kept) == len(numbers) and far <= TOLERANCE
        bad += not fine
        print("%sok %d - PyTorch %s: %s is as committed (%d of %d numbers, "
              "%.1e apart at most)" % ("" if fine else "not ", n,
                                       torch.__version__, name, len(kept),
                                       len(numbers), far))
    print("1..%d" % len(made))
    return bad


if sys.argv[1] == "--write":
    write(sys.argv[2], all_numbers())
else:
    sys.exit(1 if compare(sys.argv[1], all_numbers()) else 0)
