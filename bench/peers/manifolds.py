#!/usr/bin/env python3
"""Our operators against geoopt, HypLL and PyTorch in one process: one ratio a line, and its target.

Usage: bench/peers/manifolds.py [--pairs 15] [--only dist] [--peers build/peers]
Needs build/lib/libgyroseg_manifolds.so, a Python with torch and numpy, and the peers:
  pip install --no-deps --target build/peers geoopt hypll scipy

Forward plus backward, float32, c = 1. The two sides of a ratio run in turn, each first in every
other pair; the ratio is the median over pairs, so a noisy machine troubles it little. Exits with 1
where a target is missed.
"""

import argparse
import math
import pathlib
import re
import statistics
import subprocess
import sys
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHORTEST = 0.03  # seconds: shorter calls are repeated to fill it, longer ones than a second
LONGEST = 1.0  # are timed three times only
NOISE = 0.05  # what the ratio of a function to itself differs from 1 on a busy machine
C = torch.tensor(1.0)


def load(library):
    torch.ops.load_library(str(library))
    return torch.ops.gyroseg


def ball(*shape, dim=-1):
    """Points at random distances from the origin, up to 0.9 of the radius."""
    x = torch.randn(*shape)
    length = 0.9 * torch.rand_like(x.narrow(dim, 0, 1))
    return (length * x / x.norm(dim=dim, keepdim=True)).requires_grad_()


def step(f, *leaves):
    """Forward and backward of f, as a call without arguments; its value as `.value`."""
    grad = torch.rand_like(f())

    def run():
        return torch.autograd.grad(f(), leaves, grad)

    run.value = f().detach()
    return run


