"""Trains in PyTorch what dcgan-train trains, into the same files: instead of it, or in turns.

    make train TRAIN='/usr/bin/python3 python/train_torch.py'     # a python3 that has torch

It takes dcgan-train's options and starts from the same weights, on the same pictures and z, so that
the two differ by the rounding of float32 alone. Each goes on from checkpoints of the other. A place
to begin with changes of your own: the losses, the optimiser and the updates are on this page;
`dcgan_run.py` reads and writes the files, and asks dcgan-train what the settings mean.
"""

import sys

import dcgan_run
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits


def cross_entropy(logits, target):
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def update(adam, loss, rate, beta1, beta2=0.999, epsilon=1e-8):
    """A step down `loss`, by Adam in TensorFlow's form; returns the norm of the gradient.

    PyTorch's Adam adds epsilon to the corrected root of v, this one to the plain root.
    """
    gradients = torch.autograd.grad(loss, list(adam.weights.values()))
    adam.steps += 1
    # The decays are rounded to float32, as everything is that meets a weight.
    beta1, beta2, rate = (float(np.float32(value)) for value in (beta1, beta2, rate))
    rate *= (1 - beta2**adam.steps) ** 0.5 / (1 - beta1**adam.steps)
    with torch.no_grad():
        for (name, weight), gradient in zip(adam.weights.items(), gradients):
            m, v = adam.m[name], adam.v[name]
            m += (1 - beta1) * (gradient - m)
            v += (1 - beta2) * (gradient.square() - v)
            weight -= rate * m / (v.sqrt() + epsilon)
    return torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()


def iteration(state, settings, share, x, y, z):
    """One update of D, then those of G, all on the same pictures x, classes y and z."""
    g, d = state.generator, state.discriminator
    beta1, target = settings["beta1"], 1 - settings["label_smoothing"]
    rate_g = settings["learning_rate"] * share
    rate_d = (settings["learning_rate_d"] or settings["learning_rate"]) * share
    # Every pass feeds the moving averages of batch norm, so their number and order count.
    real, fake = d(x, y), d(g(z, y).detach(), y)
    losses = [cross_entropy(real, target), cross_entropy(fake, 0)]
    d_norm = update(state.adam_d, sum(losses), rate_d, beta1)
    g_losses = []
    for _ in range(settings["generator_updates"]):
        g_losses.append(cross_entropy(d(g(z, y), y), 1))
        g_norm = update(state.adam_g, g_losses[-1], rate_g, beta1)
    readouts = []
    if settings["moving_averages"] == "with_readouts":
        with torch.no_grad():
            readouts.append(cross_entropy(d(g(z, y), y), 0))
            readouts.append(cross_entropy(d(x, y), target))
            readouts.append(cross_entropy(d(g(z, y), y), 1))
    return dcgan_run.Trace(real, fake, losses, g_losses, [d_norm, g_norm], readouts)


def main():
    run = dcgan_run.Run(sys.argv[1:])
    state = run.begin()
    while state.step < run.last_step:
        state.step += 1
        trace = iteration(state, run.settings, run.rate_share(state), *run.batch(state))
        run.after(state, trace)
    run.finish(state)


if __name__ == "__main__":
    dcgan_run.reporting(main)
