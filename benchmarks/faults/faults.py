"""The mistakes, what names them, how bad they are made, and the bases they are put into.

Causes are rows of the catalogue of training faults (TR01 to TR59) and trickrun's own codes from
TR60 on. A code that names a symptom counts only where the finding is about the guilty path.
"""

from __future__ import annotations

from benchmarks.faults.faults_code import FORUM, OWN_CODE
from benchmarks.faults.faults_data import INPUTS, LABELS
from benchmarks.faults.faults_learning import INIT, LEARNING
from benchmarks.faults.faults_network import ARCHITECTURE, HEAD_AND_LOSS, REGULARIZERS

FAULTS = (
    *LEARNING,
    *INIT,
    *INPUTS,
    *LABELS,
    *HEAD_AND_LOSS,
    *ARCHITECTURE,
    *REGULARIZERS,
    *OWN_CODE,
    *FORUM,
)
