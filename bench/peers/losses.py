#!/usr/bin/env python3
"""Our loss operators against plain PyTorch in one process: one ratio a line, and its target.

Usage: bench/peers/losses.py [--pairs 9] [--only tree_min]
Needs build/lib/libgyroseg_losses.so and the Python whose torch it was built with.

The other side is written as earlier systems write these losses (HSSN, Zhao et al.): one-hot
labels, sigmoids, loops over the classes, eps inside the logarithms. Forward plus backward, float32,
a tree of 26 nodes in 3 levels on [8,26,256,256]. The two sides of a ratio run in turn, each first
in every other pair; the ratio is the median over pairs. Memory is the peak that one call adds, the
gradient included, each side in a process of its own. Exits with 1 where a target is missed.
"""

import argparse
import pathlib
import subprocess
import sys

import torch
import torch.nn.functional as F

import manifolds  # its timing; this folder is on the path

ROOT = manifolds.ROOT
VOID = 255

# CamVid's shape: groups of categories of leaves, 3 + 7 + 16 nodes. Leaf ids are not contiguous.
GROUPS = {"background": {"sky": [0], "nature": [5, 11]},
          "structure": {"construction": [1, 7, 12], "object": [2, 6, 13], "flat": [3, 4]},
          "traffic": {"vehicle": [8, 14, 15], "human": [9, 10]}}


def make_tree():
    """parent [26], leaf_node [16], levels as lists of nodes. Leaves come first."""
    parent, levels, leaves = [-1] * 16, [[], [], list(range(16))], range(16)
    for categories in GROUPS.values():
        group = len(parent)
        parent.append(-1)
        levels[0].append(group)
        for ids in categories.values():
            category = len(parent)
            parent.append(group)
            levels[1].append(category)
            for i in ids:
                parent[i] = category
    return torch.tensor(parent), torch.tensor(leaves), levels


PARENT, LEAF_NODE, LEVELS = make_tree()
NODES = len(PARENT)


def ancestors(v):
    return [] if v < 0 else [v, *ancestors(PARENT[v].item())]


def make_batch(seed=1):
    torch.manual_seed(seed)
    logits = (torch.randn(8, NODES, 256, 256) * 2).requires_grad_()
    coarse = torch.randint(0, len(LEAF_NODE), (8, 1, 16, 16)).float()
    labels = F.interpolate(coarse, size=256).squeeze(1).long()  # regions, as in a photograph
    labels[:, :8] = VOID
    return logits, labels


def one_hot(logits, labels):
    target = torch.zeros_like(logits)
    for i, leaf in enumerate(LEAF_NODE.tolist()):
        for v in ancestors(leaf):
            target[:, v][labels == i] = 1
    return target


def plain_tree_min(logits, labels, gamma):
    s, target = logits.sigmoid(), one_hot(logits, labels)
    node = s.unbind(1)  # slices s[:, v] would make its backward three times slower
    valid = (labels != VOID).unsqueeze(1)
    low = torch.stack([torch.stack([node[u] for u in ancestors(v)], 1).amin(1)
                       for v in range(NODES)], 1)
    high = torch.stack([torch.stack([node[u] for u in range(NODES) if v in ancestors(u)], 1).amax(1)
                        for v in range(NODES)], 1)
    on, off = -target * torch.log(low + 1e-8), -(1 - target) * torch.log(1 - high + 1e-8)
    if gamma > 0:
        on, off = on * (1 - low) ** gamma, off * high ** gamma
    term = (on + off) * valid
    return sum(term[:, level].sum() / (valid.sum() * len(level)) for level in LEVELS)


def own_tree_min(ops, logits, labels, gamma):
    terms = ops.tree_min_loss(logits, labels, PARENT, LEAF_NODE, gamma, VOID)
    return sum(terms[level].mean() for level in LEVELS)


def case_tree_min(ops, gamma, form):
    logits, labels = make_batch()
    logits = logits.detach().contiguous(memory_format=form).requires_grad_()
    ours = manifolds.step(lambda: own_tree_min(ops, logits, labels, gamma), logits)
    theirs = manifolds.step(lambda: plain_tree_min(logits, labels, gamma), logits)
    yield ours, "plain PyTorch", theirs, 10, "faster"


