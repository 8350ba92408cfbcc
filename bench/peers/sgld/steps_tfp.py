"""TensorFlow Probability's StochasticGradientLangevinDynamics (preconditioned by RMSProp).

It cannot be run eagerly, nor be built outside of a graph: as in its documentation, a session runs the graph of a step again and again.
"""

import tensorflow as tf
import tensorflow_probability as tfp

from steps import BATCH, COLUMNS, RATE, ROWS, measure, read_arguments, table

options = read_arguments(10_000)
features, targets = table()
with tf.Graph().as_default() as graph:
    x, y = tf.constant(features), tf.constant(targets)
    position = tf.Variable(tf.zeros(COLUMNS), name="position")

    def loss():
        rows = tf.random.uniform((BATCH,), 0, ROWS, tf.int32)
        logits = tf.linalg.matvec(tf.gather(x, rows), position)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.gather(y, rows), logits)
        return tf.reduce_mean(losses) + 0.5 * tf.reduce_sum(position**2) / ROWS

    optimizer = tfp.optimizer.StochasticGradientLangevinDynamics(RATE, data_size=ROWS, burnin=0)
    step = optimizer.minimize(loss, var_list=[position])
    start = tf.compat.v1.global_variables_initializer()

one_thread = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
session = tf.compat.v1.Session(graph=graph, config=one_thread)
session.run(start)
run_step = session.make_callable(step)


def run(_):
    for _ in range(options.steps):
        run_step()
    return session.run(position)


measure(tfp.__version__, options.steps, options.repeats, run)
