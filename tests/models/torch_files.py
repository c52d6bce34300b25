"""Writes files of torch.save for torch_file_test.cpp.

Usage: torch_files.py FOLDER
Reads FOLDER/resnet18.safetensors; everything else it writes there: NAME.zip.pth and
NAME.legacy.pth, and what they hold as NAME.safetensors.
"""

import collections
import os
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

FOLDER = pathlib.Path(sys.argv[1])


def save(name, content, **options):
    for form in ("zip", "legacy"):
        path = FOLDER / f"{name}.{form}.pth"
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip", **options)


def expect(name, state):
    copies = {key: value.detach().clone().contiguous() for key, value in state.items()}
    save_file(copies, FOLDER / f"{name}.safetensors")


class Command:
    """What a malicious file holds: unpickling it runs a command."""

    def __reduce__(self):
        return os.system, (f"touch '{FOLDER}/executed'",)


class LinearWithPlan(torch.nn.Linear):
    pass


torch.manual_seed(0)
save("resnet18", collections.OrderedDict(load_file(FOLDER / "resnet18.safetensors")))

kinds = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
         torch.int16, torch.int8, torch.uint8, torch.bool]
state = {str(kind): torch.randint(0, 100, (3, 5)).to(kind) for kind in kinds}
base = torch.randn(4, 6)
state |= {"scalar": torch.tensor(0.5), "empty": torch.empty(0, 3), "base": base, "tied": base,
          "part": base[1:3, 2:5], "turned": base.t(),
          "last": torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
          "parameter": torch.nn.Parameter(torch.randn(3))}
save("kinds", state)
expect("kinds", state)
save("protocol4", state, pickle_protocol=4)

small = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).state_dict()
save("small", small)  # an OrderedDict with the attribute _metadata
expect("small", small)
save("model_state_dict", {"epoch": 3, "model_state_dict": small})
save("net", {"acc": 91.5, "net": small})
save("checkpoint", {"epoch": 3, "lr": 0.1, "names": ["a", ("b", None, True, 1 << 40, -7)],
                    "state_dict": small, "more": {"x": torch.zeros(2)}})
save("module", {"model": LinearWithPlan(1, 1)})
save("malicious", {"a": torch.zeros(1), "b": Command()})
