"""`python/dcgan_torch.py` by the real PyTorch: the same pictures, the same numbers, files that our
programs take, and errors for files that don't fit.

The networks are those of the golden files: they are narrow, every bias and average in them shows.
"""

import json

import bridges
import torch
from bridges import GOLDEN, call, program

import dcgan_random
import dcgan_torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

CASES = ("cond_forward", "uncond_forward", "uncond_odd_forward")


class Golden:
    """A golden file: its tensors, and a network with its weights."""

    def __init__(self, name):
        content = (GOLDEN / f"{name}.safetensors").read_bytes()
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        self.config = json.loads(header.pop("__metadata__")["info"])["config"]
        places = {
            name: (entry["dtype"], tuple(entry["shape"]), *entry["data_offsets"])
            for name, entry in header.items()
        }
        self.tensors = dcgan_torch.arrays_at(name, places, memoryview(content)[8 + length :])

    def network(self):
        c = self.config
        labelled = c["y_dim"] is not None
        return dict(
            kind="labelled" if labelled else "unlabelled",
            height=c["h"], width=c["w"], channels=c["c"], z_dim=c["z"], z_distribution="uniform",
            class_names=[str(n) for n in range(c["y_dim"] or 0)], gf_dim=c["gf"], df_dim=c["df"],
            gfc_dim=c["gfc"] if labelled else 0, dfc_dim=c["dfc"] if labelled else 0,
        )

    def group(self, prefix):
        """The tensors below `prefix`, by the rest of their names."""
        found = self.tensors.items()
        return {name[len(prefix) :]: value for name, value in found if name.startswith(prefix)}

    def write(self, path, kind, param="param/", moving="moving/"):
        """A file of ours with the weights of one network."""
        arrays = {**self.group(param), **self.group(moving)}
        arrays = {name: array for name, array in arrays.items() if name.startswith(kind)}
        info = dict(kind=kind, network=self.network(), step=3, dataset_sha256="0" * 64)
        dcgan_torch.write(path, info, arrays)
        return path

    def inputs(self):
        x, z = self.tensors["in/x"].permute(0, 3, 1, 2), self.tensors["in/z"]
        return x, self.tensors.get("in/y"), z


def drawn(model, out, *words):
    """The pictures and classes that `dcgan-sample` draws from the file `model`."""
    program("sample", "--model", model, "--out", out, *words)
    _, arrays = dcgan_torch.read(out / "samples.safetensors")
    return arrays["images"], arrays.get("labels")


def pictures(generator, seed, labels):
    z = dcgan_random.sample_latents(generator.network, seed, 20)
    with torch.no_grad():
        return dcgan_torch.to_bytes(generator.network, generator(torch.from_numpy(z), labels))


class Pictures(bridges.Test):
    def test_pictures_are_those_of_dcgan_sample(self):
        for name in CASES:
            path = Golden(name).write(self.folder / f"{name}.safetensors", "generator")
            expected, labels = drawn(path, self.folder / name, "--n", 20, "--seeds", 7)
            got = pictures(dcgan_torch.load(path), 7, labels)
            self.assertGreater(expected.float().std(), 10, name)
            self.assertEqual(int((got != expected).sum()), 0, name)

    def test_saved_networks_are_taken_and_draw_the_same(self):
        for name in CASES:
            path = Golden(name).write(self.folder / f"{name}.safetensors", "generator")
            again = self.folder / f"{name}-again.safetensors"
            dcgan_torch.save(dcgan_torch.load(path), again)
            first = drawn(path, self.folder / f"{name}-1", "--n", 20)
            second = drawn(again, self.folder / f"{name}-2", "--n", 20)
            self.assertTrue(torch.equal(first[0], second[0]), name)
            (info, arrays), (info_again, arrays_again) = map(dcgan_torch.read, (path, again))
            self.assertEqual(info, info_again)
            for array in arrays:
                self.assertTrue(torch.equal(arrays[array], arrays_again[array]), array)

    def test_z_has_each_distribution_of_dcgan_sample(self):
        golden = Golden("cond_forward")
        for distribution in ("uniform", "uniform_0_1", "normal"):
            info, arrays = dcgan_torch.read(
                golden.write(self.folder / "model.safetensors", "generator")
            )
            path = self.folder / f"{distribution}.safetensors"
            # An odd number of coordinates: of the last pair of normal ones the second is left over.
            # More than 16, the words of a block of ChaCha8.
            matrix = arrays["generator/g_h0_lin/Matrix"]
            matrix = torch.cat([matrix[:16], matrix[:3], matrix[:16], matrix[16:]])
            arrays["generator/g_h0_lin/Matrix"] = matrix
            network = dict(info["network"], z_distribution=distribution, z_dim=35)
            dcgan_torch.write(path, dict(info, network=network), arrays)
            expected, labels = drawn(path, self.folder / distribution, "--n", 20, "--seeds", 2**40)
            got = pictures(dcgan_torch.load(path), 2**40, labels)
            self.assertEqual(int((got != expected).sum()), 0, distribution)

    def test_a_class_is_a_number_or_shares(self):
        path = Golden("cond_forward").write(self.folder / "g.safetensors", "generator")
        generator = dcgan_torch.load(path)
        z = torch.zeros(3, 16)
        shares = torch.eye(10)[[2, 5, 7]]
        self.assertTrue(torch.equal(generator(z, torch.tensor([2, 5, 7])), generator(z, shares)))
        self.assert_refused("needs y", generator, z)


