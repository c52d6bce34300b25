"""Event files and the projector's files of a training run, as the Python package tensorboard reads them.

Usage: event_files_test.py FOLDER_OF_PROGRAMS [unittest's arguments]
Exits with 77 where this Python has no tensorboard.
"""

import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BIN = pathlib.Path(sys.argv[1]).resolve()

try:
    import numpy as np
    from PIL import Image
    from safetensors.numpy import load_file
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
    from werkzeug.test import Client
except ImportError as error:
    print(f"skipped: {sys.executable} lacks {error.name} (scripts/setup installs it)")
    sys.exit(77)

CONFIG = """
name: events
hierarchy:
  background: {}
  body:
    upper_body: {low_hand: {}, torso: {}, head: {}, up_hand: {}}
    lower_body: {low_leg: {}, up_leg: {}}
labels: {background: 0, low_hand: 1, torso: 2, low_leg: 3, head: 4, up_leg: 5, up_hand: 6}
data: {root: %s, image_size: [24, 16], threads: 1}
model: {encoder: convnet, encoder_channels: [8, 16], decoder: unet, auxiliary_weight: 0}
embedding: {space: poincare, dim: 3, curvature: 0.5, learn_curvature: true}
classifier: {input: embedding}
loss: [{name: cross_entropy}, {name: tree_triplet, weight: 0.5}]
optimizer: {name: adamw, lr: 0.01}
training: {epochs: 3, batch_size: 2, ema: 0.5, evaluate_train: 4, tensorboard: true, threads: 1}
decode: [level_sum, leaf_argmax]
"""
STEPS = 12
EPOCH = 4
IMAGES = 5  # of validation
SIDE, HEIGHT, WIDTH = 48, 24, 16  # of the files, and as the network sees them


def nearest(place, size):
    """Row or column of a mask file at the centre of one of the network's pixels."""
    return (2 * place + 1) * SIDE // (2 * size)


def program(name, *arguments):
    done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode != 0:
        raise AssertionError(f"{name}: {done.stdout}{done.stderr}")
    return done.stdout


def records(file):
    """(length, its checksum, message, its checksum) of each record, to the last byte."""
    data = file.read_bytes()
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 8], "little")
        body = data[at + 12:at + 12 + length]
        assert len(data) >= at + 16 + length, "cut off"
        yield (data[at:at + 8], int.from_bytes(data[at + 8:at + 12], "little"), body,
               int.from_bytes(data[at + 12 + length:at + 16 + length], "little"))
        at += 16 + length


def read(run):
    events = EventAccumulator(str(run / "events"), size_guidance={
        "scalars": 0, "images": 0, "tensors": 0, "histograms": 0})
    return events.Reload()


class EventFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="gyroseg_events_"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        data = cls.folder / "data"
        program("make_figures", "--output", data, "--train", 8, "--val", IMAGES, "--test", 1,
                "--size", SIDE)
        cls.config = cls.folder / "config.yaml"
        cls.config.write_text(CONFIG % data)
        cls.run_folder = cls.folder / "whole"
        program("train", "--config", cls.config, "--output", cls.run_folder)
        cls.events = read(cls.run_folder)
        cls.lines = [json.loads(line)
                     for line in (cls.run_folder / "metrics.jsonl").read_text().splitlines()]

    def scalars(self, tag, events=None):
        return {e.step: e.value for e in (events or self.events).Scalars(tag)}

    def test_every_record_is_framed(self):
        (file,) = (self.run_folder / "events").glob("events.out.tfevents.*")
        count = 0
        for length, length_sum, message, message_sum in records(file):
            self.assertEqual(masked_crc32c(length), length_sum)
            self.assertEqual(masked_crc32c(message), message_sum)
            Event.FromString(message)
            count += 1
        self.assertGreater(count, STEPS)

    def test_steps_average_to_the_lines(self):
        for tag in ("total", "cross_entropy@leaf", "tree_triplet"):
            steps = self.scalars("train/" + tag)
            self.assertEqual(list(steps), list(range(1, STEPS + 1)))
            for line in self.lines:
                past = [steps[s] for s in range(line["step"] - EPOCH + 1, line["step"] + 1)]
                self.assertAlmostEqual(np.mean(past), line["train"][tag], delta=1e-6)
        rates = self.scalars("learning_rate")
        self.assertEqual(rates[1], np.float32(0.01))
        for line in self.lines:
            self.assertEqual(rates[line["step"]], np.float32(line["lr"]))

    def test_validations_are_those_of_the_lines(self):
        self.assertEqual([line["step"] for line in self.lines], [4, 8, 12])
        for line in self.lines:
            def check(tag, expected):
                self.assertEqual(self.scalars(tag)[line["step"]], np.float32(expected), tag)

            check("curvature", line["curvature"])
            for group, figures in (("val", line["val"]), ("train_eval", line["train_eval"])):
                check(group + "/loss", figures["loss"])
                for term, value in figures["terms"].items():
                    check(f"{group}/{term}", value)
                for level in figures["levels"]:
                    for key in ("miou", "miou_without_background", "pixel_accuracy", "ece"):
                        if level[key] is not None:
                            check(f"{group}_level_sum/{key}@{level['level']}", level[key])
        # Of the leaves both modes' accuracy is a share of the same pixels; levels differ.
        self.assertEqual(set(self.scalars("val_leaf_argmax/miou@3")), {4, 8, 12})
        self.assertIn("val_leaf_argmax/consistency_violations", self.events.Tags()["scalars"])

    def test_panels_are_images_of_fixed_samples(self):
        tags = self.events.Tags()["images"]
        self.assertEqual(len(tags), 4)
        for tag in tags:
            self.assertTrue(tag.startswith("panels/"))
            shown = self.events.Images(tag)
            self.assertEqual([e.step for e in shown], [4, 8, 12])
            name = tag[len("panels/"):]
            (file,) = (self.folder / "data/val/images").glob(name + ".*")
            photo = np.asarray(Image.open(file).convert("RGB").resize((WIDTH, HEIGHT), Image.BOX), int)
            mask = np.asarray(Image.open(self.folder / "data/val/masks" / (name + ".png")))
            truth = mask[np.ix_(nearest(np.arange(HEIGHT), HEIGHT), nearest(np.arange(WIDTH), WIDTH))]
            parts = []
            for event in shown:
                image = Image.open(io.BytesIO(event.encoded_image_string))
                self.assertEqual((image.format, image.size), ("PNG", (3 * WIDTH, HEIGHT)))
                self.assertEqual((event.width, event.height), image.size)
                parts.append(np.split(np.asarray(image, int), 3, axis=1))
            for image, true, _ in parts:
                np.testing.assert_array_equal(image, parts[0][0])
                np.testing.assert_array_equal(true, parts[0][1])
            self.assertLess(np.abs(parts[0][0] - photo).mean(), 3)
            # The overlay is half the image, half a colour for each class.
            colour = 2 * parts[0][1] - parts[0][0]
            means = []
            for label in np.unique(truth):
                pixels = colour[truth == label]
                means.append(pixels.mean(axis=0))
                self.assertLess(np.abs(pixels - means[-1]).max(), 3)
            for i, first in enumerate(means):
                for second in means[:i]:
                    self.assertGreater(np.abs(first - second).max(), 5)

    def test_histogram_counts_every_pixel(self):
        shown = self.events.Histograms("embedding/radius")
        self.assertEqual([e.step for e in shown], [4, 8, 12])
        for event in shown:
            histogram = event.histogram_value
            self.assertEqual(sum(histogram.bucket), histogram.num)
            self.assertEqual(histogram.num % 4, 0)
            self.assertGreater(histogram.num, 0)
            self.assertGreaterEqual(histogram.min, 0)
            mean = histogram.sum / histogram.num
            self.assertTrue(histogram.min < mean < histogram.max)
            self.assertGreaterEqual(histogram.sum_squares / histogram.num, mean**2)
            self.assertAlmostEqual(histogram.bucket_limit[-1], histogram.max)

    def test_config_is_text(self):
        (tag,) = self.events.Tags()["tensors"]
        self.assertEqual(tag, "config")
        (event,) = self.events.Tensors(tag)
        text = event.tensor_proto.string_val[0].decode()
        written = (self.run_folder / "config.yaml").read_text().splitlines()
        self.assertEqual([line[4:] for line in text.splitlines()], written)
        self.assertEqual(self.events.SummaryMetadata(tag).plugin_data.plugin_name, "text")

    def test_projector_serves_the_points(self):
        folder = self.run_folder / "events"
        plugin = ProjectorPlugin(TBContext(logdir=str(folder)))

        def ask(serve, **query):
            answer = Client(serve).get("/", query_string={"run": ".", **query})
            self.assertEqual(answer.status_code, 200, answer.get_data())
            return answer.get_data()

        (embedding,) = json.loads(ask(plugin._serve_config))["embeddings"]
        name = embedding["tensorName"]
        self.assertIn("tangent vectors at the origin (poincare, c = 0.", name)
        self.assertEqual(embedding["sprite"]["singleImageDim"], [32, 32])
        points = np.frombuffer(ask(plugin._serve_tensor, name=name), np.float32).reshape(-1, 3)
        rows = [line.split("\t") for line in
                ask(plugin._serve_metadata, name=name).decode().splitlines()]
        sprite = Image.open(io.BytesIO(ask(plugin._serve_sprite_image, name=name)))
        header, rows = rows[0], rows[1:]
        self.assertEqual(header, ["leaf", "predicted", "correct", "level 1", "level 2", "radius",
                                  "image", "x", "y"])
        self.assertEqual(len(rows), len(points))
        self.assertTrue(0 < len(rows) <= 2000)
        self.assertEqual(sprite.size, (32 * int(np.ceil(np.sqrt(len(rows)))),) * 2)
        values = {"background": 0, "body/upper_body/low_hand": 1, "body/upper_body/torso": 2,
                  "body/lower_body/low_leg": 3, "body/upper_body/head": 4,
                  "body/lower_body/up_leg": 5, "body/upper_body/up_hand": 6}
        counts = {}
        for row, point in zip(rows, points):
            cells = dict(zip(header, row))
            counts[cells["leaf"]] = counts.get(cells["leaf"], 0) + 1
            mask = Image.open(self.folder / "data/val/masks" /
                              (pathlib.Path(cells["image"]).stem + ".png"))
            x, y = int(cells["x"]), int(cells["y"])
            self.assertEqual(np.asarray(mask)[nearest(y, HEIGHT), nearest(x, WIDTH)],
                             values[cells["leaf"]])
            self.assertEqual(cells["correct"],
                             "yes" if cells["leaf"] == cells["predicted"] else "no")
            self.assertTrue(cells["leaf"].startswith(cells["level 1"]))
            # lambda0 = 2 in the ball.
            self.assertAlmostEqual(float(cells["radius"]), 2 * np.linalg.norm(point), delta=1e-4)
        self.assertGreaterEqual(len(counts), 4)
        self.assertLessEqual(max(counts.values()), 2000 // 7)
        drawn = [(row[6], row[7], row[8]) for row in rows]
        self.assertEqual(len(set(drawn)), len(drawn))

    def test_a_resumed_run_keeps_the_old_file(self):
        run = self.folder / "halves"
        program("train", "--config", self.config, "--output", run, "--stop-after", 3)
        (first,) = (run / "events").iterdir()
        before = first.read_bytes()
        saved = {name: (run / name).read_bytes() for name in ("last.safetensors", "last.json")}
        program("train", "--resume", run, "--stop-after", 3)
        # As after a crash: what was made since the checkpoint is made again.
        for name, data in saved.items():
            (run / name).write_bytes(data)
        program("train", "--resume", run)
        files = sorted((run / "events").glob("events.out.tfevents.*"))
        self.assertEqual(len(files), 3)
        self.assertEqual(files[0], first)
        self.assertEqual(first.read_bytes(), before)
        events = read(run)
        for tag in self.events.Tags()["scalars"]:
            self.assertEqual([(e.step, e.value) for e in events.Scalars(tag)],
                             [(e.step, e.value) for e in self.events.Scalars(tag)], tag)

    def test_off_by_default_and_without_effect(self):
        run = self.folder / "off"
        program("train", "--config", self.config, "--output", run, "--set",
                "training.tensorboard=false")
        self.assertFalse((run / "events").exists())
        without, beside = (load_file(folder / "last.safetensors") for folder in (run, self.run_folder))
        self.assertEqual(without.keys(), beside.keys())
        for name, weights in without.items():
            self.assertTrue(np.array_equal(weights, beside[name]), name)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
