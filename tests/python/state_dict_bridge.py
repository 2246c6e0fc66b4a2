"""`dcgan-convert --to torch` and `--from torch` by the real PyTorch and safetensors: state dicts
that load strictly into the modules of `dcgan_torch.py`, draw the same pictures, and come back.
"""

import json

import bridges
import torch
from bridges import program
from onnx_bridge import SIZES, checkpoint, convert, far_from_ties, reference, trained
from safetensors.torch import load_file, save_file
from torch_bridge import CASES, Golden, drawn, pictures

import dcgan_torch

KINDS = (dcgan_torch.Generator, dcgan_torch.Discriminator)


def loaded(out, kind):
    """A module built from `config.json` alone, with the weights of a state dict."""
    config = bridges.load_json(out / "config.json")
    module = kind(config["network"])
    module.load_state_dict(load_file(out / f"{kind.scope}-torch.safetensors"), strict=True)
    return module.train(kind.scope == "discriminator")


def back(out, *files, options=()):
    words = [word for file in files for word in ("--in", file)]
    program("convert", "--from", "torch", *words, *options, "--out", out)
    return out


def models(folder):
    """Checkpoints with both networks: trained ones, and the golden files'."""
    found = {name: trained(name) for name in SIZES}
    for name in CASES:
        found[name] = checkpoint(Golden(name), folder / f"{name}.safetensors")
    return found


class StateDicts(bridges.Test):
    def assert_same_arrays(self, got, expected, name):
        self.assertEqual(got.keys(), expected.keys(), name)
        for key, array in expected.items():
            same = array.numpy().tobytes() == got[key].numpy().tobytes()
            self.assertTrue(same and got[key].shape == array.shape, f"{name} {key}")

    def assert_same_pictures(self, model, generator, expected, labels):
        """That a module draws the pictures that `dcgan-sample` drew by the file `model`."""
        got = pictures(generator, 0, labels)
        is_clear = far_from_ties(generator.network, reference(model, labels))
        self.assertEqual(int((got != expected).numpy()[is_clear].sum()), 0, model)
        self.assertGreater(is_clear.mean(), 0.99)

    def test_they_load_strictly_and_draw_the_pictures_of_dcgan_sample(self):
        for name, model in models(self.folder).items():
            out = convert(model, self.folder / f"{name}-torch", to="torch")
            generator, critic = (loaded(out, kind) for kind in KINDS)
            expected, labels = drawn(model, self.folder / f"{name}-drawn", "--n", 20)
            self.assert_same_pictures(model, generator, expected, labels)
            direct = dcgan_torch.load(model, "discriminator")
            images = dcgan_torch.to_images(generator.network, expected)
            y = None if labels is None else labels.long()
            self.assertTrue(torch.equal(critic(images, y), direct(images, y)), name)

    def test_there_and_back_no_byte_of_an_array_changes(self):
        for name, model in models(self.folder).items():
            out = convert(model, self.folder / f"{name}-torch", to="torch")
            files = [out / f"{kind.scope}-torch.safetensors" for kind in KINDS]
            again = back(self.folder / f"{name}-again", *files)
            info, arrays = dcgan_torch.read(model)
            for kind in KINDS:
                prefix = f"{kind.scope}/"
                of = {key: array for key, array in arrays.items() if key.startswith(prefix)}
                file_info, got = dcgan_torch.read(again / f"{kind.scope}.safetensors")
                self.assert_same_arrays(got, of, name)
                for key in ("network", "step", "dataset_sha256"):
                    self.assertEqual(file_info[key], info[key], (name, key))
            (both,) = again.glob("step-*.safetensors")
            self.assertEqual(both.name, f"step-{info['step']:08}.safetensors")
            networks = {k: a for k, a in arrays.items() if k.split("/")[0] not in ("adam", "ema")}
            self.assert_same_arrays(dcgan_torch.read(both)[1], networks, name)
            expected, _ = drawn(model, self.folder / f"{name}-1", "--n", 20)
            got, _ = drawn(both, self.folder / f"{name}-2", "--n", 20)
            self.assertTrue(torch.equal(got, expected), name)

    def test_what_a_users_pytorch_saved_is_read(self):
        network = dict(
            kind="labelled", height=12, width=20, channels=3, class_names=["a", "b"], z_dim=7,
            z_distribution="normal", gf_dim=4, df_dim=5, gfc_dim=16, dfc_dim=9,
        )
        torch.manual_seed(1)
        generator = dcgan_torch.Generator(network)
        generator(torch.randn(8, 7), torch.arange(8) % 2)  # Feeds the averages and counters.
        path = self.folder / "mine.safetensors"
        save_file(generator.state_dict(), path)
        self.assertIn("g_bn0.num_batches_tracked", load_file(path))
        config = self.folder / "network.json"
        config.write_text(json.dumps({"network": network}))
        out = back(self.folder / "out", path, options=("--config", config))
        labels = torch.arange(20) % 2
        model = out / "generator.safetensors"
        got, classes = drawn(model, self.folder / "drawn", "--n", 20)
        self.assertTrue(torch.equal(classes.long(), labels))
        self.assert_same_pictures(model, generator.eval(), got, labels)
        self.assertGreater(got.float().std(), 1)


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
