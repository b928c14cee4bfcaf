"""The pages about findings in docs/: one for each code, from the catalogue of faults."""

from __future__ import annotations

from collections.abc import Iterable

from trickrun.findings.faults import CATALOGUE, FAMILIES, NOT_REPORTED, Fault
from trickrun.findings.rank import EXPLAINS

MADE = (
    "<!-- Made by `python -m trickrun.docs` from trickrun/findings/faults. Do not edit it here. -->"
)

HEAD = f"""\
# Findings

{MADE}

A finding says what keeps a recipe from training well. It shows the evidence and the edit that
usually fixes it. Its code is the row of the published faults that it belongs to. Our own additions
start at 60, and codes are never reused. An *error* means that training cannot go well, a *warning*
that it may not. A *remark* (info) is worth knowing.

Causes come before symptoms: each page says what a fault explains, and what may explain it.
Findings from the recipe alone come from `trickrun validate`. Those that need the data come from
`validate --data` and `train`. The steps of the checklist, `signal`, `grad-check`, `curves` and
`diagnose` measure the others.
"""

SOURCES = """\
## Sources

AutoTrainer: Zhang et al. 2021, ICSE. CS231n: Stanford's course notes. DeepDiagnosis: Wardat et al.
2022, ICSE. Karpathy: A Recipe for Training Neural Networks, 2019. NeuraLint: Nikanjam et al. 2021.
SageMaker Debugger: its built-in rules. TheDeepChecker: Ben Braiek & Khomh 2023, TOSEM. Tuning
Playbook: Godbole et al. 2023. UMLAUT: Schoop et al. 2021, CHI. *Own*: no published bound; the
reason or the measurement is given.
"""


def pages() -> dict[str, str]:
    """Return the pages' texts by file name."""
    return {"README.md": index(), **{f"{code}.md": page(each) for code, each in CATALOGUE.items()}}


def index() -> str:
    """Return the list of all findings, family by family."""
    blocks = [HEAD]
    for family, faults in FAMILIES.items():
        rows = [f"| [{f.code}]({f.code}.md) | {f.name} | {', '.join(f.by)} |" for f in faults]
        blocks.append(
            "\n".join([f"## {family}\n", "| code | finding | from |", "|---|---|---|", *rows])
        )
    rows = [f"| {code} | {why} |" for code, why in NOT_REPORTED.items()]
    head = ["## Published faults without a page\n", "| row | why |", "|---|---|"]
    blocks.append("\n".join([*head, *rows]))
    return "\n".join([*(f"{block.rstrip()}\n" for block in blocks), SOURCES])


def page(fault: Fault) -> str:
    """Return one fault's page."""
    commands = ", ".join(f"`trickrun {command}`" for command in fault.by)
    causes = [code for code, symptoms in EXPLAINS.items() if fault.code in symptoms]
    blocks = [
        f"# {fault.code}: {fault.name}",
        MADE,
        f"**Signal.** {fault.signal}",
        f"**Threshold and source.** {fault.threshold}",
        f"**Why it matters.** {fault.why}",
        f"**Usual fix.** {fault.fix}",
    ]
    if fault.example:
        blocks.append(f"**Example.** A recipe with\n\n```yaml\n{fault.example}\n```")
    blocks.append(f"**Reported by** {commands}.")
    if fault.weighed != "info":
        part = f"counts only as an {fault.weighed}" if fault.weighed else "does not count"
        blocks.append(f"**In `trickrun diagnose`** it {part}: other findings name the cause.")
    if symptoms := links(EXPLAINS.get(fault.code, ())):
        blocks.append(f"**Explains** {symptoms}.")
    if roots := links(causes):
        blocks.append(f"**May be explained by** {roots}.")
    blocks.append("[All findings](README.md)")
    return "\n\n".join(blocks) + "\n"


def links(codes: Iterable[str]) -> str:
    """Return links to the pages of other faults."""
    return ", ".join(f"[{code}]({code}.md)" for code in CATALOGUE if code in codes)
