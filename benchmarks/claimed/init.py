"""Claims about the weights that training starts from."""

from __future__ import annotations

from benchmarks.claimed.claim import Claim, alike, each, higher, lower, near
from benchmarks.claimed.measures import (
    final,
    first_gradient_ratio,
    first_gradient_size,
    saturated_at_init,
    spread_at_init,
    steps_to,
    test,
    units_apart,
    variance_kept,
)

RELU_HE = ("model.activation=relu", "init=kaiming_normal")

CLAIMS = (
    Claim(
        "init-saturation",
        "A normal init of deviation 1 saturates tanh and sigmoid units; Glorot's init does not.",
        "Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward networks",
        {
            "tanh, normal 1.0": ("init={kind: normal, std: 1.0}",),
            "tanh, xavier": ("init=xavier_normal",),
            "sigmoid, normal 1.0": ("init={kind: normal, std: 1.0}", "model.activation=sigmoid"),
            "sigmoid, xavier": ("init=xavier_normal", "model.activation=sigmoid"),
        },
        saturated_at_init,
        "saturated units of the sixth layer before training, share",
        each(
            lower("tanh, xavier", "tanh, normal 1.0"),
            lower("sigmoid, xavier", "sigmoid, normal 1.0"),
        ),
    ),
    Claim(
        "init-vanishing-signal",
        "With a normal init of deviation 0.01 the signal of a deep tanh network dies out; with "
        "Glorot's it does not.",
        "CS231n, lecture 6: weight initialization",
        {"normal 0.01": ("init={kind: normal, std: 0.01}",), "xavier": ("init=xavier_normal",)},
        spread_at_init,
        "deviation of the sixth layer's activations before training",
        higher("xavier", "normal 0.01"),
    ),
    Claim(
        "init-halved-variance",
        "Each ReLU layer halves the variance of the signal under Glorot's init; He's keeps it.",
        "He et al. 2015, Delving Deep into Rectifiers, arXiv:1502.01852",
        {"xavier": ("init={kind: xavier_normal, gain: 1.0}",), "kaiming": ("init=kaiming_normal",)},
        variance_kept,
        "factor of the mean square a layer, before training",
        each(near("xavier", 0.5, 0.1), near("kaiming", 1.0, 0.15)),
    ),
    Claim(
        "vanishing-gradient",
        "The gradient of a deep sigmoid network vanishes on its way to the first layer. ReLU with "
        "He's init and batch norm keep it.",
        "Hochreiter 1991; Glorot et al. 2011; Ioffe & Szegedy 2015, arXiv:1502.03167",
        {
            "sigmoid": (),
            "relu, he": RELU_HE,
            "sigmoid, batch norm": ("normalization=batch",),
        },
        first_gradient_ratio,
        "log10 of the first layer's gradient over the last one's, before training",
        each(higher("relu, he", "sigmoid"), higher("sigmoid, batch norm", "sigmoid")),
    ),
    Claim(
        "vanishing-gradient-residual",
        "Shortcuts carry the gradient to the first layer of a network that has no norms.",
        "He et al. 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027",
        {"plain": ("model.residual=false",), "residual": ()},
        first_gradient_size,
        "log10 of the first layer's gradient (root mean square), before training",
        higher("residual", "plain"),
        limits="26 layers of 8 channels with tanh and a narrow normal init, only before training.",
    ),
    Claim(
        "init-uniform-or-normal",
        "Glorot's uniform and normal inits perform alike, with sigmoid, tanh and ReLU.",
        "Glorot & Bengio 2010; lecture notes on initialization",
        {
            f"{activation}, {draw}": (f"model.activation={activation}", f"init=xavier_{draw}")
            for activation in ("sigmoid", "tanh", "relu")
            for draw in ("uniform", "normal")
        },
        test("accuracy"),
        "test accuracy",
        each(*(alike(f"{a}, uniform", f"{a}, normal", 0.02) for a in ("sigmoid", "tanh", "relu"))),
    ),
    Claim(
        "init-equal",
        "Units that start equal stay equal: with a constant init a layer is as good as one unit.",
        "Goodfellow et al. 2016, Deep Learning, section 8.4",
        {"constant": ("init={kind: constant, value: 0.05}",), "xavier": ("init=xavier_normal",)},
        units_apart,
        "largest distance of two first-layer units after training, over their mean norm",
        each(near("constant", 0.0, 1e-5), higher("xavier", "constant")),
    ),
    Claim(
        "init-positive",
        "Weights that start positive on average make training slower than symmetric ones.",
        "LeCun et al. 1998, Efficient BackProp; lecture notes (rand * 0.01)",
        {
            "positive": ("init=positive_uniform",),
            "symmetric": ("init={kind: uniform, bound: 0.01}",),
        },
        steps_to(0.5),
        "steps until the loss is half of the first one",
        lower("symmetric", "positive"),
        limits="One shallow network; both scales are 0.01.",
    ),
    Claim(
        "residual-degradation",
        "A deeper plain network has the higher training error; with shortcuts depth does no harm.",
        "He et al. 2016, Deep Residual Learning, arXiv:1512.03385",
        {
            "plain 8": ("model.depth=8", "model.residual=false"),
            "plain 44": ("model.depth=44", "model.residual=false"),
            "residual 8": ("model.depth=8",),
            "residual 44": ("model.depth=44",),
        },
        final("train_loss"),
        "mean training loss of the last epoch",
        each(lower("plain 8", "plain 44"), lower("residual 44", "plain 44")),
        limits="8 channels, 8 by 8 images, 600 of them, 12 epochs.",
        seeds=3,
    ),
)
