"""The networks of dcgan in PyTorch. One file to copy; it needs torch and numpy, nothing else.

    import torch, dcgan_torch

    generator = dcgan_torch.load("generator.safetensors")        # or a checkpoint
    z = 2 * torch.rand(20, generator.network["z_dim"]) - 1       # or those of dcgan_random.py
    images = generator(z, torch.arange(20) % 10)                 # unlabelled: generator(z)
    pixels = dcgan_torch.to_bytes(generator.network, images)     # uint8 [20, H, W, C]

    critic = dcgan_torch.load("step-00000500.safetensors", "discriminator")
    logits = critic(images, torch.arange(20) % 10)

    dcgan_torch.save(generator, "mine.safetensors")              # for dcgan-sample --model

Shapes: z is `[N, Z]`, images are `[N, C, H, W]`, logits `[N, 1]`, all float32. Images are in the
range of the network: [0, 1] for the labelled one, [-1, 1] for the unlabelled one. y is `[N]`, the
number of the class of each image as int64, or `[N, Y]`, its share of each class as float32.

The arithmetic is TensorFlow's, as in the original program: SAME padding, batch norm with epsilon
1e-5 whose variance is biased where it normalises and unbiased where it feeds the moving average.

Every function that reads a file raises `FileError` for one that is damaged or of another kind; the
message names the file, what was expected and what was found.
"""

import hashlib
import json
import math
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

FORMAT = 1
# What the metadata of networks and checkpoints have, besides `seal`; the rest is a checkpoint's.
OF_NETWORK = {"format", "kind", "content_sha256", "network", "step", "dataset_sha256"}
OF_CHECKPOINT = OF_NETWORK | {"epoch", "seed", "adam_steps_d", "adam_steps_g", "attempt", "best"}
OF_CHECKPOINT |= {"tables", "on_signal"}
TYPES = {"F32": torch.float32, "U8": torch.uint8}


class FileError(ValueError):
    """A file that is damaged, of another kind, or does not fit its own metadata."""


def join(x, y):
    """x `[N, C]` or `[N, C, H, W]` with y `[N, Y]` behind its channels, at every position."""
    if y is None:
        return x
    if x.dim() == 4:
        y = y[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, y], 1)


def leaky_relu(x):
    """max(x, 0.2 x), with TensorFlow's slope at 0: 1. (`F.leaky_relu` has 0.2 there.)"""
    return torch.where(x >= 0, x, 0.2 * x)


def before(side):
    """Rows or columns of zeros before a map of this side; behind it there are always 2."""
    return 1 if side % 2 == 0 else 2


class Down(nn.Conv2d):
    """Convolution 5x5 of stride 2, padded as SAME: `[N, in, H, W]` to half the side, rounded up."""

    def __init__(self, inputs, outputs, device=None):
        super().__init__(inputs, outputs, 5, stride=2, device=device)

    def forward(self, x):
        top, left = map(before, x.shape[2:])
        return super().forward(F.pad(x, (left, 2, top, 2)))


class Up(nn.ConvTranspose2d):
    """The transpose of `Down`: `[N, in, H', W']` to `[N, out, *size]`, size 2 H' or 2 H' - 1.

    Computed without padding, then cropped. PyTorch's padding=2 with output_padding=1 is one pixel
    off for even sides.
    """

    def __init__(self, inputs, outputs, size, device=None):
        super().__init__(inputs, outputs, 5, stride=2, device=device)
        self.size = size

    def forward(self, x):
        (height, width), (top, left) = self.size, map(before, self.size)
        return super().forward(x)[:, :, top : top + height, left : left + width]


