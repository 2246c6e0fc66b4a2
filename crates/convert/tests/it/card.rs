//! The model card.

use crate::support::{Place, labelled, unlabelled};

const METRICS: &str = r#"{ "step": 7, "images": { "generated": 640 },
    "quality": {
        "class_accuracy": { "value": 0.9625, "low": 0.95, "high": 0.97, "real": 0.995 },
        "extractor": { "name": "classifier" },
        "<b>": { "value": 1 } },
    "pixels": { "duplicates": 0, "memorised": { "value": 0.01 } } }"#;

#[test]
fn a_card_has_what_hugging_face_reads_and_how_to_draw() {
    let place = Place::generator(&labelled());
    place.put("metrics.json", METRICS);
    let metrics = place.path("metrics.json");
    place.converted(
        "out",
        &["--name", "digits", "--metrics", metrics.to_str().unwrap()],
    );
    insta::assert_snapshot!(place.text("out/README.md"), @r#"
    ---
    library_name: dcgan
    pipeline_tag: unconditional-image-generation
    tags:
    - dcgan
    - gan
    - image-generation
    - onnx
    model-index:
    - name: digits
      results:
      - task:
          type: unconditional-image-generation
        dataset:
          name: digits
          type: digits
        metrics:
        - type: class_accuracy
          name: Class accuracy
          value: 0.9625
        - type: memorised
          name: Memorised
          value: 0.01
    license:  # to be filled in, such as mit or cc-by-4.0
    ---

    # digits

    The generator of a DCGAN ([Radford et al. 2016](https://arxiv.org/abs/1511.06434)) for grey images of 8x8 pixels in 3 classes, trained for 7 iterations.

    ## Use

    `generator.onnx` draws images in onnxruntime or any program that reads ONNX (opset 17):

    ```python
    import numpy as np, onnxruntime

    session = onnxruntime.InferenceSession("generator.onnx")
    z = np.random.uniform(-1, 1, (20, 5)).astype(np.float32)
    classes = np.arange(20) % 3  # their numbers
    images = session.run(None, {"z": z, "class": classes})[0]
    pixels = np.round(255 * images).astype(np.uint8)  # [N, height, width, colours]
    ```

    ## Figures

    Of 640 images that the generator drew.

    | figure | generated | 95 % interval | real images |
    |---|---|---|---|
    | Class accuracy | 0.9625 | 0.9500 to 0.9700 | 0.9950 |
    | Memorised | 0.0100 |  |  |

    ## Classes

    | number | name |
    |---|---|
    | 0 | `zero` |
    | 1 | `one` |
    | 2 | `2` |

    ## Training data

    The arrays of the dataset have the SHA-256
    `0000000000000000000000000000000000000000000000000000000000000000`.
    "#);
}

#[test]
fn a_card_of_an_unlabelled_checkpoint_without_figures() {
    let place = Place::checkpoint(&unlabelled());
    place.converted("out", &[]);
    insta::assert_snapshot!(place.text("out/README.md"), @r#"
    ---
    library_name: dcgan
    pipeline_tag: unconditional-image-generation
    tags:
    - dcgan
    - gan
    - image-generation
    - onnx
    license:  # to be filled in, such as mit or cc-by-4.0
    ---

    # dcgan

    The generator and the discriminator of a DCGAN ([Radford et al. 2016](https://arxiv.org/abs/1511.06434)) for colour images of 18x9 pixels, trained for 7 iterations.

    ## Use

    `generator.onnx` draws images in onnxruntime or any program that reads ONNX (opset 17):

    ```python
    import numpy as np, onnxruntime

    session = onnxruntime.InferenceSession("generator.onnx")
    z = np.random.uniform(-1, 1, (20, 6)).astype(np.float32)
    images = session.run(None, {"z": z})[0]
    pixels = np.round(127.5 * (images + 1)).astype(np.uint8)  # [N, height, width, colours]
    ```

    ## Training data

    The arrays of the dataset have the SHA-256
    `0000000000000000000000000000000000000000000000000000000000000000`.
    "#);
}

#[test]
fn figures_of_another_step_are_left_out_with_a_warning() {
    let place = Place::generator(&labelled());
    place.put(
        "metrics.json",
        &METRICS.replace("\"step\": 7", "\"step\": 8"),
    );
    let metrics = place.path("metrics.json");
    let outcome = place.converted("out", &["--metrics", metrics.to_str().unwrap()]);
    insta::assert_snapshot!(outcome.stderr, @r"
    warning: `[DIR]/metrics.json` is of step 8, the model of step 7: the card gets no figures; `make eval` evaluates the model
    ");
    assert!(!place.text("out/README.md").contains("0.96"));
}

/// Names of classes and of the model may hold anything.
#[test]
fn text_from_outside_is_no_markup() {
    let place = Place::generator(&labelled());
    let names = ["`<b>|\n", "a: b # c", "\u{1b}[31m"];
    place.change(|model| model.network.class_names = names.map(String::from).into());
    place.put("metrics.json", METRICS);
    let metrics = place.path("metrics.json");
    let name = "<script>: [x](y)\n---";
    place.converted(
        "out",
        &["--name", name, "--metrics", metrics.to_str().unwrap()],
    );
    let card = place.text("out/README.md");
    let lines: Vec<&str> = card
        .lines()
        .filter(|line| line.starts_with("| ") || line.starts_with('#') || line.contains("name: "))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    library_name: dcgan
    - name: |-
          name: |-
          name: Class accuracy
          name: Memorised
    # \<script\>: \[x\]\(y\)\\n---
    ## Use
    ## Figures
    | figure | generated | 95 % interval | real images |
    | Class accuracy | 0.9625 | 0.9500 to 0.9700 | 0.9950 |
    | Memorised | 0.0100 |  |  |
    ## Classes
    | number | name |
    | 0 | `'<b>\|\n` |
    | 1 | `a: b # c` |
    | 2 | `\u{1b}[31m` |
    ## Training data
    ");
    assert!(!card.contains('\u{1b}'));
}
