//! The text of `--help`.

use crate::support::Place;

#[test]
#[expect(clippy::too_many_lines, reason = "the help is long")]
fn the_help_shows_all_options() {
    let place = Place::labelled();
    let outcome = place.run(&["--help"]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!(outcome.stdout, @r"
    Draw images from a trained generator.

    Writes `samples.safetensors`, `grid.png` and, if asked for, each image as a separate PNG in the
    folder `images`. An image depends only on the model, its seed, its index and its class: the
    first 10 of 50,000 are the 10 that `--n 10` draws.

    With `--mode` it draws something else, in another folder:

      The effect of coordinates 0 and 7 of z:
        dcgan-sample --model G --out sweep --mode sweep --coordinates 0,7 --frames 24
      From seed 1 to 2 to 5 and back to 1:
        dcgan-sample --model G --out way --mode interpolate --seeds 1,2,5
      The same 8 images as a 3, an 8, a 1, and everything in between:
        dcgan-sample --model G --out classes --mode classes --through 3,8,1
      The mean z of three images, minus that of two others, plus image 0 of seed 7:
        dcgan-sample --model G --out sum --mode arithmetic --expr 'mean(3,8,9) - mean(1,4) + seed 7'
      Each sample with its 4 nearest training images, compared pixel by pixel:
        dcgan-sample --model G --out near --mode nearest --dataset dataset.safetensors
      The z whose image is nearest to a picture of yours, and that image:
        dcgan-sample --model G --out mine --mode project --picture mine.jpg
      The course of a training: the same z in every kept checkpoint, or the grids of the training:
        dcgan-sample --out film --mode film --checkpoints runs/mnist/train/checkpoints
        dcgan-sample --out film --mode film --grids runs/mnist/train/samples

    G is the path of a checkpoint or of `generator.safetensors`.

    Usage: dcgan-sample --model <FILE> --out <DIR> [OPTIONS]
           dcgan-sample --mode film --checkpoints <DIR> --out <DIR> [OPTIONS]

    Options:
          --mode <MODE>
              What to draw

              Possible values:
              - images:      Images of seeds: their grid and their file
              - sweep:       The effect of each coordinate of z: a grid and a GIF of each, and a GIF of
                all
              - interpolate: From seed to seed and back: a grid and a GIF
              - classes:     From class to class and back with a fixed z: a grid and a GIF
              - arithmetic:  Latent vectors added and subtracted: the images of the terms and of the
                result
              - nearest:     The nearest training images of each sample: a grid, and the distances as
                JSON
              - project:     The image nearest to a given picture: a grid, and its z as JSON
              - film:        The course of a training: a GIF, and a grid unless it is made of grids
              
              [default: images]

          --model <FILE>
              Checkpoint or generator file; needed by every mode except `film`

          --n <N>
              Images per seed [default: `sample.n`, 64; in other modes 8, or 16 in a film]

          --seeds <LIST>
              Seeds, as `0,3-6` [default: `sample.seeds`, 0]

          --class <CLASS>
              The class to draw, by name or number [default: `sample.class`; all, alternating]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Mode `images`:
          --columns <N>
              Columns of the grid [default: `sample.columns`; a row per class, or nearly square]

          --single-images
              Also write each image as a separate PNG [default: `sample.single_images`, false]

    Modes `sweep`, `interpolate`, `classes`:
          --frames <N>
              Steps from one end to the other [default: 16]

          --delay <N>
              Duration of a step in a GIF, in hundredths of a second; also for `film` [default: 8]

          --coordinates <LIST>
              Sweep: coordinates of z, from 0, as `0,3-6` [default: all]

          --low <Z>
              Sweep: lowest value of a coordinate [default: -1; 0 for z in [0, 1), -2.5 for a normal z]

          --high <Z>
              Sweep: highest value of a coordinate [default: 1; 2.5 for a normal z]

          --start <WHERE>
              Sweep: values of the other coordinates [default: seed]

              Possible values:
              - seed:   The values that the images of the first seed have
              - centre: The middle of their range: 0, or 0.5 for z in [0, 1)

          --way <WAY>
              Interpolate: path between two seeds [default: spherical]

              Possible values:
              - linear:    A straight line
              - spherical: The arc between their directions, with the length changing linearly

          --through <LIST>
              Classes: the classes to go through, by name or number, as `3,8,1` [default: all in order]

    Mode `arithmetic`:
          --expr <EXPRESSION>
              Sum to draw: `image 3` is the z of that image of the first seed, `mean(3,8-9)` the mean of
              several, `seed 7` the z of image 0 of that seed; each may have a factor: `0.5 * seed 7`

    Mode `nearest`:
          --dataset <FILE>
              Dataset whose training part is searched

          --neighbours <K>
              Training images per sample [default: 4]

    Mode `project`:
          --picture <FILE>
              Picture of any size and format; may be repeated

          --steps <N>
              Steps of gradient descent from every start [default: 200]

          --restarts <N>
              Number of starts: the z of the first images of the first seed [default: 8]

    Mode `film`:
          --checkpoints <DIR>
              Folder of checkpoints; each draws the same images

          --grids <DIR>
              Folder of the grids that the training drew; shown unchanged

    Common options:
          --pipeline <FILE>
              Pipeline file (YAML) with the settings of all stages [default: built-in settings]

          --set <KEY=VALUE>
              Override one setting, as `train.batch_size=32`; may be repeated

          --out <DIR>
              Folder that this stage writes

          --threads <N>
              Number of threads; does not change the result [default: all cores]

          --force
              Start over where the stage refuses to run or has nothing to do

          --quiet
              Print no progress bar and no messages below warnings

          --json
              Print the result as JSON

          --dry-run
              Check settings and inputs, print what would be read and written, and write nothing

    Settings of this stage and their defaults; `pipelines/mnist.yaml` explains each, and `--set
    KEY=VALUE` overrides one:
      sample.best = false
      sample.class = none
      sample.columns = 0
      sample.ema = false
      sample.kernels = auto
      sample.n = 64
      sample.seeds = 0
      sample.single_images = false
    ");
}
