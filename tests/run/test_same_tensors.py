"""Whether a checkpoint's tensors can be copied into a network."""

import pytest
import torch

from trickrun.run.execute import same_tensors
from trickrun.training.transfer import can_stand_for

OWN = torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (torch.ones(2, 3), True),
        (torch.ones(3, 2), False),
        (torch.ones(2, 3, device="meta"), False),
        (torch.ones(2, 3).to_sparse(), False),
    ],
)
def test_a_tensor_without_numbers_or_of_another_form_does_not_fit(value, same):
    assert same_tensors({"w": value}, {"w": OWN}) is same
    assert can_stand_for(value, OWN) is same


def test_types_and_names_count_for_a_run_that_goes_on():
    assert not same_tensors({"w": OWN.double()}, {"w": OWN})
    assert not same_tensors({"v": OWN}, {"w": OWN})
    assert same_tensors({"w": OWN, "_extra_state": {}}, {"w": OWN, "_extra_state": None})
