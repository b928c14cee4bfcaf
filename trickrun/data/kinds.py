"""The data kinds that a recipe can name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trickrun.data.breast_cancer import BreastCancer
from trickrun.data.cifar10 import Cifar10
from trickrun.data.cifar100 import Cifar100
from trickrun.data.csv import Csv
from trickrun.data.diabetes import Diabetes
from trickrun.data.digits import Digits
from trickrun.data.fashion_mnist import FashionMnist
from trickrun.data.image_folder import ImageFolder
from trickrun.data.iris import Iris
from trickrun.data.mnist import Mnist
from trickrun.data.npz import Npz
from trickrun.data.python import PythonData
from trickrun.data.synthetic import Synthetic
from trickrun.data.text import Text
from trickrun.data.wine import Wine

AnyData = Annotated[
    BreastCancer
    | Cifar10
    | Cifar100
    | Csv
    | Diabetes
    | Digits
    | FashionMnist
    | ImageFolder
    | Iris
    | Mnist
    | Npz
    | PythonData
    | Synthetic
    | Text
    | Wine,
    Field(discriminator="kind"),
]