class Numbers(bridges.Test):
    """Training mode against the golden files: `tests/golden/README.md`."""

    def networks(self, golden):
        path = golden.write(self.folder / "model.safetensors", "generator")
        generator = dcgan_torch.load(path).train()
        path = golden.write(self.folder / "model.safetensors", "discriminator")
        return generator, dcgan_torch.load(path)

    def setUp(self):
        super().setUp()
        self.tolerances = bridges.load_json(GOLDEN / "tolerances.json")

    def close(self, case, name, got, expected, share=1):
        """That `got` is `expected`, the tensor `name` of a golden file or that share of it.

        In float64 what is left is the rounding of the golden file itself, which was measured when
        it was made. In float32 another 1e-6 is allowed.
        """
        worst = float((got.detach().reshape(expected.shape) - expected).abs().max())
        rounding = self.tolerances[case][name]["f64"]
        allowed = 1.02 * share * rounding + (1e-12 if got.dtype == torch.float64 else 1e-6)
        self.assertLessEqual(worst, allowed, f"{case} {name}, {got.dtype}")

    def cases(self):
        """Each golden file with its networks and inputs, in both precisions."""
        for case in CASES:
            for kind in (torch.float32, torch.float64):
                golden = Golden(case)
                generator, critic = self.networks(golden)
                inputs = [None if tensor is None else tensor.to(kind) for tensor in golden.inputs()]
                yield case, golden, generator.to(kind), critic.to(kind), inputs

    def test_training_mode_and_gradients(self):
        for case, golden, generator, critic, (x, y, z) in self.cases():
            tensors = golden.tensors
            images = generator(z, y)
            self.close(case, "out/G", images.permute(0, 2, 3, 1), tensors["out/G"])
            real, fake = critic(x, y), critic(images, y)
            ones, zeros = torch.ones_like(real), torch.zeros_like(real)
            losses = dict(d_real=cross_entropy(real, ones), d_fake=cross_entropy(fake, zeros))
            losses.update(d=losses["d_real"] + losses["d_fake"], g=cross_entropy(fake, ones))
            for name, loss in losses.items():
                self.close(case, f"loss/{name}", loss, tensors[f"loss/{name}"])
            for network, loss in ((critic, "d"), (generator, "g")):
                weights = dcgan_torch.names(network)
                weights = {name: w for name, w in weights.items() if w.requires_grad}
                gradients = torch.autograd.grad(losses[loss], weights.values(), retain_graph=True)
                self.assertEqual(len(golden.group(f"grad_{loss}/{network.scope}/")), len(weights))
                for name, gradient in zip(weights, gradients):
                    name, gradient = f"grad_{loss}/{name}", dcgan_torch.to_file(gradient)
                    self.close(case, name, gradient, tensors[name])

    def test_moving_averages_and_inference(self):
        for case, golden, generator, critic, (x, y, z) in self.cases():
            tensors = golden.tensors
            images = generator.eval()(z, y).permute(0, 2, 3, 1)
            self.close(case, "out/G_infer", images, tensors["out/G_infer"])
            generator.train()(z, y)
            critic(x, y)
            for network, key in ((generator, "g"), (critic, "d_real")):
                for name, tensor in dcgan_torch.names(network).items():
                    layer, leaf = name.split("/")[1:]
                    fed = {"moving_mean": "mean", "moving_variance": "var_unbiased"}.get(leaf)
                    if fed:
                        old, fed = tensors[f"moving/{name}"], f"bn/{key}/{layer}/{fed}"
                        expected = 0.9 * old.double() + 0.1 * tensors[fed].double()
                        self.close(case, fed, tensor, expected, share=0.1)


