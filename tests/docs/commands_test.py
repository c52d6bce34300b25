"""The documents, run: every command of their sh blocks, every Python snippet, every YAML example;
every link leads to a file and every anchor to a heading; every C++ snippet has its own test; no
command hides in the prose.

Each document runs in a folder of its own with a small drawn data set. Before a command reads a
config, the config is written out resolved (train --print-config) with one step of two small images;
the command itself runs as it is printed. What cannot run here stands in NOT_RUN with its reason: a
command that fails and is not listed fails the test, and so does a line of NOT_RUN that no document
has. Likewise `commands --in the prose`: a block runs them, or SPOKEN_OF says why none does. What a
new page takes for granted (photo.jpg, runs/mine) is laid out by Workplace.lay_out.

Usage: commands_test.py BUILD_FOLDER TORCH_FOLDER [unittest's arguments]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD, TORCH = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
FOLDERS = (".", "docs", "configs", "papers", "manifolds")

# How a command begins (a pattern), and why it is not run here.
NOT_RUN = {
    r"scripts/demo": "test_demo runs it",
    r"scripts/test": "this test is part of it",
    r"scripts/fetch_weights weights/": "needs a file of torchvision's",
    r"docker ": "no Docker in our tests; scripts/build covers what the image does",
    r"\.venv/bin/pip install": "downloads",
    r"\.venv/bin/python bench/peers/": "a benchmark against packages of others",
    r"\.venv/bin/python \.\./shared/peers/": "a program of others, for hours",
    r"\.venv/bin/tensorboard": "serves until stopped; tests/python/event_files_test.py reads as it",
    r"bench/peers/": "a benchmark against packages of others",
    r"build/bin/train_step": "a benchmark",
    r"cmake (-B|--build)": "another build",
    r"cmake --install": "tests/install/consumer_test installs, and builds against that",
    **{rf"build/bin/compare_topologies --plan configs/topologies/{name}\.yaml --output":
       "hours; tests/binaries/compare_topologies_test.cpp runs a small plan"
       for name in ("figures", "camvid")},
    r"papers/run_plan (?!.*--list)": "hours; tests/binaries/plans_test.cpp runs a small plan",
    r"for run in flat euclidean poincare": "hours, and needs CamVid; each command is run elsewhere",
    r"build/bin/compare --run runs/camvid/": "of the runs above",
}

# What a document says in a line of prose, not for anybody to type as it stands.
SPOKEN_OF = {
    "plot_embeddings --split test --points 2000": "how the disk was made, of a long run",
    "embed_tree --method learned": "names the method",
    "compare_topologies --measure": "what compare_topologies starts by itself",
}
PROGRAMS = "|".join(file.stem for file in (ROOT / "experiments").glob("*.cpp")
                    if "int main(" in file.read_text())
COMMAND = re.compile(r"(\.venv/bin|build/bin|bench|scripts|papers)/\S+ \S|"
                     rf"({PROGRAMS}|torchrun|tensorboard|cmake|docker \w+|pip \w+) (.* )?-")

TINY = ["data.image_size=[32,32]", "data.threads=0", "model.pretrained=", "training.batch_size=2",
        "training.epochs=1", "training.max_steps=1", "training.threads=1",
        "training.validate_every=0"]
SEGHIERO = """\
dataset: {root: data/figures}
classes:
  coarse_to_fine_map: [[0, 0], [1, 6]]
  coarse_names: {0: background, 1: body}