def seconds(f, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        f()
    return (time.perf_counter() - start) / repeats


def median_ratio(first, second, pairs):
    """Median over pairs of seconds(first)/seconds(second), and the medians of both."""
    estimates = [seconds(f, 1) for f in (first, second)]  # and they are warm now
    repeats = [max(1, math.ceil(SHORTEST / t)) for t in estimates]
    rows = []
    for pair in range(pairs if max(estimates) < LONGEST else min(pairs, 3)):
        own = seconds(first, repeats[0]) if pair % 2 == 0 else None
        other = seconds(second, repeats[1])
        own = seconds(first, repeats[0]) if own is None else own
        rows.append((own / other, own, other))
    return [statistics.median(column) for column in zip(*rows)]


class Peers:
    """The same functions of geoopt and HypLL. HypLL's Curvature(x) means c = softplus(x)."""

    def __init__(self, folder):
        sys.path.append(str(folder))  # at the end: torch and numpy are this Python's own
        try:
            import geoopt
            from hypll.manifolds.poincare_ball import Curvature, PoincareBall
            from hypll.tensors import ManifoldTensor, TangentTensor
        except ImportError as error:
            sys.exit(f"{error}: pip install --no-deps --target {folder} geoopt hypll scipy")
        self.geoopt = geoopt.PoincareBall(c=1.0)
        self.hypll = PoincareBall(Curvature(math.log(math.expm1(1.0))))
        assert abs(self.hypll.c().item() - 1) < 1e-6
        self.point = lambda x, dim=-1: ManifoldTensor(x, manifold=self.hypll, man_dim=dim)
        self.tangent = lambda v: TangentTensor(v, manifold=self.hypll)


# Each case yields (ours, label of theirs, theirs, target, "faster" or "cost"). "faster":
# theirs/ours must reach the target; "cost": ours/theirs must not pass it. None: for information.


def case_dist(ops, peers, *shape):
    x, y = ball(*shape), ball(*shape)
    ours = step(lambda: ops.poincare_dist(x, y, C), x, y)
    yield ours, "geoopt", step(lambda: peers.geoopt.dist(x, y), x, y), 12, "faster"
    hypll = step(lambda: peers.hypll.dist(peers.point(x), peers.point(y)), x, y)
    yield ours, "HypLL", hypll, 12, "faster"
    euclidean = step(lambda: (x - y).norm(dim=-1), x, y)
    euclidean.value = None
    yield ours, "(x - y).norm(dim)", euclidean, 1, "cost"


def case_expmap0(ops, peers):
    v = torch.randn(65536, 64).mul_(0.1).requires_grad_()
    ours = step(lambda: ops.poincare_expmap0(v, C), v)
    yield ours, "geoopt", step(lambda: peers.geoopt.expmap0(v), v), 10, "faster"
    hypll = step(lambda: peers.hypll.expmap(peers.tangent(v)).tensor, v)
    yield ours, "HypLL", hypll, 10, "faster"


def case_logmap0(ops, peers):
    y = ball(65536, 64)
    ours = step(lambda: ops.poincare_logmap0(y, C), y)
    yield ours, "geoopt", step(lambda: peers.geoopt.logmap0(y), y), None, "faster"
    hypll = step(lambda: peers.hypll.logmap(None, peers.point(y)).tensor, y)
    yield ours, "HypLL", hypll, None, "faster"


def case_mobius_add(ops, peers):
    x, y = ball(65536, 64), ball(65536, 64)
    ours = step(lambda: ops.poincare_mobius_add(x, y, C), x, y)
    geoopt = step(lambda: peers.geoopt.mobius_add(x, y, project=False), x, y)
    yield ours, "geoopt", geoopt, None, "faster"
    hypll = step(lambda: peers.hypll.mobius_add(peers.point(x), peers.point(y)).tensor, x, y)
    yield ours, "HypLL", hypll, None, "faster"


def case_cdist(ops, peers):
    x, y = ball(2048, 64), ball(2048, 64)
    ours = step(lambda: ops.poincare_cdist(x, y, C), x, y)
    geoopt = step(lambda: peers.geoopt.dist(x.unsqueeze(1), y.unsqueeze(0)), x, y)
    yield ours, "geoopt (broadcast)", geoopt, 100, "faster"
    x1, y1 = (peers.point(t.unsqueeze(0)) for t in (x, y))
    yield ours, "HypLL", step(lambda: peers.hypll.cdist(x1, y1)[0], x, y), 100, "faster"


def case_classifier(ops, peers, name):
    """131072 pixels of 64 features, 21 classes."""
    x, weight = ball(131072, 64), torch.randn(21, 64).mul_(0.3).requires_grad_()
    bias = torch.randn(21).mul_(0.1).requires_grad_()
    if name == "polar_mlr":
        v = ops.poincare_logmap0(x, C).detach().requires_grad_()
        ours = step(lambda: ops.polar_mlr(v, weight, bias, C), v, weight, bias)
    else:
        p = (ball(21, 64).detach() * 0.3).requires_grad_()
        ours = step(lambda: ops.poincare_mlr(x, p, weight, C), x, p, weight)
    z = weight.detach().t().contiguous().requires_grad_()  # HypLL's are [D,K]
    planes = peers.point(z, 0)
    hypll = step(lambda: peers.hypll.hyperplane_dists(peers.point(x), planes, bias), x, z, bias)
    if name == "polar_mlr":
        assert torch.allclose(ours.value, hypll.value, rtol=1e-2, atol=1e-3)
    ours.value = None  # Ganea's hyperplanes are parametrised in another way
    yield ours, "HypLL", hypll, 2, "faster"
    linear = step(lambda: torch.nn.functional.linear(x, weight, bias), x, weight, bias)
    linear.value = None
    yield ours, "linear + bias", linear, 2, "cost"


def case_pixels(ops, _, name):
    """Channel first [8,64,128,128] against the rows [131072,64]."""
    op, arguments = getattr(ops, name), 1 if name.endswith("map0") else 2
    pixels = [ball(8, 64, 128, 128, dim=1) for _ in range(arguments)]
    rows = [t.detach().movedim(1, -1).reshape(-1, 64).requires_grad_() for t in pixels]
    ours = step(lambda: op(*pixels, C, 1), *pixels)
    ours.value = None  # the same numbers in another order
    yield ours, "our rows", step(lambda: op(*rows, C), *rows), 1 + NOISE, "cost"


CASES = {
    "dist [65536,64]": lambda o, p: case_dist(o, p, 65536, 64),
    "dist [16384,256]": lambda o, p: case_dist(o, p, 16384, 256),
    "expmap0 [65536,64]": case_expmap0,
    "logmap0 [65536,64]": case_logmap0,
    "mobius_add [65536,64]": case_mobius_add,
    "classifier poincare_mlr 131072x64x21": lambda o, p: case_classifier(o, p, "poincare_mlr"),
    "classifier polar_mlr 131072x64x21": lambda o, p: case_classifier(o, p, "polar_mlr"),
    "pixels dist": lambda o, p: case_pixels(o, p, "poincare_dist"),
    "pixels expmap0": lambda o, p: case_pixels(o, p, "poincare_expmap0"),
    "pixels mobius_add": lambda o, p: case_pixels(o, p, "poincare_mobius_add"),
    "cdist 2048x2048x64": case_cdist,
}


def report(name, text, ratio, target, kind, detail):
    met = target is None or (ratio >= target if kind == "faster" else ratio <= target)
    sign = ">=" if kind == "faster" else "<="
    wanted = "" if target is None else f"target {sign} {target:g}"
    verdict = "" if target is None else ("ok" if met else "MISSED")
    print(f"{name:38s} {text:28s} {ratio:8.2f}  {wanted:13s} {verdict:7s} {detail}", flush=True)
    return met


def run_case(name, rows, pairs):
    met = True
    for ours, label, theirs, target, kind in rows:
        if ours.value is not None and theirs.value is not None:  # else the times mean nothing
            assert torch.allclose(ours.value, theirs.value, rtol=1e-2, atol=1e-3), (name, label)
        faster = kind == "faster"
        sides = (theirs, ours) if faster else (ours, theirs)
        ratio, first, second = median_ratio(*sides, pairs)
        text = f"{label} / ours" if faster else f"ours / {label}"
        detail = f"{1e3 * first:.4g} ms / {1e3 * second:.4g} ms"
        met &= report(name, text, ratio, target, kind, detail)
    return met


def memory(name):
    """VmRSS or VmHWM (the peak) of this process, in MiB."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) / 1024


def extra_memory(library):
    """Peak memory that a cdist of 2048 x 2048 x 64 adds, in MiB: result and gradients included."""
    ops = load(library)
    x, y = ball(2048, 64), ball(2048, 64)
    grad = torch.rand(2048, 2048)
    torch.autograd.grad(ops.poincare_cdist(x[:64], y[:64], C), (x, y), grad[:64, :64])  # libraries
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    torch.autograd.grad(ops.poincare_cdist(x, y, C), (x, y), grad)
    return memory("VmHWM") - before


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "build/peers",
                        help="folder of geoopt, HypLL and SciPy")
    parser.add_argument("--library", default=ROOT / "build/lib/libgyroseg_manifolds.so")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print(extra_memory(options.library))
        return 0

    ops, peers, met = load(options.library), Peers(options.peers), True
    torch.manual_seed(1)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, forward + backward, "
          f"float32, median of {options.pairs} pairs")
    for name, case in CASES.items():
        if options.only in name:
            met &= run_case(name, case(ops, peers), options.pairs)
    if options.only in "cdist memory":
        own = [sys.executable, __file__, "--memory", "--library", str(options.library)]
        mib = float(subprocess.run(own, capture_output=True, text=True, check=True).stdout)
        met &= report("cdist memory 2048x2048x64", "peak RSS added, MiB", mib, 64, "cost", "")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
