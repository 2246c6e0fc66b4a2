"""`dcgan-convert --to onnx` by the real onnx and onnxruntime: files that the checker takes, the
pictures of `dcgan-sample`, and the discriminator's logits.
"""

import json
import re

import bridges
import numpy as np
import onnx
import onnxruntime
import ruamel.yaml
import torch
from bridges import program
from torch_bridge import CASES, Golden, drawn, pictures

import dcgan_random
import dcgan_torch

# Sizes that no golden file has: labelled with colours and unequal sides, unlabelled in grey, odd
# sides and another depth.
SIZES = {
    "labelled": dict(height=20, width=28, channels=3, classes=3),
    "unlabelled": dict(height=22, width=30, channels=1, classes=1),
    "shallow": dict(height=13, width=9, channels=3, classes=1),
}
SETTINGS = {
    "labelled": ["train.network=labelled"],
    "unlabelled": ["train.network=unlabelled"],
    "shallow": ["train.network=unlabelled", "train.depth=2", "train.ema=0.9"],
}
made = {}


def trained(name):
    """The last checkpoint of a small training, made once."""
    if name not in made:
        sizes = [f"prepare.synthetic.{key}={value}" for key, value in SIZES[name].items()]
        data = bridges.dataset(name, *sizes)
        out = bridges.folder / name / "train"
        settings = ["train.epochs=1", *SETTINGS[name]]
        words = [word for setting in settings for word in ("--set", setting)]
        program("train", "--pipeline", bridges.SMOKE, *words, "--dataset", data, "--out", out)
        made[name] = max((out / "checkpoints").glob("step-*.safetensors"))
    return made[name]


def convert(model, out, *words, to="onnx"):
    program("convert", "--to", to, "--model", model, "--out", out, *words)
    return out


