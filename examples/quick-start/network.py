"""A small convolutional network in plain numpy: layers that know their own gradients, and the rules that use them.

Images are (count, height, width, channels) arrays of 32-bit floats. A layer's `forward` keeps what its `backward`
needs; `backward` takes the gradient of the loss by the layer's output, leaves those by its weights in `gradients` and
returns the one by its input.
"""

import numpy as np

__all__ = ["OPTIMIZERS", "Network", "softmax"]

KERNEL = 3


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    # Written with tanh: exp(-x) overflows for very negative x.
    return 0.5 * (1 + np.tanh(0.5 * x))


# Each with its slope, expressed by its own output.
ACTIVATIONS = {
    "relu": (relu, lambda y: (y > 0).astype(y.dtype)),
    "sigmoid": (sigmoid, lambda y: y * (1 - y)),
    "tanh": (np.tanh, lambda y: 1 - y * y),
    "linear": (lambda x: x, np.ones_like),
}


def initial_weights(rng, fan_in, fan_out, activation):
    """Draw a weight matrix: He's variance for relu, Glorot's for the rest."""
    variance = 2 / fan_in if activation == "relu" else 2 / (fan_in + fan_out)
    return rng.normal(0, np.sqrt(variance), (fan_in, fan_out)).astype(np.float32)


class Dense:
    """y = activation(x W + b)."""

    def __init__(self, rng, fan_in, fan_out, activation):
        self.activate, self.slope = ACTIVATIONS[activation]
        self.weights = [initial_weights(rng, fan_in, fan_out, activation), np.zeros(fan_out, np.float32)]
        self.gradients = []

    def forward(self, x, _training):
        self.x = x
        self.y = self.activate(x @ self.weights[0] + self.weights[1])
        return self.y

    def backward(self, gradient):
        inner = gradient * self.slope(self.y)
        self.gradients = [self.x.T @ inner, inner.sum(axis=0)]
        return inner @ self.weights[0].T


class Convolution:
    """A dense layer applied to every 3x3 patch of the image (no padding)."""

    def __init__(self, rng, channels, filters, activation):
        self.dense = Dense(rng, KERNEL * KERNEL * channels, filters, activation)
        self.weights = self.dense.weights

    @property
    def gradients(self):
        return self.dense.gradients

    def forward(self, x, training):
        self.shape = x.shape
        count, height, width, _ = x.shape
        out_height, out_width = height - KERNEL + 1, width - KERNEL + 1
        patches = np.concatenate(
            [x[:, i : i + out_height, j : j + out_width, :] for i in range(KERNEL) for j in range(KERNEL)], axis=3
        )
        y = self.dense.forward(patches.reshape(count * out_height * out_width, -1), training)
        return y.reshape(count, out_height, out_width, -1)

    def backward(self, gradient):
        count, out_height, out_width, filters = gradient.shape
        patches = self.dense.backward(gradient.reshape(-1, filters)).reshape(count, out_height, out_width, -1)
        channels = self.shape[3]
        total = np.zeros(self.shape, np.float32)
        for place, (i, j) in enumerate((i, j) for i in range(KERNEL) for j in range(KERNEL)):
            patch = patches[:, :, :, place * channels : (place + 1) * channels]
            total[:, i : i + out_height, j : j + out_width, :] += patch
        return total


class Standardize:
    """Gives every channel mean 0 and variance 1 over the batch; running averages stand in when not training.

    Without it, sigmoid features are all near one half and a large learning rate kills the layers behind them.
    """

    weights = ()
    gradients = ()

    def __init__(self, channels, momentum=0.9):
        self.momentum = momentum
        self.mean, self.variance = np.zeros(channels, np.float32), np.ones(channels, np.float32)

    def forward(self, x, training):
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
            self.mean += (1 - self.momentum) * (mean - self.mean)
            self.variance += (1 - self.momentum) * (variance - self.variance)
        self.training = training
        self.scale = 1 / np.sqrt(variance + 1e-5)
        self.y = (x - mean) * self.scale
        return self.y

    def backward(self, gradient):
        if not self.training:
            return gradient * self.scale
        along = (gradient * self.y).mean(axis=(0, 1, 2))
        return self.scale * (gradient - gradient.mean(axis=(0, 1, 2)) - self.y * along)


