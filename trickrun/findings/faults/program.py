"""Faults of a training program that a recipe cannot have."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import STUCK, WILD

WATCH = ("watch",)

FAULTS = (
    Fault(
        "TR114",
        "Parameters in no optimizer",
        WATCH,
        "Parameters that the loss depends on and that no optimizer has; plain tensors with a "
        "gradient that stay as they are, inputs left out.",
        "Any; only a warning if they are the first ones of the model, as in fine-tuning.",
        "They keep their initial values.",
        "Pass all parameters of the model to the optimizer.",
        explains=("TR45", "TR116", *STUCK),
    ),
    Fault(
        "TR115",
        "Optimizer of another model",
        WATCH,
        "The optimizer's tensors compared with those of the models that run; the weights of a "
        "model that is evaluated compared with those of the one that is trained.",
        "None of them belongs to a model that runs, while a model is trained that no optimizer "
        "has; an evaluated model whose weights are those that the trained one began with, or "
        "that init made.",
        "The optimizer changes weights that nothing uses.",
        "Create the optimizer after the model has its final form.",
        explains=("TR45", "TR114", "TR116", *STUCK),
    ),
    Fault(
        "TR116",
        "Steps without gradients",
        WATCH,
        "The gradients when the optimizer steps; what the loss depends on; backward passes "
        "without a step.",
        "Nine of ten steps find none, or only zeros; no loss depends on the optimizer's tensors; "
        "five backward passes without a step; four and more for each step, whose gradients are "
        "cleared unused, or one step an epoch; a loss that is exactly 0 for 80 % of the batches, "
        "from the first fifth on (own).",
        "The weights stay as they are.",
        "In each batch: backward, then step, then clear the gradients.",
        explains=("TR45", *STUCK),
    ),
    Fault(
        "TR117",
        "Accumulated, not averaged",
        WATCH,
        "Backward passes from one line between two steps, and whether the loss is divided; "
        "optimizers that have tensors in common.",
        "Two or more, with an optimizer whose steps grow with the gradient; two optimizers that "
        "step after the same passes.",
        "The step is that many times too long.",
        "Divide the loss by the number of passes.",
        explains=WILD,
    ),
    Fault(
        "TR118",
        "Schedule out of step",
        WATCH,
        "How often a scheduler is stepped, compared with its length and the optimizer's steps; the "
        "learning rates of all steps.",
        "Never; once per batch where its length counts epochs, or the reverse; a learning rate "
        "below a thousandth of its largest after less than 30 % of the steps; a warm-up that has "
        "not reached half of its rate at the end; a scheduler or an optimizer that is made again "
        "three times and more (own).",
        "The learning rate does not do what was meant: it stays, swings, or vanishes early.",
        "Step the scheduler once for each unit that its length counts.",
        explains=STUCK,
    ),
    Fault(
        "TR119",
        "Clipped at the wrong time",
        WATCH,
        "Where clipping happens between backward and step, and whether a gradient scaler's factor "
        "is still on the gradients.",
        "Nine of ten calls (own).",
        "The bound does nothing, or binds always.",
        "scaler.unscale_, then clip, then step.",
        explains=(*WILD, "TR71"),
    ),
    Fault(
        "TR120",
        "Weights copied, not shared",
        WATCH,
        "Two matrices of a model that start with equal values but are two tensors.",
        "Equal in every entry, and not constant.",
        "They were meant to be one, and differ after the first step.",
        "Assign the parameter, not its values.",
    ),
    Fault(
        "TR121",
        "Operation outside its domain",
        WATCH,
        "The operation whose result is NaN or infinite where its inputs are finite.",
        "The first loss or gradient that is NaN or infinite; the deepest operation of its graph "
        "that explains it. Of a root, that it got 0, where its gradient is infinite.",
        "One NaN makes every weight NaN.",
        "Keep the inputs of the operation in its domain, or use the stable form of the whole "
        "expression.",
        explains=WILD,
    ),
)
