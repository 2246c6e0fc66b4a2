//! Times each operation of the labelled network's training iteration, relative to the fastest
//! product.
//!
//! A gradient's time is that of a whole backward pass from a sum, minus the same pass without the
//! operation. Arithmetic is counted by the direct method without labels, so a method with fewer
//! multiplications may exceed 100 %; bytes count each operand and the result once, the minimum of
//! memory traffic.

#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

use candle_core::{Device, Tensor, Var};
use clap::Parser;
use dcgan::step::{Schedule, iteration};
use dcgan_bench::{Network, Result, Spread};
use dcgan_kernels::{
    Activation, AdamConfig, Geometry, KernelOptions, Kernels, activate, adam_update, backward,
    batch_norm, conv2d, conv2d_transpose, keep_pool_hot, linear,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LABELS: usize = 10;

/// Time the parts of one training iteration of the labelled network.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    network: Network,

    /// Measured calls of each operation
    #[arg(long, default_value_t = 15)]
    repeats: usize,

    /// Number of threads [default: all cores]
    #[arg(long)]
    threads: Option<usize>,
}

/// How often an iteration runs a layer: forward, input gradient, weight gradient.
type Counts = [usize; 3];

/// The first generator update reuses G(z) of the discriminator update; z has no gradient.
const FIRST_OF_G: Counts = [2, 0, 2];
const OF_G: Counts = [2, 2, 2];
/// Real and generated in the discriminator update, frozen weights in two generator updates.
const FIRST_OF_D: Counts = [4, 2, 2];
const OF_D: Counts = [4, 4, 2];

/// Computes a layer's result from its input, weight and bias.
type Apply = dyn Fn(&[&Tensor; 3]) -> candle_core::Result<Tensor>;

/// A layer in the table.
struct Layer<'a> {
    name: &'a str,
    counts: Counts,
    /// Multiplications in a forward pass of the batch; each gradient has the same number.
    products: usize,
    /// Input, weight, bias.
    operands: [Tensor; 3],
    apply: Box<Apply>,
}

/// A row of the table.
struct Row {
    name: String,
    count: usize,
    ms: f64,
    gigaflops: f64,
    megabytes: f64,
}

/// The table, row by row.
struct Table {
    repeats: usize,
    options: KernelOptions,
    /// Operations per second of the fastest product so far.
    roof: f64,
    rows: Vec<Row>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    dcgan_kernels::set_up_process();
    let threads = dcgan_stage::claim_threads(args.threads);
    let options = KernelOptions {
        kernels: dcgan_bench::kernels()?,
        precision: args.network.precision(),
    };
    let mut table = Table {
        repeats: args.repeats,
        options,
        roof: 0.0,
        rows: Vec::new(),
    };
    // With the threads set up as in an iteration.
    let measured = || -> Result<()> {
        for layer in layers(&args.network, options)? {
            // Measured repeatedly, because the load of the machine varies.
            table.roof = table.roof.max(roof(options)?);
            table.layer(&layer)?;
        }
        Ok(())
    };
    keep_pool_hot(measured)?;
    keep_pool_hot(|| table.adam(&args.network))?;

    let (mut state, batch) = (args.network.state()?, args.network.batch()?);
    let schedule = Schedule::new(2, false);
    let whole = Spread::time(3, args.repeats, || {
        iteration(&mut state, &batch, &schedule).map(drop)
    })?;
    table.print(threads, whole.median());
    Ok(())
}

/// The fastest of large square products, in operations per second.
fn roof(options: KernelOptions) -> Result<f64> {
    const SIDE: usize = 1536;
    let (x, b) = (values(&[SIDE, SIDE])?, values(&[SIDE])?);
    let times = Spread::time(1, 3, || linear(&x, None, &x, &b, options).map(drop))?;
    Ok(2.0 * (SIDE as f64).powi(3) / (times.quartile(0) / 1e3))
}

fn values(shape: &[usize]) -> candle_core::Result<Tensor> {
    let n: usize = shape.iter().product();
    let data: Vec<f32> = (0..n)
        .map(|i| (i * 7919 % 1013) as f32 / 1013.0 - 0.5)
        .collect();
    Tensor::from_vec(data, shape, &Device::Cpu)
}

