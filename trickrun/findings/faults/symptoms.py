"""Symptoms that several faults bring about, as groups of codes."""

from __future__ import annotations

STUCK = ("TR36", "TR54", "TR55", "TR61", "TR62", "TR70", "TR73", "TR112", "TR113")
"""What a network that learns slowly or not at all shows."""

WILD = ("TR35", "TR41", "TR57", "TR60", "TR64")
"""What a network whose steps are too large shows."""

SIGNAL = ("TR20", "TR23", "TR40", "TR42", "TR43", "TR44")
"""What a signal of wrong size shows on its way through the layers."""

OVERFIT = ("TR09", "TR51", "TR56", "TR63")
"""What a split shows that is unlike the training data, or too small."""
