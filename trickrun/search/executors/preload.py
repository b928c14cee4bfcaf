"""What nearly every worker needs, imported once by the fork server that workers come from.

torch.optim imports torch._dynamo at its first step and scikit-learn's data sets are slow to
import: together some seconds that each worker would spend again.
"""

import importlib

for name in ("torch._dynamo", "sklearn.datasets", "trickrun.search.executors.work"):
    importlib.import_module(name)
