"""What every worker needs, imported once by the fork server that workers come from.

scikit-learn and torch's compiler are not among it: few trials use them (see without_dynamo.py).
"""

import gc
import importlib

importlib.import_module("trickrun.search.executors.work")
# A worker's garbage collection would write into all of this, and so copy the memory that it shares.
gc.freeze()
