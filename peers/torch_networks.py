"""Both DCGAN networks in PyTorch, at the original's widths. Maps are `[B, C, H, W]`."""

import torch
from torch import nn
from torch.nn import functional as F


def up(inputs, out):
    return nn.ConvTranspose2d(inputs, out, 5, stride=2, padding=2, output_padding=1)


def down(inputs, out):
    return nn.Conv2d(inputs, out, 5, stride=2, padding=2)


def leaky(x):
    return F.leaky_relu(x, 0.2)


def join(x, y):
    """Joins the class to the features, repeated over the map if there is one."""
    if x.dim() == 4:
        y = y[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, y], 1)


class LabelledGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fully = nn.ModuleList([nn.Linear(110, 1024), nn.Linear(1034, 128 * 7 * 7)])
        self.up = nn.ModuleList([up(138, 128), up(138, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm1d(1024), nn.BatchNorm1d(128 * 7 * 7), nn.BatchNorm2d(128)])

    def forward(self, z, y):
        h = z
        for layer, norm in zip(self.fully, self.norms):
            h = F.relu(norm(layer(join(h, y))))
        h = F.relu(self.norms[2](self.up[0](join(h.view(-1, 128, 7, 7), y))))
        return torch.sigmoid(self.up[1](join(h, y)))


class LabelledDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([down(11, 11), down(21, 74)])
        self.fully = nn.ModuleList([nn.Linear(74 * 7 * 7 + 10, 1024), nn.Linear(1034, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(74), nn.BatchNorm1d(1024)])

    def forward(self, x, y):
        h = leaky(self.down[0](join(x, y)))
        h = leaky(self.norms[0](self.down[1](join(h, y)))).flatten(1)
        h = leaky(self.norms[1](self.fully[0](join(h, y))))
        return self.fully[1](join(h, y))


class Generator(nn.Module):
    def __init__(self, filters=64):
        super().__init__()
        widths = [filters * factor for factor in (8, 4, 2, 1)]
        self.fully = nn.Linear(100, widths[0] * 4 * 4)
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for width in widths])
        self.up = nn.ModuleList([up(*pair) for pair in zip(widths, widths[1:] + [3])])

    def forward(self, z, _):
        h = self.fully(z).unflatten(1, (-1, 4, 4))
        for norm, layer in zip(self.norms, self.up):
            h = layer(F.relu(norm(h)))
        return torch.tanh(h)


class Discriminator(nn.Module):
    def __init__(self, filters=64):
        super().__init__()
        widths = [filters * factor for factor in (1, 2, 4, 8)]
        self.down = nn.ModuleList([down(*pair) for pair in zip([3] + widths, widths)])
        self.norms = nn.ModuleList([nn.Identity()] + [nn.BatchNorm2d(width) for width in widths[1:]])
        self.fully = nn.Linear(widths[-1] * 4 * 4, 1)

    def forward(self, x, _):
        h = x
        for layer, norm in zip(self.down, self.norms):
            h = leaky(norm(layer(h)))
        return self.fully(h.flatten(1))
