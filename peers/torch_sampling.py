"""Times sampling in PyTorch: a labelled generator to a safetensors file of bytes and classes.

Timing starts after loading the model and ends with the file on disk. Batch norm uses averages."""

import tempfile
from pathlib import Path

from measure import median_ms, options, report

args = options(n=(50_000, None))

import torch
from safetensors.torch import save_file
from torch.nn.functional import one_hot
from torch_networks import LabelledGenerator

torch.set_num_threads(args.threads)
torch.manual_seed(0)
g = LabelledGenerator().eval()
images = torch.empty(args.n, 28, 28, 1, dtype=torch.uint8)


@torch.inference_mode()
def sample(path):
    classes = torch.arange(args.n) % 10
    for at in range(0, args.n, args.batch):
        y = one_hot(classes[at : at + args.batch], 10).float()
        x = g(torch.rand(len(y), 100) * 2 - 1, y)
        images[at : at + args.batch] = (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    save_file({"images": images, "labels": classes.to(torch.uint8)}, path)


with tempfile.TemporaryDirectory() as folder:
    report(median_ms(lambda: sample(Path(folder) / "samples.safetensors"), repeats=1, warmups=0))