model: {pretrained_model: resnet-18}
training: {device: cpu, gpus: []}
output: {project_name: people, checkpoint_dir: checkpoints}
"""
SEED004 = ("baseline", "lanczos", "augmented", "dice", "focal", "unet", "hierarchical")
RELATIONS = "id1,id2\ndog,mammal\ncat,mammal\nmammal,animal\nbird,animal\nowl,bird\n"


def copy_or_link(source, target):
    """Checkpoints are large, and replaced, never changed, by what writes them."""
    (os.link if os.path.getsize(source) > 1 << 20 else shutil.copy2)(source, target)


def documents():
    for folder in FOLDERS:
        pattern = "*.md" if folder == "." else "**/*.md"
        yield from sorted((ROOT / folder).glob(pattern))


def blocks(text, language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [body for marked, body in found if marked == language]


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


def commands(block):
    """The commands of a block, one each, continued lines joined and loops whole; no comments."""
    text = re.sub(r"\s*\\\n\s*", " ", block)
    lines = [re.sub(r"(^|\s+)#.*", "", line) for line in text.splitlines()]
    result, loop = [], []
    for line in filter(None, lines):
        loop.append(line)
        if not loop[0].startswith("for ") or line == "done":
            result.append("\n".join(loop))
            loop = []
    return result + loop


def slugs(text):
    """The anchors that GitHub gives to headings."""
    found = []
    for heading in re.findall(r"^#+ +(.*?)\s*$", prose(text), re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(slug + (f"-{found.count(slug)}" if slug in found else ""))
    return found


class Workplace:
    """A folder with what the documents take for granted."""

    def __init__(self, path):
        self.path = path
        self.path.mkdir()
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.environment.pop("GYROSEG_BUILD", None)
        self.small = set()

    def run(self, command, check=True):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=self.path, text=True,
                              env=self.environment, capture_output=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{command}\n{done.stderr[-2000:]}")
        return done

    def remove(self, name):
        file = self.path / name
        file.unlink() if file.is_symlink() else shutil.rmtree(file)

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def shorten(self, config):
        """The same config, resolved, for one step."""
        if config in self.small or not (self.path / config).is_file():
            return
        self.small.add(config)
        sets = " ".join(f"--set '{key}'" for key in TINY)
        resolved = self.run(f"build/bin/train --config {config} --print-config {sets}")
        self.write(config, resolved.stdout)

    def lay_out(self):
        for name in ("scripts", "papers", "bench", "docs"):
            (self.path / name).symlink_to(ROOT / name)
        (self.path / "build").symlink_to(BUILD)
        (self.path / ".venv").symlink_to(pathlib.Path(sys.executable).parents[1])
        shutil.copytree(ROOT / "configs", self.path / "configs")
        self.run("build/bin/make_figures --output data/figures --train 8 --val 18 --test 6 "
                 "--size 32 --seed 0")
        (self.path / "data/figures4000").symlink_to("figures")
        self.street()
        demo = (self.path / "configs/figures/demo.yaml").read_text()
        self.write("my.yaml", demo)
        self.write("seghiero.yaml", SEGHIERO)
        images = self.path / "data/figures/test/images"
        shutil.copytree(images, self.path / "folder_of_photos")
        shutil.copy(images / "000000.jpg", self.path / "photo.jpg")
        for name in ("relations.csv", "wordnet_mammals_closure.csv"):
            self.write(name, RELATIONS)
        self.write("tree.yaml", "{animal: {bird: {owl: {}}, mammal: {dog: {}, cat: {}}}}")
        self.write("tree.json", '{"animal": {"bird": {}, "mammal": {"dog": {}}}, "plant": {}}')
        self.shorten("my.yaml")
        for space in ("euclidean", "poincare"):
            self.run(f"build/bin/train --config my.yaml --set embedding.space={space} "
                     f"--set training.embedding_snapshots=100 --output runs/demo/{space}; "
                     f"build/bin/evaluate --run runs/demo/{space}")
        shutil.copytree(self.path / "runs/demo/euclidean", self.path / "runs/other",
                        copy_function=copy_or_link)
        for run in SEED004:
            (self.path / "runs/papers/seed004").mkdir(parents=True, exist_ok=True)
            (self.path / "runs/papers/seed004" / run).symlink_to("../../demo/euclidean")

    def street(self):
        """The drawn set once more, as docs/adding_a_dataset.md lays a set out."""
        for split in ("train", "val", "test"):
            names = []
            for image in sorted((self.path / "data/figures" / split / "images").iterdir()):
                names.append(f"{split}_{image.stem}")
                for folder, file in (("frames", image), ("annotations", image.parents[1] / "masks" /
                                                         f"{image.stem}.png")):
                    target = self.path / "data/street" / folder / (names[-1] + file.suffix)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, target)
            self.write(f"data/street/splits/{split}.txt", "\n".join(names) + "\n")


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.first = Workplace(pathlib.Path(cls.folder.name) / "first")
        cls.first.lay_out()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def workplace(self, name):
        copy = Workplace(pathlib.Path(self.folder.name) / name.replace("/", "_"))
        copy.path.rmdir()
        shutil.copytree(self.first.path, copy.path, symlinks=True, copy_function=copy_or_link)
        copy.small = set(self.first.small)
        return copy

    @staticmethod
    def each(language):
        for document in documents():
            found = blocks(document.read_text(), language)
            if found:
                yield str(document.relative_to(ROOT)), found

    def test_commands(self):
        used = set()
        for name, found in self.each("sh"):
            wanted = []
            for command in (c for block in found for c in commands(block)):
                reasons = [start for start in NOT_RUN if re.match(start, command)]
                used.update(reasons)
                wanted += [] if reasons else [command]
            if not wanted:
                continue
            place = self.workplace(name)
            for drawn in re.findall(r"make_figures --output (\S+)", "\n".join(wanted)):
                place.remove(drawn)  # the page draws it
            for block in blocks((ROOT / name).read_text(), "yaml"):
                if titled := re.match(r"# (\w+\.yaml)\n", block):
                    place.write(titled.group(1), block)
            for command in wanted:
                with self.subTest(document=name, command=command):
                    for config in re.findall(r"--config (\S+)", command):
                        place.shorten(config)
                    done = place.run(command, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout[-1000:] + done.stderr[-2000:])
            shutil.rmtree(place.path)
        self.assertEqual(set(NOT_RUN) - used, set(), "listed in NOT_RUN, but in no document")

    def test_no_command_hides_in_a_block_without_a_language(self):
        for name, found in self.each(""):
            for line in (line for block in found for line in block.splitlines()):
                with self.subTest(document=name):
                    self.assertNotRegex(line, r"^(build/bin|scripts|papers|bench)/", "say ```sh")

    def test_no_command_hides_in_the_prose(self):
        used = set()
        for document in documents():
            text = document.read_text()
            shown = [command for block in blocks(text, "sh") for command in commands(block)]
            for span in re.findall(r"`([^`]+)`", prose(text)):
                span = " ".join(span.split())
                if not COMMAND.match(span) or any(span in command for command in shown):
                    continue
                used.add(span)
                with self.subTest(document=str(document.relative_to(ROOT))):
                    self.assertIn(span, SPOKEN_OF, "an sh block, or say in SPOKEN_OF why not")
        self.assertEqual(set(SPOKEN_OF) - used, set(), "listed in SPOKEN_OF, but in no document")

    def test_demo(self):
        """As it is, but for a build that is there already and one step of two images."""
        place = self.workplace("demo")
        (place.path / "scripts").unlink()
        shutil.copytree(ROOT / "scripts", place.path / "scripts")
        (place.path / "scripts/build").write_text("#!/bin/sh\n")
        for folder in ("runs", "data/figures"):
            place.remove(folder)
        place.run("build/bin/make_figures --output data/figures")
        place.shorten("configs/figures/demo.yaml")
        shown = place.run("scripts/demo").stdout
        self.assertRegex(shown, r"Report.*: runs/demo/report\.html")
        self.assertIn("<html", (place.path / "runs/demo/report.html").read_text()[:1000])
        for space in ("euclidean", "poincare"):
            self.assertTrue((place.path / f"runs/demo/{space}/metrics.json").is_file(), space)

    def test_options(self):
        """embed_tree's table has every option and default of its help; README.md every program."""
        page = (ROOT / "docs/embed_tree.md").read_text()
        shown = self.first.run("build/bin/embed_tree --help").stdout
        options = re.findall(r"--(\S+)(?: arg)?\s((?:(?!\s--).)*)", " ".join(shown.split()))
        self.assertGreater(len(options), 15)
        for option, text in options:
            default = re.search(r"\(default: ([^\s\")]+)\)", text)
            row = f"| `--{option}` | {default.group(1) if default else ''}"
            with self.subTest(option=option):
                self.assertTrue(option == "help" or row in page, row)
        for program in PROGRAMS.split("|"):
            with self.subTest(program=program):
                self.assertIn(f"\n| `{program}` |", (ROOT / "README.md").read_text())

    def test_cmake(self):
        """What manifolds/README.md asks of another project is what tests/install builds."""
        built = (ROOT / "tests/install/CMakeLists.txt").read_text().splitlines()
        for name, found in self.each("cmake"):
            for line in (line for block in found for line in block.splitlines()):
                with self.subTest(document=name):
                    self.assertIn(re.sub(r"\s*#.*", "", line), built)

    def test_python(self):
        try:
            import numpy  # noqa: F401, the snippets' own
            import torch
            here = pathlib.Path(torch.__file__).resolve().parent
        except ImportError as error:
            self.skipTest(f"{sys.executable}: {error}")
        if here != TORCH:
            self.skipTest(f"the libraries were built with {TORCH}, this Python has {here}")
        for name, found in self.each("python"):
            place = self.workplace(name + ".python")
            for i, snippet in enumerate(found):
                place.write(f"snippet{i}.py", snippet)
                with self.subTest(document=name, snippet=snippet):
                    place.run(f".venv/bin/python snippet{i}.py")

    def test_yaml(self):
        demo = (ROOT / "configs/figures/demo.yaml").read_text()
        classes = re.search(r"^hierarchy:\n(?:.*\n)+?labels:.*\n", demo, re.MULTILINE).group(0)
        for name, found in self.each("yaml"):
            for example in (part for block in found for part in block.split("\n---\n")):
                titled = re.match(r"# (\S+)\n", example)
                if titled and f"--input {titled.group(1)}" in (ROOT / name).read_text():
                    continue  # a file of the page's commands, not a config
                if re.search(r"^spaces:", example, re.MULTILINE):
                    self.first.write("configs/topologies/example.yaml", example)
                    with self.subTest(document=name, example=example):
                        self.first.run("build/bin/compare_topologies "
                                       "--plan configs/topologies/example.yaml --list")
                    continue
                whole = example + "\n" + ("" if "hierarchy:" in example else classes)
                whole += "" if "data:" in example else "data: {root: data/figures}\n"
                self.first.write("example.yaml", whole)
                with self.subTest(document=name, example=example):
                    self.first.run("build/bin/train --config example.yaml --print-config")

    def test_cpp_is_held_by_a_test(self):
        tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("*_test.cpp"))
        for name, _ in self.each("cpp"):
            with self.subTest(document=name):
                self.assertIn(f'/{name}"', tests, "no test compares its C++ with this document")

    def test_links(self):
        for document in documents():
            text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", document.read_text(), flags=re.S | re.M)
            name = str(document.relative_to(ROOT))
            for target in re.findall(r"(?:\]\(|src=\"|srcset=\")([^)\s\"]+)", text):
                if re.match(r"\w+:", target):
                    continue
                path, _, anchor = target.partition("#")
                file = (document.parent / path).resolve() if path else document
                with self.subTest(document=name, link=target):
                    self.assertTrue(file.exists(), "no such file")
                    self.assertTrue(file.is_relative_to(ROOT), "outside the repository")
                    if anchor:
                        self.assertIn(anchor, slugs(file.read_text()))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