fn layers(network: &Network, options: KernelOptions) -> Result<Vec<Layer<'static>>> {
    let (config, batch) = (network.config(), network.batch);
    let (g, d, wide, deep) = (
        2 * config.gf_dim,
        config.df_dim + LABELS,
        config.gfc_dim,
        config.dfc_dim,
    );
    let y = values(&[batch, LABELS])?;
    let mut layers = Vec::new();
    let mut fully = |name, counts, inputs: usize, out: usize| -> Result<()> {
        let y = y.clone();
        layers.push(Layer {
            name,
            counts,
            products: batch * inputs * out,
            operands: [
                values(&[batch, inputs])?,
                values(&[inputs + LABELS, out])?,
                values(&[out])?,
            ],
            apply: Box::new(move |[x, w, b]| linear(x, Some(&y), w, b, options)),
        });
        Ok(())
    };
    fully("g_h0_lin", FIRST_OF_G, config.z_dim, wide)?;
    fully("g_h1_lin", OF_G, wide, 49 * g)?;
    fully("d_h2_lin", OF_D, 49 * d, deep)?;
    fully("d_h3_lin", OF_D, deep, 1)?;
    for (name, counts, small, inputs, out) in [("g_h2", OF_G, 7, g, g), ("g_h3", OF_G, 14, g, 1)] {
        let (y, geometry) = (y.clone(), Geometry::same([2 * small; 2], 5, 2));
        layers.push(Layer {
            name,
            counts,
            products: batch * small * small * 25 * inputs * out,
            operands: [
                values(&[batch, small, small, inputs])?,
                values(&[5, 5, out, inputs + LABELS])?,
                values(&[out])?,
            ],
            apply: Box::new(move |[x, w, b]| {
                conv2d_transpose(x, Some(&y), w, b, &geometry, options)
            }),
        });
    }
    for (name, counts, small, inputs, out) in [
        ("d_h0_conv", FIRST_OF_D, 14, 1, 1 + LABELS),
        ("d_h1_conv", OF_D, 7, 1 + LABELS, d),
    ] {
        let (y, geometry) = (y.clone(), Geometry::same([2 * small; 2], 5, 2));
        layers.push(Layer {
            name,
            counts,
            products: batch * small * small * 25 * inputs * out,
            operands: [
                values(&[batch, 2 * small, 2 * small, inputs])?,
                values(&[5, 5, inputs + LABELS, out])?,
                values(&[out])?,
            ],
            apply: Box::new(move |[x, w, b]| conv2d(x, Some(&y), w, b, &geometry, options)),
        });
    }
    layers.extend(normalised(network, options.kernels)?);
    Ok(layers)
}

/// The batch norms, and the activations without one.
fn normalised(network: &Network, kernels: Kernels) -> Result<Vec<Layer<'static>>> {
    let (config, batch) = (network.config(), network.batch);
    let (g, d) = (2 * config.gf_dim, config.df_dim + LABELS);
    let (wide, deep) = (config.gfc_dim, config.dfc_dim);
    let mut layers = Vec::new();
    for (name, counts, act, shape) in [
        ("g_bn0", OF_G, Activation::Relu, vec![batch, wide]),
        ("g_bn1", OF_G, Activation::Relu, vec![batch, 49 * g]),
        ("g_bn2", OF_G, Activation::Relu, vec![batch, 14, 14, g]),
        (
            "d_bn1",
            OF_D,
            Activation::LeakyRelu(0.2),
            vec![batch, 7, 7, d],
        ),
        ("d_bn2", OF_D, Activation::LeakyRelu(0.2), vec![batch, deep]),
    ] {
        let features = &shape[shape.len() - 1..];
        layers.push(Layer {
            name,
            // Gradients of its input and parameters are one pass, counted under the input.
            counts: [counts[0], counts[1], 0],
            products: 0,
            operands: [values(&shape)?, values(features)?, values(features)?],
            apply: Box::new(move |[x, w, b]| Ok(batch_norm(x, w, b, 1e-5, act, kernels)?.0)),
        });
    }
    for (name, counts, act, shape) in [
        ("sigmoid", OF_G, Activation::Sigmoid, vec![batch, 28, 28, 1]),
        (
            "leaky rectifier",
            OF_D,
            Activation::LeakyRelu(0.2),
            vec![batch, 14, 14, 1 + LABELS],
        ),
    ] {
        layers.push(Layer {
            name,
            counts: [counts[0], counts[1], 0],
            products: 0,
            operands: [values(&shape)?, values(&[1])?, values(&[1])?],
            apply: Box::new(move |[x, ..]| activate(x, act)),
        });
    }
    Ok(layers)
}

