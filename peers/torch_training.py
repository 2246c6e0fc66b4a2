"""Times a training iteration in PyTorch: an update of D, then two of G; the first reuses G(z)."""

from measure import median_ms, options, report

args = options(
    kind=("labelled", ["labelled", "unlabelled"]),
    mode=("eager", ["eager", "channels_last", "compile"]),
    precision=("float32", ["float32", "bfloat16"]),
)

import torch
import torch_networks as networks
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

torch.set_num_threads(args.threads)
torch.manual_seed(0)
if args.kind == "labelled":
    g, d, x = networks.LabelledGenerator(), networks.LabelledDiscriminator(), torch.rand(args.batch, 1, 28, 28)
else:
    g, d, x = networks.Generator(), networks.Discriminator(), torch.rand(args.batch, 3, 64, 64) * 2 - 1
if args.mode == "channels_last":
    g, d, x = (thing.to(memory_format=torch.channels_last) for thing in (g, d, x))
optimiser = {net: torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True) for net in (g, d)}
real, fake = torch.ones(args.batch, 1), torch.zeros(args.batch, 1)


def autocast():
    return torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bfloat16")


def loss_of(images, y, wanted):
    return binary_cross_entropy_with_logits(d(images, y).float(), wanted)


def generate(z, y):
    with autocast():
        return g(z, y)


def d_loss(generated, y):
    with autocast():
        return loss_of(x, y, real) + loss_of(generated, y, fake)


def judge(generated, y):
    with autocast():
        return loss_of(generated, y, real)


def fresh_g_loss(z, y):
    with autocast():
        return loss_of(g(z, y), y, real)


if args.mode == "compile":
    generate, d_loss, judge, fresh_g_loss = map(torch.compile, (generate, d_loss, judge, fresh_g_loss))


def update(net, loss):
    optimiser[net].zero_grad(set_to_none=True)
    loss.backward()
    optimiser[net].step()


def step():
    z = torch.rand(args.batch, 100) * 2 - 1
    y = one_hot(torch.randint(10, (args.batch,)), 10).float()
    generated = generate(z, y)
    loss = d_loss(generated.detach(), y)
    update(d, loss)
    d.requires_grad_(False)
    update(g, judge(generated, y))
    last = fresh_g_loss(z, y)
    update(g, last)
    d.requires_grad_(True)
    return loss.item(), last.item()


report(median_ms(step, args.repeats, args.warmups))
