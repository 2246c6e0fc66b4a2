//! What `--help` teaches.

use crate::support::Place;

#[test]
#[expect(clippy::too_many_lines, reason = "the help is long")]
fn the_help_says_what_there_is() {
    let place = Place::labelled();
    let outcome = place.run(&["--help"]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!(outcome.stdout, @r"
    Draw images from a trained generator.

    Writes `samples.safetensors`, `grid.png` and, if asked for, every image as a PNG of its own into
    the folder `images`. An image depends on the model, its seed, its index and its class alone: the
    first 10 of 50,000 are the 10 that `--n 10` draws.

    With `--mode` it draws other things instead, into a folder of their own:

      What coordinates 0 and 7 of z do:
        dcgan-sample --model G --out sweep --mode sweep --coordinates 0,7 --frames 24
      From seed 1 to 2 to 5 and back to 1:
        dcgan-sample --model G --out way --mode interpolate --seeds 1,2,5
      The same 8 images as a 3, as an 8, as a 1, and as all between:
        dcgan-sample --model G --out classes --mode classes --through 3,8,1
      z of three images, less that of two others, plus image 0 of seed 7:
        dcgan-sample --model G --out sum --mode arithmetic --expr 'mean(3,8,9) - mean(1,4) + seed 7'
      Each sample with the 4 training images that are nearest to it, pixel by pixel:
        dcgan-sample --model G --out near --mode nearest --dataset dataset.safetensors
      The z whose image comes nearest to a picture of your own, and that image:
        dcgan-sample --model G --out mine --mode project --picture mine.jpg
      A training as it went: one z through all checkpoints that were kept, or the grids it drew:
        dcgan-sample --out film --mode film --checkpoints runs/mnist/train/checkpoints
        dcgan-sample --out film --mode film --grids runs/mnist/train/samples

    G stands for the path of a checkpoint or of `generator.safetensors`.

    Usage: dcgan-sample --model <FILE> --out <DIR> [OPTIONS]
           dcgan-sample --mode film --checkpoints <DIR> --out <DIR> [OPTIONS]

    Options:
          --mode <MODE>
              What to draw

              Possible values:
              - images:      Images of seeds: their grid and their file
              - sweep:       What each coordinate of z does: a grid and a GIF of each, and a GIF of all
              - interpolate: The way from seed to seed and back: a grid and a GIF
              - classes:     The way from class to class and back under one z: a grid and a GIF
              - arithmetic:  Latent vectors added and subtracted: the images of the terms and of the
                result
              - nearest:     The nearest training images beside each sample: a grid, and the distances
                as JSON
              - project:     The image that comes nearest to a given picture beside it: a grid, and its
                z as JSON
              - film:        A training as it went: a GIF, and a grid unless it is made of grids
              
              [default: images]

          --model <FILE>
              Checkpoint or generator file; every mode but `film` needs it, and nothing else

          --n <N>
              Images per seed [default: `sample.n`, 64; in other modes 8, or 16 in a film]

          --seeds <LIST>
              Seeds, as `0,3-6` [default: `sample.seeds`, 0]

          --class <CLASS>
              The one class to draw, by name or number [default: `sample.class`; all, taking turns]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Mode `images`:
          --columns <N>
              Columns of the grid [default: `sample.columns`; a row per class, or near square]

          --single-images
              Also write every image as a PNG of its own [default: `sample.single_images`, false]

    Modes `sweep`, `interpolate`, `classes`:
          --frames <N>
              Steps from one end to the other [default: 16]

          --delay <N>
              Hundredths of a second that a GIF shows a step; a film has it too [default: 8]

          --coordinates <LIST>
              Sweep: coordinates of z, from 0, as `0,3-6` [default: all]

          --low <Z>
              Sweep: where a coordinate begins [default: -1; 0 for z in [0, 1), -2.5 for a normal z]

          --high <Z>
              Sweep: where a coordinate ends [default: 1; 2.5 for a normal z]

          --start <WHERE>
              Sweep: where the other coordinates are [default: seed]

              Possible values:
              - seed:   Where the images of the first seed have them
              - centre: In the middle of their range: 0, or 0.5 for z in [0, 1)

          --way <WAY>
              Interpolate: how two seeds are joined [default: spherical]

              Possible values:
              - linear:    On a straight line
              - spherical: On the arc between their directions, the length changing evenly

          --through <LIST>
              Classes: which to pass, by name or number, as `3,8,1` [default: all in order]

    Mode `arithmetic`:
          --expr <EXPRESSION>
              What to add up: `image 3` is z of that image of the first seed, `mean(3,8-9)` the mean of
              several, `seed 7` z of image 0 of that seed, each with a factor if wanted: `0.5 * seed 7`

    Mode `nearest`:
          --dataset <FILE>
              Dataset whose training part is searched

          --neighbours <K>
              Training images beside each sample [default: 4]

    Mode `project`:
          --picture <FILE>
              PNG of the size of the model's images; may be given again

          --steps <N>
              Steps downhill from every start [default: 200]

          --restarts <N>
              Starts: z of the first images of the first seed [default: 8]

    Mode `film`:
          --checkpoints <DIR>
              Folder of checkpoints, of which each draws the same images

          --grids <DIR>
              Folder of the grids that the training drew, which are shown as they are

    Common options:
          --pipeline <FILE>
              Pipeline file (YAML) with the settings of all stages [default: built-in settings]

          --set <KEY=VALUE>
              Override one setting, as `train.batch_size=32`; may be given again

          --out <DIR>
              Folder that this stage writes

          --threads <N>
              Threads to compute with; changes no byte of the result [default: all cores]

          --force
              Start afresh where the stage would otherwise refuse or find nothing to do

          --quiet
              Print no progress and no log below a warning

          --json
              Print the result as JSON

          --dry-run
              Resolve the settings, check the inputs, say what would be read and written; write nothing

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
