"""Times a training iteration of the labelled network in TensorFlow: an update of D,
two of G, in one graph.

The first update of G differentiates through the G(z) of the update of D: one tape covers both."""

import os

from measure import median_ms, options, report

args = options()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(args.threads)
tf.config.threading.set_inter_op_parallelism_threads(args.threads)
tf.random.set_seed(0)
LR, BETA1, BETA2, EPSILON = (tf.constant(v) for v in (2e-4, 0.5, 0.999, 1e-8))


class Network:
    """Parameters by name, created when a layer first uses them, and Adam's moments for each."""

    def __init__(self):
        self.weights, self.averages, self.moments = {}, {}, {}
        self.powers = [tf.Variable(BETA1), tf.Variable(BETA2)]

    def weight(self, name, shape):
        if name not in self.weights:
            with tf.init_scope():
                self.weights[name] = tf.Variable(tf.random.normal(shape, stddev=0.02))
        return self.weights[name]

    def vector(self, name, n, value):
        if name not in self.weights:
            with tf.init_scope():
                self.weights[name] = tf.Variable(tf.fill([n], value))
        return self.weights[name]

    def fully(self, name, x, out):
        return tf.nn.bias_add(x @ self.weight(name, [x.shape[-1], out]), self.vector(name + "/b", out, 0.0))

    def down(self, name, x, out):
        w = self.weight(name, [5, 5, x.shape[-1], out])
        return tf.nn.bias_add(tf.nn.conv2d(x, w, 2, "SAME"), self.vector(name + "/b", out, 0.0))

    def up(self, name, x, out):
        w = self.weight(name, [5, 5, out, x.shape[-1]])
        shape = [x.shape[0], 2 * x.shape[1], 2 * x.shape[2], out]
        return tf.nn.bias_add(tf.nn.conv2d_transpose(x, w, shape, 2, "SAME"), self.vector(name + "/b", out, 0.0))

    def norm(self, name, x):
        n, shape = x.shape[-1], x.shape
        gamma, beta = self.vector(name + "/gamma", n, 1.0), self.vector(name + "/beta", n, 0.0)
        maps = x if len(shape) == 4 else tf.reshape(x, [-1, 1, 1, n])
        result, *batch = tf.compat.v1.nn.fused_batch_norm(maps, gamma, beta, epsilon=1e-5)
        if name not in self.averages:
            with tf.init_scope():
                self.averages[name] = [tf.Variable(tf.zeros([n])), tf.Variable(tf.ones([n]))]
        for average, value in zip(self.averages[name], batch):
            average.assign_sub((average - value) * 0.1)
        return tf.reshape(result, shape)

    def adam(self, gradients):
        for (name, w), gradient in zip(self.weights.items(), gradients):
            if name not in self.moments:
                with tf.init_scope():
                    self.moments[name] = [tf.Variable(tf.zeros_like(w)) for _ in range(2)]
            m, v = self.moments[name]
            tf.raw_ops.ResourceApplyAdam(
                var=w.handle, m=m.handle, v=v.handle, beta1_power=self.powers[0], beta2_power=self.powers[1],
                lr=LR, beta1=BETA1, beta2=BETA2, epsilon=EPSILON, grad=gradient)  # fmt: skip
        for power, beta in zip(self.powers, (BETA1, BETA2)):
            power.assign(power * beta)


def join(x, y):
    if len(x.shape) == 4:
        y = tf.broadcast_to(y[:, None, None, :], [*x.shape[:3], y.shape[1]])
    return tf.concat([x, y], -1)


def leaky(x):
    return tf.nn.leaky_relu(x, 0.2)


G, D = Network(), Network()


def generate(z, y):
    h = tf.nn.relu(G.norm("bn0", G.fully("h0", join(z, y), 1024)))
    h = tf.nn.relu(G.norm("bn1", G.fully("h1", join(h, y), 128 * 7 * 7)))
    h = tf.nn.relu(G.norm("bn2", G.up("h2", join(tf.reshape(h, [-1, 7, 7, 128]), y), 128)))
    return tf.sigmoid(G.up("h3", join(h, y), 1))


def judge(x, y):
    h = leaky(D.down("h0", join(x, y), 11))
    h = leaky(D.norm("bn1", D.down("h1", join(h, y), 74)))
    h = leaky(D.norm("bn2", D.fully("h2", join(tf.reshape(h, [x.shape[0], -1]), y), 1024)))
    return D.fully("h3", join(h, y), 1)


def loss(logits, target):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.fill(logits.shape, target), logits=logits)
    )


@tf.function
def iteration(x, z, y):
    with tf.GradientTape() as through_g:
        generated = generate(z, y)
    with tf.GradientTape() as tape:
        d_loss = loss(judge(x, y), 1.0) + loss(judge(tf.stop_gradient(generated), y), 0.0)
    D.adam(tape.gradient(d_loss, list(D.weights.values())))
    # D has changed, but G and G(z) have not: gradients of G(z) continue through the first tape.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(generated)
        first = loss(judge(generated, y), 1.0)
    reached = tape.gradient(first, generated)
    G.adam(through_g.gradient(generated, list(G.weights.values()), output_gradients=reached))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(list(G.weights.values()))
        g_loss = loss(judge(generate(z, y), y), 1.0)
    G.adam(tape.gradient(g_loss, list(G.weights.values())))
    return d_loss, g_loss


images = tf.random.uniform([args.batch, 28, 28, 1])


def step():
    z = tf.random.uniform([args.batch, 100], -1.0, 1.0)
    y = tf.one_hot(tf.random.uniform([args.batch], maxval=10, dtype=tf.int32), 10)
    return [float(value) for value in iteration(images, z, y)]


report(median_ms(step, args.repeats, args.warmups))
