#!/usr/bin/env python3
"""Our training step against PyTorch's, interleaved in one run: the median ratio of ours to theirs.

Usage: bench/peers/train_step.py [--pairs 9] [--encoder resnet18|resnet50] [--size 128] [--batch 8]
Needs build/bin/train_step, ../shared/peers/step_torch.py and a Python with torch.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEER_NAMES = {"resnet18": "r18", "resnet50": "r50"}


def milliseconds(command):
    """The milliseconds in "612 ms a step", which both programs print."""
    out = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r": ([\d.]+) ms a step", out.stdout)
    if out.returncode != 0 or found is None:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{out.stdout}{out.stderr}")
    return float(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--encoder", choices=PEER_NAMES, default="resnet18")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--python", default=str(ROOT / ".venv/bin/python"),
                        help="a Python with torch")
    options = parser.parse_args()

    size, batch = str(options.size), str(options.batch)
    ours = [str(ROOT / "build/bin/train_step"), "--encoder", options.encoder, "--size", size,
            "--batch", batch]
    theirs = [options.python, str(ROOT / "../shared/peers/step_torch.py"),
              PEER_NAMES[options.encoder], size, batch]
    for path in (ours[0], theirs[0], theirs[1]):
        if not pathlib.Path(path).exists():
            sys.exit(f"{path} is missing")

    ratios = []
    for pair in range(options.pairs):
        # Each goes first in every other pair, so that a drift of the machine favours neither.
        first_is_ours = pair % 2 == 0
        first = milliseconds(ours if first_is_ours else theirs)
        second = milliseconds(theirs if first_is_ours else ours)
        own, peer = (first, second) if first_is_ours else (second, first)
        ratios.append(own / peer)
        print(f"pair {pair + 1}: ours {own:.0f} ms, PyTorch {peer:.0f} ms, ratio {ratios[-1]:.3f}",
              flush=True)
    print(f"{options.encoder} {size}x{size} batch {batch}: median ratio ours / PyTorch "
          f"{statistics.median(ratios):.3f} of {len(ratios)} pairs "
          f"({min(ratios):.3f} to {max(ratios):.3f})")


main()
