"""What every worker needs, imported once by the fork server that workers come from.

The server and its workers leave signals that a terminal sends to all (Ctrl-C, SIGHUP) to the
process that began them: it ends them. They are blocked until then, see ``Workers.warm_up``.

scikit-learn and torch's compiler are not among it: few trials use them (see without_dynamo.py).
"""

import gc
import importlib

from trickrun.search.executors.worker_process import leave_signals_to_parent
from trickrun.search.executors.workers import WORK
from trickrun.training.spans import time_imports

leave_signals_to_parent()
time_imports()
importlib.import_module(WORK)
# A worker's garbage collection would write into all of this, and so copy the memory that it shares.
gc.freeze()