def run(path, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # An error is raised as well.
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = {name: np.asarray(value) for name, value in inputs.items() if value is not None}
    (output,) = session.run(None, inputs)
    return output


def generated(path, network, labels, seed=0, n=20):
    """Images of the z that `dcgan-sample` draws."""
    z = dcgan_random.sample_latents(network, seed, n)
    return run(path, {"z": z, "class": labels})


def to_pixels(network, images):
    return dcgan_torch.to_bytes(network, torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()


def reference(path, labels, which=None, n=20):
    """The same images in float64."""
    generator = dcgan_torch.load(path, which).double()
    z = torch.from_numpy(dcgan_random.sample_latents(generator.network, 0, n)).double()
    y = None if labels is None else torch.eye(generator.classes).double()[labels.long()]
    return generator(z, y).permute(0, 2, 3, 1).detach().numpy()


def far_from_ties(network, exact):
    """Where a pixel is beyond doubt: a value within rounding of a half may become either."""
    scaled = 255 * exact if network["kind"] == "labelled" else 127.5 * (exact + 1)
    return np.abs(scaled - np.floor(scaled) - 0.5) > 255 * 2e-6


def checkpoint(golden, path):
    """A checkpoint with both networks of a golden file."""
    arrays = {**golden.group("param/"), **golden.group("moving/")}
    info = dict(kind="checkpoint", network=golden.network(), step=3, dataset_sha256="0" * 64)
    info.update(epoch=1, seed=0, adam_steps_d=3, adam_steps_g=6, attempt=0, best=None)
    dcgan_torch.write(path, dict(info, tables={}, on_signal=False), arrays)
    return path


class Checked(bridges.Test):
    def test_files_pass_the_checker_and_strict_shape_inference(self):
        models = [trained(name) for name in SIZES]
        models += [checkpoint(Golden(name), self.folder / f"{name}.st") for name in CASES]
        for number, model in enumerate(models):
            for half in ([], ["--half"]):
                out = convert(model, self.folder / f"{number}{half}", *half)
                for network, output in (("generator", "images"), ("discriminator", "logits")):
                    path = str(out / f"{network}.onnx")
                    onnx.checker.check_model(path, full_check=True)
                    self.check_shapes(onnx.load(path), output)

    def check_shapes(self, model, output):
        self.assertEqual((model.ir_version, model.opset_import[0].version), (8, 17))
        inferred = onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        )
        shapes = {
            value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in [*inferred.graph.value_info, *inferred.graph.output]
        }
        self.assertEqual([value.name for value in inferred.graph.output], [output])
        # Every value but the constants' has a known shape, whose first dimension is that of N.
        self.assertGreaterEqual(len(shapes), len(model.graph.node))
        for name, shape in shapes.items():
            self.assertTrue(all(size == "N" or size > 0 for size in shape), (name, shape))
        self.assertEqual(shapes[output][0], "N")

    def test_metadata_say_what_the_values_mean(self):
        for name, low in (("labelled", 0), ("shallow", -1)):
            model = trained(name)
            network = dcgan_torch.load(model)
            out = convert(model, self.folder / name)
            for file in ("generator", "discriminator"):
                props = onnx.load(str(out / f"{file}.onnx")).metadata_props
                found = {entry.key: entry.value for entry in props}
                self.assertEqual(json.loads(found["class_names"]), network.network["class_names"])
                self.assertEqual(json.loads(found["value_range"]), [low, 1])
                self.assertEqual(found["z_distribution"], network.network["z_distribution"])
                self.assertEqual(found["step"], str(network.step))
                self.assertEqual(found["dataset_sha256"], network.dataset_sha256)


class Cards(bridges.Test):
    def test_a_card_begins_with_yaml_that_names_model_format_and_figures(self):
        figures = {"quality": {"recall": {"value": 0.25, "low": 0.2, "high": 0.3}}}
        metrics = self.folder / "metrics.json"
        metrics.write_text(json.dumps(figures))
        for name in ("digits", "a: 'b' # \n---\n<c>"):
            out = self.folder / str(len(name))
            convert(trained("labelled"), out, "--name", name, "--metrics", metrics)
            _, front, _ = re.split("^---$", (out / "README.md").read_text(), 2, re.MULTILINE)
            front = ruamel.yaml.YAML(typ="safe").load(front)
            self.assertEqual(front["library_name"], "dcgan")
            self.assertIn("onnx", front["tags"])
            self.assertIsNone(front["license"])
            (model,) = front["model-index"]
            self.assertEqual(model["name"], name)
            metric = dict(type="recall", name="Recall", value=0.25)
            self.assertEqual(model["results"][0]["metrics"], [metric])


class Generators(bridges.Test):
    def test_images_are_those_of_the_golden_files(self):
        for name in CASES:
            golden = Golden(name)
            path = golden.write(self.folder / f"{name}.safetensors", "generator")
            out = convert(path, self.folder / name)
            self.assertFalse((out / "discriminator.onnx").exists())
            _, y, z = golden.inputs()
            labels = None if y is None else y.argmax(1)
            images = run(out / "generator.onnx", {"z": z, "class": labels})
            worst = np.abs(images - golden.tensors["out/G_infer"].numpy()).max()
            self.assertLessEqual(worst, 2e-6, name)

    def test_pictures_are_those_of_dcgan_sample(self):
        models = {name: trained(name) for name in SIZES}
        for name in CASES:
            models[name] = Golden(name).write(self.folder / f"{name}.st", "generator")
        pixels = 0
        for name, model in models.items():
            network = dcgan_torch.load(model).network
            expected, labels = drawn(model, self.folder / f"{name}-drawn", "--n", 20)
            out = convert(model, self.folder / f"{name}-onnx")
            classes = None if labels is None else labels.long()
            images = generated(out / "generator.onnx", network, classes)
            self.assertEqual(images.shape[1:], tuple(expected.shape[1:]))
            exact = reference(model, labels)
            self.assertLessEqual(np.abs(images - exact).max(), 2e-6, name)
            is_clear = far_from_ties(network, exact)
            different = to_pixels(network, images) != expected.numpy()
            self.assertEqual(different[is_clear].sum(), 0, name)
            pixels += is_clear.sum()
        self.assertGreater(pixels, 10_000)

    def test_a_batch_has_any_size_and_its_rows_are_independent(self):
        model = trained("labelled")
        path = convert(model, self.folder / "onnx") / "generator.onnx"
        network = dcgan_torch.load(model).network
        labels = np.arange(20) % 3
        all_images = generated(path, network, labels)
        for n in (1, 7):
            images = generated(path, network, labels[:n], n=n)
            self.assertEqual(images.shape[0], n)
            self.assertLessEqual(np.abs(images - all_images[:n]).max(), 2e-6)
        self.assert_refused("out of", generated, path, network, labels + 1)

    def test_the_averaged_generator_is_converted_where_the_settings_say_so(self):
        model = trained("shallow")
        out = convert(model, self.folder / "onnx", "--set", "sample.ema=true")
        network = dcgan_torch.load(model).network
        images = generated(out / "generator.onnx", network, None)
        averaged = np.abs(images - reference(model, None, "averaged")).max()
        plain = np.abs(images - reference(model, None)).max()
        self.assertLessEqual(averaged, 2e-6)
        self.assertGreater(plain, 1e-4)


class Discriminators(bridges.Test):
    def test_logits_are_those_of_the_golden_files(self):
        for name in CASES:
            golden = Golden(name)
            out = convert(checkpoint(golden, self.folder / f"{name}.st"), self.folder / name)
            x, y, _ = golden.inputs()
            fake = golden.tensors["out/G"]
            labels = None if y is None else y.argmax(1)
            for kind, images in (("real", x.permute(0, 2, 3, 1)), ("fake", fake)):
                inputs = {"images": images.contiguous(), "class": labels}
                logits = run(out / "discriminator.onnx", inputs)
                expected = golden.tensors[f"out/D_logits_{kind}"].numpy()
                self.assertEqual(logits.shape, expected.shape)
                scale = np.abs(expected).max()
                worst = np.abs(logits - expected).max() / scale
                self.assertLessEqual(worst, 2e-6, f"{name} {kind}")

    def test_logits_of_all_sizes_are_those_of_pytorch(self):
        for name in SIZES:
            model = trained(name)
            out = convert(model, self.folder / name)
            critic = dcgan_torch.load(model, "discriminator").double()
            n = critic.network
            shape = (16, n["height"], n["width"], n["channels"])
            images = np.random.default_rng(0).random(shape, dtype=np.float32)
            labels = torch.arange(16) % 3 if critic.labelled else None
            logits = run(out / "discriminator.onnx", {"images": images, "class": labels})
            y = torch.eye(3).double()[labels] if critic.labelled else None
            x = torch.from_numpy(images).double().permute(0, 3, 1, 2)
            expected = critic(x, y).detach().numpy()
            worst = np.abs(logits - expected).max() / np.abs(expected).max()
            self.assertLessEqual(worst, 2e-6, name)


def weight_bytes(path):
    """The bytes of each weight: all constants that `--half` stores in half precision."""
    tensors = onnx.load(str(path)).graph.initializer
    sizes = {tensor.name.removesuffix("/half"): len(tensor.raw_data) for tensor in tensors}
    return {name: size for name, size in sizes.items() if name.endswith(("/weight", "/bias"))}


class Half(bridges.Test):
    def test_half_precision_halves_the_file_and_moves_few_pixels_by_one(self):
        for name in (*SIZES, *CASES):
            if name in SIZES:
                model = trained(name)
            else:
                model = Golden(name).write(self.folder / f"{name}.st", "generator")
            network = dcgan_torch.load(model).network
            whole, half = (
                convert(model, self.folder / f"{name}{words}", *words)
                for words in ([], ["--half"])
            )
            weights = [weight_bytes(out / "generator.onnx") for out in (whole, half)]
            self.assertGreaterEqual(min(map(len, weights)), 6)
            for weight, size in weights[1].items():
                self.assertEqual(weights[0][weight], 2 * size, weight)
            expected, labels = drawn(model, self.folder / f"{name}-drawn", "--n", 20)
            classes = None if labels is None else labels.long()
            images = generated(half / "generator.onnx", network, classes)
            self.assertEqual(images.dtype, np.float32)
            moved = np.abs(to_pixels(network, images).astype(int) - expected.numpy())
            self.assertLessEqual(moved.max(), 1, name)
            self.assertGreater(moved.sum(), 0, name)
            self.assertLess((moved > 0).mean(), 0.05, name)


if __name__ == "__main__":
    bridges.main(bridges.tests_of())
