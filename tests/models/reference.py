"""Reference outputs for reference_test.cpp: its weights through networks written in Python.

Usage: reference.py FOLDER [STEP_TORCH_PY]
Reads FOLDER/*.in.safetensors, writes FOLDER/*.out.safetensors.
"""

import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional


def conv3x3(inputs, outputs, stride=1, dilation=1):
    return nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride, downsample, dilation):
        super().__init__()
        assert dilation == 1
        self.conv1, self.bn1 = conv3x3(inputs, width, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv3x3(width, width), nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, width, stride, downsample, dilation):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv3x3(width, width, stride, dilation), nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.downsample = downsample

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's names and its rule for dilation in place of stride."""

    def __init__(self, block, depths, dilate):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs, dilation = 64, 1
        for i, (width, depth) in enumerate(zip((64, 128, 256, 512), depths)):
            stride, previous = (1 if i == 0 else 2), dilation
            if dilate[i]:
                dilation, stride = dilation * stride, 1
            outputs, blocks = width * block.expansion, []
            shortcut = None
            if stride != 1 or inputs != outputs:
                shortcut = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )
            blocks.append(block(inputs, width, stride, shortcut, previous))
            for _ in range(1, depth):
                blocks.append(block(outputs, width, 1, None, dilation))
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            inputs = outputs

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


def resnet_output(path, block, depths, dilate):
    tensors = load_file(path)
    images = tensors.pop("input")
    net = ResNet(block, depths, dilate).double().eval()
    net.load_state_dict(tensors, strict=True)
    with torch.no_grad():
        return {"output": net(images)}


def peer_output(path, source):
    """Loss, gradients and buffers of a training step of the peer's network, then its logits."""
    scope = {}
    exec(source.split("\nimport sys,time\n")[0], scope)  # its classes, not its timing
    net = scope["Net"](scope["Basic"], (2, 2, 2, 2), 11).double()
    # The peer dilates this convolution too; torchvision keeps the previous dilation.
    net.L[3][0].c1.dilation = net.L[3][0].c1.padding = (1, 1)
    with safe_open(path, "pt") as file:
        names = {k: v.split("\n") for k, v in file.metadata().items()}
    tensors = load_file(path)
    parameters, buffers = list(net.parameters()), list(net.buffers())
    assert len(parameters) == len(names["parameters"]) and len(buffers) == len(names["buffers"])
    with torch.no_grad():
        for own, name in zip(parameters + buffers, names["parameters"] + names["buffers"]):
            assert own.shape == tensors[name].shape, name
            own.copy_(tensors[name])
    loss = functional.cross_entropy(net(tensors["input"]), tensors["labels"])
    loss.backward()
    out = {"loss": loss.detach()}
    for own, name in zip(parameters, names["parameters"]):
        out["gradient." + name] = own.grad.contiguous()
    for own, name in zip(buffers, names["buffers"]):
        out["buffer." + name] = own.contiguous()
    net.eval()
    with torch.no_grad():
        out["logits"] = net(tensors["input"]).contiguous()
    return out


def main():
    folder = pathlib.Path(sys.argv[1])
    jobs = {
        "dtypes": load_file,
        "resnet18": lambda p: resnet_output(p, BasicBlock, (2, 2, 2, 2), (0, 0, 0, 0)),
        "resnet50": lambda p: resnet_output(p, Bottleneck, (3, 4, 6, 3), (0, 0, 1, 1)),
    }
    if len(sys.argv) > 2:
        source = pathlib.Path(sys.argv[2]).read_text()
        jobs["peer"] = lambda p: peer_output(p, source)
    for name, job in jobs.items():
        out = job(folder / f"{name}.in.safetensors")
        save_file(out, folder / f"{name}.out.safetensors", metadata={"by": "Python"})


main()
