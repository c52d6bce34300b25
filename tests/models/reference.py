"""Reference outputs for reference_test.cpp: its weights through networks written in Python.

Usage: reference.py FOLDER [STEP_TORCH_PY]
Reads FOLDER/*.in.safetensors, writes FOLDER/*.out.safetensors.
"""

import json
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

    def maps(self, x):
        maps = [torch.relu(self.bn1(self.conv1(x)))]
        x = functional.max_pool2d(maps[0], 3, 2, 1)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            maps.append(x)
        return maps

    def forward(self, x):
        return self.maps(x)[-1]


def stack(inputs, outputs, options):
    """block_depth times convolution, batch norm if wanted, activation."""
    kernel, blocks = options["conv_kernel"], []
    for _ in range(options["block_depth"]):
        block = nn.Sequential()
        norm = options["batch_norm"]
        block.add_module("conv", nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, bias=not norm))
        if norm:
            block.add_module("bn", nn.BatchNorm2d(outputs))
        block.add_module("act", getattr(nn, options["activation"])())
        blocks.append(block)
        inputs = outputs
    return nn.Sequential(*blocks)


class SegNet(nn.Module):
    """Encoder and decoder in one: the decoder takes the indices that the encoder's pooling gave."""

    def __init__(self, options, classes):
        super().__init__()
        widths, self.pool = options["encoder_channels"], options["pool_kernel"]
        self.encoder, self.decoder = nn.Module(), nn.Module()
        for i, (inputs, outputs) in enumerate(zip([3] + widths, widths)):
            setattr(self.encoder, f"stage{i + 1}", stack(inputs, outputs, options))
        outputs = widths[-2::-1] + [options["decoder_channels"]]
        for i, (inputs, output) in enumerate(zip(widths[::-1], outputs)):
            setattr(self.decoder, f"step{i + 1}", stack(inputs, output, options))
        self.classifier = nn.Conv2d(outputs[-1], classes, 1)
        self.steps = len(widths)

    def forward(self, x):
        indices, sizes = [], []
        for i in range(self.steps):
            x = getattr(self.encoder, f"stage{i + 1}")(x)
            sizes.append(x.shape[2:])
            x, index = functional.max_pool2d(
                x, self.pool, ceil_mode=True, return_indices=True
            )
            indices.append(index)
        for i in range(self.steps):
            size, index = sizes.pop(), indices.pop()
            x = functional.max_unpool2d(x, index, self.pool, output_size=size)
            x = getattr(self.decoder, f"step{i + 1}")(x)
        return self.classifier(x)


class ConvEncoder(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.channels, self.pool = options["encoder_channels"], options["pool_kernel"]
        for i, (inputs, outputs) in enumerate(zip([3] + self.channels, self.channels)):
            setattr(self, f"stage{i + 1}", stack(inputs, outputs, options))

    def maps(self, x):
        maps = [self.stage1(x)]
        for i in range(1, len(self.channels)):
            x = functional.max_pool2d(maps[-1], self.pool, ceil_mode=True)
            maps.append(getattr(self, f"stage{i + 1}")(x))
        return maps


class UNetDecoder(nn.Module):
    def __init__(self, options, channels, factor):
        super().__init__()
        self.mode, self.widths = options["upsample"], options["unet_channels"]
        inputs, skips = channels[-1], channels[-2::-1]
        for i, width in enumerate(self.widths):
            step = nn.Module()
            if self.mode == "transposed":
                step.up = nn.ConvTranspose2d(inputs, width, factor, factor)
                inputs = width
            skip = skips[i] if i < len(skips) else 0
            step.block = stack(inputs + skip, width, options)
            setattr(self, f"step{i + 1}", step)
            inputs = width

    def forward(self, maps):
        x, skips = maps[-1], list(maps[:-1])
        for i in range(len(self.widths)):
            step = getattr(self, f"step{i + 1}")
            skip = skips.pop() if skips else None
            size = skip.shape[2:] if skip is not None else [2 * n for n in x.shape[2:]]
            if self.mode == "transposed":
                x = step.up(x)[:, :, : size[0], : size[1]]
            else:
                corners = {} if self.mode == "nearest" else {"align_corners": False}
                x = functional.interpolate(x, size=size, mode=self.mode, **corners)
            x = step.block(x if skip is None else torch.cat([x, skip], 1))
        return x


class UNet(nn.Module):
    def __init__(self, encoder, options, channels, factor, classes):
        super().__init__()
        self.encoder = encoder
        self.decoder = UNetDecoder(options, channels, factor)
        self.classifier = nn.Conv2d(options["unet_channels"][-1], classes, 1)

    def forward(self, x):
        return self.classifier(self.decoder(self.encoder.maps(x)))


def make_net(options, classes):
    if options["decoder"] == "segnet":
        return SegNet(options, classes)
    if options["encoder"] == "convnet":
        channels = options["encoder_channels"]
        return UNet(ConvEncoder(options), options, channels, options["pool_kernel"], classes)
    encoder = ResNet(BasicBlock, (2, 2, 2, 2), (0, 0, 0, 0))
    return UNet(encoder, options, [64, 64, 128, 256, 512], 2, classes)


def step_output(path):
    """Loss, gradients and buffers of one training step, then the logits in evaluation."""
    with safe_open(path, "pt") as file:
        options = json.loads(file.metadata()["options"])
    tensors = load_file(path)
    images, labels = tensors.pop("input"), tensors.pop("labels")
    net = make_net(options, len(tensors["classifier.bias"])).double()
    net.load_state_dict(tensors, strict=True)

    def logits():
        return functional.interpolate(net(images), size=images.shape[2:], mode="bilinear")

    loss = functional.cross_entropy(logits(), labels)
    loss.backward()
    out = {"loss": loss.detach()}
    out |= {"gradient." + name: p.grad.contiguous() for name, p in net.named_parameters()}
    out |= {"buffer." + name: b.clone().contiguous() for name, b in net.named_buffers()}
    net.eval()
    with torch.no_grad():
        out["logits"] = logits().contiguous()
    return out


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
    for path in folder.glob("step_*.in.safetensors"):
        jobs[path.name.removesuffix(".in.safetensors")] = step_output
    if len(sys.argv) > 2:
        source = pathlib.Path(sys.argv[2]).read_text()
        jobs["peer"] = lambda p: peer_output(p, source)
    for name, job in jobs.items():
        out = job(folder / f"{name}.in.safetensors")
        save_file(out, folder / f"{name}.out.safetensors", metadata={"by": "Python"})


main()