class MaxPool:
    """The largest of each 2x2 square."""

    weights = ()
    gradients = ()

    def forward(self, x, _training):
        count, height, width, channels = x.shape
        squares = x.reshape(count, height // 2, 2, width // 2, 2, channels)
        y = squares.max(axis=(2, 4))
        winners = squares == y[:, :, None, :, None, :]
        self.shares = winners / winners.sum(axis=(2, 4), keepdims=True, dtype=np.float32)  # equals share the gradient
        self.shape = x.shape
        return y

    def backward(self, gradient):
        spread = self.shares * gradient[:, :, None, :, None, :]
        return spread.reshape(self.shape)


class Dropout:
    """Zeroes a share of the values while training, and scales the rest up to make up for it."""

    weights = ()
    gradients = ()

    def __init__(self, rng, rate):
        self.rng, self.keep = rng, 1 - rate

    def forward(self, x, training):
        self.mask = None
        if training and self.keep < 1:
            self.mask = (self.rng.random(x.shape, dtype=np.float32) < self.keep) / np.float32(self.keep)
            return x * self.mask
        return x

    def backward(self, gradient):
        return gradient if self.mask is None else gradient * self.mask


class Flatten:
    weights = ()
    gradients = ()

    def forward(self, x, _training):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient):
        return gradient.reshape(self.shape)


class Network:
    """Two convolutions, a pool, a hidden dense layer, and one output per class (before the softmax)."""

    def __init__(self, rng, side, classes, settings):
        pooled = (side - 2 * (KERNEL - 1)) // 2
        self.layers = [
            Convolution(rng, 1, settings.conv1_size, settings.conv_activation),
            Standardize(settings.conv1_size),
            Convolution(rng, settings.conv1_size, settings.conv2_size, settings.conv_activation),
            Standardize(settings.conv2_size),
            MaxPool(),
            Dropout(rng, settings.dropout),
            Flatten(),
            Dense(rng, pooled * pooled * settings.conv2_size, settings.hidden1_size, settings.dense_activation),
            Dropout(rng, settings.dropout),
            Dense(rng, settings.hidden1_size, classes, "linear"),
        ]

    def forward(self, x, training=False):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, gradient):
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def weights(self):
        return [weight for layer in self.layers for weight in layer.weights]

    def gradients(self):
        return [gradient for layer in self.layers for gradient in layer.gradients]


def softmax(scores):
    """Turn scores into probabilities, row by row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Sgd:
    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def step(self, weights, gradients):
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= self.learning_rate * gradient


class RmsProp:
    def __init__(self, learning_rate, decay=0.9):
        self.learning_rate, self.decay = learning_rate, decay
        self.squares = None

    def step(self, weights, gradients):
        self.squares = self.squares or [np.zeros_like(weight) for weight in weights]
        for weight, gradient, square in zip(weights, gradients, self.squares, strict=True):
            square *= self.decay
            square += (1 - self.decay) * gradient * gradient
            weight -= self.learning_rate * gradient / (np.sqrt(square) + 1e-7)


class Adam:
    def __init__(self, learning_rate, beta1=0.9, beta2=0.999):
        self.learning_rate, self.beta1, self.beta2 = learning_rate, beta1, beta2
        self.means = self.squares = None
        self.steps = 0

    def step(self, weights, gradients):
        self.means = self.means or [np.zeros_like(weight) for weight in weights]
        self.squares = self.squares or [np.zeros_like(weight) for weight in weights]
        self.steps += 1
        rate = self.learning_rate * np.sqrt(1 - self.beta2**self.steps) / (1 - self.beta1**self.steps)
        for weight, gradient, mean, square in zip(weights, gradients, self.means, self.squares, strict=True):
            mean *= self.beta1
            mean += (1 - self.beta1) * gradient
            square *= self.beta2
            square += (1 - self.beta2) * gradient * gradient
            weight -= np.float32(rate) * mean / (np.sqrt(square) + 1e-7)


OPTIMIZERS = {"adam": Adam, "rmsprop": RmsProp, "sgd": Sgd}
