# The networks of networks.mjs and transformer.mjs in PyTorch on the CPU: examples per second as JSON, of processor time on one
# thread, by the clock on several. Arguments: threads, steps, batch by network as JSON.
import json
import sys
import time

import torch
from torch import nn

threads, steps, batches = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
if threads > 0:
    torch.set_num_threads(threads)
device = "cuda" if sys.argv[4:] == ["best"] and torch.cuda.is_available() else "cpu"
torch.manual_seed(1)


def normalized(layer, width):
    return [layer, nn.BatchNorm2d(width), nn.ReLU()]


def conv(inputs, outputs, size=3, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, groups=groups)


def vgg():
    layers, inputs = [], 3
    for width in (32, 64, 128):
        layers += normalized(conv(inputs, width), width) + normalized(conv(width, width), width) + [nn.MaxPool2d(2)]
        inputs = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, 10))


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.inner = nn.Sequential(
            *normalized(conv(inputs, width, 3, stride), width), conv(width, width), nn.BatchNorm2d(width)
        )
        same = stride == 1 and inputs == width
        self.skip = nn.Identity() if same else nn.Sequential(conv(inputs, width, 1, stride), nn.BatchNorm2d(width))

    def forward(self, x):
        return torch.relu(self.inner(x) + self.skip(x))


def resnet():
    layers, inputs = normalized(conv(3, 16), 16), 16
    for width, stride in ((16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (64, 1)):
        layers.append(Block(inputs, width, stride))
        inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def mobilenet():
    layers, inputs = normalized(conv(3, 32), 32), 32
    for width, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1)):
        layers += normalized(conv(inputs, inputs, 3, stride, groups=inputs), inputs)
        layers += normalized(conv(inputs, width, 1), width)
        inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))


def quickstart():
    return nn.Sequential(
        *normalized(conv(1, 8), 8), nn.MaxPool2d(2), *normalized(conv(8, 16), 16), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(784, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10),
    )


def mlp():
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


class Attention(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.feed = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))

    def forward(self, x):
        h = self.before(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.feed(self.between(x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Attention(64, 4, 256), Attention(64, 4, 256))
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.blocks(x).mean(1))


def vgg16():
    layers, inputs = [], 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += normalized(nn.Conv2d(inputs, width, 3, padding=1, bias=False), width)
            inputs = width
        layers.append(nn.MaxPool2d(2))
    dense = [nn.Linear(512, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), *dense, nn.Linear(512, 10))


class WideBlock(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.before = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU())
        self.inner = nn.Sequential(
            nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
        )
        same = stride == 1 and inputs == width
        self.skip = None if same else nn.Conv2d(inputs, width, 1, stride, bias=False)

    def forward(self, x):
        active = self.before(x)
        return self.inner(active) + (x if self.skip is None else self.skip(active))


def wrn16x4():
    layers, inputs = [nn.Conv2d(3, 16, 3, padding=1, bias=False)], 16
    for width, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1)):
        layers.append(WideBlock(inputs, width, stride))
        inputs = width
    last = [nn.BatchNorm2d(256), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10)]
    return nn.Sequential(*layers, *last)


networks = {
    "VGG-16": (vgg16, (3, 32, 32)),
    "WRN-16-4": (wrn16x4, (3, 32, 32)),
    "vgg": (vgg, (3, 32, 32)),
    "resnet": (resnet, (3, 32, 32)),
    "mobilenet": (mobilenet, (3, 32, 32)),
    "quickstart": (quickstart, (1, 28, 28)),
    "mlp": (mlp, (784,)),
    "transformer": (Transformer, (64, 64)),
}


def per_second(name):
    make, shape = networks[name]
    model, batch = make().to(device), batches[name]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.rand(batch, *shape, device=device) * 2 - 1, torch.arange(batch, device=device) % 10
    clock = time.process_time if threads == 1 else time.perf_counter
    times = []
    for step in range(3 + steps * (1 if len(shape) > 2 and shape[0] == 3 else 20)):
        started = clock()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()
        if step >= 3:
            times.append(clock() - started)
    return batch / sorted(times)[len(times) // 2]


card = torch.cuda.get_device_name() if device == "cuda" else "the processor"
print(json.dumps({"version": torch.__version__, "device": card, "rates": {name: per_second(name) for name in batches}}))