class Network(nn.Module):
    """What both networks have in common. Layers bear the names that they have in the files.

    `network` is the description in the metadata of every file: `kind`, `height`, `width`,
    `channels`, `class_names`, `z_dim`, `z_distribution`, `gf_dim`, `df_dim`, `gfc_dim`, `dfc_dim`
    and, where they have any, `depth` and `untrained_classes`. A new network has the original's
    initial weights.
    """

    scope = ""

    def __init__(self, network, device=None):
        super().__init__()
        check(network)
        self.network = dict(network)
        self.labelled = network["kind"] == "labelled"
        self.classes = len(network["class_names"]) if self.labelled else 0
        self.depth = 2 if self.labelled else network.get("depth", 4)
        sizes = [(network["height"], network["width"])]
        for _ in range(self.depth):
            sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
        self.step, self.dataset_sha256 = 0, ""
        self.build(sizes, device)
        for name, layer in self.named_children():
            if "_bn" not in name:
                # TensorFlow's truncated normal for convolutions, a plain one for all others.
                cut = 0.04 if isinstance(layer, Down) else math.inf
                nn.init.trunc_normal_(layer.weight, std=0.02, a=-cut, b=cut)
                nn.init.zeros_(layer.bias)

    def shares(self, y):
        """y as shares of the classes, `[N, Y]`; `None` for an unlabelled network."""
        if (y is None) == self.labelled:
            needs = "needs y, the classes of the images" if self.labelled else "takes no y"
            raise ValueError(f"the {self.network['kind']} {self.scope} {needs}")
        if y is None or y.dim() == 2:
            return y
        return F.one_hot(y.long(), self.classes).to(torch.float32)


class Generator(Network):
    """`generator(z, y)`: z `[N, Z]` and the classes y to images `[N, C, H, W]`.

    In training mode batch norm uses the batch's statistics and feeds the moving averages; after
    `eval()`, which `load` calls, it uses the moving averages: the pictures of `dcgan-sample`.
    """

    scope = "generator"

    def build(self, sizes, device):
        n, last = self.network, sizes[-1]
        self.final = sizes[-1]
        if self.labelled:
            y, self.width = self.classes, 2 * n["gf_dim"]
            flat = last[0] * last[1] * self.width
            self.g_h0_lin = nn.Linear(n["z_dim"] + y, n["gfc_dim"], device=device)
            self.g_bn0 = nn.BatchNorm1d(n["gfc_dim"], device=device)
            self.g_h1_lin = nn.Linear(n["gfc_dim"] + y, flat, device=device)
            self.g_bn1 = nn.BatchNorm1d(flat, device=device)
            self.g_h2 = Up(self.width + y, self.width, sizes[1], device)
            self.g_bn2 = nn.BatchNorm2d(self.width, device=device)
            self.g_h3 = Up(self.width + y, n["channels"], sizes[0], device)
            return
        widths = [n["gf_dim"] << min(self.depth - 1 - level, 3) for level in range(self.depth)]
        self.width = widths[0]
        flat = last[0] * last[1] * self.width
        self.g_h0_lin = nn.Linear(n["z_dim"], flat, device=device)
        for level, width in enumerate(widths):
            self.add_module(f"g_bn{level}", nn.BatchNorm2d(width, device=device))
            outputs = (widths + [n["channels"]])[level + 1]
            up = Up(width, outputs, sizes[self.depth - 1 - level], device)
            self.add_module(f"g_h{level + 1}", up)

    def forward(self, z, y=None):
        y = self.shares(y)
        h = self.g_h0_lin(join(z, y))
        if self.labelled:
            h = F.relu(self.g_bn0(h))
            h = F.relu(self.g_bn1(self.g_h1_lin(join(h, y))))
            h = F.relu(self.g_bn2(self.g_h2(join(self.as_map(h), y))))
            return torch.sigmoid(self.g_h3(join(h, y)))
        h = self.as_map(h)
        for level in range(self.depth):
            h = F.relu(getattr(self, f"g_bn{level}")(h))
            h = getattr(self, f"g_h{level + 1}")(h)
        return torch.tanh(h)

    def as_map(self, h):
        """`[N, H' W' C']`, in the order row, column, channel, to `[N, C', H', W']`."""
        return h.view(-1, *self.final, self.width).permute(0, 3, 1, 2)