class Files(bridges.Test):
    def test_every_file_of_a_run_is_read(self):
        sizes = dict(height=20, width=26, channels=3, classes=1)
        sizes = [f"prepare.synthetic.{key}={value}" for key, value in sizes.items()]
        data = bridges.dataset("unlabelled", *sizes)
        out = self.folder / "train"
        settings = ["train.network=unlabelled", "train.depth=3", "train.ema=0.9", "train.epochs=1"]
        words = [word for setting in settings for word in ("--set", setting)]
        program("train", "--pipeline", bridges.SMOKE, *words, "--dataset", data, "--out", out)
        checkpoint = out / "checkpoints" / "step-00000016.safetensors"
        self.assertEqual(dcgan_torch.load(out / "discriminator.safetensors").scope, "discriminator")
        for which, file in (("generator", "generator"), ("averaged", "generator-ema")):
            expected, _ = drawn(out / f"{file}.safetensors", self.folder / file, "--n", 20)
            for network in (
                dcgan_torch.load(checkpoint, which),
                dcgan_torch.load(out / f"{file}.safetensors"),
            ):
                self.assertEqual(network.step, 16)
                self.assertEqual(int((pictures(network, 0, None) != expected).sum()), 0, file)

    def test_a_flipped_byte_anywhere_is_refused(self):
        path = Golden("uncond_odd_forward").write(self.folder / "g.safetensors", "generator")
        content = path.read_bytes()
        # Every byte of the header, and some of the arrays.
        length = 8 + int.from_bytes(content[:8], "little")
        places = [*range(0, length, 7), *range(length, len(content), 9973), len(content) - 1]
        damaged = self.folder / "damaged.safetensors"
        for place in places:
            changed = bytearray(content)
            changed[place] ^= 4
            damaged.write_bytes(changed)
            with self.assertRaises(dcgan_torch.FileError, msg=place) as raised:
                dcgan_torch.load(damaged)
            self.assertIn(str(damaged), str(raised.exception))
        for cut in (0, 7, 8, 100, length, len(content) - 1):
            damaged.write_bytes(content[:cut])
            self.assert_refused(str(damaged), dcgan_torch.load, damaged)
        damaged.write_bytes(content + b"\0")
        self.assert_refused("damaged", dcgan_torch.load, damaged)

    def test_files_that_do_not_fit_are_named_with_what_was_expected(self):
        golden = Golden("cond_forward")
        path = golden.write(self.folder / "g.safetensors", "generator")
        info, arrays = dcgan_torch.read(path)
        other = self.folder / "other.safetensors"

        def refused(expected, which=None, without=(), also=(), **changed):
            kept = {name: array for name, array in arrays.items() if name not in without}
            dcgan_torch.write(other, dict(info, **changed), {**kept, **dict(also)})
            self.assert_refused(expected, dcgan_torch.load, other, which)

        def of(**changed):
            return dict(info["network"], **changed)

        refused("expected the network discriminator or a checkpoint", which="discriminator")
        refused("expected the network averaged or a checkpoint", which="averaged")
        refused("got samples", kind="samples")
        lost = "generator/g_h2/w"
        refused(f"`{lost}`: expected shape [5, 5, 16, 26], got none", without=[lost])
        refused("`generator/g_h9/w`: expected shape none", also={"generator/g_h9/w": torch.ones(2)})
        refused("`generator/g_bn0/beta`: expected shape [64]", network=of(gfc_dim=64))
        refused("height: expected one of range(4, 4097, 4), got 30", network=of(height=30))
        refused("kind: expected one of", network=of(kind="other"))
        refused("gf_dim: expected one of range(1, 65537), got True", network=of(gf_dim=True))
        refused("`generator/g_bn1/beta`: expected shape", network=of(height=4096, width=4096))
        newer = other.read_bytes().replace(b'\\"format\\":1', b'\\"format\\":2')
        other.write_bytes(newer)
        self.assert_refused("expected format 1, got 2", dcgan_torch.load, other)
        self.assert_refused("expected a safetensors file", dcgan_torch.load, bridges.SMOKE)


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
