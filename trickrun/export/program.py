"""``predict.py``: from a file of samples to a csv of predictions, with nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from trickrun.data._images import Images
from trickrun.data.text import Text
from trickrun.export.plain.answers import normalized, outputs_for, rows_of, scores_of
from trickrun.export.plain.files import CannotRead
from trickrun.export.plain.images import read_images
from trickrun.export.plain.tables import read, read_numbers
from trickrun.export.plain.texts import read_text, read_texts
from trickrun.export.sources import Written, assembled
from trickrun.training.job import RecipeJob

Reader = Callable[..., Any]

INSTEAD = {
    "DataError": '''class DataError(CannotRead):
    """A file that is no image of a known form."""

    def __init__(self, message: str, where: str, hint: str = "") -> None:
        super().__init__(f"{where}: {message}")''',
    "opened": '''def opened(path: Path) -> BinaryIO:
    """Open a file for reading."""
    return open(path, "rb")''',
}
"""Plain forms of what the decoding of images uses."""

MAIN = '''
HERE = Path(__file__).parent
KIND = {kind}
SAID = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))


def predict(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Return the columns' names and a row for each sample of a file."""
    x, {columns} = {reader}(path, SAID)
    outputs = outputs_for(load(), normalized(x, SAID), SAID)
    names, rows = rows_of(scores_of(outputs, SAID), SAID)
{beside}    return names, rows


def main() -> None:
    parser = argparse.ArgumentParser(description={description})
    parser.add_argument("file", type=Path, help=KIND)
    parser.add_argument("--out", type=Path, help="write the csv here instead of to stdout")
    given = parser.parse_args()
    try:
        names, rows = predict(given.file)
    except (CannotRead, OSError) as error:
        sys.exit(f"error: {{error}}")
    with open(given.out, "w", encoding="utf-8", newline="") if given.out else sys.stdout as file:
        csv.writer(file, lineterminator="\\n").writerows([names, *rows])


if __name__ == "__main__":
    main()
'''

FILES = """    if "file" in columns:
        names = ["file", *names]
        rows = [[file, *row] for file, row in zip(columns["file"], rows, strict=True)]
"""


def reader_of(job: RecipeJob) -> tuple[Reader, str]:
    """Return what reads the samples of a file, and what such a file is."""
    data = job.recipe.data
    if isinstance(data, Text):
        if job.data.task.next_token:
            return read_text, "a text in UTF-8"
        return read_texts, "a table (csv) with a column of texts"
    if isinstance(data, Images):
        return read_images, "an image, or a folder of images"
    task = job.data.task
    simple = not (task.types or task.categories or task.fills)
    simple = simple and not any("=" in feature for feature in task.features)
    return (
        read_numbers if simple else read,
        "a table (csv, Parquet, Arrow, JSON lines), .npz with x, or IDX images",
    )


def predict_source(job: RecipeJob, head: str) -> str:
    """Return the text of ``predict.py``.

    Args:
        head: its docstring's text.
    """
    reader, kind = reader_of(job)
    written = predict_definitions(job)
    for where in ("argparse", "csv", "json", "sys"):
        written.imports.add((where, "", ""))
    written.imports |= {("pathlib", "Path", ""), ("typing", "Any", ""), ("model", "load", "")}
    if "opened" in written.definitions:
        written.imports.add(("typing", "BinaryIO", ""))
    main = MAIN.format(
        reader=reader.__name__,
        columns="columns" if reader is read_images else "_",
        beside=FILES if reader is read_images else "",
        description=json.dumps(f"Predict with {job.recipe.name}."),
        kind=json.dumps(kind),
    )
    return assembled(written, head, main)


def predict_definitions(job: RecipeJob) -> Written:
    """Return what ``predict.py`` defines before it says what is run."""
    written = Written(INSTEAD)
    reader, _ = reader_of(job)
    written.add(CannotRead, reader, normalized, outputs_for, scores_of, rows_of)
    return written
