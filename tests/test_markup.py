"""The reader of pages finds what it is for."""

import pytest
from markup import faults_of

GOOD = '<h1>a</h1><section id="s"><h2>b</h2><a href="#s">c</a></section>'


def test_a_good_page_has_no_faults():
    assert faults_of(GOOD) == []


@pytest.mark.parametrize(
    "bad",
    [
        "<p>",
        "</p>",
        "<b><i></b></i>",
        '<i id="s"></i>',
        '<a href="#t"></a>',
        '<a href="https://example.com"></a>',
        '<img src="data:image/png;base64,">',
        '<img src="x.png" alt="x">',
        "<table><tr><th>x</th></tr></table>",
        '<div class="wide"></div>',
        '<i aria-labelledby="t"></i>',
        '<i class="a" class="b"></i>',
        "<h1>a</h1>",
    ],
)
def test_each_fault_is_found(bad):
    assert faults_of(GOOD + bad)