def patches(map_):
    """The 3 x 3 neighbours of every position, [B,V,9,n] less their means."""
    h, w = map_.shape[2] - 2, map_.shape[3] - 2
    shifted = [map_[:, :, y:y + h, x:x + w].flatten(2) for y in range(3) for x in range(3)]
    x = torch.stack(shifted, 2).double()
    return x - x.mean(3, keepdim=True)


def plain_rmi(logits, labels):
    """[V], as Zhao et al.'s code has it."""
    valid = (labels != VOID).unsqueeze(1)
    y, p = one_hot(logits, labels), logits.sigmoid() * valid + 1e-6
    y, p = (patches(F.max_pool2d(t, 3, 3, padding=1)) for t in (y, p))
    alpha = 1e-3 * torch.eye(9, dtype=torch.float64)
    yp = y @ p.mT
    m = y @ y.mT - yp @ torch.inverse(p @ p.mT + alpha) @ yp.mT + alpha
    log_det = 2 * (torch.linalg.cholesky(m).diagonal(dim1=-2, dim2=-1) + 1e-8).log().sum(-1)
    return (log_det / 2).mean(0).float() / 9


def case_rmi(ops, form):
    logits, labels = make_batch()
    logits = logits.detach().contiguous(memory_format=form).requires_grad_()
    ours = manifolds.step(lambda: ops.rmi_loss(
        logits, labels, PARENT, LEAF_NODE, 3, 3, VOID), logits)
    theirs = manifolds.step(lambda: plain_rmi(logits, labels), logits)
    yield ours, "plain PyTorch", theirs, None, "faster"


CASES = {
    "tree_min": lambda o: case_tree_min(o, 0.0, torch.contiguous_format),
    "tree_min channels_last": lambda o: case_tree_min(o, 0.0, torch.channels_last),
    "tree_min focal": lambda o: case_tree_min(o, 2.0, torch.contiguous_format),
    "rmi": lambda o: case_rmi(o, torch.contiguous_format),
    "rmi channels_last": lambda o: case_rmi(o, torch.channels_last),
}
# name: (least ratio of memory, or None; ours, theirs)
MEMORY = {
    "tree_min": (4, lambda o, z, y: own_tree_min(o, z, y, 0.0),
                 lambda o, z, y: plain_tree_min(z, y, 0.0)),
    "rmi": (None, lambda o, z, y: o.rmi_loss(z, y, PARENT, LEAF_NODE, 3, 3, VOID).sum(),
            lambda o, z, y: plain_rmi(z, y).sum()),
}


def extra_memory(ops, loss):
    """Peak memory that forward and backward add, in MiB: the gradient included."""
    logits, labels = make_batch()
    loss(ops, logits[:1, :, :32, :32], labels[:1, :32, :32]).backward()  # libraries
    logits.grad = None
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = manifolds.memory("VmRSS")
    loss(ops, logits, labels).backward()
    return manifolds.memory("VmHWM") - before


def compare_memory(name, library):
    target = MEMORY[name][0]
    mib = [float(subprocess.run([sys.executable, __file__, "--memory", f"{name}:{side}",
                                 "--library", str(library)], capture_output=True, text=True,
                                check=True).stdout) for side in (1, 2)]
    return manifolds.report(f"{name} memory", "plain PyTorch / ours", mib[1] / mib[0], target,
                            "faster", f"{mib[1]:.4g} MiB / {mib[0]:.4g} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--library", default=ROOT / "build/lib/libgyroseg_losses.so")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    ops, met = manifolds.load(options.library), True
    if options.memory:
        name, side = options.memory.split(":")
        print(extra_memory(ops, MEMORY[name][int(side)]))
        return 0
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load {load}, "
          f"[8,{NODES},256,256] float32, forward + backward, median of {options.pairs} pairs")
    for name, case in CASES.items():
        if options.only in name:
            met &= manifolds.run_case(name, case(ops), options.pairs)
    for name in MEMORY:
        if options.only in f"{name} memory":
            met &= compare_memory(name, options.library)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