class Discriminator(Network):
    """`discriminator(x, y)`: images `[N, C, H, W]` and their classes y to logits `[N, 1]`.

    As in the original its batch norm always uses the statistics of the batch, so it stays in
    training mode: give it images of one kind, all real or all generated. `dcgan-eval` takes 64.
    """

    scope = "discriminator"

    def build(self, sizes, device):
        n, y, (rows, columns) = self.network, self.classes, sizes[-1]
        if self.labelled:
            first, second = n["channels"] + y, n["df_dim"] + y
            self.d_h0_conv = Down(n["channels"] + y, first, device)
            self.d_h1_conv = Down(first + y, second, device)
            self.d_bn1 = nn.BatchNorm2d(second, device=device)
            flat = rows * columns * second + y
            self.d_h2_lin = nn.Linear(flat, n["dfc_dim"], device=device)
            self.d_bn2 = nn.BatchNorm1d(n["dfc_dim"], device=device)
            self.d_h3_lin = nn.Linear(n["dfc_dim"] + y, 1, device=device)
            return
        inputs = n["channels"]
        for level in range(self.depth):
            width = n["df_dim"] << min(level, 3)
            self.add_module(f"d_h{level}_conv", Down(inputs, width, device))
            if level > 0:
                self.add_module(f"d_bn{level}", nn.BatchNorm2d(width, device=device))
            inputs = width
        last = nn.Linear(rows * columns * inputs, 1, device=device)
        self.add_module(f"d_h{self.depth}_lin", last)

    def forward(self, x, y=None):
        y = self.shares(y)
        h = leaky_relu(self.d_h0_conv(join(x, y)))
        if self.labelled:
            h = flat(leaky_relu(self.d_bn1(self.d_h1_conv(join(h, y)))))
            h = leaky_relu(self.d_bn2(self.d_h2_lin(join(h, y))))
            return self.d_h3_lin(join(h, y))
        for level in range(1, self.depth):
            h = getattr(self, f"d_h{level}_conv")(h)
            h = leaky_relu(getattr(self, f"d_bn{level}")(h))
        return getattr(self, f"d_h{self.depth}_lin")(flat(h))


def flat(h):
    """`[N, C, H, W]` to `[N, H W C]` in the order row, column, channel."""
    return h.permute(0, 2, 3, 1).flatten(1)


def check(network):
    """Raises `ValueError` for a description that no network has."""
    labelled, depth = network.get("kind") == "labelled", network.get("depth", 4)
    allowed = {"kind": ("labelled", "unlabelled"), "depth": range(1, 9), "channels": (1, 3)}
    sides = range(4, 4097, 4) if labelled else range(1 << min(depth, 8), 4097)
    widths = ("z_dim", "gf_dim", "df_dim") + (("gfc_dim", "dfc_dim") if labelled else ())
    allowed.update(height=sides, width=sides, **{key: range(1, 65537) for key in widths})
    allowed["len(class_names)"] = range(1, 257) if labelled else (0,)
    given = dict(network, depth=depth)
    given["len(class_names)"] = len(network["class_names"])
    for key, values in allowed.items():
        value = given.get(key)
        if type(value) not in (int, str) or value not in values:
            raise ValueError(f"{key}: expected one of {values}, got {value!r}")


def read(path):
    """`(info, arrays)` of any file of ours, with every byte verified.

    `info` is its metadata, `arrays` a dict of tensors by name: float32 in networks and checkpoints,
    uint8 in datasets. A weight is in the file's layout; `from_file` turns it into PyTorch's.
    """
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise FileError(f"{path}: expected a safetensors file, got a header longer than the file")
    try:
        header = json.loads(content[8 : 8 + length])
        text = header.pop("__metadata__")["dcgan"]
        info = dict(json.loads(text))
        places = {
            name: (entry["dtype"], tuple(entry["shape"]), *entry["data_offsets"])
            for name, entry in header.items()
        }
        numbers = [n for _, shape, *at in places.values() for n in (*shape, *at)]
        if any(type(n) is not int or n < 0 for n in numbers):
            raise ValueError("places and shapes of arrays are numbers from 0")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(f"{path}: expected a file of dcgan, with metadata `dcgan`: {error!r}")
    if info.get("format") != FORMAT:
        raise FileError(f"{path}: expected format {FORMAT}, got {info.get('format')!r}")
    seal = info.pop("seal", None)
    unsealed = text.replace(str(seal), "", 1)
    if seal is not None and seal != hashlib.sha256(unsealed.encode()).hexdigest():
        raise FileError(f"{path}: damaged: its metadata do not fit their seal")
    arrays = arrays_at(path, places, memoryview(content)[8 + length :])
    if content_sha256(arrays) != info.get("content_sha256"):
        raise FileError(f"{path}: damaged: its arrays do not fit their content_sha256")
    return info, arrays


