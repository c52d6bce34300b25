#!/usr/bin/env python3
"""A CamVid epoch of ours against PyTorch's, interleaved in one run: the median ratio of training seconds.

Usage: bench/peers/camvid_epoch.py [--pairs 3] [--epochs 2]
Needs build/bin/train, ../shared/camvid, ../shared/peers/camvid_torch.py and a Python with torch, numpy, Pillow.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAMVID = ROOT / "../shared/camvid"
PEER = ROOT / "../shared/peers/camvid_torch.py"


def run(command):
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if out.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{out.stdout}{out.stderr}")
    return out.stdout


def our_seconds(epochs):
    """Training seconds of each epoch, without validation, from metrics.jsonl."""
    with tempfile.TemporaryDirectory() as folder:
        run([ROOT / "build/bin/train", "--config", ROOT / "configs/camvid/flat.yaml",
             "--set", f"training.epochs={epochs}", "--output", f"{folder}/run"])
        log = pathlib.Path(folder, "run/metrics.jsonl").read_text()
    return [json.loads(line)["train_seconds"] for line in log.splitlines()]


def peer_seconds(python, epochs):
    """Training seconds of each epoch, whole seconds, from "ep 0 loss 1.234 27s"."""
    out = run([python, PEER, str(epochs), CAMVID])
    return [float(s) for s in re.findall(r"^ep \d+ loss \S+ (\d+)s", out, re.MULTILINE)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2, help="epochs a run")
    parser.add_argument("--python", default=str(ROOT / ".venv/bin/python"),
                        help="a Python with torch, numpy and Pillow")
    options = parser.parse_args()

    ratios = []
    for pair in range(options.pairs):
        # Each goes first in every other pair, so that a drift of the machine favours neither.
        if pair % 2 == 0:
            ours = our_seconds(options.epochs)
            theirs = peer_seconds(options.python, options.epochs)
        else:
            theirs = peer_seconds(options.python, options.epochs)
            ours = our_seconds(options.epochs)
        ratios.append(sum(ours) / sum(theirs))
        print(f"pair {pair + 1}: ours {sum(ours) / len(ours):.1f} s an epoch, "
              f"PyTorch {sum(theirs) / len(theirs):.1f} s, ratio {ratios[-1]:.3f}", flush=True)
    print(f"CamVid 240x184, ResNet-18, batch 8: median ratio ours / PyTorch {statistics.median(ratios):.3f} "
          f"of {len(ratios)} pairs ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
