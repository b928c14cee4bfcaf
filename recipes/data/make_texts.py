"""Makes the texts that the recipes train on: sentences of a small grammar, the same each time.

python recipes/data/make_texts.py
"""

import csv
import random
from pathlib import Path

FOLDER = Path(__file__).parent

ANIMALS = ("fox", "owl", "heron", "otter", "hare", "badger", "crow", "snail")
PLACES = ("river", "mill", "hill", "old bridge", "orchard", "pond", "stone wall", "barn")
SEEN = ("a light", "a boat", "the rain", "its shadow", "a friend", "the moon", "some smoke")
MOVES = ("walks", "runs", "creeps", "comes back")
TIMES = ("In the morning", "At noon", "Late at night", "Before the storm", "After the rain")
WAYS = ("and waits", "and says nothing", "and goes home", "and counts to ten", "but stays awake")

THINGS = ("soup", "bread", "service", "table", "music", "coffee", "waiter", "dessert", "room")
GOOD = ("good", "warm", "fresh", "lovely", "kind", "quick")
BAD = ("bad", "cold", "stale", "dreadful", "rude", "slow")
FRAMES = ("the {} was {}", "we found the {} {}", "i thought the {} was {}", "their {} is {}")


def story(draw: random.Random, sentences: int) -> str:
    """Return a text in which a name that was introduced comes back as he or she or it."""
    lines = []
    for _ in range(sentences):
        animal, place = draw.choice(ANIMALS), draw.choice(PLACES)
        lines.append(
            f"{draw.choice(TIMES)} the {animal} {draw.choice(MOVES)} to the {place}. "
            f"It sees {draw.choice(SEEN)} by the {draw.choice(PLACES)} {draw.choice(WAYS)}."
        )
    return "\n".join(lines) + "\n"


def review(draw: random.Random) -> tuple[str, str]:
    """Return a text and its class: one or two judgements of which some are turned by a not."""
    pleased = draw.random() < 0.5
    judgements = []
    for thing in draw.sample(THINGS, draw.choice((1, 2))):
        turned = draw.random() < 0.4
        word = draw.choice(GOOD if pleased != turned else BAD)
        judgements.append(draw.choice(FRAMES).format(thing, f"not {word}" if turned else word))
    return " and ".join(judgements), "pleased" if pleased else "displeased"


def main() -> None:
    """Write both files."""
    draw = random.Random(0)
    (FOLDER / "story.txt").write_text(story(draw, 250), encoding="utf-8")
    with (FOLDER / "reviews.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("text", "opinion"))
        table.writerows(review(draw) for _ in range(600))


if __name__ == "__main__":
    main()