def arrays_at(path, places, data):
    """The tensors of a file whose header says that they are at `places` of `data`."""
    arrays, at = {}, 0
    for name, (kind, shape, start, end) in sorted(places.items(), key=lambda item: item[1][2]):
        kind = TYPES.get(kind)
        size = math.prod(shape) * (4 if kind == torch.float32 else 1)
        if kind is None or (start, end) != (at, at + size) or end > len(data):
            raise FileError(f"{path}: damaged: place, shape or type of the array `{name}`")
        values = np.frombuffer(data[start:end], "<f4" if kind == torch.float32 else "u1")
        arrays[name] = torch.from_numpy(values.copy()).reshape(shape)
        at = end
    if at != len(data):
        raise FileError(f"{path}: damaged: expected {at} bytes of arrays, got {len(data)}")
    return arrays


def write(path, info, arrays):
    """Writes metadata `info`, with its `kind`, and tensors in the file's layout.

    The file has a temporary name until it is on the disk: `path` is the old file or the new one.
    """
    arrays = {name: arrays[name].detach().cpu().contiguous() for name in sorted(arrays)}
    info = dict(info, format=FORMAT, content_sha256=content_sha256(arrays), seal="")
    text = json.dumps(info, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    seal = hashlib.sha256(text.encode()).hexdigest()
    text = text.replace('"seal":""', f'"seal":"{seal}"')
    header, at = {"__metadata__": {"dcgan": text}}, 0
    for name, tensor in arrays.items():
        end = at + tensor.numel() * tensor.element_size()
        entry = dict(dtype=type_of(tensor), shape=list(tensor.shape), data_offsets=[at, end])
        header[name], at = entry, end
    header = json.dumps(header, ensure_ascii=False).encode()
    header += b" " * (-len(header) % 8)
    partial = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.partial")
    with open(partial, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for tensor in arrays.values():
            file.write(tensor.numpy().tobytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def content_sha256(arrays):
    """The hash of names, types, shapes and values that every reader verifies."""
    content = hashlib.sha256()
    for name in sorted(arrays, key=str.encode):
        shape = ",".join(map(str, arrays[name].shape))
        content.update(f"{name}\n{type_of(arrays[name])}\n{shape}\n".encode())
        content.update(arrays[name].numpy())
    return content.hexdigest()


def type_of(tensor):
    """The name that safetensors has for the type of a tensor, float32 or uint8."""
    return {kind: name for name, kind in TYPES.items()}[tensor.dtype]


def from_file(array):
    """A weight of a file in PyTorch's layout.

    Linear `[in, out]` to `[out, in]`, convolution `[5, 5, in, out]` to `[out, in, 5, 5]`, its
    transpose `[5, 5, out, in]` to `[in, out, 5, 5]`.
    """
    return array.permute(3, 2, 0, 1) if array.dim() == 4 else array.t()


def to_file(tensor):
    """The inverse of `from_file`."""
    return tensor.permute(2, 3, 1, 0) if tensor.dim() == 4 else tensor.t()


def names(module):
    """The module's own weights and moving averages, by the names that they have in our files."""
    found = {}
    for key, tensor in module.state_dict(keep_vars=True).items():
        layer, leaf = key.split(".")
        leaves = {"weight": "w", "bias": "biases"}
        if "_lin" in layer:
            leaves = {"weight": "Matrix", "bias": "bias"}
        elif "_bn" in layer:
            leaves = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean"}
            leaves["running_var"] = "moving_variance"
        if leaf in leaves:
            found[f"{module.scope}/{layer}/{leaves[leaf]}"] = tensor
    return found


def copy_into(tensors, arrays, path, prefix=""):
    """Copies `arrays[prefix + name]` of a file into each of `tensors`, by name.

    Raises `FileError` unless each is there in its shape, and the file has no other of that scope.
    """
    wanted = {prefix + name: to_file(tensor).shape for name, tensor in tensors.items()}
    scope = os.path.commonprefix(list(wanted)).rsplit("/", 1)[0] + "/"
    found = {name: array.shape for name, array in arrays.items() if name.startswith(scope)}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            expected, got = (list(of[name]) if name in of else "none" for of in (wanted, found))
            raise FileError(f"{path}: `{name}`: expected shape {expected}, got {got}")
    with torch.no_grad():
        for name, tensor in tensors.items():
            if not tensor.is_meta:
                tensor.copy_(from_file(arrays[prefix + name]))


def load(path, which=None):
    """The network of a file: `generator.safetensors`, `discriminator.safetensors` or a checkpoint.

    `which` is `generator`, `discriminator` or `averaged`, the averaged generator of a checkpoint
    (`train.ema`); by default what the file holds, of a checkpoint the generator. The module has
    the file's metadata: `network` (a dict), `step`, `dataset_sha256`. A generator is returned in
    evaluation mode, a discriminator in training mode, as each is meant to be used.
    """
    info, arrays = read(path)
    kind = info.get("kind")
    which = which or ("generator" if kind == "checkpoint" else kind)
    if which not in ("generator", "discriminator", "averaged") or kind not in ("checkpoint", which):
        raise FileError(f"{path}: expected the network {which} or a checkpoint, got {kind}")
    return network_of(path, info, arrays, which)


def network_of(path, info, arrays, which):
    """The network `which` of a file, out of what `read` returned."""
    of = Discriminator if which == "discriminator" else Generator
    differing = info.keys() ^ (OF_CHECKPOINT if info["kind"] == "checkpoint" else OF_NETWORK)
    if differing:
        raise FileError(f"{path}: its metadata have a key too many or too few: `{min(differing)}`")
    prefix = "ema/" if which == "averaged" else ""
    try:
        # Without memory, until the arrays are known to be what the metadata promise.
        module = of(info["network"], device="meta")
        module.step, module.dataset_sha256 = int(info["step"]), str(info["dataset_sha256"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(f"{path}: its metadata describe no network: {error}")
    copy_into(names(module), arrays, path, prefix)
    module.to_empty(device="cpu")
    copy_into(names(module), arrays, path, prefix)
    for layer in module.children():
        if hasattr(layer, "num_batches_tracked"):
            layer.num_batches_tracked.zero_()
    return module.train(which == "discriminator")


def save(module, path):
    """Writes a network as a file of its own, which our programs take as one of theirs.

    Its `step` and `dataset_sha256` go with it.
    """
    info = dict(kind=module.scope, network=module.network)
    info.update(step=module.step, dataset_sha256=module.dataset_sha256)
    write(path, info, {name: to_file(tensor) for name, tensor in names(module).items()})


def to_bytes(network, images):
    """Images `[N, C, H, W]` of a network as pixels, uint8 `[N, H, W, C]`; what is beyond is cut."""
    scaled = images * 255 if network["kind"] == "labelled" else (images + 1) * 127.5
    # Halves are rounded up; the sum is exact in float64.
    pixels = (scaled.detach().double() + 0.5).floor().clamp(0, 255)
    return pixels.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def to_images(network, pixels):
    """Pixels, uint8 `[N, H, W, C]`, as images `[N, C, H, W]` in the range of the network."""
    scale = 255 if network["kind"] == "labelled" else 127.5
    images = pixels.permute(0, 3, 1, 2).to(torch.float32) / scale
    return images if network["kind"] == "labelled" else images - 1