impl Table {
    fn layer(&mut self, layer: &Layer<'_>) -> Result<()> {
        let [x, w, b] = &layer.operands;
        let apply = &layer.apply;
        let gigaflops = 2.0 * layer.products as f64 / 1e9;
        let y = apply(&[x, w, b])?;
        let elements = x.elem_count() + w.elem_count() + y.elem_count();
        let megabytes = 4.0 * elements as f64 / 1e6;

        let forward = Spread::time(2, self.repeats, || apply(&[x, w, b]).map(drop))?;
        self.row(
            &format!("{} forward", layer.name),
            layer.counts[0],
            forward.median(),
            gigaflops,
            megabytes,
        );

        let start = {
            let y = Var::from_tensor(&y)?;
            self.backward(|| Ok(y.as_tensor().clone()))?
        };
        let (tracked_x, tracked_w) = (Var::from_tensor(x)?, Var::from_tensor(w)?);
        for (what, count, x, w) in [
            ("dx", layer.counts[1], tracked_x.as_tensor(), w),
            ("dw", layer.counts[2], x, tracked_w.as_tensor()),
        ] {
            if count > 0 {
                let whole = self.backward(|| apply(&[x, w, b]))?;
                let name = format!("{} {what}", layer.name);
                self.row(&name, count, (whole - start).max(0.0), gigaflops, megabytes);
            }
        }
        Ok(())
    }

    /// Milliseconds of a backward pass from the sum of the result of `forward`.
    fn backward(&self, forward: impl Fn() -> candle_core::Result<Tensor>) -> Result<f64> {
        let mut times = Vec::with_capacity(self.repeats);
        for repeat in 0..self.repeats + 2 {
            let loss = forward()?.sum_all()?;
            let time = Spread::time(0, 1, || backward::<f32>(&loss).map(drop))?;
            if repeat >= 2 {
                times.push(time.median());
            }
        }
        Ok(Spread::of(times).median())
    }

    /// Adam of both networks: once for the discriminator, twice for the generator.
    fn adam(&mut self, network: &Network) -> Result<()> {
        let state = network.state()?;
        let config = AdamConfig::default();
        for (name, count, parameters) in [
            ("Adam of G", 2, state.generator.parameters()),
            ("Adam of D", 1, state.discriminator.parameters()),
        ] {
            let n = parameters.count();
            let (w, g) = (Var::from_tensor(&values(&[n])?)?, values(&[n])?);
            let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
            let times = Spread::time(2, self.repeats, || {
                adam_update(&w, &g, &mut m, &mut v, &config, 3, self.options.kernels)
            })?;
            self.row(name, count, times.median(), 0.0, 28.0 * n as f64 / 1e6);
        }
        Ok(())
    }

    fn row(&mut self, name: &str, count: usize, ms: f64, gigaflops: f64, megabytes: f64) {
        self.rows.push(Row {
            name: name.into(),
            count,
            ms,
            gigaflops,
            megabytes,
        });
    }

    fn print(&self, threads: usize, whole: f64) {
        let share = |gigaflops: f64, ms: f64| {
            let share = gigaflops * 1e9 / (ms / 1e3) / self.roof * 100.0;
            format!("{share:.0} %")
        };
        println!("{threads} threads; roof {:.0} GFLOP/s", self.roof / 1e9);
        println!("| part | times | ms each | ms | GFLOP each | of the roof | MB each |");
        println!("|---|---|---|---|---|---|---|");
        let (mut all_ms, mut all_gigaflops) = (0.0, 0.0);
        for row in &self.rows {
            let (name, count, ms) = (&row.name, row.count, row.ms);
            let sum = count as f64 * ms;
            all_ms += sum;
            all_gigaflops += count as f64 * row.gigaflops;
            let (flop, share) = if row.gigaflops > 0.0 {
                (format!("{:.3}", row.gigaflops), share(row.gigaflops, ms))
            } else {
                Default::default()
            };
            let megabytes = row.megabytes;
            println!(
                "| {name} | {count} | {ms:.2} | {sum:.1} | {flop} | {share} | {megabytes:.1} |"
            );
        }
        for (name, ms) in [("sum of the parts", all_ms), ("the iteration", whole)] {
            let share = share(all_gigaflops, ms);
            println!("| **{name}** | | | {ms:.0} | {all_gigaflops:.1} in all | {share} | |");
        }
    }
}
