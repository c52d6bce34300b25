#!/usr/bin/env python3
"""Our learned Poincare embeddings against gensim's PoincareModel: time of an epoch, side by side.

Usage: bench/peers/embed_tree.py --input relations.csv [--pairs 5] [--peers build/peers_gensim]
Needs build/bin/embed_tree and gensim in a folder of its own (it brings its own numpy and scipy):
  pip install --target build/peers_gensim gensim

The same relations (a CSV file with header id1,id2[,weight]), 5 dimensions, float64, batches of 10,
learning rate 0.1, one thread each. The target is of gensim's own way to draw negatives, by the number
of a node's relations. The other rows draw uniformly, for reference: gensim does so only once its
table of counts is set to ones, as here. With its own counts it draws all negatives of a node anew
until they differ and none is related, and with 50 of them it finishes no epoch on the mammals of
WordNet, whose root alone takes a tenth of the draws. The two sides run in turn, each first in every
other pair; the ratio is the median over pairs, of whole epochs without reading and setting up.
Exits with 1 where the target is missed.
"""

import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = 30
DIM, BATCH, RATE = 5, 10, 0.1
OURS_EPOCHS = 20  # a pass takes milliseconds: several fill a measurable time
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def read_relations(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return [tuple(row[:2]) for row in rows[1:]]


def gensim_seconds(relations, negatives, uniform):
    import numpy
    from gensim.models.poincare import PoincareModel
    model = PoincareModel(relations, size=DIM, alpha=RATE, negative=negatives, workers=1, burn_in=0)
    if uniform:
        nodes = len(model.kv.index_to_key)
        model._node_counts_cumsum = numpy.arange(1, nodes + 1)
        model._node_probabilities = numpy.full(nodes, 1 / nodes)
    start = time.perf_counter()
    model.train(epochs=1, batch_size=BATCH)
    return time.perf_counter() - start


def our_seconds(path, negatives, uniform):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ROOT / "build/bin/embed_tree", "--input", path, "--output", folder,
                        "--space", "poincare", "--dim", str(DIM), "--epochs", str(OURS_EPOCHS),
                        "--burn-in", "0", "--lr", str(RATE), "--negatives", str(negatives),
                        "--batch-size", str(BATCH), "--negative-power",
                        "0" if uniform else "1"],
                       check=True, capture_output=True, env={**os.environ, **ONE_THREAD})
        metrics = json.loads((pathlib.Path(folder) / "metrics.json").read_text())
    return metrics["seconds_per_pass"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=pathlib.Path, required=True)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "build/peers_gensim")
    options = parser.parse_args()
    os.environ.update(ONE_THREAD)
    sys.path.insert(0, str(options.peers))  # first: its numpy fits its gensim
    try:
        import gensim
    except ImportError as error:
        sys.exit(f"{error}: pip install --target {options.peers} gensim")
    relations, met = read_relations(options.input), True
    print(f"gensim {gensim.__version__}, {len(relations)} relations, dim {DIM}, batches of {BATCH}, "
          f"1 thread, median of {options.pairs} pairs")
    for negatives, uniform in ((10, False), (10, True), (50, True)):
        rows = []
        for pair in range(options.pairs):
            sides = [lambda: our_seconds(options.input, negatives, uniform),
                     lambda: gensim_seconds(relations, negatives, uniform)]
            order = (0, 1) if pair % 2 == 0 else (1, 0)
            seconds = [0.0, 0.0]
            for side in order:
                seconds[side] = sides[side]()
            rows.append((seconds[1] / seconds[0], *seconds))
        ratio, ours, theirs = (statistics.median(column) for column in zip(*rows))
        verdict = ""
        if not uniform:
            met = ratio >= TARGET
            verdict = f"  target >= {TARGET}  {'ok' if met else 'MISSED'}"
        drawn = "uniform" if uniform else "by counts"
        print(f"{negatives:3d} negatives {drawn:9s}: gensim / ours {ratio:7.1f}  "
              f"{1e3 * theirs:.0f} ms / {1e3 * ours:.1f} ms an epoch{verdict}", flush=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
